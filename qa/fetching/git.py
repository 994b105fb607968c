"""A git repository -> copies of the texts of its last commit."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

from qa.errors import SourceUnreachable
from qa.fetching.addresses import without_credentials
from qa.fetching.connecting import checked_address
from qa.fetching.mirror import LARGEST_FILE, Copy, Fetched, Fetching, Mirror
from qa.parsers import PARSERS

_SECONDS = 600
_CREDENTIALS = re.compile(r"://[^/@\s]*@")
_PORTS = {"https": 443, "http": 80, "ssh": 22}


def fetch_git(address: str, mirror: Mirror, fetching: Fetching) -> Fetched:
    """Bring copies in step with a repository: git+https://host/name.git, with #branch behind it for one that is not
    the default. Raises SourceUnreachable."""
    repository, _, branch = address.removeprefix("git+").partition("#")
    parts = urlsplit(repository)
    if parts.scheme == "file":
        if not fetching.allow_private:
            raise SourceUnreachable(f"{repository} is on this machine: allow that with --allow-private.")
    else:
        checked_address(parts.hostname or "", parts.port or _PORTS[parts.scheme], fetching.allow_private)
    if shutil.which("git") is None:
        raise SourceUnreachable(f"{without_credentials(address)} needs git, which is not installed here.")
    with TemporaryDirectory() as folder, mirror.held():
        clone = Path(folder) / "clone"
        named = ["--branch", branch] if branch else []
        _git("clone", "--quiet", "--depth", "1", "--no-tags", "--single-branch", *named, "--", repository, str(clone))
        commit = _git("-C", str(clone), "rev-parse", "HEAD").strip()
        texts = [
            path
            for path in sorted(clone.rglob("*"))
            if path.suffix.lower() in PARSERS and path.is_file() and not path.is_symlink()
            and not any(step.startswith(".") for step in path.relative_to(clone).parts)
        ]  # fmt: skip
        problems = []
        for number, path in enumerate(texts[: fetching.most_pages], start=1):
            below = path.relative_to(clone).as_posix()
            place = f"{without_credentials(repository).removesuffix('.git')}/blob/{commit}/{quote(below)}"
            if path.stat().st_size > LARGEST_FILE:
                problems.append(f"{place} is over {LARGEST_FILE >> 20} MB, and is left out.")
                continue
            mirror.put_as(below, Copy(place), path.read_bytes())
            fetching.progress("Fetching", number, min(len(texts), fetching.most_pages))
        if not texts:
            raise SourceUnreachable(f"{without_credentials(address)} holds no text that is read here.")
        return mirror.finish(tuple(problems), len(texts) > fetching.most_pages)


def _git(*arguments: str) -> str:
    """Run git so that it asks nothing, runs nothing of the repository's, and ends. Raises SourceUnreachable."""
    variables = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
    }
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "http.followRedirects=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - the address stands behind "--", and is of a scheme that is known
            command, env=variables, capture_output=True, text=True, timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SourceUnreachable(f"git did not end within {_SECONDS} s: name a smaller repository.") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        told = _CREDENTIALS.sub("://", said[-1] if said else f"status {done.returncode}")
        raise SourceUnreachable(f"git cannot fetch it: {told}.")
    return done.stdout
