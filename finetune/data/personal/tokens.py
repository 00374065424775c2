"""Words and numbers of a text with their places: what names, addresses and places are read from."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from finetune.data.personal.wordlists import PARTICLES, Lists

# Inner apostrophes and hyphens belong to the word (O'Brien, Lopez-Ortiz), the possessive 's does not. Each part has
# one way to match, so the time grows with the length of the text and no faster.
TOKEN = re.compile(r"[^\W\d_]+(?:['’\-](?!s\b)[^\W\d_]+)*|\d\w*(?:[-/]\w+)*")


class Token(NamedTuple):
    text: str
    start: int
    end: int
    lower: str
    gap: str  # what stands between the token before and this one

    @property
    def is_capital(self) -> bool:
        """Begins with a capital: a name may (O'Neil, McCann, d'Arc do too)."""
        return self.text[0].isupper() or (len(self.text) > 2 and self.text[1] in "'’" and self.text[2].isupper())

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()

    @property
    def is_number(self) -> bool:
        return self.text[0].isdigit()


def tokens_of(text: str) -> list[Token]:
    result: list[Token] = []
    position = 0
    for match in TOKEN.finditer(text):
        start, end = match.span()
        word = match[0]
        result.append(Token(word, start, end, word.lower().replace("’", "'"), text[position:start]))
        position = end
    return result


def with_capitals(tokens: Sequence[Token], known: Lists) -> list[Token]:
    """For texts typed without any capitals: each word that is no ordinary one gets its own."""
    return [
        token._replace(text=token.text[0].upper() + token.text[1:])
        if len(token.text) > 2 and token.lower not in PARTICLES and not known.is_ordinary(token.lower)
        else token
        for token in tokens
    ]
