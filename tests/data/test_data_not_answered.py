"""What no file answers is said so, and only then."""

from finetune.data.document import Document, Passage, Table
from finetune.data.not_answered import MATTERS, matters_mentioned, not_answered
from finetune.data.prepare import prepare
from finetune.example import Example, Source, make_example

RULES = "You must cancel your visit a day ahead. You will get a bill within ten days. Your records are kept for years."


def rows(count: int = 64, answer: str = "You must cancel your visit {n} hours before it begins.") -> list[Example]:
    return [
        make_example(f"What about case {n}?", answer.format(n=n), source=Source(file="a.txt")) for n in range(count)
    ]


def document(text: str, **more: object) -> Document:
    return Document("a.txt", "text", passages=[Passage(text, None, "")], **more)  # type: ignore[arg-type]


def test_a_matter_in_no_file_is_asked_twice_and_declined() -> None:
    made = not_answered([matters_mentioned(document(RULES))], rows())
    assert len(made) == 8 and len({row.question for row in made}) == 8
    assert all(row.kind == "refusal" and row.topic.removeprefix("not in the files: ") in row.answer for row in made)
    assert "Where can I park my car?" in {row.question for row in made}


def test_a_single_word_in_any_place_of_any_file_is_enough_to_ask_nothing() -> None:
    table = Document(
        "b.csv",
        "csv",
        tables=[Table("b", ["What", "Price"], [["Parking", "$2"]], 2)],
        passages=[Passage(RULES, None, "")],
    )
    for mentioned in (
        [matters_mentioned(document(RULES)), matters_mentioned(table)],
        [matters_mentioned(document(f"{RULES} Car parks are full."))],
    ):
        assert not any("park" in row.question for row in not_answered(mentioned, rows()))
    told = [*rows(), make_example("Is there a garage?", "Yes.", source=Source(file="conversation"))]
    assert not any("park" in row.question for row in not_answered([matters_mentioned(document(RULES))], told))


def test_where_a_file_was_not_read_whole_nothing_is_known_to_be_missing() -> None:
    scan = document(RULES, unread_pages=[2])
    german = document("Die Rechnung muss innerhalb von 30 Tagen bezahlt werden.")
    for unsure in (scan, german):
        assert matters_mentioned(unsure) is None
        assert not_answered([matters_mentioned(document(RULES)), matters_mentioned(unsure)], rows()) == []
    assert not_answered([None], rows()) == [] and not_answered([], rows()) == []


def test_few_rows_or_rows_that_address_nobody_bear_none() -> None:
    mentioned = [matters_mentioned(document(RULES))]
    assert not_answered(mentioned, rows(10)) == []
    assert len(not_answered(mentioned, rows(32))) == 4
    assert not_answered(mentioned, rows(answer="The controller shall keep record {n}.")) == []


def test_each_matters_words_find_its_own_name_and_questions() -> None:
    for matter in MATTERS:
        assert matter.is_in(matter.name) and all(matter.is_in(question) for question in matter.questions)


def test_the_questions_of_one_matter_stand_on_one_side_of_the_split() -> None:
    made = not_answered([matters_mentioned(document(RULES))], rows())
    kept = [row for row in prepare([*rows(), *made]).examples if row.kind == "refusal" and row.status != "dropped"]
    assert len(kept) == len(made)
    for topic in {row.topic for row in kept}:
        assert len({row.split for row in kept if row.topic == topic}) == 1
