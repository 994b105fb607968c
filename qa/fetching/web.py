"""A web site -> copies of its pages: those that its sitemap lists, else those that its pages lead to.

Only what lies below the address that is named, on the same host, and what robots.txt does not keep (RFC 9309). One
request at a time, as slowly as the site asks for.
"""

import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urljoin, urlsplit

from protego import Protego
from selectolax.lexbor import LexborHTMLParser

from qa.errors import SourceUnreachable
from qa.fetching.addresses import without_credentials
from qa.fetching.connecting import AGENT_NAME, Connection, Response, origin_of, without_fragment
from qa.fetching.mirror import Copy, Fetched, Fetching, Mirror

_LARGEST_ROBOTS, _LARGEST_SITEMAP = 512 << 10, 50 << 20
_MOST_SITEMAPS = 200  # of an index of them
_LONGEST_DELAY = 10.0  # seconds between two requests; a site that asks for more is fetched at this pace
_MOST_PROBLEMS = 100  # in a row, after which a site is taken not to answer
_NOT_MODIFIED, _OK, _SERVER_ERROR = 304, 200, 500
_GONE = {404, 410}

_ENDINGS = {
    "text/html": ".html", "application/xhtml+xml": ".html", "text/plain": ".txt", "text/markdown": ".md",
    "application/pdf": ".pdf", "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
}  # fmt: skip
"""What is read, by its media type."""


def fetch_site(address: str, mirror: Mirror, fetching: Fetching) -> Fetched:
    """Bring copies in step with a site. Raises SourceUnreachable where its first page or its sitemap cannot be had."""
    parts = urlsplit(address)
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    shown = without_credentials(without_fragment(address))
    with Connection(fetching.allow_private, credentials, origin_of(shown)) as connection, mirror.held():
        return _Site(shown, connection, mirror, fetching).fetch()


class _Site:
    """One visit to a site."""

    def __init__(self, address: str, connection: Connection, mirror: Mirror, fetching: Fetching) -> None:
        parts = urlsplit(address)
        if not parts.hostname:
            raise SourceUnreachable(f"{address} names no host: write it as https://example.org/guide/.")
        self._address = address
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._below = parts.path[: parts.path.rfind("/") + 1] or "/"
        self._connection, self._mirror, self._fetching = connection, mirror, fetching
        self._robots, self._asked = _read_robots(self._origin, connection), 0.0
        self._delay = min(self._robots.crawl_delay(AGENT_NAME) or 0.0, _LONGEST_DELAY)
        self._problems: list[str] = []
        self._lost: set[str] = set()

    def fetch(self) -> Fetched:
        """Visit what is listed, or what is led to."""
        if self._address.endswith(".xml"):
            listed: list[str] | None = list(self._listed(self._address, strict=True))
        else:
            listed = self._sitemaps()
        queue, seen = deque(listed or [self._address]), set(listed or [self._address])
        visited, is_cut, in_a_row = 0, False, 0
        while queue:
            if visited >= self._fetching.most_pages:
                is_cut = True
                break
            page = queue.popleft()
            try:
                links = self._visit(page)
                in_a_row = 0
            except (SourceUnreachable, ValueError) as error:  # the latter of a link that is none
                if visited == 0 and listed is None:
                    raise
                self._problems.append(str(error))
                self._lost.add(page)
                links, in_a_row = [], in_a_row + 1
                if in_a_row >= _MOST_PROBLEMS:
                    raise SourceUnreachable(f"{self._origin} does not answer any more: {error}") from error
            visited += 1
            self._fetching.progress("Fetching", visited, None)
            for link in links if listed is None else ():
                if link not in seen:
                    seen.add(link)
                    queue.append(link)
        if not self._mirror.fetched + self._mirror.unchanged and not self._lost:
            raise SourceUnreachable(f"{self._address} has no page that may be fetched and is read here.")
        if is_cut:  # what was not visited may be there still
            self._lost |= set(queue)
        return self._mirror.finish(tuple(self._problems), is_cut, frozenset(self._lost))

    def _visit(self, page: str) -> list[str]:
        """Fetch a page where it has changed; return what it leads to. Raises SourceUnreachable."""
        if not self._robots.can_fetch(page, AGENT_NAME):
            return []
        known = self._mirror.known(page)
        headers = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.modified:
            headers["If-Modified-Since"] = known.modified
        response = self._get(page, headers)
        if response.status == _NOT_MODIFIED and known is not None:
            return self._links(page, self._mirror.keep(page))
        if response.status in _GONE:
            return []
        if response.status != _OK:
            raise SourceUnreachable(f"{page} answers with the status {response.status}.")
        if not self._is_own(response.address):  # it leads elsewhere
            return []
        ending = _ENDINGS.get(response.headers.get("content-type", "text/html").partition(";")[0].strip().lower())
        if ending is None:
            return []
        copy = Copy(page, response.headers.get("etag", ""), response.headers.get("last-modified", ""))
        links = self._links(response.address, response.content) if ending == ".html" else []
        self._mirror.put(copy, response.content, ending)
        return links

    def _get(self, address: str, headers: dict[str, str] | None = None) -> Response:
        time.sleep(max(self._asked + self._delay - time.monotonic(), 0))
        try:
            return self._connection.get(address, headers)
        finally:
            self._asked = time.monotonic()

    def _is_own(self, address: str) -> bool:
        """Whether an address lies below the one that was named."""
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}" == self._origin and (parts.path or "/").startswith(self._below)

    def _links(self, page: str, content: bytes) -> list[str]:
        """Return the addresses on the site that a page leads to."""
        tree = LexborHTMLParser(content)
        base = next((node.attributes.get("href") for node in tree.css("base[href]")), None)
        begin = urljoin(page, base) if base else page
        found = []
        for node in tree.css("a[href]"):
            try:
                address = without_fragment(urljoin(begin, (node.attributes.get("href") or "").strip()))
                if self._is_own(address):
                    found.append(address)
            except ValueError:  # an address that is none
                continue
        return found

    def _sitemaps(self) -> list[str] | None:
        """Return the pages that the site lists below the address, None where it lists none."""
        named = list(self._robots.sitemaps) or ["/sitemap.xml"]
        listed: dict[str, None] = {}
        for address in named:
            try:
                listed |= dict.fromkeys(self._listed(urljoin(f"{self._origin}/", address)))
            except (SourceUnreachable, ValueError) as error:  # what it lists may be there still: nothing goes
                self._problems.append(f"The sitemap {address} cannot be read now: {error}")
                self._lost |= self._mirror.addresses
        return [self._address, *(page for page in listed if page != self._address)] if listed else None

    def _listed(self, address: str, strict: bool = False) -> Iterator[str]:
        """Yield the pages of a sitemap, and of those that it lists. Raises SourceUnreachable where one cannot be had,
        or, if ``strict``, is none."""
        sitemaps, read = deque([address]), 0
        while sitemaps and read < _MOST_SITEMAPS:
            sitemap = sitemaps.popleft()
            read += 1
            response = self._connection.get(sitemap, largest=_LARGEST_SITEMAP)
            if response.status not in {_OK, *_GONE}:  # it may list what is there
                raise SourceUnreachable(f"{sitemap} answers with the status {response.status}: try again later.")
            entries = list(read_sitemap(response.content)) if response.status == _OK else []
            if strict and not entries:
                raise SourceUnreachable(f"{sitemap} is no sitemap that can be read (status {response.status}).")
            for kind, listed in entries:
                try:
                    place = without_fragment(urljoin(sitemap, listed))
                except ValueError:  # an address that is none
                    continue
                if kind == "sitemap":
                    sitemaps.append(place)
                elif self._is_own(place) or (strict and urlsplit(place).netloc == urlsplit(self._origin).netloc):
                    yield place


def read_sitemap(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield ("url" or "sitemap", address) of a sitemap (sitemaps.org), nothing of what is none. It is read as HTML is,
    in which nothing can grow as the entities of XML can."""
    for node in LexborHTMLParser(content).css("url > loc, sitemap > loc"):
        place = node.text().strip()
        if place and node.parent is not None and node.parent.tag:
            yield node.parent.tag, place


def _read_robots(origin: str, connection: Connection) -> Protego:
    """Return what a site lets be fetched: all where it says nothing, nothing where it cannot say (RFC 9309, 2.3.1)."""
    response = connection.get(f"{origin}/robots.txt", largest=_LARGEST_ROBOTS)
    if response.status >= _SERVER_ERROR:
        raise SourceUnreachable(f"{origin}/robots.txt answers with the status {response.status}: try again later.")
    said = response.content.decode("utf-8", "replace") if response.status == _OK else ""
    return Protego.parse(said)
