"""Personal items of many kinds in many surroundings, all invented, with values that pass their checks."""
# ruff: noqa: SIM905 (a list of many words reads best as one text)

import random
from dataclasses import dataclass

GIVEN = (
    "Maria James Aisha Wei Carlos Priya Thomas Fatima Olga John Chioma Pierre Sofia Ahmed Linda Kenji Anna "
    "Patrick Rosa Emeka Ingrid David Leila Marco"
).split()
FAMILY = (
    "Garcia Smith Okafor Chen Müller Patel Johnson Dubois Rossi Haddad Kowalski Nguyen Brown Tanaka Jensen "
    "O'Brien Fernandez Schmidt Adeyemi Lopez Novak Williams Cohen Moreau"
).split()
STREETS = ("Oak Street;Maple Avenue;Church Road;Elm Drive;Station Road;Park Lane;Mill Court;Highland Boulevard").split(
    ";"
)
TOWNS = ("Springfield, IL 62704;Leeds LS1 4AP;Austin, TX 78701;Portland, OR 97205;Bristol BS1 5TR").split(";")
# By kind: sentences with {v} for the value.
AROUND: dict[str, tuple[str, ...]] = {
    "name": (
        "My name is {v}.",
        "I am {v} and have been a member since spring.",
        "Mr {v} told me otherwise.",
        "Please ask for {v} when you call.",
        "Kind regards, {v}",
        "This concerns my wife {v}.",
    ),
    "email": ("Please write to {v}.", "My e-mail is {v}", "Send it to {v} instead.", "({v})"),
    "phone": ("You can reach me at {v}.", "Call me on {v} after five.", "Tel. {v}", "My mobile number is {v}."),
    "address": ("I live at {v}.", "We moved to {v}.", "Please send it to {v}.", "Address: {v}"),
    "card number": ("I paid with card {v}.", "The card number is {v}.", "{v} was charged twice."),
    "bank account": ("My IBAN is {v}.", "Transfer it to {v}, please.", "Account: {v}"),
    "social security number": ("My SSN is {v}.", "Social security number {v}."),
    "date of birth": ("I was born on {v}.", "Date of birth: {v}", "DOB {v}"),
    "record number": ("My policy number is {v}.", "Claim number {v}.", "Customer no. {v}"),
    "ip address": ("The log shows {v}.", "I signed in from {v}."),
    "password": ("My password is {v}", "password: {v}"),
    "key": ("Our api key is {v}.", "token: {v}"),
}


@dataclass(frozen=True)
class Item:
    kind: str
    value: str
    sentence: str


def items(count: int, chance: random.Random) -> list[Item]:
    """Every kind in turn, so that each is there equally often."""
    kinds = list(AROUND)
    made = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        value = _value(kind, chance)
        made.append(Item(kind, value, chance.choice(AROUND[kind]).format(v=value)))
    return made


def _digits(count: int, chance: random.Random) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _value(kind: str, chance: random.Random) -> str:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    number = chance.randint(2, 240)
    return {
        "name": f"{given} {family}",
        "email": f"{given}.{family}{number}@mail{number}.com".lower().replace("'", "").replace("ü", "ue"),
        "phone": chance.choice(
            (f"(415) 555-{_digits(4, chance)}", f"+44 20 7946 0{_digits(3, chance)}", f"+49 30 {_digits(7, chance)}",
             f"212-555-{_digits(4, chance)}", f"0171 {_digits(7, chance)}")
        ),
        "address": f"{number} {chance.choice(STREETS)}, {chance.choice(TOWNS)}",
        "card number": _card(chance),
        "bank account": _iban(chance),
        "social security number": f"{chance.randint(100, 660)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}",
        "date of birth": chance.choice(
            (f"{chance.randint(1, 28)} March {chance.randint(1940, 2004)}",
             f"{chance.randint(1, 12):02}/{chance.randint(13, 28)}/{chance.randint(1940, 2004)}",
             f"{chance.randint(1940, 2004)}-{chance.randint(10, 12)}-{chance.randint(10, 28)}")
        ),
        "record number": f"{chance.choice('ABCPKX')}{chance.choice('ABCPKX')}-{_digits(7, chance)}",
        "ip address": f"{chance.randint(20, 190)}.{number}.{chance.randint(1, 250)}.{chance.randint(2, 250)}",
        "password": f"{family[:4]}#{_digits(4, chance)}!{given[:3].lower()}",
        "key": "sk-" + "".join(chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=36)),
    }[kind]  # fmt: skip


def _card(chance: random.Random) -> str:
    """Sixteen digits whose last makes the Luhn sum right."""
    body = "4" + _digits(14, chance)
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(body)]
    check = -sum(d - 9 if d > 9 else d for d in doubled) % 10
    number = f"{body}{check}"
    return chance.choice((number, " ".join(number[i : i + 4] for i in range(0, 16, 4))))


def _iban(chance: random.Random) -> str:
    """A German one whose check digits are right (ISO 7064, mod 97)."""
    body = _digits(18, chance)
    check = 98 - int(f"{body}131400") % 97
    number = f"DE{check:02}{body}"
    return chance.choice((number, " ".join(number[i : i + 4] for i in range(0, len(number), 4))))
