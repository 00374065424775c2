"""What is noted on a row: why it was left out, or what to look at."""

import re

from finetune.example import Example

HIDDEN = "personal data replaced"
DUPLICATE, NEAR_DUPLICATE = "duplicate of", "nearly the same as"  # "row 12"; of several rows: "another row"
CONTRADICTION = "another row answers the same question differently"
OTHER_LANGUAGE = "in another language"
OUTDATED = "may be out of date"
# Reasons for which a row is left out only as long as the other rows are what they are.
PASSING = (DUPLICATE, NEAR_DUPLICATE, OTHER_LANGUAGE)


def why_left_out(example: Example) -> str:
    """The reason a dropped row was dropped for: the last one noted, in general."""
    return in_general(example.reasons[-1]) if example.reasons else "dropped by you"


def in_general(reason: str) -> str:
    """A reason without what is one row's alone: the row it repeats, the words it quotes."""
    return re.sub(r"(?<= )row \d+$", "another row", reason.partition(": “")[0])
