"""Are customer and team told apart? `python -m tests.benchmarks.threads [--wrong]`.

Writes the threads of tests/data/threads.yaml as mailboxes, single letters with their history, ticket tables, JSON of
three help desks and chats in text, reads the files, and counts: messages with the right role of those in a row, and
pairs right, which means the whole answer and nothing else behind its question. Files at odd places were looked at while
the reading was adjusted; those at even places measure it.
"""

import argparse
import csv
import io
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from finetune.data.collect import examples_from_document
from finetune.data.read import read_file
from finetune.errors import UserError
from finetune.example import Example
from tests.data.small_files import mailbox

LABELLED = Path(__file__).parents[1] / "data" / "threads.yaml"
Turn = tuple[str, str]  # "c" or "t", and what was said
Thread = list[Turn]


@dataclass
class Count:
    messages: int = 0
    in_rows: int = 0
    right: int = 0
    pairs: int = 0
    pairs_right: int = 0
    surplus: int = 0  # rows that are no pair of the thread
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: "Count") -> "Count":
        return Count(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def told(self) -> str:
        return (
            f"{self.messages} messages, {self.in_rows} of them in a row, {self.right} with the right role; "
            f"{self.pairs_right} of {self.pairs} pairs right, {self.surplus} rows that are none"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="show what went wrong in the files at odd places")
    options = parser.parse_args()
    counts = measured()
    kinds = dict.fromkeys(kind for kind, _ in counts)
    for half, name in ((0, "adjusted on"), (1, "measured on")):
        print(f"{name}: {sum((count for _, count in counts[half::2]), Count()).told()}")
    for kind in kinds:
        print(f"  {kind}: {sum((count for one, count in counts if one == kind), Count()).told()}")
    if options.wrong:
        print("\n".join(line for _, count in counts[::2] for line in count.wrong), file=sys.stderr)


def measured() -> list[tuple[str, Count]]:
    """The kind and the count of every file, in the order they stand in."""
    labelled = yaml.safe_load(LABELLED.read_text(encoding="utf-8"))
    threads = {name: [turn for one in turns for turn in one.items()] for name, turns in labelled["threads"].items()}
    return [(one["kind"], count_of(one, [threads[name] for name in one["threads"]])) for one in labelled["files"]]


def count_of(about: dict[str, Any], threads: list[Thread]) -> Count:
    name, write = WRITERS[about["kind"]]
    with tempfile.TemporaryDirectory(prefix="attune-threads-") as folder:
        path = Path(folder) / name
        path.write_bytes(write(threads, about))
        try:
            rows, _, _ = examples_from_document(read_file(path))
        except UserError as error:
            rows = []
            print(error, file=sys.stderr)
    return judged(rows, threads, f"{about['kind']} {','.join(about['threads'])}")


def judged(rows: list[Example], threads: list[Thread], name: str) -> Count:
    count = Count()
    said = {" ".join(m.content.split()): m.role for row in rows for m in row.messages}
    for thread in threads:
        for side, text in thread:
            role = next((role for content, role in said.items() if text in content), None)
            count.messages += 1
            count.in_rows += role is not None
            count.right += role == ("user" if side == "c" else "assistant")
        for asked, answered in pairs_of(thread):
            count.pairs += 1
            hit = any(asked in " ".join(r.question.split()) and " ".join(r.answer.split()) == answered for r in rows)
            count.pairs_right += hit
            if not hit:
                count.wrong.append(f"{name}: no row for {asked[:40]} -> {answered[:40]}")
    pairs = {answered for thread in threads for _, answered in pairs_of(thread)}
    strange = [row for row in rows if " ".join(row.answer.split()) not in pairs]
    count.surplus = len(strange)
    count.wrong += [f"{name}: strange row {row.question[:60]!r} -> {row.answer[:90]!r}" for row in strange]
    return count


def pairs_of(thread: Thread) -> list[tuple[str, str]]:
    """Each answer of the team of three words and more, with what the customer said before it."""
    return [
        (asked, answered)
        for (side, asked), (other, answered) in pairwise(thread)
        if (side, other) == ("c", "t") and len(answered.split()) >= 3
    ]


# Files


def as_mbox(threads: list[Thread], about: dict[str, Any]) -> bytes:
    letters = []
    for number, thread in enumerate(threads):
        customer, before = f"Jo Doe <jo{number}.doe@gmail.com>", ""
        for place, (side, text) in enumerate(thread):
            sender, other = (customer, about["team"]) if side == "c" else (about["team"], customer)
            close = "Thanks,\nJo" if side == "c" else about["close"]
            letter = EmailMessage()
            letter["From"], letter["To"], letter["Subject"] = sender, other, f"{'Re: ' * bool(place)}Case {number}"
            letter["Date"] = f"Tue, {5 + place} May 2026 10:00:00 +0000"
            letter.set_content(f"Hello,\n\n{text}\n\n{close}\n{before}")
            quoted = "".join(f"> {line}\n" for line in f"{text}\n{before}".splitlines())
            before = f"\nOn Tue, {5 + place} May 2026 at 10:00, {sender} wrote:\n{quoted}"
            letters.append(letter.as_string())
    return mailbox(*letters)


def as_eml(threads: list[Thread], about: dict[str, Any]) -> bytes:
    """The last letter of the team, with all before it quoted."""
    thread = threads[0]
    while thread[-1][0] != "t":
        thread = thread[:-1]
    parts = as_mbox([thread], about).decode().split("\nFrom someone ")
    return parts[-1].partition("\n")[2].encode()


def as_whatsapp(threads: list[Thread], about: dict[str, Any]) -> bytes:
    lines = ["05/05/2026, 09:00 - Messages and calls are end-to-end encrypted. Tap to learn more."]
    for place, (side, text) in enumerate(turn for thread in threads for turn in thread):
        lines.append(f"05/05/2026, 10:{place:02} - {about['customer' if side == 'c' else 'team']}: {text}")
    return "\n".join([*lines, f"05/05/2026, 11:00 - {about['customer']}: <Media omitted>"]).encode()


def as_chat(threads: list[Thread], about: dict[str, Any]) -> bytes:
    chats = ["\n".join(f"{about['customer' if s == 'c' else 'team']}: {text}" for s, text in one) for one in threads]
    return "\n\n".join(f"Chat #{number}\n{chat}" for number, chat in enumerate(chats, start=1)).encode()


def as_tickets(threads: list[Thread], about: dict[str, Any]) -> bytes:
    rows = [["Ticket ID", "Time", "Sender", "Text"]]
    for number, thread in enumerate(threads):
        customer = about["customer"] or (f"jo{number}@gmail.com" if "@" in about["team"] else f"Jo Doe {number}")
        for place, (side, text) in enumerate(thread):
            rows.append([f"{number}", f"2026-05-05 1{place}:00", customer if side == "c" else about["team"], text])
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def as_zendesk(threads: list[Thread], about: dict[str, Any]) -> bytes:
    tickets = [
        {"id": number, "requester_id": 900 + number, "subject": "Help", "comments": [
            {"author_id": 900 + number if side == "c" else 7, "body": text, "public": True} for side, text in thread
        ]}
        for number, thread in enumerate(threads)
    ]  # fmt: skip
    return json.dumps({"tickets": tickets}).encode()


def as_intercom(threads: list[Thread], about: dict[str, Any]) -> bytes:
    entries = []
    for number, thread in enumerate(threads):
        parts = [
            {
                "part_type": "comment",
                "body": f"<p>{text}</p>",
                "author": {"type": "user" if side == "c" else "admin", "id": side},
            }
            for side, text in thread
        ]
        source = {"body": parts[0]["body"], "author": parts[0]["author"]}
        entries.append({"id": number, "source": source, "conversation_parts": {"conversation_parts": parts[1:]}})
    return json.dumps({"conversations": entries}).encode()


def as_freshdesk(threads: list[Thread], about: dict[str, Any]) -> bytes:
    return json.dumps([
        {"id": number, "requester_id": 9, "description_text": thread[0][1], "conversations": [
            *({"incoming": side == "c", "private": False, "body_text": text} for side, text in thread[1:]),
            {"incoming": False, "private": True, "user_id": 7, "body_text": "She phoned as well."},
        ]}
        for number, thread in enumerate(threads)
    ]).encode()  # fmt: skip


WRITERS: dict[str, tuple[str, Callable[[list[Thread], dict[str, Any]], bytes]]] = {
    "mbox": ("box.mbox", as_mbox), "eml": ("answer.eml", as_eml), "whatsapp": ("chat.txt", as_whatsapp),
    "chat": ("chat.txt", as_chat), "tickets": ("tickets.csv", as_tickets), "zendesk": ("tickets.json", as_zendesk),
    "intercom": ("intercom.json", as_intercom), "freshdesk": ("freshdesk.json", as_freshdesk),
}  # fmt: skip


if __name__ == "__main__":
    main()
