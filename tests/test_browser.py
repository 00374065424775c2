"""The page in a real browser: a shortened journey from hello to trial, wide and on a phone, light and dark."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assistant.markup import card_as_html, heading
from finetune.example import Source, make_example
from finetune.project import Project
from tests.person import DENTIST
from tests.test_render import cards

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LINE_PX = 36  # more than a line of a card is high, and less than two
START_SECONDS = 90  # of a loaded machine; the benchmark holds the promised eight on an idle one
TURN_MS = 180_000
# What stands out of the window, and what its own box cuts off, of all that is on the page; a cell of words may end in
# an ellipsis, since the row can be shown whole, but not what is remarked on it.
CUT_OFF = """() => {
  const found = [];
  for (const e of document.querySelectorAll('#head *, #chat *, #live *, #options *, #review *')) {
    const place = e.getBoundingClientRect();
    if (!place.width || !place.height || e.closest('svg, textarea, select, input, .at-bar')) continue;
    const wide = place.right > window.innerWidth + 1 || place.left < -1;
    const within = e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible';
    const cell = e.matches('.at-note, .at-problem') ? e.closest('.at-cell') : null;
    const low = cell !== null && cell.getBoundingClientRect().bottom < place.bottom - 1;
    if (wide || within || low) found.push(`${e.tagName} .${e.className}: ${(e.innerText || '').slice(0, 60)}`);
  }
  return found;
}"""
ANSWERS = DENTIST | {"rules": "Keep all", "files": "Prepare the data", "train_anyway": "Train anyway"}


@dataclass(frozen=True)
class Served:
    address: str
    home: Path
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
        return bool(urllib.request.urlopen(address, timeout=5).status == 200)
    return False


@contextmanager
def serving(home: Path, port: int) -> Iterator[Served]:
    """The real program in a process of its own."""
    environment = {**os.environ, "ATTUNE_HOME": str(home), "ATTUNE_HOST": "127.0.0.1", "ATTUNE_PORT": str(port)}
    environment.pop("ATTUNE_CHAT_MODEL", None)
    with (home.parent / "app.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}/"
            deadline = time.monotonic() + START_SECONDS
            while not answers(address):
                assert process.poll() is None, (home.parent / "app.log").read_text()
                assert time.monotonic() < deadline, "the page did not come up"
                time.sleep(0.2)
            yield Served(address, home, process)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: `ATTUNE_SCREENSHOTS`, or a folder that the test run forgets."""
    wanted = os.environ.get("ATTUNE_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def spreadsheet(path: Path) -> Path:
    """72 questions and answers of a dental practice."""
    treatments = (
        "a cleaning", "a filling", "a crown", "an X-ray", "whitening", "a root canal", "a check-up", "braces",
        "an implant", "a night guard", "a denture", "a sealant",
    )  # fmt: skip
    kinds = (
        ("How much does {} cost?", "We send you a price for {} before the visit. You can pay by card or in cash."),
        ("Does my insurance cover {}?", "Most plans cover part of {}. Send us your member number and we check it."),
        ("How long does {} take?", "Plan one hour for {}. Please come ten minutes early."),
        ("Do I need an appointment for {}?", "Yes, {} needs an appointment. Call the front desk and we find a time."),
        ("Does {} hurt?", "We numb the area first. Tell the dentist at once if you feel anything during {}."),
        ("Can I eat after {}?", "Wait until the numbness is gone after {}, then start with soft food."),
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["Patient question", "Our answer"])
        rows.writerows([question.format(t), answer.format(t)] for t in treatments for question, answer in kinds)
    return path


class Visitor:
    """Somebody at the page, who reads what is asked and answers it."""

    def __init__(self, context: "BrowserContext", address: str) -> None:
        self.context, self.address = context, address
        self.problems: list[str] = []
        self.elsewhere: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "request", lambda request: self.elsewhere.append(request.url) if self.strange(request.url) else None
        )

    def strange(self, url: str) -> bool:
        return not url.startswith((self.address, "data:", "blob:"))

    def arrive(self) -> None:
        from playwright.sync_api import Error

        try:
            self.page.goto(self.address)
        except Error as error:  # an open page loads itself anew when its server is back
            if "interrupted by another navigation" not in str(error):
                raise
            self.page.wait_for_load_state()
        self.page.wait_for_selector("#side li", state="attached", timeout=60_000)
        self.settle()

    def settle(self) -> None:
        """Wait until no answer is being given."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector(".at-busy", state="detached", timeout=TURN_MS)
        self.page.wait_for_selector("#options .at-chips", state="attached", timeout=TURN_MS)
        self.page.wait_for_timeout(250)

    @property
    def asked(self) -> str:
        return self.page.get_attribute("#options .at-chips", "data-for") or ""

    @property
    def chat(self) -> str:
        return self.page.inner_text("#chat")

    def say(self, text: str) -> None:
        """Press the button with these words if there is one, else type them and press Enter."""
        before = self.page.locator("#chat .at-said").count()
        button = self.page.locator("#options button").get_by_text(text, exact=True)
        if button.count():
            button.first.click()
        else:
            self.page.fill("#box textarea", text)
            self.page.keyboard.press("Enter")
        if text != "Yes":  # a yes to an approval is no turn of its own in the thread: its bubble goes again
            grown = f"document.querySelectorAll('#chat .at-said').length > {before}"
            self.page.wait_for_function(grown, timeout=20_000)
        else:
            self.page.wait_for_selector("#options button:text-is('Yes')", state="detached", timeout=TURN_MS)
        self.settle()

    def attach(self, path: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.click("#box .upload-button")
        chooser.value.set_files(str(path))
        self.page.wait_for_selector("#box .thumbnail-item", timeout=20_000)
        self.page.wait_for_timeout(500)
        self.page.click("#box .submit-button")
        self.page.wait_for_selector("#chat .at-file", timeout=30_000)
        self.settle()

    def go_on_until(self, asked: str) -> None:
        for _ in range(40):
            if self.asked == asked:
                return
            assert self.asked in ANSWERS or self.asked.startswith("practice:"), (
                f"no answer to {self.asked!r}: {self.chat[-600:]}"
            )
            self.say(ANSWERS.get(self.asked, "Skip these questions"))
        raise AssertionError(f"never asked for {asked}: {self.chat[-600:]}")

    def picture(self, folder: Path, name: str) -> None:
        """The page as it is, light and dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.page.evaluate(f"document.body.classList.toggle('dark', {str(scheme == 'dark').lower()})")
            self.page.mouse.move(700, 300)
            self.page.wait_for_timeout(400)  # colours fade over
            self.page.screenshot(path=folder / f"{name}-wide-{scheme}.png")
        self.page.evaluate("document.body.classList.remove('dark')")


def no_sideways_scrolling(page: "Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def take_pictures(browser: "Browser", visitor: Visitor, served: Served, folder: Path, name: str) -> None:
    """The page as it is, and the same project on a phone, whose sidebar is closed."""
    visitor.picture(folder, name)
    state = visitor.context.storage_state()
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport=PHONE, storage_state=state, color_scheme=scheme)  # type: ignore[arg-type]
        phone = Visitor(context, served.address)
        phone.arrive()
        assert phone.page.locator("#box textarea").is_visible()
        assert no_sideways_scrolling(phone.page)
        assert not phone.page.evaluate(CUT_OFF)
        phone.page.screenshot(path=folder / f"{name}-phone-{scheme}.png")
        context.close()


@pytest.fixture(scope="module")
def base_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with room for a standing instruction, which its letters-as-tokens make long."""
    folder = tmp_path_factory.mktemp("base") / "model"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 2048}))
    return folder


def test_from_hello_to_the_trial(browser: "Browser", base_model: Path, tmp_path: Path, pictures: Path) -> None:
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    with serving(home, port) as served:
        visitor = Visitor(browser.new_context(viewport=WIDE), served.address)
        visitor.arrive()
        assert "I am Attune" in visitor.chat
        take_pictures(browser, visitor, served, pictures, "1-interview")
        visitor.go_on_until("audience")
        visitor.page.fill("#box textarea", ANSWERS["audience"])
        visitor.page.keyboard.press("Enter")
        served.kill()  # in the middle of the answer
    with serving(home, port) as served:
        visitor.arrive()
        visitor.go_on_until("rules")
        assert "Rules and terms" in visitor.chat
        assert "small dental practice" in visitor.page.inner_text("#side")
        take_pictures(browser, visitor, served, pictures, "2-rules")
        visitor.go_on_until("files")
        visitor.attach(spreadsheet(tmp_path / "questions.csv"))
        assert "questions.csv" in visitor.page.inner_text("#side")
        visitor.go_on_until("approval:approve_data")
        assert "Patient" not in visitor.page.inner_text(".at-data table"), "columns are mapped, headers are no row"
        take_pictures(browser, visitor, served, pictures, "3-data")

        # Somebody else, and the same person again, in the middle of it.
        stranger = Visitor(browser.new_context(viewport=WIDE), served.address)
        stranger.arrive()
        assert "dental" not in stranger.page.inner_text("body").replace("A dental clinic", "")
        assert "questions.csv" not in stranger.page.inner_text("body")
        stranger.context.close()
        said = visitor.chat
        visitor.arrive()
        assert visitor.chat == said
        assert visitor.asked == "approval:approve_data"

        visitor.go_on_until("approval:start_training")
        take_pictures(browser, visitor, served, pictures, "4-plan")
        visitor.say(f"use the base model {base_model}")
        visitor.go_on_until("approval:start_training")
        served.kill()  # with an approval open
    with serving(home, port) as served:
        visitor.arrive()
        assert visitor.asked == "approval:start_training"
        visitor.say("Yes")
        visitor.page.wait_for_selector("#live .at-bar", timeout=60_000)
        visitor.page.wait_for_selector("#live svg", timeout=TURN_MS)
        take_pictures(browser, visitor, served, pictures, "5-training")
        served.kill()  # while it trains
    with serving(home, port) as served:
        visitor.arrive()
        visitor.page.wait_for_selector("#chat .at-evaluation", timeout=TURN_MS)
        visitor.settle()
        assert visitor.page.locator("#live .at-bar").count() == 0
        assert "Difference, likely" in visitor.page.inner_text("#chat .at-evaluation")
        take_pictures(browser, visitor, served, pictures, "6-test")
        visitor.say("Try the model")
        visitor.say("How much does a crown cost?")
        assert "Tuned model" in visitor.page.locator("#chat .at-comparison").last.inner_text()
        visitor.say("Good answer")
        assert (next((home / "projects").glob("*/feedback.jsonl")).read_text()).count('"kind": "rating"') == 1
        take_pictures(browser, visitor, served, pictures, "7-trial")
        assert not visitor.problems
        assert not visitor.elsewhere, "the page loads nothing from anywhere else"


def test_the_keyboard_is_enough(browser: "Browser", tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serving(home, free_port()) as served:
        visitor = Visitor(browser.new_context(viewport=WIDE), served.address)
        visitor.arrive()
        visitor.page.focus("#options button")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(outline) != "none", "one sees where one is"
        before = visitor.page.evaluate("document.activeElement.innerText")
        visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_function("document.querySelectorAll('#chat .at-said').length == 1", timeout=20_000)
        visitor.settle()
        assert before in visitor.chat


def test_rows_are_reviewed_in_the_table(browser: "Browser", tmp_path: Path, pictures: Path) -> None:
    """5,000 rows: filter, edit, mark, drop, undo, wide and on a phone."""
    home = tmp_path / "home"
    home.mkdir()
    with serving(home, free_port()) as served:
        visitor = Visitor(browser.new_context(viewport=WIDE), served.address)
        visitor.arrive()
        project = Project(next((home / "projects").iterdir()))
        hostile = "<img src=x onerror='window.hacked=1'> ${1+1}"
        answers = [hostile, *(f"Ask at desk {n}." for n in range(1, 5_000))]
        source = Source(file="a.csv")
        project.write_examples(
            [make_example(f"What about visit {n}?", answer, source=source) for n, answer in enumerate(answers)]
        )
        visitor.arrive()
        page = visitor.page

        def told(words: str) -> None:
            page.wait_for_function(f"document.querySelector('.at-review-said')?.innerText.includes({words!r})")

        page.set_default_timeout(TURN_MS)
        page.click(".at-review-button")
        page.wait_for_selector(".at-row")
        assert "Rows 1 to 20 of 5,000" in page.inner_text(".at-pager") and not page.locator("#chat").is_visible()
        assert page.locator(".at-row textarea").nth(1).input_value() == hostile
        page.fill("[name=words]", "desk 4999")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelectorAll('.at-row').length == 1")
        page.fill("[name=reviewer]", "Maria")
        page.keyboard.press("Enter")
        told("Hello Maria")
        page.fill(".at-row [data-part=answer]", "Sixty euros.")
        page.click(".at-row [data-do=good]")
        told("Row 5,000 is marked good")
        page.fill("[name=words]", "")
        page.click(".at-filters [data-do=look]")
        page.wait_for_function("document.querySelectorAll('.at-row').length == 20")
        page.locator(".at-row [data-do=drop]").first.click()
        told("Row 1 is left out")
        page.click("[data-do=undo]")
        told("I took back the dropping of row 1")
        rows = project.read_examples()
        assert rows[-1].answer == "Sixty euros." and not any(e.status == "dropped" for e in rows)
        visitor.picture(pictures, "8-rows")
        phone = Visitor(
            browser.new_context(viewport=PHONE, storage_state=visitor.context.storage_state()), served.address
        )
        phone.arrive()
        phone.page.click(".at-review-button")
        phone.page.wait_for_selector(".at-row", timeout=TURN_MS)
        assert no_sideways_scrolling(phone.page)
        assert not phone.page.evaluate(CUT_OFF)
        phone.page.screenshot(path=pictures / "8-rows-phone.png")
        phone.context.close()
        page.click(".at-review-button")
        assert page.locator("#chat").is_visible()
        assert page.evaluate("window.hacked") is None and not visitor.problems and not visitor.elsewhere


# Puts a card in the place of the last answer, with all its folds open.
IN_LAST_ANSWER = """html => {
  const bubble = [...document.querySelectorAll('#chat .bot .prose')].at(-1);
  bubble.innerHTML = html;
  bubble.querySelectorAll('details').forEach(fold => { fold.open = true; });
}"""


def test_every_card_is_whole_on_a_phone(browser: "Browser", tmp_path: Path, pictures: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    words = "The answer says more than its quote, which nobody could check at the counter. " * 3
    # No place to break it, as an address or a name of a file has none.
    unbroken = "https://portal.example.org/" + "membersinsurancechange" * 6
    with serving(home, free_port()) as served:
        phone = Visitor(browser.new_context(viewport=PHONE), served.address)
        phone.arrive()
        page = phone.page
        cut_off = {"title": page.evaluate(CUT_OFF)}
        page.evaluate(
            "html => { document.querySelector('#head .at-head').outerHTML = html; }",
            heading("plan", busy=True, rows=True),
        )
        cut_off["title beside a button"] = page.evaluate(CUT_OFF)
        for text in (words, unbroken):
            for kind, card in cards(text).items():
                page.evaluate(
                    IN_LAST_ANSWER,
                    card_as_html(card, lambda path: path),
                )
                assert page.locator(f"#chat .at-{kind}").count() == 1
                name = f"{kind} of {'words' if text == words else 'an address'}"
                cut_off[name] = page.evaluate(CUT_OFF)
                assert no_sideways_scrolling(page), name
                page.screenshot(path=pictures / f"10-{name.replace(' ', '-')}-phone.png")
        assert {name: found for name, found in cut_off.items() if found} == {}

        page.set_viewport_size(WIDE)
        data = cards(unbroken)["data"]
        data["rows"][0]["number"] = 4_321
        page.evaluate(IN_LAST_ANSWER, card_as_html(data, lambda path: path))
        number = page.locator("#chat .at-data td:first-child .at-cell").first
        assert number.evaluate("cell => cell.offsetHeight") < LINE_PX, "a row's number is not broken"


def test_a_whole_folder_is_given_on_the_page(browser: "Browser", tmp_path: Path, pictures: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "our mails"
    home.mkdir()
    for part in ("2025", "2026"):
        (folder / part).mkdir(parents=True)
        spreadsheet(folder / part / "faq.csv")
    (folder / "2026" / "faq.csv").write_text("Question,Answer\nDo you open on Sunday?,No. Call the emergency line.\n")
    with serving(home, free_port()) as served:
        visitor = Visitor(browser.new_context(viewport=WIDE), served.address)
        visitor.arrive()
        with visitor.page.expect_file_chooser() as chooser:
            visitor.page.click("#folder")
        chooser.value.set_files(str(folder))
        visitor.page.wait_for_selector("#chat .at-file", timeout=30_000)
        visitor.settle()
        assert "folder.zip: 73 examples from 2 files." in visitor.chat
        assert visitor.chat.count("folder.zip/faq.csv") == visitor.chat.count("folder.zip/faq-2.csv: 1 example") == 1
        assert not visitor.problems and not visitor.elsewhere
        take_pictures(browser, visitor, served, pictures, "9-folder")


def test_a_large_file_is_refused_on_the_page(browser: "Browser", tmp_path: Path) -> None:
    home, big = tmp_path / "home", tmp_path / "big.csv"
    home.mkdir()
    with big.open("wb") as file:
        file.truncate(60 * 2**20)
    with serving(home, free_port()) as served:
        visitor = Visitor(browser.new_context(viewport=WIDE), served.address)
        visitor.arrive()
        with visitor.page.expect_file_chooser() as chooser:
            visitor.page.click("#box .upload-button")
        chooser.value.set_files(str(big))
        visitor.page.wait_for_selector("text=/exceeds|too large|maximum/i", timeout=30_000)
        visitor.say("We are a bank")
        assert "We are a bank" in visitor.chat


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    """Uploads of the test's own programs do not stay on the machine."""
    before = set(Path("/tmp").glob("attune-*"))
    yield
    for folder in set(Path("/tmp").glob("attune-*")) - before:
        shutil.rmtree(folder, ignore_errors=True)
