"""Chats that programs wrote out: as lines of text ("10:05 - Jane: Hello"), and as tickets or conversations in JSON."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from finetune.data.letters import text_of_html
from finetune.data.passages import ANSWER_MARKER, QUESTION_MARKER
from finetune.data.threads import INTERNAL, Letter, in_order, sender_key, side_of, times_of

# Lines of text.

_DATE = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2} \w{3,9} \d{4})"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?\s?[Mm]\.?)?"
# "05/05/2026, 10:00 - ", "[05.05.26, 10:00:12] ", "10:00 ", "2026-05-05T10:00 | "
STAMP = re.compile(rf"[\u200e\ufeff]*[\[(]?(?:{_DATE}[,T ]\s*(?:um |at )?)?{_CLOCK}[\])]?\s*(?:Uhr)?\s*[-–|:]?\s*")
SPEAKER = re.compile(
    r"(?P<name>[^\W\d_][^:<>\[\]{}|\n]{0,39}?)\s?(?:\((?P<role>[^()]{2,30})\)\s?)?:(?:\s+|$)(?P<text>.*)"
)
# A line between two chats of one file.
BREAK = re.compile(
    r"\s*(?:[-=*_#~]{3,}.*|(?:#{1,4}\s*)?(?:chat|ticket|conversation|case|gespräch|unterhaltung|vorgang|conversación|"
    r"dossier|gesprek|session)\b[\s#:nNo.°º]*[\w-]*\d[\w-]*\s*[-=*:]*|"
    r"(?:chat|conversation) (?:started|ended|closed)\b.*)",
    re.I,
)
NO_WORDS = re.compile(
    r"\s*(?:<[^<>]{3,40}>|.{0,20}\b(?:omitted|weggelassen|omis|omitid[oa]|omesso|weggelaten)\W*|"
    r"(?:this message was|you) deleted.*|.*end-to-end.encrypted.*|.*ende-zu-ende-verschlüsselt.*|"
    r".{2,60} (?:joined|left) (?:the )?(?:chat|conversation)\W*)",
    re.I,
)
FEWEST_TURNS = 4
MOST_SPEAKERS = 6  # in a chat without clock times and roles; more are the labels of a form


def letters_from_lines(lines: list[str]) -> list[list[Letter]]:
    """The chats of a text, a list of messages each; none where it is no chat."""
    chats: list[list[Letter]] = [[]]
    strange = stamped = 0
    blank = True
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        stamp = STAMP.match(line)
        said = line[stamp.end() :] if stamp else line
        found = SPEAKER.fullmatch(said) if len(said) < 20_000 else None
        if not line:
            blank = True
            continue
        if BREAK.fullmatch(line):
            chats.append([])
        elif found and (stamp or not (QUESTION_MARKER.match(line) or ANSWER_MARKER.match(line))):
            stamped += bool(stamp)
            chats[-1].append(_said(number, found))
        elif stamp and stamp.end() > 0:
            pass  # what the program itself says: who joined, that the chat is encrypted
        elif chats[-1]:
            last = chats[-1][-1]
            chats[-1][-1] = Letter(last.number, last.sender, f"{last.text}\n{raw.rstrip()}".strip(), last.side)
            strange += blank
        else:
            strange += 1
        blank = False
    chats = [[letter for letter in chat if letter.text and not NO_WORDS.fullmatch(letter.text)] for chat in chats]
    return chats if _is_chat(chats, strange, stamped) else []


def _said(number: int, found: "re.Match[str]") -> Letter:
    role = side_of(found["role"] or found["name"])
    side = role if role in ("user", "assistant") else None
    return Letter(number, sender_key(found["name"]), found["text"].strip(), side)


def _is_chat(chats: list[list[Letter]], strange: int, stamped: int) -> bool:
    """Whether people talk in turns: clock times or roles say so, or few names that come back again and again."""
    letters = [letter for chat in chats for letter in chat]
    names = Counter(letter.sender for letter in letters)
    if len(letters) < 2 or len(names) < 2 or strange > 0.2 * len(letters):
        return False
    if stamped > 0.8 * len(letters) or {letter.side for letter in letters} >= {"user", "assistant"}:
        return True
    return len(letters) >= FEWEST_TURNS and len(names) <= MOST_SPEAKERS and min(names.values()) > 1


# JSON.

TEXT_KEYS = (
    "plain_body", "body_text", "body", "text", "content", "message", "comment", "description", "html_body", "value",
)  # fmt: skip
ROLE_KEYS = (
    "role",
    "author_type",
    "sender_type",
    "author_role",
    "sender_role",
    "direction",
    "type",
    "part_type",
    "kind",
)
# True means the customer, and True means the team.
INCOMING_KEYS = ("incoming", "is_customer", "inbound", "from_customer")
TEAM_KEYS = ("from_agent", "is_agent", "is_staff", "outgoing", "from_me", "staff", "by_agent")
AUTHOR_KEYS = ("author_id", "sender_id", "from_id", "user_id", "author", "sender", "from", "user", "created_by", "name")
ASKER_KEYS = ("requester_id", "requester", "customer_id", "customer", "reporter", "contact_id", "contact", "opened_by")
TIME_KEYS = ("created_at", "created", "timestamp", "sent_at", "date", "time", "ts", "createdAt")
DEEPEST_LIST = 4


def letters_from_entry(number: int, entry: dict[str, Any]) -> list[Letter]:
    """The messages of a ticket or conversation, each with its side if the entry gives one; none where it is none."""
    messages = max(_message_lists(entry, 0), key=len, default=[])
    asker = next((_name(entry[key]) for key in ASKER_KEYS if entry.get(key)), "")
    # Help desks keep the first letter in the ticket itself.
    first = _first_letter(number, entry, asker)
    letters = [letter for message in messages if (letter := _letter(number, message, asker)) is not None]
    if first and all(" ".join(first.text.split()) not in " ".join(letter.text.split()) for letter in letters):
        letters.insert(0, first)
    known = len({letter.sender for letter in letters}) > 1 or len({letter.side for letter in letters}) > 1
    return in_order(letters) if len(letters) > 1 and known else []


def _message_lists(value: Any, depth: int) -> Iterator[list[dict[str, Any]]]:
    """Lists of things with a text and an author, anywhere within."""
    parts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    if isinstance(value, list) and len(value) > 0 and all(isinstance(part, dict) for part in value):
        if sum(bool(_text(part)) and _is_written(part) for part in value) >= 0.8 * len(value):
            yield value
    elif depth < DEEPEST_LIST:
        for part in parts:
            yield from _message_lists(part, depth + 1)


def _is_written(message: dict[str, Any]) -> bool:
    keys = (*ROLE_KEYS[:6], *INCOMING_KEYS, *TEAM_KEYS, *AUTHOR_KEYS[:-1])
    return any(key in message for key in keys)


def _text(message: dict[str, Any]) -> str:
    for key in TEXT_KEYS:
        text = message.get(key)
        if isinstance(text, str) and text.strip():
            return (
                text_of_html(text) if "<" in text and re.search(r"<(?:p|br|div|span|b)\b", text, re.I) else text.strip()
            )
    return ""


def _first_letter(number: int, entry: dict[str, Any], asker: str) -> Letter | None:
    source: dict[str, Any] = found if isinstance(found := entry.get("source"), dict) else entry
    text = _text({key: source.get(key) for key in ("plain_body", "description_text", "description", "body")}) or (
        _text({"text": source.get("description_text")})
    )
    return Letter(number, asker or "who asked", text, "user", None) if text else None


def _letter(number: int, message: dict[str, Any], asker: str) -> Letter | None:
    """One message; None where it is a note that only the team sees."""
    text = _text(message)
    author = next((message[key] for key in AUTHOR_KEYS if message.get(key) not in (None, "")), "")
    own = [str(message[key]) for key in ROLE_KEYS if isinstance(message.get(key), str)]
    roles = own + (
        [str(author[key]) for key in ROLE_KEYS if isinstance(author.get(key), str)] if isinstance(author, dict) else []
    )
    said = [side_of(role.replace("_", " ")) for role in roles]
    private = message.get("public") is False or any(
        message.get(key) is True for key in ("private", "internal", "is_private")
    )
    if private or INTERNAL in said or not text:
        return None
    side = next((one for one in said if one in ("user", "assistant")), None)
    for keys, meaning in ((INCOMING_KEYS, True), (TEAM_KEYS, False)):
        for key in keys:
            if isinstance(message.get(key), bool):
                side = "user" if message[key] is meaning else "assistant"
    name = _name(author)
    if side is None and asker and name:
        side = "user" if name == asker else "assistant"
    when = next((str(message[key]) for key in TIME_KEYS if message.get(key)), "")
    times = times_of([when]) if when else None
    return Letter(
        number, name or side or "", text, side if side in ("user", "assistant") else None, times[0] if times else None
    )


def _name(author: Any) -> str:
    """Whom a field names: an address before an id before a name."""
    if isinstance(author, dict):
        author = next((author[key] for key in ("email", "address", "id", "name") if author.get(key)), "")
    return sender_key(str(author)) if not isinstance(author, (dict, list)) else ""
