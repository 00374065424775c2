"""Question and answer rows from running text, without a language model.

The answer is always the document's own words, and the question is made from the same sentence by a grammar pattern.
A sentence that no pattern fits, or that does not stand alone, makes no row: fewer rows, but none that is invented.
The patterns are English; in other languages only questions the document itself asks (an FAQ) become rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from finetune.data.document import Document, Passage
from finetune.data.from_documents.questions import (
    question_from_heading,
    question_from_introduction,
    question_from_sentence,
)
from finetune.data.from_documents.sentences import GLUED, LEANS, is_english, sentences
from finetune.data.from_documents.voice import known_names, plain_heading
from finetune.data.passages import BULLET, SENTENCE_END
from finetune.example import Example, Kind, Source, make_example

ANSWER_CHARACTERS = 1_200


def examples_from_passages(document: Document) -> list[Example]:
    """Rows from a document's running text; each quotes the exact words it rests on, with page and heading.

    A section headed by a question gives one row of kind "faq", everything else rows of kind "document".
    """
    names = known_names(document)
    examples: dict[tuple[str, str], Example] = {}
    for (heading, _), group in groupby(document.passages, key=lambda p: (p.heading, None)):
        section = list(group)
        for found in _from_section(heading, section, names):
            key = (found.question.lower(), found.answer)
            source = Source(file=document.file, page=found.page, quote=found.answer)
            kind: Kind = "faq" if found.asked else "document"
            examples.setdefault(
                key, make_example(found.question, found.answer, source=source, kind=kind, topic=plain_heading(heading))
            )
    return list(examples.values())


@dataclass(frozen=True)
class _Found:
    question: str
    answer: str
    page: int | None
    asked: bool = False  # the document itself asks it


def _from_section(heading: str, section: list[Passage], names: frozenset[str]) -> Iterator[_Found]:
    text = "\n".join(passage.text for passage in section)
    if heading.endswith("?"):
        if answer := _shortened(text):
            yield _Found(plain_heading(heading), answer, section[0].page, asked=True)
        return
    if not is_english(text):
        return
    found = [item for passage in section for item in _from_passage(passage, names)]
    topic = plain_heading(heading)
    answer = _shortened(text)
    stands_alone = answer and not (LEANS.match(answer) or BULLET.match(answer) or GLUED.search(answer))
    if topic and stands_alone and len(answer.split()) >= 8 and len(topic.split()) <= 8 and not topic.endswith("."):
        yield _Found(question_from_heading(topic, names), answer, section[0].page)
    yield from found


def _from_passage(passage: Passage, names: frozenset[str]) -> Iterator[_Found]:
    if ":\n" in passage.text:
        intro = passage.text.split(":\n", 1)[0]
        sentence = sentences(intro)[-1] if intro.strip() else ""
        question = question_from_introduction(sentence, names)
        if question:
            start = passage.text.rindex(sentence, 0, len(intro))
            yield _Found(question, passage.text[start:], passage.page)
        return
    for sentence in sentences(BULLET.sub("", passage.text)):
        question = question_from_sentence(sentence, names)
        if question:
            yield _Found(question, sentence, passage.page)


def _shortened(text: str) -> str:
    """Whole paragraphs up to the answer's greatest length; empty where even the first is longer.

    A last line without an end (a heading that was not seen as one, a page's foot) is left off.
    """
    kept: list[str] = []
    for paragraph in text.split("\n"):
        if sum(map(len, kept)) + len(paragraph) > ANSWER_CHARACTERS:
            break
        kept.append(paragraph)
    while len(kept) > 1 and not kept[-1].rstrip().endswith(SENTENCE_END) and not BULLET.match(kept[-1]):
        kept.pop()
    return "\n".join(kept).strip()
