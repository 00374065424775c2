"""What a row of a long document leans on: the heading above its sentence, and the sentence after it."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from finetune.data.document import Passage
from finetune.data.from_documents.placed import Placed, leans_on_those_before, run_in_heading
from finetune.data.from_documents.sections import GENERAL, says_its_topic
from finetune.data.from_documents.sound import MANY_OF, STOPS, Known, definite_phrases, stems
from finetune.data.from_documents.statements import MODAL
from finetune.data.from_documents.subjects import is_agent
from finetune.data.from_documents.voice import DETERMINERS, plain_heading, small_start
from finetune.data.passages import BULLET

# The next sentence limits or lifts what was said.
TAKES_BACK = re.compile(
    r"(?:however|but|except|unless|notwithstanding|(?:the|this) term (?:does not include|excludes)|"
    r"this (?:\w+ )?(?:does|shall|will) not apply|"
    r"(?:the|these|those) (?:\w+ ){1,3}(?:do|does|shall|will) not apply|"
    r"(?:this|these|it|they) includes?\b.*\bnot include)\b|"
    r".*\bmay (?:vary|depart|deviate) from\b",
    re.I,
)
# "Paragraph 1 shall not apply if …", in another paragraph of the same section.
LIFTS = re.compile(
    r"\bparagraphs? (?P<first>\d+)(?P<others>(?:, \d+)*)(?: (?P<joint>and|or|to) (?P<last>\d+))?(?: of this \w+)?,? "
    r"(?:shall|does|do|is|are) not (?:apply|be required|required)\b",
    re.I,
)
NUMBERED = re.compile(r"\(?(\d+)[.)]\s")
# What may be done otherwise follows: "In a leap year a rate of 1/366 may be used", and an exception one sentence on.
LEADS = re.compile(
    r"\bthere (?:is|are) (?:\w+ ){0,3}(?:requirements?|conditions?|exceptions?|cases?|rules?|reasons?|limits?)\b|"
    r"\b(?:the following|below|as follows)\b|:$",
    re.I,
)
OTHERWISE = re.compile(r"(?:in|if|when|where|for)\b.*\b(?:may|can)\b|note that\b", re.I)
EXCEPT = re.compile(r"except\b", re.I)
NOT_INCLUDED = re.compile(
    r"\b(?:(?:the )?term )?[\"“'‘]?([\w’' -]{3,60}?)[\"”'’]? (?:does|do|shall) not include\b", re.I
)
# "Trading venue means a trading venue as defined in …", "credit has the meaning given in …".
ELSEWHERE_DEFINED = re.compile(
    r"\bas (?:so )?defined (?:in|by|under)\b|\bhas the (?:same )?meaning\b|"
    r"^(?:[\w-]+ ){1,7}(?:referred to|laid out|laid down|designated|listed|specified|described) in "
    r"(?:Article|section|§)",
    re.I,
)
MEANING = re.compile(
    r"[\"“'‘]?(?P<term>[\w’' -]{1,120}?)[\"”'’]?\s(?P<verb>means|refers to|is defined as)\s"
    r"(?:(?:a|an|the)\s)?(?P<rest>.+)"
)
IS_A = re.compile(r"(?:an?\s)?(?P<term>[\w’' -]{1,60}?)\s(?:is|are)\s(?!not\b)", re.I)
# What follows a meaning and adds to it: "This amount does not include …", "If it is sold, …". An example takes nothing.
GOES_ON_OF_IT = re.compile(
    r"(?!for example\b)(?:(?:the|this|that|these|those|such|it|they) |(?:if|where|when|for (?:the )?purposes of|in)\b)",
    re.I,
)
LESS = re.compile(r"\b(?:not|only|except|unless|excludes?|but)\b", re.I)
# "The contract must require delivery within 30 days": the time is that of the delivery.
ANOTHERS_TIME = re.compile(
    r"(?:How soon|How long|What is the deadline for)\b.*\b(?:requires?|specif(?:y|ies)|stipulates?|provides? for)\b"
)
# Who "we" are or how to reach "us" is not said; instructions that stood behind a link; two sentences run together;
# "the 14 percent offer" of a case that was told, "the five-year period", somebody called Mr. Lee.
UNCLEAR = re.compile(
    r"\b(?:report|reports|conclusions|results) (?:on|of|from) its (?:evaluation|review|assessment|work)\b|"
    r"\bthe \$?\d{1,3}(?:[.,]\d+)?\s?(?:%|percent\b|per cent\b|dollars?\b)|"
    r"\b(?:contact|tell|email) us\b(?!.*[@\d])|^We use\b|\b(?:may|can|must|will|should) The\b|"
    r"\b(?:Mr|Mrs|Ms|Dr)\.\s|\bthe [\w-]+-(?:year|month|week|day) period\b|"
    r"\bfollow the (?:instructions|steps|guide)\.$|\buse the \w+ templates?\.$|"
    r"^(?:If|When) [^,]+, (?:consider|remember|think|try|be)\b|^(?:When|After|Before) we (?:first|last)\b"
)
# "May I make a request?": for what? A heading that says so may stand two levels above.
FOR_WHAT = re.compile(
    r"\b(?:mak|submit|fil|send|plac|obtain|get|request|receiv|complet)(?:e|t?ing)? an? (?:[\w-]+,? ){0,3}?"
    r"(?:request|application|license|account|form|report|ticket|order|claim)\b"
    r"(?! (?:for|to|of|about|that|under|with)\b)"
)
SUBSTANCE = 3  # words that tell the matter of a question, where its heading shares none
UNGRAMMATICAL = re.compile(r"(?:Is|Does|Are) I\b|Does all\b")
INSTRUMENTS = MANY_OF | {"act", "law", "rules", "regulation", "code", "policy", "program", "scheme"}
# Such a heading names the case that all below it is limited to.
LIMITS = re.compile(
    r"\b(?:exemptions?|exceptions?|waivers?|variances?|exempted|expedited|temporary|interim|emergency|simplified)\b",
    re.I,
)
# A member, a director, the Board: of what?
MEMBER = re.compile(
    r"^(?:(?:an?|the|any|each) )?(?:members?|directors?|boards?|committees?|councils?|officers?)\b(?! of\b| states?\b)|"
    r"\bof (?:an?|the|any|each) (?:members?|directors?)$",
    re.I,
)
# "The establishment of any such categories shall be based on …": what the sentence before allows is limited.
OF_SUCH = re.compile(r"\bsuch (?:an? )?(?P<thing>\w+)(?=.*\b(?:shall|must|only|not|no)\b)", re.I)
HE = re.compile(r"\b(?:he|she|him|her|his)\b")
ONE_ASKED = re.compile(r"\w+ the [a-z]+ (?!of\b|for\b)")  # "Is the class required for all?": one that was told of
UNDER = re.compile(r"Under “(?P<heading>[^”]+)”")  # as `_named` begins a question
SAID = 0.75  # of a chapter's words in a question that says of itself what it is about
FAQ = re.compile(r"\bfrequently asked\b|\bFAQs?\b|^questions\b", re.I)
NAMES_SOMETHING = re.compile(r"(?<=\s)(?!I\b)[\W]?[A-Z]|\d")
# What behind another sentence of a law holds in the case that one speaks of.
CONDITION_ASKED = re.compile(
    r"\b(?:do|happens|have|right) (?:if|when|where|within|upon|before|after|during|prior)\b|^What happens\b"
)
# "Purpose and scope; definitions": of a part that this heading does not name.
SCOPED = re.compile(r"\bscope\b.*\bdefinitions\b|\bdefinitions\b.*\bscope\b", re.I)
DEFINES = re.compile(
    r"What (?:is|are) (?!the\b)|What does .* mean\?|How (?:is|are) .* defined\?|Can you explain what\b"
)
# "What happens if someone cannot join?", under "Tips": join what?
CASE = re.compile(r"^What (?:happens|should I do) (?:if|when)\b")
# "How do we balance our budget?", in a handbook: whose?
# What I, you or we may do is asked of somebody in a place, which the heading names; so is "the evaluation process".
ASKER = re.compile(r"\b(?:I|my|me|you|your)\b")
THE_ONE = re.compile(r"the (?:[a-z][\w-]* ){0,2}[a-z][\w-]*$")
OURS = re.compile(r"\b(?:we|us|our)\b", re.I)
YOU_DO = re.compile(r"^\w+ you\b")  # "Do you pay for it?", asked of a statement on "us"
HEADING_WORDS = 12
UNNAMABLE = re.compile(r"\d{3}|[{}\\#?]")
ACRONYM = re.compile(r"\b[A-Z]{2,}\b")  # a question that holds one names its matter


def taken_back(found: Sequence[str], known: Known) -> set[str]:
    """The sentences that the one behind them limits or lifts, and meanings from which a later one takes something.

    A heading between the two parts nothing.
    """
    if known.long:
        found = [sentence for sentence in found if run_in_heading(sentence) is None]
    limited = {sentence for sentence, after in pairwise(found) if TAKES_BACK.match(after)}
    limited |= {sentence for sentence, after in zip(found, found[2:], strict=False) if EXCEPT.match(after)}
    if known.long:
        limited |= {sentence for sentence, after in pairwise(found) if OTHERWISE.match(after)}
        limited |= {sentence for sentence, after in pairwise(found) if _is_told_further(sentence, after, known)}
        limited |= {sentence for sentence, after in pairwise(found) if _limits_such(sentence, after)}
        limited |= set(_under_an_unless(found))
    less = [match[1].lower() for sentence in found if (match := NOT_INCLUDED.search(sentence))]
    return limited | {
        sentence for sentence in found if (told := MEANING.search(sentence)) and told["term"].lower().strip() in less
    }


def _under_an_unless(found: Sequence[str]) -> Iterator[str]:
    """What somebody does, behind a sentence that says unless what: "The agency shall decide whether to charge fees,
    unless …. The agency shall charge $1 a page."
    """
    exempting: list[str] = []
    for sentence in found:
        if match := MODAL.match(sentence):
            who, deed = match["subject"].lower(), match["rest"].split()[0].lower()
            if any(who in said and re.search(rf"\b{re.escape(deed)}\b", said) for said in exempting):
                yield sentence
        if re.search(r"\b(?:unless|except)\b", sentence, re.I):
            exempting.append(sentence.lower())


def _limits_such(sentence: str, after: str) -> bool:
    return any(match["thing"].lower() in sentence.lower() for match in OF_SUCH.finditer(after))


def _is_told_further(sentence: str, after: str, known: Known) -> bool:
    """Whether the next sentence adds to what a term means; in a guide only where it takes something away."""
    told = MEANING.match(sentence) or IS_A.match(sentence)
    if not told or MEANING.match(after) or (known.plain and not LESS.search(after)):
        return False
    names_it = re.search(rf"\b{re.escape(told['term'].strip())}s?\b", after, re.I)
    return bool(GOES_ON_OF_IT.match(after) or (names_it and LESS.search(after)))


def lifted(section: Sequence[Passage]) -> list[Passage]:
    """The numbered paragraphs of a section for which another one says when they do not hold."""
    numbers: set[int] = set()
    for match in (found for passage in section for found in LIFTS.finditer(passage.text)):
        first, last = int(match["first"]), int(match["last"] or match["first"])
        numbers |= {first, last, *map(int, re.findall(r"\d+", match["others"]))}
        numbers |= set(range(first, last)) if match["joint"] == "to" else set()
    return [p for p in section if (found := NUMBERED.match(p.text)) and int(found[1]) in numbers]


def under_a_lead(section: Sequence[Passage]) -> list[Passage]:
    """The items of lists whose lead says for whom or for what they hold: "There are two rules for members"."""
    found: list[Passage] = []
    lead = ""
    for passage in section:
        if not BULLET.match(passage.text):
            lead = passage.text
        elif LEADS.search(lead):
            found.append(passage)
    return found


def is_circular(sentence: str) -> bool:
    """Whether a definition only sends elsewhere or repeats its term: "Act means the Equal Credit Opportunity Act"."""
    match = MEANING.match(sentence)
    if not match:
        return bool(re.search(r"\bhas the (?:same )?meaning\b", sentence))
    term, rest = match["term"].strip().lower(), match["rest"]
    named = re.match(r"(?:[A-Z][\w’'-]+ )+", f"{rest.rstrip('.')} ")
    repeats = rest.lower().startswith(f"{term} ") or (named and term == named[0].split()[-1].lower())
    # "Delinquency means a period in which a borrower is delinquent."
    repeats = repeats or (" " not in term and len(term) > 7 and term[:7] in rest.lower())
    return bool(ELSEWHERE_DEFINED.search(rest[:120]) or repeats)


def in_scope(questions: list[str], sentence: Placed, known: Known) -> Iterator[str]:
    """The questions as they can be asked of a long document: with the law they ask about, and the heading where they
    lean on it. None where the sentence leans on another one.
    """
    if is_circular(sentence.text):
        return
    asked = [q for q in questions if not (ANOTHERS_TIME.match(q) or UNGRAMMATICAL.match(q))]
    if not known.long:
        yield from asked
        return
    told = MEANING.match(sentence.text) or IS_A.match(sentence.text)
    if (
        told
        and not re.match(r"\W*means\b", sentence.text[told.end("term") :])
        and told["term"].lower() in known.defined
    ):
        asked = [question for question in asked if not DEFINES.match(question)]  # a remark; its definition is elsewhere
    if UNCLEAR.search(sentence.text) or leans_on_those_before(sentence.text, sentence.before, known):
        return
    if (he := HE.search(sentence.text)) and not any(map(is_agent, sentence.text[: he.start()].split())):
        return
    for question in asked:
        vague = not known.called.binding and not _tells_its_matter(question, sentence.heading)
        alone = known.plain and CASE.search(question) and not _stems(sentence.heading)
        leans = known.called.binding and sentence.before and CONDITION_ASKED.search(question)
        if vague or alone or leans or not says_its_topic(question, sentence.heading):
            continue
        if (under := _leans_on(question, sentence, known)) is not None:
            yield _named(question, under, known)


def in_chapter(question: str, above: Sequence[str], known: Known) -> str:
    """A guide's question with the closest heading above its section that tells, where it does not say it itself:
    "Can I send a direct message?" under "Slack".
    """
    chapter = _telling(above)
    told = _stems(chapter)
    if not known.plain:
        return question
    says = len(told & _stems(question)) >= SAID * len(told)
    if not told or says or told <= _stems(known.called.name) or not _can_be_named(chapter):
        return _of_us(question, YOU_DO, known)
    if named := UNDER.match(question):
        return f"Under “{chapter}: {named['heading']}”{question[named.end() :]}"
    return _named(question, chapter, known)


def _telling(above: Sequence[str]) -> str:
    """The closest heading above that is neither a question nor "Frequently asked questions"; empty where none is."""
    telling = (heading for heading in reversed(above) if not heading.endswith("?") and not FAQ.search(heading))
    return telling_part(next(telling, ""))


def asked_of(question: str, above: Sequence[str], known: Known) -> str:
    """An FAQ's question with the closest heading above that tells, where it says little itself ("What is my type?"),
    or with the paper whose "we" it speaks of, where that has a name to be said.
    """
    name = known.called.name
    told = _telling(above)
    says = _tells_its_matter(question, told) and not (ASKER.search(question) and _substance(question) < SUBSTANCE)
    if known.plain and not says and not _stems(told) <= _stems(f"{question} {name}") and _can_be_named(told):
        return _named(question, told, known)
    return _of_us(question, OURS, known)


def _of_us(question: str, words: re.Pattern[str], known: Known) -> str:
    """The question with the paper whose "we" it speaks of, by the words for them, where that has a name to be said."""
    name = known.called.name
    named = not name.startswith("the ") or UNDER.match(question) or _stems(name) <= _stems(question)
    if not known.plain or named or not words.search(question):
        return question
    return f"In {name}, {question[0].lower()}{question[1:]}"


def _tells_its_matter(question: str, heading: str) -> bool:
    """Whether a guide's question says what it is about; "Which metrics will you consider?" does not."""
    if DEFINES.match(question):
        return True
    shared = _own_stems(question) & _stems(heading)
    return not FOR_WHAT.search(question) and (_substance(question) >= SUBSTANCE or bool(shared))


def _own_stems(question: str) -> set[str]:
    return _stems(" ".join(word for word in question.lower().split() if word not in STOPS))


def _substance(question: str) -> int:
    """How many words of a question tell its matter."""
    return len(_own_stems(question))


def _named(question: str, heading: str, known: Known) -> str:
    """The question with the heading, if any, and with the document where one has to ask by it."""
    called = known.called
    if not heading and (not called.binding or _stems(called.name) <= _stems(question)):
        return question
    of = f" {'of' if called.binding else 'in'} {called.name}" if called.name else ""
    where = f"under “{heading}”{of}" if heading else str(called)
    if not heading and DEFINES.match(question):
        return f"{question.rstrip('?')} {where}?"
    return f"{where[0].upper()}{where[1:]}, {question[0].lower()}{question[1:]}"


def _leans_on(question: str, sentence: Placed, known: Known) -> str | None:
    """The heading that tells what a question leaves open, empty where nothing is, None where no heading tells it."""
    heading = sentence.heading
    # Headings of levels between them are lost where those in the text are all that tells.
    if heading != sentence.section and not (DEFINES.match(question) or _stems(telling_part(sentence.section))):
        return None
    subject = _subject(sentence.text, known)
    if _is_some_thing(subject):
        return None
    short = telling_part(heading)
    told = _stems(short)
    # "Service" alone, under "Service of subpoenas", has said no more than its own word.
    general = bool(MEMBER.search(subject))
    alone = general or (len(subject.removeprefix("the ").split()) == 1 and _is_bare(subject))
    telling = (told - _stems(subject) or told) if alone else told
    telling = telling - known.everywhere or telling
    tells = told and short[0].isupper() and len(short.split()) <= HEADING_WORDS and not UNNAMABLE.search(short)
    if DEFINES.match(question):
        # A law's "Definitions" hold for all of it, those of one of its parts for that part.
        if not tells and SCOPED.search(heading):
            return None
        return short if tells and known.called.binding and not telling & _stems(question) else ""
    if known.plain and (CASE.search(question) or ASKER.search(question)):
        return _unsaid(question, telling_part(sentence.section))
    if known.plain and THE_ONE.match(subject) and not is_agent(subject) and told <= _stems(question):
        return None
    within = short.split(" - ")[1:]
    if telling & _stems(question) and all(_stems(part) & _stems(question) for part in within):
        return ""
    bare = general or (_is_bare(subject) and not ACRONYM.search(question))
    if bare or _names_an_instrument(question) or LIMITS.search(heading):
        return short if tells else None
    if known.plain and told and not told & _stems(question) and not NAMES_SOMETHING.search(question):
        return short if tells and not ONE_ASKED.match(question) else None
    # In a law what is said of everybody holds within its section; a heading of one word is the law's matter over again.
    return short if tells and known.called.binding and " " in short else ""


def _unsaid(question: str, heading: str) -> str | None:
    """A guide's heading where a question has not said all of it; None where it cannot be named."""
    told = _stems(heading)
    if told <= _stems(question):
        return ""
    return heading if _can_be_named(heading) else None


def _can_be_named(heading: str) -> bool:
    return heading[:1].isalnum() and not heading[0].islower() and len(heading.split()) <= HEADING_WORDS


def telling_part(heading: str) -> str:
    """A heading without its number and anchor, and without what follows its second dash."""
    plain = re.sub(r"\s*\{#.*\}|\\?#", "", plain_heading(heading)).strip()
    return " - ".join(re.split(r"\s+[-–—]\s+", plain)[:2]).rstrip(" .;:")


def _stems(text: str) -> set[str]:
    kept = (word for word in re.findall(r"\w+", text.lower()) if word not in GENERAL and word not in DETERMINERS)
    return stems(" ".join(kept))


def _subject(sentence: str, known: Known) -> str:
    match = MODAL.fullmatch(small_start(sentence, known.names).rstrip(". "))
    return match["subject"] if match else ""


def _is_some_thing(subject: str) -> bool:
    """ "A supply shall be maintained": of what stood in the sentence before."""
    words = subject.lower().split()
    return len(words) == 2 and words[0] in ("a", "an") and words[1] in MANY_OF


def _is_bare(subject: str) -> bool:
    """ "Top and bottom margins", "the amount": a thing by its general noun alone."""
    words = subject.split()
    if not 1 <= len(words) <= 4 or is_agent(subject) or any(not word[0].islower() for word in words):
        return False
    return words[0] not in DETERMINERS - {"the"} and not re.search(
        r"\b(?:of|for|to|from|in|who|that|you|we)\b", subject
    )


def _names_an_instrument(question: str) -> bool:
    """ "The Annual Report", "the Act": one of many, though written like a name."""
    return any(
        phrase and all(word[0].isupper() for word in phrase) and phrase[-1].lower() in INSTRUMENTS and stop != "of"
        for phrase, stop in (_until_small(p, s) for p, s in definite_phrases(question))
    )


def _until_small(phrase: list[str], stop: str) -> tuple[list[str], str]:
    """The capital words a phrase begins with, and what stops it there."""
    for number, word in enumerate(phrase):
        if word[0].islower():
            return phrase[:number], word
    return phrase, stop
