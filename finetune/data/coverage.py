"""What the rows cover of what is wanted, how much of them is about one thing, and what to add next.

A row counts for the wanted subject its question is nearest to, where it is near enough, or where all the subject's
words stand in it. Subjects of one kind compete for a row; those of different kinds (a rule, a heading) do not.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from finetune.data.topics import Encode, Vectors, find_topics, plain_name, rows_to_look_at, stems
from finetune.example import MADE_KINDS, Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SubjectKind = Literal["rule", "subject", "term", "heading"]
Level = Literal["covered", "thin", "nothing"]

# The cosine from which a question is about a subject named in a few words. On banking77, with a third of the wanted
# categories taken out: 0.6 to 0.65 names most of them and calls the fewest others missing; see
# tests/benchmarks/coverage.py.
ABOUT = 0.625
# What is wanted of most is named first: an unmet rule before a subject without rows before a thin topic.
IMPORTANCE: dict[SubjectKind, float] = {"rule": 4.0, "subject": 3.0, "term": 2.0, "heading": 2.0}
IMPORTANCE_THIN_TOPIC, IMPORTANCE_WORDING = 1.5, 0.5
# Rows from which a kind of subject is covered. A subject is learnt, and tested, from eight as a category is; rules,
# terms and headings have rows made from them besides.
LEAST: dict[SubjectKind, int] = {"rule": 3, "subject": 8, "term": 1, "heading": 1}
LEAST_SHARE = 0.004  # of the rows, for a subject: beside ten thousand others eight rows are lost
THIN_TOPIC, LEAST_TOPIC = 8, 3  # rows; what has fewer than three is an odd row rather than a topic
MOST_THIN_TOPICS = 3
CONCENTRATED = 0.4  # the share of one topic from which it is told
ONE_OPENING = 0.4  # the share of questions that begin with the same two words
FEWEST_FOR_TOPICS, FEWEST_FOR_WORDING = 8, 20
ASKED_FOR = 10
ADDITIONS_TOLD = 8
FEWEST_QUOTED = 5  # words
LISTED = 3  # names in one sentence


@dataclass(frozen=True)
class Subject:
    """Something the rows should cover. `asked` are ways people ask for it; its name counts as one."""

    kind: SubjectKind
    name: str
    asked: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # other words for it


class Covered(BaseModel):
    """How far the rows cover a subject; `nearest` is the id of the row closest to it."""

    kind: SubjectKind
    name: str
    rows: int
    least: int
    level: Level
    nearest: str = ""
    nearest_question: str = ""


class TopicShare(BaseModel):
    name: str
    rows: int
    share: float
    example: str = Field(description="its most typical question")


class Addition(BaseModel):
    """What to add, in the order of `gain` = importance × lack, lack being the share of the wanted rows missing."""

    request: str
    reason: str
    gain: float


class Coverage(BaseModel):
    """`coverage.json`."""

    rows: int = 0
    looked_at: int = 0
    topics: list[TopicShare] = []
    effective_topics: float = 0.0
    odd: list[str] = Field([], description="ids of rows unlike all others")
    subjects: list[Covered] = []
    unused: list[str] = Field([], description="documents of which no row came")
    additions: list[Addition] = []
    sentences: list[str] = Field([], description="what it is about, what is missing, and the rest")
    more_rows: str = Field("", description="what more rows would bring, where it was looked at")

    def missing(self, level: Level = "nothing") -> list[Covered]:
        return [c for c in self.subjects if c.level == level]


def judge_coverage(
    examples: Sequence[Example], wanted: Sequence[Subject], encode: Encode, *, documents: Sequence[str] = ()
) -> Coverage:
    """What the examples are about, what they lack of what is wanted, and what to add next.

    Args:
        examples: the rows.
        wanted: what they should cover.
        encode: gives texts their unit vectors.
        documents: names of files that hold running text, each of which may have given rows.
    """
    own = [e for e in examples if e.kind not in MADE_KINDS]
    places = rows_to_look_at(own)
    vectors = encode([own[i].question for i in places])
    topics = find_topics(own, vectors, places)
    sources = {e.source.file for e in own if e.status != "dropped"}
    shares = [
        TopicShare(name=t.name, rows=len(t.rows), share=topics.share(t), example=own[t.rows[0]].question)
        for t in topics.topics
    ]
    coverage = Coverage(
        rows=len([e for e in own if e.status != "dropped"]),
        looked_at=len(places),
        topics=shares,
        effective_topics=round(topics.effective, 1),
        odd=[own[i].id for i in topics.odd],
        subjects=cover([own[i] for i in places], vectors, wanted, encode),
        unused=[name for name in documents if name not in sources],
    )
    additions = what_to_add(coverage, [own[i] for i in places])
    coverage = coverage.model_copy(update={"additions": additions})
    return coverage.model_copy(update={"sentences": in_sentences(coverage)})


# --- what is wanted -------------------------------------------------------------------------------------------------


def cover(rows: Sequence[Example], vectors: Vectors, wanted: Sequence[Subject], encode: Encode) -> list[Covered]:
    """How many of the rows, with their questions' unit vectors, are about each wanted subject."""
    found: dict[int, Covered] = {}
    by_kind: defaultdict[SubjectKind, list[int]] = defaultdict(list)
    for n, subject in enumerate(wanted):
        by_kind[subject.kind].append(n)
    for kind, numbers in by_kind.items():
        subjects = [wanted[n] for n in numbers]
        likeness = _likeness(rows, vectors, subjects, encode)
        counts = _counts(likeness)
        for n, subject, count, column in zip(numbers, subjects, counts, likeness.T, strict=True):
            nearest = rows[int(column.argmax())] if rows else None
            least = max(LEAST[kind], math.ceil(LEAST_SHARE * len(rows)) if kind == "subject" else 0)
            found[n] = Covered(
                kind=kind,
                name=subject.name,
                rows=count,
                least=least,
                level="covered" if count >= least else "thin" if count else "nothing",
                nearest=nearest.id if nearest else "",
                nearest_question=nearest.question if nearest else "",
            )
    return [found[n] for n in range(len(wanted))]


def _likeness(
    rows: Sequence[Example], vectors: Vectors, subjects: Sequence[Subject], encode: Encode
) -> "NDArray[np.float32]":
    """The likeness of each row to each subject (rows, subjects): the best of the subject's wordings."""
    import numpy as np

    likeness = np.zeros((len(rows), len(subjects)), dtype=np.float32)
    if not rows:
        return likeness
    wordings = [(plain_name(s.name), *s.asked, *s.names) for s in subjects]
    encoded = encode([text for texts in wordings for text in texts])
    start = 0
    for n, texts in enumerate(wordings):
        likeness[:, n] = (vectors @ encoded[start : start + len(texts)].T).max(axis=1)
        start += len(texts)
    said = [stems(f"{row.topic} {row.question}") for row in rows]
    for n, subject in enumerate(subjects):
        for named in (stems(name) for name in (subject.name, *subject.names)):
            if named:
                holds = np.array([named <= words for words in said])
                likeness[holds, n] = np.maximum(likeness[holds, n], ABOUT)
    return likeness


def _counts(likeness: "NDArray[np.float32]") -> list[int]:
    """How many rows each subject has: a row counts where it is near enough and no other subject is nearer."""
    if not likeness.size:
        return [0] * likeness.shape[1]
    nearest = likeness >= likeness.max(axis=1, keepdims=True)
    return [int(count) for count in ((likeness >= ABOUT) & nearest).sum(axis=0)]


# --- what to add ----------------------------------------------------------------------------------------------------


def what_to_add(coverage: Coverage, rows: Sequence[Example]) -> list[Addition]:
    """Requests in the order of gain, the same order for the same coverage."""
    additions = [_for_subject(c) for c in coverage.subjects if c.level != "covered"]
    thin = [t for t in coverage.topics if LEAST_TOPIC <= t.rows < THIN_TOPIC]
    additions += [
        Addition(
            request=f"{_number(THIN_TOPIC - t.rows)} more {_questions(THIN_TOPIC - t.rows)} about {t.name}"
            f"{_such_as(t.example)}, with the answers you would give.",
            reason=f"only {t.rows} rows are about {t.name}",
            gain=_gain(IMPORTANCE_THIN_TOPIC, t.rows, THIN_TOPIC),
        )
        for t in sorted(thin, key=lambda t: (t.rows, t.name))[:MOST_THIN_TOPICS]
    ]
    additions += _for_wording(rows)
    return sorted(additions, key=lambda a: -a.gain)[:ADDITIONS_TOLD]


def _such_as(question: str) -> str:
    """An example to go by; none of a few words, which could not be told from our own when its source is deleted."""
    return f", such as “{cut(question)}”" if len(question.split()) >= FEWEST_QUOTED else ""


def _gain(importance: float, rows: int, least: int) -> float:
    return round(importance * max(0.0, 1 - rows / least), 2)


def _for_subject(covered: Covered) -> Addition:
    lacking = covered.least - covered.rows
    number = ASKED_FOR if covered.level == "nothing" and covered.kind == "subject" else lacking
    name = plain_name(covered.name)
    about = {
        "rule": f"where “{name}” matters",
        "term": f"in which people say “{name}”",
        "heading": f"about “{name}”, which stands in your documents",
        "subject": f"about {name}",
    }[covered.kind]
    more = "more " if covered.rows else "real "
    has = f"only {covered.rows} of your own rows are" if covered.rows else "none of your own rows is"
    what = {"rule": "the rule you kept", "term": "the term you kept", "heading": "a heading of your documents"}
    return Addition(
        request=f"{_number(number)} {more}{_questions(number)} {about}, with the answers you would give.",
        reason=f"{has} about {name}" + (f", {what[covered.kind]}" if covered.kind in what else ""),
        gain=_gain(IMPORTANCE[covered.kind], covered.rows, covered.least),
    )


def _for_wording(rows: Sequence[Example]) -> list[Addition]:
    """Where the questions are all of one mould, others that people really write."""
    if len(rows) < FEWEST_FOR_WORDING:
        return []
    additions = []
    opening, share = commonest_opening([row.question for row in rows])
    if share >= ONE_OPENING:
        additions.append(
            Addition(
                request=f"Ten questions that do not begin with “{opening}”: requests, complaints, half sentences.",
                reason=f"{share:.0%} of the questions begin with “{opening}”",
                gain=round(IMPORTANCE_WORDING * share, 2),
            )
        )
    from_documents = sum(row.kind == "document" for row in rows)
    if from_documents == len(rows):
        additions.append(
            Addition(
                request="Ten messages as people really wrote them, slips and all, with the answers they got.",
                reason="every question was made from your documents, so none is worded as people write",
                gain=IMPORTANCE_WORDING,
            )
        )
    return additions


def commonest_opening(questions: Sequence[str]) -> tuple[str, float]:
    """The two words most questions begin with, and the share that do."""
    openings = Counter(" ".join(question.lower().split()[:2]) for question in questions)
    if not openings:
        return "", 0.0
    opening, count = openings.most_common(1)[0]
    return opening, count / len(questions)


NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _questions(count: int) -> str:
    return "question" if count == 1 else "questions"


# --- in words -------------------------------------------------------------------------------------------------------


def in_sentences(coverage: Coverage) -> list[str]:
    """What the data is about, and what it lacks: two sentences, then the rest."""
    if not coverage.looked_at:
        return ["There are no rows of your own yet, so nothing is covered."]
    sentences = [about_in_words(coverage), gaps_in_words(coverage)]
    if coverage.unused:
        sentences.append(unused_in_words(coverage))
    if coverage.odd and len(coverage.odd) < coverage.looked_at:
        alone = "1 row stands" if len(coverage.odd) == 1 else f"{len(coverage.odd):,} rows stand"
        sentences.append(f"{alone} alone, unlike all others: right where people ask that, otherwise a row to drop.")
    if coverage.looked_at < coverage.rows:
        sentences.append(f"I looked at {coverage.looked_at:,} of {coverage.rows:,} rows, evenly spread.")
    return sentences


def about_in_words(coverage: Coverage) -> str:
    """How the rows are spread: "61 % is about opening hours" where one topic has most of them."""
    if coverage.looked_at < FEWEST_FOR_TOPICS:
        rows = "1 row is" if coverage.looked_at == 1 else f"{coverage.looked_at} rows are"
        return f"{rows} too few to tell topics apart."
    first = coverage.topics[0]
    if first.share >= CONCENTRATED:
        rest = [t.name for t in coverage.topics[1 : 1 + LISTED] if t.rows >= LEAST_TOPIC]
        after = f"; then come {listed(rest)}" if rest else ""
        return f"{first.share:.0%} of your {coverage.looked_at:,} rows are about {first.name}{after}."
    # Topics of one or two rows are no help to anybody who wants an overview.
    names = [f"{t.name} ({t.share:.0%})" for t in coverage.topics if t.rows >= LEAST_TOPIC][:LISTED]
    most = f", most often {listed(names)}" if names else ""
    return f"Your {coverage.looked_at:,} rows are about {round(coverage.effective_topics):,} topics or so{most}."


def gaps_in_words(coverage: Coverage) -> str:
    if not coverage.subjects:
        return "You have not told me what it must know, so I cannot tell what is missing: say “it must know about …”."
    missing = sorted(coverage.missing(), key=lambda c: -IMPORTANCE[c.kind])
    named = [plain_name(c.name) for c in missing if c.kind == "subject"]
    thin = sorted(coverage.missing("thin"), key=lambda c: (c.rows / c.least, -IMPORTANCE[c.kind]))
    parts = [f"nothing yet on {listed(named, most=5)}"] if named else []
    wanting = [_of_kind(kind, [c.name for c in missing if c.kind == kind]) for kind in CALLED]
    if found := [words for words in wanting if words]:
        parts.append(f"no row yet for {listed(found)}")
    if thin:
        parts.append(f"little on {listed([f'{plain_name(c.name)} ({c.rows})' for c in thin], most=5)}")
    if not parts:
        return f"All {len(coverage.subjects)} subjects, rules and headings I looked for have rows."
    return f"There is {', and '.join(parts)}."


def unused_in_words(coverage: Coverage) -> str:
    if not coverage.unused:
        return ""
    names, it = listed(coverage.unused), "it" if len(coverage.unused) == 1 else "them"
    return f"No row comes from {names}: I can look things up in {it}, but nothing is learnt from {it}."


# A rule's title or a heading reads as no subject of a sentence: said with what it is, in quotes.
CALLED = {
    "rule": ("rule you kept", "rules you kept"),
    "term": ("term you kept", "terms you kept"),
    "heading": ("section of your documents", "sections of your documents"),
}


def _of_kind(kind: str, names: Sequence[str]) -> str:
    """ "9 rules you kept (“A”, “B” and 7 more)"; empty where there are none."""
    if not names:
        return ""
    return (
        f"{len(names)} {CALLED[kind][len(names) > 1]} ({listed([f'“{plain_name(name)}”' for name in names], most=2)})"
    )


def listed(names: Sequence[str], most: int = LISTED) -> str:
    """Names in a row: "a, b and c", "a, b and 7 more"."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def cut(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
