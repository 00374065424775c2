"""A statement's words turned into an asker's: "you" is I, "we" is you, a sentence's first word is small again."""

import re

from finetune.data.document import words

AUXILIARY = (
    "(?:have|had|can|could|may|might|must|will|would|should|shall|do|did|need|want|wish|"
    "use|receive|work|create|own|hold|buy|order|choose|visit|request)"
)
DETERMINERS = words(
    """
    a an the all any each every no our your my his her their its this that these those we you i they in on at if
    when to for as by with from after before some most many both only
    """
)
IMPERATIVES = words(
    """
    call send email e-mail write fill complete submit bring use visit contact ask click open go sign log enter
    print download choose select take give provide show return tell check press follow mail fax apply register
    pay speak hand upload attach reply wait start make see dial text request book schedule keep note
    """
)


def plain_modal(modal: str) -> str:
    return {"shall": "must", "cannot": "can"}.get(modal, modal)


def customer_subject(subject: str) -> str:
    """The subject as the asker says it: you (the reader) is I, we (the organisation) is you."""
    return to_customer(subject, subject=True)


def to_customer(text: str, *, subject: bool = False) -> str:
    """Turn the document's point of view into the asker's."""
    text = re.sub(r"\byou(?: are|['’]re)\b", "I am", text, flags=re.I)
    text = re.sub(r"\byou were\b", "I was", text, flags=re.I)
    text = re.sub(r"\byou(?=['’](?:ve|ll|d)\b)", "I", text, flags=re.I)
    text = re.sub(r"\bwe['’]re\b", "you are", text, flags=re.I)
    text = re.sub(r"\byou(?= (?:or|and) )", "I", text, flags=re.I) if subject else text
    before = ("if", "when", "that", "unless", "after", "before", "until", "what", "long", "where", "how", "once")
    clause = f"(?:^|{'|'.join(f'(?<={word} )' for word in before)})"
    followed = r"(?=\s+(?!to\b|for\b|with\b|by\b|within\b|at\b|in\b|on\b|and\b|or\b|about\b|of\b)\w|$)"
    swaps = {
        "we": "you", "us": "you", "our": "your", "ours": "yours", "ourselves": "yourselves",
        "your": "my", "yours": "mine", "yourself": "myself", "you": "me",
    }  # fmt: skip
    text = re.sub(rf"{clause}you{followed}", "I", text, flags=re.I)
    text = re.sub(rf"(?<!let )(?<!lets )(?<!help )(?<!helps )\byou(?= {AUXILIARY}\b)", "I", text, flags=re.I)
    # The United States are no pronoun.
    return re.sub(
        r"\b(?!(?-i:US)\b)(?:we|us|our|ours|ourselves|your|yours|yourself|you)\b",
        lambda m: swaps[m[0].lower()],
        text,
        flags=re.I,
    )


def is_plural(subject: str) -> bool:
    """Whether the subject takes "do" and "are"."""
    head = re.split(r"\s(?:of|for|in|at|from|with|who|that|which|to|on|under)\s", subject.lower())[0]
    plural = r"(?:[^sui]s|people|staff|children|criteria|data|personnel|police|media)$"
    return head in ("we", "you", "i") or bool(re.search(rf"\band\b|{plural}", head))


def small_start(text: str, names: frozenset[str]) -> str:
    """The sentence as it stands inside another one: its first word small unless it begins a name."""
    head, _, tail = text.partition(" ")
    if re.match(r"[^\W\d_][a-zà-þ]", tail) and tail[0].isupper() and head.lower() not in DETERMINERS:
        return text
    return f"{small_word(head, names)} {tail}".strip()


def small_word(word: str, names: frozenset[str]) -> str:
    small = word.lower()
    if sum(c.isupper() for c in word) > 1 or (word in names and small not in DETERMINERS):
        return word
    return small


def as_question(text: str) -> str:
    text = re.sub(r"\bi\b", "I", " ".join(text.split())).rstrip(" .,;:")
    return f"{text[:1].upper()}{text[1:]}?"


def plain_heading(heading: str) -> str:
    """A heading without its number."""
    plain = re.sub(
        r"^(?:(?:section|article|part|chapter|appendix|§)\s*)?(?:\d{1,2}(?:\.\d{1,2})*\.?\)?|\d[\d.-]*)\s+",
        "",
        heading,
        flags=re.I,
    )
    return plain.strip(" :–-") or heading
