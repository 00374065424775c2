"""Questions by the clause a sentence opens with: a condition, an occasion, a purpose."""

import re
from collections.abc import Iterator

from finetune.data.from_documents.sentences import LEANS
from finetune.data.from_documents.statements import MODAL
from finetune.data.from_documents.subjects import FINITE, is_agent, is_plain_subject
from finetune.data.from_documents.voice import (
    DETERMINERS,
    IMPERATIVES,
    customer_subject,
    is_plural,
    plain_modal,
    to_customer,
)

CONDITION = re.compile(r"(?P<word>if|when|where)\s+(?P<condition>[^,;:]{8,140}),\s+(?:then\s+)?(?P<rest>.{8,})", re.I)
ON_OCCASION = re.compile(
    r"(?P<occasion>(?:within|upon|before|after|prior to|during|following|in the event of|in case of|no later than|"
    r"not later than|at least)(?!\srequest)(?:\s[^\s,;:]+){3,16}),\s+(?P<rest>.{8,})",
    re.I,
)
PURPOSE = re.compile(
    r"to\s+(?P<purpose>[a-z][^,;:]{4,90}),\s+(?P<rest>(?:please\s+|you\s+|simply\s+)?[a-z].{5,})", re.I
)
# "If you are a member", "if you have a key": what somebody is or has, at which nothing happens.
STATE_OF_ONE = re.compile(r"you(?: are|['’]re| have|['’]ve| own| hold| need| want)\b(?! (?:been|had|not)\b)", re.I)
# What follows a condition's comma and is not the main clause: a verb, or the next item of a list.
NO_CLAUSE = re.compile(rf"(?:and|or|but)\b|{FINITE.pattern}|[^,]{{1,60}}, (?:or|and)\b|please also\b", re.I)


def condition(text: str) -> Iterator[str]:
    match = CONDITION.fullmatch(text)
    if not match or not _is_clause(match["condition"]) or NO_CLAUSE.match(match["rest"]):
        return
    # "If you leave, it is paid out": what is?
    if re.search(r"\byour?\b", match["condition"], re.I) and re.match(r"(?:it|they|this)\b", match["rest"]):
        return
    word = {"where": "when"}.get(match["word"].lower(), match["word"].lower())
    # What to fill into a form is no answer to anyone but who has it in hand.
    if re.match(r"(?:state|indicate|describe|list|identify|specify|explain|include|insert)\b", match["rest"]):
        return
    gerund = match["condition"].split()[0].endswith("ing")
    condition = f"{word} {to_customer(match['condition'])}"
    rest = match["rest"]
    if rest.split()[0].lower() in IMPERATIVES | {"please"} or re.match(r"you (?:must|should|need to|have to)\b", rest):
        yield f"what should I do {condition}"
    elif right := re.match(r"(?P<holder>[^,;:]{3,60}?) (?:shall have|has|have) the right\b", rest):
        plural, holder = is_plural(right["holder"]), to_customer(right["holder"], subject=True)
        if is_plain_subject(right["holder"]):
            yield f"what right {'do' if plural else 'does'} {holder} have {condition}"
    elif asked := _what_one_does(rest):
        yield f"{asked} {condition}"
    elif gerund or rest.split()[0].endswith("ing") or STATE_OF_ONE.match(match["condition"]):
        return
    elif FINITE.search(rest) or re.match(r"(?:we|you|they) [a-z]+\b", rest):
        yield f"what happens {condition}"


def _is_clause(condition: str) -> bool:
    """Whether what stands behind "if" has a subject and a verb, so far as word forms tell, and says something."""
    first = condition.split()[0].lower()
    if LEANS.match(condition) or len(condition.split()) < 4 or re.search(r"\bany questions\b", condition):
        return False
    if first in ("you", "we", "i") or first.endswith("ing"):
        return True
    return not first.endswith("ed") and bool(re.search(rf"{FINITE.pattern}|\s\w+(?:s|ed)\b", condition))


def occasion(text: str) -> Iterator[str]:
    match = ON_OCCASION.fullmatch(text)
    if match and (asked := _what_one_does(match["rest"])):
        yield f"{asked} {to_customer(match['occasion'])}"


def _what_one_does(rest: str) -> str | None:
    """ "the bank shall send a notice" as "what must the bank do"."""
    match = MODAL.fullmatch(rest)
    if not match or match["negated"] or not is_plain_subject(match["subject"]) or match["rest"].startswith("be "):
        return None
    subject = match["subject"]
    if match["modal"] not in ("must", "shall", "should") or not is_agent(subject):
        return None
    return f"what {plain_modal(match['modal'])} {customer_subject(subject)} do"


def purpose(text: str) -> Iterator[str]:
    match = PURPOSE.fullmatch(text)
    if not match:
        return
    first = match["rest"].split()[0].lower()
    # Only an instruction answers "how do I": "To apply, send …", not "To protect you, the clinic …".
    if first in DETERMINERS - {"you"} or re.match(r"you\s+(?:may not|must not|cannot)", match["rest"]):
        return
    if first in {"you", "please", "simply"} or first in IMPERATIVES:
        if not match["purpose"].startswith("be "):
            yield f"how do I {to_customer(match['purpose'])}"
        yield f"what do I need to do to {to_customer(match['purpose'])}"
