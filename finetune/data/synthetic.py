"""Rows that a language model writes from a team's documents, each kept only if its passage holds it.

The model is asked about one block of passages at a time. Its replies are written down as they come, so that a killed
run goes on where it was and pays for nothing twice; the rows are made from the replies, by the same checks each time.
"""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from finetune.data import personal
from finetune.data.clean import fault_of, normalised
from finetune.data.duplicates import NEAR_QUESTION, same_meaning
from finetune.data.grounding import (
    NO_QUOTE,
    Encode,
    fault_of_answered,
    fault_of_unanswerable,
    find_quote,
    speaks_to_a_model,
    vocabulary_of,
)
from finetune.data.question_types import INSTRUCTION, PAIRS_ASKED, WrittenPair, read_reply, request
from finetune.data.similarity import near_pairs
from finetune.errors import UserError
from finetune.example import WRITTEN_BY, Example, Source, make_example
from finetune.files import append_jsonl, read_jsonl, write_jsonl

Ask = Callable[[str, str], str]  # system and user message to the reply; raises UserError where there is none
Passage = tuple[str, int | None, str]  # text, page, heading

BLOCK_CHARACTERS = 2_500  # of passages sent at once: about a page, as much as a small model keeps to
BLOCK_WORDS = 12  # fewer give no question
BYTES_A_TOKEN = 4  # of English text, with the usual tokenizers; an estimate and said as one
TOKENS_A_PAIR = 110
TURN_SECONDS = 600  # of asking; what is left then is done when the user says so
# Shorter than what counts as telling where a row comes from, so that these rows do not all fall into one split group.
NOT_IN_DOCUMENTS = (
    "Our documents do not say that.",
    "I cannot tell from our documents.",
    "Sorry, our documents do not say that.",
)
NO_PAIR = "not in the form asked for"
SAME_QUESTION = "a question the data already has"


@dataclass(frozen=True)
class Price:
    """What a service asks for a million tokens, as the settings say; never guessed."""

    tokens_in: float
    tokens_out: float
    currency: str

    @classmethod
    def read(cls, text: str, *, where: str) -> "Price":
        """From "0.25/2.00 USD": a million tokens in, a million out.

        Raises:
            UserError: it is not of that form.
        """
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*([A-Za-z]{3}|[$€£])\s*", text)
        if match is None:
            raise UserError(
                f"{text!r} is not a price.",
                where=where,
                action="Give the price of a million tokens in and out with its currency, as in 0.25/2.00 USD.",
            )
        return cls(float(match[1]), float(match[2]), match[3].upper())


@dataclass(frozen=True)
class Writer:
    """A language model that writes examples. `local` is true only where its text surely stays on this machine."""

    name: str
    ask: Ask
    local: bool = False
    price: Price | None = None


@dataclass(frozen=True)
class Block:
    """Passages of one file that are sent together."""

    file: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The passages under their headings, as the model sees them."""
        lines: list[str] = []
        heading = ""
        for text, _, under in self.passages:
            if under and under != heading:
                lines.append(f"## {under}")
            heading = under
            lines.append(text)
        return "\n".join(lines)

    def key(self, writer: Writer, audience: str) -> str:
        """Under which a reply is kept: the same words to the same model are never paid for again."""
        return digest(INSTRUCTION, self.text, writer.name, audience)


@dataclass(frozen=True)
class Cost:
    """What asking about some blocks takes: one call each. Tokens are estimates."""

    calls: int
    tokens_in: int
    tokens_out: int
    price: Price | None

    @property
    def money(self) -> float | None:
        """In the price's currency; None where no price is known."""
        if self.price is None:
            return None
        return (self.tokens_in * self.price.tokens_in + self.tokens_out * self.price.tokens_out) / 1e6


@dataclass(frozen=True)
class Made:
    """The new rows, and what became of all pairs the model wrote so far: those not in `dropped` are rows by now."""

    rows: list[Example]
    pairs: int
    dropped: dict[str, int]  # reason to number

    @property
    def kept(self) -> int:
        return self.pairs - sum(self.dropped.values())


def digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


# --- what is sent -----------------------------------------------------------------------------------------------------


def blocks_of(file: str, passages: Iterable[Passage]) -> list[Block]:
    """A file's passages in blocks. What reads as an order to a language model is left out and never sent."""
    blocks: list[Block] = []
    waiting: list[Passage] = []
    for text, page, heading in passages:
        if speaks_to_a_model(text) or speaks_to_a_model(heading):
            continue
        for piece in _pieces(text):
            if waiting and sum(len(t) for t, _, _ in waiting) + len(piece) > BLOCK_CHARACTERS:
                blocks.append(Block(file, tuple(waiting)))
                waiting = []
            waiting.append((piece, page, heading))
    blocks.append(Block(file, tuple(waiting)))
    return [block for block in blocks if sum(len(t.split()) for t, _, _ in block.passages) >= BLOCK_WORDS]


def _pieces(text: str) -> list[str]:
    """A text in pieces that fit a block, cut at the ends of sentences where it has them."""
    pieces: list[str] = []
    while len(text) > BLOCK_CHARACTERS:
        ends = [m.end() for m in re.finditer(r"[.!?。]\s+|\n", text[:BLOCK_CHARACTERS])]
        cut = ends[-1] if ends and ends[-1] > BLOCK_CHARACTERS // 2 else BLOCK_CHARACTERS
        pieces.append(text[:cut].strip())
        text = text[cut:]
    return [*pieces, text.strip()]


def spread(files: Sequence[Sequence[Block]]) -> list[Block]:
    """All blocks, so ordered that any first part of them is spread over all files and over each file's length."""
    golden = 0.618034  # steps of this share of the whole never crowd (Weyl's sequence)
    ordered = [
        [blocks[place] for place in sorted(range(len(blocks)), key=lambda place: place * golden % 1)]
        for blocks in files
    ]
    longest = max(map(len, ordered), default=0)
    return [blocks[place] for place in range(longest) for blocks in ordered if place < len(blocks)]


def without_personal(block: Block, names: personal.MoreFinds | None = None) -> Block:
    """The block with tags in the place of personal data, each person's the same throughout."""
    texts = [part for text, _, heading in block.passages for part in (text, heading)]
    found: dict[int, list[personal.PersonalItem]] = {}
    for item in personal.find_personal(texts, more=names):
        found.setdefault(item.text, []).append(item)
    tags: dict[str, str] = {}
    hidden = [personal.replace(text, found.get(place, []), tags) for place, text in enumerate(texts)]
    passages = ((hidden[2 * n], page, hidden[2 * n + 1]) for n, (_, page, _) in enumerate(block.passages))
    return replace(block, passages=tuple(passages))


def cost_of(blocks: Sequence[Block], writer: Writer) -> Cost:
    sent = sum(len(f"{INSTRUCTION}{block.text}".encode()) for block in blocks)
    tokens_out = len(blocks) * PAIRS_ASKED * TOKENS_A_PAIR
    return Cost(len(blocks), -(-sent // BYTES_A_TOKEN), tokens_out, writer.price)


# --- asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What a model said about a block: `passages` are the words as they were sent."""

    file: str
    passages: tuple[Passage, ...]
    reply: str


class Replies:
    """The replies of one project, a line each in a file that only grows; read anew from it each time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Reply]:
        return {
            row["key"]: Reply(row["file"], tuple((t, p, h) for t, p, h in row["passages"]), row["reply"])
            for row in read_jsonl(self.path)
        }

    def keep(self, key: str, reply: Reply) -> None:
        append_jsonl(self.path, {"key": key, **asdict(reply)})

    def forget(self, file: str) -> None:
        """Throw away what was said about a file, and about the files in it."""
        rows = list(read_jsonl(self.path))
        left = [row for row in rows if not f"{row['file']}/".startswith(f"{file}/")]
        if not left:
            self.path.unlink(missing_ok=True)
        elif len(left) < len(rows):
            write_jsonl(self.path, left)


def ask_about(
    blocks: Sequence[Block],
    writer: Writer,
    replies: Replies,
    *,
    audience: str = "",
    seconds: float = TURN_SECONDS,
    names: personal.MoreFinds | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> int:
    """Ask about each block and keep each reply before the next call; how many were asked about within the time.

    Personal data is hidden first unless the model is local.

    Args:
        names: a model that finds more names to hide.
        tell: is given the number of blocks done after each.

    Raises:
        UserError: the model cannot be asked; the replies so far are kept.
    """
    started = time.monotonic()
    for done, block in enumerate(blocks):
        if time.monotonic() - started > seconds:
            return done
        sent = block if writer.local else without_personal(block, names)
        marker = f"PASSAGE-{digest(sent.text)}"
        said = writer.ask(INSTRUCTION, request(sent.text, marker, audience=audience))
        replies.keep(block.key(writer, audience), Reply(block.file, sent.passages, said))
        tell(done + 1)
    return len(blocks)


# --- the rows ---------------------------------------------------------------------------------------------------------


def rows_of(
    replies: Sequence[Reply],
    model: str,
    existing: Sequence[Example],
    *,
    documents: Iterable[str] = (),
    encode: Encode | None = None,
) -> Made:
    """The pairs of all replies as rows, those left out that their passage does not hold or that are there already.

    Args:
        existing: the project's rows; one that was made from these replies before is not made again.
        documents: texts of all documents, where an unanswerable question must not be answered either.
    """
    said_there = vocabulary_of([*documents, *(text for r in replies for text in _texts(r))])
    rows: dict[str, Example] = {}
    dropped: Counter[str] = Counter()
    pairs_read = 0
    for reply in replies:
        pairs, broken = read_reply(reply.reply)
        faulty = broken or int(not pairs)
        pairs_read += len(pairs) + faulty
        dropped[NO_PAIR] += faulty
        for pair in pairs:
            made = _row(pair, reply, model, said_there, encode)
            if isinstance(made, str):
                dropped[made] += 1
            elif made.id in rows:
                dropped[SAME_QUESTION] += 1
            else:
                rows[made.id] = made
    had = {e.id for e in existing if e.written}  # whatever became of them since
    fresh = [row for row in rows.values() if row.id not in had]
    kept = _new_questions(fresh, existing)
    dropped[SAME_QUESTION] += len(fresh) - len(kept)
    return Made(kept, pairs_read, {why: n for why, n in dropped.most_common() if n})


def _new_questions(rows: Sequence[Example], existing: Sequence[Example]) -> list[Example]:
    """The rows whose question nobody else asks, neither in the same words nor nearly."""
    first = len(others := [e for e in existing if e.status != "dropped"])
    asked = [normalised(e.question) for e in (*others, *rows)]
    known = {e.id for e in existing}
    seen: set[str] = set(asked[:first])
    again = {place for place, row in enumerate(rows, first) if row.id in known}
    for place in range(first, len(asked)):
        if asked[place] in seen:
            again.add(place)
        seen.add(asked[place])
    for one, other, _ in near_pairs(asked, NEAR_QUESTION):
        if same_meaning(asked[one], asked[other]) and one not in again:
            again.add(max(one, other))
    return [row for place, row in enumerate(rows, first) if place not in again]


def _texts(reply: Reply) -> list[str]:
    return [part for text, _, heading in reply.passages for part in (text, heading)]


def _row(
    pair: WrittenPair, reply: Reply, model: str, said_there: frozenset[str], encode: Encode | None
) -> Example | str:
    """The pair as a row, or why it is none."""
    passage = Block(reply.file, reply.passages).text
    if pair.type == "unanswerable":
        fault = fault_of_unanswerable(pair, passage, said_there, encode)
        return fault or _unanswerable_row(pair, reply, model)
    found = next(((place, span) for place in reply.passages if (span := find_quote(pair.quote, place[0]))), None)
    if found is None:
        return NO_QUOTE
    (text, page, heading), (start, end) = found
    quote = text[start:end]
    if fault := fault_of_answered(pair, quote, passage):
        return fault
    source = Source(file=reply.file, page=page, quote=quote)
    row = make_example(pair.question, pair.answer, source=source, kind="document", topic=heading)
    return fault_of(row) or _signed(row, model, f"{pair.type} question, quote found")


def _unanswerable_row(pair: WrittenPair, reply: Reply, model: str) -> Example:
    """The answer is ours: the model's own words would rest on nothing."""
    answer = NOT_IN_DOCUMENTS[int(digest(pair.question), 16) % len(NOT_IN_DOCUMENTS)]
    _, page, heading = reply.passages[0]
    row = make_example(pair.question, answer, source=Source(file=reply.file, page=page), kind="document", topic=heading)
    return _signed(row, model, "unanswerable question, not in the documents")


def _signed(row: Example, model: str, what: str) -> Example:
    return row.model_copy(update={"reasons": [WRITTEN_BY.format(model=model, what=what)]})
