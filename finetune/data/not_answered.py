"""Questions a team's customers ask and its files do not answer, so that the model learns to say so and invents nothing.

That a question has no answer must be sure. So the questions are about a few everyday matters, each with all the words
one would write about it, and a matter counts as missing only where none of its words stands in any file, as part of a
longer word even. Files that address nobody (a law, a register) get none: what is missing there was never promised.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.data.document import Document
from finetune.data.from_documents.sentences import is_english
from finetune.example import Example, Source, make_example

MOST = 8
ROWS_FOR_ONE = 8  # rows from files for each such question, so that a small set does not learn to decline
ADDRESSED = 0.2  # share of answers with "you" in them, where files speak to their reader


@dataclass(frozen=True)
class Matter:
    """`words` match anything one would write about it, rather too much than too little."""

    name: str
    words: str
    questions: tuple[str, str]

    def is_in(self, text: str) -> bool:
        return re.search(self.words, text, re.I) is not None


MATTERS = (
    Matter("parking", r"park|garage|car\b|cars\b", ("Is there parking nearby?", "Where can I park my car?")),
    Matter(
        "wheelchair access",
        r"wheelchair|accessib|disab|step-free|ramp\b|lift\b|elevator|barrier",
        ("Is your entrance accessible by wheelchair?", "Do you have step-free access?"),
    ),
    Matter("gift cards", r"gift|voucher|coupon", ("Do you sell gift cards?", "Can I pay with a gift card?")),
    Matter(
        "a mobile app",
        r"\bapps?\b|smartphone|android|iphone|mobile|google play",
        ("Do you have a mobile app?", "Is there an app for my phone?"),
    ),
    Matter(
        "a newsletter",
        r"newsletter|mailing list|subscri",
        ("Do you have a newsletter?", "How do I unsubscribe from your newsletter?"),
    ),
    Matter(
        "student discounts",
        r"discount|student|reduc|concession|rebate",
        ("Do students get a discount?", "Is there a student discount?"),
    ),
    Matter(
        "public holidays",
        r"holiday|christmas|new year|easter|thanksgiving",
        ("Are you open on public holidays?", "When do you open over the holidays?"),
    ),
    Matter("pets", r"\bpets?\b|\bdogs?\b|\bcats?\b|animal", ("May I bring my dog?", "Are pets allowed?")),
    Matter(
        "paying by cheque", r"cheque|\bchecks?\b|money order", ("Can I pay by cheque?", "Where do I send a cheque to?")
    ),
    Matter(
        "a loyalty programme",
        r"loyal|\bpoints?\b|reward|bonus|member",
        ("Do you have a loyalty programme?", "How do I collect points?"),
    ),
    Matter(
        "job openings",
        r"vacanc|career|\bjobs?\b|hiring|recruit|apply for a position|appl(?:y|ication)s? to work",
        ("Do you have any job openings?", "How do I apply for a job with you?"),
    ),
    Matter("a fax number", r"\bfax", ("What is your fax number?", "Can I send you a fax?")),
)
ANSWERS = (
    "The documents I was given say nothing about {matter}, so I can't answer that. Please ask our team.",
    "I have no information about {matter}, and I don't want to guess. Our team can tell you.",
)


def matters_mentioned(document: Document) -> list[str] | None:
    """The matters any word of the document may be about; None where that is not sure.

    The words are English, and a scan's pages may say anything.
    """
    text = "\n".join(_texts(document))
    if document.unread_pages or not is_english(text):
        return None
    return [matter.name for matter in MATTERS if matter.is_in(text)]


def _texts(document: Document) -> Iterator[str]:
    for passage in document.passages:
        yield from (passage.heading, passage.text)
    for table in document.tables:
        yield from table.header
        yield from (cell for row in table.rows for cell in row)
    for conversation in document.conversations:
        yield from (content for _, content in conversation.messages)


def not_answered(mentioned: Sequence[list[str] | None], rows: Sequence[Example]) -> list[Example]:
    """Rows that say a matter is in no file: two questions a matter, of as many matters as the other rows bear.

    Args:
        mentioned: of each file, the matters it mentions, as `matters_mentioned` tells them. Where it could not tell,
            nothing is known to be missing.
        rows: the rows from files and conversation, which may mention a matter too.
    """
    known = [matters for matters in mentioned if matters is not None]
    if not known or len(known) < len(mentioned) or not _speak_to_somebody(rows):
        return []
    found = {name for matters in known for name in matters}
    said = "\n".join(message.content for row in rows for message in row.messages)
    missing = [matter for matter in MATTERS if matter.name not in found and not matter.is_in(said)]
    return [
        make_example(
            question,
            answer.format(matter=matter.name),
            source=Source(citation=f"In none of your files: {matter.name}"),
            kind="refusal",
            topic=f"not in the files: {matter.name}",
        )
        for matter in missing[: min(MOST, len(rows) // ROWS_FOR_ONE) // 2]
        for question, answer in zip(matter.questions, ANSWERS, strict=True)
    ]


def _speak_to_somebody(rows: Sequence[Example]) -> bool:
    addressed = sum(bool(re.search(r"\byour?\b", row.answer, re.I)) for row in rows)
    return addressed >= ADDRESSED * len(rows)
