"""Texts that live elsewhere: sites, repositories and buckets, from real servers on this machine."""

import base64
import http.server
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from qa.answers.answering import Answerer
from qa.answers.catalogue import address_of, find_document
from qa.answers.payload import document_payload
from qa.command.cli import cli
from qa.errors import BadSettings, SourceUnreachable
from qa.fetching.addresses import is_address
from qa.fetching.connecting import checked_address
from qa.fetching.fetching import fetch, folder_of
from qa.fetching.mirror import Copy, Fetched, Fetching, Mirror, addresses_in
from qa.fetching.web import read_sitemap
from qa.indexing.building import build_index
from qa.indexing.index import open_index
from qa.service import Live
from qa.settings import BuildSettings
from qa.web.app import create_app
from tests.conftest import WordLengthEmbedder

HERE = Fetching(allow_private=True)


def page(title: str, *links: str) -> str:
    return f"<html><title>{title}</title><h1>{title}</h1><p>On {title} there is much to say.</p>" + "".join(
        f'<a href="{link}">{link}</a>' for link in links
    )


@dataclass
class Site:
    """A site that counts what is asked of it."""

    port: int = 0
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    made: Callable[[str], str | None] = lambda path: None
    authorized: list[str] = field(default_factory=list)
    hosts: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self, status: int = 200) -> list[str]:
        return [path for path, answered in self.asked if answered == status and path != "/robots.txt"]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization")
            site.hosts.append((self.headers["Host"], given))
            site.authorized += [given] if given and given not in site.authorized else []
            content = site.pages.get(self.path) or site.made(self.path)
            etag = f'"{hash(content)}"'
            status = site.statuses.get(self.path, 200 if content is not None else 404)
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status = 304
            site.asked.append((self.path, status))
            self.send_response(status)
            body = (content or "").encode() if status == 200 else b""
            sent = {"Content-Type": "text/html; charset=utf-8", "ETag": etag, "Content-Length": str(len(body))}
            for name, value in {**sent, **site.headers.get(self.path, {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def names(fetched: Fetched) -> list[str]:
    return sorted(addresses_in(fetched.folder))


# --- sites ---------------------------------------------------------------------------------------------------


def test_a_site_is_followed_below_its_address(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/guide/": page("Guide", "a", "sub/b?x=1", "../other", "https://example.org/", "#here", "mailto:x@y", "a#part"),
        "/guide/a": page("A", "/guide/", "readme.html"),
        "/guide/sub/b?x=1": page("B"),
        "/guide/readme.html": page("Read me"),
        "/other": page("Other"),
    }
    fetched = fetch(f"{site.address}/guide/", tmp_path, HERE)
    assert fetched == Fetched(folder_of(f"{site.address}/guide/", tmp_path), fetched=4)
    assert sorted(addresses_in(fetched.folder).values()) == sorted(
        f"{site.address}/guide/{rest}" for rest in ("", "a", "sub/b?x=1", "readme.html")
    )
    for name in names(fetched):
        assert (fetched.folder / name).is_file()
        assert name.endswith(".html")
        assert not Path(name).name.startswith("readme")
    assert "/other" not in site.paths()


def test_only_what_has_changed_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home", "/a", "/b"), "/a": page("A"), "/b": page("B")}
    fetch(f"{site.address}/", tmp_path, HERE)
    site.asked.clear()
    site.pages = {"/": page("Home", "/a", "/c"), "/a": page("A"), "/c": page("C")}
    again = fetch(f"{site.address}/", tmp_path, HERE)
    assert (again.fetched, again.unchanged, again.removed) == (2, 1, 1)
    assert ("/a", 304) in site.asked
    assert names(again) == ["a.html", "c.html", "index.html"]
    assert not (again.folder / "b.html").exists()


def test_robots_txt_is_kept(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/robots.txt": "User-agent: *\nDisallow: /private\n\nUser-agent: Candor\nDisallow: /not-for-candor\n",
        "/": page("Home", "/private/x", "/not-for-candor", "/open"),
        "/open": page("Open"), "/private/x": page("X"), "/not-for-candor": page("Not"),
    }  # fmt: skip
    fetch(f"{site.address}/", tmp_path, HERE)
    assert "/not-for-candor" not in site.paths()
    assert {"/", "/open", "/private/x"} <= set(site.paths())  # its own rules count, not those for all
    site.statuses["/robots.txt"] = 503
    with pytest.raises(SourceUnreachable, match="503: try again later"):
        fetch(f"{site.address}/", tmp_path, HERE)


def test_a_sitemap_lists_the_pages(site: Site, tmp_path: Path) -> None:
    begin = f"<url><loc>{site.address}"
    site.pages = {
        "/robots.txt": f"Sitemap: {site.address}/maps.xml\n",
        "/maps.xml": f"<sitemapindex><sitemap><loc>{site.address}/map.xml</loc></sitemap></sitemapindex>",
        "/map.xml": f"<?xml version='1.0'?><urlset>{begin}/docs/a</loc></url>{begin}/blog/b</loc></url></urlset>",
        "/docs/": page("Docs", "/docs/unlisted"),
        "/docs/a": page("A", "/docs/unlisted"),
        "/docs/unlisted": page("Unlisted"),
        "/blog/b": page("B"),
    }
    listed = fetch(f"{site.address}/docs/", tmp_path, HERE)
    assert names(listed) == ["docs.html", "docs/a.html"]
    whole = fetch(f"{site.address}/map.xml", tmp_path, HERE)
    assert names(whole) == ["blog/b.html", "docs/a.html"]


def test_a_site_that_never_ends_is_bounded(site: Site, tmp_path: Path) -> None:
    site.made = lambda path: page(path, f"{path}/x", f"{path}/y") if path.startswith("/deep") else None
    fetched = fetch(f"{site.address}/deep", tmp_path, Fetching(most_pages=20, allow_private=True))
    assert fetched.is_cut
    assert fetched.fetched == 20


@pytest.mark.parametrize(
    ("path", "status", "headers", "words"),
    [
        ("/", 404, {}, "has no page"),
        ("/", 500, {}, "status 500"),
        ("/", 302, {"Location": "/"}, "leads on over 5 times"),
        ("/", 302, {"Location": "ftp://example.org/"}, "no web address"),
        ("/", 302, {"Location": "http://[bad/"}, "no web address"),
        ("/", 200, {"Content-Length": "900000000"}, "cannot be fetched"),
        ("/", 200, {"Content-Type": "video/mp4"}, "has no page"),
        ("/map.xml", 200, {}, "is no sitemap"),
    ],
)
def test_sites_that_cannot_be_fetched(  # noqa: PLR0917
    site: Site, tmp_path: Path, path: str, status: int, headers: dict[str, str], words: str
) -> None:
    """And the copies that were there stay."""
    site.pages = {path: page("Garbage")}
    if path == "/":
        kept = fetch(f"{site.address}{path}", tmp_path, HERE).folder
        site.pages = {path: page("Other garbage")}
    site.statuses[path], site.headers[path] = status, headers
    with pytest.raises(SourceUnreachable, match=words) as caught:
        fetch(f"{site.address}{path}", tmp_path, HERE)
    assert "\n" not in str(caught.value)
    if path == "/":
        assert "Garbage" in (kept / "index.html").read_text()


def test_a_page_that_cannot_be_fetched_this_time_keeps_its_copy(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home", "/a"), "/a": page("A")}
    fetch(f"{site.address}/", tmp_path, HERE)
    site.statuses["/a"] = 500
    again = fetch(f"{site.address}/", tmp_path, HERE)
    assert again.problems == (f"{site.address}/a answers with the status 500.",)
    assert names(again) == ["a.html", "index.html"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0"])
def test_private_addresses_are_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SourceUnreachable, match="no public address: allow such ones with --allow-private"):
        fetch(f"http://{host}/", tmp_path, Fetching())
    assert checked_address(host.strip("[]"), 80, allow_private=True)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_sitemap_that_is_away_takes_nothing_with_it(site: Site, tmp_path: Path, status: int) -> None:
    site.pages = {
        "/sitemap.xml": f"<urlset><url><loc>{site.address}/a</loc></url></urlset>", "/": page("Home"), "/a": page("A"),
    }  # fmt: skip
    fetch(f"{site.address}/", tmp_path, HERE)
    site.statuses["/sitemap.xml"] = status
    again = fetch(f"{site.address}/", tmp_path, HERE)
    assert names(again) == ["a.html", "index.html"]
    assert again.removed == 0
    assert f"status {status}" in again.problems[0]


@pytest.mark.parametrize("said", ["/none.xml", "http://[", "http://127.0.0.1:1/map.xml", "map.xml"])
def test_a_sitemap_that_is_none_does_not_keep_a_site_away(site: Site, tmp_path: Path, said: str) -> None:
    site.pages = {"/robots.txt": f"Sitemap: {said}\n", "/": page("Home", "/a"), "/a": page("A")}
    assert names(fetch(f"{site.address}/", tmp_path, HERE)) == ["a.html", "index.html"]


def test_a_page_with_a_bad_base_is_one_problem(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home", "/a", "/b"), "/a": '<base href="http://["><a href="x">x</a>', "/b": page("B")}
    fetched = fetch(f"{site.address}/", tmp_path, HERE)
    assert "b.html" in names(fetched)


def test_two_do_not_fetch_into_one_folder(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home")}
    with (
        Mirror(folder_of(f"{site.address}/", tmp_path)).held(),
        pytest.raises(SourceUnreachable, match="already: try again later"),
    ):
        fetch(f"{site.address}/", tmp_path, HERE)


def test_readmes_keep_their_copies_apart(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "copies")
    for rest in ("readme", "readme/", "README.html"):
        mirror.put(Copy(f"http://h/a/{rest}"), rest.encode(), ".html")
    mirror.finish()
    assert len(addresses_in(tmp_path / "copies")) == 3


def test_addresses_of_one_name_keep_their_copies_apart(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home", "/gr%C3%B6sse"), "/gr%C3%B6sse": page("Size")}
    fetch(f"{site.address}/", tmp_path, HERE)
    site.pages["/"] = page("Home", "/gr%C3%BCsse", "/gr%C3%B6sse")
    site.pages["/gr%C3%BCsse"] = page("Greetings")
    again = fetch(f"{site.address}/", tmp_path, HERE)
    said = {address: (again.folder / name).read_text() for name, address in addresses_in(again.folder).items()}
    assert "Greetings" in said[f"{site.address}/gr%C3%BCsse"]
    assert "Size" in said[f"{site.address}/gr%C3%B6sse"]


def test_what_lets_in_is_sent_and_never_shown(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Home", "/a"), "/a": page("A")}
    secret = site.address.replace("http://", "http://robot:s3cret@")
    fetched = fetch(f"{secret}/", tmp_path, HERE)
    assert len(names(fetched)) == 2
    assert site.authorized == ["Basic " + base64.b64encode(b"robot:s3cret").decode()]
    assert "s3cret" not in str(fetched.folder) + (fetched.folder / ".candor-addresses.json").read_text()
    site.authorized.clear()
    site.pages["/robots.txt"] = f"Sitemap: http://localhost:{site.port}/map.xml\n"
    fetch(f"{secret}/", tmp_path, HERE)
    assert [host for host, given in site.hosts if given and host.startswith("localhost")] == []
    assert any(host.startswith("localhost") for host, _ in site.hosts)
    with pytest.raises(SourceUnreachable) as caught:
        fetch(f"git+{secret}/none.git", tmp_path, HERE)
    assert "s3cret" not in str(caught.value)


def test_rules_of_robots_txt_have_wildcards(site: Site, tmp_path: Path) -> None:
    site.pages = {
        "/robots.txt": "User-agent: *\nAllow: /\nDisallow: /private/\nDisallow: /*.pdf$\nDisallow: /*?print=\n",
        "/": page("Home", "/private/a", "/b.pdf", "/c?print=1", "/d"),
        "/private/a": page("A"), "/b.pdf": page("B"), "/c?print=1": page("C"), "/d": page("D"),
    }  # fmt: skip
    assert names(fetch(f"{site.address}/", tmp_path, HERE)) == ["d.html", "index.html"]


@pytest.mark.parametrize(
    "address", ["http://[::1/", "http://h:abc/", "git+https://h:abc/x", "https://", "HTTP://[bad/"]
)
def test_addresses_that_are_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceUnreachable):
        fetch(address, tmp_path, HERE)


def test_an_address_of_no_kind(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="the kinds are http, https"):
        fetch("ftp://example.org/", tmp_path, HERE)
    assert is_address("https://example.org/a?b")
    assert not any(map(is_address, ("notes", "a=b", "C:/x", "https:/x", "://x", "http://a b")))


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{}", b"<urlset/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"]
)
def test_what_is_no_sitemap_lists_nothing(content: bytes) -> None:
    assert list(read_sitemap(content)) == []


def test_names_of_copies_stay_in_their_folder(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "copies")
    for rest in ("../../x", "%2e%2e/%2e%2e/y", "a/../b", ".hidden", "%00", "ü/ö", "A" * 500, "", "?q", "/"):
        mirror.put(Copy(f"http://h/{rest}"), b"x", ".html")
    mirror.finish()
    for path in tmp_path.rglob("*"):
        assert path.is_relative_to(tmp_path / "copies")
    assert len(addresses_in(tmp_path / "copies")) == 10


# --- repositories and buckets --------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "docs").mkdir()
    (folder / "docs" / "start.md").write_text("# Start\n\nHow it begins.\n")
    (folder / "README.md").write_text("# Read me\n\nWhat it is.\n")
    (folder / "code.py").write_text("print()\n")
    (folder / "secret.md").symlink_to("/etc/hostname")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(folder)]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Change"], check=True)


def test_a_repository(repository: Path, tmp_path: Path) -> None:
    address = f"git+file://{repository}"
    fetched = fetch(address, tmp_path / "index", HERE)
    assert names(fetched) == ["docs/start.md", "page-README.md"]
    (repository / "docs" / "start.md").write_text("# Start\n\nHow it begins now.\n")
    commit(repository)
    again = fetch(address, tmp_path / "index", HERE)
    assert (again.fetched, again.unchanged, again.removed) == (1, 1, 0)
    with pytest.raises(SourceUnreachable, match="--allow-private"):
        fetch(address, tmp_path / "index", Fetching())
    with pytest.raises(SourceUnreachable, match="git cannot fetch it"):
        fetch(f"{address}#none", tmp_path / "index", HERE)


def test_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://{host}:{port}"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="texts")
        for key in ("guide/a.md", "guide/b.txt", "guide/picture.png", "other/c.md"):
            client.put_object(Bucket="texts", Key=key, Body=f"# On {key}\n".encode())
        fetched = fetch("s3://texts/guide/", tmp_path, HERE)
        assert names(fetched) == ["guide/a.md", "guide/b.txt"]
        client.put_object(Bucket="texts", Key="guide/a.md", Body=b"# Other\n")
        client.delete_object(Bucket="texts", Key="guide/b.txt")
        again = fetch("s3://texts/guide/", tmp_path, HERE)
        assert (again.fetched, again.unchanged, again.removed) == (1, 0, 1)
        with pytest.raises(SourceUnreachable, match="holds no text"):
            fetch("s3://texts/none/", tmp_path, HERE)
        with pytest.raises(SourceUnreachable, match="cannot be fetched"):
            fetch("s3://nosuchbucket/", tmp_path, HERE)
        client.close()
    finally:
        server.stop()


# --- indexed -------------------------------------------------------------------------------------------------


def test_a_document_leads_to_where_it_is_from(site: Site, tmp_path: Path, embedder: WordLengthEmbedder) -> None:
    site.pages = {"/": page("Zebra", "/a"), "/a": page("Apple")}
    fetched = fetch(f"{site.address}/", tmp_path / "index", HERE)
    build_index([fetched.folder], tmp_path / "index", BuildSettings(passage_tokens=32), embedder)
    with Answerer(open_index(tmp_path / "index", embedder)) as answerer:
        (passage, *_) = answerer.answer("Zebra", 1).passages
        generation = answerer.index.generation
        document = find_document(generation, passage.passage.document_id)
        address = f"{site.address}/{'' if document.title == 'Zebra' else 'a'}"
        assert address_of(generation, document.document) == address
        assert document_payload(document, None, address)["address"] == address
        client = create_app(Live.of(answerer)).test_client()
        shown = client.get(f"/document/{passage.passage.document_id}").text
        assert f'<a href="{address}"' in shown
        got = client.get(f"/api/passages/{quote(passage.passage.id)}", query_string={"format": "text"})
        assert f"{address}." in got.text


def test_the_command_fetches_and_indexes(site: Site, tmp_path: Path) -> None:
    site.pages = {"/": page("Zebra", "/a"), "/a": page("Apple")}
    file = tmp_path / "candor.toml"
    file.write_text(f'[corpora.far]\nindex = "far"\ntexts = ["{site.address}/"]\nevery = "1 hour"\n')
    run = CliRunner().invoke
    refused = run(cli, ["index", "--config", str(file)])
    assert refused.exit_code == 1
    assert "--allow-private" in refused.output
    assert "Not indexed: far." in refused.output
    made = run(cli, ["index", "--config", str(file), "--allow-private", "far"])
    assert made.exit_code == 0, made.output
    assert "2 fetched, 0 unchanged, 0 gone." in made.output
    assert "Indexed 2 documents" in made.output
    again = run(cli, ["index", "--config", str(file), "--allow-private"])
    assert "0 fetched, 2 unchanged, 0 gone." in again.output
    assert "Nothing changed" in again.output
    for words, *arguments in (
        ("has no corpus none", "none"), ("leave --index out", "--index", "x"), ("goes ill with it", "--dry-run"),
    ):  # fmt: skip
        bad = run(cli, ["index", "--config", str(file), "--allow-private", *arguments])
        assert bad.exit_code == 1
        assert words in bad.output


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_schedule() -> None:
    from qa.schedule import Schedule, parse_period

    assert [parse_period(one) for one in ("30 minutes", "6 hours", "1 day", "5min")] == [1800, 21_600, 86_400, 300]
    for bad in ("", "often", "0 hours", "-1 day", "1 fortnight", "every hour"):
        with pytest.raises(ValueError, match="no time such as"):
            parse_period(bad)
    schedule = Schedule(lambda: {"a": 1000, "b": 10}, lambda name: True)
    assert schedule.due(0) == ["a", "b"]
    schedule.note("a", 5, is_done=True)
    schedule.note("b", 8, is_done=True)
    assert schedule.due(17) == []
    assert schedule.due(18) == ["b"]
    assert schedule.due(1005) == ["b", "a"]
    schedule.note("a", 2000, is_done=False)
    assert schedule.due(2299) == ["b"]
    assert schedule.due(2300) == ["b", "a"]
