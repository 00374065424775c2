"""Questions that lists, headings and definitions within lists answer."""

import re
from collections.abc import Iterator

from finetune.data.document import words
from finetune.data.from_documents.questions import definition, sound_questions, without_asides
from finetune.data.from_documents.sentences import LEANS, POINTS_ELSEWHERE, is_whole, sentences
from finetune.data.from_documents.sound import STOPS, Known, is_sound, stems
from finetune.data.from_documents.statements import MODAL, STATED, closed_clause, stated
from finetune.data.from_documents.subjects import is_agent, is_plain_subject
from finetune.data.from_documents.voice import (
    IMPERATIVES,
    as_question,
    customer_subject,
    is_plural,
    plain_heading,
    plain_modal,
    small_start,
    small_word,
    to_customer,
)
from finetune.data.passages import BULLET

ASKS = re.compile(
    r"(?:who|whom|whose|what|which|when|where|why|how|is|are|am|was|were|do|does|did|can|could|may|must|will|would|"
    r"should|shall|has|have|had|i|my|we|what['’]s|who['’]s|how['’]s|if|in|for|to|at)\b",
    re.I,
)
FOLLOWING = re.compile(
    r"(?:the\s+)?following\s+(?P<noun>[a-z]+(?:\s[a-z]+)?)\s+(?P<rest>(?:are|is|must|can|may|apply|will)\b.*)", re.I
)
OF_THE_FOLLOWING = re.compile(
    r"(?P<before>.+?)\s+(?:(?:all|any|one|each) of\s+)?(?:at least )?the\s+following\s+"
    r"(?P<noun>[a-z]+(?:\s(?!(?:to|in|with|when|before|after|if)\b)[a-z]+)?)"
    r"(?:\s(?P<after>(?:to|in|with|when|before|after|if)\b[^,;:]*))?",
    re.I,
)
MET_WHEN = re.compile(
    r"(?P<before>.{12,}?),?(?<!\bbased)\s(?:only )?(?:where|if|when|in|on|under)(?: and to the extent that)?"
    r"(?: (?:at least )?(?:any|one|either|all|each)(?: or more)?(?: of)?)?"
    r"(?:(?: the)? following(?: (?:cases|grounds|conditions|circumstances|situations|requirements|criteria))?"
    r"(?: (?:applies|apply|occurs|occur|is met|are met|is fulfilled|are fulfilled|is true))?)?",
    re.I,
)
# Headings that say where one is and not what it is about.
GENERAL = words(
    """
    overview introduction background summary notes note resources resource contact contacts general scope purpose other
    others example examples details detail information process steps step responsibilities exceptions tips before after
    more links link references reference faq faqs help support what why how when where who conclusion history next
    instructions guidance tools timeline authority applicability definition definitions miscellaneous questions
    procedure procedures requirements provisions rules official interp
    interpretation interpretations commentary
    """
)
GENERAL_QUESTION = re.compile(
    r"(?:what['’]?s (?:next|new|this)|what (?:now|next)|so what|why|how|what is (?:it|this)|why (?:it|this) matters|"
    r"what (?:we|i) (?:did|do|learned)|what happened|where can i (?:learn|find|read) more|how it works|"
    r"what does (?:it|this) mean)\W*",
    re.I,
)
POINTING_QUESTION = re.compile(r"\b(?:this|these|that|those|they|them|here)\b|\bit\b(?!.* to\b)", re.I)
ASKING = words("what which when where who whom whose how why your happens should able allowed need")
# "How do I get help?": with what?
DOING = words("get need know do start use work find make have go ask tell see say want think should can help")
PERSONS = words("i me my we us our you your")
LONGEST_SECTION = 900  # characters a heading's answer may have


def list_questions(introduction: str, known: Known) -> list[str]:
    """Questions by the sentence that leads into a list, whose answer is the list."""
    bare = small_start(introduction.strip().rstrip(":").strip(), known.names)
    if not bare or re.search(r"[,;]\s*$|[^.]\.\s", bare):
        return []
    return sound_questions(_by_introduction(bare), known)


def _by_introduction(bare: str) -> Iterator[str]:
    if match := FOLLOWING.match(bare):
        yield f"which {match['noun']} {to_customer(match['rest'])}"
        return
    if LEANS.match(bare):
        return
    if met := MET_WHEN.fullmatch(bare):
        yield from _when(without_asides(met["before"]))
        return
    following = OF_THE_FOLLOWING.fullmatch(bare)
    short = following["before"] if following else re.sub(r"\s+(?:the following|as follows)$", "", bare, flags=re.I)
    short = without_asides(short)
    short = re.sub(r",?\s+(?:(?:all|any|one|each) of|at (?:a )?(?:least|minimum))$", "", short)
    match = MODAL.fullmatch(f"{short} …")
    if match and not match["negated"] and is_plain_subject(match["subject"]):
        rest = match["rest"].removesuffix(" …").removesuffix("…").strip()
        asked = f"{plain_modal(match['modal'])} {customer_subject(match['subject'])} {to_customer(rest)}"
        if match["modal"] == "shall" and (declared := stated(match["subject"], f"{rest} …")):
            asked = declared.removesuffix("…")
        if following and rest == "have":
            asked = f"{'do' if is_plural(match['subject']) else 'does'} {customer_subject(match['subject'])} have"
        if following and 1 <= len(rest.split()) <= 5:
            yield f"which {following['noun']} {asked} {to_customer(following['after'] or '')}"
        elif not following and (len(rest.split()) in (1, 2) or (not rest and is_agent(match["subject"]))):
            yield f"what {asked} {'' if rest else 'do'}"
    elif include := re.fullmatch(r"([^,;:]{3,80}?)\s+(includes?)", short):
        if is_plain_subject(include[1]):
            yield f"what {'do' if include[2] == 'include' else 'does'} {to_customer(include[1])} include"
    elif are := re.fullmatch(r"(the [^,;:]{3,80}? (?:of|for|to) [^,;:]{3,80}?)\s+are", short):
        yield f"what are {to_customer(are[1])}"


def _when(statement: str) -> Iterator[str]:
    """ "Data may be sent [if one of the following applies]" as "When may data be sent?" """
    match = MODAL.fullmatch(re.sub(r"\s+only$", "", statement).replace(" only ", " "))
    if match and is_plain_subject(match["subject"]) and (clause := closed_clause(match["rest"])):
        subject, modal = match["subject"], plain_modal(match["modal"])
        negated = "not " if match["negated"] else ""
        asked = stated(subject, clause) if match["modal"] == "shall" else None
        if asked and not negated:
            yield f"when {asked}"
        elif negated and STATED.match(clause):
            yield f"when {'do' if is_plural(subject) else 'does'} {customer_subject(subject)} not {to_customer(clause)}"
        else:
            yield f"when {modal} {customer_subject(subject)} {negated}{to_customer(clause)}"


def paragraphs_and_lists(text: str) -> Iterator[str]:
    """A passage's paragraphs; a list is one with the line that leads into it, up to where the marks change.

    Laws number the paragraph that follows a list just like an item.
    """
    lines = text.split("\n")
    while lines:
        taken = 1
        if lines[0].rstrip().endswith(":") and len(lines) > 1 and (kind := _mark(lines[1])):
            while taken < len(lines) and _mark(lines[taken]) == kind:
                taken += 1
        yield "\n".join(lines[:taken])
        lines = lines[taken:]


def _mark(line: str) -> str:
    """The kind of mark a line begins with: "(a)", "(1)", "1." or the sign itself; empty without one."""
    match = BULLET.match(line)
    return re.sub(r"[a-z]", "a", re.sub(r"\d+", "1", match[0].strip().lower())) if match else ""


def is_whole_list(text: str) -> bool:
    """Whether the list behind its introduction has its first and last item, and no item leads into a further list."""
    items = text.split("\n")[1:]
    if len(items) < 2 or any(item.rstrip().endswith(":") for item in items):
        return False
    first = re.search(r"[a-z0-9]+", (BULLET.match(items[0]) or [""])[0])
    cut = re.search(r"(?:[;:,]|\b(?:and|or|the|of|to))$", items[-1].rstrip())
    pointing = POINTS_ELSEWHERE.search(text.split("\n", 1)[1])
    return not (cut or pointing) and (first is None or first[0] in ("a", "1", "i"))


def item_definition(item: str, known: Known) -> tuple[list[str], str]:
    """Questions by a list's item that defines a term, and the item without its mark and final semicolon."""
    text = re.sub(r"[;.]?(?:\s+(?:and|or))?$", "", BULLET.sub("", item).strip())
    if not re.match(r"[\"“‘']", text) or not re.search(r"\bmeans\s\w", text) or POINTS_ELSEWHERE.search(text):
        return [], ""
    if text.endswith((",", ":")) or text.count("(") != text.count(")") or not item.rstrip().endswith((";", ".")):
        return [], ""
    return sound_questions(definition(text), known), text


def says_its_topic(question: str, heading: str) -> bool:
    """Whether what one may do, and when, is asked with a word of the heading it stands under.

    "What should I do if the key has expired?" is understood under "Signing keys"; alone, only with a word of it, and
    under "What we will do", which names nothing, not at all.
    """
    if not re.search(r"\b(?:if|when|I|my|me)\b|^How\b", question) or not heading:
        return True
    named = re.findall(r"[^\W\d_]+", plain_heading(heading).lower())
    told = stems(" ".join(word for word in named if word not in STOPS | GENERAL | ASKING))
    return bool(told & stems(question)) if told else not re.search(r"\b(?:I|my|me)\b", question)


def says_a_matter(question: str) -> bool:
    """Whether an FAQ's question has a word that tells what it is about."""
    said = re.findall(r"[^\W\d_]{2,}", question.lower())
    return any(word not in STOPS | GENERAL | ASKING | DOING | PERSONS for word in said)


def heading_question(heading: str, answer: str, known: Known) -> str | None:
    """ "Cancellation policy" as "What should I know about the cancellation policy?", where its section answers that."""
    words = heading.split()
    if re.search(r"\d{3}", heading):
        return None
    if not 1 <= len(words) <= 8 or not re.match(r"[A-Z][\w’'(),/& -]+$", heading) or not _answers(answer):
        return None
    small = " ".join([small_word(words[0], known.names), *(small_word(w, known.names) for w in words[1:])])
    if all(word.lower().strip("s") in GENERAL or word.lower() in GENERAL for word in words):
        return None
    if known.long and (len(words) == 1 or _by_its_name(answer, heading)):
        return None
    asked = _about(small, answer, known)
    return as_question(asked) if asked and is_sound(asked, known) else None


def _by_its_name(answer: str, heading: str) -> bool:
    """Whether an answer begins with somebody the heading does not name: "The Council meets …"."""
    match = re.match(r"The ([A-Z][a-z]+) [a-z]", answer)
    return match is not None and match[1] not in heading


def _about(small: str, answer: str, known: Known) -> str | None:
    if re.match(r"how to\b", small):
        return f"can you tell me {to_customer(small)}"
    if re.match(r"(?:how|what|when|where|why|who)\b", small):
        told = re.search(r"\b(?:is|are|to|you|we)\b", small) and not known.long
        return f"can you tell me {to_customer(small)}" if told else None
    if small.split()[0].lower() in IMPERATIVES | {
        "get",
        "set",
        "complete",
        "find",
        "add",
        "create",
        "update",
        "change",
    }:
        return f"how do I {to_customer(small)}" if "\n" in answer else None
    if re.match(r"(?:for|in|on|at|by|with|from|after|before|to|if|as|of)\b", small):
        return None
    if re.search(r"\b(?:is|are|must|can|will|should|do|does|don['’]t)\b", small):
        return None
    named = all(word[:5] in answer.lower() for word in re.findall(r"[a-z]{4,}", small.lower()))
    if known.long and not (named and re.match(r"[a-z]+ing\b", small)):
        return None
    if re.match(r"[a-z]+ing\b", small) or " " in small or small.endswith("s"):
        return f"what should I know about {to_customer(small)}"
    return f"what do you say about {small}"


def _answers(text: str) -> bool:
    """Whether a section can be read on its own, sentence by sentence."""
    if len(text) > LONGEST_SECTION or len(text.split()) < 8 or LEANS.match(text) or BULLET.match(text):
        return False
    found = [BULLET.sub("", sentence) for sentence in sentences(text)]
    return all(is_whole(sentence) and not POINTS_ELSEWHERE.search(sentence) for sentence in found)
