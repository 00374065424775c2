"""Events and cards as plain text for the terminal; and the words that page and terminal share."""

from collections.abc import Callable, Sequence
from typing import Any

from assistant.events import Event, Progress, Reply, ToolFinished, ToolStarted, Working

Card = dict[str, Any]

CELL = 48  # characters; a longer cell is cut, since a wrapped table cannot be read
BAR = 24  # characters of the progress bar
# Said before what was noticed, and before what could not be used: the colours of the page are not for everybody.
NOTE, PROBLEM = "Note:", "Problem:"


# --- words both share -----------------------------------------------------------------------------------------------


def duration(minutes: float) -> str:
    """A time as people say it."""
    if minutes < 1:
        return "a minute"
    if minutes < 90:
        return f"{minutes:.0f} minute{'' if round(minutes) == 1 else 's'}"
    return f"{minutes / 60:.1f} hours"


def figure(value: float | int | None) -> str:
    """A number with as many digits as mean something; counts stay whole."""
    if value is None:
        return "not known"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.2f}"


def size_in_words(size: int) -> str:
    for unit, bytes_in in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= bytes_in:
            return f"{size / bytes_in:.1f} {unit}"
    return f"{size} bytes"


def setting_name(name: str) -> str:
    return name.replace("_", " ").capitalize()


def setting_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)


def report_path(card: Card) -> str:
    """Where an evaluation's report lies inside its project."""
    return f"runs/{card['run']}/{card['file']}"


def is_going(card: Card) -> bool:
    """Whether a progress card has time left to tell."""
    return card["state"] == "training" and card["minutes_left"] is not None


# --- events ---------------------------------------------------------------------------------------------------------


def reply_as_text(event: Event) -> str:
    """An event as the terminal shows it; empty where there is nothing to show."""
    if isinstance(event, ToolStarted):
        return f"  · {event.title} …"
    if isinstance(event, ToolFinished):
        return f"  ! {event.title}: not done" if event.failed else ""
    if isinstance(event, Working):
        return f"  · {event.sentence}"
    if isinstance(event, Progress):
        return progress_line(event.card)
    if isinstance(event, Reply):
        cards = [card_as_text(card) for card in event.cards if card["kind"] != "brief" or card["asked"]]
        options = f"→ {' | '.join(event.options)}" if event.options else ""
        return "\n\n".join(part for part in (*cards, event.text, options) if part) + "\n"
    return ""


def progress_line(card: Card) -> str:
    share = min(card["step"] / card["max_steps"], 1.0) if card["max_steps"] else 0.0
    bar = ("█" * round(share * BAR)).ljust(BAR, "░")
    left = f", at most {duration(card['minutes_left'])} left" if is_going(card) else ""
    done = f" {card['step']}/{card['max_steps']}" if card["max_steps"] else ""
    return f"  [{bar}]{done}{left}  {card['sentence']}".rstrip()


# --- cards ----------------------------------------------------------------------------------------------------------


def card_as_text(card: Card) -> str:
    """One card; an unknown kind shows its title alone."""
    lines = TEXTS[card["kind"]](card) if card["kind"] in TEXTS else []
    title = str(card.get("title", ""))
    return "\n".join([title, "─" * len(title), *lines])


def aligned(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table in columns of equal width, cells cut at `CELL` characters."""
    cells = [[cut(str(c)) for c in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def cut(text: str) -> str:
    """A cell's text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= CELL else line[: CELL - 1] + "…"


def bullets(lines: Sequence[object]) -> list[str]:
    return [f"- {line}" for line in lines]


def brief_text(card: Card) -> list[str]:
    return [f"{f['title']}: {f['value']}" for f in card["fields"]]


def rules_text(card: Card) -> list[str]:
    lines = []
    for number, row in enumerate(card["entries"], 1):
        kept = {True: ", kept", False: ", dropped", None: ""}[row.get("kept")]
        checked = "" if row["verified"] else ", not checked against the law's text"
        lines += [
            f"{row.get('number', number)}. {row['title']} ({row['jurisdiction']}{kept})",
            f"   {row['summary']}",
            f"   {row['citation']}, as of {row['as_of']}{checked}. {row['reason']}",
        ]
        if row.get("practice"):
            lines.append(f"   Your team: {row['practice']}")
    return lines


def place_of(passage: dict[str, Any]) -> str:
    """Where a passage of an own document stands: file and page."""
    return f"{passage['file']}, page {passage['page']}" if passage["page"] else str(passage["file"])


def passages_text(card: Card) -> list[str]:
    lines = []
    for passage in card["passages"]:
        heading = f": {passage['heading']}" if passage["heading"] else ""
        lines += [
            f"{passage['number']}. {place_of(passage)}{heading}",
            f"   “{' '.join(passage['text'].split())}”",
            f"   {passage['reason']}",
        ]
    return lines


def file_text(card: Card) -> list[str]:
    notes = [f"- {NOTE} {note}" for note in card.get("notes", [])]
    problems = [f"! {PROBLEM} {problem}" for problem in card["problems"]]
    return [f"{card['rows']} examples", *bullets(card["read"]), *notes, *problems]


def columns_text(card: Card) -> list[str]:
    width = len(card["header"])
    rows = [[*row[:width], *[""] * (width - len(row))] for row in card["sample"]]
    return [*aligned(card["header"], rows), f"My guess: {card['question'] or '?'} → {card['answer'] or '?'}"]


def data_text(card: Card) -> list[str]:
    rows = [
        (row.get("number", n), row["question"], row["answer"], row["split"], row["source"])
        for n, row in enumerate(card["rows"], 1)
    ]
    notes = [f"row {row['number']}: {'; '.join(row['notes'])}" for row in card["rows"] if row.get("notes")]
    shown = f"{len(rows)} of {card['total']} rows shown."
    return [*aligned(("row", "in", "out", "split", "from"), rows), *bullets(notes), shown]


def conflicts_text(card: Card) -> list[str]:
    lines = []
    for question in card["questions"]:
        lines.append(f"“{' '.join(question['question'].split())}”")
        for answer in question["answers"]:
            numbers = ", ".join(map(str, answer["numbers"]))
            lines.append(f"  row {numbers}: {' '.join(answer['answer'].split())} ({answer['source']})")
    return [*lines, f"{len(card['questions'])} of {card['total']} questions shown."]


def report_text(card: Card) -> list[str]:
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in card["counts"].items())
    return [counts, *bullets(card["sentences"])] if counts else bullets(card["sentences"])


def coverage_text(card: Card) -> list[str]:
    topics = [(t["topic"], f"{t['rows']:,}", f"{t['share']:.0%}", t["example"]) for t in card["topics"]]
    wanted = [(s["subject"], s["what"], f"{s['rows']:,} of {s['least']:,}", s["level"]) for s in card["subjects"]]
    return [
        *bullets(card["sentences"]),
        *(aligned(("topic", "rows", "share", "for example"), topics) if topics else []),
        *(aligned(("wanted", "what it is", "rows", "level"), wanted) if wanted else []),
        *(f"{n}. {a['request']} ({a['reason']})" for n, a in enumerate(card["additions"], 1)),
    ]


def personal_text(card: Card) -> list[str]:
    rows = [(f["kind"], f["context"], f["replacement"]) for f in card["found"]]
    cannot = [f"What I cannot find by myself: {', '.join(card['cannot_find'])}."] if card["cannot_find"] else []
    return [*(aligned(("kind", "where it stood", "now reads"), rows) if rows else ["I found none."]), *cannot]


def verdict_text(card: Card) -> list[str]:
    figures = [f"{name.replace('_', ' ')}: {figure(value)}" for name, value in card["figures"].items()]
    return [*bullets(card["sentences"]), *figures]


def plan_text(card: Card) -> list[str]:
    rows = [(setting_name(s["name"]), setting_value(s["value"]), s["reason"]) for s in card["settings"]]
    cost = f"At most {duration(card['minutes'])}" if card["minutes"] is not None else "Time not known"
    memory = f"{card['memory_gib']:.1f} GiB of memory" if card["memory_gib"] is not None else "memory not known"
    return [f"{cost}, {memory}", *aligned(("setting", "value", "why"), rows)]


def progress_text(card: Card) -> list[str]:
    return [progress_line(card).strip()]


def evaluation_text(card: Card) -> list[str]:
    rows = [
        (
            m["name"],
            figure(m["base"]),
            figure(m["tuned"]),
            f"{m['low']:+.2f} to {m['high']:+.2f}" if m.get("low") is not None and m.get("high") is not None else "?",
        )
        for m in card["metrics"]
    ]
    checks = [
        (c["name"], f"{c['base_passed']}/{c['total']}", f"{c['tuned_passed']}/{c['total']}") for c in card["checks"]
    ]
    worst = [line for pair in card["worst"][:1] for line in ("Its worst answer:", *comparison_text(pair))]
    return [
        f"Verdict: {card['verdict']}",
        *aligned(("measure", "base", "tuned", "difference, likely"), rows),
        *(aligned(("behaviour", "base", "tuned"), checks) if checks else []),
        *worst,
        *([f"The whole report: {report_path(card)}"] if card.get("file") else []),
    ]


def comparison_text(card: Card) -> list[str]:
    question = card.get("question") or card.get("prompt", "")
    quote = [f"Your {place_of(source)}, says: “{source['text']}”"] if (source := card.get("source")) else []
    return [f"Question: {question}", f"Base:     {card['base']}", f"Tuned:    {card['tuned']}", *quote]


def files_text(card: Card) -> list[str]:
    return [f"{file['path']} ({size_in_words(file['size'])})" for file in card["files"]]


def watch_text(card: Card) -> list[str]:
    waiting = f"Corrections waiting: {card['test_items']} for the test set, {card['training_rows']} for training."
    return [*bullets(card["sentences"]), waiting]


TEXTS: dict[str, Callable[[Card], list[str]]] = {
    "brief": brief_text,
    "rules": rules_text,
    "passages": passages_text,
    "file": file_text,
    "columns": columns_text,
    "data": data_text,
    "conflicts": conflicts_text,
    "report": report_text,
    "coverage": coverage_text,
    "personal": personal_text,
    "verdict": verdict_text,
    "plan": plan_text,
    "progress": progress_text,
    "evaluation": evaluation_text,
    "comparison": comparison_text,
    "files": files_text,
    "watch": watch_text,
}
