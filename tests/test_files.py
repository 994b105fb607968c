"""Files that could hold up or fill whoever opens them. A hang is ended by the process that waits for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qa.files import FileTooLarge, NoRegularFile, bounded_lines, open_regular, read_regular

HANG = 60  # seconds, beyond which a child is taken to wait for ever


def test_what_a_file_holds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    assert read_regular(tmp_path / "a.txt", 3) == b"abc"
    with pytest.raises(FileTooLarge) as refused:
        read_regular(tmp_path / "a.txt", 2)
    assert refused.value.strerror == "it holds over 2e-06 MB"


@pytest.mark.parametrize("make", ["fifo", "link to a fifo", "device", "link to a device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: str) -> None:
    path = Path("/dev/zero") if "device" in make else tmp_path / "pipe.txt"
    if "fifo" in make:
        os.mkfifo(path)
    if "link" in make:
        (tmp_path / "link.txt").symlink_to(path)
        path = tmp_path / "link.txt"
    code = f"from pathlib import Path; from qa.files import open_regular; open_regular(Path({str(path)!r}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG, check=False)
    assert "NoRegularFile" in ran.stderr


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    assert issubclass(NoRegularFile, OSError)


def test_lines_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\n\nabcd\nabc\n" + b"x" * 5_000_000 + b"\nend")
    with open_regular(tmp_path / "a.txt") as opened:
        lines = list(bounded_lines(opened, 4))
    assert lines == [b"ab\n", b"\n", None, b"abc\n", None, b"end"]
