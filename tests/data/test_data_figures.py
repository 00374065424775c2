"""Two answers that give one figure of a thing differently, though they are asked for in other words."""

import pytest

from finetune.data import figures
from finetune.data.contradictions import find_conflicts
from finetune.data.figures import figure_asked
from finetune.example import Example, Source, make_example


def rows(*pairs: tuple[str, str]) -> list[Example]:
    return [
        make_example(question, answer, source=Source(file="faq.csv", row=number))
        for number, (question, answer) in enumerate(pairs, 2)
    ]


def conflict(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return bool(find_conflicts(rows(one, other)))


HOME_VISIT = ("How much does a home visit cost?", "A home visit costs £45 within five miles.")


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("What is the price of home visit?", "Home visit – Price: £55", True),
        ("How much is a home visit?", "£55", True),
        ("What is the price of home visit?", "Home visit – Price: 55", True),
        ("What is the price of home visit?", "Home visit – Price (GBP): 55.00", True),
        ("What is the price of home visit?", "Home visit – Price: free", True),
        ("How much is the fee for a home visit?", "The fee is GBP 55.", True),
        ("What is the home visit fee?", "£55", True),
        ("How much do you charge for a home visit?", "We charge £55.", True),
        ("What is the price of home visit?", "Home visit – Price from: £50", True),
        ("What is the price of home visit?", "Home visit – Price from: £40", False),
        ("What is the price of home visit?", "Home visit – Price: £40–60", False),
        ("What is the price of home visit?", "Home visit – Price: €55", False),
        ("What is the price of home visit?", "Home visit – Price: £55 incl. VAT", False),
        ("How much is a home visit?", "Members pay £35.", False),
        ("What do your home visits cost?", "A home visit is £45, or £60 at weekends.", False),
        ("What is the price of home visit?", "Home visit – Price: £45.00", False),
        ("What is the price of nail clipping?", "Nail clipping – Price: £55", False),
        ("How long does a home visit take?", "A home visit takes 55 minutes.", False),
        ("What is a home visit?", "A home visit is a visit within 55 miles.", False),
    ],
)
def test_a_price_told_otherwise_in_other_words_is_a_conflict(question: str, answer: str, found: bool) -> None:
    assert conflict(HOME_VISIT, (question, answer)) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("£1,250", "A car costs £1250.00.", False),
        ("1.250,50 €", "A car costs €1,250.50.", False),
        ("£20k", "A car costs £20,000.", False),
        ("£2 million", "A car costs £2,000.", True),
        ("£2 per hour", "A car costs £10 a day.", False),
        ("£2 per hour", "A car costs £3 per hour.", True),
        ("on request", "A car costs £10 in all.", False),
    ],
)
def test_prices_are_compared_by_their_worth_and_terms(one: str, other: str, found: bool) -> None:
    assert conflict(("How much is car?", f"Car – Price: {one}"), ("What does a car cost?", other)) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("20 minutes", "A check-up takes 40 minutes.", True),
        ("20 minutes", "Half an hour.", True),
        ("2 days", "A check-up takes three weeks.", True),
        ("up to 3 days", "It takes up to 5 days.", True),
        ("60 minutes", "A check-up takes an hour.", False),
        ("90 min", "It takes 1 hour 30 minutes.", False),
        ("90 min", "An hour and a half.", False),
        ("2 days", "A check-up takes 1 to 3 days.", False),
        ("2 days", "A check-up takes between 1 and 3 days.", False),
        ("30 days", "A check-up takes one month.", False),
        ("3 working days", "A check-up takes 5 days.", False),
        ("up to 3 days", "It takes 2 days.", False),
        ("3 days", "It takes 1 day, express.", False),
        ("3 metres", "A check-up lasts 2 years.", False),
    ],
)
def test_times_are_compared_in_one_unit(one: str, other: str, found: bool) -> None:
    asked = "What is the duration of check-up?", f"Check-up – Duration: {one}"
    assert conflict(asked, ("How long does a check-up take?", other)) == found


@pytest.mark.parametrize(
    ("other", "answer", "found"),
    [
        ("How long is the time limit for appeals?", "Appeals must come within 30 days.", True),
        ("What is the appeals deadline?", "60 days", False),
        ("How long do appeals take?", "30 days", False),
    ],
)
def test_a_deadline_told_otherwise_is_a_conflict(other: str, answer: str, found: bool) -> None:
    assert conflict(("What is the deadline for appeals?", "Appeals – Deadline: 2 months"), (other, answer)) == found


OPEN = ("What are the opening hours on Saturday?", "Saturday – Opening hours: 9:00–12:30")


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("When are you open?", "On Saturdays we are open from 9 am to 5 pm.", True),
        ("When is the practice open on Saturday?", "We are closed then.", True),
        ("When are you open?", "On Saturdays we are open from 9 am to 12.30 pm.", False),
        ("When are you open?", "On Fridays we are open from 9 am to 5 pm.", False),
        ("When are you open?", "In summer we are open from 9 am to 5 pm on Saturdays.", False),
        ("When are you open?", "Monday to Friday 9 to 5, Saturday and Sunday 10 to 4", False),
        ("When is Ludlow open on Saturday?", "From 9 am to 5 pm.", False),
    ],
)
def test_opening_hours_are_compared_on_the_same_days(question: str, answer: str, found: bool) -> None:
    assert conflict(OPEN, (question, answer)) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Mon–Fri 9–5, Sat 9–1", "Weekdays from 8 am to 5 pm, Saturdays from 9 am to 1 pm.", True),
        ("Mon–Fri 9–5, Sat 9–1", "Weekdays from 9 am to 5 pm, Saturdays from 9 am to 1 pm.", False),
        ("daily 1–5 pm", "Every day from 13:00 to 17:00.", False),
    ],
)
def test_opening_hours_of_several_days_are_compared_with_those_of_the_same(one: str, other: str, found: bool) -> None:
    listed = "When is Ludlow open?", f"Ludlow – Opening hours: {one}"
    assert conflict(listed, ("What are the opening hours of the Ludlow branch?", other)) == found


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("What is the practice's phone number?", "Call us on 01584 555 013.", True),
        ("What is the phone number?", "Call us on +44 1584 555012.", False),
        ("What is the phone number?", "Call us on 01584 555 013 or 01584 555 012.", False),
        ("What is the phone number?", "Call us on [phone].", False),
        ("What is the phone number of the Leominster branch?", "01568 555 013", False),
    ],
)
def test_another_phone_number_is_a_conflict(question: str, answer: str, found: bool) -> None:
    assert conflict(("What is your phone number?", "It is 01584 555 012."), (question, answer)) == found


def test_what_has_no_name_is_compared_with_nothing() -> None:
    assert not conflict(("How much does it cost?", "It costs £45."), ("What is the price of it?", "£55"))
    assert figure_asked("what does a microchip do") is None


def test_two_columns_of_one_line_do_not_contradict_each_other() -> None:
    line = Source(file="prices.csv", row=4)
    pairs = [("What is the cost of mixer?", "Mixer – Cost: £20"), ("What is the price of mixer?", "Mixer – Price: £35")]
    assert find_conflicts([make_example(*pair, source=line) for pair in pairs]) == []
    assert conflict(*pairs), "in two lines they do"


def test_all_rows_with_an_answer_at_odds_stand_in_the_conflict() -> None:
    raw = rows(
        HOME_VISIT,
        ("What does a home visit cost?", HOME_VISIT[1]),
        ("How much is home visit?", "Home visit – Price: £55"),
        ("What is the price of home visit?", "Home visit – Price: £55"),
    )
    (found,) = find_conflicts(raw)
    assert found.answers == ((raw[0].id, raw[1].id), (raw[2].id, raw[3].id))


def test_the_same_figure_in_other_words_is_on_the_same_side_of_a_conflict() -> None:
    raw = rows(
        ("How much does a home visit cost?", "A home visit costs £45."),
        ("What is the price of home visit?", "Home visit – Price: £55"),
        ("How much do you charge for a home visit?", "That is £45, paid to the vet who comes."),
    )
    (found,) = find_conflicts(raw)
    assert found.answers == ((raw[0].id, raw[2].id), (raw[1].id,))


def test_many_prices_of_one_thing_are_compared_in_no_square_of_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [f"How much is {a} crown{b}?" for a in ("a", "the", "your", "our") for b in ("", " please")]

    def compared(count: int) -> int:
        calls = []
        denied = figures._denied
        with monkeypatch.context() as counted:
            counted.setattr(figures, "_denied", lambda *given: calls.append(1) or denied(*given))
            find_conflicts(rows(*((asked[n % len(asked)], f"A crown is £{n}.") for n in range(count))))
        return len(calls)

    assert compared(200) == compared(400) > 0


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        ("When must a claim be reported?", "A member must report a claim within 14 days after the damage.", True),
        ("How soon must I report a claim?", "Within two weeks.", True),
        ("By when do members have to report claims?", "Within 14 days.", True),
        ("What is the deadline for reporting a claim?", "14 days", True),
        ("What is the deadline for me to report a claim?", "14 days", True),
        ("When must a claim be reported?", "Within 30 days.", False),
        ("When must a claim be reported?", "Claims must be reported at once.", False),
        ("When must a theft claim be reported?", "Within 14 days.", False),
        ("When must an appeal be sent?", "Within 14 days.", False),
        ("How soon must a manager report a claim?", "Within 14 days.", False),
        ("When must a claim be reported?", "Within 14 days, in an emergency within a day.", False),
        ("When should I call?", "Within 14 days.", False),
    ],
)
def test_a_time_limit_told_otherwise_of_the_same_deed_is_a_conflict(question: str, answer: str, found: bool) -> None:
    told = ("How long do I have to report a claim?", "You have 30 days from the date of the damage.")
    assert conflict(told, (question, answer)) == found
