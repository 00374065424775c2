"""Rows that ask the same and answer it differently. Which answer holds is for the user to say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finetune.data.duplicates import NEAR_QUESTION, Keys, cut_off, decisive, same_meaning
from finetune.data.meaning import own_words
from finetune.data.similarity import Sets, near_pairs
from finetune.example import MADE_KINDS, Example

# Answers to a question in other words are compared only where they speak of the same: this share of the smaller one's
# words stands in both. Below it, they may tell two things that are both true.
SAME_SUBJECT = 0.5
LONG_ANSWER = 60  # different words; longer ones always differ in some number


@dataclass(frozen=True)
class Conflict:
    """One question and its different answers: for each answer the ids of the rows that give it."""

    answers: tuple[tuple[str, ...], ...]

    @property
    def ids(self) -> list[str]:
        return [each for ids in self.answers for each in ids]


def find_conflicts(examples: Sequence[Example], meant: Iterable[tuple[int, int]] = ()) -> list[Conflict]:
    """Conflicts among the rows in use, in their order.

    The questions are equal, or nearly so and differ in nothing that matters. `meant` are pairs of indices whose
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
