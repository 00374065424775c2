"""Sentences of running text, and which of them a reader understands without their neighbours."""

import re

from finetune.data.document import words

SENTENCE_WORDS = range(5, 61)

# A sentence that opens like this leans on the one before it.
LEANS = re.compile(
    r"(?:it|its|they|their|them|he|she|his|her|this|these|those|that|such|there|here|however|but|and|or|so|also|thus|"
    r"therefore|otherwise|moreover|furthermore|additionally|nevertheless|similarly|likewise|instead|then|hence|both|"
    r"in addition|for example|for instance|as a result|in this case|in that case|in these cases|the following|"
    r"the above|the same|the latter|the former|as such|on the other hand|first|second|third|finally)\b",
    re.I,
)
POINTS_ELSEWHERE = re.compile(
    r"\b(?:(?:as|the|mentioned|described|listed|stated|given|set out|see) (?:above|below)|herein|aforementioned|"
    r"see (?:section|page|chapter)|the previous|as follows)\b|\b(?:above|below)[.,]",
    re.I,
)
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|Nos|Inc|Ltd|Co|Corp|vs|etc|e\.g|i\.e|approx|Art|Sec|Fig|a\.m|p\.m|U\.S)"
    r"|\b[A-Z])\.$"
)
ENGLISH = words(
    """
    the of and to in is are for a an be with must you your we our not or by on may if this that
    """
)

GLUED = re.compile(
    r"(?<=[a-z] )(?:We|You|They|The|This|These|Those|If|When|To|Our|Your|It|An?|In|Please|There|For|All|Any|No|Not|At)"
    r"(?= [a-z])"
)


def is_english(text: str) -> bool:
    """Whether English function words make up enough of the text for the English patterns."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    return bool(words) and sum(word in ENGLISH for word in words) / len(words) >= 0.1


def sentences(text: str) -> list[str]:
    """Sentences of one paragraph, exact substrings; abbreviations and numbers do not end one."""
    parts: list[str] = []
    start = 0
    for match in re.finditer(r"[.!?][\"”')\]]*\s+(?=[\"“'(\[]?[A-Z0-9])|\n", text):
        piece = text[start : match.end()].strip()
        if ABBREVIATION.search(piece) and "\n" not in match[0]:
            continue
        parts.append(piece)
        start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def stands_alone(sentence: str) -> bool:
    """Whether a reader understands the sentence without the ones around it."""
    return (
        len(sentence.split()) in SENTENCE_WORDS
        and sentence.lstrip('"“')[:1].isupper()
        and sentence.endswith((".", "!", '."', ".”", ".)"))
        and not LEANS.match(sentence)
        and not POINTS_ELSEWHERE.search(sentence)
        and not GLUED.search(sentence)
        and sentence.count("(") == sentence.count(")")
        and sentence.count('"') % 2 == 0
        and not re.search(r"https?://\S+$|\.{3,}|_{3,}", sentence)
    )
