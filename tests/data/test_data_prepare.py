# ruff: noqa: E501 (a case reads best on one line)
"""From raw rows to a data set: nothing vanishes, nothing leaks, and running again changes nothing needlessly."""

import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from finetune.data import similarity
from finetune.data.clean import clean_example, clean_text, fault_of, normalised
from finetune.data.duplicates import find_duplicates, related_groups, same_meaning
from finetune.data.prepare import Prepared, prepare
from finetune.data.reasons import HIDDEN
from finetune.data.similarity import near_pairs
from finetune.data.split import leak_sentence, split_examples, split_sizes
from finetune.example import Example, Kind, Source, make_example

WORDS = ["visit", "card", "bill", "claim", "plan", "doctor", "letter", "refund", "fee", "form", "test", "room"]


def row(question: str, answer: str, number: int = 1, kind: Kind = "faq", topic: str = "", **source: object) -> Example:
    return make_example(question, answer, source=Source(file="faq.csv", row=number, **source), kind=kind, topic=topic)  # type: ignore[arg-type]


def rows(count: int, seed: int = 1) -> list[Example]:
    """Rows that differ in most of their words."""
    chance = random.Random(seed)

    def text(length: int) -> str:
        return " ".join(chance.choice(WORDS) + "".join(chance.choices("eioulrst", k=3)) for _ in range(length))

    return [row(f"What about {text(6)}?", f"It is {text(12)}.", i + 2) for i in range(count)]


# Cleaning


@pytest.mark.parametrize(
    ("broken", "repaired"),
    [
        ("fÃ¼r Ã„rzte", "für Ärzte"), ("itâ€™s open", "it’s open"), ("  two \t spaces\r\nand\r\n\r\n\r\n\r\nlines ", "two spaces\nand\n\nlines"),
        ("zero\u200bwidth\u00a0space", "zerowidth space"), ("Fine.\nSent from my iPhone", "Fine."), ("Ça va, Ã!", "Ça va, Ã!"),
        ("bell\x07", "bell"), ("Größe naïve €5", "Größe naïve €5"),
    ],
)  # fmt: skip
def test_what_machines_broke_is_repaired_and_nothing_else(broken: str, repaired: str) -> None:
    assert clean_text(broken) == repaired


@pytest.mark.parametrize(
    ("question", "answer", "fault"),
    [
        ("", "Yes.", "no question"), ("Open?", "", "no answer"), ("Open?", "N/A", "no answer"), ("??", "Yes.", "no question"),
        ("Open", "open!", "question and answer are the same"), ("Open?", "y" * 9000, "answer too long"),
        ("q" * 5000, "Yes.", "question too long"), ("Open?", "Yes.", None), ("How many?", "30", None),
    ],
)  # fmt: skip
def test_rows_that_cannot_teach_are_told_why(question: str, answer: str, fault: str | None) -> None:
    assert fault_of(row(question, answer)) == fault


def test_a_dropped_row_says_why_and_keeps_its_words() -> None:
    example = clean_example(row("Open?", ""))
    assert (example.status, example.reasons, example.question) == ("dropped", ["no answer"], "Open?")


# Duplicates


def test_the_same_in_other_spelling_is_an_exact_duplicate() -> None:
    (cluster,) = find_duplicates(
        [row("Open on Sunday?", "No."), row("open on sunday", "No", 2), row("Parking?", "Yes.", 3)]
    )
    assert cluster.exact and len(cluster.ids) == 2


def test_a_slip_of_the_pen_is_a_near_duplicate_but_another_number_is_not() -> None:
    answer = "Refunds are sent to the card you paid with within 30 days of the request, without any fee."
    same = [
        row("How long does a refund take to arrive?", answer),
        row("How long does a refund take to arive?", answer, 2),
    ]
    other = [same[0], row("How long does a refund take to arrive?", answer.replace("30", "60"), 2)]
    assert [c.exact for c in find_duplicates(same)] == [False]
    assert find_duplicates(other) == []


def test_one_mould_about_different_things_is_no_duplicate() -> None:
    questions = [f"What are the symptoms of {what}?" for what in ("gout", "kidney stones", "diabetes", "anaemia")]
    answers = [f"{e.answer}" for e in rows(4)]
    assert find_duplicates([row(q, a, i) for i, (q, a) in enumerate(zip(questions, answers, strict=True))]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Can you tell me why my card is late?", "Why is my card still late?", True),
        ("How do I track the card you sent me?", "How do I trakc the card you sent to me?", True),
        ("What do I need to know about hepatitis A?", "What do I need to know about hepatitis B?", False),
        (
            "What are the symptoms of kidney stones in adults?",
            "What are the symptoms of kidney stones in children?",
            False,
        ),
        ("Is a deposit refundable after 30 days?", "Is a deposit refundable after 60 days?", False),
        ("Why was I charged in May?", "Why was I not charged in May?", False),
    ],
)
def test_questions_that_look_alike_but_ask_for_different_things_are_told_apart(
    one: str, other: str, same: bool
) -> None:
    assert same_meaning(normalised(one), normalised(other)) == same


def test_nearly_all_planted_near_copies_are_found() -> None:
    originals = rows(1000)
    copies = [
        row(e.question.replace("about", "abuot").replace("What", "Please, what"), e.answer[:-1] + " indeed.", 5000 + i)
        for i, e in enumerate(originals[:300])
    ]
    clusters = find_duplicates(originals + copies)
    pairs = {frozenset(cluster.ids) for cluster in clusters}
    found = sum(frozenset((o.id, c.id)) in pairs for o, c in zip(originals, copies, strict=False))
    assert found >= 0.97 * 300
    assert len(clusters) == found, "and nothing else is called a duplicate"


def test_thousands_of_rows_in_one_mould_are_compared_in_bounded_time() -> None:
    start = time.process_time()
    list(near_pairs([f"please transfer the amount of money to account {i} as soon as possible" for i in range(3000)]))
    assert time.process_time() - start < 15


def test_the_similarity_of_near_texts_is_exact_however_little_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces(text: str) -> set[bytes]:
        data = text.encode()
        return {data[i : i + similarity.PIECE] for i in range(max(1, len(data) - similarity.PIECE + 1))}

    chance = random.Random(3)
    words = ["".join(chance.choices("abcdefghijklmnopäé", k=8)) for _ in range(1200)]
    originals = [" ".join(words[start : start + 12]) for start in range(0, 1200, 12)]
    texts = ["", "yes", "no", "yes", *(f"{text} {letter}" for text in originals for letter in "uvwxyz")]
    chance.shuffle(texts)
    found = list(near_pairs(texts))
    assert len(found) > 500
    for a, b, similar in found:
        one, other = pieces(texts[a]), pieces(texts[b])
        assert a < b and similar == len(one & other) / len(one | other) == similarity.jaccard(texts[a], texts[b])
    for limit in ("AT_ONCE", "BYTES_AT_ONCE", "ENTRIES_AT_ONCE"):
        monkeypatch.setattr(similarity, limit, 20)
    assert list(near_pairs(texts)) == found


def test_an_approved_row_is_the_one_kept() -> None:
    first, second = (
        row("Open on Sunday?", "No."),
        row("open on sunday?", "No!", 2).model_copy(update={"status": "approved"}),
    )
    kept = [e for e in prepare([first, second]).examples if e.status != "dropped"]
    assert [e.id for e in kept] == [second.id]


# Splits


def test_at_least_twenty_rows_are_tested_where_there_are_enough_and_few_rows_are_told_so() -> None:
    assert (split_sizes(200).test, split_sizes(600).test, split_sizes(10_000).test) == (30, 90, 1000)
    assert split_sizes(120).test == 20
    assert split_sizes(50).test == 5 and "first hint" in split_sizes(50).sentence
    assert split_sizes(5).test == 1 and "says nothing" in split_sizes(5).sentence
    assert split_sizes(2).test == 0
    for count in range(3, 3000, 7):
        sizes = split_sizes(count)
        assert count < 10 or (sizes.validation + sizes.test <= 0.4 * count and sizes.test <= 0.2 * count)


@pytest.mark.parametrize("count", [12, 60, 300, 1500])
def test_all_three_sides_get_their_rows(count: int) -> None:
    sides = Counter(e.split for e in split_examples(rows(count)))
    sizes = split_sizes(count)
    assert (sides["test"], sides["validation"]) == (sizes.test, sizes.validation)


def test_the_split_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def sides(seed: int) -> list[str | None]:
        return [e.split for e in split_examples(rows(200), seed=seed)]

    assert sides(7) == sides(7) != sides(8)


def test_rows_with_nearly_the_same_question_or_answer_stay_on_one_side() -> None:
    long = "You can pay by card, in cash or by bank transfer within thirty days of the visit."
    family = [
        row(f"{start} pay my bill at your office?", long, 900 + i)
        for i, start in enumerate(("How do I", "How can I", "Where may I", "Can I"))
    ]
    for seed in range(12):
        divided = split_examples(rows(150) + family, seed=seed)
        assert len({e.split for e in divided[-4:]}) == 1


def test_rows_of_one_section_rule_or_topic_stay_together() -> None:
    sections = [
        row(e.question, e.answer, kind="document", topic=f"Section {i // 4}", page=1) for i, e in enumerate(rows(120))
    ]
    rules = [
        make_example(e.question, e.answer, source=Source(citation=f"§ {i // 3}"), kind="rule")
        for i, e in enumerate(rows(60, 2))
    ]
    topics = [row(e.question, e.answer, i, topic=f"Topic {i % 20}") for i, e in enumerate(rows(120, 3))]
    for divided, by in (
        (split_examples(sections), lambda e: e.topic),
        (split_examples(rules), lambda e: e.source.citation),
        (split_examples(topics, by_topic=True), lambda e: e.topic),
    ):
        sides: dict[str, set[str | None]] = {}
        for example in divided:
            sides.setdefault(by(example), set()).add(example.split)
        assert all(len(split) == 1 for split in sides.values())
        assert {s for split in sides.values() for s in split} == {"train", "validation", "test"}


def test_every_kind_is_tested() -> None:
    mixed = rows(200) + [
        make_example(e.question, e.answer, source=Source(citation="x" + e.id), kind="rule") for e in rows(60, 5)
    ]
    share = Counter(e.kind for e in split_examples(mixed) if e.split == "test")
    assert 20 <= share["faq"] <= 40 and 4 <= share["rule"] <= 15


def test_the_leak_sentence_tells_the_truth() -> None:
    clean = split_examples(rows(100))
    assert "none repeats" in leak_sentence(clean)
    train = next(e for e in clean if e.split == "train")
    leaked = row(train.question.upper(), "Another answer altogether.", 999).model_copy(update={"split": "test"})
    assert leak_sentence([*clean, leaked]).startswith("1 held-out row repeats")


def test_no_test_row_repeats_a_trained_one_even_in_messy_data() -> None:
    base = rows(300)
    messy = base + [row(e.question + " ", e.answer, 2000 + i) for i, e in enumerate(base[:80])]
    messy += [row(e.question.replace("What", "Waht"), e.answer, 3000 + i) for i, e in enumerate(base[80:160])]
    messy += [row(e.question, "A different answer: " + e.answer[::-1], 4000 + i) for i, e in enumerate(base[160:200])]
    prepared = prepare(messy)
    trained = {normalised(e.question) for e in prepared.examples if e.split == "train"}
    assert not [e for e in prepared.examples if e.split in ("test", "validation") and normalised(e.question) in trained]
    assert "none repeats" in prepared.report.leak
    assert len(prepared.report.contradictions) == 40


# Prepare


def messy() -> list[Example]:
    return [
        *rows(60),
        row("How do I reach you?", "Mail thomas.keller@example.org or call (415) 555-2671.", 100),
        row("My name is Anna Berg, is my card 4111 1111 1111 1111 lost?", "We blocked it, Anna Berg.", 101),
        row("Open?", "", 102),
        row("Open on Sunday?", "No.", 103),
        row("open on Sunday", "No", 104),
        row("Open on Monday?", "Yes.", 105),
        row("Open on Monday?", "No, never.", 106),
    ]


def test_no_row_vanishes_and_the_counts_add_up() -> None:
    raw = messy()
    prepared = prepare(raw)
    assert [e.id for e in prepared.examples] == [e.id for e in raw]
    report = prepared.report
    assert report.read == len(raw) == report.kept + sum(report.dropped.values())
    assert report.dropped == {"no answer": 1, "duplicate of another row": 1}
    assert (
        sum(report.by_split.values()) == sum(report.by_kind.values()) == sum(report.by_source.values()) == report.kept
    )
    assert all(e.reasons for e in prepared.examples if e.status == "dropped")
    assert all(e.split is None for e in prepared.examples if e.status == "dropped")
    assert len(report.contradictions) == 1 and len(report.contradictions[0]) == 2


def everything(prepared: Prepared) -> str:
    return (
        json.dumps([e.model_dump() for e in prepared.examples])
        + prepared.report.model_dump_json()
        + repr(prepared.personal)
    )


def test_personal_data_is_gone_from_rows_quotes_report_and_findings() -> None:
    raw = messy()
    raw[60] = row(raw[60].question, raw[60].answer, 100, quote=raw[60].answer)
    prepared = prepare(raw)
    for secret in ("keller", "555-2671", "4111", "Anna", "Berg"):
        assert secret.lower() not in everything(prepared).lower()
    hidden = prepared.examples[61]
    assert hidden.question == "My name is [name], is my card [card number] lost?"
    assert hidden.answer == "We blocked it, [name]." and HIDDEN in hidden.reasons
    assert prepared.report.personal == {"name": 2, "email": 1, "phone": 1, "card number": 1}
    finding = next(f for f in prepared.personal if f.kind == "card number")
    assert (finding.example_id, finding.field, finding.replacement) == (hidden.id, "question", "[card number]")
    assert finding.context.endswith("is my card [card number] lost?")


def test_personal_data_of_dropped_rows_is_hidden_too() -> None:
    prepared = prepare([row("Is 4111 1111 1111 1111 my card?", "", 1)])
    assert prepared.examples[0].status == "dropped" and "4111" not in everything(prepared)


def test_the_organisations_own_contact_in_many_answers_is_kept_for_review() -> None:
    raw = [row(e.question, f"{e.answer} Ask Thomas Keller, number (415) 555-2671.", i) for i, e in enumerate(rows(5))]
    prepared = prepare([*raw, row("I am at (415) 555-2672, call me?", "We will.", 50)])
    assert all("(415) 555-2671" in e.answer for e in prepared.examples[:5])
    assert prepared.examples[5].question == "I am at [phone], call me?"
    assert "Keller" not in everything(prepared) and "Thomas" not in everything(prepared)
    assert prepared.report.own_contacts == 5 and "please check" in " ".join(prepared.report.sentences)
    kept = [f.context for f in prepared.personal if not f.replacement]
    assert len(kept) == 5, kept
    assert all(told.endswith("Ask [name], number (415) 555-2671.") for told in kept), "what stays can be checked"


def test_preparing_again_changes_nothing() -> None:
    once = prepare(messy())
    twice = prepare(once.examples)
    assert [e.model_dump() for e in twice.examples] == [e.model_dump() for e in once.examples]
    assert twice.report == once.report
    assert twice.personal == once.personal and once.personal, "the list to review stays whole"


def test_approved_rows_keep_their_split_when_files_are_added() -> None:
    first = [e.model_copy(update={"status": "approved"}) for e in prepare(rows(100)).examples]
    again = {e.id: e for e in prepare([*first, *rows(200, seed=9)]).examples}
    assert all(again[e.id].split == e.split for e in first)
    sides = Counter(e.split for e in again.values())
    assert sides["test"] == split_sizes(300).test


def test_a_new_near_copy_of_an_approved_test_row_does_not_get_into_training() -> None:
    first = [e.model_copy(update={"status": "approved"}) for e in prepare(rows(100)).examples]
    tested = next(e for e in first if e.split == "test")
    copy = row(tested.question.replace("What", "Waht"), "A wholly different answer, for once.", 999)
    assert prepare([*first, copy]).examples[-1].split == "test"


def test_few_rows_and_no_rows_are_warned_about() -> None:
    assert any("few" in warning for warning in prepare(rows(10)).report.warnings)
    assert prepare([]).report.read == 0
    assert any("No row" in warning for warning in prepare([row("a?", "")]).report.warnings)


def test_a_group_number_is_shared_only_by_relatives() -> None:
    groups = related_groups(rows(300))
    assert len(set(groups)) == 300


def test_what_was_made_is_told_apart_from_what_came_from_files() -> None:
    refusal = make_example("Tell me a joke.", "I can't.", source=Source(citation="Out of scope"), kind="refusal")
    told = make_example("Open on Sunday?", "No.", source=Source(file="conversation", row=1))
    report = prepare([*rows(30), told, refusal]).report
    whence = "30 rows from your files, 1 from our conversation and 1 made by me (refusals)"
    assert whence in report.sentences[0] and whence in report.summary[0]
    assert "1 row from your files." in prepare(rows(1)).report.summary[0]


def test_the_summary_is_short_and_counts_one_row_as_one() -> None:
    for raw in (messy(), rows(1), rows(300), [row("a?", "")], []):
        summary = prepare(raw).report.summary
        assert 1 <= len(summary) <= 4
        said = " ".join([*summary, *prepare(raw).report.sentences, *prepare(raw).report.warnings])
        assert not re.search(r"(?<![\d,.])1 rows|\(s\)|\.\.", said), said
        assert all(len(sentence.split()) <= 25 for sentence in summary)


# Command line


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "finetune.data", *arguments], capture_output=True, text=True, timeout=60
    )


def test_the_command_reads_what_it_can_and_tells_all_faults_together(tmp_path: Path) -> None:
    good, empty, picture = tmp_path / "faq.csv", tmp_path / "empty.csv", tmp_path / "photo.csv"
    good.write_text("Question,Answer\n" + "".join(f"{e.question},{e.answer}\n" for e in rows(30)))
    empty.write_text("")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    done = run(str(good), str(empty), str(picture), "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0
    assert "empty.csv" in done.stderr and "photo.csv" in done.stderr and "Traceback" not in done.stderr
    assert json.loads(done.stdout)["kept"] == 30 and len(json.loads(done.stdout)["errors"]) == 2
    written = [
        Example.model_validate_json(line) for line in (tmp_path / "out" / "examples.jsonl").read_text().splitlines()
    ]
    assert len(written) == 30 and written[0].source.row == 2
    assert json.loads((tmp_path / "out" / "report.json").read_text())["files"]["faq.csv"]["rows"] == 30


def test_the_command_fails_when_nothing_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    done = run(str(tmp_path / "empty.csv"), "--out", str(tmp_path / "out"))
    assert done.returncode == 1 and "empty" in done.stderr and not (tmp_path / "out").exists()


def test_help_comes_at_once_without_heavy_imports() -> None:
    program = "import sys, runpy\nsys.argv = ['finetune.data', '--help']\ntry:\n runpy.run_module('finetune.data', run_name='__main__')\nexcept SystemExit: pass\nassert not {'numpy', 'pydantic', 'torch'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "examples.jsonl" in done.stdout


@pytest.mark.slow
def test_ten_thousand_rows_are_prepared_in_under_a_minute(shared: Path) -> None:
    from finetune.data.collect import collect

    start = time.monotonic()
    prepared = prepare(collect([shared / "data" / "banking77_train.csv"]).examples)
    assert time.monotonic() - start < 60
    assert prepared.report.read == 10_003 and "none repeats" in prepared.report.leak
    tested = Counter(e.topic for e in prepared.examples if e.split == "test")
    assert len(tested) == 77, "every category is tested"
