"""Chats and tickets as programs write them out: told from other text, and who is who in them."""

import json

import pytest

from finetune.data.collect import collect
from finetune.data.read import read_file
from tests.benchmarks.threads import Count, measured
from tests.data.small_files import Put, notes

TURNS = [("Jane Doe", "Can I pay by card?"), ("Bright Desk", "Yes, at the front desk."), ("Jane Doe", "Since when?")]


def test_customer_and_team_are_told_apart_in_threads_nobody_adjusted_anything_to() -> None:
    counts = [count for _, count in measured()[1::2]]
    total = sum(counts, Count())
    assert total.messages > 100 and total.pairs > 50
    assert total.right == total.in_rows >= 0.95 * total.messages
    assert total.pairs_right >= 0.95 * total.pairs and total.surplus <= 2


@pytest.mark.parametrize(
    "stamp",
    [
        "05/05/2026, 10:00 - ",
        "[05.05.26, 10:00:12] ",
        "10:05 ",
        "2026-05-05 10:00 | ",
        "5/5/26, 10:00 PM - ",
        "[10:01] ",
    ],
)
def test_a_chat_export_is_read_by_its_clock_times(put: Put, stamp: str) -> None:
    text = f"{stamp}Messages are end-to-end encrypted\n" * ("-" in stamp)
    text += "\n".join(f"{stamp}{name}: {said}" for name, said in TURNS) + "\nI moved in May.\n"
    document = read_file(put("chat.txt", text))
    assert [c.messages for c in document.conversations] == [[("user", TURNS[0][1]), ("assistant", TURNS[1][1])]]
    assert "chat of 3 messages" in notes(document) and not document.passages


def test_several_chats_in_a_file_are_several_threads(put: Put) -> None:
    text = "Chat #1\nCustomer: Are you open?\nAgent: Yes, until five.\n\n"
    text += "Chat #2\nCustomer: Do you ship?\nAgent: Yes, on Mondays.\n"
    examples = collect([put("chats.txt", text)]).examples
    assert [(e.question, e.answer, len(e.messages)) for e in examples] == [
        ("Are you open?", "Yes, until five.", 2),
        ("Do you ship?", "Yes, on Mondays.", 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Name: Bright Smile\nPhone: 555 0100\nOpen: Monday to Friday\nParking: behind\nName: Second\nPhone: 2",
        "Q: How do I pay?\nA: By card.\n\nQ: When?\nA: At the visit.\n",
        "Refunds: within 14 days of the request.\n\nPlease note: cash is not taken.\n\nThe desk is open until five.",
        "09:00 Breakfast in the hall\n10:30 Talk: what is new\n12:00 Lunch\n14:00 Talk: what comes next\n",
    ],
)
def test_labels_and_timetables_are_no_chat(put: Put, text: str) -> None:
    assert not read_file(put("form.txt", text)).conversations


def test_notes_the_team_wrote_to_itself_stay_out_of_tickets(put: Put) -> None:
    ticket = {
        "requester": {"id": 5, "name": "Jane"},
        "comments": [
            {"author_id": 5, "body": "Where is my order?", "created_at": "2026-05-05T10:00:00Z"},
            {"author_id": 7, "body": "Late again, see Tom.", "public": False, "created_at": "2026-05-05T10:30:00Z"},
            {"author_id": 7, "body": "<p>It comes on <b>Friday</b>.</p>", "created_at": "2026-05-05T11:00:00Z"},
        ],
    }
    document = read_file(put("tickets.json", json.dumps([ticket])))
    assert [c.messages for c in document.conversations] == [
        [("user", "Where is my order?"), ("assistant", "It comes on Friday.")]
    ]
    assert "Read as threads: 1" in notes(document)
