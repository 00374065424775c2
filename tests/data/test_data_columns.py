# ruff: noqa: E501 (a case reads best on one line)
"""Finding the question and the answer among a table's columns."""

from pathlib import Path

import pytest

from finetune.data.collect import examples_from_document
from finetune.data.columns import (
    SURE,
    examples_from_conversations,
    examples_from_table,
    map_columns,
    readable_label,
)
from finetune.data.document import Conversation, Document, Table
from finetune.data.letters import without_signature
from finetune.errors import UserError

PAIRS = [
    ("Do you take walk-ins?", "Yes, every morning from eight to ten, as long as there is a free chair."),
    ("How do I change my address?", "Log in, open Settings and choose Address; the change counts from the next day."),
    ("Where is your office?", "In the old town, opposite the library, on the second floor of the red building."),
    ("What does a check-up cost?", "A check-up costs 60 euros, and most plans pay for one of them every year."),
]


def table(header: list[str], rows: list[list[str]]) -> Table:
    return Table("faq.csv", header, rows, 2)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Patient question", "Our answer"), ("Frage", "Antwort"), ("prompt", "completion"), ("Pregunta", "Respuesta"),
        ("customerMessage", "agent_reply"), ("Q", "A"), ("instruction", "output"), ("La question", "Notre réponse"),
        ("Domanda", "Risposta"), ("Vraag", "Antwoord"), ("FAQ question", "FAQ answer"),
    ],
)  # fmt: skip
def test_headers_are_understood_in_several_languages_and_in_any_order(question: str, answer: str) -> None:
    mapping = map_columns(table(["Nr", answer, question], [[str(i), a, q] for i, (q, a) in enumerate(PAIRS)]))
    assert (mapping.question, mapping.answer, mapping.mode) == (question, answer, "question_answer")
    assert mapping.sure


def test_unknown_headers_are_told_apart_by_content_but_not_surely() -> None:
    mapping = map_columns(table(["Column 1", "Column 2"], [[a, q] for q, a in PAIRS]))
    assert (mapping.question, mapping.answer) == ("Column 2", "Column 1")
    assert mapping.confidence < SURE, "the user is asked"
    assert set(mapping.candidates) == {"Column 1", "Column 2"}


TICKETS = [
    ("My parcel has not come. Where is it?", "We are sorry. It is at the depot and comes to you by Friday.", "Delivery"),
    ("I was charged twice for one order.", "Thank you for telling us. We sent the second sum back to your card.", "Billing"),
    ("Hello, please change my address to the new one.", "Your address is changed; the next parcel goes to the new one.", "Accounts"),
    ("The app closes when I open my orders.", "Please install the newest version, which mends this, and sign in again.", "Technical"),
]  # fmt: skip


@pytest.mark.parametrize(
    "code", ["T-{}", "{}", "2024-05-{:.2}", "user{}@example.org", "https://desk.example.org/{}", "#{}", "INC00{}"]
)
def test_a_column_of_ids_is_neither_question_nor_answer(code: str) -> None:
    rows = [[code.format(str(1000 + i)), *ticket] for i, ticket in enumerate(TICKETS * 8)]
    mapping = map_columns(table(["A", "B", "C", "D"], rows))
    assert (mapping.question, mapping.answer, mapping.mode) == ("B", "C", "question_answer")
    assert mapping.confidence < SURE, "the headers say nothing, so the user is asked"
    assert "A" not in mapping.candidates
    turned = map_columns(table(["D", "C", "B", "A"], [row[::-1] for row in rows]))
    assert (turned.question, turned.answer) == ("B", "C")


def test_ids_under_a_header_that_sounds_like_a_question_are_still_ids() -> None:
    rows = [[f"T-{1000 + i}", *ticket[:2]] for i, ticket in enumerate(TICKETS)]
    mapping = map_columns(table(["Ticket", "Text", "Reply"], rows))
    assert (mapping.question, mapping.answer) == ("Text", "Reply")


def test_a_text_beside_an_id_is_only_one_usable_column() -> None:
    mapping = map_columns(table(["Nr", "Message"], [[str(i), ticket[0]] for i, ticket in enumerate(TICKETS)]))
    assert (mapping.mode, mapping.question, mapping.answer) == ("text", "Message", None)


def test_labels_under_headers_that_say_nothing_are_asked_about() -> None:
    rows = [[f"My card number {i} has not arrived yet", ("late", "lost", "blocked")[i % 3]] for i in range(30)]
    mapping = map_columns(table(["Column 1", "Column 2"], rows))
    assert (mapping.mode, mapping.answer) == ("category", "Column 2") and not mapping.sure


@pytest.mark.parametrize(("answer", "mode", "kind"), [("C", "question_answer", "faq"), ("D", "category", "category")])
def test_the_column_a_user_names_is_read_for_what_it_holds(answer: str, mode: str, kind: str) -> None:
    rows = [[f"T-{n}", f"{ticket[0]} Case {n}.", f"Done, case {n}.", ticket[2]] for n, ticket in enumerate(TICKETS * 8)]
    read = Document("desk.csv", "csv", tables=[table(["A", "B", "C", "D"], rows)])
    examples, (mapping,), _ = examples_from_document(read, question="B", answer=answer)
    assert (mapping.question, mapping.answer, mapping.mode, mapping.sure) == ("B", answer, mode, True)
    assert {e.kind for e in examples} == {kind} and examples[3].source.quote == rows[3]["ABCD".index(answer)]


def test_an_encoder_gives_unknown_headers_a_meaning() -> None:
    import numpy as np

    def encode(texts: object) -> "np.ndarray":
        """A stand-in that knows two sentences: what clients wonder is a question, what we tell them an answer."""
        near = {"what clients wonder": 0, "what we tell them": 1}
        phrases = ["what the customer asked or wrote to us", "what we replied, the correct response"]
        vectors = [np.eye(3)[near.get(t, phrases.index(t) if t in phrases else 2)] for t in texts]  # type: ignore[attr-defined]
        return np.array(vectors, dtype=np.float32)

    rows = [[a, q] for q, a in PAIRS]
    bare = map_columns(table(["what we tell them", "what clients wonder"], rows))
    known = map_columns(table(["what we tell them", "what clients wonder"], rows), encode)
    assert (known.question, known.answer) == ("what clients wonder", "what we tell them")
    assert known.confidence > bare.confidence


def test_few_short_labels_are_categories() -> None:
    rows = [
        [f"My card number {i} has not arrived yet", ("card_arrival", "lost_card", "pin_blocked")[i % 3]]
        for i in range(30)
    ]
    mapping = map_columns(table(["text", "category"], rows))
    assert (mapping.mode, mapping.question, mapping.answer) == ("category", "text", "category")
    example = examples_from_table(table(["text", "category"], rows), mapping, "bank.csv")[0]
    assert (example.kind, example.answer, example.topic) == ("category", "Card arrival", "Card arrival")
    assert example.source.quote == "card_arrival" and example.source.row == 2


def test_a_topic_column_becomes_the_topic_and_the_row_number_is_kept() -> None:
    rows = [[f"Topic {i % 2}", q, a] for i, (q, a) in enumerate(PAIRS)]
    rows.insert(1, [])
    data = table(["Topic", "Patient question", "Our answer"], rows)
    mapping = map_columns(data)
    assert mapping.topic == "Topic"
    examples = examples_from_table(data, mapping, "faq.csv")
    assert [(e.topic, e.source.row) for e in examples] == [
        ("Topic 0", 2),
        ("Topic 1", 4),
        ("Topic 0", 5),
        ("Topic 1", 6),
    ]
    assert examples[0].source.quote == PAIRS[0][1] == examples[0].answer


def test_one_column_is_text_and_cannot_teach_answers() -> None:
    data = table(["message"], [["Hello there"], ["Good morning"]])
    mapping = map_columns(data)
    assert mapping.mode == "text" and mapping.answer is None
    with pytest.raises(UserError, match="only one usable column"):
        examples_from_table(data, mapping, "one.csv")


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    data = table(["Question", "Answer"], [list(p) for p in PAIRS])
    mapping = map_columns(data)
    with pytest.raises(UserError, match=r"no column called Question.*faq.csv|Choose from these: q, a"):
        examples_from_table(table(["q", "a"], [["b", "c"]]), mapping, "faq.csv")


def test_labels_become_readable() -> None:
    assert readable_label("card_arrival") == "Card arrival"
    assert readable_label("wrongPin") == "Wrong pin"
    assert readable_label("VAT") == "VAT"
    assert readable_label("Refund not showing up") == "Refund not showing up"


def test_a_conversation_ends_with_its_last_answer_and_keeps_what_came_before() -> None:
    turns = [
        ("system", "Be kind."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Open?"),
        ("assistant", "Yes."),
        ("user", "Thx"),
    ]
    example = examples_from_conversations([Conversation(3, turns)], "chats.jsonl")[0]
    assert [m.role for m in example.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert (example.question, example.answer, example.source.row) == ("Open?", "Yes.", 3)


def test_real_files_of_others_are_mapped(shared: Path) -> None:
    from finetune.data.read import read_file

    patients = map_columns(read_file(shared / "data" / "patient_questions.csv").tables[0])
    assert (patients.question, patients.answer, patients.topic) == ("Patient question", "Our answer", "Topic")
    bank = map_columns(read_file(shared / "data" / "banking77_train.csv").tables[0])
    assert (bank.question, bank.answer, bank.mode) == ("text", "category", "category")
    assert patients.sure and bank.sure


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("Hail is covered. Please send photos. Best, Tom", "Hail is covered. Please send photos."),
        ("Hail is covered. Kind regards, Tom Barker ", "Hail is covered."),
        ("Hail is covered! Thanks, Élodie", "Hail is covered!"),
        ("Hail is covered. Best, though, is a roof.", "Hail is covered. Best, though, is a roof."),
        ("Hail is covered. Thank you.", "Hail is covered. Thank you."),
        (
            "Ask the front desk. Bring the forms, Tom knows which.",
            "Ask the front desk. Bring the forms, Tom knows which.",
        ),
        ("Yes. Best, Tom", "Yes. Best, Tom"),
    ],
)
def test_a_closing_with_a_name_behind_the_last_sentence_is_no_part_of_a_cell(cell: str, left: str) -> None:
    assert without_signature(cell) == left


def test_answers_that_are_whole_letters_lose_greeting_and_signature_and_others_nothing() -> None:
    letter = "Dear Jane,\n\nyou can pay by card.\n\nKind regards\nAnn Smith\nTel. +1 555 010 2000"
    listed = "Please bring:\n- your card\n- the form\nThanks to both we need no more."
    read = Document(
        "desk.csv",
        "csv",
        tables=[table(["Question", "Answer"], [["How do I pay?", letter], ["What to bring?", listed]])],
    )
    examples, _, notes = examples_from_document(read)
    assert [e.answer for e in examples] == ["you can pay by card.", listed]
    assert "cut off from 1 answers" in " ".join(notes)


def test_columns_of_many_tables_in_seven_languages_are_right_or_asked_about() -> None:
    from tests.benchmarks.columns import measured

    seen = measured()
    wrong = [one.about["header"] for one in seen if not one.right]
    assert len(seen) > 50 and not wrong
    assert sum(one.mapping.sure for one in seen) >= 40


@pytest.mark.parametrize(
    ("header", "rows", "question"),
    [
        (["Client", "Agent", "Text", "Reply"], [["Jo Doe", "Ann Smith", *pair] for pair in PAIRS], "Text"),
        (["Customer", "Agent"], [list(pair) for pair in PAIRS], "Customer"),
        (["Kunde", "Mitarbeiter"], [list(pair) for pair in PAIRS], "Kunde"),
    ],
)
def test_a_column_of_a_speaker_holds_a_name_or_what_was_said(
    header: list[str], rows: list[list[str]], question: str
) -> None:
    mapping = map_columns(table(header, rows))
    assert (mapping.question, mapping.answer) == (question, header[header.index(question) + 1])
    assert mapping.topic is None
