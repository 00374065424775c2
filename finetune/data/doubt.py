"""Which rows a person should look at first: reasons to doubt each, with a weight, and their order.

Nothing is dropped for these reasons: they are signs, and many a doubted row is right. All of it is counted from words,
since the vectors of 5,000 long answers would take minutes.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from finetune.data.clean import MOJIBAKE, normalised
from finetune.data.contradictions import find_conflicts
from finetune.data.duplicates import FUNCTION_WORDS, same_meaning
from finetune.data.marks import Mark, divided, standing
from finetune.data.reasons import CONTRADICTION, HIDDEN
from finetune.data.similarity import near_pairs
from finetune.example import WRITTEN, Example

DOUBTFUL = 0.2  # from this score on a row is counted as doubtful; that a pattern made it is not enough
# A row that somebody looked at by itself is doubted less.
MARKED_GOOD, CHANGED_BY_HAND = 0.2, 0.4
BY_YOU = "by you"  # how the reasons end that note a person's own decision
ROWS_TO_COMPARE = 20  # of a kind; among fewer there is no usual length
UNUSUAL = 4.0  # robust deviations of the logarithm of the length
LEAST_LENGTH_FACTOR = 3  # and at least so many times longer or shorter than the middle one
STEM = 6  # letters: "insured" and "insurance" count as one word
WORD_LETTERS = 4
CANDIDATES = 8  # questions that an answer is compared with in full
COMMON_WORD = 50  # rows; a word of more questions tells none of them
# Of a question's words, by their weight: an answer that has so few of its own and so many of another's is misplaced.
OWN_SHARE, OTHER_SHARE = 0.25, 0.75
QUOTED_SHARE = 0.6  # of the answer's words that stand in its quote

YEAR = re.compile(r"(?<![\d./-])(?:19[89]\d|20\d\d)(?![\d/-])")
# A year in a law's name or a company's history does not pass.
TIMELESS = re.compile(
    r"(?:\b(?:act|law|code|regulation|directive|rule|founded|established|since|born|built|iso|din|en|no\.?|§+|©|"
    r"\w+gesetz|loi|ley)\b[^.;]{0,25}|[(/]\s*)$",
    re.I,
)
ENDS = re.compile(
    r"\b(?:until|till|valid|expires?|effective|as of|as at|deadline|by|through|before|price list|tariff|season|"
    r"currently|now|this year)\b[^.;]{0,30}$",
    re.I,
)
ELSEWHERE = re.compile(
    r"\b(?:see (?:above|below)|as (?:mentioned|discussed|agreed|explained) (?:above|before|earlier|by phone|on the "
    r"phone)|(?:please find )?attached|in my last (?:e-?mail|message)|as per my|the screenshot|click here|"
    r"see the attachment)\b",
    re.I,
)
UNFILLED = re.compile(
    r"\{\{?\s*\w+\s*\}?\}|<(?:name|date|amount|insert[^>]*)>|\[insert[^\]]*\]|\blorem ipsum\b|_{4,}", re.I
)
UNREADABLE = re.compile("\ufffd")
FOOTNOTE = re.compile(r"[.!?]\s?[\d, ]{1,6}$")
SENTENCE_WORDS = 8  # a shorter answer may be a phrase
SENTENCE_ENDS = (".", "!", "?", ":", ";", ")", "]", '"', "”", "’", "»", "…", "。", "|")


@dataclass(frozen=True)
class Doubt:
    """A row's reasons, the gravest first; `score` orders the rows and has no other meaning."""

    id: str
    score: float
    reasons: list[str]


@dataclass(frozen=True)
class _Sign:
    id: str
    weight: float
    reason: str


def doubts(examples: Sequence[Example], marks: Sequence[Mark] = (), *, year: int | None = None) -> list[Doubt]:
    """The rows in use that there is a reason to doubt, the most doubtful first; `year` is the present one."""
    numbers = {e.id: n for n, e in enumerate(examples, 1)}
    rows = [e for e in examples if e.status != "dropped"]
    said = standing(marks, rows)
    signs: defaultdict[str, list[_Sign]] = defaultdict(list)
    for found in (
        _marked(said),
        _contradicting(rows, numbers),
        _asked_twice(rows, numbers),
        _mismatched([e for e in rows if e.kind != "category"], numbers),
        _unusual_lengths(rows),
        _lonely_categories(rows),
        (sign for e in rows for sign in _in_itself(e, year or datetime.now(UTC).year)),
    ):
        for sign in found:
            signs[sign.id].append(sign)
    judged = [_judged(e, signs[e.id], said.get(e.id, {})) for e in rows if signs[e.id]]
    return sorted(judged, key=lambda d: (-d.score, numbers[d.id]))


def _judged(example: Example, signs: Sequence[_Sign], said: Mapping[str, Mark]) -> Doubt:
    heaviest = sorted(signs, key=lambda s: -s.weight)
    score = 1 - math.prod(1 - min(sign.weight, 0.99) for sign in heaviest)
    if said and all(m.mark == "good" for m in said.values()):
        score *= MARKED_GOOD
    elif any(reason.endswith(BY_YOU) for reason in example.reasons):
        score *= CHANGED_BY_HAND
    return Doubt(example.id, score, [sign.reason for sign in heaviest])


# --- what people and other rows say ----------------------------------------------------------------------------------


def _marked(said: Mapping[str, Mapping[str, Mark]]) -> Iterator[_Sign]:
    for row, marks in said.items():
        if divided(dict(marks)):
            yield _Sign(row, 0.97, f"{' and '.join(marks)} mark it differently")
        for mark in marks.values():
            if mark.mark != "good":
                why = f": {mark.comment}" if mark.comment else ""
                yield _Sign(row, 0.98 if mark.mark == "bad" else 0.6, f"{mark.reviewer} marked it {mark.mark}{why}")


def _contradicting(rows: Sequence[Example], numbers: Mapping[str, int]) -> Iterator[_Sign]:
    for conflict in find_conflicts(rows):
        for same in conflict.answers:
            others = [numbers[row] for row in conflict.ids if row not in same]
            yield from (_Sign(row, 0.9, f"{_rows(others)} the same question differently") for row in same)


def _rows(numbers: Sequence[int], *, most: int = 3) -> str:
    """As in "row 3 answers", "rows 3 and 5 answer"."""
    named = [f"{n:,}" for n in sorted(numbers)[:most]]
    if len(numbers) > most:
        named[-1] = f"{len(numbers) - most + 1} more"
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"row {listed} answers" if len(numbers) == 1 else f"rows {listed} answer"


def _asked_twice(rows: Sequence[Example], numbers: Mapping[str, int]) -> Iterator[_Sign]:
    """Questions that differ in nothing but function words and slips, with answers that are not the same."""
    places: defaultdict[str, list[Example]] = defaultdict(list)
    for example in rows:
        if len(example.messages) <= 3:
            places[normalised(example.question)].append(example)
    unique = list(places)
    for a, b, _ in near_pairs(unique):
        if not same_meaning(unique[a], unique[b]):
            continue
        for one, other in ((unique[a], unique[b]), (unique[b], unique[a])):
            twin = places[other][0]
            for example in places[one]:
                if normalised(example.answer) != normalised(twin.answer):
                    reason = f"row {numbers[twin.id]:,} asks nearly the same and is answered differently"
                    yield _Sign(example.id, 0.6, reason)


def _mismatched(rows: Sequence[Example], numbers: Mapping[str, int]) -> Iterator[_Sign]:
    """Answers without one telling word of their question that hold most of another's: a column that slipped."""
    asked = [_words(" ".join(m.content for m in e.messages[:-1] if m.role == "user")) for e in rows]
    answered = [_words(e.answer) for e in rows]
    asking: defaultdict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(asked):
        for word in words:
            asking[word].append(index)
    # A word of many questions tells none of them.
    asking = defaultdict(list, {w: f for w, f in asking.items() if len(f) <= max(2, min(COMMON_WORD, len(rows) // 4))})
    weight = {word: math.log(1 + len(rows) / len(found)) for word, found in asking.items()}
    asked = [words & weight.keys() for words in asked]
    whole = [sum(weight[word] for word in words) for words in asked]

    def share(index: int, words: set[str]) -> float:
        return sum(weight[word] for word in asked[index] & words) / whole[index]

    for index, example in enumerate(rows):
        if example.of_facts or not asked[index] or (own := share(index, answered[index])) > OWN_SHARE:
            continue
        held: defaultdict[int, float] = defaultdict(float)
        for word in answered[index] & weight.keys():
            for other in asking[word]:
                held[other] += weight[word]
        likely = sorted(held, key=lambda other: (-held[other], other))[:CANDIDATES]
        best = max(likely, key=lambda other: share(other, answered[index]), default=None)
        if best is not None and share(best, answered[index]) >= OTHER_SHARE:
            few, weighs = ("hardly a word", 0.45) if own else ("no word", 0.7)
            other = numbers[rows[best].id]
            reason = f"the answer has {few} of its question and fits that of row {other:,} better"
            yield _Sign(example.id, weighs, reason)


def _words(text: str) -> set[str]:
    """The stems of words that carry meaning."""
    words = normalised(text).split()
    return {w[:STEM] for w in words if len(w) >= WORD_LETTERS and w not in FUNCTION_WORDS and not w.isdigit()}


def _unusual_lengths(rows: Sequence[Example]) -> Iterator[_Sign]:
    by_kind: defaultdict[str, list[Example]] = defaultdict(list)
    for example in rows:
        by_kind[example.kind].append(example)
    for kind, found in by_kind.items():
        yield from _unusual(found, "question", lambda e: e.question)
        if kind != "category":
            yield from _unusual(found, "answer", lambda e: e.answer)


def _unusual(rows: Sequence[Example], what: str, text: Callable[[Example], str]) -> Iterator[_Sign]:
    """Texts far from the middle length of their kind, by the median absolute deviation (Iglewicz and Hoaglin 1993)."""
    if len(rows) < ROWS_TO_COMPARE:
        return
    lengths = [math.log(1 + len(text(e))) for e in rows]
    middle = median(lengths)
    spread = max(1.4826 * median(abs(length - middle) for length in lengths), 0.1)
    for example, length in zip(rows, lengths, strict=True):
        far = abs(length - middle)
        if far > max(UNUSUAL * spread, math.log(LEAST_LENGTH_FACTOR)):
            how = "long" if length > middle else "short"
            yield _Sign(example.id, 0.45, f"a very {how} {what}: {len(text(example)):,} characters")


def _lonely_categories(rows: Sequence[Example]) -> Iterator[_Sign]:
    labelled = [e for e in rows if e.kind == "category"]
    count = Counter(normalised(e.answer) for e in labelled)
    for example in labelled:
        if len(labelled) >= ROWS_TO_COMPARE and count[normalised(example.answer)] == 1:
            yield _Sign(example.id, 0.5, f"the only row of the category “{example.answer}”")


# --- what a row says by itself ---------------------------------------------------------------------------------------


def _in_itself(example: Example, year: int) -> Iterator[_Sign]:
    both = f"{example.question}\n{example.answer}"
    if UNREADABLE.search(both) or MOJIBAKE.search(both):
        yield _Sign(example.id, 0.6, "broken letters")
    if UNFILLED.search(both):
        yield _Sign(example.id, 0.6, "a gap that was never filled in")
    if example.kind != "category":
        yield from _in_the_answer(example, year)
    if HIDDEN in example.reasons:
        yield _Sign(example.id, 0.25, "personal data was replaced in it; see whether it still reads well")
    if example.kind in ("document", "rule", "term"):
        yield _Sign(example.id, 0.1, "made by a pattern; nobody wrote the question")
    if example.written:
        yield _Sign(example.id, 0.15, f"written by {example.written['model']}, a language model")
    for reason in example.reasons:
        if reason not in (HIDDEN, CONTRADICTION) and not WRITTEN.fullmatch(reason) and not reason.endswith(BY_YOU):
            yield _Sign(example.id, 0.35, reason)


def _in_the_answer(example: Example, year: int) -> Iterator[_Sign]:
    answer = example.answer.rstrip()
    if ELSEWHERE.search(answer):
        yield _Sign(example.id, 0.45, "the answer points at something the reader does not have")
    whole = answer.endswith(SENTENCE_ENDS) or FOOTNOTE.search(answer) or "\n" in answer or example.of_facts
    if len(answer.split()) >= SENTENCE_WORDS and not whole:
        yield _Sign(example.id, 0.3, "the answer seems to break off in the middle of a sentence")
    if old := _past_year(answer, year):
        yield _Sign(example.id, old[1], f"the answer speaks of {old[0]}; does it still hold?")
    quote = example.source.quote
    if quote and example.kind in ("document", "rule", "term"):
        words = _words(answer)
        if words and len(words & _words(quote)) < QUOTED_SHARE * len(words):
            yield _Sign(example.id, 0.5, "the answer says more than its quote")


def _past_year(text: str, year: int) -> tuple[str, float] | None:
    """The latest year in a text, if it has passed and is not part of a name; weighs more where it is a term's end."""
    found = [m for m in YEAR.finditer(text) if not TIMELESS.search(text[max(0, m.start() - 40) : m.start()])]
    if not found or max(int(m[0]) for m in found) >= year:
        return None
    last = max(found, key=lambda m: int(m[0]))
    return last[0], 0.55 if ENDS.search(text[max(0, last.start() - 45) : last.start()]) else 0.25
