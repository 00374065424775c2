"""Rows that ask the same and answer it differently. Which answer holds is for the user to say."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from finetune.data.duplicates import NEAR_QUESTION, Keys, cut_off, decisive, same_meaning
from finetune.data.grounding import stem
from finetune.data.meaning import own_words
from finetune.data.similarity import Sets, near_pairs
from finetune.example import MADE_KINDS, Example

# Answers to a question in other words are compared only where they speak of the same: this share of the smaller one's
# words stands in both. Below it, they may tell two things that are both true.
SAME_SUBJECT = 0.5
LONG_ANSWER = 60  # different words; longer ones always differ in some number
# The ways to ask what a thing costs and how long it takes, in normalised words: a price list's row and a sentence of a
# handbook ask in different ones.
ASKS_FIGURE = tuple(
    (kind, re.compile(rf"(?:so |and )?{words}(?: please)?"))
    for kind, words in (
        ("price", r"how much (?:is|are|does|do|would|will|for) (?P<thing>.+?)(?: costs?| be)?"),
        ("price", r"what (?:does|do|would|will) (?P<thing>.+?) cost"),
        ("price", r"what (?:is|are|s) (?:the|your) (?:prices?|costs?|fees?|charges?|rates?) (?:of|for) (?P<thing>.+?)"),
        ("time", r"how long (?:does|do|will|would|is|are) (?P<thing>.+?)(?: takes?| lasts?)?"),
        ("time", r"what (?:is|s) the (?:duration|length) of (?P<thing>.+?)"),
    )
)
ARTICLE = re.compile(r"(?:an?|the|your|our|my|one) ")
AMOUNT = re.compile(
    r"(?<=[£$€])\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)?(?=\s?(?:[£$€]|euros?\b|dollars?\b|pounds?\b))"
)
NO_THING = frozenset({"it", "this", "that", "they", "these", "those", "everything", "i", "you", "we"})
MOST_COMPARED = 30  # different answers to one such question


@dataclass(frozen=True)
class Conflict:
    """One question and its different answers: for each answer the ids of the rows that give it."""

    answers: tuple[tuple[str, ...], ...]

    @property
    def ids(self) -> list[str]:
        return [each for ids in self.answers for each in ids]


def find_conflicts(examples: Sequence[Example], meant: Iterable[tuple[int, int]] = ()) -> list[Conflict]:
    """Conflicts among the rows in use, in their order.

    The questions are equal, or nearly so and differ in nothing that matters; or they ask in other words what a thing
    costs or how long it takes, and the answers' numbers differ. `meant` are pairs of indices whose
    questions mean the same in other words: they conflict only where their answers speak of the same and differ in
    numbers or in a negation.
    """
    places = [i for i, e in enumerate(examples) if e.status != "dropped" and len(e.messages) <= 3]
    rows = [examples[i] for i in places]
    keys = Keys(rows)
    sets = Sets(len(rows))
    first: dict[str, int] = {}
    for i, question in enumerate(keys.questions):
        sets.join(first.setdefault(question, i), i)
    unique = list(first)
    for a, b, _ in near_pairs(unique, NEAR_QUESTION):
        if same_meaning(unique[a], unique[b]):
            sets.join(first[unique[a]], first[unique[b]])
    for same in _same_figure_asked(keys):
        for a, b in _at_odds(same, keys):
            sets.join(a, b)
    place_of = {index: i for i, index in enumerate(places)}
    for one, other in meant:
        if one in place_of and other in place_of:
            a, b = place_of[one], place_of[other]
            if not any(own_words(keys, a, b)) and contrary(keys.answers[a], keys.answers[b]):
                sets.join(a, b)
    conflicts = []
    for group in sets.groups():
        if all(rows[i].kind in MADE_KINDS for i in group):
            continue  # our own wording is not for the user to settle
        if len(group) > 1 and len(different := _by_answer(group, keys)) > 1:
            conflicts.append(Conflict(tuple(tuple(rows[i].id for i in same) for same in different)))
    return conflicts


def figure_asked(question: str) -> str | None:
    """What a question (normalised) asks the price or the time of: "price home visit"; None for any other question."""
    for kind, pattern in ASKS_FIGURE:
        if match := pattern.fullmatch(question):
            thing = ARTICLE.sub("", match["thing"], count=1)
            return None if thing in NO_THING else " ".join([kind, *map(stem, thing.split())])
    return None


def _same_figure_asked(keys: Keys) -> Iterator[list[int]]:
    """The rows that ask the same price or time in different words."""
    asked: defaultdict[str, list[int]] = defaultdict(list)
    for i, question in enumerate(keys.questions):
        if (figure := figure_asked(question)) is not None:
            asked[figure].append(i)
    return (rows for rows in asked.values() if len({keys.questions[i] for i in rows}) > 1)


def _at_odds(rows: Sequence[int], keys: Keys) -> Iterator[tuple[int, int]]:
    """Pairs of rows whose answers give different figures, and those that give one of these answers, too."""
    first: dict[str, int] = {}
    for i in rows:
        if (known := first.setdefault(keys.answers[i], i)) != i:
            yield known, i
    different = list(first.values())[:MOST_COMPARED]
    for place, a in enumerate(different):
        yield from ((a, b) for b in different[place + 1 :] if _figures_differ(a, b, keys))


def _figures_differ(a: int, b: int, keys: Keys) -> bool:
    """Whether two answers name other amounts of money, or other numbers where one of them names no amount."""
    one, other = _amounts(keys.cores[a]), _amounts(keys.cores[b])
    if one and other:
        return bool(one - other and other - one)
    return contrary(keys.answers[a], keys.answers[b])


def _amounts(answer: str) -> set[str]:
    return {amount.strip().replace(",", "").removesuffix(".00") for amount in AMOUNT.findall(answer)}


def _by_answer(group: list[int], keys: Keys) -> list[list[int]]:
    """The rows of one question, those with the same answer together."""
    different: list[list[int]] = []
    for i in group:
        for same in different:
            if keys.same_answer(same[0], i) or cut_off(keys.cores[same[0]], keys.cores[i]):
                same.append(i)
                break
        else:
            different.append([i])
    return different


def contrary(one: str, other: str) -> bool:
    """Whether two answers (normalised) about the same differ in a number or a negation."""
    left, right = set(one.split()), set(other.split())
    if max(len(left), len(right)) > LONG_ANSWER:
        return False
    if len(left & right) < SAME_SUBJECT * min(len(left), len(right)):
        return False
    said, also = set(decisive(one)), set(decisive(other))
    numbers, other_numbers = ({word for word in each if word.isdigit()} for each in (said, also))
    if numbers or other_numbers:
        return bool(numbers - other_numbers) and bool(other_numbers - numbers)
    return bool(said) != bool(also)
