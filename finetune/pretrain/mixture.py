"""What the starter model reads beside running text: conversations made from the corpus by code.

Each kind is told apart by its task; what is made from a held-out row is held out. See `passage_tasks` and `made_up`.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from finetune.data.from_documents.sentences import sentences
from finetune.pretrain.corpus import Conversation, Document, is_held_out, read_rows
from finetune.pretrain.made_up import by_rule, conversation, declined, everyday, fields, looked_up
from finetune.pretrain.passage_tasks import NOT_SAID, about_passage, passage_conversations

ANSWER_CHARACTERS = 450  # longer answers are cut at a sentence's end, so that every conversation shows how one ends
# Made-up kinds, as parts of all others: enough to learn their form, too few to crowd out real text.
SHARES = {everyday: 0.03, by_rule: 0.03, fields: 0.06, looked_up: 0.06}
DECLINED_SHARE = 0.08


def make_conversations(corpus: Path, documents: list[Document], seed: int) -> list[Conversation]:
    """All conversations of the mixture, shuffled; the same for the same corpus and seed."""
    random_ = random.Random(seed)
    rows = list(read_rows(corpus / "questions.jsonl.xz"))
    made = [
        *_from_questions(rows, random_),
        *_choose_terms([row for row in rows if row["kind"] == "definition"], random_),
        *_choose_subjects(documents, random_),
        *passage_conversations(documents, random_),
    ]
    number = len(made)
    for make, share in SHARES.items():
        made.extend(make(random_) for _ in range(round(share * number)))
    ordinary = [each for each in made[:number] if each.task in ("definition", "question") and not each.held_out]
    for _ in range(round(DECLINED_SHARE * number) if ordinary else 0):
        asked = random_.choice(ordinary)
        made.append(declined(random_, (asked.messages[-2][1], _shorten(asked.answer, 200))))
    random_.shuffle(made)
    return made


def _from_questions(rows: list[dict[str, Any]], random_: random.Random) -> Iterator[Conversation]:
    terms = [row for row in rows if row["kind"] == "definition"]
    for row in rows:
        held_out = is_held_out(row["source"], row["title"])
        answer = _shorten(row["answer"].strip())
        question = " ".join(row["question"].split()).replace(" ?", "?")
        if not answer or len(question) > 1000:
            continue
        if row["kind"] != "definition":
            yield conversation(row["kind"], question, answer, held_out, random_)
            if (aspect := _aspect(question)) and random_.random() < 0.4:
                yield _sort_message(question, aspect, list(ASPECTS), held_out, random_)
            continue
        meaning = _sentence_case(answer)
        form = random_.choice(("What is {}?", "What does “{}” mean?", "Define {}.", "Explain the term {}.", "{}?"))
        yield conversation("definition", form.format(question), meaning, held_out, random_)
        if random_.random() < 0.25:
            yield _glossary(row, random_.sample(terms, min(3, len(terms))), held_out, random_)


def _glossary(
    row: dict[str, Any], others: list[dict[str, Any]], held_out: bool, random_: random.Random
) -> Conversation:
    """A short list of terms in the question; the answer is the line of one of them, or that it is not there."""
    missing = random_.random() < 0.3
    entries = [other for other in others if other["question"] != row["question"]] + ([] if missing else [row])
    random_.shuffle(entries)
    passage = "\n".join(f"{entry['question']}: {_shorten(entry['answer'], 250)}" for entry in entries)
    answer = NOT_SAID if missing else f"{row['question']}: {_shorten(row['answer'], 250)}"
    question = f"What does “{row['question']}” mean?"
    task = "not said" if missing else "glossary"
    return about_passage(task, passage, question, answer, random_, held_out=held_out)


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
    return conversation("category", asked, category, held_out, random_)


# Passages of the documents

# Words that carry no meaning of their own, in the lengths a phrase may have.


def _choose_terms(terms: list[dict[str, Any]], random_: random.Random) -> Iterator[Conversation]:
    """Which of a few terms a meaning belongs to."""
    names = sorted({row["question"] for row in terms})
    for row in random_.sample(terms, len(terms) // 3):
        meaning = _sentence_case(_shorten(row["answer"], 250))
        yield _sort_message(meaning, row["question"], names, is_held_out(row["source"], row["title"]), random_)


def _choose_subjects(documents: list[Document], random_: random.Random) -> Iterator[Conversation]:
    """Which textbook's subject a paragraph belongs to."""
    books = [document for document in documents if document.source.startswith("openstax/")]
    subjects = sorted({_subject_of(document.source) for document in books})
    for document in books if len(subjects) > 3 else []:
        lines = [line for line in document.text.split("\n") if 80 < len(line) < 600 and not line.startswith("#")]
        for line in random_.sample(lines, min(len(lines), 12 if document.held_out else 1)):
            yield _sort_message(line, _subject_of(document.source), subjects, document.held_out, random_)


def _subject_of(source: str) -> str:
    return source.removeprefix("openstax/").removesuffix("-bundle").replace("-", " ")


def _shorten(text: str, longest: int = ANSWER_CHARACTERS) -> str:
    """Whole sentences up to `longest` characters, or the first sentence where that alone is longer."""
    kept = ""
    for sentence in sentences(" ".join(text.split())):
        if kept and len(kept) + len(sentence) > longest:
            break
        kept = f"{kept} {sentence}".strip()
    return kept


def _sentence_case(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
