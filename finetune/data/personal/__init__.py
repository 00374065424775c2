"""Personal data in texts: found, and replaced by tags or stand-ins. Found text is never logged and never stored.

    kinds.py        the kinds, which are hidden unasked, what cannot be found
    tokens.py       words and numbers with their places
    wordlists.py    names, places and ordinary words known beforehand
    checkdigits.py  numbers that prove themselves
    names.txt       names Faker lacks
    forms.py        what its form gives away: numbers, phones, e-mail, dates, ages
    labelled.py     numbers and codes that only a word beside them tells
    credentials.py  keys, passwords, user names
    cells.py        what a column's or field's heading hides
    cues.py         words that stand before, after and in names
    runs.py         runs of capitalised words, and what stands around them
    persons.py      is a run a person: by lists, by context, by shape
    organisations.py  runs that are no person: organisations, places, nationalities
    names.py        runs cut where ordinary words begin; speakers; names met again; names written small
    streets.py      what tells a street
    addresses.py    the street with its unit, postcode, town and country
    postal.py       addresses by what announces or ends them, postcodes
    jobs.py         titles and professions
    find.py         all of them in order, without overlaps
    replacing.py    tags and stand-ins

presidio-analyzer was measured for this first (`python -m tests.benchmarks.personal_data`): without a spaCy model it
finds numbers alone, and importing it loads spaCy and transformers, 7 s of work at a user's first file.
"""

from finetune.data.personal.checkdigits import iban, luhn, nhs, spanish_id
from finetune.data.personal.find import MoreFinds, find_personal
from finetune.data.personal.kinds import CANNOT_FIND, DIRECT, INDIRECT, KINDS, PersonalItem, PersonalKind
from finetune.data.personal.replacing import (
    CONTACTS,
    Style,
    called_ours,
    is_kept,
    is_stand_in,
    own_contacts,
    replace,
    stands_in_name,
)

__all__ = [
    "CANNOT_FIND", "CONTACTS", "DIRECT", "INDIRECT", "KINDS", "MoreFinds", "PersonalItem", "PersonalKind", "Style",
    "called_ours", "find_personal", "iban", "is_kept", "is_stand_in", "luhn", "nhs", "own_contacts", "replace",
    "spanish_id", "stands_in_name",
]  # fmt: skip
