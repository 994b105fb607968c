"""How long a person waits: from asking to an answer that can be read, in a real browser; and how long suggestions take.

    python -m benchmarks.page [--index INDEX] [--questions corpus/questions.jsonl] [--most 60]

Serves the index in a process of its own, as `qa serve` does, and asks judged questions, each once, in Debian's
Chromium. Times are of the browser: from when it begins to go to the page until all of it stands and can be used
(domContentLoadedEventEnd), and until the first text is painted. Suggestions are asked for as they are typed, letter by
letter, over one connection.
"""

import http.client
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote, urlencode

from playwright.sync_api import Page, sync_playwright

from benchmarks.arguments import command_line

_PORT = 8321
_START_SECONDS = 120
_PAINTED = """() => new Promise(done => {
  const look = () => performance.getEntriesByName("first-contentful-paint").length ? done() : setTimeout(look, 5);
  look();
})"""
_TIMES = """() => {
  const [loaded] = performance.getEntriesByType("navigation");
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  const weights = performance.getEntriesByType("resource").map(one => one.encodedBodySize);
  return [loaded.domContentLoadedEventEnd, painted ? painted.startTime : -1,
          weights.reduce((sum, one) => sum + one, loaded.encodedBodySize)];
}"""


def main() -> None:
    """Print the table."""
    parser = command_line(__doc__)
    parser.add_argument("--index", type=Path, default=Path("index"), help="the folder of an index")
    parser.add_argument("--questions", type=Path, default=Path("corpus/questions.jsonl"), help="JSON lines")
    parser.add_argument("--most", type=int, default=60, help="questions (60)")
    given = parser.parse_args()
    lines = given.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["text"] for line in lines][:: max(len(lines) // given.most, 1)][: given.most]
    command = [sys.executable, "-m", "qa", "serve", "--index", str(given.index), "--port", str(_PORT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait()
            rows = _asked(questions)
            suggested = _suggested(questions[:10])
            plain = _fetched(questions)
        finally:
            server.terminate()
    print("| what | median | 95 of 100 within |")
    print("|---|---|---|")
    usable, painted, weights = zip(*rows, strict=True)
    for name, times in (("answer can be used, ms", usable), ("first text painted, ms", painted)):
        print(f"| {name} | {median(times):.0f} | {quantiles(times, n=20)[-1]:.0f} |")
    again = "the page alone, asked again by a plain client, ms"
    print(f"| {again} | {median(plain):.0f} | {quantiles(plain, n=20)[-1]:.0f} |")
    print(f"| suggestions, ms | {median(suggested):.1f} | {quantiles(suggested, n=20)[-1]:.1f} |")
    print(f"| weight of the page and all that it loads, kB | {median(weights) / 1000:.0f} | |")


def _wait() -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server does not answer.")


def _asked(questions: list[str]) -> list[tuple[float, float, float]]:
    """Return (usable, painted, weight) of each question's page."""
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        _one(page, questions[0])  # the browser's own first time
        rows = [_one(page, question) for question in questions]
        browser.close()
    return rows


def _one(page: Page, question: str) -> tuple[float, float, float]:
    page.goto(f"http://127.0.0.1:{_PORT}/?{urlencode({'q': question})}", wait_until="load")
    page.evaluate(_PAINTED)
    usable, painted, weight = page.evaluate(_TIMES)
    return usable, painted, weight


def _fetched(questions: list[str]) -> list[float]:
    """Return how long the server takes for each page, without a browser beside it on the same cores."""
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=30)
    times = []
    for question in questions:
        start = time.perf_counter()
        connection.request("GET", f"/?{urlencode({'q': question})}")
        connection.getresponse().read()
        times.append(1000 * (time.perf_counter() - start))
    return times


def _suggested(questions: list[str]) -> list[float]:
    """Return how long each request took while the questions were typed."""
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=30)
    times = []
    for question in questions:
        for length in range(1, len(question) + 1):
            start = time.perf_counter()
            connection.request("GET", f"/api/suggest?q={quote(question[:length])}")
            connection.getresponse().read()
            times.append(1000 * (time.perf_counter() - start))
    return times


if __name__ == "__main__":
    main()
