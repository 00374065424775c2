"""Street addresses of some twenty countries, with unit, postcode, town and country, over one line or several.

A core is found first: a number and words of which one is a street's (221B Baker Street, Rue de la Paix 4,
Koskikatu 25), a post-office box, or capitalised words between a number and a unit. It then grows over what follows as
long as that ends in evidence: a unit, a postcode, a region's two letters, a place of the lists.
"""

import re
from collections.abc import Iterator, Sequence

from finetune.data.document import words
from finetune.data.personal.forms import FULL_POSTCODE
from finetune.data.personal.kinds import Find
from finetune.data.personal.streets import (
    HOUSE,
    MILITARY,
    STATES,
    STREET_FIRST,
    STREET_LAST,
    UNITS,
    corner,
    from_number,
    from_word,
    is_street_word,
    number_at,
)
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import PARTICLES, Lists, lists

POSTCODE = re.compile(r"\d{3,6}(?:-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]?|\d[A-Z]{2}|[A-Z]\d[A-Z]|\d[A-Z]\d|\d{4}[A-Z]{2}")
LIVES = re.compile(
    r"\b(?:(?:my|his|her|their|home|billing|shipping|delivery|mailing|new) address(?: is|:)?|lives? at|living at|"
    r"resides at)\s+(?P<item>\d{1,5}[a-z]?\s+[^\n,;?!:.]{4,50})"
)
BOX = re.compile(
    r"\b(?P<item>(?:P\.?\s?O\.?\s?Box|Post(?:al)? ?box|Postfach|Apartado(?: de correos)?|Casella postale"
    r"|Boîte postale|PMB|"
    r"(?:PSC|Unit|CMR)\s\d{1,5},?\s{1,4}Box|Post Office Box)\s{1,2}\d{1,7}|"
    r"(?:USNS|USNV|USS|USCGC)\s\w{2,20}(?=\s{1,3}[AFD]PO\b))\b",
    re.I,
)
MAY_BE_BOX = re.compile(r"box|fach|apartado|postale|pmb|[afd]po\b", re.I)
JOIN = re.compile(
    r"[ \t\xa0]{1,6}|[ \t]{0,3},[ \t]{0,6}\n?[ \t>]{0,8}|\.[ \t]|[.,]?[ \t]{0,3}\n[ \t>,]{0,10}\n?[ \t>]{0,10}|-"
    r"|[ ]?\([ ]?|\)[ ,]{0,2}"
)
POSTCODE_LETTERS = 8  # and the blank, of the longest
MOST_STEPS = 16  # words an address may go on after its street


def addresses(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    """Addresses, each as one find from its house number or street to its last certain part."""
    if not any(token.is_number or token.lower == "corner" for token in tokens):
        return
    known = lists()
    done = 0
    boxes = {match.start("item"): match.end("item") for match in BOX.finditer(text)} if MAY_BE_BOX.search(text) else {}
    for index, token in enumerate(tokens):
        if token.start < done:
            continue
        first, last, why = index, -1, ""
        if token.start in boxes:
            last = max(i for i in range(index, min(index + 8, len(tokens))) if tokens[i].start < boxes[token.start])
            why = "a post-office box"
        elif token.lower == "corner":
            last, why = corner(tokens, index), "a corner of two streets"
        elif token.is_number and HOUSE.fullmatch(token.text) and len(token.text) <= 7:
            last, why = from_number(tokens, index, known)
        elif token.is_capital or token.lower in STREET_FIRST or is_street_word(token, known):
            last, why = from_word(tokens, index, known)
        if last < 0:
            continue
        first = _unit_before(tokens, first)
        end = _whole_postcode(text, _grown(text, tokens, last, known))
        done = end
        yield Find(tokens[first].start, end, "address", why)
    for match in LIVES.finditer(text):
        yield Find(*match.span("item"), "address", "after words like lives at")


def _whole_postcode(text: str, end: int) -> int:
    """The end of the postcode that an address ends within: the letters of "SY8 1QS" look like a state's."""
    around = FULL_POSTCODE.finditer(text, max(0, end - POSTCODE_LETTERS), end + POSTCODE_LETTERS)
    return next((match.end() for match in around if match.start() < end < match.end()), end)


def _unit_before(tokens: Sequence[Token], first: int) -> int:
    """Apt. 675 before 62314 Mellemvej 32; a bare number before the street (583 Magrethevej 298)."""
    if first >= 1 and number_at(tokens, first - 1) and tokens[first].gap == " " and not tokens[first].is_number:
        first -= 1
    if first >= 1 and tokens[first].is_number and tokens[first - 1].lower in UNITS and tokens[first].gap in (" ", ". "):
        return first - 1
    if (
        first >= 2
        and tokens[first - 1].is_number
        and tokens[first - 2].lower in UNITS
        and tokens[first].gap in (" ", ", ", "\n")
    ):
        first -= 2
    return first


def _grown(text: str, tokens: Sequence[Token], last: int, known: Lists) -> int:
    """The end of the address: where its last certain part ends."""
    sure = tokens[last].end
    if text[sure : sure + 1] == "." and tokens[last].lower in STREET_LAST and len(tokens[last].text) < 5:
        sure += 1
    position, capitals, lines = last + 1, 0, 0
    while position < len(tokens) and position <= last + MOST_STEPS:
        token = tokens[position]
        if not JOIN.fullmatch(token.gap) or (
            token.gap.startswith(". ") and capitals == 0 and not _follows(token, known) and position > last + 1
        ):
            break
        lines += "\n" in token.gap
        if lines > 4:
            break
        if token.lower in UNITS and position + 1 < len(tokens) and len(tokens[position + 1].text) <= 5:
            position += 1
            sure, capitals = tokens[position].end, 0
        elif token.is_number:
            if not POSTCODE.fullmatch(token.text) or (
                len(re.sub(r"\D", "", token.text)) < 3 and not token.text[-1].isalpha()
            ):
                break
            sure, capitals = token.end, 0
        elif (
            token.text in STATES
            or token.lower in MILITARY
            or (token.text.isupper() and len(token.text) == 2)
            or token.lower == "nan"
        ) or (POSTCODE.fullmatch(token.text) and any(c.isdigit() for c in token.text)):
            sure, capitals = token.end, 0
        elif token.is_capital:
            if token.gap.startswith(". ") or (
                known.is_ordinary(token.lower)
                and token.lower not in _OF_PLACES
                and "\n" not in token.gap
                and not capitals
            ):
                break
            capitals += 1
            town = _town(text, tokens, position, known)
            if town >= position or known.is_place(token.lower):
                sure, capitals = tokens[max(town, position)].end, 0
                position = max(town, position)
        elif token.lower not in PARTICLES and token.lower not in ("nad", "upon", "sur", "am", "im", "ob"):
            break
        position += 1
    return sure


_OF_PLACES = words(
    "new north south east west united states kingdom upper lower saint st san port great old lake grand green"
)


def _follows(token: Token, known: Lists) -> bool:
    return token.lower in UNITS or token.is_number or known.is_place(token.lower)


def _town(text: str, tokens: Sequence[Token], index: int, known: Lists) -> int:
    """The last word of a town that stands between a comma or line break and the next mark, or index - 1."""
    if not ("," in tokens[index].gap or "\n" in tokens[index].gap or tokens[index - 1].is_number):
        return index - 1
    last = index
    while last + 1 < len(tokens) and last < index + 3 and tokens[last + 1].gap == " ":
        following = tokens[last + 1]
        if not (
            following.is_capital
            or following.lower in PARTICLES
            or following.lower in ("nad", "upon", "sur", "am", "im", "ob")
        ):
            return index - 1
        last += 1
    if known.is_ordinary(tokens[index].lower) and tokens[index].lower not in _OF_PLACES:
        return index - 1
    after = text[tokens[last].end : tokens[last].end + 1]
    return last if after in ("", ",", ".", "\n", ")", ";", "?", "!") else index - 1
