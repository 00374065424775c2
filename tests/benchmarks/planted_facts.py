"""Rows of an invented company with very many facts, and ways in which people write one thing twice.

A fact is a subject ("the gold travel policy"), something asked of it ("deadline for a claim") and its values. It can be
asked and answered in several wordings, so that two facts of one kind look alike and one fact in two wordings does not.
"""
# ruff: noqa: SIM905 (a list of many words reads best as one text)

import random
import re
from dataclasses import dataclass, replace

GRADES = (
    "basic standard gold silver platinum family student senior junior starter premium classic weekend winter "
    "summer corporate regional express seasonal flexible combined private public rural city coastal digital "
    "annual monthly trial partner veteran founder visitor island"
).split()
THINGS = (
    "travel policy;dental plan;savings account;mortgage;library card;parking permit;gym membership;"
    "broadband contract;phone plan;warranty;energy tariff;rail pass;pet policy;hearing plan;storage unit;"
    "moving service;repair visit;language course;swimming class;theatre subscription;meal scheme;bicycle lease;"
    "garden service;research grant;childcare place;credit card;business loan;home policy;vision plan;"
    "water contract"
).split(";")
OFFICES = ("billing;claims;member services;the front desk;accounts;the service centre;records;enrolment").split(";")
PAPERS = (
    "a copy of the contract;proof of address;the original receipt;a signed form;two recent statements;"
    "a doctor's letter;the meter reading;a photo of the damage;the order confirmation;"
    "a letter from the employer"
).split(";")
WEEKDAYS = ("Monday Tuesday Wednesday Thursday Friday Saturday").split()
PLACES = ("online;by post;at any branch;by telephone;in the app;through your adviser").split(";")
CASES = (
    "after a move;after a long illness;when the holder dies;after a name change;for shared use;"
    "outside the country;during a strike;in the first month;after a late payment;with a second holder;"
    "without a bank account;for minors;for visitors;at night;during the holidays;after an accident;"
    "with a foreign address;in the last year;for large families;without a telephone;on public holidays;"
    "for students;under a new owner;when abroad"
).split(";")


@dataclass(frozen=True)
class Kind:
    """Wordings with {s} for the subject, {c} for a case, {n}, {m} for numbers, {o} office, {p} paper, {d} weekday and
    {w} a way; any question may go with any answer."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]


KINDS = (
    Kind(
        (
            "How much does the {s} cost {c}?", "What is the price of the {s} {c}?",
            "What will I have to pay for the {s} {c}?", "Could you tell me the charge for the {s} {c}?",
        ),
        (
            "The {s} costs {n} euros a month {c}, and the first payment is due within {m} days.",
            "We charge {n} euros monthly for the {s} {c}. You have {m} days for the first payment.",
            "{c_} the monthly charge for the {s} is {n} euros; please make the first payment within {m} days.",
        ),
    ),
    Kind(
        (
            "How long do I have to make a claim on the {s} {c}?", "What is the deadline for a claim under the {s} {c}?",
            "By when must a claim for the {s} reach you {c}?", "Is there a time limit for claiming on the {s} {c}?",
        ),
        (
            "A claim under the {s} must reach {o} within {n} days {c}. Please add {p}.",
            "Send your claim for the {s} to {o}; we accept it for {n} days {c}. We also need {p}.",
            "You have {n} days {c} to claim on the {s}. Write to {o} and enclose {p}.",
        ),
    ),
    Kind(
        (
            "Can I cancel the {s} {c}?", "Is it possible to end the {s} {c}?", "How do I get out of the {s} {c}?",
            "What happens if I give up the {s} {c}?",
        ),
        (
            "You can cancel the {s} {c} {w} with {n} days' notice. Money paid in advance comes back after {m} days.",
            "The {s} ends {n} days after you cancel it {w}. {c_} we return what was paid in advance within {m} days.",
            "Cancelling the {s} {c} is possible {w}; the notice is {n} days. We refund advance payments in {m} days.",
        ),
    ),
    Kind(
        (
            "Which papers do you need for the {s} {c}?", "What must I bring to apply for the {s} {c}?",
            "What documents does an application for the {s} {c} require?", "What should I enclose for the {s} {c}?",
        ),
        (
            "For the {s} {c} we need {p} and an identity card no older than {n} years. {o_} checks both.",
            "Please bring {p} and an identity card, issued within the last {n} years, for the {s} {c}. They go to {o}.",
            "{o_} asks for {p} for the {s} {c}, with an identity card that is at most {n} years old.",
        ),
    ),
    Kind(
        (
            "Who decides on the {s} {c}?", "Which office handles the {s} {c}?", "Whom do I ask about the {s} {c}?",
            "Who is in charge of the {s} {c}?",
        ),
        (
            "{o_} decides on the {s} {c}, usually within {n} working days.",
            "Requests about the {s} {c} go to {o}, which answers in {n} working days.",
            "The {s} is handled by {o} {c}. Expect a reply within {n} working days.",
        ),
    ),
    Kind(
        (
            "When is the desk for the {s} open {c}?", "What are the opening hours for the {s} {c}?",
            "On which day can I come about the {s} {c}?", "When may I visit you because of the {s} {c}?",
        ),
        (
            "The desk for the {s} is open on {d} from {n} to {m} o'clock {c}.",
            "Come on {d} between {n} and {m} o'clock; {c} no appointment is needed for the {s}.",
            "For the {s} we see visitors on {d}, {n} to {m} o'clock, {c}.",
        ),
    ),
)  # fmt: skip
NOTES = (
    "Members of {k} years get {j} percent off.", "The form is number {j}{k}.", "It can be changed {j} times a year.",
    "Ask for leaflet {k} at the counter.", "Children under {j} are included.", "The text is in section {j}.{k}.",
    "Nothing else is needed.", "You will hear from us by letter.", "This holds for all branches.",
    "A reminder is sent {j} days before.", "Online it takes {j} minutes.", "Ring extension {k} if you are unsure.",
)  # fmt: skip
SYNONYMS = {
    "cost": "price", "pay": "spend", "need": "require", "papers": "documents", "open": "available", "ends": "stops",
    "usually": "normally", "possible": "feasible", "send": "mail", "answers": "replies", "enclose": "attach",
    "decides": "rules", "handled": "dealt with", "money": "funds", "charge": "bill", "visitors": "guests",
}  # fmt: skip
NUMBER_NAMES = {7: "seven", 10: "ten", 12: "twelve", 14: "fourteen", 15: "fifteen", 20: "twenty", 30: "thirty"}
POLITE = ("Hello, ", "Good morning! ", "Quick question: ", "Please, ", "Hi there, ", "Dear team, could you tell me: ")
SIGNED = (
    "\n\nKind regards\nYour service team", "\n\nBest wishes,\nMember care", "\n\nSincerely,\nThe customer desk",
    " Please let us know if you have any further questions.", " Hope this helps!",
)  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """`q` and `a` are the numbers of the wordings that the row uses."""

    kind: int
    subject: str
    values: tuple[tuple[str, str], ...]
    note: str
    q: int
    a: int

    def _fill(self, template: str) -> str:
        values = dict(self.values) | {"s": self.subject}
        values |= {f"{name}_": values[name][0].upper() + values[name][1:] for name in "co"}
        return template.format(**values)

    @property
    def question(self) -> str:
        return self._fill(KINDS[self.kind].questions[self.q])

    @property
    def answer(self) -> str:
        return f"{self._fill(KINDS[self.kind].answers[self.a])} {self.note}".strip()


def facts(count: int, chance: random.Random) -> list[Fact]:
    """Different facts: no two of the same kind about the same subject in the same case."""
    places = [(k, g, t, c) for k in range(len(KINDS)) for g in GRADES for t in THINGS for c in CASES]
    return [_fact(*place, chance) for place in chance.sample(places, count)]


def _fact(kind: int, grade: str, thing: str, case: str, chance: random.Random) -> Fact:
    first = chance.choice((7, 10, 12, 14, 15, 20, 30, *range(3, 90)))
    values = {
        "n": str(first), "m": str(first + chance.randint(2, 9)), "c": case, "o": chance.choice(OFFICES),
        "p": chance.choice(PAPERS), "d": chance.choice(WEEKDAYS), "w": chance.choice(PLACES),
    }  # fmt: skip
    notes = chance.sample(NOTES, chance.choice((0, 1, 1, 2)))
    note = " ".join(n.format(k=chance.randint(2, 40), j=chance.randint(2, 15)) for n in notes)
    kinds = KINDS[kind]
    q, a = chance.randrange(len(kinds.questions)), chance.randrange(len(kinds.answers))
    return Fact(kind, f"{grade} {thing}", tuple(values.items()), note, q, a)


def reworded(fact: Fact, *, question: bool = True, answer: bool = True) -> Fact:
    """The same fact in other wordings, without the note."""
    kind = KINDS[fact.kind]
    return replace(
        fact,
        q=(fact.q + 1) % len(kind.questions) if question else fact.q,
        a=(fact.a + 1) % len(kind.answers) if answer else fact.a,
        note="" if answer else fact.note,
    )


def other_number(fact: Fact) -> Fact:
    """The same fact with another first number: a contradiction."""
    values = dict(fact.values)
    values["n"] = str(int(values["n"]) + 25)
    return replace(fact, values=tuple(values.items()))


# --- one text written again -----------------------------------------------------------------------------------------


def typos(text: str, count: int, chance: random.Random) -> str:
    """Letters swapped, doubled, dropped or hit beside, in words of five letters and more."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for i in chance.sample(long, min(count, len(long))):
        word, at = words[i], chance.randrange(1, len(words[i]) - 1)
        words[i] = chance.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1 :], word[:at] + chance.choice("aeioust") + word[at + 1 :],
            )
        )  # fmt: skip
    return " ".join(words)


def synonyms(text: str) -> str:
    return re.sub(r"[a-z]+", lambda m: SYNONYMS.get(m[0], m[0]), text)


def numbers_in_words(text: str) -> str:
    return re.sub(r"\d+", lambda m: NUMBER_NAMES.get(int(m[0]), m[0]), text)


def turned_round(text: str) -> str:
    parts = re.split(r"(?<=[.!?]) ", text)
    return " ".join([*parts[1:], parts[0]])


def reformatted(text: str, chance: random.Random) -> str:
    lines = re.sub(r"(?<=[.;]) ", "\n\n- ", text)
    return chance.choice((f"- {lines}", text.replace(" ", "  "), re.sub(r"(\d+)", r"**\1**", text), f"<p>{text}</p>"))


def truncated(text: str, chance: random.Random) -> str:
    return text[: int(len(text) * chance.uniform(0.6, 0.95))].rsplit(" ", 1)[0]
