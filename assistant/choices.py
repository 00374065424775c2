"""Small readings of a command's own words: which columns, which rows, what to replace, and where to publish."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from assistant.reviewing import reviewed_part
from tools.brief import Pair
from tools.rows import ROWS_SHOWN

# --- columns -------------------------------------------------------------------------------------------------------

QUESTION_ROLE = (
    r"what (?:the |our )?(?:people|customers?|clients?|patients?|members?|users?|they|others|someone)\b(?: \w+)?? "
    r"(?:writes?|wrote|asks?|asked|sends?|sent|says?|said|wants?)|what comes in|what is asked|what was asked|"
    r"(?:customers?|clients?|patients?|members?|users?|people)['’]?s? (?:text|words|notes?|issues?|problems?|"
    r"concerns?)|inbound|questions?|quer(?:y|ies)|messages?|requests?|inputs?|prompts?|e-?mails?|complaints?|inquir(?:y|ies)"
)
ANSWER_ROLE = (
    r"what (?:we|i|(?:our |the )?(?:team|staff|agents?|people|colleagues))\b(?: \w+)?? "
    r"(?:answer|answered|reply|replied|say|said|send|sent|respond|responded|tell|told|write|wrote)(?: back)?|"
    r"what goes out|what comes out|outbound|outgoing|answers?|repl(?:y|ies)|responses?|outputs?|completions?|"
    r"solutions?|categor(?:y|ies)|labels?"
)
# What a column may be said to hold when it is neither of the two.
OTHER_ROLE = r"(?:\w+ )?(?:ids?|identifiers?|numbers?|dates?)|irrelevant|unimportant|not needed|not important|nothing"
ARROW = re.compile(r"\s*[\"'“”‘’]?\s*(?:column\s+)?(?:[-=–—]+>|→|⇒|➔)\s*(?:column\s+)?[\"'“”‘’]?\s*", re.I)
# What may stand between a column and its role, so that "this question has a wrong answer" links nothing.
LINK = re.compile(
    r"(?:[\s:=\"'“”‘’`*()-]|\b(?:is|are|was|were|be|being|should|holds?|contains?|has|have|the|an?|our|their|my|as|for|"
    r"in|from|of|under|columns?|col|fields?|called|named|header|headed|with|just|only|all|always|really|actually|"
    r"customers?['’]?s?|clients?['’]?s?|patients?['’]?s?|members?['’]?s?|users?['’]?s?|people['’]?s?|incoming|right|"
    r"correct|good|actual|final|text)\b)*",
    re.I,
)
SAYS_SO = re.compile(r"\b(?:is|are|be|as|in|from|columns?|called|named|holds?|contains?)\b|[:=]", re.I)
COLUMN_WORD = re.compile(r"\b(?:columns?|col|fields?|headers?)\b", re.I)
SWAP = re.compile(
    r"\b(?:swap|switch|reverse|flip|exchange|turn)\b.*\b(?:columns?|them|it|these|those|two|both|round|around|questions?"
    r" and (?:the )?answers?)\b|\b(?:other|wrong) way (?:a)?round\b|"
    r"\bcolumns? (?:are|is|were) (?:swapped|reversed|mixed up)|"
    r"^\W*(?:please )?(?:swap|switch|reverse)\W*$",
    re.I,
)
NOT_CHOSEN = re.compile(r"\b(?:drop|remove|delete|don't|do not|never|why|what does|what do)\b", re.I)
IGNORED = re.compile(
    r"(?:\b(?:and|but)\s+)?\b(?:ignore|skip|leave out|leave|without|forget|not)\b(?:(?!\b(?:use|take)\b)[^.;])*", re.I
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")

Role = Literal["question", "answer", "other"]


@dataclass(frozen=True)
class _Mention:
    """A place in the text that names a column, a role, or may do either ("answer" is a word and often a header)."""

    start: int
    end: int
    column: str | None
    role: Role | None


def columns_in(
    text: str, header: list[str], *, question: str | None = None, answer: str | None = None
) -> tuple[str, str] | None:
    """The question's and the answer's column in the user's own words; None where nothing is said about columns.

    Args:
        header: the table's column names.
        question: the column taken so far, kept where the user names the other one only.
        answer: likewise.
    """
    text = _places_named(text, header)
    mentions = _mentions(text, header)
    told = _arrow(text, mentions) or _linked(text, mentions)
    roles: dict[Role, str] = {role: column for role, column in reversed(told) if role != "other"}
    if roles:
        other = {column for role, column in told if role == "other"}
        return _completed(roles, [h for h in header if h not in other], question, answer)
    if SWAP.search(text) and question and answer:
        return answer, question
    chosen = IGNORED.sub(" ", text)
    return _listed(chosen, _mentions(chosen, header))


def _places_named(text: str, header: Sequence[str]) -> str:
    """ "The second column" and "column 2" by the column's name."""
    if not COLUMN_WORD.search(text):
        return text
    for place, (word, name) in enumerate(zip(ORDINALS, header, strict=False), 1):
        named = f'column "{name}"'.replace("\\", r"\\")
        if str(place) not in header:
            text = re.sub(rf"\bcolumns? (?:number |no\.? )?{place}\b", named, text, flags=re.I)
        text = re.sub(rf"\b{word}\b(?: column\b)?", named, text, flags=re.I)
    return text


def _mentions(text: str, header: Sequence[str]) -> list[_Mention]:
    """Columns and roles in order; a longer name wins over one inside it."""
    left = text
    found: list[_Mention] = []
    for name in sorted((h for h in header if h.strip()), key=len, reverse=True):
        spelt = r"[\s_-]+".join(re.escape(part) for part in re.split(r"[\s_-]+", name.strip()) if part)
        for match in re.finditer(rf"(?<![\w'’]){spelt}(?![\w])", left, re.I):
            if len(name.strip()) == 1 and not _is_letter_column(left, match):
                continue
            found.append(_Mention(match.start(), match.end(), name, _role(match[0])))
            left = left[: match.start()] + "\0" * len(match[0]) + left[match.end() :]
    roles: tuple[tuple[Role, str], ...]
    roles = (("question", QUESTION_ROLE), ("answer", ANSWER_ROLE), ("other", OTHER_ROLE))
    for role, words in roles:
        for match in re.finditer(rf"\b(?:{words})\b", left, re.I):
            found.append(_Mention(match.start(), match.end(), None, role))
            left = left[: match.start()] + "\0" * len(match[0]) + left[match.end() :]
    return sorted(found, key=lambda m: m.start)


def _role(word: str) -> Role | None:
    if re.fullmatch(QUESTION_ROLE, word, re.I):
        return "question"
    return "answer" if re.fullmatch(ANSWER_ROLE, word, re.I) else None


def _is_letter_column(text: str, match: re.Match[str]) -> bool:
    """Whether a single letter names a column: "a" is mostly an article, "I" the speaker, and "e.g." an abbreviation."""
    before, after = text[: match.start()], text[match.end() :]
    if re.match(r"\.\w", after) or re.search(r"\w\.$", before):
        return False
    if re.search(r"\b(?:columns?|col|field)\s+[\"'“‘]?$|[\"“]$|(?:>|→|⇒)\s*$", before, re.I):
        return True
    if match[0].lower() not in ("a", "i"):
        return True
    if re.match(r"\s*(?:[-=–—]+>|→|=|:)|\s+(?:is|are|holds|contains|has|the|as)\b", after, re.I):
        return match[0].lower() == "a" or match[0].isupper()
    listed = re.match(r"\s*(?:$|[.,;!?)])|\s+(?:and|&)\s", after) is not None
    return listed and (match[0].isupper() or bool(re.search(r"\b[b-hj-z]\s*(?:,|and|&)\s*$", before, re.I)))


def _arrow(text: str, mentions: list[_Mention]) -> list[tuple[Role, str]]:
    """ "B → C": the first goes in, the second comes out."""
    for one, other in pairwise(mentions):
        if one.column and other.column and ARROW.fullmatch(text[one.end : other.start]):
            return [("question", one.column), ("answer", other.column)]
    return []


def _linked(text: str, mentions: list[_Mention]) -> list[tuple[Role, str]]:
    """Columns whose role is said next to them, before or after."""
    told: list[tuple[Role, str]] = []
    i = 0
    while i + 1 < len(mentions):
        gap = text[mentions[i].end : mentions[i + 1].start]
        pair = _pair(mentions[i], mentions[i + 1], gap) if LINK.fullmatch(gap) else None
        if pair:
            told.append(pair)
            i += 1
        i += 1
    return told


def _pair(one: _Mention, other: _Mention, gap: str) -> tuple[Role, str] | None:
    """(role, column) of two neighbours, where one of them is the column and the other its role."""
    if not gap.strip() and max(len(one.column or ""), len(other.column or "")) > 1:
        return None  # "our team answers" is no word about the column "team"
    if one.column and other.role and not other.column:
        return (other.role, one.column) if one.role is None or SAYS_SO.search(gap) else None
    if one.role and other.column and not one.column:
        return (one.role, other.column) if other.role is None or SAYS_SO.search(gap) else None
    if one.column and other.column:  # both name columns; one of them may be meant as the role
        if one.role and (other.role is None or re.search(r"\b(?:in|from|columns?|called|named)\b", gap, re.I)):
            return one.role, other.column
        if other.role and (one.role is None or re.search(r"\b(?:is|are|as)\b", gap, re.I)):
            return other.role, one.column
    return None


def _completed(
    told: dict[Role, str], header: list[str], question: str | None, answer: str | None
) -> tuple[str, str] | None:
    """Both columns, where the user named one: the other stays, or changes places with it.

    `header` leaves out the columns said to hold something else.
    """
    question, answer = (c if c in header else None for c in (question, answer))
    asked, answered = told.get("question"), told.get("answer")
    others = [h for h in header if h not in (asked, answered)]
    only = others[0] if len(others) == 1 else None
    if asked is None:
        asked = next((c for c in (question, only, answer) if c and c != answered), None)
    elif answered is None:
        answered = next((c for c in (answer, only, question) if c and c != asked), None)
    return (asked, answered) if asked and answered and asked != answered else None


def _listed(text: str, mentions: list[_Mention]) -> tuple[str, str] | None:
    """ "Use columns B and C": in the order they are named."""
    columns = list(dict.fromkeys(m.column for m in mentions if m.column))
    if len(columns) != 2 or any(m.role and not m.column for m in mentions) or NOT_CHOSEN.search(text):
        return None
    first, last = (next(m for m in mentions if m.column == c) for c in columns)
    between = text[first.end : last.start]
    close = re.fullmatch(r"\W*(?:\b(?:and|then|to|with|columns?)\b\W*)*", between, re.I)
    around = text[: first.start] + text[last.end :]
    nothing_else = re.fullmatch(
        r"(?:\W|\b(?:it|it['’]?s|is|are|ok|yes|no|please|use|take|they|the|from|i|mean|meant|think|columns?)\b)*",
        around,
        re.I,
    )
    chosen = COLUMN_WORD.search(text) or nothing_else
    return (columns[0], columns[1]) if close and chosen else None


# --- rows ----------------------------------------------------------------------------------------------------------

ROWS = r"(?:rows?|examples?|lines?|entries|entry|questions?|answers?|records?|items?|pairs?|ones?|data|set)"
SHOWN = re.compile(
    r"\b(?:show|see|look|display|list|view|open|find|search|give me|which|what|where|are there|is there|do you have|"
    r"how many|anything|everything|browse|page|read|check|why (?:was|were|is|are|did|could)\b.*\bfiles?|"
    r"go to|jump to|filter)\b",
    re.I,
)
CHANGED = re.compile(
    r"\b(?:drop|remove|delete|change|edit|replace|should (?:say|answer|be|read)|restore|bring back)\b", re.I
)
DROPPED = re.compile(r"\W*(?:please\W+)?(?:drop|remove|delete|take out|leave out|throw out|exclude)\b", re.I)
MORE = re.compile(
    r"\W*(?:ok(?:ay)?|yes|please|and)?\W*(?:(?:show|give|see)\s+(?:me\s+)?)?(?:the\s+|some\s+)?"
    rf"(?:(?:next|more|further|another)(?:\s+(?:\d+|twenty|ten|few|page))?(?:\s+{ROWS})?|\d+\s+more(?:\s+{ROWS})?|"
    r"next page|keep going|page down)(?:\s+please)?\W*",
    re.I,
)
ONLY: dict[str, str] = {
    "dropped": rf"\b(?:dropped|rejected|discarded|removed|left[- ]out|excluded|thrown out|thrown away|deleted|skipped|"
    rf"unused|not used|did(?:n't| not) (?:use|keep|take)|"
    rf"(?:throw|threw) (?:away|out)|duplicates)\b|\b{ROWS} (?:you )?(?:dropped|rejected|left out)\b",
    "personal": r"\bpersonal\b|\bprivate (?:data|details|information)\b|\b(?:names?|phone numbers?|e-?mail addresses) "
    r"(?:were|was|are|is|that were)?\s*(?:replaced|hidden|masked|removed)\b|"
    r"\b(?:replaced|hidden|masked|anonymi[sz]ed)\b|\bprivacy\b|"
    r"\b(?:with|contain(?:ing)?|hold(?:ing)?) (?:names|phone numbers|e-?mail addresses)\b",
    "contradictions": r"\bcontradict\w*|\bconflict\w*|\binconsisten\w*|"
    r"\b(?:different|differing|two|several|more than one) answers?\b|\banswered differently\b|\bdisagree\w*",
    "outdated": r"\b(?:out[- ]?dated|out[- ]of[- ]date|obsolete|expired|no longer valid)\b|"
    r"\bdates? (?:that|which) (?:has|have) passed\b",
    "made": r"\b(?:you|were|was) (?:made|wrote|added|invented)\b|\bmade by you\b|\bmade[- ]up\b|\brefusals?\b",
    "files": r"\b(?:my|the|which|what|our|all)\s+(?:uploaded\s+|attached\s+)?files\b|\bfiles (?:have|did|do|are)\b",
}
# "What did you not read?", "why were files skipped?"
NOT_READ = re.compile(
    r"\b(?:which|what)(?: of (?:it|them|our files))? (?:did|could|can|do|have) (?:you|u) not (?:been able to )?"
    r"(?:read|open|use|understand)\b|"
    r"\b(?:which|what)(?: of \w+)? (?:was|were|is|are|could) not (?:be )?(?:read|opened)\b|"
    r"\b(?:which|what) (?:files|documents)\b.*\b(?:not|unable|fail\w*|wrong|problems?)\b|"
    r"\bwhat (?:went|is|was) wrong with (?:the|our|my) (?:files|documents)\b|"
    r"\bwhy (?:was|were|is|are|did|could)\b.*\bfiles?\b.*\b(?:skipped|refused|ignored|not|left out)\b",
    re.I,
)
ABOUT = re.compile(
    rf"\b(?:(?:{ROWS}|everything|anything|all|something|those|any)\s+(?:(?:that|which)\s+)?(?:are\s+|is\s+)?"
    r"(?:about|on|with|containing|contain|contains|mentioning|mention|mentions|saying|say|that say|including|include|"
    r"for|regarding|concerning|having)|"
    r"(?:about|containing|mentioning|search for|search|look for|find|filter by|filter for|filter))\s+"
    r"(?:(?:the\s+)?(?:words?|term|phrase|text)\s+)?(?P<words>.+)",
    re.I,
)
NOT_WORDS = re.compile(rf"(?:me|us|it|them|that|this|all|the|my|our|your|any|more|{ROWS}|\W)*", re.I)


def asks_how_long(text: str) -> bool:
    """Whether where the project stands is asked for in minutes: "how long will training take?"."""
    return bool(re.search(r"\bhow (?:long|much (?:time|longer)|many (?:minutes|hours))\b|\bwhen will\b", text, re.I))


_CLASS = r"(?:categor(?:y|ies)|queue|label|class|tag|bucket)"
CLASS_DROPPED = re.compile(
    r"\W*(?:please\W+)?(?:drop|remove|delete|leave out|take out|exclude)\s+(?:all (?:rows )?(?:of|in) )?(?:the\s+)?"
    rf"(?:(?:rows (?:of|in|with) the )?[\"“']?(?P<before>[\w&/ -]{{2,40}}?)[\"”']?\s+{_CLASS}|"
    rf"{_CLASS}\s+[\"“']?(?P<behind>[\w&/ -]{{2,40}}?)[\"”']?)\W*",
    re.I,
)


def category_dropped(text: str) -> str | None:
    """The category whose rows are to go: "drop the cancellation category"; None where none is named."""
    match = CLASS_DROPPED.fullmatch(text)
    return (match["before"] or match["behind"]) if match else None


# "Drop the telecom rules", "keep only the rules about refunds".
RULES_NAMED = re.compile(
    r"\W*(?:(?:please|yes|no|ok|but)\W+)*(?:(?P<keep>keep)|drop|remove|delete|leave out|take out|skip|ignore)\s+"
    r"(?:only\s+)?(?:all\s+)?(?:(?:of\s+)?(?:the|those|these|any|our)\s+)?"
    r"(?:(?P<before>[\w'’-]+(?: [\w'’-]+){0,3})\s+(?:rules?|terms?|entry|entries|laws?|regulations?)"
    r"|(?:rules?|terms?|ones?|entries|laws?|regulations?|those)\s+(?:that are\s+)?(?:about|on|for|of)\s+"
    r"(?P<behind>.{3,60}?))\W*",
    re.I,
)
NO_SUBJECT = re.compile(
    r"\W*(?:(?:the|all|every|each|other|others|rest|first|last|next|these|those|none|no|any|of|two|three|\d+)\b\W*)+",
    re.I,
)


def rules_named(text: str) -> tuple[str, bool] | None:
    """The subject of the rules to keep or drop, and whether they are to be kept; None where none is named."""
    match = RULES_NAMED.fullmatch(text)
    subject = match and (match["before"] or match["behind"])
    return None if not match or not subject or NO_SUBJECT.fullmatch(subject) else (subject, bool(match["keep"]))


def speaks_of_rules(text: str) -> bool:
    """Whether watching is to begin at the rules: "has the law changed?"."""
    return bool(re.search(r"\b(?:rules?|laws?|regulations?|legislation|statutes?)\b", text, re.I))


HOLDS = re.compile(
    r"\b(?:keep|kept|choose|take|prefer|go with|trust)\s+(?:only\s+)?"
    r"(?:(?:the\s+)?(?:rows?|answers?|numbers?|ones?)\s+)?#?"
    r"(?P<keep>\d+(?:\s*(?:,|and|&)\s*(?:rows?\s+)?\d+)*)|"
    r"\b(?:rows?|answers?|numbers?)?\s*#?(?P<right>\d+(?:\s*(?:,|and|&)\s*\d+)*)\s+"
    r"(?:is|are|holds?|applies|apply|counts?|wins?|stays?)\b"
    r"(?!\s*(?:not|n't|wrong|old|outdated|no longer|false))",
    re.I,
)


def rows_that_hold(text: str) -> list[int]:
    """Numbers of rows that are called right: "keep row 12 and 31", "row 12 holds", "12 is right, drop 40"."""
    return [int(n) for match in HOLDS.finditer(text) for n in re.findall(r"\d+", match["keep"] or match["right"])]


_RIGHT = r"(?:right|correct|true|up to date|the (?:right|correct|latest|newest|current|true) (?:one|answer|price))"
_SOURCE = r"[\w][\w .-]{2,40}?"
SOURCE_HOLDS = re.compile(
    r"\W*(?:(?:yes|no|ok|well)\W+)*"
    rf"(?:(?:the|our|my)\s+(?P<right>{_SOURCE})\s+(?:is|are|has|gives)\s+{_RIGHT}|"
    r"(?:go with|trust|keep|use|take|believe|follow|choose)\s+(?:what\s+)?(?:the|our|my)\s+"
    rf"(?P<keep>{_SOURCE})(?:['’]s answers?|\s+says?)?)(?:,?\s+(?:about|on|for|there)\s*(?P<topic>.*?))?\W*",
    re.I,
)


def source_that_holds(text: str) -> tuple[str, str] | None:
    """What a source is called that is said to be right, and on what: "the handbook is right about the card"."""
    match = SOURCE_HOLDS.fullmatch(text)
    return (match["right"] or match["keep"], match["topic"] or "") if match else None


# A word to the assistant on what it did, which no customer of the team would say.
ON_ITS_DOING = re.compile(
    r"\W*(?:(?:but|and|no|wait|hey|so|ok)\W+)*(?:why|how come)\b.{0,12}\b(?:did|do|have|are|were|would) (?:yo)?u\b"
    r".{0,30}\b(?:tak|took|read|us|pick|treat|turn|understand|understood|mak|made)\w*\b.{0,60}"
    r"\b(?:as|from|into|out of|for)\b",
    re.I | re.S,
)
CASE = r"(?:example|pair|case)\b"
NO_CASE = re.compile(
    rf"\W*(?:no\W+)?(?:that|this|it)(?:['’]?s|\W+is|\W+was)?\s+(?:not|no)\s+(?:an?\s+)?(?:real\s+)?{CASE}.{{0,60}}|"
    rf"\W*(?:please\s+)?(?:delete|remove|drop|take out|forget)\s+(?:that|this|the|my)\s+(?:last\s+)?{CASE}"
    r"(?:\s*[“\"'‘](?P<quoted>.+?)[”\"'’])?(?:\s+(?:please|pls|again|it))*\W*",
    re.I | re.S,
)


def pair_taken_back(text: str, pairs: Sequence[Pair]) -> Pair | None:
    """The case told in the interview that was none: the one that is quoted, or else the last."""
    match = NO_CASE.fullmatch(text)
    if match is None:
        return None
    quoted = (match["quoted"] or "").lower().strip(" .?!…")
    return next((pair for pair in reversed(pairs) if quoted in f"{pair.question} {pair.answer}".lower()), None)


ONE_ROW = re.compile(
    r"\b(?:row|example)\s+(?:number\s+|no\.?\s*|#\s*)?(\d+)\b(?!\s*(?:-|–|to|through|until|,|and|or)\s*\d)", re.I
)
READ_WHOLE = re.compile(
    r"\W*(?:(?:please|can you|could you|ok|now)\W+)*(?:(?:show|read|give|tell|print|display|let)\b[^:?\d]*?"
    r"|what does |what is (?:in )?)?(?:the )?(?:row|example)\s+(?:number\s+|no\.?\s*|#\s*)?(?P<row>\d+)"
    r"(?:\s+(?:say|in full|completely|whole|entirely|please|again|out|to me|aloud))*\W*",
    re.I,
)


def row_to_read(text: str) -> int | None:
    """The number of the one row that is to be shown whole: "row 69", "read me the whole answer of row 73"."""
    match = READ_WHOLE.fullmatch(text)
    return int(match["row"]) if match else None


def view_in(text: str) -> dict[str, Any] | None:
    """Which part of the data is meant, as arguments of show_data; None where no part is named.

    "Drop all rows about parcels" names a part too: {"containing": "parcels"}.
    {"more": True} asks for the page after the last one shown.
    """
    if MORE.fullmatch(text):
        return {"more": True}
    if (part := reviewed_part(text)) is not None:
        return part
    if DROPPED.match(text):
        words = rows_about(text)
        return {"containing": words} if words else None
    if CHANGED.search(text) and not re.match(
        r"\W*(?:please\W+)?(?:show|list|which|what|see|display|find)\b", text, re.I
    ):
        return None
    bare = re.fullmatch(
        rf"\W*(?:the\s+)?(?:[\w-]+\s+){{0,2}}{ROWS}(?:\s+(?:with|from)?\s*[\d\s–-]+(?:to\s+\d+)?)?\W*", text, re.I
    )
    short = bare is not None or re.match(rf"\W*(?:the\s+|all\s+)?{ROWS}\s+(?:with|about|that|from|\d)", text, re.I)
    if not SHOWN.search(text) and not short:
        return None
    if one := ONE_ROW.search(text):
        return {"row": int(one[1])}
    start = _start_in(text)
    if start is not None:
        return {"start": start}
    if split := re.search(rf"\b(test|train|training|validation)(?:ing)?\s+{ROWS}\b|\bheld[- ]out\b", text, re.I):
        return {"split": {"training": "train"}.get((split[1] or "test").lower(), (split[1] or "test").lower())}
    if NOT_READ.search(text):
        return {"only": "files"}
    quoted = bool(re.search(r"[\"“][^\"”]+[\"”]", text))
    for only, words in ONLY.items():
        if not quoted and re.search(words, text, re.I):
            return {"only": only}
    words_sought = rows_about(text)
    return {"containing": words_sought} if words_sought else None


def _start_in(text: str) -> int | None:
    """How many rows to pass over; negative counts from the end."""
    if match := re.search(rf"\b{ROWS}\s+(?:number\s+|no\.?\s*|#\s*)?(\d+)\b", text, re.I):
        return max(0, int(match[1]) - 1)
    if match := re.search(r"\b(\d+)\s*(?:to|-|–|until|through)\s*\d+\b", text, re.I):
        return max(0, int(match[1]) - 1)
    if match := re.search(rf"\b(?:after|beyond)\s+(?:{ROWS}\s+|number\s+)?(\d+)\b", text, re.I):
        return int(match[1])
    if match := re.search(r"\bpage\s+(\d+)\b", text, re.I):
        return max(0, int(match[1]) - 1) * ROWS_SHOWN
    if re.search(rf"\bfirst\s+(?:\w+\s+)?{ROWS}\b|\bfrom the (?:start|beginning|top)\b", text, re.I):
        return 0
    if match := re.search(rf"\b(?:last|final)\s+(?:(\d+)\s+)?{ROWS}\b|\bfrom the end\b", text, re.I):
        return -int(match[1] or ROWS_SHOWN)
    return None


def rows_about(text: str) -> str | None:
    """The words that rows must hold, as in "drop all rows about parcels"; None where none are given."""
    if quoted := re.search(rf"\b(?:{ROWS}|find|search|everything|anything)\b[^\"“]*[\"“]([^\"”]+)[\"”]", text, re.I):
        return quoted[1].strip() or None
    match = ABOUT.search(text)
    if match is None:
        return None
    words = match["words"]
    while again := ABOUT.match(words):
        words = again["words"]
    words = re.sub(
        r"\s+(?:in (?:it|them|the (?:question|answer|data|rows?))|please|again|are there|do (?:you|we) have)\W*$",
        "",
        words,
        flags=re.I,
    )
    words = re.sub(r"^(?:the|an?|our|my)\s+(?=\w)", "", words.strip(" \"'“”‘’.,;:!?"), flags=re.I)
    return None if NOT_WORDS.fullmatch(words) else words


def replacement_in(text: str) -> tuple[str, str] | None:
    """(old, new) of 'change "working days" to "business days" everywhere'; None where one row or nothing is meant."""
    quote = "[\"'“”‘’«»]"
    start = r"\b(?:change|replace|turn|rename|swap|correct|rewrite)\s+(?:all\s+|every\s+|each\s+|the\s+words?\s+)*"
    join = r"\s*,?\s*(?:everywhere\s+|in all rows\s+)?(?:to|with|by|into|for|->|→)\s*"
    if match := re.search(rf"{start}{quote}([^\"“”«»]+?){quote}{join}{quote}([^\"“”«»]*){quote}", text, re.I):
        return match[1], match[2]
    if match := re.search(rf"\b(?:say|write|use|put|call it)\s+{quote}?(.+?){quote}?\s+instead of\s+(.+)", text, re.I):
        return re.sub(r"\W*(?:\b(?:everywhere|in all rows|throughout)\b)?\W*$", "", match[2]).strip("\"'“‘ "), match[1]
    everywhere = r"(?:everywhere|in (?:all|every)(?: the)?(?: \w+)?|throughout|always|for all rows)"
    if match := re.search(rf"{start}(.+?){join}(.+?)\s*,?\s*{everywhere}\W*$", text, re.I):
        return match[1].strip(), match[2].strip()
    if match := re.match(rf"\W*{everywhere},?\s+{start}(.+?){join}(.+?)\W*$", text, re.I):
        return match[1].strip(), match[2].strip()
    return None


# --- places --------------------------------------------------------------------------------------------------------


def place_to_publish(text: str) -> str | None:
    for where, words in {
        "dataset": r"^(?!.*\bmodels?\b).*\bdata[ -]?sets?\b",  # "the model tuned on our data set" is about the model
        "space": r"\bspaces?\b",
        "hub": r"\bhub\b|hugging ?face|upload|repositor",
        "api": r"\bapi\b|endpoint|server|serve",
        "file": r"\bfiles?\b|\bzip\b|download|computer|disk|pack",
    }.items():
        if re.search(words, text, re.I):
            return where
    return None


# --- the team's own documents ----------------------------------------------------------------------------------------

OWN_DOCUMENT = (
    r"(?:(?:our|my|the|this|that|these) (?:own |team'?s? |company'?s? |clinic'?s? |practice'?s? |staff |employee |"
    r"uploaded |attached |internal )*(?:[\w-]+ )?(?:handbooks?|polic(?:y|ies)|manuals?|guidebooks?|playbooks?|"
    r"glossar(?:y|ies)|documents?|documentation|procedures?|sops?|pdfs?|files?|brochures?|leaflets?|faqs?)|"
    r"[\w.-]+\.(?:pdf|docx|pptx|md|markdown|txt|html?|xlsx|csv|eml|mbox|zip))"
)
_BEFORE = (
    r"^\W*(?:(?:ok|okay|and|so|but|well|please|hey|hi)\W+)*(?:(?:can|could|would) you (?:please )?)?"
    r"(?:tell me |show me )?"
)
_ABOUT = r"(?: (?:about|on|regarding|concerning|for|of|if|when))?\b(?P<topic>.*)$"
_ASKING_WORD = r"what|who|when|where|how|which|may|can|do|does|is|are|must|should"
ASKS_DOCUMENTS = tuple(
    re.compile(_BEFORE + pattern, re.I)
    for pattern in (
        rf"what (?:does|do|did) {OWN_DOCUMENT} (?:say|state|tell|mention|write|require|specify|have to say|have)"
        rf"(?: (?:us|me|people))?{_ABOUT}",
        rf"what {OWN_DOCUMENT} (?:says?|states?|mentions?|requires?){_ABOUT}",
        rf"what (?:is|does it say|stands|do we say|do we have) (?:(?:written|said|stated) )?in {OWN_DOCUMENT}{_ABOUT}",
        rf"(?:does|do|did) {OWN_DOCUMENT} (?:say|mention|cover|state|have)(?: anything| something)?{_ABOUT}",
        rf"(?:is|are) there (?:anything|something|a word)(?: said| written)? in {OWN_DOCUMENT}{_ABOUT}",
        rf"(?:look|search|check)(?: up)? (?:in |into |through )?{OWN_DOCUMENT} (?:for|about|on) (?P<topic>.+)$",
        rf"(?:look up|look for|search for|search|find|check)(?: out)? (?P<topic>.+?) in {OWN_DOCUMENT}\W*$",
        rf"(?:according to|per|as per|by) {OWN_DOCUMENT},? (?P<topic>.+)$",
        rf"where (?:in|does) {OWN_DOCUMENT} (?:say |mention |is |does it say )?(?P<topic>.+)$",
        rf"(?P<topic>(?:{_ASKING_WORD})\b.+?),? according to {OWN_DOCUMENT}\W*$",
    )
)


def asked_of_documents(text: str) -> str | None:
    """What somebody wants to know from the team's own documents: "what does our handbook say about refunds"."""
    for pattern in ASKS_DOCUMENTS:
        if match := pattern.search(text.strip().replace("’", "'")):
            return match["topic"].strip(" .,:;?!\"'“”") or text.strip()
    return None


_NO_TOPIC = (
    r"(?!(?:me|us|it|this|that|them|here)\b|"
    r"(?:our|my) (?:team|staff|company|organi\w+|business|practice|clinic|firm|work)\b)"
)
KNOWN_ABOUT = re.compile(
    rf"{_BEFORE}what (?:do|did|have|can) (?:you|u|we) (?:know|find|found|see|have|learn(?:ed|t)?|got?)(?: out)? "
    rf"(?:about|on|in|regarding) {_NO_TOPIC}(?:(?:the|our|my|a|an|all|those|these)\s+)*(?P<topic>.+?)(?: so far)?\W*$",
    re.I,
)


def known_about(text: str) -> str | None:
    """What the data is asked for: "what do we know about the routing number?"; None for any other message."""
    match = KNOWN_ABOUT.search(text.strip())
    return match["topic"] if match else None


# --- examples written by a model ------------------------------------------------------------------------------------

_PLEASE = (
    r"^\W*(?:(?:ok|okay|yes|please|now|then|so|and|but|great|could you|can you|would you|will you|i want you to|we "
    r"want you to|i(?: would|'d) like you to|i want to|let's|lets|let us|go ahead and|just|also)[\s,]+)*"
)
_MODEL = (
    r"(?:the |a |an |my |our |your |some |this |that )?(?:(?:language|chat|ai|large|local|writer|other) )*"
    r"(?:models?|llms?|ai|gpt\S*|chatgpt|claude\S*|ollama\S*)\b"
)
_WRITE = r"(?:write|make|create|generate|draft|produce|formulate|build)"
_MADE = r"(?:examples?|rows?|pairs?|q ?(?:&|and) ?as?|questions?|training data|answers?)"
WRITE_EXAMPLES = tuple(
    re.compile(_PLEASE + pattern, re.I)
    for pattern in (
        rf"{_WRITE}\b.{{0,40}}\b{_MADE}\b.{{0,60}}\b(?:with|using|by|through|via)\b {_MODEL}",
        rf"(?:let|have|ask|get|tell) {_MODEL} (?:to )?{_WRITE}\b",
        rf"use {_MODEL} (?:to {_WRITE}|for (?:the )?writing|on (?:my|our|the) (?:documents?|files?|handbook))\b",
        rf"write (?:me |us |some |a few |more |\d+ )*{_MADE}(?: and {_MADE})? (?:from|out of|about|on|for) (?:\w+ )?"
        r"(?:documents?|files?|handbooks?|polic(?:y|ies)|texts?|manuals?|pdfs?)\b",
        r"(?:go on|continue|keep on|keep) writing\b",
        rf"write (?:some )?more(?: {_MADE}| of (?:them|these))?\W*$",
    )
)
WRITING_COST = re.compile(
    rf"{_PLEASE}(?:(?:how much|what)(?: money)? (?:would|will|does|do|is|might) (?:it|that|this|(?:the )?writing|"
    rf"asking|using|having)\b.{{0,60}}\b(?:cost|charged?|price)\b|(?:how much|what) (?:would|will|does) "
    rf"(?:{_MODEL}|{_MADE}) cost\b|how many tokens\b|how expensive (?:is|would|will)\b|"
    r"what(?:'s| is) the (?:price|cost)\b|(?:estimate|tell me|show me|say) the (?:cost|price)\b)",
    re.I,
)


def writing_wish(text: str) -> Literal["write_examples", "writing_cost"] | None:
    """Whether a chat model is to write examples from the documents, or what that costs is asked."""
    said = text.strip().replace("’", "'")
    if WRITING_COST.search(said):
        return "writing_cost"
    return "write_examples" if any(pattern.search(said) for pattern in WRITE_EXAMPLES) else None


def passages_wanted(text: str) -> dict[str, int]:
    """How many passages to send, as an argument: "only the first 10 passages"."""
    found = re.search(r"\b(\d{1,4}) (?:passages?|pages?|calls?|sections?)\b", text, re.I)
    return {"passages": int(found[1])} if found else {}


# --- what the data should cover ------------------------------------------------------------------------------------

WANTED_SUBJECTS = tuple(
    re.compile(pattern, re.I | re.S)
    for pattern in (
        r"\b(?:it|the (?:model|assistant|bot|data)|we|they|this)(?: also| still)? (?:must|should|has to|have to|"
        r"needs? to|ought to|shall)(?: also| still)? (?:know(?: all)?(?: about)?|cover|handle|deal with|include|"
        r"(?:be able to )?answer(?: questions)? (?:about|on)) (?P<said>.+)",
        r"\b(?:the|our|my)(?: main| important| most important| other| missing)? (?:topics|subjects)"
        r"(?: (?:it|we) (?:should|must|want|need)\w*(?: to)?(?: cover| know)?)? (?:are|should be|include)\b:? "
        r"(?P<said>.+)",
        r"\badd (?:the |these |as )?(?:topics?|subjects?):? (?P<said>.+)",
        r"\b(?:topics|subjects) (?:it must know|it should cover|to cover|wanted):? (?P<said>.+)",
    )
)


def wanted_subjects(text: str) -> str | None:
    """The subjects named in "it must also know about refunds and parking"; None where none are."""
    if text.rstrip().endswith("?"):
        return None
    for pattern in WANTED_SUBJECTS:
        if match := pattern.search(text.strip()):
            return match["said"].strip()
    return None
