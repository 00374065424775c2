"""Rows that say the same thing: exactly, or nearly. For the comparison of letters see similarity.py."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from finetune.data.clean import normalised
from finetune.data.document import words
from finetune.data.frames import asked, core_of, repeated_sentences
from finetune.data.similarity import NEAR, Sets, contained, jaccard, near_pairs
from finetune.example import Example

# A slip of the pen leaves no more of a short question. Two questions about different things in one mould ("What are the
# symptoms of …?") reach this too: what they differ in settles it, and their answers.
NEAR_QUESTION = 0.5
# A copy that was cut off or turned round keeps this much of question and answer together.
NEAR_WHOLE = 0.6
# Of an answer that stands within another one, so much is found there; a changed word leaves less.
CONTAINED = 0.95
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
NEGATIONS = words(
    "not no never without none cannot nor isn aren don doesn won nicht kein keine nie ohne sin nunca sans pas"
)
FUNCTION_WORDS = words(
    """
    a an the is are am was be been do does did can could will would should may might please i my me we our you your
    it its
    to of in on at for by with from and or so that this there here any some yet still just also already now then really
    very possibly actually ve m s d ll re what which have has had if about hi hello hey thanks thank
    thx cheers pls plz asap urgent urgently tell know want need
    """
)
# Words for numbers, so that "thirty days" and "30 days" agree; "one" is left out: it counts nothing in "the one".
NUMBER_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90", "hundred": "100",
}  # fmt: skip
# Below this length an answer ("Yes.", a category) says nothing about where a row comes from.
TELLING_CHARACTERS = 40
# An answer that goes on where another one ends is the whole of a cut one, from this many shared words on.
CUT_WORDS = 6


@dataclass(frozen=True)
class Cluster:
    """Rows that say the same; the first is the one to keep."""

    ids: tuple[str, ...]
    exact: bool


def find_duplicates(examples: Sequence[Example]) -> list[Cluster]:
    """Clusters of rows whose question and answer are both the same or nearly the same.

    The questions may differ in function words, word order and slips of the pen only, and numbers and negations must
    agree: "within 30 days" and "within 60 days" are no duplicates. Approved rows come first in a cluster, then rows
    whose answer is whole where another's is cut off, then the order given.
    """
    order = sorted(range(len(examples)), key=lambda i: (examples[i].status != "approved", i))
    rows = [examples[i] for i in order]
    keys = Keys(rows)
    first: dict[tuple[str, str], int] = {}
    exact: defaultdict[int, list[int]] = defaultdict(list)
    for position, key in enumerate(zip(keys.questions, keys.answers, strict=True)):
        exact[first.setdefault(key, position)].append(position)
    joined = _join_near(rows, keys, list(exact))
    clusters = []
    for group in joined:
        members = [position for head in group for position in exact[head]]
        if len(members) > 1:
            clusters.append(Cluster(tuple(rows[m].id for m in members), exact=len(group) == 1))
    return clusters


def _join_near(rows: Sequence[Example], keys: "Keys", heads: list[int]) -> list[list[int]]:
    """The heads of each cluster, the one to keep first."""
    sets = Sets(len(heads))
    cut: set[int] = set()
    wholes = [f"{keys.questions[head]} {keys.answers[head]}" for head in heads]
    asked = near_pairs([keys.questions[head] for head in heads], NEAR_QUESTION)
    for a, b, similar in chain(asked, near_pairs(wholes, NEAR_WHOLE)):
        one, other = heads[a], heads[b]
        # Messages of one category share their answer, so it settles nothing, and variants are what a model needs.
        if similar < NEAR and "category" in (rows[one].kind, rows[other].kind):
            continue
        if not same_meaning(keys.questions[one], keys.questions[other]):
            continue
        if shorter := cut_off(keys.cores[one], keys.cores[other]):
            cut.add(a if shorter is keys.cores[one] else b)
        elif not keys.same_answer(one, other):
            continue
        sets.join(a, b)
    groups = [
        sorted(group, key=lambda h: (rows[heads[h]].status != "approved", h in cut, h)) for group in sets.groups()
    ]
    return [[heads[h] for h in group] for group in groups]


class Keys:
    """What of each row is compared, made once for all comparisons."""

    def __init__(self, examples: Sequence[Example]) -> None:
        spelt = [e.answer for e in examples if e.kind != "category"]
        repeated = repeated_sentences(spelt, normalised)
        self.questions = [compared(asked(_context(e))) for e in examples]
        self.cores = [core_of(e.answer, repeated, normalised) for e in examples]
        self.answers = [compared(core) for core in self.cores]

    def same_answer(self, a: int, b: int) -> bool:
        """Whether two rows' answers say the same: they agree in numbers and negations, and differ in slips of the pen,
        or in few words none of which stands in another's place: "paid to the card" and "paid to the bank" do not."""
        one, other = self.answers[a], self.answers[b]
        if one == other:
            return True
        if decisive(one) != decisive(other):
            return False
        left, right = unshared(one, other)
        return not (left or right) or (not (left and right) and jaccard(one, other) >= NEAR)


def compared(text: str) -> str:
    """Normalised, numbers in digits: "Within thirty days" and "within 30 days." are equal."""
    joined = THOUSANDS.sub("", text)
    return " ".join(NUMBER_WORDS.get(word, word) for word in normalised(joined).split())


def related_groups(examples: Sequence[Example], meant: Iterable[tuple[int, int]] = ()) -> list[int]:
    """A group number for each row; rows with nearly the same question, or nearly the same telling answer, share one.

    Rows of one group must stand on the same side of a split, or the test would ask what was trained. `meant` are pairs
    of indices that say the same in other words.
    """
    sets = Sets(len(examples))
    keys = Keys(examples)
    telling = [
        answer if len(answer) >= TELLING_CHARACTERS and e.kind not in ("category", "refusal") else ""
        for e, answer in zip(examples, keys.answers, strict=True)
    ]
    for texts, related in ((keys.questions, same_meaning), (telling, _answers_alike)):
        places: defaultdict[str, list[int]] = defaultdict(list)
        for i, text in enumerate(texts):
            if text:
                places[text].append(i)
        for same in places.values():
            for other in same[1:]:
                sets.join(same[0], other)
        unique = list(places)
        for a, b, similar in near_pairs(unique, NEAR_WHOLE):
            if similar >= NEAR or related(unique[a], unique[b]):
                sets.join(places[unique[a]][0], places[unique[b]][0])
    for a, b in meant:
        sets.join(a, b)
    return [sets.root(i) for i in range(len(examples))]


def _answers_alike(one: str, other: str) -> bool:
    """One answer stands in the other, as where it was cut off or put between other sentences."""
    return contained(one, other) >= CONTAINED


def _context(example: Example) -> str:
    """Everything before the answer: in a conversation, the last question alone does not say what is asked."""
    return " ".join(m.content for m in example.messages[:-1] if m.role != "system")


def decisive(text: str) -> list[str]:
    """Words that turn an answer's meaning though they hardly change its letters."""
    return sorted(word for word in text.split() if word.isdigit() or word in NEGATIONS)


def same_meaning(one: str, other: str) -> bool:
    """Whether two nearly equal questions (normalised) differ in nothing but function words and slips of the pen.

    "Hepatitis A" and "hepatitis B", or "in adults" and "in children", look alike and ask different things.
    """
    left, right = unshared(one, other)
    return not (left or right)


def unshared(one: str, other: str) -> tuple[list[str], list[str]]:
    """The words of each text (normalised) that the other one lacks, function words and slips of the pen aside."""
    left, right = Counter(one.split()), Counter(other.split())
    missing = list((right - left).elements())
    unpaired = []
    for word in (left - right).elements():
        twin = next((m for m in missing if _slip(word, m)), None)
        if twin is None:
            unpaired.append(word)
        else:
            missing.remove(twin)
    return [w for w in unpaired if w not in FUNCTION_WORDS], [w for w in missing if w not in FUNCTION_WORDS]


def _slip(one: str, other: str) -> bool:
    """The same letters but for two at most, in words of four letters and more without digits."""
    if one[0] != other[0] or abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < 4:
        return False
    shared = sum(min(one.count(letter), other.count(letter)) for letter in set(one))
    return len(one) + len(other) - 2 * shared <= 2 and not any(map(str.isdigit, one + other))


def cut_off(one: str, other: str) -> str | None:
    """The answer that was cut off, where one (as written) is the beginning of the other and long enough to tell; a
    whole sentence counts only where the other one goes on with a new one."""
    short, long = sorted((" ".join(one.split()), " ".join(other.split())), key=len)
    bare = short.rstrip(" .…").removesuffix("[")
    if len(short) == len(long) or len(bare.split()) < CUT_WORDS or not long.casefold().startswith(bare.casefold()):
        return None
    goes_on = long[len(bare) :].lstrip()
    if short.endswith((".", "!", "?")) and not goes_on.startswith((".", "!", "?")):
        return None
    return one if len(" ".join(one.split())) == len(short) else other
