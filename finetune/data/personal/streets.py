"""What tells a street: its words in some twenty countries, a house number, words that announce an address."""

import re
from collections.abc import Sequence
from functools import cache

from finetune.data.document import words
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import PARTICLES, Lists

# After the name (Baker Street); in English.
STREET_LAST = words(
    """
    street st avenue ave road rd boulevard blvd lane ln drive dr court ct place pl square sq terrace ter way
    parkway pkwy
    circle cir highway hwy close crescent cres grove row alley trail trl walk gardens gdns mews plaza plz pike turnpike
    loop path esplanade quay wharf ridge hollow crossing xing freeway fwy expressway expy rise chase drove str
    streets parks gateway mount green yard viaduct
    """
)
# Endings of one word (Hauptstraße, Koskikatu); German, Dutch, Nordic, Finnish, Estonian.
STREET_ENDING = re.compile(
    r".{2,}(?:straße|strasse|str|weg|gasse|platz|allee|ufer|damm|steig|stieg|straat|laan|plein|kade|singel|gracht|dreef|steeg|"
    r"gade|vej|vejen|allé|allén|stræde|vænget|vangen|parken|plads|torv|stien|"
    r"bakken|haugen|tunet|toppen|graben|markt|siedlung|dijk|plantsoen|mäki|ranta|penger|aukio|platsen|gränden|gatan|gata|gate|gaten|vägen|väg|vegen|veien|veg|vei|gränd|stigen|torget|backen|"
    r"katu|kuja|tie|polku|raitti|kaari|rinne|götu|gata|vegur|braut|hólar|tänav|maantee|puiestee|ulice|utca|útja|tere|köz)$"
)
# Before the name (Rue de la Paix); French, Spanish, Portuguese, Italian, Polish, Arabic and others.
STREET_FIRST = words(
    """
    rue avenue boulevard place chemin quai allée impasse cours calle avenida avda av plaza paseo carrera ronda camino
    travesía glorieta carretera callejón via viale vicolo piazza corso strada largo contrada rua rúa travessa praça
    estrada alameda beco ul ulica aleja al plac os osiedle jalan lorong ulitsa prospekt strada bulevardul c/ cl
    λεωφόρος οδός πλατεία улица проспект переулок вулиця
    náměstí nám nábřeží třída carrer passeig
    """
)
# After the name, where a number follows (Király u. 15, Erzsébet tér 19).
STREET_MARK = words(
    "u utca út útja tér tere krt strasse straße street st weg allee platz terrasse laan terrace brygge plads"
    " cesta trg tn pst mnt sokak cad caddesi sok mah ulice"
)
DIRECTIONS = words("n s e w ne nw se sw north south east west")
UNITS = words(
    "apt apartment suite ste unit floor flat room rm bldg building lot appt app wohnung depto piso int interior"
    " dpto puerta "
    "stair lejl etage mieszkanie"
)
MILITARY = words("apo fpo dpo")
STATES = words(
    """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR
    PA RI SC
    SD TN TX UT VT VA WA WV WI WY DC PR GU AB BC MB NB NL NS ON PE QC SK NT YT NU NSW VIC QLD TAS ACT AA AE AP
    """
)
MONTHS = words(
    """
    january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday
    """
)
# A number after these is no house's.
NO_STREET = words(
    """
    section article part chapter title form page version step rule regulation paragraph schedule item table figure level
    grade stage phase class type category number no line question option cfr usc act code form box year years week day
    order invoice claim account policy ticket case ref reference windows office iphone
    """
)
CUES = (
    " address", " address is", " address to", " address as", " address at", " lives at", " live at",
    " lives in", " live in", " living at", " resides at",
    " residing at", " located at", " moved to", " sent to", " send to", " ship to", " deliver to", " delivered to",
    " corner of", " off at", " is on", " is at", " it's in", " it's at", " side of", " mail to", " return to",
    " office at",
    " home at", " house at", " staying at", " restaurant at", " meet at", " me at", " here they are",
    " me to", " one to", " the following",
)  # fmt: skip
SPACE = (" ", "  ")
HOUSE = re.compile(r"\d{1,5}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?|\d{1,4}[-/]?[A-Za-z]")


def _gap_is_blank(token: Token) -> bool:
    return token.gap in (" ", "  ", "\xa0", ". ", ", ")


def number_at(tokens: Sequence[Token], index: int) -> bool:
    return (
        0 <= index < len(tokens)
        and tokens[index].is_number
        and bool(HOUSE.fullmatch(tokens[index].text))
        and len(tokens[index].text) <= 7
    )


def _cue(tokens: Sequence[Token], index: int) -> bool:
    tail = "".join(f" {tokens[i].lower}" for i in range(max(0, index - 3), index))
    return tail.endswith(CUES)


def is_street_word(token: Token, known: Lists) -> bool:
    if not STREET_ENDING.match(token.lower):
        return False
    return (token.is_capital or len(token.text) > 7) and not known.is_ordinary(token.lower)


def from_number(tokens: Sequence[Token], index: int, known: Lists) -> tuple[int, str]:
    """The last word of an address that begins with a number, or -1."""
    position = index + 1
    if (
        position < len(tokens)
        and tokens[position].is_number
        and number_at(tokens, position)
        and tokens[position].gap == " "
    ):
        position += 1  # "1987 74 Diakou Street"
    names = 0
    while position < len(tokens) and position <= index + 8:
        token = tokens[position]
        ends = token.gap == ". " and len(tokens[position - 1].text) > 4
        if not _gap_is_blank(token) or ends or (token.gap == ", " and names):
            if names >= 2 and _before_town(tokens, position, known) and not _is_year(tokens[index]):
                return position - 1, "a number and a name before a town"
            break
        if token.lower in STREET_FIRST and names == 0 and position + 1 < len(tokens):
            last = _street_name(tokens, position + 1)
            if last > position and (token.is_capital or tokens[last].is_capital):
                return _with_number(tokens, last), "a number and a street word"
        if token.is_number:
            if names and number_at(tokens, position) and not _is_legal(tokens, index, position, known):
                return position, "capitalised words between two numbers"
            if names == 0 or not re.fullmatch(r"\d{1,3}(?:st|nd|rd|th)", token.text):
                break
        if names and token.lower in STREET_LAST and (token.is_capital or _cue(tokens, index)):
            after = position + 1
            if after < len(tokens) and tokens[after].lower in STREET_LAST and tokens[after].gap in (" ", ". "):
                position = after
            if (
                token.lower not in ("way", "green", "rise", "mount", "place", "close", "walk", "drive", "court")
                or token.is_capital
            ):
                return _with_direction(tokens, position), "a number and a street word"
        if is_street_word(token, known):
            return _with_number(tokens, position), "a number and a street word"
        rare = names and token.is_capital and token.lower in _rare_last()
        if rare and not known.is_ordinary(tokens[position - 1].lower):
            return _with_direction(tokens, position), "a number and a street word"
        if token.lower in UNITS and names and position + 1 < len(tokens) and number_at(tokens, position + 1):
            return position - 1, "a number and a unit"
        if not (token.is_capital or token.lower in PARTICLES or re.fullmatch(r"\d{1,3}(?:st|nd|rd|th)", token.text)):
            break
        if token.lower in MONTHS and names == 0 and position + 1 < len(tokens) and tokens[position + 1].is_number:
            break
        names += 1
        position += 1
    return _told(tokens, index, position, known)


def _told(tokens: Sequence[Token], index: int, position: int, known: Lists) -> tuple[int, str]:
    """A number and unusual words, or a postcode and its town, where a sentence says so or the lists know the town."""
    named = [t for t in tokens[index + 1 : position] if not t.is_number]
    ends = position >= len(tokens) or not (tokens[position].gap.isspace() and "\n" not in tokens[position].gap)
    if (
        not ends
        or not named
        or len(named[0].text) < 3
        or any(known.is_ordinary(t.lower) for t in named)
        or named[0].lower in MONTHS
    ):
        return -1, ""
    town = " ".join(t.lower for t in named[:2])
    if len(tokens[index].text) == 5 and (known.is_place(named[0].lower) or town in known.places):
        return position - 1, "a postcode and its town"
    return (position - 1, "a number and a name after words like lives at") if _cue(tokens, index) else (-1, "")


def _before_town(tokens: Sequence[Token], position: int, known: Lists) -> bool:
    """Does a comma or line break and a known town follow words that are not ordinary (214 Pavlou Drandaki, Oslo)?"""
    if not ("," in tokens[position].gap or "\n" in tokens[position].gap):
        return False
    town = " ".join(t.lower for t in tokens[position : position + 2])
    return (known.is_place(tokens[position].lower) or town in known.places) and not any(
        known.is_ordinary(t.lower) for t in tokens[position - 2 : position]
    )


def _is_year(token: Token) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d", token.text))


@cache
def _rare_last() -> frozenset[str]:
    """What else American streets end in (USPS Publication 28, appendix C1, as Faker lists it)."""
    from faker.providers.address.en_US import Provider

    return frozenset(suffix.lower() for suffix in Provider.street_suffixes) - STREET_LAST


def _is_legal(tokens: Sequence[Token], first: int, last: int, known: Lists) -> bool:
    """42 CFR 438, 2019 Form 1040, 5 May 2020: words between two numbers that are no street."""
    between = [t for t in tokens[first + 1 : last] if not t.is_number]
    return (
        any(t.lower in MONTHS or t.lower in NO_STREET for t in between)
        or any(known.is_ordinary(t.lower) and t.lower not in PARTICLES | DIRECTIONS for t in between)
        or all(t.text.isupper() for t in between)
        or any(t.gap == ", " for t in tokens[first + 2 : last + 1])
    )


def _with_direction(tokens: Sequence[Token], last: int) -> int:
    after = last + 1
    if (
        after < len(tokens)
        and tokens[after].lower in DIRECTIONS
        and tokens[after].is_capital
        and tokens[after].gap in (" ", ". ")
    ):
        return after
    return last


def _with_number(tokens: Sequence[Token], last: int) -> int:
    after = last + 1
    if number_at(tokens, after) and tokens[after].gap in (" ", ", ", ". "):
        return after
    return last


def _street_name(tokens: Sequence[Token], index: int) -> int:
    """The last of up to five words of a street's name, particles between (de la Paix), or index - 1."""
    last = index - 1
    position = index
    while position < len(tokens) and position < index + 5 and tokens[position].gap in (" ", ". ", "-", "'", "’"):
        token = tokens[position]
        if token.is_capital or (position == index and tokens[index - 1].is_capital and len(token.text) > 3):
            last = position
        elif token.lower not in PARTICLES and token.lower not in ("du", "des", "de", "l", "d", "św"):
            break
        position += 1
    return last


def from_word(tokens: Sequence[Token], index: int, known: Lists) -> tuple[int, str]:
    """The last word of an address that begins with the street's name, or -1."""
    token = tokens[index]
    if token.lower in STREET_FIRST:
        last = _street_name(tokens, index + 1)
        if (
            last > index
            and _with_number(tokens, last) > last
            and (token.is_capital or token.lower not in known.ordinary)
        ):
            return _with_number(tokens, last), "a street word and a number"
    if is_street_word(token, known) and _with_number(tokens, index) > index:
        return _with_number(tokens, index), "a street word and a number"
    return _marked(tokens, index, known)


def _marked(tokens: Sequence[Token], index: int, known: Lists) -> tuple[int, str]:
    """One to four capitalised words and a number, with a street word before the number, a unit after it, or a cue."""
    position = index
    while position < len(tokens) and position < index + 4:
        token = tokens[position]
        if position > index and token.gap not in (" ", ". "):
            return -1, ""
        if (
            (
                position > index
                and (token.lower in STREET_MARK or is_street_word(token, known))
                and number_at(tokens, position + 1)
            )
            and tokens[position + 1].gap in (" ", ". ", ", ")
            and not known.is_ordinary(tokens[position - 1].lower)
        ):
            return position + 1, "a street word and a number"
        if token.is_number:
            break
        ahead = tokens[position + 1].lower if position + 1 < len(tokens) else ""
        if not token.is_capital and token.lower not in PARTICLES and not (position > index and ahead in STREET_MARK):
            return -1, ""
        position += 1
    names = tokens[index:position]
    if position >= len(tokens) or not names or not number_at(tokens, position) or tokens[position].gap not in SPACE:
        return -1, ""
    if any(known.is_ordinary(t.lower) or t.lower in NO_STREET or t.lower in MONTHS or t.text.isupper() for t in names):
        return -1, ""
    after = position + 1
    unit = after < len(tokens) and tokens[after].lower in UNITS and number_at(tokens, after + 1)
    at = index > 0 and tokens[index - 1].lower in ("at", "on", "to", "near", "outside") and tokens[index].gap == " "
    plausible = len(names) > 1 or (len(names[0].text) > 4 and not _is_year(tokens[position]))
    if unit or (at and plausible) or _cue(tokens, index):
        return position, "a name and a number, with a unit or after words like lives at"
    return -1, ""


def corner(tokens: Sequence[Token], index: int) -> int:
    """The last word of "corner of Elm Street and 4th Avenue", or -1."""
    if index + 3 >= len(tokens) or tokens[index + 1].lower != "of":
        return -1
    last, both, position = -1, False, index + 2
    while position < len(tokens) and position < index + 14 and tokens[position].gap in (" ", ". ", "-"):
        token = tokens[position]
        if token.is_capital or token.is_number or token.lower in STREET_LAST:
            last = position if both else last
        elif token.lower in ("and", "y", "und", "et") and not both:
            both = True
        elif token.lower not in PARTICLES and token.lower not in STREET_MARK | STREET_FIRST:
            break
        position += 1
    return last
