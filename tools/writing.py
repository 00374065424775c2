"""Stage 3: examples that a chat model writes from the team's documents, its cost told before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool
from pydantic import TypeAdapter, ValidationError

from finetune.data.personal import find_personal, replace
from finetune.data.read import read_file
from finetune.data.report import counted
from finetune.data.synthetic import Block, Cost, Made, Replies, Writer, ask_about, blocks_of, cost_of, rows_of, spread
from finetune.errors import UserError
from finetune.example import Example
from tools.context import Context
from tools.history import remember
from tools.instruction import ended, sorts
from tools.journey import SourceFile, read_brief, read_sources, require, write_model
from tools.own import passages_of
from tools.result import Artifact, Card, ToolResult
from tools.rows import ROWS_SHOWN, data_card, without_persons

CALLS_AT_ONCE = 40  # that one yes allows: enough to judge the rows by before more is spent
WRITE, WRITE_MORE = "Write examples with the model", "Write more examples"


@dataclass(frozen=True)
class Work:
    """What there is to ask about: all blocks of the documents, and those to ask about now and later."""

    writer: Writer
    audience: str
    blocks: list[Block]
    now: list[Block]
    later: int

    @property
    def cost(self) -> Cost:
        return cost_of(self.now, self.writer)


def work_for(context: Context, passages: int = 0) -> Work:
    """What would be asked about.

    Args:
        passages: at most so many blocks now; 0 is the usual number.

    Raises:
        UserError: no model is named, or there is no document to write from.
    """
    writer = context.services.writer
    if writer is None:
        raise UserError(
            "No chat model is named that could write examples; those I made come from your documents' own sentences.",
            where="ATTUNE_WRITER_MODEL",
            action="Set it before I am started, to openai:<model> or, on your own machine, ollama:<model>. "
            "Until then, drop in more questions and answers, or let me prepare the data as it is.",
        )
    project = context.project
    require(
        not sorts(read_brief(project), project.read_examples()),
        "Your model is to sort messages; questions and answers from documents would not teach it that.",
        "Attach more messages with their category instead.",
    )
    blocks = document_blocks(context)
    require(
        bool(blocks),
        "There is no document yet that examples could be written from.",
        "Drop a handbook, a policy or another text here first.",
    )
    audience = hidden(ended(read_brief(project).audience or ""))
    done = Replies(project.replies).read()
    open_ones = [block for block in blocks if block.key(writer, audience) not in done]
    now = open_ones[: max(passages, 0) or CALLS_AT_ONCE]
    return Work(writer, audience, blocks, now, len(open_ones) - len(now))


def hidden(text: str) -> str:
    return replace(text, find_personal([text]), {})


def document_blocks(context: Context) -> list[Block]:
    """The passages of all documents in blocks; a file is read once for as long as it is the same."""
    project = context.project
    documents = [f for f in read_sources(project).files if f.passages and whole_file(context, f).is_file()]
    seen = [(f.name, whole_file(context, f).stat().st_mtime_ns) for f in documents]

    def read() -> list[Block]:
        names = {f.name for f in documents}
        wholes = dict.fromkeys(whole_file(context, f) for f in documents)
        parts = [part for whole in wholes for part in read_file(whole).all_parts() if part.file in names]
        return spread([blocks_of(p.file, ((o.text, o.page, o.heading) for o in passages_of(p))) for p in parts])

    return context.services.remembered(project, repr(seen), read)


def whole_file(context: Context, file: SourceFile) -> Path:
    """Where a source lies: for "mails.zip/faq.md" the archive."""
    return context.project.files / Path(file.name.partition("/")[0]).name


# --- what it costs ----------------------------------------------------------------------------------------------------


def asks_first(context: Context, arguments: dict[str, Any]) -> str | None:
    """What has to be said before the model is asked; None where nothing would be sent, and so nothing spent.

    `arguments` are the call's as a chat model wrote them, read here as the tool itself will read them.
    """
    try:
        passages = TypeAdapter(int).validate_python(arguments.get("passages", 0))
        work = work_for(context, passages)
    except (UserError, ValidationError):
        return None  # the tool says what is wrong
    return cost_in_words(work) if work.now else None


def cost_in_words(work: Work) -> str:
    """Passages, calls, tokens, money where a price is set, and where the text goes."""
    cost, name = work.cost, work.writer.name
    files = list(dict.fromkeys(block.file for block in work.now))
    from_files = files[0] if len(files) == 1 else f"{files[0]} and {counted(len(files) - 1, 'more file')}"
    sentences = [
        f"I would send {counted(cost.calls, 'passage')} of {from_files} to {name}, one call each: "
        f"about {cost.tokens_in:,} tokens (pieces of words) in and {cost.tokens_out:,} out{money_in_words(cost)}. "
        "A model that thinks before it answers uses more."
    ]
    if work.writer.local:
        sentences.append("It is asked on this machine, so your text stays here unless that program passes it on.")
    else:
        sentences.append(
            "The text leaves this machine for that service; personal data I recognise is replaced by tags first, "
            "which is not all there may be."
        )
    if work.later:
        sentences.append(f"{counted(work.later, 'passage')} would be left for another time.")
    if done := len(work.blocks) - len(work.now) - work.later:
        sentences.append(f"{counted(done, 'passage was', 'passages were')} done before and cost nothing again.")
    return " ".join(sentences)


def money_in_words(cost: Cost) -> str:
    if cost.price is None or cost.money is None:
        return " (I do not know its price; ATTUNE_WRITER_PRICE tells me)"
    price = cost.price
    amount = f"{cost.money:.2f}" if cost.money >= 0.01 else "less than 0.01"
    per_million = f"{price.tokens_in:g} in and {price.tokens_out:g} out a million"
    return f", {amount} {price.currency} at the price you set ({per_million})"


@tool(parse_docstring=True, response_format="content_and_artifact")
def writing_cost(runtime: ToolRuntime[Context], passages: int = 0) -> Artifact:
    """Say what it would cost to have a chat model write examples from the documents. Sends nothing.

    Args:
        passages: how many passages to count it for; 0 is the usual number.
    """
    work = work_for(runtime.context, passages)
    if not work.now:
        return ToolResult("Nothing is left to send: every passage was done before.", options=[WRITE]).for_agent()
    return ToolResult(cost_in_words(work), options=[WRITE]).for_agent()


# --- writing ----------------------------------------------------------------------------------------------------------


@tool(parse_docstring=True, response_format="content_and_artifact")
def write_examples(runtime: ToolRuntime[Context], passages: int = 0) -> Artifact:
    """Have the chat model named in the settings write questions and answers from the team's documents, and keep those
    that their passage holds. Waits for the user's approval, which tells the cost.

    Args:
        passages: at most so many passages are sent; 0 is the usual number.
    """
    context = runtime.context
    work = work_for(context, passages)
    fault = ""
    asked = 0

    def tell(done: int) -> None:
        nonlocal asked
        asked = done
        runtime.stream_writer({"text": f"{done} of {counted(len(work.now), 'passage')} done. "})

    replies = Replies(context.project.replies)
    try:
        ask_about(work.now, work.writer, replies, audience=work.audience, names=context.services.names, tell=tell)
    except UserError as error:
        fault = str(error)
    made = rows_made(context, work)
    if fault and not (asked or made.rows):
        raise UserError(fault, action="Nothing was changed.")
    store(context, made.rows, work.writer.name)
    return result(context, work, made, asked, fault).for_agent()


def rows_made(context: Context, work: Work) -> Made:
    """The rows that all replies so far about today's documents give and the project does not have."""
    replies = Replies(context.project.replies).read()
    keys = (block.key(work.writer, work.audience) for block in work.blocks)
    return rows_of(
        [replies[key] for key in keys if key in replies],
        work.writer.name,
        context.project.read_examples(),
        documents=[block.text for block in work.blocks],
        encode=context.services.encode,
    )


def store(context: Context, rows: Sequence[Example], model: str) -> None:
    """Add the rows to the project's; a test set that was sealed is open again."""
    if not rows:
        return
    project = context.project
    remember(project, f"the {counted(len(rows), 'example')} written by {model}")
    project.write_examples([*project.read_examples(), *rows])
    sources = read_sources(project)
    write_model(project.sources, sources.model_copy(update={"sealed": None, "prepared": False}))


def result(context: Context, work: Work, made: Made, asked: int, fault: str) -> ToolResult:
    """What was written and kept, what was left out and why, and what to do next."""
    name, left = work.writer.name, len(work.now) - asked + work.later
    sentences = [
        f"{name} was asked about {counted(asked, 'passage')}." if asked else f"I asked {name} nothing.",
        f"I added {counted(len(made.rows), 'row')}: of the {counted(made.pairs, 'pair')} it has written from these "
        f"documents so far, {made.kept:,} could be kept.",
    ]
    if made.dropped:
        why = ", ".join(f"{count:,} × {reason}" for reason, count in made.dropped.items())
        sentences.append(f"Left out: {why}.")
    if fault:
        sentences.append(fault)
    elif left:
        sentences.append(f"{counted(left, 'passage is', 'passages are')} left; say “write more examples” for the next.")
    if made.rows:
        sentences.append("I checked words and numbers, not sense: please read some. Then let me prepare the data.")
    counts = {"written": made.pairs, "kept": made.kept, "added now": len(made.rows), "passages left": left}
    cards = [Card("report", f"Examples written by {name}", {"counts": counts, "sentences": sentences})]
    note = ""
    if made.rows:
        new = {row.id for row in made.rows}
        numbered = [(n, e) for n, e in enumerate(context.project.read_examples(), 1) if e.id in new]
        shown = without_persons(context, numbered[:ROWS_SHOWN])
        cards.append(data_card(shown.rows, "Some of what it wrote", len(numbered)))
        note = shown.note
    options = ["Prepare the data", *([WRITE_MORE] if left and not fault else []), "Show me the data"]
    return ToolResult(" ".join(sentences) + note, cards, options)
