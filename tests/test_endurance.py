"""An index is updated for long, killed and starved of space, while a server with two workers answers from it."""

import gc
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.embedders import ENCODER
from qa.indexing.building import build_index
from qa.indexing.generations import all_generations, current_generation, last_good_generation, verify
from qa.indexing.index import Generation
from qa.readers import READER
from tests.builders import UNWRITABLE, Builders
from tests.conftest import WordLengthEmbedder
from tests.serving import Running, asked_throughout, ready, start

KILLS = 200
STARVED = 100  # on a full disk, and as often by a limit on files
QUESTIONS = ("/api/ask?q=What+is+an+apple%3F&k=2", "/api/ask?q=What+is+quorvex%3F&source=texts%2Fa", "/readyz")


@pytest.fixture(scope="module")
def builders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builders]:
    with Builders.start(tmp_path_factory.mktemp("builders") / "log") as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("served"), "--workers", "2")
    yield running
    running.process.terminate()
    running.process.wait(60)


def sound(index: Path) -> None:
    """Check that the index opens, whole and without a warning."""
    generation, warning = last_good_generation(index)
    assert warning is None
    Generation(generation).close()


def texts_in(index: Path) -> set[str]:
    generation = Generation(current_generation(index))
    found = {generation.passages[row].text for row in range(len(generation.passages))}
    generation.close()
    return found


def wait_for_all_workers(server: Running, generation: str) -> None:
    """Wait until not one of many answers in a row comes from another generation."""
    end, alike = time.monotonic() + 60, 0
    while alike < 40 and time.monotonic() < end:
        alike = alike + 1 if ready(server)["generation"] == generation else 0
    assert alike == 40


def written(index: Path) -> list[int]:
    """Return the sizes of the files that a build writes anew: encoder's and reader's are links to those before."""
    files = [path for path in current_generation(index).rglob("*") if path.is_file()]
    return [path.stat().st_size for path in files if path.parent.name not in {ENCODER, READER}]


def workers_of(server: Running) -> list[int]:
    found = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text(encoding="ascii")
    return [int(number) for number in found.split()]


def open_files(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def test_killed_at_random_moments_no_request_fails(server: Running, builders: Builders) -> None:
    corpus, index, chance = server.folder / "texts", server.folder / "index", random.Random(7)
    (corpus / "new.txt").write_text("The first new text.", encoding="utf-8")
    begun = time.monotonic()
    assert builders.run(corpus, index) == 0
    longest = 1.5 * (time.monotonic() - begun)
    ends: list[int] = []
    with asked_throughout(server, *QUESTIONS, askers=2) as statuses:
        for number in range(KILLS):
            (corpus / "new.txt").write_text(f"New text {number}.", encoding="utf-8")
            process = builders.begin(corpus, index)
            time.sleep(chance.random() * longest)
            os.kill(process, signal.SIGKILL)
            ends.append(builders.end())
            sound(index)
            if number % 20 == 19:
                assert builders.run(corpus, index) == 0
                assert f"New text {number}." in texts_in(index)
                assert len(list((index / "generations").iterdir())) == 2  # nothing left of the killed ones
        wait_for_all_workers(server, current_generation(index).name)
        assert len(statuses) > KILLS
    assert set(ends) <= {0, -signal.SIGKILL}
    assert ends.count(-signal.SIGKILL) >= KILLS // 4  # the others had ended before
    answer = server.request("GET", "/api/ask?q=What+is+new+text%3F&k=1")[1]
    assert f"New text {KILLS - 1}." in answer


def test_out_of_space_at_random_moments_no_request_fails(server: Running, builders: Builders) -> None:
    """Writes fail where a file would grow over a limit, anywhere between the first byte and the largest file."""
    corpus, index, chance = server.folder / "texts", server.folder / "index", random.Random(8)
    assert builders.run(corpus, index) == 0
    largest = max(written(index))
    ends = []
    with asked_throughout(server, *QUESTIONS, askers=2):
        for number in range(STARVED):
            (corpus / "new.txt").write_text(f"New text {number}.", encoding="utf-8")
            before = current_generation(index)
            ends.append(builders.run(corpus, index, chance.randrange(largest)))
            sound(index)
            assert ends[-1] == 0 or current_generation(index) == before
            assert list((index / "generations").glob("*.partial")) == []
        assert builders.run(corpus, index) == 0
        wait_for_all_workers(server, current_generation(index).name)
    assert set(ends) <= {0, UNWRITABLE}
    assert ends.count(UNWRITABLE) >= STARVED // 2
    assert f"New text {STARVED - 1}." in texts_in(index)


def test_on_a_full_disk_no_request_fails(small_disk: Path, builders: Builders) -> None:
    corpus, index, chance = small_disk / "texts", small_disk / "index", random.Random(9)
    server = start(small_disk, "--workers", "2", log=small_disk.parent / "log")
    try:
        assert builders.run(corpus, index) == 0
        size = sum(written(index))
        ends = []
        with asked_throughout(server, *QUESTIONS, askers=2):
            for number in range(STARVED):
                (corpus / "new.txt").write_text(f"New text {number}.", encoding="utf-8")
                before = current_generation(index)
                free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
                ballast = small_disk / "ballast"
                ballast.write_bytes(bytes(max(0, free - chance.randrange(int(1.5 * size)))))
                ends.append(builders.run(corpus, index))
                ballast.unlink()
                sound(index)
                assert ends[-1] == 0 or current_generation(index) == before
            assert builders.run(corpus, index) == 0
            wait_for_all_workers(server, current_generation(index).name)
        assert set(ends) <= {0, UNWRITABLE}
        assert ends.count(UNWRITABLE) >= STARVED // 4
        assert f"New text {STARVED - 1}." in texts_in(index)
    finally:
        server.process.terminate()
        server.process.wait(60)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_many_updates_leave_nothing_behind(corpus: Path, tmp_path: Path) -> None:
    """`python -m benchmarks.endurance` does 10,000 of these, with a server beside."""
    index, embedder = tmp_path / "index", WordLengthEmbedder()
    sizes, files, opened = [], [], []
    gc.collect()  # what tests before this one left open is closed now, and not among the updates
    for number in range(150):
        (corpus / "new.txt").write_text(f"New text {number:03}.", encoding="utf-8")
        build_index([corpus], index, embedder=embedder)
        sizes.append(sum(path.stat().st_size for path in index.rglob("*") if path.is_file()))
        files.append(sum(1 for _ in index.rglob("*")))
        opened.append(open_files(os.getpid()))
    assert len(all_generations(index)) == 2
    assert max(sizes[2:]) - min(sizes[2:]) < 1000  # two generations alike; tantivy's files differ by some bytes
    assert len(set(files[2:])) == 1
    assert max(opened[-10:]) <= min(opened[2:12]) + 1  # a leak would add one an update
    verify(current_generation(index))


def test_a_server_gives_the_files_of_old_generations_back(server: Running, builders: Builders) -> None:
    corpus, index = server.folder / "texts", server.folder / "index"
    for number in range(8):
        (corpus / "new.txt").write_text(f"New text {number}.", encoding="utf-8")
        assert builders.run(corpus, index) == 0
        wait_for_all_workers(server, current_generation(index).name)
    for worker in workers_of(server):
        mapped = Path(f"/proc/{worker}/maps").read_text(encoding="utf-8").splitlines()
        held = {int(line.split(maxsplit=5)[4]) for line in mapped if "/generations/" in line}
        # By inode: the encoder was mapped from an older generation, and the kept ones have its bytes as links.
        assert held <= {path.stat().st_ino for kept in all_generations(index) for path in kept.rglob("*")}
        assert open_files(worker) < 100
