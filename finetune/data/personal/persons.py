"""Is a run of words a person? By the lists of names, by what stands beside it, or by its shape."""

from collections.abc import Sequence

from finetune.data.personal.cues import (
    AFTER_NAME,
    ALSO_NOUNS,
    CAMEL,
    NAME_ENDING,
    PLACE_BEFORE,
    PLACE_FIRST,
    PLACE_LAST,
    SAYS,
    SPACE,
    STRICT_PLACE,
    THING_LAST,
)
from finetune.data.personal.runs import Reading, Run
from finetune.data.personal.streets import STREET_LAST
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import ALSO_WORDS


def person(reading: Reading, segment: Run, run: Run) -> str:
    """Why the words are taken for a person's name; empty where they are not."""
    tokens = [reading.tokens[i] for i in range(segment.first, segment.last + 1)]
    bare = [t for t in tokens if not t.is_initial and t.lower not in AFTER_NAME and t.is_capital]
    if not bare or reading.is_case_or_firm(segment):
        return ""
    if reading.named_after(segment):
        return ""
    right = reading.tokens[segment.last + 1].lower if segment.last < run.last else ""
    if right in THING_LAST or right in PLACE_LAST or reading.after(segment) in THING_LAST:
        return ""
    cue = reading.cue(segment.first)
    if cue == "title":
        return "after a title"
    if len(bare) == 1 and len(bare[0].text) == 1:
        return ""
    if any(CAMEL.match(t.text) for t in bare) and cue != "strong":
        return ""
    if all(t.text.isupper() and len(t.text) > 1 for t in bare) and cue != "strong":
        return _shouted(reading, bare, cue)
    if cue == "strong" and not (len(bare) == 1 and reading.known.is_place(bare[0].lower)):
        return "after an introduction, greeting or label"
    if len(bare) == 1 and len(tokens) == 1:
        return _single(reading, segment, run, cue)
    return _several(reading, segment, bare, any(t.is_initial for t in tokens), cue)


def _shouted(reading: Reading, bare: Sequence[Token], cue: str) -> str:
    """JANE SMITH: only where the lists know both words, or one of them and something before them tells a person."""
    known = sum(reading.known.is_name(t.lower) for t in bare)
    enough = len(bare) > 1 and known >= (1 if cue else len(bare))
    return "names that stand in lists" if enough and not any(reading.known.is_ordinary(t.lower) for t in bare) else ""


def _single(reading: Reading, segment: Run, run: Run, cue: str) -> str:
    token = reading.tokens[segment.first]
    lower = token.lower
    beside_thing = segment.last < run.last or (segment.first > run.first and not reading.opens(run.first))
    if reading.is_addressed(segment.first) and not reading.known.is_place(lower):
        return "spoken to"
    if len(lower) < 3 or reading.known.is_ordinary(lower) or reading.known.is_place(lower):
        return ""
    if (lower in THING_LAST or lower in PLACE_LAST or lower in STREET_LAST) and not reading.is_pair(segment):
        return ""
    says = reading.after(segment) in SAYS and not (
        reading.after(segment) in ALSO_NOUNS and reading.opens(segment.first) and not reading.known.is_name(lower)
    )
    if reading.is_owner(segment) or says or reading.lives(segment):
        return "does or owns what persons do"
    if beside_thing:
        return ""
    if reading.is_pair(segment):
        return "beside another name"
    return _by_list_or_shape(reading, segment, cue)


def _by_list_or_shape(reading: Reading, segment: Run, cue: str) -> str:
    """A lone word that lists hold, or that ends as family names do, unless it stands where a place would."""
    token, opens = reading.tokens[segment.first], reading.opens(segment.first)
    lower = token.lower
    before = reading.tokens[segment.first - 1].lower if segment.first and token.gap in SPACE else ""
    after_place, strictly = before in PLACE_BEFORE, before in STRICT_PLACE
    if lower in ALSO_WORDS and opens and not cue and not reading.called(segment):
        return ""
    if lower in reading.known.given:
        a_place = strictly or (after_place and lower in reading.known.places)
        return "" if a_place else "a given name that stands in lists"
    if reading.known.is_name(lower):
        if strictly or (after_place and before in ("from", "at")):
            return ""
        sure = cue == "strong" if reading.small else not opens or cue or "-" in lower
        return "a family name that stands in lists" if sure else ""
    if NAME_ENDING.match(lower) and not after_place and (not opens or not token.text.isascii()):
        return "ends as family names do"
    return ""


def _several(reading: Reading, segment: Run, bare: Sequence[Token], has_initial: bool, cue: str) -> str:
    lowers = [t.lower for t in bare]
    joined = " ".join(lowers)
    if joined in reading.known.places or lowers[0] in PLACE_FIRST or lowers[-1] in PLACE_LAST:
        return ""
    before = reading.tokens[segment.first - 1].lower if segment.first else ""
    in_place = before in STRICT_PLACE and reading.tokens[segment.first].gap in SPACE
    known = sum(reading.known.is_name(lower) and not reading.known.is_place(lower) for lower in lowers)
    given = lowers[0] in reading.known.given
    if given and len(lowers) > 1 and not in_place:
        return "a given name that stands in lists, with another word"
    if known == len(lowers) > 1:
        return "names that stand in lists"
    if known and not in_place and not all(reading.known.is_place(lower) for lower in lowers):
        return "a name that stands in lists, with another word"
    initial = reading.tokens[segment.first].is_initial or reading.tokens[segment.last].is_initial
    if has_initial and not in_place and len(bare) > 1 and not initial:
        return "words with an initial between"
    if len(bare) == 1 and reading.tokens[segment.first].is_initial and segment.last - segment.first >= 2:
        return "words with an initial between"
    if NAME_ENDING.match(lowers[-1]) and not in_place:
        return "ends as family names do"
    if cue == "weak" and len(lowers) > 1 and before not in ("of", "for", "and", "like"):
        return "after words that persons follow"
    if reading.is_owner(segment) or reading.after(segment) in SAYS:
        return "does or owns what persons do"
    alone = len(lowers) in (2, 3) and "\n" in reading.text and reading.alone_on_line(segment)
    return "a line by itself" if alone else ""
