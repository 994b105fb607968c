"""The pages in a real browser: Debian's Chromium, where it is installed, without JavaScript as well as with it."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from qa.answers.answering import Answerer
from qa.indexing.index import open_index
from qa.service import Live
from qa.settings import ServeSettings
from qa.web.app import create_app

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    # A file that is sent as the browser goes on to another page is closed with the thread that sends it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

INVENTED = "/?q=What+is+Psychotherapy+and+community+organizing+model%3F"
PAGES = {
    "start": "/",
    "answered": "/?q=What+is+narritive+therpy%3F",
    "missing": INVENTED,
    "why": "/?q=What+is+mutual+aid%3F&why=1",
    "signpost": "/?q=I+want+to+end+my+life",
    "document": "/document/corpus/mutual-aid.md",
    "documents": "/documents",
    "topic": "/documents?topic=process",
    "some texts": "/?q=What+is+empathy%3F&topic=process",
    "told": "/?q=What+is+empathy%3F&told=1",
    "refused": "/?q=%3F",
    "nowhere": "/nowhere",
}
SIZES = {"phone": (320, 640), "tall phone": (390, 844), "desk": (1280, 900)}


@pytest.fixture(scope="module")
def port(real_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    feedback = tmp_path_factory.mktemp("said") / "feedback.sqlite"
    with open_index(real_folder) as index:
        app = create_app(Live.of(Answerer(index)), ServeSettings(feedback=feedback))
        served = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served.server_port
        served.shutdown()
        thread.join()
        served.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, port: int) -> Iterator[Page]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_violates_a_rule_of_accessibility(page: Page, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(PAGES[name])
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(page: Page, name: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(PAGES[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize(("size", "screens"), [("desk", 2), ("tall phone", 3)])
def test_the_first_answer_fits_on_so_many_screens(page: Page, size: str, screens: int) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(INVENTED)
    page.locator("form.feedback").evaluate("form => form.remove()")  # which is off unless the owner wants it
    assert page.evaluate("document.documentElement.scrollHeight") <= screens * height


def test_everything_works_without_scripts_and_by_keyboard(browser: Browser, port: int) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.keyboard.type("What is mutual aid?")  # the box has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the text"
    second = page.locator("#passage-2")
    second.locator("> summary").press("Enter")
    assert second.locator("blockquote").is_visible()
    page.locator("#passage-1 .passage-title a").press("Enter")
    page.wait_for_url("**/document/**")
    assert page.locator(".found").first.is_visible()
    context.close()


def test_the_box_asks_on_enter_and_grows_with_its_lines(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("What is")
    before = page.locator("#q").bounding_box()
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("mutual aid?")
    after = page.locator("#q").bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"] + 10
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert page.locator("#q").input_value() == "What is mutual aid?"
    assert "topic=" not in page.url  # what is not chosen stays out of the address
    assert page.locator("#passage-1").is_visible()
    assert page.locator("#q").evaluate("box => document.activeElement === box")  # the focus is kept


def test_suggestions_are_chosen_by_keyboard_and_read_aloud(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("What is narr")
    first = page.locator("#suggestions [role=option]").first
    first.wait_for()
    assert page.locator("[role=status]").first.inner_text().endswith("Suggestions")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("ArrowDown")
    assert page.locator("#q").get_attribute("aria-activedescendant") == "suggestion-0"
    page.keyboard.press("Enter")
    assert page.locator("#q").input_value() == "What is narrative therapy"
    assert page.locator("#suggestions").is_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=What+is+narrative+therapy")
    page.locator("#q").fill("CB")
    first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#suggestions").is_hidden()
    assert page.locator("#q").input_value() == "CB"


def test_a_citation_is_copied(browser: Browser, port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    context = browser.new_context(base_url=address)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = context.new_page()
    page.goto("/?q=What+is+mutual+aid%3F")
    button = page.get_by_role("button", name="Copy the citation").first
    button.click()
    page.get_by_role("button", name="Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Mutual aid" in copied
    assert "SHA-256" in copied
    context.close()


def test_what_an_asker_says_is_kept_from_the_page(page: Page) -> None:
    page.goto("/?q=What+is+mutual+aid%3F")
    page.get_by_text("Add a note").click()
    page.get_by_label("Your note").fill("clear")
    page.get_by_role("button", name="Yes, it is answered here").click()
    page.get_by_text("Thank you. It was kept.").wait_for()


def test_only_some_of_the_texts_are_chosen_from_a_list(browser: Browser, port: int) -> None:
    for scripts in (True, False):
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", java_script_enabled=scripts)
        page = context.new_page()
        page.goto("/?q=What+is+empathy%3F")
        page.get_by_text("Ask only some of the texts").click()
        page.get_by_label("Topic").select_option("process")
        page.get_by_role("button", name="Ask", exact=True).click()
        page.wait_for_url("**topic=process*")
        assert "in 17 of these 157 texts" in page.locator(".verdict").inner_text()
        page.get_by_role("link", name="Ask all of the texts").click()
        page.wait_for_url("**/?q=What+is+empathy*")
        assert "in these 157 texts" in page.locator(".verdict").inner_text()
        context.close()


def test_every_target_is_large_enough_to_hit(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(INVENTED)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    small = page.evaluate("""[...document.querySelectorAll('main a, main button, main summary, main select')]
        .filter(one => one.getClientRects().length && !one.closest('p.note, .place, .answer'))
        .map(one => [one.textContent.trim(), one.getBoundingClientRect().height])
        .filter(([, height]) => height < 24)""")
    assert small == []


def test_what_is_printed_says_where_and_when_and_leaves_out_what_cannot_be_pressed(page: Page, port: int) -> None:
    page.goto("/?q=What+is+mutual+aid%3F")
    page.emulate_media(media="print")
    printed = page.locator(".printed").inner_text()
    assert f"http://127.0.0.1:{port}/?q=What" in printed
    assert datetime.now(UTC).date().isoformat() in printed
    assert page.locator("form").first.is_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#passage-2 blockquote").first.is_visible()


def test_a_passage_is_in_view_where_its_link_leads(page: Page) -> None:
    page.goto("/?q=How+does+relational+cultural+theory+see+growth%3F")
    page.locator("#passage-1 .passage-title a").click()
    page.wait_for_url("**/document/**")
    box = page.locator(".found").first.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_and_loads_nothing_from_elsewhere(page: Page, port: int, name: str) -> None:
    sizes: list[int] = []
    hosts: set[str] = set()

    def count(response: object) -> None:
        hosts.add(response.url.split("/")[2])  # type: ignore[attr-defined]
        sizes.append(len(response.body()))  # type: ignore[attr-defined]

    page.on("response", count)
    page.goto(PAGES[name], wait_until="networkidle")
    assert hosts == {f"127.0.0.1:{port}"}
    assert sum(sizes) < 60_000
