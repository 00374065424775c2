"""Questions by what a sentence states: an obligation, a permission, a deadline, a price, a practice."""

import re
from collections.abc import Iterator

from finetune.data.from_documents.subjects import FINITE, RELATIVE, is_agent, is_plain_subject
from finetune.data.from_documents.voice import IMPERATIVES, customer_subject, is_plural, plain_modal, to_customer

NUMBER = (
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|twenty|thirty|sixty|ninety)"
)
UNIT = r"(?:(?:business|calendar|working|full)\s+)?(?:minutes?|hours?|days?|weeks?|months?|years?)"
SPAN = rf"{NUMBER}(?:\s*\(\d+\))?(?:\s*(?:-|–|to|or)\s*{NUMBER})?\s+{UNIT}"
AMOUNT = r"(?:[$€£]\s?\d[\d,.]*|\d[\d,.]*\s?(?:%|percent|per cent|dollars|euros|pounds|EUR|USD|GBP))"
SOON = re.compile(rf"\s+(?:within|in under|no later than|not later than|in less than)\s+{SPAN}\b.*$", re.I)
AHEAD = re.compile(rf"\s+(?:at least\s+|no less than\s+)?{SPAN}\s+(?:before|prior to|in advance|ahead)\b.*$", re.I)
LASTING = re.compile(rf"\s+(?:for|up to)\s+(?:at least\s+|up to\s+|a period of\s+|a minimum of\s+)*{SPAN}\b.*$", re.I)
UP_TO = re.compile(
    rf"(?P<verb>\w+) up to {SPAN}(?: \([^)]*\))? of (?P<what>[^,;:]{{3,40}}?)"
    r"(?P<tail>\s(?:to|for|per|during|in|if)\b.{3,90})?"
)
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
ANSWERABLE = re.compile(r"required|entitled|allowed|permitted|obliged|prohibited|responsible|eligible|liable|exempt")
DOES = re.compile(
    r"(?P<subject>[^,;:]{2,80}?)\s(?P<verb>(?:have|has)(?= (?:the right|a right|access|until|up to|at least))|"
    r"(?:accept|offer|provide|require|support|cover|include|allow|keep|store|pay|last|begin|end|start|expire|charge|"
    r"share|sell|use|refund|return|deliver|ship|protect|check|review|record|treat|exclude)s?|apply|applies)\s(?P<rest>\S.+)",
)
NO_OBJECT = re.compile(r"(?:that|which|of|and|or|are|is|not|as|by|must|may|shall|will|can|for and)\b")
PRICED = re.compile(
    rf"(?P<subject>[^,;:]{{2,80}}?)\s(?P<verb>is|are|costs|cost)\s+(?:up to\s+|about\s+|only\s+)?{AMOUNT}.*", re.I
)
# "The fee is $28": the sentence before says of what.
OF_WHAT = re.compile(
    r"(?:the|this|our|your) (?:fees?|prices?|costs?|charges?|rates?|deposit|premium|penalty|fine|amount|total|"
    r"minimum|maximum|limit|discount|surcharge)",
    re.I,
)
CHARGE = re.compile(rf"we charge\s+(?:a fee of\s+|up to\s+)?{AMOUNT}\s+(?P<rest>(?:for|per)\b.+)", re.I)
WHAT_OF = re.compile(
    r"(?P<subject>the (?:purpose|goal|aim|objective|mission|maximum|minimum|deadline|price|cost|fee|penalty|term|role) "
    r"(?:of|for) [^,;:]{3,80}?)\s(?P<verb>is|are)\s(?P<rest>\S.+)",
    re.I,
)
# "Will users get new devices?": what everybody will do is a forecast, what we or the clinic will do a promise.
# "We believe that care can …": what can is not "we".
WE_SAY = re.compile(r"(?:we|you|they) (?!(?:or|and|both|all|also|each)\b)[a-z]", re.I)
WE_OR_THE = re.compile(r"(?:we|you|the|an?|our|your)\b", re.I)
# "You can find more on our page" tells where to look and not what is so.
LOOKS = re.compile(
    r"(?:think of|refer|see|find|watch|learn|read|view|check|reach|get|follow|imagine|think|explore|also|expect|tell)\b"
)
# In laws "shall" states as well as orders: "the right shall apply", "the board shall have a chair".
STATED = re.compile(
    r"(?:have|apply|consist|end|remain|mean|constitute|include|prevail|affect|take effect|enter into|expire|cease|"
    r"contain|cover|begin|continue|result|prejudice|exceed|lapse)\b"
)
# What somebody writes: that it "shall contain" something is asked of the writer.
PAPER = re.compile(
    r"\b(?:request|notice|report|plan|statement|application|disclosure|contract|agreement|register|record|form|"
    r"document|policy|notification|decision|complaint|information|assessment)s?\b",
    re.I,
)
# "Shall be responsible" says what is so, "shall be resilient" what is asked for.
HELD = re.compile(
    r"(?:competent|authori[sz]ed|empowered|without prejudice|lawful|valid|responsible|subject|void|null|final)\b|"
    + ANSWERABLE.pattern
)
# Behind these a clause that was cut there is still whole.
WHOLE_BEFORE = re.compile(
    r"\s*(?:,\s*(?=(?:unless|except|if|but|although|even if|provided that|which|so that|so|in order to|in accordance|"
    r"though|while|whereas|as long as|especially|just like|"
    r"pursuant|subject to|including|such as|however|"
    r"and (?:must|shall|may|will|can|should))\b)|"
    r";|:|\s(?=(?:only if|only when|to the extent that|provided that|because|since|so that|unless|except|"
    r"and must|and shall|and may|and will|and should|and can|and you|and we|and they|or can|or may|or must|so you|"
    r"so we|but)\s)).*$"
)


# "Procedures ensuring that its staff maintain, in accordance with the law, the confidentiality of …"
NEEDS_ITS_OBJECT = re.compile(
    r"\b(?:maintain|ensure|provide|require|include|contain|establish|adopt|keep|give|take|make|have|receive|submit|use|"
    r"apply|set|meet|obtain|specify|determine)s?$"
)


def charge(text: str) -> Iterator[str]:
    if match := CHARGE.fullmatch(text):
        yield f"how much do you charge {to_customer(match['rest'])}"


def price(text: str) -> Iterator[str]:
    match = PRICED.fullmatch(text)
    if not match or not is_plain_subject(match["subject"]) or OF_WHAT.fullmatch(match["subject"]):
        return
    subject = customer_subject(match["subject"])
    if match["verb"] in ("costs", "cost"):
        yield f"how much {'does' if match['verb'] == 'costs' else 'do'} {subject} cost"
        yield f"what {'does' if match['verb'] == 'costs' else 'do'} {subject} cost"
    elif re.match(r"(?:an?|the|your|our)\b", match["subject"]):
        yield f"what {match['verb']} {subject}"
        if not re.search(r"\b(?:rate|share|percentage|discount)\b", subject):
            yield f"how much {match['verb']} {subject}"


def what_of(text: str) -> Iterator[str]:
    if (match := WHAT_OF.fullmatch(text)) and not FINITE.search(match["subject"]):
        yield f"what {match['verb']} {to_customer(match['subject'])}"


def obligation(text: str) -> Iterator[str]:
    match = MODAL.fullmatch(text)
    if not match or not is_plain_subject(RELATIVE.sub("", match["subject"])) or WE_SAY.match(match["subject"]):
        return
    subject, negated = match["subject"], bool(match["negated"]) or match["modal"] == "cannot"
    modal = plain_modal(match["modal"])
    rest = re.sub(r"^(?:always|also|either|generally|normally|usually)\s+", "", match["rest"])
    # "May be late" says what is possible, not what is allowed.
    if modal == "may" and not negated and re.match(r"(?:be|have|need|want|take|feel)\b", rest):
        return
    if modal == "will" and not (is_agent(subject) and WE_OR_THE.match(subject)):
        return
    if subject.lower() == "we" and re.match(r"(?:think of|imagine|see|say|expect)\b", rest):
        return
    if subject.lower() == "you":
        if modal == "will" and (need := re.match(r"(?:need|have) to\b", rest)):
            yield f"do I {need[0]} {to_customer(closed_clause(rest[need.end() :]) or '')}"
        if modal == "will" or LOOKS.match(rest):
            return
    if match["modal"] == "shall" and (declared := stated(subject, rest)):
        yield declared
        return
    if negated and " because " in rest:
        return  # "may not refuse because of age": whether one may refuse at all is another question
    if negated and modal == "must":
        modal = "may"
    if amount := UP_TO.fullmatch(rest):
        what, tail = to_customer(amount["what"]), to_customer(amount["tail"] or "")
        yield f"how much {what} {modal} {customer_subject(subject)} {amount['verb']}{tail}"
        return
    timed = list(_timed(rest, modal, subject, negated=negated))
    yield from timed
    if not timed and (clause := closed_clause(rest)):
        asked = customer_subject(subject)
        yield f"{modal} {asked} {to_customer(clause)}"
        yield from _asked_otherwise(modal, subject, to_customer(clause), negated=negated)


def stated(subject: str, rest: str) -> str | None:
    plural = is_plural(subject)
    asked, clause = customer_subject(subject), to_customer(closed_clause(rest) or "")
    # What somebody or a paper must have is asked of them; "the term shall include" says what is so.
    if re.match(r"have (?!the (?:right|power))|cover", rest) and is_agent(subject):
        return None
    if re.match(r"include|contain", rest) and (is_agent(subject) or PAPER.search(subject)):
        return None
    if clause and STATED.match(rest):
        return f"{'do' if plural else 'does'} {asked} {clause}"
    if clause.startswith("be ") and HELD.match(clause[3:]):
        return f"{'are' if plural else 'is'} {asked} {clause[3:]}"
    return None


def _asked_otherwise(modal: str, subject: str, clause: str, *, negated: bool) -> Iterator[str]:
    asked = customer_subject(subject)
    spoken = subject.lower() in ("we", "you")
    if modal == "may":
        if is_agent(subject) and not clause.startswith("be "):
            be = "am" if asked == "I" else "are" if is_plural(subject) else "is"
            yield f"{be} {asked} allowed to {clause}"
    elif modal == "must":
        if is_agent(subject) and not spoken and len(clause.split()) >= 4 and not clause.startswith("be "):
            if not re.search(r"\b(?:its|their|his|her|itself|themselves)\b", clause):
                yield f"who must {clause}"
        else:
            yield f"{'do' if is_plural(subject) or spoken else 'does'} {asked} have to {clause}"


def state(text: str) -> Iterator[str]:
    match = STATE.fullmatch(text)
    if not match or not is_plain_subject(match["subject"]):
        return
    verb, subject, rest = match["verb"], match["subject"], match["rest"]
    if re.match(r"(?:open|closed)\b.*(?:day|\d)", rest):
        yield f"when {verb} {customer_subject(subject)} {rest.split()[0]}"
        return
    timed = list(_timed(rest, verb, subject, negated=bool(match["negated"])))
    yield from timed
    if not timed and (clause := closed_clause(rest)):
        asked = customer_subject(subject)
        yield f"{'am' if asked == 'I' else verb} {asked} {to_customer(clause)}"
        if (
            is_agent(subject)
            and not match["negated"]
            and ANSWERABLE.match(rest)
            and subject.lower() not in ("we", "you")
        ):
            yield f"who is {to_customer(clause)}"


def practice(text: str) -> Iterator[str]:
    match = DOES.fullmatch(text)
    if not match or not is_plain_subject(match["subject"]) or text.split()[0].lower() in IMPERATIVES:
        return
    subject, verb = match["subject"], match["verb"]
    # "Charges are", "uses of": the noun. "A consumer applies for a loan": a story, no rule of the house.
    if NO_OBJECT.match(match["rest"]) or (verb in ("apply", "applies") and is_agent(subject)):
        return
    single = verb in ("has", "applies") or verb.endswith("s")
    base = {"has": "have", "applies": "apply"}.get(verb, verb.removesuffix("s"))
    if single == is_plural(subject) or match["rest"].split()[0].endswith("ing"):
        return
    verb = "does" if single else "do"
    if base == "include":
        yield f"what {verb} {customer_subject(subject)} include"
        return
    timed = list(_timed(f"{base} {match['rest']}", verb, subject, negated=False))
    yield from timed
    if not timed and (clause := closed_clause(f"{base} {match['rest']}")):
        yield f"{verb} {customer_subject(subject)} {to_customer(clause)}"


def _timed(rest: str, verb: str, subject: str, *, negated: bool) -> Iterator[str]:
    """How soon, how far ahead or how long, asked of the words before the time."""
    if negated:
        return
    for word, span in (("how soon", SOON), ("how far in advance", AHEAD), ("how long", LASTING)):
        if word == "how soon" and verb in ("may", "can"):
            continue
        before = span.sub("", f" {rest}").strip()
        if (
            before != rest.strip()
            and (1 if span is not LASTING else 2) <= len(before.split()) <= 18
            and before.count(",") == 0
        ):
            before = to_customer(re.sub(r"\s+(?:at least|and|or|for|at|by|of|within)$", "", before))
            asked = customer_subject(subject)
            yield f"{word} {verb} {asked} {before}"
            if word == "how soon" and verb == "must":
                yield f"what is the deadline for {'me' if asked == 'I' else asked} to {before}"
            return


def closed_clause(rest: str) -> str | None:
    """What of a statement a yes-or-no question repeats: all of it, or up to where a condition or a remark begins.

    A list that is cut ("may a business be required by the agency[, a court or otherwise to pay twice]") would ask
    something else, so it is kept whole or makes no question.
    """
    clause = re.sub(r"\s*\([^()]*\)", "", rest)
    clause = WHOLE_BEFORE.sub("", clause).strip(" ,")
    clause = re.sub(r"^(?:not|never|only)\s+", "", clause)
    # "Must the notice be provided" is not what "provided in such a way that it is read" answers.
    says_how = clause != rest and clause.startswith("be ") and len(clause.split()) == 2
    cut = clause != rest and NEEDS_ITS_OBJECT.search(clause)
    return clause if 2 <= len(clause.split()) <= 24 and not says_how and not cut else None
