"""The page: it shows the conversation's events and sends the user's messages; it decides nothing."""

import logging
import re
import secrets
import shutil
import sqlite3
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from assistant.conversation import LARGEST_FILE, LONGEST_MESSAGE, Assistant, Conversation
from assistant.events import Event, Progress, Reply, TextDelta, ToolFinished, ToolStarted, TrialDelta, Turn, Working
from assistant.markup import card_as_html, heading, sidebar, spoken, suggestions, user_bubble
from assistant.review_panel import PRESS, panel
from finetune.data.kinds import KINDS
from finetune.errors import UserError
from finetune.files import write_text
from finetune.project import PROJECT_NAME, Project
from tools.journey import read_state
from tools.review_table import Pressed, act, table
from tools.training import progress_card

log = logging.getLogger(__name__)

Message = dict[str, Any]
Steps = Iterator[tuple[Any, ...]]  # one `Screen.values()` after the other

STYLE = Path(__file__).with_name("style.css")
FILE_TYPES = sorted(KINDS)
TICK_SECONDS = 2.0
REPAINT_SECONDS = 0.1  # text comes faster than anybody reads; each repaint sends a message
DOWNLOADS = "take"
OPAQUE_NAME = re.compile(r"[0-9a-f]{32}")  # 128 random bits: a project's name on the page is also the key to it
SORRY = (
    "Something went wrong on my side, and I have noted it. Nothing you said or approved is lost. "
    "Send your message again; if that does not help, reload the page."
)
# On a phone the sidebar would cover the chat: it begins closed there.
FOLD_SIDEBAR = """() => {
  if (window.innerWidth < 768) { document.querySelector('#sidebar .toggle-button')?.click(); }
}"""
# The element's own click handler: a button's words are the message it stands for.
SAY = """element.addEventListener('click', event => {
  const button = event.target.closest('[data-say]');
  if (button) { trigger('click', {say: button.dataset.say}); }
});"""
# The rows take the place of the chat; which of the two is seen is the browser's own affair.
REVIEW = """element.addEventListener('click', event => {
  if (!event.target.closest('[data-review]')) return;
  if (element.closest('.column').classList.toggle('at-reviewing')) { trigger('click', {press: {}}); }
});"""


# --- turns as chat messages -----------------------------------------------------------------------------------------


@dataclass
class ToolShown:
    """A tool's work, folded under its title once it is done."""

    title: str
    started: float | None = None  # time.monotonic; None for what is read back from the thread
    finished: ToolFinished | None = None
    seconds: float | None = None
    at: str = "…"  # what it is doing, as long as it does

    def message(self) -> Message:
        if self.finished is None:
            return {"role": "assistant", "content": self.at, "metadata": {"title": self.title, "status": "pending"}}
        title = f"{self.title}: not possible yet" if self.finished.failed else self.title
        metadata: dict[str, Any] = {"title": title, "status": "done"}
        if self.seconds is not None:
            metadata["duration"] = round(self.seconds, 1)
        return {"role": "assistant", "content": spoken(self.finished.text) or "Done.", "metadata": metadata}


@dataclass
class Shown:
    """A turn on the screen: complete, or growing event by event."""

    user: str | None = None
    files: list[str] = field(default_factory=list)
    tools: dict[str, ToolShown] = field(default_factory=dict)
    text: str = ""
    trial: dict[str, str] = field(default_factory=dict)  # what the models have said so far

    @classmethod
    def of(cls, turn: Turn) -> "Shown":
        tools = {tool.id: ToolShown(tool.title, finished=tool) for tool in turn.tools}
        return cls(turn.user, turn.files, tools, turn.reply.text if turn.reply else "")

    def take(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self.text += event.text
        elif isinstance(event, ToolStarted):
            self.text += "\n\n" if self.text else ""
            self.tools[event.id] = ToolShown(event.title, time.monotonic())
        elif isinstance(event, ToolFinished):
            tool = self.tools.setdefault(event.id, ToolShown(event.title))
            tool.finished = event
            tool.seconds = time.monotonic() - tool.started if tool.started else None
            self.trial = {}  # its card says the same, complete
        elif isinstance(event, Working):
            for tool in self.tools.values():
                tool.at = event.sentence
        elif isinstance(event, TrialDelta):
            self.trial[event.model] = self.trial.get(event.model, "") + event.text
        elif isinstance(event, Reply):
            self.text = event.text

    def messages(self, link: Callable[[str], str | None]) -> list[Message]:
        made: list[Message] = []
        if self.user is not None:
            made.append({"role": "user", "content": user_bubble(self.user, self.files)})
        made += [tool.message() for tool in self.tools.values()]
        made += [{"role": "assistant", "content": card_as_html(card, link)} for card in self.cards()]
        if self.text.strip():
            made.append({"role": "assistant", "content": spoken(self.text.strip())})
        return made

    def cards(self) -> list[dict[str, Any]]:
        finished = [tool.finished for tool in self.tools.values() if tool.finished]
        cards = [self.unsaid(card) for tool in finished for card in tool.cards if not shown_elsewhere(card)]
        if self.trial:
            answers = {which: self.trial.get(which, "") for which in ("base", "tuned")}
            cards.append({"kind": "comparison", "title": "Both models are answering", "prompt": self.user, **answers})
        return cards

    def unsaid(self, card: dict[str, Any]) -> dict[str, Any]:
        """A card without the sentences that the answer below it says word for word."""
        left = dict(card)
        if isinstance(card.get("sentences"), list):
            left["sentences"] = [sentence for sentence in card["sentences"] if sentence not in self.text]
        if card["kind"] == "evaluation" and card.get("sentence") and card["sentence"] in self.text:
            left["sentence"] = ""
        return left


def shown_elsewhere(card: dict[str, Any]) -> bool:
    """The brief stands in the sidebar, and a training that has not moved yet over the suggestions."""
    return card["kind"] == "brief" or (card["kind"] == "progress" and not card["curve"])


# --- files that can be fetched --------------------------------------------------------------------------------------


def download_address(project: Project) -> Callable[[str], str | None]:
    """From a file's path to its address: for what is published, the reports of the tests, and the rows as sheets."""

    def link(path: str) -> str | None:
        inside = Path(path)
        if inside.is_absolute():
            if not inside.is_relative_to(project.dir):
                return None
            inside = inside.relative_to(project.dir)
        if not may_be_fetched(inside) or not (project.dir / inside).is_file():
            return None  # a folder is in the zip beside it
        return f"{DOWNLOADS}/{project.name}/{inside.as_posix()}"

    return link


def may_be_fetched(inside: Path) -> bool:
    """Whether a path inside a project may leave it."""
    parts = inside.parts
    if ".." in parts:
        return False
    if len(parts) == 2 and parts[0] == "sheets":
        return True
    return parts[:1] == ("published",) or (parts[:1] == ("runs",) and len(parts) == 3 and parts[2] == "evaluation.md")


def download_route(home: Path) -> Route:
    """Hands out published files to whoever knows the project's name, which only its own browsers do."""

    def fetch(request: Request) -> Response:
        name, inside = request.path_params["project"], Path(request.path_params["inside"])
        base = (home / "projects" / name).resolve()
        path = (base / inside).resolve()
        allowed = OPAQUE_NAME.fullmatch(name) and may_be_fetched(inside) and path.is_relative_to(base)
        if not allowed or not path.is_file():
            raise HTTPException(404)
        return FileResponse(
            path,
            filename=path.name,
            media_type="application/octet-stream",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    return Route(f"/{DOWNLOADS}/{{project}}/{{inside:path}}", fetch)


# --- the page -------------------------------------------------------------------------------------------------------


def page_secret(home: Path) -> str:
    """The key of the browsers' memory, made once for a home folder, so that a restart forgets nobody."""
    path = home / "page_secret"
    if not path.exists():
        write_text(path, secrets.token_hex(16))
        path.chmod(0o600)
    return path.read_text(encoding="utf-8")


def new_name() -> str:
    return secrets.token_hex(16)


def opened(memory: Any) -> str:
    """The project a browser remembers, or the name of a new one: whatever else it sends is not trusted."""
    name = memory.get("open") if isinstance(memory, dict) else None
    return (
        name if isinstance(name, str) and OPAQUE_NAME.fullmatch(name) and PROJECT_NAME.fullmatch(name) else new_name()
    )


def thread_mark(project: Project) -> str:
    """Changes with every step of the conversation: another tab, or another process, may have taken it."""
    if not project.thread.exists():
        return ""
    with closing(sqlite3.connect(f"{project.thread.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        try:
            return str(connection.execute("select max(checkpoint_id) from checkpoints").fetchone()[0])
        except sqlite3.OperationalError:  # its tables are just being made
            return ""


@dataclass(frozen=True)
class Screen:
    """All that a browser shows of a project, in the order of the page's outputs."""

    memory: Any  # what the browser keeps: the name of its open project
    seen: Any  # where the thread stood when this was painted, and the last run whose report was in it
    chat: Any
    live: Any
    options: Any
    head: Any
    side: Any

    def values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))


class Page:
    """One page for all browsers. Nothing about a project is kept here between two events."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.home = assistant.settings.home
        secret = assistant.settings.secret or page_secret(self.home)
        with gr.Blocks(
            title="Attune", analytics_enabled=False, fill_height=True, delete_cache=(3600, 3600)
        ) as self.blocks:
            self.memory = gr.BrowserState(None, storage_key="attune", secret=secret)
            self.seen = gr.State({})
            self.sent = gr.State({})
            self.lay_out()
            self.connect()
        self.blocks.queue(max_size=32, api_open=False, default_concurrency_limit=16)

    def lay_out(self) -> None:
        with gr.Sidebar(label="Project", elem_id="sidebar", width=320):
            self.fresh = gr.Button("New project", size="sm", elem_id="fresh")
            self.folder = gr.UploadButton("Add a folder of files", size="sm", file_count="directory", elem_id="folder")
            self.side = gr.HTML(js_on_load=SAY, elem_id="side")
        self.head = gr.HTML(js_on_load=REVIEW, elem_id="head")
        self.review = gr.HTML(js_on_load=PRESS, elem_id="review")
        self.chat = gr.Chatbot(
            elem_id="chat", label="Conversation", show_label=False, scale=1, height="100%", min_height=240,
            layout="bubble", latex_delimiters=[], allow_tags=False, sanitize_html=True, buttons=[], container=False,
            feedback_options=None, placeholder=" ",
        )  # fmt: skip
        self.live = gr.HTML(elem_id="live")
        self.options = gr.HTML(js_on_load=SAY, elem_id="options")
        self.box = gr.MultimodalTextbox(
            {"text": "", "files": []}, elem_id="box", label="Your message", show_label=False,
            placeholder="Your message, or drop a file", file_count="multiple", file_types=FILE_TYPES,
            sources=["upload"], autofocus=True, max_lines=8, max_plain_text_length=LONGEST_MESSAGE, container=False,
        )  # fmt: skip
        self.timer = gr.Timer(TICK_SECONDS)

    def connect(self) -> None:
        screen = [self.memory, self.seen, self.chat, self.live, self.options, self.head, self.side]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.blocks.load(self.on_load, self.memory, screen, **quiet)
        self.fresh.click(self.on_fresh, None, screen, **quiet)
        # In two steps, so that the box is empty at once and what is typed during the answer stays in it.
        gr.on(
            [self.box.submit, self.options.click, self.side.click],
            self.on_sent, self.box, [self.box, self.sent], **quiet,
        ).then(
            self.on_message, [self.sent, self.memory], screen, trigger_mode="multiple", **quiet
        )  # fmt: skip
        self.folder.upload(self.on_folder, self.folder, [self.folder, self.sent], **quiet).then(
            self.on_message, [self.sent, self.memory], screen, trigger_mode="multiple", **quiet
        )
        gr.on(
            [self.head.click, self.review.click],
            self.on_review, self.memory, self.review, trigger_mode="multiple", **quiet,
        )  # fmt: skip
        self.fresh.click(None, js="() => document.querySelector('.at-reviewing')?.classList.remove('at-reviewing')")
        self.timer.tick(self.on_tick, [self.memory, self.seen], screen, trigger_mode="once", **quiet)

    # --- what happens -------------------------------------------------------------------------------------------------

    def on_load(self, memory: Any) -> Steps:
        """Show all that was said; greet, or finish a turn that was cut off."""
        yield from self.calm(self.show(opened(memory), lambda conversation: conversation.open()))

    def on_fresh(self) -> Steps:
        yield from self.on_load(None)

    def on_sent(self, written: dict[str, Any] | None, event: gr.EventData) -> tuple[Any, dict[str, Any]]:
        """Take what was typed, or what the pressed button stands for."""
        pressed = event._data.get("say") if isinstance(event._data, dict) else None
        if isinstance(pressed, str):
            return gr.skip(), {"text": pressed}
        return {"text": "", "files": []}, dict(written or {})

    def on_folder(self, paths: list[str] | None) -> tuple[Any, dict[str, Any]]:
        """Take the files of a folder, which the browser sends one by one, as one folder again."""
        return None, {"files": [str(gathered([Path(path) for path in paths or []]))]}

    def on_message(self, sent: dict[str, Any], memory: Any) -> Steps:
        text, files = str(sent.get("text") or ""), [Path(path) for path in sent.get("files") or []]
        if not text.strip() and not files:
            return
        turn = Shown(user=text, files=[path.name for path in files])
        try:
            yield from self.calm(self.show(opened(memory), lambda c: c.send(text, files), turn))
        finally:
            for path in files:  # the project has its own copy
                if path.is_dir():
                    shutil.rmtree(path.parent)  # made by `gathered`
                else:
                    path.unlink(missing_ok=True)

    def on_tick(self, memory: Any, seen: dict[str, str]) -> Steps:
        """Show a training's progress and, once, its report; and what another tab has said meanwhile."""
        name = opened(memory)
        known = (self.home / "projects" / name).exists()
        yield from self.calm(self.follow(name, seen) if known else iter(()))

    def follow(self, name: str, seen: dict[str, str]) -> Steps:
        project = Project.open(self.home, name)
        run = project.latest_run()
        if in_a_turn(project):
            return
        if run is not None and seen.get("reported") != run.name:
            yield from self.show(name, lambda conversation: conversation.poll(), ticking=True)
        elif seen.get("mark") != thread_mark(project):
            yield from self.show(name, lambda conversation: iter(()))

    def show(
        self,
        name: str,
        act: Callable[[Conversation], Iterator[Event]],
        turn: Shown | None = None,
        *,
        ticking: bool = False,
    ) -> Steps:
        """Paint a project's conversation, then grow a turn at its end as its events come.

        Args:
            name: the project.
            act: what makes the events.
            turn: what is known of the turn before its first event.
            ticking: paint nothing before the first event, and of a running training only what moves.
        """
        turn, painted, last = turn or Shown(), 0.0, None
        with closing(self.assistant.conversation(name)) as conversation:
            before = self.screen(conversation)
            stage = read_state(conversation.project).stage
            growing = replace(before, options="", head=heading(stage, busy=True, rows=has_rows(conversation.project)))
            if not ticking:
                yield self.grown(growing, turn, conversation)
            for event in act(conversation):
                if isinstance(event, Progress) and not event.finished:
                    # The chat is left alone, so that nobody loses the place they read at.
                    yield unchanged(live=card_as_html(event.card), side=before.side)
                    return
                turn.take(event)
                last = event
                often = isinstance(event, TextDelta | TrialDelta)
                if not often or time.monotonic() - painted > REPAINT_SECONDS:
                    painted = time.monotonic()
                    yield self.grown(growing, turn, conversation)
            if not conversation.deleted:
                yield self.over(conversation, turn, last)
                return
        yield from self.show(new_name(), lambda fresh: fresh.open())

    def on_review(self, memory: Any, event: gr.EventData) -> Any:
        """The table of rows after what was pressed in it; where that cannot be done, the typed words stay."""
        data = event._data if isinstance(event._data, dict) else {}
        name = opened(memory)
        try:
            pressed = Pressed.model_validate(data.get("press"))
        except ValidationError:
            return gr.skip()
        if not (self.home / "projects" / name).exists():
            return gr.skip()
        try:
            with closing(self.assistant.conversation(name)) as conversation:
                if pressed.changes:
                    with conversation.turn():
                        said = act(conversation.context, pressed)
                else:
                    said = ""
                return panel(table(conversation.project, pressed.view), pressed.view, said)
        except UserError as error:
            gr.Warning(str(error), title="That did not work")
        except Exception as error:  # noqa: BLE001 - the last border, as in `calm`
            self.regret(error)
        return gr.skip()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def screen(self, conversation: Conversation) -> Screen:
        """Everything, from what is on disk."""
        project = conversation.project
        state, turns, run = read_state(project), conversation.history(), project.latest_run()
        link = download_address(project)
        reply = turns[-1].reply if turns else None
        return Screen(
            memory={"open": project.name},
            seen={
                "mark": thread_mark(project),
                "reported": run.name if run is not None and not conversation.busy() else "",
            },
            chat=[message for turn in turns for message in Shown.of(turn).messages(link)],
            live=progress_now(conversation),
            options=suggestions(reply.options, reply.waiting_for) if reply else "",
            head=heading(state.stage, rows=has_rows(project)),
            side=sidebar(state),
        )

    def grown(self, screen: Screen, turn: Shown, conversation: Conversation) -> tuple[Any, ...]:
        added = turn.messages(download_address(conversation.project))
        return replace(screen, chat=[*screen.chat, *added]).values()

    def over(self, conversation: Conversation, turn: Shown, last: Event | None) -> tuple[Any, ...]:
        """The screen once a turn is over: the thread's own words, and below them a refusal that is not in it."""
        screen = self.screen(conversation)
        if isinstance(last, Reply) and last.text != conversation.reply().text:
            return self.grown(screen, turn, conversation)
        return screen.values()

    def calm(self, work: Steps) -> Steps:
        """Run one event's work. A bug becomes a quiet sentence here and a traceback, without its words, in the log."""
        painted = False
        try:
            for values in work:
                painted = True
                yield values
        except UserError as error:
            gr.Warning(str(error), title="That did not work")
        except Exception as error:  # noqa: BLE001 - the last border: a page must stay usable
            self.regret(error)
        if not painted:
            yield unchanged()

    @staticmethod
    def regret(error: Exception) -> None:
        # An error's own words may quote the user's data, so the log gets its kind and place alone.
        log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        gr.Warning(SORRY, title="Sorry")

    # --- to run it --------------------------------------------------------------------------------------------------

    def launch(self, *, wait: bool = True) -> None:
        """Serve the page; returns at once unless `wait`.

        Raises:
            UserError: the port is taken.
        """
        settings = self.assistant.settings
        try:
            self.blocks.launch(
                server_name=settings.host, server_port=settings.port, prevent_thread_lock=not wait, quiet=True,
                theme=theme(), css_paths=[STYLE], js=FOLD_SIDEBAR, footer_links=[], run_history=False, show_error=False,
                enable_monitoring=False, strict_cors=True, ssr_mode=False, max_file_size=LARGEST_FILE,
                allowed_paths=[], blocked_paths=[str(self.home)], share=False, inbrowser=False,
                app_kwargs={"routes": [download_route(self.home)], "docs_url": None, "redoc_url": None},
            )  # fmt: skip
        except OSError as error:
            raise UserError(
                f"Port {settings.port} on {settings.host} cannot be used.",
                action="Stop the program that uses it, or set ATTUNE_PORT to another number.",
            ) from error


def unchanged(**parts: str) -> tuple[Any, ...]:
    """A screen of which only the named parts change; without any value at all Gradio would empty every part."""
    return tuple(parts.get(f.name, gr.skip()) for f in fields(Screen))


def gathered(files: list[Path]) -> Path:
    """The files, moved into a new folder; of two with one name, the later gets a number."""
    folder = Path(tempfile.mkdtemp()) / "folder"
    folder.mkdir()
    for number, file in enumerate(dict.fromkeys(files), 1):
        taken = (folder / file.name).exists()
        shutil.move(file, folder / (f"{file.stem}-{number}{file.suffix}" if taken else file.name))
    return folder


def has_rows(project: Project) -> bool:
    return project.examples.exists() and project.examples.stat().st_size > 0


def progress_now(conversation: Conversation) -> str:
    """The card of a training under way; empty where none is."""
    run = conversation.project.latest_run()
    if run is None or not read_state(conversation.project).running:
        return ""
    return card_as_html(progress_card(run, conversation.context.services).as_json())


def in_a_turn(project: Project) -> bool:
    """Whether some window's turn is under way: its own stream paints the page."""
    import fcntl

    path = project.dir / ".turn"
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def theme() -> gr.themes.Base:
    """Teal on slate, in the system's own fonts: the page loads nothing from anywhere else."""
    sans = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
    mono = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
    return gr.themes.Base(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", radius_size="lg", font=sans, font_mono=mono
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
    )
