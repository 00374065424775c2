"""E-mail: a letter (EML) or a mailbox (MBOX) into threads, conversations, text, and the files attached.

Header fields are decoded here rather than by `email.policy.default`, whose parser raises a dozen kinds of errors on
broken fields, and takes minutes on some long ones.
"""

import email
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from finetune.data.archive import Inner, shown_path
from finetune.data.document import Document, Limits
from finetune.data.letters import parts_of, text_of_html
from finetune.data.passages import Block, blocks_from_lines, passages_from_blocks
from finetune.data.tables import check_rows
from finetune.data.text_formats import decode
from finetune.data.threads import Letter, conversations_from_threads, in_order, sender_key
from finetune.errors import UserError

DEEPEST_PART = 20
LONGEST_FIELD = 20_000  # characters; a longer header field is an attack or an accident
PICTURES = ("image", "audio", "video", "font")
# Attached to letters by programs: signatures, invitations, contacts, reports of delivery.
NO_FILE = ("application/pgp-", "application/pkcs7-", "text/calendar", "text/vcard", "text/x-vcard", "message/")
REPLY = re.compile(r"\s*(?:(?:re|aw|antw|sv|vs|rv|rif|r|odp|fwd?|wg|tr|enc|vb|doorst)\s*(?:\[\d+\])?\s*:\s*)+", re.I)


@dataclass(frozen=True)
class _Mail:
    """One message. `links` are the ids of the messages it is or answers; `machine` ones nobody wrote."""

    number: int
    sender: str
    others: frozenset[str]
    subject: str
    reply: bool
    links: tuple[str, ...]
    time: float | None
    text: str
    machine: bool
    pictures: int


def read_eml(data: bytes, name: str, limits: Limits) -> Document:
    """A letter: question and answer where it quotes what it answers, else its text under its subject.

    Raises:
        UserError: its parts are nested too deeply.
    """
    mail = _mail(_parsed(data, name), 1)
    conversations, notes = conversations_from_threads([[_letter(mail)]])
    notes = [*(notes if conversations else []), *_picture_note(mail.pictures)]
    if conversations:
        return Document(name, "eml", conversations=conversations, notes=notes)
    text = "\n\n".join(part.text for part in parts_of(mail.text)) or mail.text.strip()
    title = [Block(mail.subject, None, heading=True)] if mail.subject else []
    blocks = [*title, *blocks_from_lines(text.split("\n"))]
    return Document(name, "eml", passages=passages_from_blocks(blocks), notes=notes)


def read_mbox(data: bytes, name: str, limits: Limits) -> Document:
    """A mailbox: its threads as conversations, each with the number of the message that answers.

    Raises:
        UserError: it has more messages than a table may have rows, or no answered letter in it.
    """
    raw = _messages(data)
    check_rows(len(raw), name, limits)
    mails = [_mail(_parsed(one, name), number) for number, one in enumerate(raw, start=1)]
    written = [mail for mail in mails if not mail.machine and mail.text.strip()]
    threads = [in_order([_letter(mail) for mail in thread]) for thread in _threads(written)]
    conversations, notes = conversations_from_threads(threads)
    if skipped := len(mails) - len(written):
        notes.append(f"Automatic or empty messages, left out: {skipped} of {len(mails)}.")
    notes += _picture_note(sum(mail.pictures for mail in mails))
    notes.insert(0, f"Messages: {len(mails)}, in threads: {len(threads)}.")
    return Document(name, "mbox", conversations=conversations, notes=notes)


def attachments(data: bytes, name: str, limits: Limits) -> list[Inner]:
    """The files attached to a letter or to the messages of a mailbox, as many as one file may hold."""
    raw = _messages(data)
    several = len(raw) > 1
    files: list[Inner] = []
    for number, one in enumerate(raw, start=1):
        for leaf in _leaves(_parsed(one, name)):
            if not _is_file(leaf) or leaf.get_content_maintype() in PICTURES:
                continue
            inner = shown_path(_text(leaf.get_filename("")) or "attachment")
            content = _payload(leaf)
            files.append(Inner(f"message {number}/{inner}" if several else inner, lambda content=content: content))  # type: ignore[misc]
            if len(files) >= limits.inner_files:
                return files
    return files


# What stands between two letters of a mailbox: behind an empty line "From", an address and a date with its time, or
# whatever the date is, where the next line is a header's.
SEPARATOR = re.compile(
    rb"(?:\A|(?<=\n)\r?\n|(?<=\n\r\n))From [^\r\n]*\d{2}:\d{2}[^\r\n]*\r?\n|"
    rb"(?:\A|(?<=\n))From [^\s@]+@[^\s@]+(?: [^\r\n]*)?\r?\n"
    rb"(?=(?:From|To|Date|Subject|Received|Return-Path|Delivered-To|Message-I[Dd]|MIME-Version|X-[\w-]+): )"
)


def _messages(data: bytes) -> list[bytes]:
    """The messages of a mailbox; a single letter is one of one."""
    if not data.startswith(b"From "):
        return [data]
    parts = SEPARATOR.split(data)
    return [re.sub(rb"^>(>*From )", rb"\1", part, flags=re.M) for part in parts if part.strip()]


def _parsed(data: bytes, name: str) -> "Message[str, str]":
    try:
        return email.message_from_bytes(data)
    except RecursionError as error:
        raise UserError(
            "The letter's parts are nested too deeply.", where=name, action="Do not open it if a stranger sent it."
        ) from error


def _mail(message: "Message[str, str]", number: int) -> _Mail:
    leaves = list(_leaves(message))
    subject = " ".join(_field(message, "Subject").split())
    sender = _addresses(message, "From")
    others = _addresses(message, "To") + _addresses(message, "Cc")
    ids = re.findall(
        r"<[^<>\s]{1,200}>", " ".join(_field(message, f) for f in ("Message-ID", "In-Reply-To", "References"))
    )
    machine = _field(message, "Auto-Submitted").lower() not in ("", "no") or _field(message, "Precedence").lower() in (
        "bulk", "junk", "list", "auto_reply",
    )  # fmt: skip
    machine = machine or bool(re.match(r"(?:mailer-daemon|postmaster)@", sender[0] if sender else ""))
    return _Mail(
        number=number,
        sender=sender[0] if sender else sender_key(_field(message, "From")),
        others=frozenset(others),
        subject=REPLY.sub("", subject, count=1).strip(),
        reply=bool(REPLY.match(subject)),
        links=tuple(dict.fromkeys(ids)),
        time=_time(_field(message, "Date")),
        text=_body(leaves),
        machine=machine,
        pictures=sum(leaf.get_content_maintype() in PICTURES for leaf in leaves),
    )


def _letter(mail: _Mail) -> Letter:
    return Letter(mail.number, mail.sender, mail.text, None, mail.time)


def _threads(mails: list[_Mail]) -> list[list[_Mail]]:
    """Messages that answer each other: by their ids, else by the subject between the same two people."""
    parent = list(range(len(mails)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(i: int, j: int) -> None:
        parent[max(root(i), root(j))] = min(root(i), root(j))

    by_id: dict[str, int] = {}
    by_subject: dict[tuple[str, frozenset[str]], int] = {}
    for i, mail in enumerate(mails):
        for link in mail.links:
            join(i, by_id.setdefault(link, i))
    for i, mail in enumerate(mails):
        for other in mail.others if mail.subject else ():
            # Two customers with one subject are two threads.
            known = by_subject.setdefault((mail.subject.lower(), frozenset((mail.sender, other))), i)
            if known != i and (mail.reply or mails[known].reply):
                join(i, known)
    groups: defaultdict[int, list[_Mail]] = defaultdict(list)
    for i, mail in enumerate(mails):
        groups[root(i)].append(mail)
    return list(groups.values())


def _leaves(message: "Message[str, str]", depth: int = 0) -> Iterator["Message[str, str]"]:
    """The parts that hold something; of several forms of one text the plain one, or else the last."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    parts = [part for part in payload if isinstance(part, Message)]
    if depth >= DEEPEST_PART or message.get_content_maintype() == "message":
        return  # a letter sent on, or a bomb
    if message.get_content_subtype() == "alternative":
        plain = next((p for p in parts if p.get_content_type() == "text/plain" and _payload(p).strip()), None)
        parts = [plain] if plain is not None else parts[-1:]
    for part in parts:
        yield from _leaves(part, depth + 1)


def _is_file(leaf: "Message[str, str]") -> bool:
    named = leaf.get_content_disposition() == "attachment" or leaf.get_filename() is not None
    return named and not leaf.get_content_type().startswith(NO_FILE)


def _body(leaves: list["Message[str, str]"]) -> str:
    texts = []
    for leaf in leaves:
        if _is_file(leaf) or leaf.get_content_maintype() != "text":
            continue
        text = _decoded(leaf)
        texts.append(text_of_html(text) if leaf.get_content_subtype() == "html" else text)
    return "\n\n".join(text for text in texts if text.strip())


def _payload(leaf: "Message[str, str]") -> bytes:
    payload = leaf.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(leaf: "Message[str, str]") -> str:
    """A part's text: in the encoding it names if that fits, else in the one its bytes look like."""
    data = _payload(leaf)
    charset = leaf.get_content_charset() or "utf-8"
    wide = charset.startswith(("utf-16", "utf-32", "ucs")) and b"\0" not in data  # no such text is without zeros
    try:
        if not wide:
            return data.decode(charset)
    except (LookupError, UnicodeError, ValueError):
        pass
    try:
        return decode(data, "")[0]
    except UserError:
        return ""  # binary under the name of text


def _field(message: "Message[str, str]", name: str) -> str:
    return _text(message.get(name, ""))


def _text(raw: object) -> str:
    """A header field's text; what claims an encoding and breaks it is taken as it stands."""
    plain = str(raw)[:LONGEST_FIELD]
    if "=?" not in plain:
        # Bytes beyond ASCII arrive as lone surrogates.
        return plain.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return "".join(
            part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part
            for part, charset in decode_header(plain)
        )
    except (HeaderParseError, LookupError, ValueError):
        return plain.encode("utf-8", "replace").decode()


def _addresses(message: "Message[str, str]", name: str) -> list[str]:
    fields = [str(field)[:LONGEST_FIELD] for field in message.get_all(name, [])][:50]
    return [address.lower() for _, address in getaddresses(fields) if "@" in address][:200]


def _time(field: str) -> float | None:
    try:
        time = parsedate_to_datetime(field)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _picture_note(count: int) -> list[str]:
    return [f"Pictures and sound in it, not read: {count}."] if count else []
