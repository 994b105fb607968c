"""The doors for programs, each by the library that uses it, over real connections: what the texts do not have comes out
of every one."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client as MCPClient
from mcp import StdioServerParameters

from qa.answers.answering import Answerer
from qa.answers.payload import answer_payload
from qa.client import Client, Refused
from qa.errors import BadQuestion
from qa.keys import KeyFile
from qa.library import Library
from qa.mcp.tools import make_server
from qa.settings import ServeSettings
from qa.web.app import create_app
from qa.web.connections import HTTPServer, address_of, listen
from tests.conftest import ROOT, TEXTS
from tests.serving import free_port

MISSING = "What is a quorvex?"
NOTE = "do not mention “quorvex”"


@contextmanager
def listening(library: Library, **given: object) -> Iterator[str]:
    """Serve over a real socket, in a thread."""
    listener, stop = listen("127.0.0.1", 0), threading.Event()
    server = HTTPServer(create_app(library, ServeSettings.model_validate(given)), listener, 4, 16)
    address = address_of(listener)
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    try:
        yield address
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture
def address(library: Library) -> Iterator[str]:
    with listening(library) as found:
        yield found


# --- the client ----------------------------------------------------------------------------------------------


def test_the_client_gives_what_the_service_answers(address: str, two_answerers: dict[str, Answerer]) -> None:
    with Client(address, corpus="animals") as client:
        answer = client.ask("What is a zebra?", 2)
        expected = answer_payload(two_answerers["animals"].answer("What is a zebra?", 2))
        assert answer == {**expected, "corpus": "animals"}
        document = client.document(answer["passages"][0]["document_id"])
        assert document["title"] == "Zebra"
        assert "striped" in document["text"]
    with Client(address) as client:
        assert NOTE in (client.ask(MISSING)["note"] or "")
        assert client.ask("What is a zebra?", corpora=["fruit"])["corpus"] == "fruit"
        assert [one["name"] for one in client.corpora()] == ["fruit", "animals"]


def test_a_refusal_is_one_exception(address: str) -> None:
    with Client(address) as client:
        for asked, status, code in (
            ({"question": " "}, 400, "bad_question"),
            ({"question": "x", "corpora": ["none"]}, 404, "corpus_unknown"),
            ({"question": "x", "colour": "red"}, 400, "bad_request"),
        ):
            given: Any = asked
            with pytest.raises(Refused) as caught:
                client.ask(**given)
            assert (caught.value.status, caught.value.code) == (status, code)
            assert "\n" not in str(caught.value)
    with Client(f"http://127.0.0.1:{free_port()}") as nobody, pytest.raises(Refused, match="does not answer"):
        nobody.ask("x")


def test_the_client_waits_for_a_moment_and_no_longer(library: Library, tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json", is_new=True)
    quick, slow = keys.add("quick", rate="1/s"), keys.add("slow", rate="1/hour")
    with listening(library, keys=keys.path) as address:
        with Client(address, key=quick) as client:
            for _ in range(2):
                assert client.ask("What is an apple?")["passages"]
        with Client(address, key=slow) as client:
            client.ask("What is an apple?")
            with pytest.raises(Refused) as caught:
                client.ask("What is an apple?")
            assert (caught.value.status, caught.value.code) == (429, "too_many_requests")
            assert (caught.value.retry_after or 0) > 3000
        with Client(address, key="wrong") as client, pytest.raises(Refused, match="not known"):
            client.ask("What is an apple?")


# --- retrievers ----------------------------------------------------------------------------------------------


def _check(metadata: dict[str, Any], text: str) -> None:
    """That a passage has its place, and what the texts do not have."""
    assert metadata["missing"] == ["quorvex"]
    assert NOTE in metadata["note"]
    assert metadata["verdict"] != "answered"
    name = Path(metadata["source"]).name
    if metadata["corpus"] == "fruit":
        assert " ".join(text.split()) in " ".join(TEXTS[name].replace("#", "").split())
    assert metadata["end"] - metadata["start"] == len(text)


def test_langchain(address: str) -> None:
    from qa.client.langchain import CandorRetriever

    with Client(address) as client:
        documents = CandorRetriever(client=client, k=3).invoke(MISSING)
        assert len(documents) == 3
        for document in documents:
            _check(document.metadata, document.page_content)
        assert len(CandorRetriever(client=client, corpora=("animals",)).invoke(MISSING)) == 2


def test_llamaindex(address: str) -> None:
    from qa.client.llamaindex import CandorRetriever

    with Client(address) as client:
        nodes = CandorRetriever(client, 3, corpora=["fruit"]).retrieve(MISSING)
        assert len(nodes) == 3
        for node in nodes:
            _check(node.node.metadata, node.node.get_content())
            assert node.score == node.node.metadata["cosine"]


def test_haystack(address: str) -> None:
    from haystack import Pipeline

    from qa.client.haystack import CandorRetriever

    with Client(address) as client:
        pipeline = Pipeline()
        pipeline.add_component("retriever", CandorRetriever(client, 3))
        found = pipeline.run({"retriever": {"query": MISSING}})["retriever"]
        assert NOTE in found["note"]
        assert len(found["documents"]) == 3
        for document in found["documents"]:
            _check(document.meta, document.content)
        fruit = CandorRetriever(client, corpora=["fruit"])
        scoped = fruit.run("What is an apple?", {"title": "Apple"}, top_k=1)
        assert [document.meta["title"] for document in scoped["documents"]] == ["Apple"]
        with pytest.raises(BadQuestion, match="“colour” is no filter"):
            fruit.run("x", {"colour": "red"})


def test_a_client_of_the_chat_api(address: str) -> None:
    from openai import OpenAI

    with OpenAI(base_url=f"{address}v1", api_key="none") as client:
        asked: Any = [{"role": "user", "content": MISSING}]
        answer = client.chat.completions.create(model="candor", messages=asked)
        assert NOTE in (answer.choices[0].message.content or "")
        streamed = client.chat.completions.create(model="candor/fruit", messages=asked, stream=True)
        assert NOTE in "".join(part.choices[0].delta.content or "" for part in streamed)


# --- README's table ------------------------------------------------------------------------------------------

_DOOR = re.compile(r"^\\| .*? \\| `(.*?)`", re.MULTILINE)


def doors() -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return _DOOR.findall(readme[readme.index("### Doors") : readme.index("Every door gives")])


def test_the_readme_names_every_door() -> None:
    words = ("curl", "Client", "langchain", "llamaindex", "haystack", "qa mcp", "OpenAI", "widget.js", "/docs")
    assert [word for word in words if not any(word in line for line in doors())] == []


def test_the_readme_s_doors_open(library: Library, tmp_path: Path) -> None:
    """Each line of code of its table as it stands, at another port."""
    import importlib

    import httpx2
    from openai import OpenAI

    import qa

    key = KeyFile(tmp_path / "keys.json", is_new=True).add("reader")
    with (
        listening(library, keys=tmp_path / "keys.json", allowed_origins=("*",)) as address,
        Client(address, key=key) as own,
    ):
        lines = [
            line.replace("http://127.0.0.1:8000/", address).replace("http://127.0.0.1:8000", address)
            for line in doors()
        ]
        lines = [line.replace("KEY", key) for line in lines]
        messages = [{"role": "user", "content": "What is mutual aid?"}]
        for module in ("client", "client.langchain", "client.llamaindex", "client.haystack"):
            importlib.import_module(f"qa.{module}")
        for line in [line for line in lines if line.startswith("qa.client.C")]:
            asked = line.replace(f'Client("{address}")', "client")
            assert eval(asked.replace("qa.client.client", "client"), {"client": own, "qa": qa})["passages"]
        for line in [line for line in lines if line.startswith("qa.client.") and "Retriever" in line]:
            assert eval(line, {"client": own, "qa": qa})
        (chat,) = [line for line in lines if line.startswith("OpenAI")]
        assert eval(chat, {"OpenAI": OpenAI, "messages": messages}).choices
        (curl,) = [line for line in lines if line.startswith("curl")]
        if shutil.which("curl"):
            ran = subprocess.run(["bash", "-c", f"{curl} -sf"], capture_output=True, text=True, check=True)
            assert json.loads(ran.stdout)["passages"]
        (script,) = re.findall('src="https://answers.example(.*?)"', "\n".join(lines))
        assert httpx2.get(f"{address.rstrip('/')}{script}").status_code == 200
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx2.get(f"{address}docs", headers=headers).status_code == 200


# --- tools for agents ----------------------------------------------------------------------------------------


def test_the_tools_of_a_library(library: Library) -> None:
    async def use() -> None:
        async with MCPClient(make_server(library)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ask", "get_document", "list_corpora"}
            assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
            asked = await client.call_tool("ask", {"question": MISSING, "k": 2})
            assert asked.structured_content is not None
            jsonschema.validate(asked.structured_content, tools["ask"].output_schema or {})
            assert NOTE in asked.structured_content["note"]
            assert len(asked.structured_content["passages"]) == 2
            one = await client.call_tool("ask", {"question": "What is a zebra?", "corpora": ["animals"]})
            place = (one.structured_content or {})["passages"][0]["document_id"]
            document = await client.call_tool("get_document", {"document_id": place, "corpus": "animals"})
            assert "striped" in (document.structured_content or {})["text"]
            corpora = await client.call_tool("list_corpora", {})
            assert [one["name"] for one in (corpora.structured_content or {})["corpora"]] == ["fruit", "animals"]
            for name, arguments, words in (
                ("ask", {"question": " "}, "empty"),
                ("ask", {"question": "x", "corpora": ["none"]}, "no corpus “none”"),
                ("ask", {"question": "x", "k": 0}, "k"),
                ("ask", {"question": "x", "topic": "none"}, "topic"),
                ("get_document", {"document_id": place}, "Say which corpus"),
                ("get_document", {"document_id": "none", "corpus": "fruit"}, "no document “none”"),
            ):
                refused = await client.call_tool(name, arguments)
                assert refused.is_error
                assert words in refused.content[0].text  # type: ignore[union-attr]

    asyncio.run(use())


def test_agents_over_standard_input_and_output(real_folder: Path) -> None:
    async def use() -> dict[str, Any]:
        served = StdioServerParameters(
            command=sys.executable, args=["-m", "qa", "mcp", "--index", str(real_folder), "--reader", "off"], cwd=ROOT
        )
        async with MCPClient(served) as client:
            asked = await client.call_tool("ask", {"question": "What is the quorvex method?", "k": 1})
            assert not asked.is_error, asked.content
            return asked.structured_content or {}

    assert "quorvex" in (asyncio.run(use())["note"] or "")


def test_agents_over_http_with_keys(real_folder: Path, tmp_path: Path) -> None:
    """And none is told of a corpus that its key does not open."""
    import httpx2

    keys = KeyFile(tmp_path / "keys.json", is_new=True)
    one, port = keys.add("one", ("a",)), free_port()
    command = [
        sys.executable, "-m", "qa", "mcp", "--index", f"a={real_folder}", "--index", f"b={real_folder}",
        "--reader", "off", "--http", f"127.0.0.1:{port}", "--keys", str(keys.path),
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}/mcp"

    async def use(token: str) -> tuple[list[str], str]:
        from mcp.client.streamable_http import streamable_http_client

        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            MCPClient(streamable_http_client(address, http_client=http)) as client,
        ):
            corpora = await client.call_tool("list_corpora", {})
            refused = await client.call_tool("ask", {"question": "What is therapy?", "corpora": ["b"]})
            asked = await client.call_tool("ask", {"question": "What is therapy?", "k": 1})
            assert (asked.structured_content or {})["corpus"] == "a"
            names = [corpus["name"] for corpus in (corpora.structured_content or {})["corpora"]]
            return names, json.dumps([content.model_dump() for content in refused.content])

    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    status = httpx2.post(address, json={}).status_code
                    break
                except httpx2.HTTPError:
                    time.sleep(0.1)
            assert status == 401
            names, refused = asyncio.run(use(one))
            assert names == ["a"]
            assert "no corpus “b”" in json.loads(refused)[0]["text"]
        finally:
            process.terminate()
