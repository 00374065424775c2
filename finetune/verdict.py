"""Is tuning the right tool at all? Said before anything is trained, each sentence with its figure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from finetune.data.contradictions import find_conflicts
from finetune.example import Example
from finetune.score import answer_score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Encode = Callable[[Sequence[str]], NDArray[np.float32]]

Level = Literal["go", "caution", "stop"]

# Below 50 rows a tenth held out is five rows: whatever training does, nobody could tell. OpenAI's guide to
# fine-tuning names 50 to 100 rows as where improvements begin to show.
STOP_ROWS, FEW_ROWS = 50, 200
# A category cannot be learnt, and tested, from fewer.
FEW_ROWS_OF_CATEGORY = 8
# Where the nearest stored answer shares this share of its words with the right one, looking up does the work.
LOOKUP_ANSWERS, LOOKUP_HELPS = 0.75, 0.5
MOST_SCORED = 400
# A model that learns a price by heart goes on saying it after it has changed.
OFTEN_CHANGING, SOMETIMES_CHANGING = 0.3, 0.1
CHANGING = re.compile(
    r"[$€£¥]\s?\d|\b\d[\d,.]*\s?(?:dollars?|euros?|pounds?|USD|EUR|GBP)\b"  # prices
    r"|\b\d+(?:\.\d+)?\s?%|\bpercent\b|\bAPR\b|\binterest rate\b"  # rates
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{1,2}(?:,|\b)"
    r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b20[2-9]\d-\d{2}-\d{2}\b|\b20[2-9]\d\b"  # dates
    r"|\b(?:currently|as of|this (?:week|month|year)|today)\b",
    re.IGNORECASE,
)


class Verdict(BaseModel):
    """`verdict.json`. The level is that of the gravest sentence."""

    level: Level
    sentences: list[str]
    figures: dict[str, float]


class _Findings:
    """Collects sentences and figures; the gravest level wins."""

    def __init__(self) -> None:
        self.level: Level = "go"
        self.sentences: list[str] = []
        self.figures: dict[str, float] = {}

    def say(self, sentence: str, level: Level = "go") -> None:
        order: list[Level] = ["go", "caution", "stop"]
        self.level = max(self.level, level, key=order.index)
        self.sentences.append(sentence)

    def figure(self, name: str, value: float) -> float:
        self.figures[name] = round(value, 4)
        return value


def judge_need(
    examples: Sequence[Example], *, encode: Encode | None = None, contradictions: int | None = None
) -> Verdict:
    """Judge whether these examples call for tuning.

    Args:
        examples: all rows; dropped ones and refusals do not count. Without splits every fifth row serves as held out.
        encode: texts to unit vectors (n, d); without it nearness is that of shared words (TF-IDF).
        contradictions: questions known to have different answers; None: they are looked for, by words alone.
    """
    rows = [e for e in examples if e.status != "dropped" and e.kind not in ("refusal", "general")]
    findings = _Findings()
    _rows(findings, rows)
    if rows:
        known, held_out = _split(rows)
        category = sum(e.kind == "category" for e in rows) * 2 > len(rows)
        _contradictions(findings, len(find_conflicts(rows)) if contradictions is None else contradictions)
        if category:
            _categories(findings, known, held_out, encode)
        else:
            _changing_facts(findings, rows)
            _lookup(findings, known, held_out, encode)
    if findings.level == "go":
        findings.say("Nothing speaks against tuning.")
    return Verdict(level=findings.level, sentences=findings.sentences, figures=findings.figures)


def _rows(findings: _Findings, rows: Sequence[Example]) -> None:
    count = int(findings.figure("rows", len(rows)))
    if count < STOP_ROWS:
        findings.say(
            f"There are {count} usable rows. Below {STOP_ROWS} the test would be so small that nobody could tell "
            "whether tuning helped: bring more examples first, and answer from your documents until then.",
            "stop",
        )
    elif count < FEW_ROWS:
        findings.say(
            f"There are {count} usable rows: enough for tone and form, few for knowledge. From {FEW_ROWS} on the "
            "result is steadier.",
            "caution",
        )
    else:
        findings.say(f"There are {count} usable rows, enough to learn from and to test with.")


def _changing_facts(findings: _Findings, rows: Sequence[Example]) -> None:
    share = findings.figure("changing_facts", fmean(bool(CHANGING.search(row.answer)) for row in rows))
    told = f"{share:.0%} of the answers hold prices, rates or dates"
    if share >= OFTEN_CHANGING:
        findings.say(
            f"{told}. A tuned model goes on saying the old ones after they change: keep such facts in a document "
            "that is looked up, and tune for the rest.",
            "caution",
        )
    elif share >= SOMETIMES_CHANGING:
        findings.say(f"{told}: tune again when they change, or leave those rows out.", "caution")
    else:
        findings.say(f"{told}: little that would go out of date.")


def _contradictions(findings: _Findings, against: int) -> None:
    if findings.figure("contradictions", against):
        findings.say(
            f"{against} question{'s have' if against > 1 else ' has'} answers that do not agree: keep one answer "
            "each, or the model learns to waver.",
            "caution",
        )


def _lookup(findings: _Findings, known: Sequence[Example], held_out: Sequence[Example], encode: Encode | None) -> None:
    """What the answer of the most similar stored question scores on the held-out rows."""
    if len(known) < 2 or not held_out:
        return
    nearest = _nearest([row.question for row in held_out], [row.question for row in known], encode)
    scores = [
        answer_score(known[i].answer, row.answer, category=False) for i, row in zip(nearest, held_out, strict=True)
    ]
    score = findings.figure("lookup_score", fmean(scores))
    told = (
        f"Looking up the most similar question and giving its answer gets {score:.0%} of the right words on "
        f"{len(held_out)} held-out rows"
    )
    if score >= LOOKUP_ANSWERS:
        findings.say(f"{told}. That already answers: a search over your answers is cheaper than a tuned model.", "stop")
    elif score >= LOOKUP_HELPS:
        findings.say(f"{told}. A search would do half the work; compare the tuned model with it.", "caution")
    else:
        findings.say(f"{told}: a search alone does not answer these questions.")


def _categories(
    findings: _Findings, known: Sequence[Example], held_out: Sequence[Example], encode: Encode | None
) -> None:
    counts = Counter(row.answer for row in [*known, *held_out])
    findings.figure("categories", len(counts))
    commonest, rows = counts.most_common(1)[0]
    majority = findings.figure("majority", rows / counts.total())
    if len(counts) < 2:
        findings.say(f'All rows are in one category ("{commonest}"), so there is nothing to learn.', "stop")
        return
    findings.say(
        f'There are {len(counts)} categories; always saying the commonest, "{commonest}", is right in {majority:.0%}. '
        "That is the least a model must beat."
    )
    rare = [name for name, count in counts.items() if count < FEW_ROWS_OF_CATEGORY]
    if findings.figure("rare_categories", len(rare)):
        findings.say(
            f'{len(rare)} categories have fewer than {FEW_ROWS_OF_CATEGORY} rows (such as "{rare[0]}"): bring more, or '
            "join them with others.",
            "caution",
        )
    if len(known) < 2 or not held_out:
        return
    nearest = _nearest([row.question for row in held_out], [row.question for row in known], encode)
    right = findings.figure(
        "nearest_accuracy",
        fmean(known[i].answer == row.answer for i, row in zip(nearest, held_out, strict=True)),
    )
    told = f"The category of the most similar message is right in {right:.0%} of {len(held_out)} held-out rows"
    if right >= 0.95:
        findings.say(f"{told}. That is good enough: you need no tuned model for this.", "stop")
    elif right >= 0.85:
        findings.say(f"{told}. A tuned model has to beat that to be worth its while.", "caution")
    else:
        findings.say(f"{told}, which leaves room for a tuned model.")


def _split(rows: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Rows to look up in, and at most 400 held-out ones."""
    held_out = [row for row in rows if row.split in ("validation", "test")]
    known = [row for row in rows if row.split == "train"]
    if not held_out or not known:
        held_out = list(rows[::5])
        known = [row for i, row in enumerate(rows) if i % 5]
    step = max(1, len(held_out) // MOST_SCORED)
    return known, held_out[::step][:MOST_SCORED]


def _nearest(asked: Sequence[str], known: Sequence[str], encode: Encode | None) -> list[int]:
    """For each asked text the place of the most similar known one."""
    if encode is not None:
        return [int(i) for i in (encode(asked) @ encode(known).T).argmax(axis=1)]
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", sublinear_tf=True).fit_transform([*known, *asked])
    likeness = vectors[len(known) :] @ vectors[: len(known)].T
    return [int(i) for i in likeness.toarray().argmax(axis=1)]
