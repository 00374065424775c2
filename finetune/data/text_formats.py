"""Formats that are text: CSV, JSON, JSONL, TXT, Markdown. Read in this process; their size is bounded before."""

import codecs
import json
import re
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Any

from finetune.data.chats import letters_from_entry, letters_from_lines
from finetune.data.document import Conversation, Document, Kind, Limits, Table, listed
from finetune.data.passages import (
    DASHES,
    blocks_from_lines,
    blocks_from_markdown,
    passages_from_blocks,
    title_from_blocks,
)
from finetune.data.tables import check_rows, table_from_separated, unique_header
from finetune.data.threads import Letter, conversations_from_threads
from finetune.errors import UserError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
WESTERN = ("cp1252", "cp850", "mac_roman")
ACCENTED = frozenset("äöüßáéíóúàèìòùâêîôûëïÿãõñåæøœçÄÖÜÁÉÍÓÚÀÈÊÎÔÃÕÑÅÆØŒÇ¿¡")
ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "customer": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "model": "assistant", "agent": "assistant",
}  # fmt: skip


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    """Bytes to text, and notes on what had to be guessed or removed.

    Raises:
        UserError: the bytes are not text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _without_nulls(data[len(mark) :].decode(encoding, errors="replace"), name, [])
    if wide := _utf16_without_mark(data):
        return _without_nulls(data.decode(wide, errors="replace"), name, [f"Read as {wide.upper()}."])
    try:
        return _without_nulls(data.decode("utf-8"), name, [])
    except UnicodeDecodeError:
        pass
    lenient = data.decode("utf-8", errors="replace")
    bad = lenient.count("\N{REPLACEMENT CHARACTER}")
    if sum(ord(c) > 127 for c in lenient) - bad > 4 * bad:
        return _without_nulls(lenient, name, [f"{bad} characters were damaged and show as \N{REPLACEMENT CHARACTER}."])
    encoding = _single_byte_encoding(data)
    note = f"The file is not in UTF-8; I read it as {encoding}. Check a few accented letters."
    return _without_nulls(data.decode(encoding, errors="replace"), name, [note])


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 of Western text has a zero in every second byte."""
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) < 0.2 * len(sample):
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * len(sample) / 2 and even < 0.05 * len(sample):
        return "utf-16-le"
    if even > 0.4 * len(sample) / 2 and odd < 0.05 * len(sample):
        return "utf-16-be"
    return None


def _single_byte_encoding(data: bytes) -> str:
    """What Western languages are written in where few letters are accented; otherwise what the letters suggest."""
    high = sum(byte > 127 for byte in data[:200_000])
    letters = sum(chr(byte).isalpha() for byte in data[:200_000]) or 1
    if high / letters < 0.15:
        # The first of equals: Windows before DOS and old Macintoshes.
        return max(WESTERN, key=lambda encoding: _usual_letters(data[:200_000].decode(encoding, "replace")))
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    return best.encoding if best else "cp1252"


def _usual_letters(text: str) -> int:
    """How many accented letters and signs of money stand where they do in Western words and prices, less the letters
    that stand in none: "cafÚ"."""
    found = 0
    for match in re.finditer(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[a-z])|[£€](?=\d)|(?<=\d)[£€]", text):
        letter, before = match.group(), text[match.start() - 1 : match.start()]
        if letter in "£€" or (letter in ACCENTED and not (letter.isupper() and before.islower())):
            found += 1
        elif letter not in "’‘“”«»–—…\u00a0":
            found -= 1
    return found


def _without_nulls(text: str, name: str, notes: list[str]) -> tuple[str, list[str]]:
    text = text.removeprefix("\ufeff")
    odd = sum(text.count(chr(code)) for code in (*range(9), *range(14, 32)))
    if odd > 0.1 * len(text) and odd > 8:
        raise UserError(
            "The file is not text, although its name says so.",
            where=name,
            action="Open it in the program it was made with and save it as CSV, XLSX, PDF or plain text.",
        )
    if "\x00" in text:
        notes = [*notes, f"{text.count(chr(0))} NUL characters were removed."]
        text = text.replace("\x00", "")
    return text, notes


def document_from_text(data: bytes, name: str, limits: Limits, *, kind: Kind) -> Document:
    """Read one of the text kinds.

    Raises:
        UserError: nothing in it can be used.
    """
    text, notes = decode(data, name)
    if not text.strip():
        raise UserError(
            "The file is empty.", where=name, action="Check that you picked the right file and add it again."
        )
    if kind == "csv":
        table, more = table_from_separated(text, name, limits)
        return Document(name, kind, tables=[table], notes=notes + more)
    if kind in ("json", "jsonl"):
        document = _document_from_json(text, name, kind, limits)
        return Document(
            name, document.kind, document.tables, notes=notes + document.notes, conversations=document.conversations
        )
    lines = text.splitlines()
    if kind == "text" and (chats := letters_from_lines(lines)):
        conversations, more = conversations_from_threads(chats)
        if conversations:
            notes = [*notes, f"Read as a chat of {sum(map(len, chats))} messages.", *more]
            return Document(name, kind, conversations=conversations, notes=notes)
    blocks = list(blocks_from_markdown(text) if kind == "markdown" else blocks_from_lines(lines))
    tables = list(_pipe_tables(lines, name)) if kind == "markdown" else []
    title = title_from_blocks(blocks, highest=[line[1:].strip(" #") for line in lines if line.startswith("# ")])
    return Document(name, kind, tables=tables, passages=passages_from_blocks(blocks), notes=notes, title=title)


def _pipe_tables(lines: list[str], name: str) -> Iterator[Table]:
    """Markdown's tables: a header line, a line of dashes, rows."""
    below = 1  # a row of one table heads no other
    for i, line in enumerate(lines[1:], start=1):
        if i < below or not DASHES.fullmatch(line.strip()):
            continue
        rows = list(takewhile(lambda row: "|" in row, islice(lines, i + 1, None)))
        below = i + 1 + len(rows)
        header, *cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in [lines[i - 1], *rows]]
        width = len(header)
        yield Table(name, unique_header(header), [(row + [""] * width)[:width] for row in cells], i + 2)


def _document_from_json(text: str, name: str, kind: Kind, limits: Limits) -> Document:
    """JSON or JSON lines, whichever it is: the two extensions are often mixed up."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise _too_deep(name) from error
    except json.JSONDecodeError as error:
        entries, broken = _json_lines(text, name)
        if not entries or (kind == "json" and len(broken) > len(entries)):
            raise UserError(
                f"The JSON cannot be read: {error.msg} in line {error.lineno}, column {error.colno}"
                + (f"; broken lines: {listed([number for number, _ in broken])}." if len(broken) > 1 else "."),
                where=name,
                action="Correct that place, or export the file again.",
            ) from error
        notes = [f"Line {number} is not valid JSON ({why}); it was left out." for number, why in broken[:20]]
        if len(broken) > 20:
            notes.append(f"{len(broken) - 20} more lines are not valid JSON; they were left out.")
        return _document_from_entries(entries, name, "jsonl", limits, notes)
    entries = [(i, entry) for i, entry in enumerate(_entries(value), start=1)]
    return _document_from_entries(entries, name, kind, limits, [])


def _too_deep(name: str) -> UserError:
    return UserError(
        "The JSON is nested too deeply.", where=name, action="Export it as a plain list of questions and answers."
    )


def _json_lines(text: str, name: str) -> tuple[list[tuple[int, Any]], list[tuple[int, str]]]:
    entries: list[tuple[int, Any]] = []
    broken: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append((number, json.loads(line)))
        except json.JSONDecodeError as error:
            broken.append((number, error.msg))
        except RecursionError as error:
            raise _too_deep(name) from error
    return entries, broken


def _entries(value: Any) -> list[Any]:
    """The list of rows in a JSON value: itself, the longest list in it, columns, or question-answer pairs within."""
    if isinstance(value, list):
        pairs = _nested_pairs(value)
        plain = any(isinstance(entry, dict) and _is_row(entry) for entry in value[:50])
        return pairs if pairs and not plain else value
    if not isinstance(value, dict) or letters_from_entry(1, value):
        return [value]
    lists = {key: part for key, part in value.items() if isinstance(part, list)}
    same_length = len(lists) > 1 and len({len(part) for part in lists.values()}) == 1
    if same_length and all(not isinstance(cell, (dict, list)) for part in lists.values() for cell in part[:50]):
        return [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)]
    if pairs := _nested_pairs(value):
        return pairs
    return max(lists.values(), key=len) if lists else [value]


def _is_row(entry: dict[str, Any]) -> bool:
    """A flat row or a conversation, rather than a folder of further rows."""
    return _conversation(entry) is not None or (
        len(entry) > 1 and sum(isinstance(part, (dict, list)) for part in entry.values()) == 0
    )


def _nested_pairs(value: Any, depth: int = 0) -> list[dict[str, str]]:
    """Question-answer pairs anywhere within, as in SQuAD-like data sets."""
    if depth > 8:
        return []
    if isinstance(value, list):
        return [pair for part in value for pair in _nested_pairs(part, depth + 1)]
    if not isinstance(value, dict):
        return []
    question = value.get("question")
    answer = value.get("answer", value.get("answers"))
    if isinstance(answer, list) and answer:
        answer = answer[0].get("text", answer[0]) if isinstance(answer[0], dict) else " ".join(map(_cell, answer))
    if isinstance(question, str) and isinstance(answer, (str, int, float)):
        return [{"question": question, "answer": _cell(answer)}]
    return [
        pair for part in value.values() if isinstance(part, (dict, list)) for pair in _nested_pairs(part, depth + 1)
    ]


def _document_from_entries(
    entries: list[tuple[int, Any]], name: str, kind: Kind, limits: Limits, notes: list[str]
) -> Document:
    check_rows(len(entries), name, limits)
    conversations: list[Conversation] = []
    rows: dict[int, dict[str, str]] = {}
    threads: list[list[Letter]] = []
    other: list[int] = []
    for number, entry in entries:
        if not isinstance(entry, dict) or not entry:
            other.append(number)
        elif (messages := _conversation(entry)) and any(role == "assistant" for role, _ in messages):
            conversations.append(Conversation(number, messages))
        elif letters := letters_from_entry(number, entry):
            threads.append(letters)
        elif messages is not None:
            conversations.append(Conversation(number, messages))
        else:
            rows[number] = _flat(entry)
    if threads:
        found, more = conversations_from_threads(threads)
        conversations += found
        notes = [*notes, f"Read as threads: {len(threads)}, one for each entry.", *more]
    if not conversations and not rows:
        raise UserError(
            "The file holds no rows with named fields.",
            where=name,
            action='Each entry needs names, as in {"question": "…", "answer": "…"}.',
        )
    if other:
        notes = [*notes, f"Entries {listed(other)} have no named fields; left out."]
    header = list(dict.fromkeys(key for row in rows.values() for key in row))
    if not rows:
        return Document(name, kind, notes=notes, conversations=conversations)
    last = max(rows)
    cells = [[rows[n].get(key, "") for key in header] if n in rows else [] for n in range(1, last + 1)]
    return Document(name, kind, [Table(name, header, cells, 1)], notes=notes, conversations=conversations)


def _conversation(entry: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Messages of an OpenAI (`messages`: role, content) or ShareGPT (`conversations`: from, value) entry."""
    turns = entry.get("messages", entry.get("conversations", entry.get("conversation")))
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return None
    messages = []
    for turn in turns:
        role = ROLES.get(str(turn.get("role", turn.get("from", ""))).lower())
        content = turn.get("content", turn.get("value"))
        if isinstance(content, list):
            content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if role and isinstance(content, str) and content.strip():
            messages.append((role, content.strip()))
    return messages


def _flat(entry: dict[str, Any]) -> dict[str, str]:
    """A row's cells. Alpaca's `input` is what its `instruction` is about, so the two make one question."""
    cells = {str(key).replace("\x00", ""): _cell(value) for key, value in entry.items()}
    if "instruction" in cells and "output" in cells and cells.get("input"):
        cells["instruction"] = f"{cells['instruction']}\n\n{cells['input']}"
    if "instruction" in cells and "output" in cells:
        cells.pop("input", None)
    return cells


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()
    return json.dumps(value, ensure_ascii=False)
