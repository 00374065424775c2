"""Addresses known by what announces them (residing at), what ends them (a postcode) or what they begin with (Plot 18),
where no street word helps; postcodes beside a state or town.

    R/o H.No. 12/4, Gali No. 7, Laxmi Nagar, Delhi - 110092
    The Old Forge, Church Road, Wymondham, Norfolk, NR18 0QH
    Flat 9, Rowan House, 33 Kirkstall Lane
"""

import re
from collections.abc import Iterator

from finetune.data.personal.kinds import Find
from finetune.data.personal.streets import STATES
from finetune.data.personal.wordlists import Lists, lists

ANNOUNCED = re.compile(
    r"\b(?i:r/o|residing at|resides at|resident (?:of|at)|living at|lives? at|stays at|staying at|"
    r"wohnhaft(?: in)?|wohnt in|"
    r"wohne in|domiciliad[oa] en|con domicilio en|vivo en|vive en|reside en|demeurant|domiciliée? (?:à|au)|"
    r"habite (?:au |à )?|"
    r"moro n[ao]|reside n[ao]|residente n[ao]|(?:im|i'm|i am) at|address(?: is| was|:| to)?|adresse(?: ist| est)?|"
    r"dirección(?: es| a)?|endereço(?: é)?|located at|deliver(?:y)? to|ship to|send (?:it|them|this) to|"
    r"moved (?:from|to))"
    r"[ :]{1,3}(?:no\.? )?"
    r"(?P<item>(?:[^\W_]|[#№])[^\n;:?!]{5,110})"
)
# A part of an address: words with a capital or a number, and the small words between them.
_WORD = r"(?:[^\W_a-zß-ÿ][\w'’.º°/-]{0,24}|of|upon|on|the|de|da|do|dos|del|la|las|los|am|an|der|des|du|et|y)"
_PART = rf"{_WORD}(?: {_WORD}){{0,5}}"
_STATE = "|".join(sorted(state for state in STATES if len(state) == 2))
POSTCODES = (
    r"[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPS-UW\d]? \d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d|"
    rf"(?:{_STATE}),? \d{{5}}(?:-\d{{4}})?|\d{{5}}-\d{{3}}|\d{{3}}-\d{{4}}|\d{{6}}|[1-9]\d{{2}} \d{{3}}|"
    r"\d{4,5} (?P<town>[^\W\d_a-z][\w-]{2,24})(?: [^\W\d_a-z][\w-]{2,24})?|\d{4} ?[A-Z]{2}"
)
ENDED = re.compile(
    rf"(?<![\w'’.-])(?P<item>{_PART}(?:,[ \n]{_PART}){{0,6}}(?:,[ \n]| [-–] | )(?:{POSTCODES}))(?![\w-])"
)
BEGUN = re.compile(
    r"(?<![\w'’])(?P<item>(?:(?i:flat|plot|house|h\.? ?no\.?|door|shop|villa|apartment|apt\.?|unit|suite|block|"
    r"bungalow|quarter|"
    r"qtr|room|piso|casa|quadra|lote|bloco|chalet|lot|site|stand)(?: ?(?:[Nn]o\.?|"
    r"#))? ?[A-Z]?-?\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?)"
    rf"(?:, {_PART}){{1,7}})"
)
SMALL = re.compile(
    r"(?<![\w.,$€£#/-])(?P<item>(?P<number>\d{1,5})[a-z]?\s(?:[nsew]\.?\s)?(?P<name>[a-z]{3,15})(?:\s[a-z]{3,15})?\s"
    r"(?P<street>st|ave|rd|blvd|ln|hwy|pkwy|dr|cir|ct|street|avenue|boulevard|lane|road)\b\.?"
    r"(?:,?\s(?:apt|unit|ste|#)\.?\s?#?\w{1,5})?(?:,?\s[a-z]{3,15}(?:\s[a-z]{3,15})?,?\s[a-z]{2}\s\d{5}(?!\d))?)",
    re.I,
)
# American postcodes behind a state, postcodes beside a town of the lists, five digits after a preposition.
STATE_CODE = re.compile(rf"(?<![\w-])(?P<item>(?:{_STATE})[ ,]{{1,2}}\d{{5}}(?:-\d{{4}})?)(?![\w-]|[.,]\d)")
BARE = re.compile(
    r"\b(?P<before>[^\W\d_]{2,24})(?P<comma>,?)[ ](?P<item>\d{5}(?:-\d{4})?)(?![\w%-]|[.,]\d|\s(?:\w+s|people|"
    r"percent|USD|EUR)\b)"
)
NO_NAME = frozenset(
    [
        "hour",
        "minute",
        "min",
        "day",
        "week",
        "month",
        "year",
        "mile",
        "block",
        "star",
        "bed",
        "bath",
        "foot",
        "person",
        "people",
    ]
)
YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!,? [^\W\d_a-z])")
EVIDENCE = re.compile(r"\d")


def postal(text: str) -> Iterator[Find]:
    if not EVIDENCE.search(text):
        return
    known = lists()
    for match in ANNOUNCED.finditer(text):
        item = _sentence_part(match["item"])
        if _is_address(item, known):
            start = match.start("item")
            yield Find(start, start + len(item), "address", "after words like residing at")
    for match in ENDED.finditer(text):
        if match["town"] and not known.is_place(match["town"].lower()):
            continue
        if "," in match["item"] or known.is_place(match["item"].split()[0].lower()):
            yield from _trimmed(match.start("item"), match["item"], known)
    for match in BEGUN.finditer(text):
        item = match["item"].rstrip(".")
        if _is_house(item, known):
            yield Find(
                match.start("item"), match.start("item") + len(item), "address", "a flat or plot and what follows"
            )
    for match in SMALL.finditer(text):
        if match["name"].lower() not in NO_NAME:
            yield Find(*match.span("item"), "address", "a number and a street word")
    yield from _codes(text, known)


def _codes(text: str, known: Lists) -> Iterator[Find]:
    for match in STATE_CODE.finditer(text):
        yield Find(*match.span("item"), "address", "a postcode behind its state")
    for match in BARE.finditer(text):
        before = match["before"]
        town = before[0].isupper() and known.is_place(before.lower())
        told = before.lower() in ("in", "near", "around", "zip", "from") and not match["comma"]
        if town or (told and match["item"][:2] not in ("19", "20")):
            yield Find(*match.span("item"), "address", "a postcode beside a town or after in")


def _sentence_part(item: str) -> str:
    """Up to the sentence's end, or to where small words go on (12 Elm Road and takes the bus)."""
    item = re.split(r"(?<=[^\W_]{4})[.)](?:\s|$)", item)[0]
    parts = re.split(
        r"\s(?=(?:and|but|with|please|pls|since|for|because|in|on|from|next|last|again|now|today|by|who|which|so|if|is|has|was|und|y|et|e|con|mit|avec)\s)",
        item,
    )
    return parts[0].rstrip(" .,)-")


def _is_address(item: str, known: Lists) -> bool:
    """A number, and a word that is no ordinary one or a comma between parts that begin large."""
    first = item.split()[0]
    if not any(c.isdigit() for c in YEAR.sub("", item)) or "@" in item or "://" in item:
        return False
    tokens = re.findall(r"[^\W\d_]{3,}", item)
    unusual = [t for t in tokens if t[0].isupper() or not known.is_ordinary(t.lower())]
    large = first[0].isupper() or first[0].isdigit() or first[0] == "#"
    return large and len(unusual) >= max(1, len(tokens) // 2)


def _trimmed(start: int, item: str, known: Lists) -> Iterator[Find]:
    """Without the sentence's first words (Please mail it to Anna Berg, ...): parts from the first with a number or a
    street's or house's name on; a person's name before it is left to the names."""
    parts = item.split(", ")
    while len(parts) > 2 and not any(c.isdigit() for c in parts[0]) and _is_person(parts[0], known):
        start += len(parts[0]) + 2
        parts = parts[1:]
    item = ", ".join(parts)
    tokens = re.findall(r"[^\W\d_]{3,}", item)
    certain = re.search(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}$|[A-Z]\d[A-Z] ?\d[A-Z]\d$", item) is not None
    if len(parts) >= 2 and (certain or sum(known.is_ordinary(t.lower()) for t in tokens) * 2 <= len(tokens) + 2):
        yield Find(start, start + len(item), "address", "parts that end in a postcode")


def _is_person(part: str, known: Lists) -> bool:
    words = part.lower().split()
    return len(words) > 1 and known.is_name(words[0]) and not known.is_ordinary(words[0])


def _is_house(item: str, known: Lists) -> bool:
    """A part behind the number that is numbered too, a place, or two more parts."""
    parts = item.split(", ")[1:]
    unusual = any(not known.is_ordinary(w) for part in parts for w in re.findall(r"[^\W\d_]{3,}", part.lower()))
    place = any(known.is_place(part.lower()) for part in parts)
    return unusual and (place or len(parts) >= 2 or any(c.isdigit() for part in parts for c in part))


__all__ = ["postal"]
