"""Conversations about a passage, made by code from running text.

The answer is always the passage's own words, a fixed sentence that says it is not there, or a choice that was offered.
Where it can be, it begins with words of the question: a small model that has them goes on with what follows them in the
passage (see `circuit`), while finding an answer's first word from nothing takes many times the tokens that it is given.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from finetune.data.from_documents.questions import question_from_sentence
from finetune.data.from_documents.sentences import sentences
from finetune.pretrain.corpus import Conversation, Document

NOT_SAID = "The passage does not say."
# What a rule may ask to be said instead; the model is to say what it was told to.
SAID_INSTEAD = (
    NOT_SAID,
    "I do not know.",
    "That is not in the text.",
    "I cannot find that here.",
    "Please ask our team.",
    "There is nothing about that in the passage.",
)
PASSAGES_PER_DOCUMENT = 5
PASSAGE_CHARACTERS = (200, 800)
SENTENCE_CHARACTERS = (30, 300)
MOST_TURNS = 4  # of a conversation about one passage: the passage is read once for all of them
WINDOW_WORDS = 7  # shown on each side of a gap
WORDS_SAID = 5  # at least, from a phrase that is asked about to the end of its sentence

_COMMON = frozenset(
    """
    about above after again against among because been before being below between both cannot could does doing down
    during each either from further have having here into itself many more most much must only other over own same
    should since some such than that their them then there these they this those through under until upon very were
    what when where which while whom will with would your shall also may can not are was has had the and for but its
    his her our out one two all any how who use used using well like make made it he she we you
    """.split()  # noqa: SIM905 (a hundred quoted words read worse)
)
_WORD_PAIR = re.compile(r"\b(?=([A-Za-z][a-z]{3,}) ([a-z]{4,})\b)")
_LONG_WORD = re.compile(r"[A-Za-z]{5,}")
_NUMBER = re.compile(r"(?<![\w.,])\$?\d[\d,.]*\d%?(?!\w)|(?<![\w.,])\d(?!\w)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_IS_A = re.compile(r"(?:An? |The )?([A-Za-z][A-Za-z -]{2,40}?) (?:is|are) (?:an? |the )")
_SERIES = re.compile(r"([A-Za-z][\w’' -]{2,40}), ([\w’' -]{3,40}),? (?:and|or) ([\w’' -]{3,40})[.,;]")
_SERIES_START = re.compile(r".*\b(?:such as|including|includes?|like|are|of|into|for|by|with|has|have|to|the|as)\s+")


@dataclass(frozen=True)
class Turn:
    task: str
    question: str
    answer: str


@dataclass(frozen=True)
class Place:
    """A passage with what a question about it may need: one from the same document, one from another."""

    sentences: list[str]
    same_document: list[str]
    elsewhere: list[str]
    names: frozenset[str]

    @property
    def passage(self) -> str:
        return " ".join(self.sentences)


Maker = Callable[[Place, random.Random], Turn | None]


def passage_conversations(documents: list[Document], random_: random.Random) -> Iterator[Conversation]:
    """Of a document that is seen, conversations of up to four turns; of a held-out one, one of each task a passage."""
    elsewhere = ["The monthly parking permit is sold at the town hall from Monday to Friday."]
    for document in documents:
        names = _names(document.text)
        passages = _passages(document.text)
        random_.shuffle(passages)
        for number, passage in enumerate(passages if document.held_out else passages[:PASSAGES_PER_DOCUMENT]):
            other = passages[number - 1] if len(passages) > 1 else []
            place = Place(passage, other, elsewhere, names)
            if document.held_out:
                for maker in SHARES:
                    if turn := maker(place, random_):
                        yield _about(place.passage, [turn], random_, held_out=True)
            elif turns := _turns(place, random_):
                yield _about(place.passage, turns, random_, held_out=False)
            elsewhere = passage
        if passages and (titled := _title(document, passages, random_)):
            yield titled


def _turns(place: Place, random_: random.Random) -> list[Turn]:
    """One to four different turns, each kind drawn by its share."""
    wanted = random_.randint(1, MOST_TURNS)
    found: dict[str, Turn] = {}
    for maker in random_.choices(list(SHARES), list(SHARES.values()), k=2 * MOST_TURNS):
        turn = maker(place, random_)
        if turn and len(found) < wanted:
            found.setdefault(turn.question, turn)
    return list(found.values())


def _asked(place: Place, random_: random.Random) -> Turn | None:
    """A question by a grammar pattern; the answer is the sentence it was made from."""
    for sentence in random_.sample(place.sentences, len(place.sentences)):
        if question := question_from_sentence(sentence, place.names):
            return Turn("quote", question, sentence)
    return None


def _named_in(place: Place, random_: random.Random) -> Turn | None:
    """What is said about two neighbouring words that one sentence alone has: the sentence from there on."""
    sentence = random_.choice(place.sentences)
    phrase = _phrase(sentence, random_)
    if not phrase or sum(phrase.lower() in each.lower() for each in place.sentences) != 1:
        return None
    said = sentence[sentence.index(phrase) :]
    if len(said.split()) < WORDS_SAID:
        return None
    return Turn("quote", _about_phrase(phrase, random_), said)


def _begins(place: Place, random_: random.Random) -> Turn | None:
    sentence = random_.choice(place.sentences)
    words = sentence.split()
    if len(words) < 6:
        return None
    if sentence == place.sentences[0] and random_.random() < 0.5:
        return Turn("quote", "Quote the first sentence.", sentence)
    return Turn("quote", f"Which sentence begins with “{' '.join(words[: random_.randint(2, 4)])}”?", sentence)


def _gap(place: Place, random_: random.Random) -> Turn | None:
    """A few words of a sentence with a number, a name or a telling phrase left out.

    The answer is what is missing, behind the word before it.
    """
    sentence = random_.choice(place.sentences)
    for pattern in random_.sample((_NUMBER, _NAME), 2):
        if found := [match[0] for match in pattern.finditer(sentence)]:
            missing = random_.choice(found)
            break
    else:
        missing = _phrase(sentence, random_) or ""
    if not missing or sentence.count(missing) != 1:
        return None
    words = sentence.replace(missing, "___").split()
    place_of = next((number for number, word in enumerate(words) if word.startswith("___")), 0)
    if not place_of:
        return None
    shown = " ".join(words[max(0, place_of - WINDOW_WORDS) : place_of + WINDOW_WORDS + 1])
    question = random_.choice(
        (
            "Fill in the gap, with the word before it: “{}”",
            "What is missing here? Begin one word before. “{}”",
            "Which words belong in “{}”? Say the word before them, too.",
        )
    )
    return Turn("gap", question.format(shown), f"{words[place_of - 1]} {missing}")


def _absent(place: Place, random_: random.Random) -> Turn | None:
    """A question of the same kinds that another passage answers and this one does not."""
    source = place.same_document if place.same_document and random_.random() < 0.5 else place.elsewhere
    asked = (_asked, _named_in)[random_.random() < 0.5](replace(place, sentences=source), random_)
    if not asked:
        return None
    telling = {word.lower() for word in _LONG_WORD.findall(asked.question)} - _COMMON - {"passage"}
    here = place.passage.lower()
    if not telling or sum(word in here for word in telling) > len(telling) / 2 or asked.answer in place.passage:
        return None
    return Turn("not said", asked.question, NOT_SAID)


def _statement(place: Place, random_: random.Random) -> Turn | None:
    """Whether the passage says a sentence: one of its own, or one of another passage."""
    said = random_.random() < 0.5
    other = place.same_document if place.same_document and random_.random() < 0.5 else place.elsewhere
    sentence = random_.choice(place.sentences if said else other)
    answer = "Yes, the passage says that." if said else "No, the passage does not say that."
    return Turn("yes or no", f"Does the passage say this? “{sentence}”", answer)


def _explained(place: Place, random_: random.Random) -> Turn | None:
    """A term that a sentence says what it is."""
    for sentence in place.sentences:
        match = _IS_A.match(sentence)
        if not match or len(match[1].split()) > 3 or match[1].split()[0].lower() in _COMMON:
            continue
        term = match[1]
        if random_.random() < 0.5:
            value = json.dumps({"term": term, "sentence": sentence}, ensure_ascii=False)
            return Turn("JSON", "Write JSON with the keys term and sentence for the term that is explained.", value)
        return Turn("term", random_.choice(("Which term does the passage explain?", "What is explained here?")), term)
    return None


def _series(place: Place, random_: random.Random) -> Turn | None:
    """Three things that a sentence names, as a list."""
    for sentence in place.sentences:
        match = _SERIES.search(sentence)
        if not match:
            continue
        items = [_SERIES_START.sub("", match[1]), match[2], match[3]]
        if any(not 1 <= len(item.split()) <= 5 for item in items) or items[0].lower() in _COMMON:
            continue
        items = [item.strip() for item in items]
        question = random_.choice(
            (f"It names {items[0]} and two more. List the three.", f"Make a list of three that begins with {items[0]}.")
        )
        return Turn("list", question, "\n".join(f"- {item}" for item in items))
    return None


# How often each kind is tried. Answered and not answered come out about even.
SHARES: dict[Maker, float] = {
    _asked: 4,
    _named_in: 3,
    _begins: 1.5,
    _absent: 4,
    _gap: 5,
    _statement: 2.5,
    _explained: 2,
    _series: 4,
}


def _title(document: Document, passages: list[list[str]], random_: random.Random) -> Conversation | None:
    if not 2 <= len(document.title.split()) <= 9:
        return None
    passage = next((" ".join(each) for each in passages if each[0] in document.text[:1500]), None)
    if not passage:
        return None
    question = random_.choice(("Give this passage a title.", "Write a short title.", "What would be a good headline?"))
    return _about(passage, [Turn("title", question, document.title)], random_, held_out=document.held_out)


def _passages(text: str) -> list[list[str]]:
    """Runs of whole sentences within one paragraph; headings and lists are left out."""
    shortest, longest = PASSAGE_CHARACTERS
    found: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith(("#", "-", "*", "|")) or len(line) < shortest:
            continue
        run: list[str] = []
        for sentence in sentences(line):
            if not SENTENCE_CHARACTERS[0] <= len(sentence) <= SENTENCE_CHARACTERS[1]:
                continue
            if sum(map(len, run)) + len(sentence) > longest:
                found.append(run)
                run = []
            run = [*run, sentence]
        found.append(run)
    return [run for run in found if len(run) > 1 and sum(map(len, run)) >= shortest]


def _names(text: str) -> frozenset[str]:
    """Words the document writes with a capital in the middle of a sentence."""
    return frozenset(word for found in _NAME.findall(text) for word in found.split())


def _phrase(sentence: str, random_: random.Random) -> str | None:
    """Two neighbouring words that carry meaning, or None where the sentence has none."""
    pairs = [match.groups() for match in _WORD_PAIR.finditer(sentence)]
    telling = [" ".join(pair) for pair in pairs if not _COMMON.intersection(word.lower() for word in pair)]
    return random_.choice(telling) if telling else None


def _about_phrase(phrase: str, random_: random.Random) -> str:
    form = random_.choice(
        ("What does the passage say about {}?", "What is said about {}?", "What do we know about {}?", "What about {}?")
    )
    return form.format(phrase)


def about_passage(
    task: str, passage: str, question: str, answer: str, random_: random.Random, *, held_out: bool
) -> Conversation:
    """One question on a passage with its answer."""
    return _about(passage, [Turn(task, question, answer)], random_, held_out=held_out)


def _about(passage: str, turns: list[Turn], random_: random.Random, *, held_out: bool) -> Conversation:
    """Questions on a passage, which stands in the system message or with the first question."""
    instead = random_.choice(SAID_INSTEAD) if random_.random() < 0.4 else NOT_SAID
    rule = random_.choice(
        (
            f"Answer from the passage only. If it is not there, say: {instead}",
            f"Use only the passage. If it does not answer, say: {instead}",
            f"Answer with the passage's own words, or say: {instead}",
        )
    )
    first = turns[0].question
    opening: list[tuple[str, str]] = [("system", rule), ("user", f"{passage}\n\n{first}")]
    layout = random_.randrange(5)
    if layout <= 1:
        opening = [("system", f"{rule}\n\nPassage: {passage}"), ("user", first)]
    elif layout == 2:
        opening = [("user", f"{rule}\n\nPassage: {passage}\n\nQuestion: {first}")]
    elif layout == 3 and instead == NOT_SAID:  # without a rule the usual sentence is said
        opening = [("user", f"{first}\n\n{passage}")]
    messages = [*opening]
    for number, turn in enumerate(turns):
        if number:
            messages.append(("user", turn.question))
        messages.append(("assistant", instead if turn.task == "not said" else turn.answer))
    return Conversation(turns[-1].task, tuple(messages), held_out)
