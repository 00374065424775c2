"""What a question wants the figure of, and the figures its answer gives: price, time, deadline, opening hours or phone.

A handbook's sentence and a line of a price list ask for the same figure in different words ("How much does a home visit
cost?", "What is the price of home visit?"). English only. What is not surely comparable is not compared: two
currencies, a price for members and one for all, the hours of different days.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from finetune.data.document import words
from finetune.data.duplicates import NUMBER_WORDS
from finetune.data.grounding import stem

Kind = Literal["price", "time", "deadline", "hours", "phone"]
MOST_FIGURES = 3  # an answer with more of them tells cases apart


@dataclass(frozen=True)
class Wanted:
    """The figure a question asks for; `thing` is in stems, empty for the team's own hours and number."""

    kind: Kind
    thing: str


@dataclass(frozen=True)
class Figure:
    """A value, or one between `least` and `most`; of hours, when it opens and closes in minutes of the day."""

    unit: str  # a currency, "minutes", "working days", "hours", "phone"; empty for a number that stands without one
    least: float
    most: float
    bound: Literal["", "from", "to"] = ""  # "from £40", "up to an hour"


@dataclass(frozen=True)
class Figures:
    """The figures of an answer, and the words that say of whom and on which days they hold."""

    given: frozenset[Figure]
    holds_for: frozenset[str]
    days: frozenset[str]


# --- what is asked ----------------------------------------------------------------------------------------------------

_PRICE = r"(?:prices?|costs?|fees?|charges?|rates?)"
_DUE = r"(?:deadlines?|time limits?|cut off(?: (?:date|time))?)"
_PHONE = r"(?:tele)?phone (?:number|no)"
_IS, _OUR, _OF = r"(?:is|are|s)", r"(?:the|your|our)", r"(?:of|for|at|in|on)"
# In normalised words, where "what's" is "what s"; the first form that fits the whole question counts.
FORMS: tuple[tuple[Kind, str], ...] = (
    ("deadline", rf"(?:what|when|how long) {_IS} {_OUR} {_DUE} (?:of|for) (?P<thing>.+?)"),
    ("deadline", rf"(?:what|when|how long) {_IS} (?:{_OUR} )?(?P<thing>.+?) {_DUE}"),
    ("deadline", r"(?:how long|how much time|how many (?:days|weeks)) (?:do|does) (?P<thing>.+? have to .+?)"),
    ("deadline", r"(?:how soon|how quickly|by when|until when|when) (?:must|should|shall) (?P<thing>.+?)"),
    ("deadline", r"(?:how soon|how quickly|by when|until when|when) (?:do|does) (?P<thing>.+? (?:have|need) to .+?)"),
    ("hours", rf"what {_IS} {_OUR} (?:(?:opening|business|office|working) )?(?:hours|times)(?: {_OF} (?P<thing>.+?))?"),
    ("hours", rf"what {_IS} (?:{_OUR} )?(?P<thing>.+?) (?:opening|business|office) (?:hours|times)"),
    ("hours", r"when (?:is|are) (?P<thing>.+?) open(?: (?:on|at|in|during) .+?)?"),
    ("phone", rf"what {_IS} {_OUR} {_PHONE}(?: {_OF} (?P<thing>.+?))?"),
    ("phone", rf"what {_IS} (?:{_OUR} )?(?P<thing>.+?) {_PHONE}"),
    ("price", r"(?:how much|what) (?:do|will|would) (?:you|they|we) charge (?:me )?for (?P<thing>.+?)"),
    ("price", r"how much (?:do|must|will|would|should) (?:i|we) (?:have to |need to )?pay for (?P<thing>.+?)"),
    ("price", r"how much (?:is|are|does|do|would|will|for) (?P<thing>.+?)(?: costs?| be)?"),
    ("price", r"what (?:does|do|would|will) (?P<thing>.+?) cost"),
    ("price", rf"what {_IS} {_OUR} {_PRICE} (?:of|for) (?P<thing>.+?)"),
    ("price", rf"what {_IS} (?:{_OUR} )?(?P<thing>.+?) (?:price|cost|fee|charge)"),
    ("time", r"how long (?:does|do|will|would|is|are) (?P<thing>.+?)(?: takes?| lasts?)?"),
    ("time", rf"what {_IS} {_OUR} (?:duration|length) of (?P<thing>.+?)"),
)
ASKS = tuple((kind, re.compile(rf"(?:so |and )?{form}(?: please)?")) for kind, form in FORMS)
ARTICLE = re.compile(r"(?:(?:an?|the|your|our|my|one) )*")
# "How much is the fee for a home visit?", "How much is the home visit fee?"
PRICE_OF = re.compile(rf"^{_PRICE} (?:of|for) |(?<=\w) (?:price|cost|fee|charge)s?$")
PLACE = re.compile(r"(?<=\w) (?:branch|office|clinic|practice|surgery|shop|store)$")
OWN = words("you we clinic practice surgery office branch shop store bank library reception")
# Whoever has to do a thing: what is done tells deadlines apart, and not whether one says "I" or "a member".
DOERS = words(
    """
    i we you me us they a an the my our your their be been have to need got member members customer customers client
    clients patient patients user users guest guests policyholder policyholders consumer consumers people person for
    """
)
NOBODY = frozenset[str]()
NO_THING = words("it this that they these those everything i you we")


def figure_asked(question: str) -> Wanted | None:
    """What a question (normalised) asks the figure of; None for any other question."""
    kind, match = next(((kind, match) for kind, form in ASKS if (match := form.fullmatch(question))), (None, None))
    if kind is None or match is None:
        return None
    thing = _bare(match["thing"] or "you").removesuffix(" s")
    if kind in ("hours", "phone"):
        thing = PLACE.sub("", ON_DAYS.sub("", thing).strip())
        return Wanted(kind, "" if thing in OWN else _stems(thing))
    if kind == "price":
        thing = _bare(PRICE_OF.sub("", thing))
    if kind == "deadline":  # "report a claim" and "a claim be reported" are one
        thing = " ".join(sorted({word for word in thing.split() if word not in DOERS}, key=stem))
    return None if not thing or thing in NO_THING else Wanted(kind, _stems(thing))


def _bare(thing: str) -> str:
    return ARTICLE.sub("", thing, count=1)


def _stems(thing: str) -> str:
    return " ".join(map(stem, thing.split()))


# --- what is given ----------------------------------------------------------------------------------------------------

_TO = r"\s*(?:-|–|—|\b(?:to|until|till|through)\b)\s*"
UP_TO_NEXT = re.compile(rf"{_TO}|\s+(?P<weak>or|and)\s+")  # "2 to 3 days", "between 2 and 3 days"
PLUS_NEXT = re.compile(r"\s*(?:and )?", re.I)  # "1 hour 30 minutes"
FROM = re.compile(r"\b(?:from|starting at|at least|minimum(?: of)?|min\.?|not? less than|more than|over)[\s:]*$", re.I)
UP_TO = re.compile(
    r"\b(?:up to|at most|maximum(?: of)?|max\.?|not? (?:more|longer|later) than|less than|under|within)[\s:]*$", re.I
)
BOUND_CHARACTERS = 24  # before a number, in which such words stand

_AMOUNT = r"\d+(?:[.,]\d+)*"
_SIGN = r"[£$€]|\b(?:GBP|USD|EUR)\b"
MONEY = re.compile(
    rf"(?:(?P<before>{_SIGN})\s?)?(?P<number>{_AMOUNT})(?:(?P<many>k\b|\s?(?:thousand|m(?:illio)?n?)\b))?"
    rf"(?:\s?(?P<unit>{_SIGN}|\b(?:euro|dollar|pound)s?\b))?",
    re.I,
)
MANY = {"k": 1_000, "t": 1_000, "m": 1_000_000}
CURRENCY = {"gbp": "£", "pound": "£", "usd": "$", "dollar": "$", "eur": "€", "euro": "€"}
ALONE = re.compile(rf"(?:^|: )(?P<number>{_AMOUNT})\.?(?=;|$)")  # a cell of a table, or all of an answer
FREE = re.compile(r"(?:\b(?:is|are)|:) free\b|\bfree of charge\b|\bno (?:charge|cost)\b|^free\W*$", re.I)

TIME = re.compile(
    rf"(?P<number>(?<![\d:.,])\d+(?:\.\d+)?|\b(?:half an?|an?|one|{'|'.join(NUMBER_WORDS)})\b)"
    r"(?:[\s-]?(?:(?P<working>working|business) |calendar )?"
    r"(?P<unit>min(?:ute)?|h(?:r|our)?|day|week|month|y(?:r|ear))s?\b(?P<half> and a half\b)?)?",
    re.I,
)
HOUR, YEAR = (60, 60), (365 * 1_440, 366 * 1_440)
MINUTES = {  # the fewest and the most, by a unit's first letters
    "min": (1, 1), "h": HOUR, "hr": HOUR, "hou": HOUR, "day": (1_440, 1_440), "wee": (7 * 1_440, 7 * 1_440),
    "mon": (28 * 1_440, 31 * 1_440), "yr": YEAR, "yea": YEAR,
}  # fmt: skip
SMALL_NUMBERS = NUMBER_WORDS | {"a": "1", "an": "1", "one": "1", "half a": "0.5", "half an": "0.5"}

_CLOCK = r"(?P<hour{0}>[012]?\d)(?:[:.](?P<minute{0}>[0-5]\d))?\s*(?:(?P<half{0}>[ap])\.?m\b\.?)?"
OPEN = re.compile(rf"(?<![\d.:,]){_CLOCK.format(1)}{_TO}{_CLOCK.format(2)}(?![\d:%]|\s?(?:day|week|minute|hour))", re.I)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = r"\b(?:mon|tue|wed|thu|fri|sat|sun)(?:(?:nes|rs|ur|s)?day|rs|r|s)?s?\b"
ON_DAYS = re.compile(rf"(?:\b(?:on|at|for|in|from|of) )?(?:{_DAY}|\bweek(?:end|day)s?\b)")
DAY_SPAN = re.compile(rf"({_DAY})(?:{_TO}({_DAY}))?", re.I)
MANY_DAYS = (("weekday", DAYS[:5]), ("weekend", DAYS[5:]), ("daily", DAYS), ("every day", DAYS))

PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()/.-]{4,}\d")
PHONE_DIGITS = 9  # its last ones: +44 1584 … and 01584 … are one number

# Of whom, when or on what terms a figure holds.
HOLDS_FOR = re.compile(
    r"\b(?:non[- ]?members?|members?|child(?:ren)?|adults?|students?|seniors?|pensioners?|express|urgent|online|"
    r"(?:plus|excl\w*\.?|without|before) (?:vat|tax)|vat|tax|holidays?|christmas|easter|summer|winter|"
    r"emergenc(?:y|ies))\b",
    re.I,
)
RATE = re.compile(
    r"\b(?:per|an?|each|every) (?:hour|day|night|week|month|year|person|head|mile|item)\b|"
    r"\b(?:hourly|daily|weekly|monthly|yearly|annual(?:ly)?)\b",
    re.I,
)


def figures_given(kind: Kind, question: str, answer: str) -> Figures:
    """The figures of that kind in an answer as it is written."""
    terms = [*HOLDS_FOR.finditer(answer), *(RATE.finditer(answer) if kind == "price" else ())]
    doers = DOERS if kind == "deadline" else NOBODY
    holds_for = frozenset(
        said for match in terms if (said := match[0].lower()) not in question.lower() and said not in doers
    )
    days = _days(f"{question}\n{answer}") if kind == "hours" else frozenset[str]()
    return Figures(frozenset(READ[kind](answer)), holds_for, days)


def at_odds(one: Figures, other: Figures) -> bool:
    """Whether each of two answers gives a figure that the other one denies."""
    if not _comparable(one, other) or max(len(one.given), len(other.given)) > MOST_FIGURES:
        return False
    return _denied(one.given, other.given) and _denied(other.given, one.given)


def _comparable(one: Figures, other: Figures) -> bool:
    if one.days != other.days and not (len(one.given) == len(other.given) == 1 and one.days & other.days):
        return False
    return one.holds_for == other.holds_for


def _denied(given: frozenset[Figure], others: frozenset[Figure]) -> bool:
    compared = [[b for b in others if a.unit == b.unit or "" in (a.unit, b.unit)] for a in given]
    return any(same and not any(_agree(a, b) for b in same) for a, same in zip(given, compared, strict=True))


def _agree(a: Figure, b: Figure) -> bool:
    if a.unit == "hours":
        return a == b
    (low, high), (least, most) = map(_reach, (a, b)) if a.bound != b.bound else ((a.least, a.most), (b.least, b.most))
    return low <= most and least <= high


def _reach(figure: Figure) -> tuple[float, float]:
    """All that "from £40" and "up to an hour" leave open."""
    return 0 if figure.bound == "to" else figure.least, math.inf if figure.bound == "from" else figure.most


def _prices(answer: str) -> Iterator[Figure]:
    found = list(_quantities(answer, MONEY, _price))
    yield from found or (Figure("", value, value) for m in ALONE.finditer(answer) if (value := _amount(m["number"])))
    if not found and FREE.search(answer):
        yield Figure("", 0, 0)


def _price(match: re.Match[str], said: re.Match[str]) -> Figure:
    sign = (said["before"] or said["unit"] or "").lower().rstrip("s")
    many = match["many"] or said["many"]  # "£2–3 million"
    value = _amount(match["number"]) * (MANY[many.strip()[0].lower()] if many else 1)
    return Figure(CURRENCY.get(sign, sign), value, value)


def _amount(number: str) -> float:
    """ "1,200", "1.200", "45.50" and "45,50"."""
    *whole, last = re.split(r"[.,]", number)
    return float("".join([*whole, last]) if not whole or len(last) == 3 else f"{''.join(whole)}.{last}")


def _times(answer: str) -> Iterator[Figure]:
    return _quantities(answer, TIME, _time)


def _time(match: re.Match[str], said: re.Match[str]) -> Figure:
    number = match["number"].lower()
    count = float(SMALL_NUMBERS.get(number, number)) + (0.5 if match["half"] else 0)
    unit = "" if said["unit"] is None else "working days" if said["working"] else "minutes"
    fewest, most = MINUTES[said["unit"].lower()[:3]] if unit == "minutes" else (1, 1)
    return Figure(unit, count * fewest, count * most)


def _deadlines(answer: str) -> Iterator[Figure]:
    return (replace(figure, bound="") for figure in _times(answer))  # "within 30 days" is 30 days


def _quantities(
    text: str, form: re.Pattern[str], read: Callable[[re.Match[str], re.Match[str]], Figure]
) -> Iterator[Figure]:
    """The quantities in a text that have a unit. `read` takes a number's match and the one whose unit it has."""
    matches = list(form.finditer(text))
    while matches:
        first = matches.pop(0)
        figure = read(first, first)
        if matches:
            second = read(matches[0], matches[0])
            between = text[first.end() : matches[0].start()]
            if (joins := UP_TO_NEXT.fullmatch(between)) and _one_unit(figure, second, weak=bool(joins["weak"])):
                low = figure if figure.unit else read(first, matches[0])
                high = second if second.unit else read(matches[0], first)
                figure = replace(high, least=min(low.least, high.least), most=max(low.most, high.most))
                matches.pop(0)
            elif (
                figure.unit == second.unit == "minutes" and second.most < figure.least and PLUS_NEXT.fullmatch(between)
            ):
                figure = replace(second, least=figure.least + second.least, most=figure.most + second.most)
                matches.pop(0)
        if figure.unit:
            before = text[max(0, first.start() - BOUND_CHARACTERS) : first.start()]
            yield replace(figure, bound="from" if FROM.search(before) else "to" if UP_TO.search(before) else "")


def _one_unit(first: Figure, second: Figure, *, weak: bool) -> bool:
    """Whether two numbers are ends of one range: "£40–60", "40–60 £", "£40–£60", but not "£40 or £60"."""
    if weak and first.unit:
        return False
    return bool(first.unit or second.unit) and (not first.unit or second.unit in ("", first.unit))


def _opening(answer: str) -> Iterator[Figure]:
    text = answer.replace("midday", "noon").replace("noon", "12 pm").replace("midnight", "24:00")
    found = [Figure("hours", *_open_from_to(match)) for match in OPEN.finditer(text)]
    yield from found
    if not found and re.search(r"\bclosed\b", text, re.I):
        yield Figure("hours", 0, 0)


def _open_from_to(match: re.Match[str]) -> tuple[int, int]:
    """Minutes of the day: of "9–5", "9 am to 5 pm" and "9:00 – 17:00" the same."""
    opens, closes = (int(match[f"hour{n}"]) * 60 + int(match[f"minute{n}"] or 0) for n in (1, 2))
    noon = 12 * 60
    if match["half2"]:
        closes = closes % noon + (noon if match["half2"] in "pP" else 0)
    if match["half1"]:
        opens = opens % noon + (noon if match["half1"] in "pP" else 0)
    elif match["half2"] and opens + noon < closes:
        opens += noon  # "1–5 pm"
    return opens, closes if closes > opens else closes + noon


def _phones(answer: str) -> Iterator[Figure]:
    for match in PHONE.finditer(answer):
        number = int(re.sub(r"\D", "", match[0])[-PHONE_DIGITS:])
        yield Figure("phone", number, number)


def _days(text: str) -> frozenset[str]:
    found = {day for word, days in MANY_DAYS if word in text.lower() for day in days}
    for first, last in DAY_SPAN.findall(text):
        start, end = (DAYS.index(day[:3].lower()) for day in (first, last or first))
        found |= {DAYS[n % 7] for n in range(start, end + (7 if end < start else 0) + 1)}
    return frozenset(found)


READ: dict[Kind, Callable[[str], Iterator[Figure]]] = {
    "price": _prices, "time": _times, "deadline": _deadlines, "hours": _opening, "phone": _phones,
}  # fmt: skip
