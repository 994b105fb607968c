"""The client: what the API takes and gives, with its refusals as exceptions."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote

import httpx2

from qa.answers.payload import AnswerPayload, DocumentPayload
from qa.errors import QAError
from qa.limits import DEFAULT_K

_SECONDS = 30.0  # that an answer may take
_TRIES = 3  # of a request that is turned away for a while
_LONGEST_WAIT = 5.0  # seconds; whoever is told to wait longer is to decide that himself


class Refused(QAError):
    """The service refused a request: ``status`` and ``code`` are for programs, the message for a person."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        """Keep what the service said; ``retry_after`` are seconds."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Client:
    """A connection to a service, kept open between requests. Safe to use from several threads."""

    def __init__(
        self, address: str = "http://127.0.0.1:8000", *, key: str = "", corpus: str = "", seconds: float = _SECONDS
    ) -> None:
        """Ask the service at this address, with a key where it wants one; one corpus of several, or all."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=address.rstrip("/"), headers=headers, timeout=seconds)
        self._below = f"/api/{quote(corpus)}" if corpus else "/api"

    def ask(self, question: str, k: int = DEFAULT_K, *, corpora: Sequence[str] = (), **scope: str) -> AnswerPayload:
        """Return the answer: the API's own shape, see ``qa.answers.payload``. ``scope`` is source, title, topic, type
        or year. Raises Refused."""
        body: dict[str, Any] = {"question": question, "k": k, **scope}
        if corpora:
            body["corpora"] = ",".join(corpora)
        return cast(AnswerPayload, self._request("POST", f"{self._below}/ask", body))

    def document(self, document_id: str) -> DocumentPayload:
        """Return a document, whole. Raises Refused."""
        return cast(DocumentPayload, self._request("GET", f"{self._below}/documents/{quote(document_id)}"))

    def corpora(self) -> list[dict[str, Any]]:
        """Return what may be asked. Raises Refused."""
        return list(self._request("GET", "/api/corpora")["corpora"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> "Client":
        """Return it, to be closed at the end of a ``with``."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close the connection."""
        self.close()

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the service gives, asked again where it is busy for a moment. Raises Refused."""
        for tried in range(1, _TRIES + 1):
            try:
                response = self._http.request(method, path, json=body)
            except httpx2.HTTPError as error:
                raise Refused(0, "unreachable", f"{self._http.base_url} does not answer ({error}).") from error
            if response.is_success:
                return cast(dict[str, Any], response.json())
            refused = _refusal(response)
            wait = refused.retry_after
            if wait is None or wait > _LONGEST_WAIT or tried == _TRIES:
                raise refused
            time.sleep(wait)
        raise AssertionError("a request is answered or refused")


def _refusal(response: httpx2.Response) -> Refused:
    """Return what the service said; what is not its own shape is a proxy's."""
    wait = response.headers.get("Retry-After", "")
    retry_after = int(wait) if wait.isdigit() else None
    try:
        said = response.json()["error"]
        return Refused(response.status_code, str(said["code"]), str(said["message"]), retry_after)
    except (ValueError, KeyError, TypeError):
        message = f"The address answers with the status {response.status_code}, and is no Candor."
        return Refused(response.status_code, "no_candor", message, retry_after)
