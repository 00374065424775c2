"""Small readings of a command's own words: columns, settings, new text for a row, where to publish."""

import re
from typing import Any

from finetune.plan import TrainingPlan

# How people name the settings they may want to change.
SETTING_WORDS = {
    "epochs": r"epochs?|rounds?|passes",
    "learning_rate": r"learning[ _-]?rate|lr",
    "rank": r"rank|r",
    "alpha": r"alpha",
    "dropout": r"dropout",
    "max_length": r"max(?:imum)?[ _-]?length|tokens a row",
    "examples_per_update": r"batch(?:[ _-]?size)?|examples per update",
    "patience": r"patience",
    "seed": r"seed",
}
BASE_MODEL = re.compile(
    r"\bmodel\s*(?:to|=|:|is|called|in|at|from)?\s*[\"']?((?:/|\.{0,2}/|~/)\S+|[\w.-]+/[\w.-]+|starter)\b", re.I
)
CORRECTION = re.compile(
    r"(?:should(?: have)? (?:say|said|be|been|read|answer(?:ed)?)|(?:correct|right) answer is|better:)\s*:?\s*(.+)$",
    re.I | re.S,
)
NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"


def settings_in(text: str) -> dict[str, Any]:
    """Settings and values named in a sentence: "use 3 epochs and a learning rate of 1e-4"."""
    found: dict[str, Any] = {}
    for name, words in SETTING_WORDS.items():
        after = re.search(rf"\b(?:{words})\b\s*(?:of|to|=|:|is|at)?\s*{NUMBER}", text, re.I)
        before = re.search(rf"{NUMBER}\s+(?:{words})\b", text, re.I)
        if match := before or after:
            whole = TrainingPlan.model_fields[name].annotation is int
            found[name] = int(float(match[1])) if whole else float(match[1])
    if match := BASE_MODEL.search(text):
        found["base_model"] = match[1].strip("\"'")
    return found


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


def new_text(text: str) -> tuple[str, str]:
    """Which part of a row is changed, and to what: ("answer", "We open at nine.")."""
    match = re.search(r"(?::|\bto\b|\bwith\b|\bread\b)\s*[\"“]?(.+?)[\"”]?\s*$", text, re.S)
    part = "question" if re.search(r"\bquestions?\b", text[: match.start()] if match else text, re.I) else "answer"
    return part, match[1] if match else ""


def correction_in(text: str) -> str:
    """The right answer in "it should have said: …"; empty where only the verdict was given."""
    match = CORRECTION.search(text)
    return match[1].strip(' "“”') if match else ""


def place_to_publish(text: str) -> str | None:
    for where, words in {
        "space": r"\bspaces?\b",
        "hub": r"\bhub\b|hugging ?face|upload|repositor",
        "api": r"\bapi\b|endpoint|server|serve",
        "file": r"\bfiles?\b|\bzip\b|download|computer|disk|pack",
    }.items():
        if re.search(words, text, re.I):
            return where
    return None
