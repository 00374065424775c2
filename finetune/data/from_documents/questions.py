"""A question that a sentence, the introduction of a list, or a heading answers, by patterns of English grammar."""

import re

from finetune.data.from_documents.sentences import LEANS, stands_alone
from finetune.data.from_documents.voice import (
    DETERMINERS,
    IMPERATIVES,
    as_question,
    customer_subject,
    plain_modal,
    small_start,
    small_word,
    to_customer,
)

NUMBER = (
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety)"
)
UNIT = r"(?:(?:business|calendar|working|full)\s+)?(?:minutes?|hours?|days?|weeks?|months?|years?)"
SPAN = rf"{NUMBER}(?:\s*\(\d+\))?(?:\s*(?:-|–|to|or)\s*{NUMBER})?\s+{UNIT}"
AMOUNT = r"(?:[$€£]\s?\d[\d,.]*|\d[\d,.]*\s?(?:%|percent|per cent|dollars|euros|pounds|EUR|USD|GBP))"
SOON = re.compile(rf"\s+(?:within|in under|no later than|not later than|in less than)\s+{SPAN}\b.*$", re.I)
AHEAD = re.compile(rf"\s+(?:at least\s+|no less than\s+)?{SPAN}\s+(?:before|prior to|in advance|ahead)\b.*$", re.I)
LASTING = re.compile(rf"\s+(?:for|up to)\s+(?:at least\s+|up to\s+|a period of\s+|a minimum of\s+)*{SPAN}\b.*$", re.I)
MODAL = re.compile(
    r"(?P<subject>[^,;:]{2,90}?)\s(?P<modal>must|shall|may|can|cannot|should|will)(?P<negated>\s+not|\s+never)?\s"
    r"(?P<rest>(?!only\b|also\b|be:)\S.+)",
)
STATES = (
    r"required|entitled|allowed|permitted|obliged|prohibited|forbidden|responsible|eligible|covered|included|excluded|"
    r"free|available|open|closed|due|payable|refundable|mandatory|optional|valid|liable|exempt|accepted|issued|charged|"
    r"processed|refunded|paid|sent|returned|stored|kept|retained|deleted|reviewed|subject"
)
STATE = re.compile(rf"(?P<subject>[^,;:]{{2,90}}?)\s(?P<verb>is|are)(?P<negated>\s+not)?\s(?P<rest>(?:{STATES})\b.*)")
DOES = re.compile(
    r"(?P<subject>[^,;:]{2,80}?)\s(?P<verb>(?:have|has)(?= (?:the right|a right|access|until|up to|at least))|"
    r"(?:accept|offer|provide|require|support|cover|include|allow|keep|store|pay|last|begin|end|start|expire|charge|"
    r"share|sell|use|refund|return|deliver|ship|protect|check|review|record|treat|exclude)s?|apply|applies)\s(?P<rest>\S.+)",
)
DEFINED = re.compile(
    r"(?P<article>(?:a|an|the)\s+)?[\"“'‘]?(?P<term>[A-Za-z][\w’'/() -]{1,60}?)[\"”'’]?\s+"
    r"(?P<verb>means|refers to|is defined as|are defined as|stands for|is an?|is the|are)\s+(?P<rest>\S.+)",
    re.I,
)
PRICED = re.compile(
    rf"(?P<subject>[^,;:]{{2,80}}?)\s(?P<verb>is|are|costs|cost)\s+(?:up to\s+|about\s+|only\s+)?{AMOUNT}.*", re.I
)
CHARGE = re.compile(rf"we charge\s+(?:a fee of\s+|up to\s+)?{AMOUNT}\s+(?P<rest>(?:for|per)\b.+)", re.I)
CONDITION = re.compile(r"(?P<word>if|when)\s+(?P<condition>[^,;:]{8,140}),\s+(?P<rest>.{8,})", re.I)
PURPOSE = re.compile(
    r"to\s+(?P<purpose>[a-z][^,;:]{4,90}),\s+(?P<rest>(?:please\s+|you\s+|simply\s+)?[a-z].{5,})", re.I
)
FOLLOWING = re.compile(
    r"(?:the\s+)?following\s+(?P<noun>[a-z]+(?:\s[a-z]+)?)\s+(?P<rest>(?:are|is|must|can|may|apply|will)\b.*)", re.I
)
# A question that points at what only the document's reader sees, or that was cut in the middle.
UNSOUND = re.compile(
    r"\b(?:the following|do so|such|this (?:section|paragraph|part|chapter|policy|rule)|thereof|hereby|respectively)\b|"
    r"\b(?:and|or|of|to|by|under|paragraphs?|sections?|that|the|an?|if|with|for|in|at|than|as|is|are|be)$|§|\[|"
    r" ['’]s\b",
    re.I,
)
# A subject whose own clause may hold the verb that was found: asking by it would turn the wrong verb round.
TANGLED = re.compile(
    r"^(?:only|for|in|on|at|by|with|from|after|before|under|to|of|as|except|unless|during|what|whatever|whether|how|when|"
    r"why|whoever|if)\b|\b(?:that|which|who|where|whose)\b|"
    r"\b(?:also|then|therefore|it|they|these|those|this)$|^the (?:word|term|result|answer|following)$|"
    r"(?<!\bof)(?<!\bfor)(?<!\bto)(?<!\bin)(?<!\bby)(?<!\bwith)(?<!\bfrom)(?<!\bon)(?<!\bor)(?<!\band)(?<!\bunder)"
    r"(?<!\ball)(?<!\bat)(?<!\bbetween)(?<!\babout)\s(?:an?|the|your|our|each|any)\s",
    re.I,
)
# "What is covered We cover …": a heading that ran into its text, seen by a sentence's first word in the middle.
FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|if|when|because|while|although|must|shall|may|can|will)\b"
)


def question_from_sentence(sentence: str, names: frozenset[str]) -> str | None:
    """A question the sentence answers, or None. `names` are words that stay capital."""
    if not stands_alone(sentence):
        return None
    bare = re.sub(
        r"^(?:please note that|note that|note:|in general,|generally,|important:)\s+", "", sentence, flags=re.I
    )
    bare = small_start(bare.rstrip('."”)! ') if bare.endswith(('."', ".”")) else bare.rstrip(".! "), names)
    for pattern in (_condition, _purpose, _charge, _price, _definition, _modal, _state, _does):
        question = pattern(bare)
        if question and 3 <= len(question.split()) <= 30 and not UNSOUND.search(question):
            return as_question(question)
    return None


def question_from_introduction(sentence: str, names: frozenset[str]) -> str | None:
    """A question from the sentence that leads into a list, whose answer is the list."""
    bare = small_start(sentence.strip().rstrip(":").strip(), names)
    if match := FOLLOWING.match(bare):
        return as_question(f"which {match['noun']} {to_customer(match['rest'])}")
    if LEANS.match(bare) or not bare:
        return None
    bare = re.sub(r"\s+(?:the following|as follows|one of the following|any of the following)$", "", bare, flags=re.I)
    match = MODAL.fullmatch(f"{bare} …")
    if match and not match["negated"] and _plain_subject(match["subject"]):
        rest = match["rest"].removesuffix(" …").removesuffix("…").strip()
        return as_question(
            f"what {plain_modal(match['modal'])} {customer_subject(match['subject'])} {to_customer(rest)}".strip()
        )
    if include := re.fullmatch(r"([^,;:]{3,80}?)\s+(?:include|includes|are|consists? of)", bare):
        return (
            as_question(
                f"what {'do' if bare.endswith('include') else 'are'} {to_customer(include[1])}"
                f"{' include' if bare.endswith('include') else ''}"
            )
            if not bare.endswith("s of")
            else None
        )
    return None


def question_from_heading(heading: str, names: frozenset[str]) -> str:
    """ "Cancellation policy" as "What should I know about the cancellation policy?" """
    words = heading.split()
    small = " ".join([small_word(words[0], names), *(small_word(w, names) for w in words[1:])])
    if re.match(r"(?:how|what|when|where|why|who)\b", small):
        return as_question(f"can you tell me {to_customer(small)}")
    if re.fullmatch(r"[a-z]+ing\b.*", small) or len(words) > 1 or small.endswith("s"):
        return as_question(f"what should I know about {to_customer(small)}")
    return as_question(f"what do you say about {small}")


def _condition(text: str) -> str | None:
    match = CONDITION.fullmatch(text)
    if not match or FINITE.match(match["rest"]) or LEANS.match(match["condition"]):
        return None
    return f"what happens {match['word'].lower()} {to_customer(match['condition'])}"


def _purpose(text: str) -> str | None:
    match = PURPOSE.fullmatch(text)
    if not match:
        return None
    first = match["rest"].split()[0].lower()
    # Only an instruction answers "how do I": "To apply, send …", not "To protect you, the clinic …".
    if first in DETERMINERS - {"you"} or re.match(r"you\s+(?:may not|must not|cannot)", match["rest"]):
        return None
    return (
        f"how do I {to_customer(match['purpose'])}"
        if first in {"you", "please", "simply"} or first in IMPERATIVES
        else None
    )


def _charge(text: str) -> str | None:
    match = CHARGE.fullmatch(text)
    return f"how much do you charge {to_customer(match['rest'])}" if match else None


def _price(text: str) -> str | None:
    match = PRICED.fullmatch(text)
    if not match or not _plain_subject(match["subject"]):
        return None
    subject = customer_subject(match["subject"])
    if match["verb"] in ("costs", "cost"):
        return f"how much {'does' if match['verb'] == 'costs' else 'do'} {subject} cost"
    return f"what {match['verb']} {subject}"


def _definition(text: str) -> str | None:
    match = DEFINED.fullmatch(text)
    if not match or not _plain_subject(match["term"]) or len(match["term"].split()) > 6:
        return None
    term, verb, rest = match["term"].strip(), match["verb"].lower(), match["rest"]
    if term.split()[0].lower() in DETERMINERS | {"there", "here", "what", "who"}:
        return None
    if verb == "are":
        # "Claims are reviewed" is no definition; "Grievances are complaints that …" is.
        noun = re.match(r"(?:\w+\s){0,2}\w+s\s+(?:that|which|who|of|for|made|in)\b", rest)
        return f"what are {term}" if noun and not re.match(STATES, rest) else None
    if verb == "is the" and (match["article"] or "the ").lower() == "the ":
        return None
    if verb in ("is a", "is an", "is the"):
        return f"what is {match['article'] or ''}{term}"
    return (
        f"what does {(match['article'] or '').lower()}{term} mean" if verb != "are defined as" else f"what are {term}"
    )


def _modal(text: str) -> str | None:
    match = MODAL.fullmatch(text)
    if not match or not _plain_subject(match["subject"]):
        return None
    subject, modal, rest = match["subject"], match["modal"], match["rest"]
    inner = match["negated"] or ""
    if modal == "cannot":
        modal, inner = "can", " not"
    if inner and modal in ("must", "shall", "may"):
        modal = "may"
    rest = re.sub(r"^(?:always|also|either|generally|normally|usually)\s+", "", rest)
    return _timed(rest, plain_modal(modal), subject, negated=bool(inner)) or _closed(plain_modal(modal), subject, rest)


def _state(text: str) -> str | None:
    match = STATE.fullmatch(text)
    if not match or not _plain_subject(match["subject"]):
        return None
    verb, subject, rest = match["verb"], match["subject"], match["rest"]
    if re.match(r"(?:open|closed)\b.*(?:day|\d)", rest):
        word = rest.split()[0]
        return f"when {verb} {customer_subject(subject)} {word}"
    return _timed(rest, verb, subject, negated=bool(match["negated"])) or _closed(verb, subject, rest)


def _does(text: str) -> str | None:
    match = DOES.fullmatch(text)
    if not match or not _plain_subject(match["subject"]):
        return None
    subject, verb = match["subject"], match["verb"]
    single = verb in ("has", "applies") or (verb.endswith("s") and verb != "discuss")
    base = {"has": "have", "applies": "apply", "discuss": "discuss"}.get(verb, verb.removesuffix("s"))
    plural = subject.lower() in ("we", "you") or re.search(
        r"(?:[^s]s|people|staff|children)$", subject.split(" of ")[0]
    )
    if not single and not plural:
        return None
    verb = "does" if single else "do"
    if base == "include":
        return f"what {verb} {customer_subject(subject)} include"
    return _timed(f"{base} {match['rest']}", verb, subject, negated=False) or _closed(
        verb, subject, f"{base} {match['rest']}"
    )


def _timed(rest: str, verb: str, subject: str, *, negated: bool) -> str | None:
    """How soon, how far ahead or how long, asked of the words before the time."""
    if negated:
        return None
    for word, span in (("how soon", SOON), ("how far in advance", AHEAD), ("how long", LASTING)):
        before = span.sub("", f" {rest}").strip()
        if before != rest.strip() and before and len(before.split()) <= 18 and before.count(",") == 0:
            before = re.sub(r"\s+(?:at least|and|or|for|at|by|of|within)$", "", before)
            return f"{word} {verb} {customer_subject(subject)} {to_customer(before)}"
    return None


def _closed(verb: str, subject: str, rest: str) -> str | None:
    """A yes-or-no question: the verb before its subject, which English modals allow without other changes."""
    clause = re.split(r",(?!\d{3})|[;:(]|\s(?:because|since|so that|unless|except|and must|but)\s", rest)[0].strip()
    clause = re.sub(r"^(?:not|never|only)\s+", "", clause)
    if not 2 <= len(clause.split()) <= 16:
        return None
    return f"{verb} {customer_subject(subject)} {to_customer(clause)}"


def _plain_subject(subject: str) -> bool:
    """A noun phrase short enough to ask about, that leans on nothing before it."""
    words = subject.split()
    tangled = LEANS.match(subject) or FINITE.search(subject.lower()) or TANGLED.search(subject)
    return 1 <= len(words) <= 9 and not tangled
