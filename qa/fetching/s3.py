"""A bucket of S3, or of what speaks its API -> copies of its texts: s3://BUCKET/PREFIX.

Who is let in, and by which endpoint, is said where boto3 looks for it: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and so on.
"""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from qa.errors import BadSettings, SourceUnreachable
from qa.fetching.mirror import LARGEST_FILE, Copy, Fetched, Fetching, Mirror
from qa.parsers import PARSERS


def fetch_s3(address: str, mirror: Mirror, fetching: Fetching) -> Fetched:
    """Bring copies in step with the objects below a prefix: what has the ETag that it had is not fetched again. Raises
    SourceUnreachable, BadSettings where boto3 is not installed."""
    try:
        import boto3  # noqa: F401
    except ImportError as error:
        raise BadSettings("boto3 is not installed: run pip install 'candor-qa[s3]'.") from error
    with mirror.held():
        return _fetch(address, mirror, fetching)


def _fetch(address: str, mirror: Mirror, fetching: Fetching) -> Fetched:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(address)
    bucket, prefix = parts.netloc, parts.path.lstrip("/")
    problems: list[str] = []
    taken = 0
    try:
        client: Any = boto3.client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for held in page.get("Contents", ()):
                if PurePosixPath(held["Key"]).suffix.lower() not in PARSERS:
                    continue
                if taken >= fetching.most_pages:
                    return mirror.finish(tuple(problems), is_cut=True)
                taken += 1
                problem = _take(client, bucket, held, mirror)
                problems += [problem] if problem else []
                fetching.progress("Fetching", taken, None)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise SourceUnreachable(f"{address} cannot be fetched ({' '.join(str(error).split())}).") from error
    if not taken:
        raise SourceUnreachable(f"{address} holds no text that is read here.")
    return mirror.finish(tuple(problems))


def _take(client: Any, bucket: str, held: dict[str, Any], mirror: Mirror) -> str | None:
    """Fetch an object where it has changed; return what stands in the way."""
    place = f"s3://{bucket}/{quote(held['Key'])}"
    known = mirror.known(place)
    if known is not None and known.etag == held["ETag"]:
        mirror.keep(place)
        return None
    if held["Size"] > LARGEST_FILE:
        return f"{place} is over {LARGEST_FILE >> 20} MB, and is left out."
    content = client.get_object(Bucket=bucket, Key=held["Key"])["Body"].read()
    mirror.put(Copy(place, held["ETag"]), content, PurePosixPath(held["Key"]).suffix.lower())
    return None
