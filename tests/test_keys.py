import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from qa.command.cli import cli
from qa.errors import BadSettings, KeysUnusable
from qa.keys import ALL, KeyFile, Rate, parse_rate


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", is_new=True)


def test_a_key_is_found_by_itself_alone(keys: KeyFile) -> None:
    token = keys.add("alice", ("handbook",), "60/min")
    found = keys.find(token)
    assert found is not None
    assert (found.name, found.corpora, found.rate, found.is_admin) == ("alice", ("handbook",), "60/min", False)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for other in (changed, token.upper(), token + "A", f"{token} ", "", "candor_", "\udc80", "é" * 60):
        assert keys.find(other) is None


def test_nothing_of_a_key_is_in_its_files(keys: KeyFile) -> None:
    token = keys.add("alice")
    secret = token.rsplit("_", 1)[-1] if token.count("_") == 2 else token.split("_", 2)[2]
    written = keys.path.read_text() + keys.audit.read_text()
    assert secret not in written
    for file in (keys.path, keys.audit):
        assert file.stat().st_mode & 0o077 == 0


def test_what_one_process_revokes_another_refuses_at_once(keys: KeyFile) -> None:
    token = keys.add("alice")
    other = KeyFile(keys.path)
    assert other.find(token) is not None
    keys.revoke("alice")
    assert other.find(token) is None


def test_the_secret_of_the_cookies_stays(keys: KeyFile) -> None:
    keys.add("alice")
    before = keys.secret
    keys.add("bob")
    assert KeyFile(keys.path).secret == before


def test_each_change_is_noted(keys: KeyFile) -> None:
    keys.add("alice", ("a", "b"), is_admin=True)
    keys.revoke("alice")
    lines = [json.loads(line) for line in keys.audit.read_text().splitlines()]
    assert [(line["act"], line["name"], line["corpora"]) for line in lines] == [
        ("add", "alice", ["a", "b"]), ("revoke", "alice", ["a", "b"]),
    ]  # fmt: skip


@given(st.sets(st.sampled_from("abcdef")), st.sampled_from("abcdef"))
def test_a_key_may_ask_what_it_names_and_no_more(named: set[str], corpus: str) -> None:
    from qa.keys import Key

    key = Key("0" * 8, "x", "", tuple(sorted(named)))
    assert key.may_ask(corpus) == (corpus in named)
    assert Key("0" * 8, "x", "", (ALL,)).may_ask(corpus)


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("60/min", Rate(60, 60)), ("5/s", Rate(5, 1)), ("5 per second", Rate(5, 1)), ("1000/day", Rate(1000, 86_400)),
        ("2/hours", Rate(2, 3600)), ("7/sec", Rate(7, 1)),
    ],
)  # fmt: skip
def test_rates(written: str, rate: Rate) -> None:
    assert parse_rate(written) == rate
    assert parse_rate(str(rate)) == rate


@pytest.mark.parametrize("written", ["", "60", "0/min", "-1/s", "60/fortnight", "min/60", "1.5/s", "9" * 20 + "/s"])
def test_no_rates(written: str) -> None:
    with pytest.raises(BadSettings, match="is no rate"):
        parse_rate(written)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a\nb", "-a", "ä"])
def test_names_that_no_key_can_have(keys: KeyFile, name: str) -> None:
    with pytest.raises(BadSettings, match="cannot be the name"):
        keys.add(name)


def test_a_name_is_given_once(keys: KeyFile) -> None:
    keys.add("alice")
    with pytest.raises(BadSettings, match="already"):
        keys.add("alice")
    with pytest.raises(BadSettings, match="the keys are alice"):
        keys.revoke("bob")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"keys": 1, "cookie_secret": "x"}',
        b'{"keys": []}',
        b'{"keys": [], "cookie_secret": ""}',
        b'{"keys": [{}], "cookie_secret": "x"}',
    ],
)
def test_a_file_that_is_none_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(KeysUnusable, match="no file of keys"):
        KeyFile(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="qa key add"):
        KeyFile(tmp_path / "keys.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(KeysUnusable, match="cannot be written"):
        KeyFile(tmp_path / "keys.json", is_new=True).add("alice")


def test_the_command(tmp_path: Path) -> None:
    path = str(tmp_path / "keys.json")
    run = CliRunner().invoke
    made = run(cli, ["key", "add", "alice", "--corpus", "a", "--rate", "60/min", "--keys", path])
    assert made.exit_code == 0, made.output
    assert KeyFile(Path(path)).find(made.stdout.strip())
    listed = run(cli, ["key", "list", "--keys", path])
    assert listed.stdout.startswith("alice  ")
    assert "60/min" in listed.stdout
    assert run(cli, ["key", "revoke", "alice", "--keys", path]).exit_code == 0
    again = run(cli, ["key", "revoke", "alice", "--keys", path])
    assert (again.exit_code, again.stderr) == (1, "qa: There is no key of the name alice: the keys are none.\n")
    bad = run(cli, ["key", "add", "bob", "--corpus", "api", "--keys", path])
    assert bad.exit_code == 1
    assert "cannot be the name of a corpus" in bad.stderr
