"""Whether a question can be asked by someone who does not see the document."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from finetune.data.document import Document, Passage, words
from finetune.data.from_documents.title import NOT_CALLED, Called, called

QUESTION_WORDS = range(3, 32)
LONG_DOCUMENT = 2_000  # words
COMMON = 0.25  # of a document's passages
PLAIN = 0.05  # of a document's passages that say "shall", at most, where it is a guide and no law
SECTIONS_KNOWN = 3  # a thing spoken of as "the …" in as many sections of a long document needs no introduction

UNSOUND = re.compile(
    r"\b(?:the following|do so|such(?! as\b)|thereof|therefor|hereby|herein|respectively|and/or|"
    r"this|these|those(?! who\b)|it|they|them|he|she|him|here|there|either|also|further|additional(?:ly)?|another|"
    r"instead|otherwise|accordingly|(?<!under )articles? \d\S*|sections? \d\S*|subparts?|"
    r"subchapters?|subtitles?|part \d+|in particular|even|no longer|paragraphs?|subdivisions?|subsections?|annex|"
    r"chapter \w+|"
    r"above|below(?! \d)|therefore|(?<!or )(?<!and )(?<!any )(?<!each )other(?! than\b)|"
    r"(?<!no )(?:longer|shorter)(?! than\b)|both(?!.* and\b)|then|(?<!no )(?<!not )later|"
    r"same|you two|the \w+ (?:requested|selected|chosen|entered|listed|mentioned)$|"
    r"aforementioned|latter|former|pursuant|deemed|nor)\b|"
    r"\b(?:and|or|of|to|by|under|paragraphs?|sections?|that|the|an?|if|with|for|in|at|than|as|is|are|be|from|on|into|"
    r"when|where|who|which|until|before|after|not|its|their|any|all|each|no|via)$|"
    r"\b(?:over|than|beyond) that\b|"
    r"\b(?:make|provide|send|give|take|of|to|with|in|by|from|at|on|under|after|before|for|during|about) that [a-z]|"
    r"[§\[\]{}*|_\\<>:;!?#]|''| [-–—] | ['’]s\b|\b(\w+) \1\b",
    re.I,
)
# What is said of something that was introduced before, whatever it is.
POINTING = words(
    """
    first second third last next previous following relevant applicable respective corresponding resulting original
    appropriate necessary
    new second-mentioned remaining rest other only said present preceding underlying stated prescribed specified
    """
)
# What a long document has many of, so that "the notice" is one that was spoken of before.
MANY_OF = words(
    """
    notice request application disclosure disclosures statement receipt information period amount document documents
    report form order offer decision procedure requirement requirements obligation provision exemption list result
    plan rule date fee fees summary authorization complaint claim error transaction transfer loan payment agreement
    contract term terms measure measures issue question person change changes update page link tool file meeting event
    example option options process project section table account team date time day step steps value answer item items
    party parties material materials content text work job group name number relationship purpose
    determination demand supply facility construction box button field data case association negotiation negotiations
    certification channel license building
    """
)
# "the right of access", "the members who …": what follows says which.
SAYS_WHICH = words("of that who which whose between")
SAYS_WHICH_OF_SOME = words("for to in")
OF_SOME = words(
    """
    fee price cost charge rate deadline limit reason reasons penalty criteria conditions procedure procedures rules
    requirement requirements right duty ability power authority opportunity purpose need responsibility
    """
)
STOPS = words(
    """
    of for to that who which whose between in on at from under with by within before after if when where and or is are
    be must may can shall will should does do have has not than as until unless into about through during without
    the a an any each every all its their his her my your our no this that these those such
    """
)

MEANS = re.compile(r"[\"”’']? means?\b")
TERM_WORDS = 5  # of a term, at most


@dataclass(frozen=True)
class Known:
    """What a reader of the document knows: `names` stay capital; `things` need no introduction (None: not checked)."""

    names: frozenset[str] = frozenset()
    things: frozenset[str] | None = None
    long: bool = False  # a document with more than one fee, one form and one office
    plain: bool = False  # a long one that is no law and hardly ever says "shall"
    called: Called = NOT_CALLED
    everywhere: frozenset[str] = frozenset()  # stems of words that most of the document has
    defined: frozenset[str] = frozenset()  # terms of which it says what they mean


def known_from(document: Document) -> Known:
    passages = document.passages
    names = _names(passages)
    sections: defaultdict[str, set[str]] = defaultdict(set)
    for number, passage in enumerate(passages):
        for thing in _things(passage.text):
            sections[thing].add(passage.heading or str(number))
    if sum(len(passage.text.split()) for passage in passages) < LONG_DOCUMENT:
        return Known(names, frozenset(sections))
    often = {thing for thing, where in sections.items() if len(where) >= SECTIONS_KNOWN}
    name = called(document.title)
    orders = sum("shall" in passage.text for passage in passages)
    return Known(
        names,
        frozenset(often - MANY_OF),
        long=True,
        plain=not name.binding and orders <= PLAIN * len(passages),
        called=name,
        everywhere=_common(passages),
        defined=frozenset(term for passage in passages for term in _defined(passage.text)),
    )


def _defined(text: str) -> Iterator[str]:
    """What may be the term before each "means": the last word before it, the last two and so on."""
    for match in MEANS.finditer(text):
        before = re.findall(r"[\w’'-]+", text[max(0, match.start() - 80) : match.start()].lower())
        yield from (" ".join(before[-size:]) for size in range(1, TERM_WORDS + 1))


def stems(text: str) -> set[str]:
    """The beginnings of a text's longer words, by which two texts are of one matter."""
    return {word[:5] for word in re.findall(r"[^\W\d_]{4,}", text.lower())}


def _common(passages: list[Passage]) -> frozenset[str]:
    """What so many passages of a document speak of that it tells none of them from the others."""
    counts = Counter(stem for passage in passages for stem in stems(passage.text))
    return frozenset(stem for stem, count in counts.items() if count > COMMON * len(passages))


def _names(passages: list[Passage]) -> frozenset[str]:
    """Words that in the middle of a sentence are written with a capital more often than without."""
    counts = Counter(word for p in passages for word in re.findall(r"(?<=[a-zà-þ,] )[^\W\d_][\w’'-]+", p.text))
    return frozenset(word for word, count in counts.items() if word[0].isupper() and count > counts[word.lower()])


def _things(text: str) -> Counter[str]:
    """What follows "the": one to three words, up to a function word."""
    return Counter(thing for phrase, _ in definite_phrases(text.lower()) for thing in _starts(phrase))


def definite_phrases(text: str) -> list[tuple[list[str], str]]:
    """The words behind each "the" up to a function word, and that word ("" at the end)."""
    found = []
    for match in re.finditer(r"\bthe (?=((?:[\w’'&/-]+(?: |$|(?=[^\w ]))){1,5}))", text, re.I):
        phrase: list[str] = []
        stop = ""
        for word in match[1].split():
            if word.lower() in STOPS:
                stop = word.lower()
                break
            phrase.append(word)
        found.append((phrase, stop))
    return found


def _starts(phrase: list[str]) -> list[str]:
    return [" ".join(phrase[:size]) for size in range(1, min(3, len(phrase)) + 1)]


def is_sound(question: str, known: Known) -> bool:
    """Whether the question (without its mark) is whole, points at nothing unseen and has a sensible length."""
    return (
        len(question.split()) in QUESTION_WORDS
        and not UNSOUND.search(question)
        and all(question.count(a) == question.count(b) for a, b in ("()", "“”"))
        and question.count('"') % 2 == 0
        and not points_at_that(question)
        and (known.things is None or not any(_points_back(p, s, known) for p, s in definite_phrases(question)))
    )


def points_at_that(text: str) -> bool:
    """ "Transmit that information": whether a thing is meant that the text did not name before."""
    return any(
        match[1].lower().removesuffix("s") in MANY_OF and match[1].lower() not in text[: match.start()].lower()
        for match in re.finditer(r"\bthat ([\w-]+)", text)
    )


def names_one_of_many(question: str) -> bool:
    """ "What is the basis for the negotiations?", in whatever capitals: which negotiations?"""
    return any(
        len(phrase) == 1 and phrase[0].removesuffix("s") in MANY_OF and not stop
        for phrase, stop in definite_phrases(question.lower())
    )


def _points_back(phrase: list[str], stop: str, known: Known) -> bool:
    """Whether "the …" means one that the document spoke of before."""
    if not phrase:
        return True
    first = phrase[0]
    if first.lower() in POINTING:
        return True
    if not first.islower() or stop in SAYS_WHICH or (stop in SAYS_WHICH_OF_SOME and phrase[-1] in OF_SOME):
        return False
    small = [word.lower() for word in phrase]
    if known.long and len(small) == 1 and small[0].removesuffix("s") in MANY_OF:
        return True
    return not any(start in (known.things or ()) for start in _starts(small))
