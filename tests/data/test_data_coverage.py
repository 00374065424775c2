"""Coverage: planted gaps are named, what is there is not, and what to add comes in the order of gain."""

import pytest

from finetune.data import coverage
from finetune.data.coverage import (
    ASKED_FOR,
    Coverage,
    Covered,
    Subject,
    TopicShare,
    about_in_words,
    commonest_opening,
    gaps_in_words,
    judge_coverage,
    listed,
    what_to_add,
)
from finetune.data.topics import Encode
from finetune.example import Example, Kind, Source, make_example

ASKED = {
    "refunds": (
        "How do I get a refund for my order?", "When will I get my money back?", "Can you refund the delivery fee?",
        "I want a refund, the lamp is broken.", "My refund has not arrived.", "Is a refund paid to my card?",
        "Do I get a full refund?", "How long do refunds take?",
    ),
    "opening hours": (
        "When do you open?", "Are you open on Sunday?", "What are your opening hours on holidays?",
        "Until what time is the shop open?", "Do you close at noon?", "Opening times in December?",
        "Is the shop open tomorrow?", "What time do you open on Saturday?",
    ),
    "parking": (
        "Where can I park?", "Is there parking at the shop?", "How much is parking?", "Do you have a car park?",
        "Can I park a van?", "Is the parking free?", "Are there parking places for bikes?", "Where is the car park?",
    ),
    "gift cards": (
        "Do you sell gift cards?", "How long is a gift card valid?", "Can I pay with a gift card?",
        "My gift card does not work.", "Can I top up my gift card?", "I lost my gift card.",
        "Can I send a gift card by mail?", "What is left on my gift card?",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def encode() -> Encode:
    from knowledge.encoder import load_encoder

    return load_encoder().encode


def rows(*subjects: str, kind: Kind = "faq", most: int = 8) -> list[Example]:
    asked = [question for subject in subjects for question in ASKED[subject][:most]]
    return [make_example(q, "We will see.", source=Source(file="a.csv", row=n), kind=kind) for n, q in enumerate(asked)]


def wanted(*names: str) -> list[Subject]:
    return [Subject("subject", name) for name in names]


def levels(found: Coverage) -> dict[str, str]:
    return {c.name: c.level for c in found.subjects}


@pytest.mark.parametrize("gone", ASKED)
def test_a_subject_taken_out_is_named_as_missing_and_no_other(gone: str, encode: Encode) -> None:
    left = [name for name in ASKED if name != gone]
    found = judge_coverage(rows(*left), wanted(*ASKED), encode)
    assert levels(found)[gone] == "nothing"
    assert all(levels(found)[name] != "nothing" for name in left)
    assert f"nothing yet on {gone}" in " ".join(found.sentences)
    assert found.additions[0].request.startswith(f"Ten real questions about {gone}")


def test_what_is_no_subject_is_named_as_what_it_is_with_its_number(encode: Encode) -> None:
    rules = [Subject("rule", f"Sharing of {what} with others") for what in ("data", "lists", "keys")]
    others = [Subject("term", "APR"), Subject("heading", "Overdraft")]
    found = judge_coverage(rows("refunds"), [*wanted("refunds", "parking"), *rules, *others], encode)
    told = " ".join(found.sentences)
    assert "There is nothing yet on parking, and no row yet for 3 rules you kept (“Sharing of" in told
    assert "and 1 more), 1 term you kept (“APR”) and 1 section of your documents (“Overdraft”)" in told


def test_few_rows_on_a_subject_are_thin_and_the_request_says_how_many_more(encode: Encode) -> None:
    found = judge_coverage([*rows("refunds"), *rows("parking", most=3)], wanted("refunds", "parking"), encode)
    assert levels(found)["parking"] == "thin"
    parking = next(c for c in found.subjects if c.name == "parking")
    more = parking.least - parking.rows
    assert any(a.request.startswith(coverage.NUMBERS[more]) and "parking" in a.request for a in found.additions)


def test_where_most_rows_are_about_one_thing_it_is_said_with_its_share(encode: Encode) -> None:
    found = judge_coverage([*rows("gift cards"), *rows("parking", most=2)], [], encode)
    assert found.topics[0].rows == 8 and found.topics[0].share == pytest.approx(0.8)
    assert "gift card" in found.topics[0].name
    assert found.sentences[0].startswith("80% of your 10 rows are about ")
    assert "cannot tell what is missing" in found.sentences[1]


def test_a_rule_counts_as_met_by_the_teams_own_rows_alone(encode: Encode) -> None:
    rule = Subject("rule", "Right to a refund", asked=("Do I get my money back if it is broken?",))
    made = rows("refunds", kind="rule")
    assert levels(judge_coverage([*rows("parking"), *made], [rule], encode)) == {rule.name: "nothing"}
    assert levels(judge_coverage([*rows("parking"), *rows("refunds")], [rule], encode)) == {rule.name: "covered"}


def test_a_term_is_met_under_any_of_its_names(encode: Encode) -> None:
    term = Subject("term", "value-added tax", names=("VAT",))
    bill = make_example("Why is there VAT on my bill?", "It is the law.", source=Source(file="a.csv", row=90))
    assert levels(judge_coverage(rows("parking"), [term], encode))[term.name] == "nothing"
    assert levels(judge_coverage([*rows("parking"), bill], [term], encode))[term.name] == "covered"


def test_dropped_rows_and_refusals_cover_nothing(encode: Encode) -> None:
    dropped = [e.model_copy(update={"status": "dropped"}) for e in rows("refunds")]
    found = judge_coverage([*dropped, *rows("refunds", kind="refusal")], wanted("refunds"), encode)
    assert found.looked_at == 0 and levels(found) == {"refunds": "nothing"}
    assert found.sentences == ["There are no rows of your own yet, so nothing is covered."]


def test_unmet_rules_come_before_subjects_without_rows_and_those_before_thin_topics_and_wording(encode: Encode) -> None:
    one_mould = [
        make_example(f"How much is the {thing}?", "See the list.", source=Source(file="b.csv", row=n))
        for n, thing in enumerate(
            ("lamp", "chair", "table", "sofa", "bed", "rug", "mirror", "shelf", "desk", "stool") * 3
        )
    ]
    asked = [Subject("subject", "parking"), Subject("rule", "Data protection", asked=("What do you store about me?",))]
    found = judge_coverage([*one_mould, *rows("gift cards", most=4)], asked, encode)
    requests = [a.request for a in found.additions]
    assert "Data protection" in requests[0] and requests[1].startswith("Ten real questions about parking")
    assert any("gift card" in request for request in requests[2:])
    assert "“how much”" in requests[-1]
    assert [a.gain for a in found.additions] == sorted((a.gain for a in found.additions), reverse=True)
    assert [a.gain for a in found.additions[:2]] == [4.0, 3.0]


def test_gain_is_importance_times_the_share_that_lacks() -> None:
    half = Covered(kind="rule", name="r", rows=1, least=4, level="thin")
    none = Covered(kind="subject", name="s", rows=0, least=8, level="nothing")
    additions = what_to_add(Coverage(subjects=[half, none]), [])
    assert [a.gain for a in additions] == [3.0, 3.0]
    assert [a.gain for a in what_to_add(Coverage(subjects=[half.model_copy(update={"rows": 3})]), [])] == [1.0]
    assert str(ASKED_FOR) == "10" and additions[1].request.startswith("Ten ")


def test_questions_all_made_from_documents_lack_the_words_people_use() -> None:
    made = rows(*ASKED, kind="document")
    assert any("as people really wrote them" in a.request for a in what_to_add(Coverage(), made))
    assert not any(
        "as people really wrote them" in a.request for a in what_to_add(Coverage(), [*made, *rows("parking")])
    )


def test_rows_unlike_all_others_are_counted(encode: Encode) -> None:
    stranger = make_example("The moon shines because it reflects the sun.", "Yes.", source=Source(file="c", row=1))
    found = judge_coverage([*rows("gift cards"), stranger], [], encode)
    assert found.odd == [stranger.id]
    assert any(sentence.startswith("1 row stands alone") for sentence in found.sentences)


def test_words_for_few_and_many() -> None:
    assert about_in_words(Coverage(looked_at=1)) == "1 row is too few to tell topics apart."
    assert listed(["a"]) == "a" and listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and 1 more" and listed([]) == ""
    assert commonest_opening(["What is a?", "what is B?", "Who?"]) == ("what is", pytest.approx(2 / 3))
    assert commonest_opening([]) == ("", 0.0)
    full = Covered(kind="subject", name="x", rows=9, least=8, level="covered")
    assert gaps_in_words(Coverage(subjects=[full])).startswith("All 1 subjects")
    shares = [TopicShare(name=f"t{n}", rows=3, share=0.1, example="?") for n in range(10)]
    assert about_in_words(Coverage(looked_at=30, topics=shares, effective_topics=10.0)) == (
        "Your 30 rows are about 10 topics or so, most often t0 (10%), t1 (10%) and t2 (10%)."
    )
