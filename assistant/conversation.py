"""One way to talk: a user message in, a stream of events out. The page, the terminal and the tests all use it."""

import fcntl
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Command

from assistant.agent import USER_ERRORS, build_agent, chat_model
from assistant.events import Event, Progress, Reply, TextDelta, ToolFinished, ToolStarted, TrialDelta, Turn, Working
from assistant.guide import Guide
from assistant.messages import OPENED, PROGRAM, refusal, run_event, user_message, words_and_files
from assistant.replies import COMMANDS
from assistant.settings import Settings
from assistant.understanding import SURE, Understanding, Understood
from assistant.writer import SETTING as WRITER
from assistant.writer import writer_of
from finetune.data.folder import as_file
from finetune.data.synthetic import Writer
from finetune.errors import UserError
from finetune.files import disk_error, read_json
from finetune.project import Project, Run
from tools.context import Context, Services
from tools.deletion import FORGET, finish_all
from tools.forgetting import cleared
from tools.journey import read_state
from tools.registry import APPROVALS, TOOLS
from tools.round_deletion import finish_rounds
from tools.training import progress_card

LONGEST_MESSAGE = 20_000  # characters; longer text is a document and belongs into a file
LARGEST_FILE = 50 * 2**20  # bytes; as the file reader's own limit
PATIENCE_SECONDS = 60  # how long a second window waits for the first one's turn to end


class Assistant:
    """What all conversations of one process share: settings, services, understanding, and the chat model if any."""

    def __init__(self, settings: Settings, model: BaseChatModel | None = None, *, writer: Writer | None = None) -> None:
        self.settings = settings
        settings.home.mkdir(parents=True, exist_ok=True)
        self.model = model or (chat_model(settings.chat_model) if settings.chat_model else None)
        writer = writer or named_writer(settings, self.model)
        self.services = Services(
            settings.home,
            encoder=settings.encoder,
            names_model=settings.names_model,
            sources=settings.sources,
            writer=writer,
        )

    @cached_property
    def understanding(self) -> Understanding:
        cache = self.settings.home / "cache"
        if self.settings.encoder:  # the default's key is not asked for: that would load it before it is needed
            cache /= self.services.encoder.key
        return Understanding(self.services.encode, cache_dir=cache)

    def read(self, text: str, *, asked: str | None = None, deciding: bool = False) -> Understood:
        return self.understanding.read(text, asked=asked, deciding=deciding)

    def define(self, word: str) -> str | None:
        """A term of the trade in the collection's words, with its source; None where there is none of that name."""
        found = self.services.library.find(word, kinds=("term",), limit=1) if word else []
        named = [f.entry for f in found if word.lower() in (name.lower() for name in f.entry.names)]
        return f"{named[0].name}: {named[0].says} ({named[0].citation}, as of {named[0].as_of})" if named else None

    def warm(self) -> None:
        """Load, in the background, what the first message needs: encoder, example phrases and index."""

        def load() -> None:
            # Whoever needs a part that cannot be had is told so; here it would be told to nobody.
            with suppress(*USER_ERRORS):
                if self.model is None:
                    self.understanding.warm()
                self.services.library.find("warm")

        threading.Thread(target=load, daemon=True).start()

    def conversation(self, project: str) -> "Conversation":
        """Open a project's conversation.

        Raises:
            UserError: the name cannot be a project's.
        """
        return Conversation(self, Project.open(self.settings.home, project))


class Conversation:
    """The thread of one project. Every turn is on disk before its answer is shown."""

    def __init__(self, assistant: Assistant, project: Project) -> None:
        self.assistant, self.project = assistant, project
        self.context = Context(project, assistant.services)
        connection = sqlite3.connect(project.thread, check_same_thread=False, timeout=30)
        # Nothing but plain messages is stored, so nothing but them is ever read back.
        saver = SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=[]))
        saver.setup()
        self.connection = connection
        model = assistant.model or Guide(
            state=lambda: read_state(project, can_write=assistant.services.writer is not None),
            read=assistant.read,
            define=assistant.define,
        )
        self.agent = build_agent(model, saver, prompted=assistant.model is not None)
        self.config: Any = {"configurable": {"thread_id": "main"}}
        self._shown: dict[str, Any] | None = None

    def close(self) -> None:
        self.connection.close()

    @property
    def deleted(self) -> bool:
        return not self.project.dir.exists()

    def busy(self) -> bool:
        """A training is under way, or its report is still to be given."""
        run = self.project.latest_run()
        return run is not None and not (self.ended(run) and self.reported(run))

    # --- turns ----------------------------------------------------------------------------------------------------

    def open(self) -> Iterator[Event]:
        """Greet in a new thread; finish a turn that was cut off. A thread that waits for the user yields nothing."""
        with self.turn():
            finish_all(self.context)
            finish_rounds(self.project)
            state = self.agent.get_state(self.config)
            if not state.values.get("messages"):
                yield from self.run({"messages": [HumanMessage(OPENED, name=PROGRAM)]})
            elif state.next and not state.interrupts:
                yield from self.run(None)
            if (self.project.dir / FORGET).exists():
                self.forget()

    def send(self, text: str, files: Sequence[Path] = ()) -> Iterator[Event]:
        """Answer one message. A message that cannot be taken is answered with what to do, and changes nothing."""
        try:
            with self.turn():
                names = [self.keep_file(path) for path in files]
                text, hidden = without_secrets(checked(text, names))
                for event in self.run(self.input_for(text, names)):
                    if isinstance(event, Reply) and hidden:
                        note = f"(I hid this in your message before storing it: {', '.join(hidden)}.)"
                        event = replace(event, text=f"{note}\n\n{event.text}")
                    yield event
        except USER_ERRORS as error:
            last = self.reply()
            yield Reply(str(error), last.options, last.waiting_for, last.stage, [])
        if (self.project.dir / "delete").exists():
            self.close()
            self.assistant.services.put_away(self.project)
            self.project.delete()
        elif (self.project.dir / FORGET).exists():
            with self.turn():
                self.forget()

    def forget(self) -> None:
        """Clear what the thread still shows of a deleted source, in its older states, too."""
        hashes = set(read_json(self.project.dir / FORGET) or [])
        found = [message for old in self.messages() if (message := cleared(old, hashes)) is not None]
        if found:
            self.agent.update_state(self.config, {"messages": found}, as_node="model")
        newest = self.agent.get_state(self.config).config["configurable"]["checkpoint_id"]
        with self.connection as thread:
            for table in ("checkpoints", "writes"):
                thread.execute(f"DELETE FROM {table} WHERE checkpoint_id != ?", (newest,))
        self.connection.execute("VACUUM")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (self.project.dir / FORGET).unlink()

    def poll(self) -> Iterator[Event]:
        """Progress of a training under way, and once, when it is over, the assistant's report of it."""
        run = self.project.latest_run()
        if run is None or not self.busy():
            return
        card = progress_card(run, self.context.services).as_json()
        if self.ended(run):
            with self.turn():
                if not self.reported(run):
                    yield Progress(card, finished=True)
                    yield from self.run({"messages": [HumanMessage(self.event(run), name=PROGRAM)]})
        elif card != self._shown:
            self._shown = card
            yield Progress(card)

    def input_for(self, text: str, names: list[str]) -> Any:
        """A message as the agent takes it: an answer to a waiting approval, or a new turn."""
        state = self.agent.get_state(self.config)
        if not state.interrupts:
            return {"messages": [user_message(text, names)]}
        requests = state.interrupts[0].value["action_requests"]
        if not names and self.says_yes(text, requests[0]["name"]):
            decision: dict[str, str] = {"type": "approve"}
        else:
            decision = {"type": "reject", "message": str(user_message(text, names).content)}
        return Command(resume={"decisions": [decision] * len(requests)})

    def says_yes(self, text: str, action: str) -> bool:
        """Whether a message approves the waiting action: a certain yes, or the action's own name."""
        command = COMMANDS.get(text.strip().lower().rstrip(".!"))
        if command is not None:
            return command == action or (command, action) == ("train_anyway", "start_training")
        intents = self.assistant.read(text, deciding=True).intents
        return bool(intents) and intents[0].score >= SURE and intents[0].name in ("yes", action)

    def run(self, given: Any) -> Iterator[Event]:
        """One run of the agent, told as events, ending with the reply."""
        modes: Any = ["updates", "messages", "custom"]
        yield from self.approved(given)
        stream = self.agent.stream(given, self.config, context=self.context, stream_mode=modes, durability="sync")
        try:
            for mode, chunk in stream:
                yield from self.events(str(mode), chunk)
        except sqlite3.OperationalError as error:
            raise disk_error(OSError(str(error)), self.project.thread) from error
        yield self.reply()

    def approved(self, given: Any) -> Iterator[Event]:
        """The actions that begin with this yes, told as such."""
        decisions = given.resume["decisions"] if isinstance(given, Command) and isinstance(given.resume, dict) else []
        if {"type": "approve"} in decisions:
            for call in next(m for m in reversed(self.messages()) if isinstance(m, AIMessage)).tool_calls:
                yield tool_started(call)

    def events(self, mode: str, chunk: Any) -> Iterator[Event]:
        if mode == "custom":
            if "working" in chunk:
                yield Working(**chunk["working"])
            else:
                yield TrialDelta(chunk["model"], chunk["text"]) if "model" in chunk else TextDelta(chunk["text"])
        elif mode == "messages":
            piece = chunk[0]
            if isinstance(piece, AIMessageChunk) and piece.text:
                yield TextDelta(piece.text)
        else:
            for update in chunk.values():
                for message in (update or {}).get("messages", []) if isinstance(update, dict) else []:
                    yield from tool_events(message)

    # --- what is stored ---------------------------------------------------------------------------------------------

    def messages(self) -> list[BaseMessage]:
        return list(self.agent.get_state(self.config).values.get("messages", []))

    def reply(self) -> Reply:
        """The last reply, rebuilt from the thread: what the user is looking at."""
        turns = self.history()
        last = turns[-1].reply if turns else None
        return last or Reply("", [], None, read_state(self.project).stage, [])

    def history(self) -> list[Turn]:
        """All turns, rebuilt from the thread; the last one with what is being waited for."""
        stage = read_state(self.project).stage
        parts = split_turns(self.messages())
        return [make_turn(part, stage, self.question() if part is parts[-1] else None) for part in parts]

    def question(self) -> str | None:
        """The approval that is waited for, in the words it was asked in."""
        interrupts = self.agent.get_state(self.config).interrupts
        return str(interrupts[0].value["action_requests"][0]["description"]) if interrupts else None

    def ended(self, run: Run) -> bool:
        """Nothing works on the run any more; a supervisor that was killed is started again on the way."""
        jobs = self.context.services.jobs
        job = jobs.job(run.dir)
        if job is None or job.ended:
            return True
        jobs.ensure_supervisor()
        return False

    def event(self, run: Run) -> str:
        stopped = not run.evaluation.exists() and (run.adapter / "adapter_config.json").exists()
        return run_event(run.name, stopped=stopped)

    def reported(self, run: Run) -> bool:
        """Whether the assistant has told how the run ended, as it stands now."""
        return any(m.name == PROGRAM and m.content == self.event(run) for m in self.messages())

    # --- the edges --------------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn at a time for a project, over all windows and processes.

        Raises:
            UserError: another window's turn does not end.
        """
        with open(self.project.dir / ".turn", "w") as lock:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise UserError(
                            "Another window of this project is still being answered.",
                            action="Wait for its answer, then send the message again.",
                        ) from None
                    time.sleep(0.05)
            yield

    def keep_file(self, path: Path) -> str:
        """Copy an attached file into the project and return its name there; the same name again gets a number. A
        folder is kept as the archive of its files.

        Raises:
            UserError: it is neither, too large, or cannot be stored.
        """
        if not path.is_file() and not path.is_dir():
            raise UserError("There is no such file.", where=path.name, action="Check the name and attach it again.")
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            raise UserError(
                f"The file has {path.stat().st_size / 2**20:.0f} MB; I can take {LARGEST_FILE // 2**20} MB.",
                where=path.name,
                action="Split it, or send only the part with questions and answers.",
            )
        with as_file(path) as file:
            return stored(file, self.project.files)


def stored(file: Path, folder: Path) -> str:
    """Copy a file into a folder and return its name there; the same name with other bytes gets a number.

    Raises:
        UserError: it cannot be stored.
    """
    name = re.sub(r"[^\w.\- ()]+", "_", file.name).lstrip(".")[-120:] or "file"
    target = folder / name
    number = 1
    while target.exists() and target.read_bytes() != file.read_bytes():
        number += 1
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    beside = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(file, beside)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise disk_error(error, target) from error
    return target.name


def named_writer(settings: Settings, model: BaseChatModel | None) -> Writer | None:
    """The chat model that may write examples: the one named for it, or else the one in the guide's place.

    Raises:
        UserError: the one named for it cannot be used.
    """
    name = settings.writer_model or settings.chat_model
    if name is None:
        return None
    same = model is not None and name == settings.chat_model
    return writer_of(model if same and model else chat_model(name, where=WRITER), name, settings.writer_price)


def checked(text: str, files: Sequence[str]) -> str:
    """A message as it may enter the thread.

    Raises:
        UserError: it is empty or too long.
    """
    text = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
    if not text and not files:
        raise UserError("The message is empty.", action="Type something, or attach a file.")
    if len(text) > LONGEST_MESSAGE:
        raise UserError(
            f"The message has {len(text):,} characters; I read up to {LONGEST_MESSAGE:,}.",
            action="Put the text into a file and attach it; I will learn from it there.",
        )
    return text


def without_secrets(text: str) -> tuple[str, list[str]]:
    """A message without what must not be stored, and the kinds of what was replaced by a tag.

    Names and addresses stay, and what it calls its own ("our number is …"): a team tells of itself by them.
    """
    from finetune.data.personal import find_personal, own_contacts

    items = find_personal([text])
    own = own_contacts([text], items)
    found = [item for item in items if item.kind not in ("name", "address") and item.text_hash not in own]
    for item in sorted(found, key=lambda item: -item.start):
        text = f"{text[: item.start]}[{item.kind}]{text[item.end :]}"
    return text, list(dict.fromkeys(item.kind for item in found))


def tool_events(message: Any) -> Iterator[Event]:
    if isinstance(message, AIMessage):
        # What waits for a yes has not begun.
        yield from (tool_started(call) for call in message.tool_calls if call["name"] not in APPROVALS)
    elif isinstance(message, ToolMessage):
        yield tool_finished(message)


def tool_started(call: ToolCall) -> ToolStarted:
    return ToolStarted(str(call["id"]), TOOLS[call["name"]][1] if call["name"] in TOOLS else call["name"])


def tool_finished(message: ToolMessage) -> ToolFinished:
    artifact = message.artifact if isinstance(message.artifact, dict) else {}
    name, declined = str(message.name), refusal(message) is not None
    return ToolFinished(
        id=message.tool_call_id,
        title=TOOLS[name][1] if name in TOOLS else name,
        text="Not done, as you said." if declined else str(message.content),
        failed=message.status == "error" and not declined,
        cards=list(artifact.get("cards", [])),
    )


def split_turns(messages: Sequence[BaseMessage]) -> list[list[BaseMessage]]:
    """Cut a thread into turns: each begins with what a person, or the program, said."""
    turns: list[list[BaseMessage]] = []
    for message in messages:
        if isinstance(message, HumanMessage) or answers_approval(message) or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def answers_approval(message: BaseMessage) -> bool:
    """The message stands where the user said yes, or something else, to a waiting approval."""
    return isinstance(message, ToolMessage) and (message.name in APPROVALS or refusal(message) is not None)


def approval_asked(message: BaseMessage) -> str | None:
    """The action a spoken message asks approval for."""
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return next((call["name"] for call in calls if call["name"] in APPROVALS), None)


def make_turn(messages: Sequence[BaseMessage], stage: str, question: str | None = None) -> Turn:
    """A turn as it is shown, from its part of the thread; `question` is the approval it waits for."""
    first = messages[0]
    refused = refusal(first)
    approved = refused is None and answers_approval(first)
    words, files = words_and_files(refused if refused is not None else "Yes" if approved else str(first.content))
    tools = [tool_finished(m) for m in messages[0 if approved else 1 :] if isinstance(m, ToolMessage)]
    spoken = [m for m in messages[1:] if isinstance(m, AIMessage)]
    return Turn(
        user=None if first.name == PROGRAM else words,
        files=files,
        tools=tools,
        reply=make_reply(spoken, tools, messages, stage, question) if spoken else None,
    )


def make_reply(
    spoken: Sequence[AIMessage],
    tools: Sequence[ToolFinished],
    messages: Sequence[BaseMessage],
    stage: str,
    question: str | None,
) -> Reply:
    """What was said in a turn, in one piece, with what it leaves open."""
    notes = spoken[-1].additional_kwargs
    texts = [text for m in spoken if (text := str(m.text).strip())]
    cards = [card for tool in tools for card in tool.cards]
    if action := approval_asked(messages[-1]):
        asked = question or APPROVALS[action]
        return Reply("\n\n".join([*texts, asked]), ["Yes", "No"], f"approval:{action}", stage, cards)
    suggested = [m.artifact.get("options", []) for m in messages if isinstance(m, ToolMessage) and m.artifact]
    options = notes.get("options") or (suggested[-1] if suggested else [])
    return Reply("\n\n".join(texts), options, notes.get("waiting_for"), stage, cards)
