"""Rows that ask the same and answer it differently. Which answer holds is for the user to say."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from finetune.data.duplicates import NEAR_QUESTION, Keys, cut_off, decisive, same_meaning
from finetune.data.figures import Figures, Wanted, at_odds, figure_asked, figures_given
from finetune.data.meaning import own_words
from finetune.data.similarity import Sets, near_pairs
from finetune.example import MADE_KINDS, Example

# Answers to a question in other words are compared only where they speak of the same: this share of the smaller one's
# words stands in both. Below it, they may tell two things that are both true.
SAME_SUBJECT = 0.5
LONG_ANSWER = 60  # different words; longer ones always differ in some number
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

    The questions are equal, or nearly so and differ in nothing that matters; or they ask in other words for
    one figure of a thing, such as its price, and the answers give different ones. `meant` are pairs of indices whose
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
    figures = _AskedFigures(rows, keys)
    for a, b in figures.at_odds():
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
        if len(group) > 1 and len(different := _by_answer(group, keys, figures)) > 1:
            conflicts.append(Conflict(tuple(tuple(rows[i].id for i in same) for same in different)))
    return conflicts


class _AskedFigures:
    """The rows that ask for a figure, and what their answers give."""

    def __init__(self, rows: Sequence[Example], keys: Keys) -> None:
        self.rows, self.keys = rows, keys
        self.wanted = [figure_asked(question) for question in keys.questions]
        self._given: dict[int, Figures] = {}

    def at_odds(self) -> Iterator[tuple[int, int]]:
        """Pairs of rows that ask for one figure in different words and get another one, and rows that give one of
        these answers, too."""
        asked: defaultdict[Wanted, list[int]] = defaultdict(list)
        for i, wanted in enumerate(self.wanted):
            if wanted:
                asked[wanted].append(i)
        for rows in asked.values():
            if len({self.keys.questions[i] for i in rows}) > 1:
                yield from self.differing(rows)

    def differing(self, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
        first: dict[str, int] = {}
        for i in rows:
            if (known := first.setdefault(self.keys.answers[i], i)) != i:
                yield known, i
        for a, b in combinations(islice(first.values(), MOST_COMPARED), 2):
            if not self._of_one_line(a, b) and at_odds(self.given(a), self.given(b)):
                yield a, b

    def agree(self, a: int, b: int) -> bool:
        """Whether the answers to one figure asked for in different words give the same."""
        keys = self.keys
        if self.wanted[a] is None or self.wanted[a] != self.wanted[b] or keys.questions[a] == keys.questions[b]:
            return False
        given = self.given(a)
        return bool(given.given) and given == self.given(b) and not contrary(keys.answers[a], keys.answers[b])

    def given(self, i: int) -> Figures:
        wanted = self.wanted[i]
        assert wanted is not None
        if i not in self._given:
            self._given[i] = figures_given(wanted.kind, self.keys.questions[i], self.keys.cores[i])
        return self._given[i]

    def _of_one_line(self, a: int, b: int) -> bool:
        """Two columns of a table, such as what a thing costs to buy and its price, are two facts."""
        one, other = self.rows[a].source, self.rows[b].source
        return one.row is not None and (one.file, one.page, one.row) == (other.file, other.page, other.row)


def _by_answer(group: list[int], keys: Keys, figures: _AskedFigures) -> list[list[int]]:
    """The rows of one question, those with the same answer together."""
    different: list[list[int]] = []
    for i in group:
        for same in different:
            if (
                keys.same_answer(same[0], i)
                or cut_off(keys.cores[same[0]], keys.cores[i])
                or all(figures.agree(each, i) for each in same[:MOST_COMPARED])
            ):
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
