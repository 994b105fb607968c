"""``qa mcp``: the texts as tools for agents."""

from pathlib import Path
from typing import Any

import click

from qa.command.options import (
    PATH,
    config_option,
    indexes_option,
    miss_option,
    reader_option,
    refusing,
    risk_option,
)
from qa.errors import BadSettings


@click.command()
@click.option("--http", help="Serve over HTTP at HOST:PORT, as 127.0.0.1:8001, in place of standard input and output.")
@click.option(
    "--keys", type=PATH, help="File of keys, made by `qa key add`: over HTTP only their holders are answered."
)
@click.option("--allowed-host", "allowed_hosts", multiple=True, help="Name of a proxy, for --http. Repeatable.")
@reader_option
@risk_option
@miss_option
@indexes_option
@config_option
@refusing
def mcp(http: str | None, keys: Path | None, indexes: tuple[str, ...], config: Path | None, **given: Any) -> None:
    """Offer the texts to agents as tools, by the Model Context Protocol: ask, get_document, list_corpora.

    Each only reads. An agent is told which terms of a question the texts do not have. It needs
    `pip install 'candor-qa[mcp]'`.

    \b
    Examples:
      qa mcp --index my-index
      qa mcp --index a=one --index b=two --http 127.0.0.1:8001 --keys keys.json
    """
    from qa.library import Library, parse_shelves, read_library
    from qa.service import prepare

    shelves = read_library(config) if config else parse_shelves(indexes)
    prepare(shelves[0].index)
    host, port = _address(http) if http else ("", 0)
    if keys is not None and http is None:
        raise BadSettings("--keys says who may ask over HTTP: name the address too, as --http 127.0.0.1:8001.")
    try:
        from qa.mcp.serving import serve_http, serve_stdio
        from qa.mcp.tools import make_server
    except ImportError as error:
        raise BadSettings(f"{error.name} is not installed: run pip install 'candor-qa[mcp]'.") from error
    from qa.answers.verdicts import WantedPromise
    from qa.keys import KeyFile

    known = KeyFile(keys) if keys else None
    library = Library(shelves, WantedPromise(given["risk"], given["miss"]), given["reading"] == "on", config)
    library.open()
    library.follow()
    server = make_server(library, known)
    if http:
        serve_http(server, host, port, known, given["allowed_hosts"])
    else:
        serve_stdio(server)


def _address(http: str) -> tuple[str, int]:
    host, colon, port = http.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise BadSettings(f"“{http}” is no address to listen on: write HOST:PORT, as 127.0.0.1:8001.")
    return host.strip("[]"), int(port)
