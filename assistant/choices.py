"""Small readings of a command's own words: which columns, and where to publish."""

import re


def columns_in(text: str, header: list[str]) -> list[str]:
    """Column names mentioned in a sentence, in the order of mention; a longer name wins over one inside it."""
    lowered = text.lower()
    places: list[tuple[int, str]] = []
    for name in sorted(header, key=len, reverse=True):
        place = lowered.find(name.lower()) if name.strip() else -1
        if place >= 0:
            lowered = lowered.replace(name.lower(), "\0" * len(name), 1)
            places.append((place, name))
    return [name for _, name in sorted(places)]


def place_to_publish(text: str) -> str | None:
    for where, words in {
        "dataset": r"^(?!.*\bmodels?\b).*\bdata[ -]?sets?\b",  # "the model tuned on our data set" is about the model
        "space": r"\bspaces?\b",
        "hub": r"\bhub\b|hugging ?face|upload|repositor",
        "api": r"\bapi\b|endpoint|server|serve",
        "file": r"\bfiles?\b|\bzip\b|download|computer|disk|pack",
    }.items():
        if re.search(words, text, re.I):
            return where
    return None
