"""Question and answer rows from running text, without a language model.

The answer is always the document's own words, and the question is made from the same sentence by a grammar pattern.
A sentence that no pattern fits, or that does not stand alone, makes no row: fewer rows, but none that is invented.
The patterns are English; in other languages only questions the document itself asks (an FAQ) become rows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from finetune.data.document import Document, Passage
from finetune.data.from_documents.placed import Placed, placed
from finetune.data.from_documents.questions import questions_from_sentence
from finetune.data.from_documents.samples import RUNS_INTO_A_SAMPLE, over_all, own_sections
from finetune.data.from_documents.scope import asked_of, in_chapter, in_scope, lifted, taken_back, under_a_lead
from finetune.data.from_documents.sections import (
    ASKS,
    GENERAL_QUESTION,
    POINTING_QUESTION,
    heading_question,
    is_whole_list,
    item_definition,
    list_questions,
    paragraphs_and_lists,
    says_a_matter,
)
from finetune.data.from_documents.sentences import GLUED, is_english, sentences
from finetune.data.from_documents.sound import Known, known_from, names_one_of_many
from finetune.data.from_documents.voice import plain_heading
from finetune.data.passages import BULLET, CELLS, SENTENCE_END
from finetune.example import Example, Kind, Source, make_example

ANSWER_CHARACTERS = 1_200
CUT_LINE = re.compile(
    r"\b(?:the|an?|of|what|your|our|is|are|and|as|for|with|to|by|from|see|’s)$|\s[.,](?:\s|$)|^\(?[2-9b-hB-H][.)]\s",
    re.I,
)

# A question of an FAQ that goes on from the one before it: "What other types?", "What if I change a part?"
GOES_ON = re.compile(
    r"\b(?:other(?! than\b)|else|another|also|then|instead)\b|^What if\b|"
    r"\b(?:where|when|how) (?:do|should|can) (?:I|we|you) (?:start|begin|finish|stop)\W*$",
    re.I,
)
# A table that the reading ran into its text: "If: | then: a request | a form".
RUN_ON_TABLE = re.compile(r"[.:?!]\s.*\|.*\|")
ITEMS = 3  # a list of fewer that is a whole answer may have lost the rest
# What follows is another law's text, as it shall read from now on.
OTHER_LAW = re.compile(r"\bamendments?\b|\bamending\b", re.I)
# "Several types including: An example is …": a list or an ending that the reading lost.
LOST_ITS_REST = re.compile(
    r"\b(?:including|includes?|such as|types|is|are):[ \t]+[A-Z]|\b(?:is|are|the|of|to|and)\s?(?:\.{3}|…)|"
    r"\b(?:in|on|at|or|via|through)$",
    re.M,
)
# A list within a list that the reading set on one level: "- Monitoring rates The office helps by:".
GROUPED = re.compile(r"^\W*[-*•\d].*:$", re.M)
# What is left of a link, of stars and of a sentence that began with one; and a talk quoted as a sample.
LEFT_OVER = re.compile(r"[a-z]\. [a-z]+ |[\[\]]|\*\*|^> |%[0-9A-F]{2}\w", re.M)
# "Who trains new staff?" is not answered by "During the first week, …".
WHEN_FOR_WHO = re.compile(r"(?:during|in|for|at|when|if|as|after|before|while)\b", re.I)
WHO = re.compile(r"who\b", re.I)
LINKED = re.compile(r"\b(?:this|these) (?:form|link|page|site|template)s?\b|\bin and\b")
# Two sentences side by side, as a guide to writing sets the poor one beside the better one.
SIDE_BY_SIDE = re.compile(r"(?:\S+ ){6,}\S+ \| (?:\S+ ){6,}")
LIMITING = re.compile(r"(?:notwithstanding|except|unless|however)\b", re.I)
ELSEWHERE_TOLD = re.compile(
    r"\b(?:in|see) (?:section|chapter|part) \d+\b(?! of\b)|\bsee also\b|\bof the Act\b|\A(?:please )?see\b|"
    r"\b(?:found|listed|described|given|shown|explained|outlined) (?:above|below)\b",
    re.I,
)
CUT_IN_LONG = (GROUPED, SIDE_BY_SIDE, ELSEWHERE_TOLD, LEFT_OVER, RUNS_INTO_A_SAMPLE)


def examples_from_passages(document: Document) -> list[Example]:
    """Rows from a document's running text; each quotes the exact words it rests on, with page and heading.

    A section headed by a question gives one row of kind "faq", everything else rows of kind "document", where a fact
    may be asked in two ways. A question that two places answer differently leans on something unseen and is left out.
    """
    known = known_from(document)
    examples: dict[str, list[Example]] = {}
    of_all = over_all(document.passages)
    for section in own_sections(document.passages, known):
        heading, chapters = section[0].heading, section[0].above[of_all:]
        for found in _from_section(heading, chapters, section, known):
            source = Source(file=document.file, page=found.page, quote=found.answer)
            kind: Kind = "faq" if found.asked else "document"
            made = make_example(found.question, found.answer, source=source, kind=kind, topic=plain_heading(heading))
            examples.setdefault(found.question.lower(), []).append(made)
    return [same[0] for same in examples.values() if same[0].kind == "faq" or len({row.answer for row in same}) == 1]


@dataclass(frozen=True)
class _Found:
    question: str
    answer: str
    page: int | None
    asked: bool = False  # the document itself asks it


def _from_section(heading: str, chapters: Sequence[str], section: list[Passage], known: Known) -> Iterator[_Found]:
    """The rows of a section, which stands in `chapters`, the widest first."""
    text = "\n".join(passage.text for passage in section)
    english = is_english(text)
    if heading.endswith("?"):
        if (answer := _shortened(text)) and (not english or _is_reply(heading, answer, known)):
            asked = asked_of(plain_heading(heading), chapters, known)
            yield _Found(asked, answer, section[0].page, asked=True)
        return
    if not english:
        return
    topic = plain_heading(heading)
    limited = lifted(section) if known.long else []
    limited += under_a_lead(section) if known.plain else []
    followed = zip(section, [*(passage.text for passage in section[1:]), ""], strict=True)
    found = [
        item for passage, after in followed if passage not in limited for item in _from_passage(passage, after, known)
    ]
    said = any(item.answer == text for item in found)
    if topic and not said and (question := heading_question(topic, text, known)):
        found.insert(0, _Found(question, text, section[0].page))
    yield from (replace(item, question=in_chapter(item.question, chapters, known)) for item in found)


def without_marks(text: str) -> str:
    """A paragraph without what numbers it, "(c) (1)" too."""
    while match := BULLET.match(text):
        text = text[match.end() :]
    return text


def _is_reply(heading: str, answer: str, known: Known) -> bool:
    """Whether an English FAQ's question asks by itself, and its answer is whole and its own."""
    question = plain_heading(heading)
    if not ASKS.match(question) or GENERAL_QUESTION.fullmatch(question):
        return False
    if known.long:
        pointing = POINTING_QUESTION.search(question) or GOES_ON.search(question) or names_one_of_many(question)
        if pointing or not says_a_matter(question) or (WHO.match(question) and WHEN_FOR_WHO.match(answer)):
            return False
        if (
            not _is_ended(answer.split("\n")[-1])
            or _is_short_list(answer)
            or any(found.search(answer) for found in CUT_IN_LONG)
        ):
            return False
    return _is_whole(answer)


def _is_whole(answer: str) -> bool:
    """Whether an answer neither begins in the middle nor lost a part within."""
    lines = [answer, *(BULLET.sub("", line) for line in answer.split("\n"))]
    if any(CUT_LINE.search(line) for line in lines):
        return False
    if any(found.search(answer) for found in (RUN_ON_TABLE, GLUED, LOST_ITS_REST, LINKED)):
        return False
    if answer.count("(") > answer.count(")") or answer.endswith(":"):
        return False
    return not answer[:1].islower() and answer[:1] not in ".,;)"


def _is_ended(line: str) -> bool:
    """Whether an answer's last line lost nothing: a sentence, an item of a list, a table's line."""
    return line.rstrip().endswith(SENTENCE_END) or bool(CELLS.search(line) or BULLET.match(line))


def _is_short_list(answer: str) -> bool:
    lines = answer.split("\n")
    return len(lines) < ITEMS and all(map(BULLET.match, lines))


def _from_passage(passage: Passage, after: str, known: Known) -> Iterator[_Found]:
    """The rows of a passage that `after` follows in its section."""
    blocks = list(paragraphs_and_lists(passage.text))
    told = [sentence for text in blocks for sentence in sentences(without_marks(text))]
    limited = taken_back([*told, *_limiting(after)], known)
    if known.long and OTHER_LAW.search(passage.heading):
        return
    for text in blocks:
        if ":\n" in text:
            yield from _from_list(text, passage, known)
            continue
        for one in placed(sentences(without_marks(text)), passage.heading, known):
            if one.text in limited:
                continue
            asked = questions_from_sentence(one.text, known)
            for question in in_scope(asked, one, known):
                yield _Found(question, one.text, passage.page)


def _limiting(after: str) -> list[str]:
    """A passage's sentences where they begin by limiting the passage before it, a heading before them or not."""
    found = sentences(without_marks(after))
    return found if any(LIMITING.match(sentence) for sentence in found[:2]) else []


def _from_list(text: str, passage: Passage, known: Known) -> Iterator[_Found]:
    introduction, items = text.split(":\n", 1)
    for item in items.split("\n"):
        questions, meaning = item_definition(item, known)
        for question in in_scope(questions, Placed(meaning, passage.heading, passage.heading, ()), known):
            yield _Found(question, meaning, passage.page)
    *before, sentence = sentences(without_marks(introduction)) or [""]
    if not sentence:
        return
    answer = text[text.rindex(sentence, 0, len(introduction)) :]
    if len(answer) <= ANSWER_CHARACTERS and is_whole_list(answer):
        introduced = Placed(sentence, passage.heading, passage.heading, tuple(before))
        for question in in_scope(list_questions(sentence, known), introduced, known):
            yield _Found(question, answer, passage.page)


def _shortened(text: str) -> str:
    """Whole paragraphs up to the answer's greatest length; empty where the first is longer, or a list or table would
    be cut.

    A last line without an end (a heading that was not seen as one, a page's foot) is left off.
    """
    kept: list[str] = []
    for paragraph in text.split("\n"):
        if sum(map(len, kept)) + len(paragraph) > ANSWER_CHARACTERS:
            if BULLET.match(paragraph) or CELLS.search(paragraph):
                return ""
            break
        kept.append(paragraph)
    while len(kept) > 1 and (
        kept[-1].rstrip().endswith(":")
        or not (kept[-1].rstrip().endswith(SENTENCE_END) or BULLET.match(kept[-1]) or CELLS.search(kept[-1]))
    ):
        kept.pop()
    return "\n".join(kept).strip()
