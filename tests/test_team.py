"""The whole service for a team, as processes: several corpora, keys, meters of all processes together, and its log."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.client import Client, Refused
from qa.keys import KeyFile
from tests.conftest import OTHER_TEXTS, TEXTS
from tests.serving import free_port


def build(folder: Path, name: str, texts: dict[str, str]) -> None:
    (folder / name).mkdir()
    for file, text in texts.items():
        (folder / name / file).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "qa", "index", name, "--index", f"{name}-index", "--reader", "none"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, dict[str, str]]]:
    folder, port = tmp_path_factory.mktemp("team"), free_port()
    build(folder, "fruit", TEXTS)
    build(folder, "animals", OTHER_TEXTS)
    (folder / "candor.toml").write_text('[corpora.fruit]\nindex = "fruit-index"\ntitle = "Fruit"\n')
    keys = KeyFile(folder / "keys.json", is_new=True)
    tokens = {"all": keys.add("all"), "admin": keys.add("admin", is_admin=True), "one": keys.add("one", ("animals",))}
    command = [
        sys.executable, "-m", "qa", "serve", "--config", "candor.toml", "--keys", "keys.json", "--workers", "2",
        "--log", "json", "--gaps", "gaps.sqlite", "--port", str(port), "--reader", "off",
    ]  # fmt: skip
    with (folder / "log").open("w") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with Client(address, key=tokens["all"]) as client:
                    client.corpora()
                break
            except Refused:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield folder, address, tokens
        process.terminate()


def test_a_corpus_comes_and_goes_without_a_restart(team: tuple[Path, str, dict[str, str]]) -> None:
    folder, address, tokens = team
    file = folder / "candor.toml"
    fruit = file.read_text()

    def names(count: int) -> list[str]:
        """Until both processes know."""
        seen, end = 0, time.monotonic() + 30
        while seen < 10 and time.monotonic() < end:
            with Client(address, key=tokens["all"]) as client:
                found = [one["name"] for one in client.corpora()]
            seen = seen + 1 if len(found) == count else 0
        return found

    assert names(1) == ["fruit"]
    file.write_text(fruit + '[corpora.animals]\nindex = "animals-index"\n')
    assert names(2) == ["fruit", "animals"]
    with Client(address, key=tokens["one"], corpus="animals") as client:
        assert "striped" in client.ask("What is a zebra?")["passages"][0]["text"]
    with Client(address, key=tokens["one"], corpus="fruit") as client, pytest.raises(Refused) as caught:
        client.ask("What is a zebra?")
    assert caught.value.status == 404
    file.write_text(fruit)
    assert names(1) == ["fruit"]
    with Client(address, key=tokens["one"], corpus="animals") as client, pytest.raises(Refused) as caught:
        client.ask("What is a zebra?")
    assert caught.value.status == 404


def test_processes_count_together(team: tuple[Path, str, dict[str, str]]) -> None:
    import httpx2

    _, address, tokens = team
    for _ in range(20):
        with Client(address, key=tokens["all"], corpus="fruit") as client:
            client.ask("What is an apple?")
    headers = {"Authorization": f"Bearer {tokens['admin']}"}
    metrics = httpx2.get(f"{address}/metrics", headers=headers).text
    counted = [line for line in metrics.splitlines() if line.startswith('candor_answers_total{corpus="fruit"')]
    assert sum(float(line.split()[-1]) for line in counted) >= 20
    assert 'candor_corpus_up{corpus="fruit"} 1.0' in metrics


def test_three_askers_are_told_apart_over_processes(team: tuple[Path, str, dict[str, str]]) -> None:
    import httpx2

    _, address, tokens = team
    headers = {"Authorization": f"Bearer {tokens['admin']}"}
    for name in ("all", "admin"):
        with Client(address, key=tokens[name], corpus="fruit") as client:
            client.ask("What is a quorvex?")
    assert httpx2.get(f"{address}/api/gaps", headers=headers).json() == {"gaps": []}
    third = KeyFile(team[0] / "keys.json").add("third")
    with Client(address, key=third, corpus="fruit") as client:
        client.ask("What is a quorvex?")
    (gap,) = httpx2.get(f"{address}/api/gaps", headers=headers).json()["gaps"]
    assert (gap["term"], gap["corpus"], gap["asked"]) == ("quorvex", "fruit", 3)


def test_the_log_is_json_with_no_question_and_no_key(team: tuple[Path, str, dict[str, str]]) -> None:
    folder, address, tokens = team
    with Client(address, key=tokens["all"], corpus="fruit") as client:
        client.ask("Is a durian a fruit?")
    time.sleep(0.5)
    text = (folder / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    asked = [line for line in lines if line.get("path", "").endswith("/api/fruit/ask")]
    assert asked
    for line in asked:
        assert {
            "time",
            "level",
            "message",
            "address",
            "method",
            "status",
            "bytes",
            "milliseconds",
            "request_id",
        } <= set(line)
        assert line["request_id"]
    assert "durian" not in text
    assert not any(token in text for token in tokens.values())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--keys", "none.json"], "none.json cannot be read"),
        (["--rate", "often"], "is no rate"),
        (["--allowed-origin", "example.org"], "is no origin"),
        (["--trusted-proxy", "here"], "needs an address or a network"),
        (["--limits", "carrier://pigeon"], "cannot keep limits"),
        (["--user-header", "X-User"], "name that proxy's address"),
        (["--gaps", "gaps.txt"], "does not end in .sqlite"),
    ],
)
def test_settings_that_cannot_be_end_it_with_one_line(
    team: tuple[Path, str, dict[str, str]], options: list[str], words: str
) -> None:
    command = [sys.executable, "-m", "qa", "serve", "--index", "fruit-index", "--port", "0", *options]
    ended = subprocess.run(command, cwd=team[0], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
