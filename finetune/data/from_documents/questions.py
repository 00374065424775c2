"""The questions a sentence answers, by patterns of English grammar; where two are natural, both."""

import re
from collections.abc import Iterator

from finetune.data.from_documents.conditions import condition, occasion, purpose
from finetune.data.from_documents.sentences import stands_alone
from finetune.data.from_documents.sound import Known, is_sound, points_at_that
from finetune.data.from_documents.statements import STATES, charge, obligation, practice, price, state, what_of
from finetune.data.from_documents.subjects import is_plain_subject
from finetune.data.from_documents.voice import DETERMINERS, as_question, small_start

QUESTIONS_A_FACT = 2
FACT_WORDS = 10  # a shorter sentence of a long document says too little by itself


def question_from_sentence(sentence: str, names: frozenset[str]) -> str | None:
    """A question the sentence answers, or None. `names` are words that stay capital."""
    return next(iter(questions_from_sentence(sentence, Known(names))), None)


def questions_from_sentence(sentence: str, known: Known) -> list[str]:
    """The natural questions the sentence answers, at most two; none where it does not stand alone."""
    if not stands_alone(sentence) or points_at_that(sentence) or (known.long and len(sentence.split()) < FACT_WORDS):
        return []
    bare = re.sub(
        r"^(?:please note that|note that|note:|in general,|generally,|important:)\s+", "", sentence, flags=re.I
    )
    bare = bare.rstrip('."”)! ') if bare.endswith(('."', ".”")) else bare.rstrip(".! ")
    bare = without_asides(small_start(bare, known.names))
    for pattern in PATTERNS:
        if found := sound_questions(pattern(bare), known):
            return found
    return []


def without_asides(text: str) -> str:
    """ "The bank shall, where applicable, send it" and "The bank, through its branch, shall" without what is between.

    The answer keeps it; a question need not ask for it. What limits or denies is no aside.
    """
    held = (
        r"(?!.*\b(?:not|no|unless|except|only|if)\b)"
        if re.search(r",[^,]*\b(?:unless|except|only)\b[^,]*,", text)
        else ""
    )
    text = re.sub(rf"{held}\b(shall|must|may|should|will), [^,;:]{{3,90}}, (?=[a-z])", r"\1 ", text, count=1)
    opening = r"^([^,;:]{2,60}), (?:through|in|where|upon|acting|with|after|when|on|under|by|and)\b[^,;:]{3,90},"
    return re.sub(rf"{opening}(?: [^,;:]{{3,90}},)? (?=(?:shall|must|may|should|will)\b)", r"\1 ", text)


def sound_questions(questions: Iterator[str], known: Known) -> list[str]:
    found = [" ".join(question.split()) for question in questions]
    return [as_question(question) for question in found if is_sound(question, known)][:QUESTIONS_A_FACT]


# "A place where people feel safe", "a positive outcome": what somebody wishes or praises.
PRAISE = re.compile(
    r"(?:very|really|good|great|nice|useful|best|positive|important|essential|wonderful|place where|way to|"
    r"recommended|preferred|right|common|popular|key|critical|valuable|powerful)\b"
)
# "A company is a creditor when it bills later" tells when, not what it is.
WHEN_IT_IS = re.compile(r"(?:[\w’'-]+ ){1,3}(?:when|if|since|because|where|as long as)\b")
# "DVL is a one-time benefit: you have one year" tells a trait; "a project GSA IT - IDT account" lost its words.
TELLS_MORE = re.compile(r"(?:[\w’'-]+ ){0,4}[\w’'-]+:|.* - [A-Z]")
DEFINED = re.compile(
    r"(?P<article>(?:a|an|the)\s+)?(?P<open>[\"“'‘]?)(?P<term>[A-Za-z][\w’'/() -]{1,60}?)[\"”'’]?\s+"
    r"(?P<verb>means|refers to|is defined as|are defined as|stands for|is an?|is the|are)\s+(?P<rest>\S.+)",
    re.I,
)


def definition(text: str) -> Iterator[str]:
    match = DEFINED.fullmatch(text)
    if not match or not is_plain_subject(match["term"]) or len(match["term"].split()) > 6:
        return
    term, verb, rest = re.sub(r"[”’\"'](?= )", "", match["term"]).strip(), match["verb"].lower(), match["rest"]
    if term.split()[0].lower() in DETERMINERS | {"there", "here", "what", "who"}:
        return
    article = (match["article"] or "").lower()
    if not article and any(word[0].isupper() for word in term.split()[1:]):
        term = f"{term[0].upper()}{term[1:]}"  # "Medicines in My Home", a name
    if verb == "are":
        # "Claims are reviewed" is no definition; "Grievances are complaints that …" is.
        noun = re.match(r"(?:(?!best|for|in|of|to|with)\w+\s){0,2}\w+s\s+(?:that|which|who|of|for|made|in)\b", rest)
        if noun and not re.match(rf"{STATES}|\w+(?:ed|en)\b", rest):
            yield f"what are {term}"
    elif verb in ("is a", "is an", "is the"):
        # "The deposit is a sum" tells of one that was spoken of; a name or "a deposit" is being explained.
        if re.search(r"\bwho\b", rest) or any(found.match(rest) for found in (PRAISE, WHEN_IT_IS, TELLS_MORE)):
            return
        if article in ("a ", "an ") or (not article and verb != "is the" and not term.split()[-1].islower()):
            if re.search(r"\b(?:she|he|her|his)\b", rest):
                yield f"who is {article}{term}"
                return
            yield f"what is {article}{term}"
            yield f"can you explain what {article}{term} is"
    elif verb == "are defined as":
        yield f"what are {term}"
    elif re.match(r"(?:is|are|of|by|for|in)\b", rest) or " by " in term:
        return
    elif verb == "refers to" and re.search(r"\bas\b", rest):
        return  # "the agency refers to such tests as trials"
    elif re.match(r"(?:you|we|they|it|that|to|more)\b", rest):
        if article == "a ":
            yield f"what does {article}{term} mean"
    elif article in ("a ", "an "):
        yield f"what is {article}{term}"
        yield f"what does {term} mean"
    elif not article or match["open"]:
        yield f"what does {term} mean"
        yield f"how is {term} defined"


PATTERNS = (condition, occasion, purpose, charge, price, what_of, definition, obligation, state, practice)
