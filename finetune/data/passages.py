"""Running text into passages: paragraphs and lists, each under its heading."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from finetune.data.document import Passage

BULLET = re.compile(r"^\s*(?:[-*•◦▪–·●]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
NUMBERED_HEADING = re.compile(
    r"^(?:(?:section|article|part|chapter|appendix|§)\s*)?\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+\S", re.I
)
QUESTION_MARKER = re.compile(r"^(?:q|question|frage|f|pregunta|p)\s*\d*\s*[:.)]\s+(?=\S)", re.I)
ANSWER_MARKER = re.compile(r"^(?:a|answer|antwort|respuesta|r)\s*\d*\s*[:.)]\s+(?=\S)", re.I)
SENTENCE_END = (".", "!", "?", ":", ";", "…", '."', ".”", ".)")


@dataclass(frozen=True)
class Block:
    """A line group before headings are attached."""

    text: str
    page: int | None
    heading: bool
    level: int = 0  # of a heading, 1 is the highest; 0 where the format does not tell


TITLE_WORDS = 16
LONGEST_ABOVE = 200  # characters kept of a heading that stands above others: each passage below repeats it


def title_from_blocks(blocks: Sequence[Block], *, highest: Sequence[str] = ()) -> str:
    """What a document calls itself: a heading it opens with that heads no text, or is the only one of the `highest`.

    Empty where it opens otherwise; a title is not guessed.
    """
    if not blocks or not blocks[0].heading:
        return ""
    opening = blocks[0].text.strip("# ").strip()
    heads_no_text = len(blocks) > 1 and blocks[1].heading and not blocks[1].text[:1].islower()
    fits = 0 < len(opening.split()) <= TITLE_WORDS and not opening.endswith(("?", ":")) and opening != "Notes"
    return opening if fits and (heads_no_text or [opening] == list(highest)) else ""


def passages_from_blocks(blocks: Iterable[Block]) -> list[Passage]:
    """Attach the last heading to each text; list items join the sentence that introduces them."""
    passages: list[Passage] = []
    heading = ""
    levels: dict[int, str] = {}  # the headings that hold here, the highest first
    above: tuple[str, ...] = ()
    lead = ""
    filled = [replace(block, text=block.text.strip()) for block in blocks if block.text.strip()]
    for i, block in enumerate(filled):
        text = block.text
        before, after = filled[i - 1] if i else None, filled[i + 1] if i + 1 < len(filled) else None
        if block.heading or (QUESTION_MARKER.match(text) and "\n" not in text) or _heads(before, text, after):
            wrapped = before is not None and before.heading and block.heading and text[0].islower()
            text = QUESTION_MARKER.sub("", text).strip("# ").strip()
            of_equals = before and before.heading and before.level == block.level > 0
            if not wrapped:
                lead = heading[:LONGEST_ABOVE] if of_equals else ""
            heading = f"{heading} {text}" if wrapped else text
            if block.level:
                levels = {level: name for level, name in levels.items() if level < block.level}
            above = tuple(levels.values())
            if block.level:
                levels[block.level] = heading[:LONGEST_ABOVE]
            continue
        text = ANSWER_MARKER.sub("", text)
        last = passages[-1] if passages else None
        if last and last.heading == heading and BULLET.match(text) and _introduces(last.text):
            passages[-1] = replace(last, text=f"{last.text}\n{text}")
        else:
            passages.append(Passage(text, block.page, heading, above, lead))
    return passages


def _heads(before: Block | None, text: str, after: Block | None) -> bool:
    """Whether a short paragraph of its own, not set as a heading, heads the finished sentences behind it."""
    if after is None or after.heading or not after.text.endswith(SENTENCE_END) or len(after.text.split()) < 6:
        return False
    listed = before is not None and not before.heading and (before.text.endswith(":") or not _finished(before.text))
    return not listed and _short_title(text) and not BULLET.match(after.text)


def _finished(text: str) -> bool:
    return text.endswith(SENTENCE_END)


def _short_title(text: str) -> bool:
    """A few words with a capital and no stop, as a heading has them and a line of a paragraph has not."""
    words = text.split()
    return (
        len(words) <= 8
        and len(text) <= 60
        and "\n" not in text
        and text[0].isupper()
        and text[-1].isalpha()
        and len(words[0]) > 1
        and not BULLET.match(text)
        and not ANSWER_MARKER.match(text)
    )


def _introduces(text: str) -> bool:
    """Whether a list may go on here: the text ends with a colon or is itself such a list."""
    return text.endswith(":") or (":\n" in text and bool(BULLET.match(text.rsplit("\n", 1)[-1])))


def blocks_from_lines(
    lines: list[str], page: int | None = None, headings: frozenset[int] = frozenset()
) -> Iterator[Block]:
    """Paragraphs of plain or page text, whose lines may be wrapped and may have no blank lines between them.

    Args:
        headings: indices of lines known to be headings, by their type size for instance.
    """
    # A margin narrower than 70 characters is rarely one: the text simply has short lines.
    width = max([70, *map(len, lines)])
    paragraph: list[str] = []
    for i, raw in enumerate(lines):
        line = raw.strip()
        following = lines[i + 1].strip() if i + 1 < len(lines) else ""
        marked = bool(BULLET.match(line) or QUESTION_MARKER.match(line) or ANSWER_MARKER.match(line))
        ended = not paragraph or _ends_paragraph(paragraph[-1], width)
        alone = not paragraph and not following
        if not line:
            yield from _flush(paragraph, page)
        elif (
            i in headings
            or (ended and not BULLET.match(line) and _is_heading(line, following, alone))
            or ((ended or _finished(paragraph[-1])) and _is_plain_heading(line, following, width))
            or (bool(paragraph) and _finished(paragraph[-1]) and _is_question(line, following))
        ):
            yield from _flush(paragraph, page)
            yield Block(line, page, heading=True)
        else:
            if marked or (paragraph and (ended or _leaves_list(paragraph, line, width))):
                yield from _flush(paragraph, page)
            paragraph.append(line)
    yield from _flush(paragraph, page)


def _flush(paragraph: list[str], page: int | None) -> Iterator[Block]:
    if paragraph:
        yield Block(join_wrapped(paragraph), page, heading=False)
        paragraph.clear()


def _ends_paragraph(line: str, width: int) -> bool:
    """A finished sentence on a line that leaves room: the writer ended the paragraph, not the margin."""
    return line.endswith(SENTENCE_END) and len(line) < 0.85 * width


def _leaves_list(paragraph: list[str], line: str, width: int) -> bool:
    """A line that starts anew after a short list item is no part of the item."""
    return bool(BULLET.match(paragraph[0])) and line[0].isupper() and len(paragraph[-1]) < 0.7 * width


def _is_heading(line: str, following: str, alone: bool) -> bool:
    words = line.split()
    start = line.lstrip("¿¡\"“„«'")[:1]
    if not (2 <= len(line) <= 100 and len(words) <= 14) or not (start.isupper() or start.isdigit()):
        return False
    if QUESTION_MARKER.match(line) or ANSWER_MARKER.match(line):
        return False
    if line.endswith("?"):
        return alone or (bool(following) and not following[0].islower())
    if line.endswith((".", ",", ";", ":", "!")) or (following and following[0].islower()):
        return False
    capitals = sum(word[0].isupper() for word in words if word[0].isalpha())
    letters = [word for word in words if word[0].isalpha() and len(word) > 3]
    titled = bool(letters) and capitals >= 0.6 * len(letters)
    return alone or bool(NUMBERED_HEADING.match(line)) or line.isupper() or (titled and len(words) <= 8)


def _is_plain_heading(line: str, following: str, width: int) -> bool:
    """A heading that looks like the text around it: far from the margin, without a stop, before a longer line."""
    return (
        _short_title(line)
        and len(line) < 0.5 * width
        and following[:1].isupper()
        and len(following) > 1.5 * len(line)
        and not BULLET.match(following)
    )


def _is_question(line: str, following: str) -> bool:
    """A whole question on a line of its own, before a line that starts anew: an FAQ's, not a paragraph's."""
    return (
        line.endswith("?")
        and following[:1].isupper()
        and len(line.split()) >= 3
        and _is_heading(line, following, False)
    )


def join_wrapped(lines: list[str]) -> str:
    """One paragraph from its lines; a word divided at the margin is put together again."""
    parts: list[str] = []
    for line in lines:
        if parts and re.search(r"[a-zäöüß]-$", parts[-1][-2:]) and line[:1].islower():
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        else:
            parts += [" ", line] if parts else [line]
    return re.sub(r"[ \t\u00a0]+", " ", "".join(parts)).strip()


CELLS = re.compile(r"\s\|\s|^\|.*\|")  # in a line of a table, which is no part of the line before it
DASHES = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\|?")  # the line under a table's header


def blocks_from_markdown(text: str) -> Iterator[Block]:
    """Markdown's headings, paragraphs and lists; code, images, link targets and emphasis marks are taken off.

    The mark of a quotation is kept where a colon leads into it, since it shows other people's words.
    """
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", text, flags=re.S | re.M)
    text = _without_comments(text)
    paragraph: list[str] = []
    table: list[str] = []
    lines = text.splitlines()
    shown = _led_into(lines)
    for i, raw in enumerate(lines):
        line = _plain_markdown(raw)
        row = CELLS.search(raw.strip()) is not None
        if table and not row:
            yield Block("\n".join(table), None, heading=False)
            table = []
        if row:
            yield from _flush(paragraph, None)
            table += [] if DASHES.fullmatch(raw.strip()) else [line.strip("|").strip()]
            continue
        underline = re.fullmatch(r"(=+|-{3,})\s*", lines[i + 1]) if i + 1 < len(lines) and raw.strip() else None
        if i in shown and line:
            yield from _flush(paragraph, None)
            yield Block(f"> {line}", None, heading=False)
        elif (marked := re.match(r"(#{1,6})\s", raw)) or (underline and not paragraph):
            yield from _flush(paragraph, None)
            level = len(marked[1]) if marked else 1 if underline and underline[1][0] == "=" else 2
            yield Block(line.lstrip("#").rstrip("#").strip(), None, heading=True, level=level)
        elif re.fullmatch(r"(?:=+|-{3,}|\*{3,}|_{3,})?", raw.strip()):
            yield from _flush(paragraph, None)
        else:
            bold_line = re.fullmatch(r"(\*\*|__)(.+?)\1:?", raw.strip())
            if bold_line and not paragraph:
                yield Block(_plain_markdown(bold_line[2]), None, heading=True)
                continue
            if BULLET.match(raw):
                yield from _flush(paragraph, None)
            paragraph.append(line)
    yield from _flush(paragraph, None)
    if table:
        yield Block("\n".join(table), None, heading=False)


def _without_comments(text: str) -> str:
    """A pattern would look for the end of each one that is left open, to the end of the text each time."""
    kept = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


def _led_into(lines: Sequence[str]) -> set[int]:
    """The lines of quotations that a colon leads into."""
    led: set[int] = set()
    said = ""
    for i, raw in enumerate(lines):
        if raw.lstrip().startswith(">"):
            led |= {i} if said.endswith(":") else set()
        elif raw.strip():
            said = raw.rstrip(" *_")
    return led


def _plain_markdown(line: str) -> str:
    # Bounded, so that brackets that are never closed do not send each search to the end of the line.
    line = re.sub(r"!\[[^\]\[]*\]\([^()]{0,2000}\)", "", line)
    line = re.sub(r"\[([^\]\[]+)\]\([^()]{0,2000}\)", r"\1", line)
    line = re.sub(r"(?<!\\)\\(?=[-.!()#+>~|])", "", line)  # a mark that stands for itself
    line = re.sub(r"(\*\*|__|~~|`)(.+?)\1", r"\2", line)
    line = re.sub(r"(?<![\w*])[*_](\S[^*_]*\S|\S)[*_](?![\w*])", r"\1", line)
    return re.sub(r"^\s*>\s?", "", line).strip()
