# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501
"""What a message puts right about an earlier answer: "change the tone to formal", "our staff. no wait, customers"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.targets import FIELD_WORDS
from assistant.wording import sentences
from tools.brief import Brief

# Other names a field goes by where an answer is put right; too broad for a command such as "go back to the data".
ALSO_CALLED: dict[str, str] = {
    "data": r"data(?: field)?",
    "never": r"nevers?(?: list)?|bans?|what it must never do",
    "audience": r"who reads (?:it|them|the answers|its answers)",
    "organisation": r"organi[sz]ation",
}
# A name in this list also stands for something else in such a sentence: "our practice is small".
ONLY_SAID_OUTRIGHT = frozenset({"organisation", "data", "pairs"})
LISTS = frozenset(name for name in Brief.questions() if isinstance(getattr(Brief(), name), list))

LEAD = r"^\W*(?:(?:yes,? but|ok|okay|no|nope|hmm|well|actually|sorry|oh|wait|please|and|but|so|can you|could you|i want to|i would like to|i'd like to|let's)[ ,.:!-]+)*"
NAME = r"(?:(?:the|our|my|your|that) )?(?:(?:answer|reply) (?:to|about|for) (?:the )?)?(?P<field>[\w' ]{3,30}?)"
LATELY = r"(?:\s+(?:after all|actually|instead|now|really))*\W*$"
CHANGED = re.compile(rf"{LEAD}(?:change|set|update|correct|switch|make|edit|put) {NAME}(?: from .{{1,80}}?)?\s*(?:\bto\b|\binto\b|:|=)\s*:?\s*(?P<value>\S.*?){LATELY}", re.I)  # fmt: skip
WRONG = re.compile(rf"{LEAD}{NAME} (?:is|are|was|were) (?:all )?(?:wrong|not right|incorrect|not correct|a mistake)\W+(?:(?:it|that|they|this) (?:should be|should say|must be|needs to be|ought to be|is|are)|(?:change|set|make) it(?: to)?)\s*:?\s*(?P<value>\S.*?){LATELY}", re.I)  # fmt: skip
NAMED = re.compile(rf"{LEAD}{NAME}(?:\s+(?:is|are|should be|must be)\b(?:\s*:|\s+(?!(?:not|wrong|missing|fine|ok|okay|good|great|perfect|right|correct|too|what|when|how|why|where|who|which|done|ready|still|already|important|clear|unclear|incorrect|a mistake|empty|open|here|there|there's|it)\b))|\s*[:=])\s*(?P<value>[^\s:].*?){LATELY}", re.I)  # fmt: skip
NOT_THAT = re.compile(
    rf"{LEAD}(?P<value>\S.*?) is (?:the|our|my) (?P<field>[\w' ]{{3,30}}?),?\s*(?:and )?not (?:the |our |my )?(?P<other>[\w' ]{{3,30}}?)\W*$",
    re.I,
)
CLEARED = re.compile(
    rf"{LEAD}(?:remove|forget|delete|clear|drop|erase|empty|unset|scratch|take out|get rid of)\s+(?:about )?(?:what i said about )?{NAME}(?: again| please| field| answer| altogether)*\W*$",
    re.I,
)
UNSAID = (
    re.compile(rf"{LEAD}{NAME}\s*[:,]\s*\"(?P<value>[^\"]+)\" (?:is|was) (?:wrong|not right|a mistake|incorrect)\W+(?:please )?(?:remove|delete|drop|take)\b", re.I),
    re.compile(rf"{LEAD}(?:remove|delete|drop|take)(?: out)? \"(?P<value>[^\"]+)\" (?:from|out of) {NAME}\W*$", re.I),
)  # fmt: skip
SECOND_THOUGHT = re.compile(
    r"(?P<before>.*\w.*?)(?:\s*[,.;!?–-]+\s*(?:no,? sorry|sorry,? no|no,? i mean|i mean|make that|wait,? actually|no,? actually|or rather|correction|hmm,? no)|"
    r"[\s,.;!?–-]+(?:no,? wait|wait,? no|scratch that))\b[\s,.:!-]+(?P<after>[^.!?\n]{2,80})[.!]?\s*$",
    re.I | re.S,
)
MOVED = re.compile(
    r"\b(?:we|i)(?:'ve| have)? (?:just |recently |now )*(?:moved|relocated)(?: (?:the|our) (?:office|business|company))? to\b",
    re.I,
)


@dataclass(frozen=True)
class Correction:
    """`values` are still the user's words; `replaces` tells "change the places to …" from "places: …"."""

    values: dict[str, str] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()
    removed: dict[str, list[str]] = field(default_factory=dict)
    replaces: bool = True


def corrections(text: str, *, asked: str | None) -> Iterator[Correction]:
    """The ways a message can be read as putting an earlier answer right, the surest first."""
    for pattern in UNSAID:
        if (match := pattern.match(text)) and (name := named_field(match["field"])):
            if name in LISTS:
                yield Correction(removed={name: [match["value"].strip()]})
            else:
                yield Correction(cleared=frozenset({name}))
    if (match := CLEARED.match(text)) and (name := named_field(match["field"])) and name != "data":
        yield Correction(cleared=frozenset({name}))
    match = NOT_THAT.match(text)
    if match and (name := named_field(match["field"])) and (other := named_field(match["other"])):
        yield Correction({name: match["value"]}, frozenset({other}))
    for pattern in (CHANGED, WRONG):
        if (match := pattern.match(text)) and (name := named_field(match["field"])):
            yield Correction({name: match["value"]})
    if (match := NAMED.match(text)) and (name := named_field(match["field"])):
        # Words behind a colon may be several sentences; "the tone is …" is one.
        outright = re.search(r"[:=]\s*$", text[: match.start("value")]) is not None
        # Outside of the interview "the right answer is …" is about the answer on the table.
        plainly = outright or (name not in ONLY_SAID_OUTRIGHT and len(sentences(text)) == 1)
        if plainly and not (name == "right_answer" and asked is None):
            yield Correction({name: match["value"]}, replaces=not (outright and name in LISTS))


def named_field(words: str) -> str | None:
    """The brief field that these words, and no others, are a name of."""
    for names in (ALSO_CALLED, FIELD_WORDS):
        for name, pattern in names.items():
            if re.fullmatch(pattern, words.strip(), re.I) and name in Brief.model_fields:
                return name
    return None


@dataclass(frozen=True)
class SecondThought:
    """ "who reads it? our staff. no wait, customers": `field` is what the first words name, None where they name none."""

    before: str
    after: str
    field: str | None


def second_thought(text: str) -> SecondThought | None:
    match = SECOND_THOUGHT.match(text)
    if not match:
        return None
    named = (
        name
        for clause in sentences(match["before"])
        if clause.asks
        for name, pattern in (*ALSO_CALLED.items(), *FIELD_WORDS.items())
        if re.search(rf"\b(?:{pattern})\b", clause.text, re.I)
    )
    return SecondThought(match["before"], match["after"].strip(), next(named, None))


def moved(text: str) -> bool:
    """True for "we moved to …": the old places no longer hold."""
    return bool(MOVED.search(text))
