"""Cards, curve, sidebar and suggestions as HTML for the page. All text is escaped; nothing from data becomes markup."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from assistant.render import (
    NOTE,
    PROBLEM,
    duration,
    figure,
    is_going,
    place_of,
    report_path,
    setting_name,
    setting_value,
    size_in_words,
)
from finetune.project import Project
from finetune.status import read_status
from tools.brief import in_words
from tools.journey import STAGE_NAMES, Stage, State

Card = dict[str, Any]
# A file's path, whole or inside the project, to the address it can be fetched from; None where it must not be.
Link = Callable[[str], str | None]

# The sanitiser of Gradio's chat takes `viewBox` away, so the picture has the width of the smallest phone's bubble.
CURVE_WIDTH, CURVE_HEIGHT = 300, 130
BAR_WIDTH = 200
ROWS_OPEN = 6  # rows of data that stand open in the chat; the rest is one click away
# Verdict and plan are two states of the journey and one step for the user.
STEPS: tuple[tuple[str, tuple[Stage, ...]], ...] = (
    ("Getting to know you", ("interview",)),
    ("Rules and terms", ("knowledge",)),
    ("Your data", ("data",)),
    ("Verdict and plan", ("verdict", "plan")),
    ("Training", ("training",)),
    ("The test", ("evaluation",)),
    ("Trying it out", ("trial",)),
    ("Publishing", ("publish",)),
    ("Watching over it", ("watch",)),
)
REVIEW_BUTTON = Markup(
    '<button type="button" class="at-review-button" data-review><span class="at-to-rows">Review rows</span>'
    '<span class="at-to-chat">Back to the chat</span></button>'
)
SPLIT_NAMES = {"train": "training", "validation": "held out", "test": "test set", "": "not split yet"}


def html(template: str, *values: object) -> Markup:
    """Fill `{}` with escaped values; a value that is `Markup` already goes in as it is."""
    return Markup(template).format(*values)


def joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def each(template: str, values: Iterable[object]) -> Markup:
    return joined(html(template, value) for value in values)


def one_line(markup: Markup) -> str:
    """A blank line would end the HTML block for the chat's Markdown reader; an entity shows the same."""
    return str(markup).replace("\r", "").replace("\n", "&#10;")


# --- the chat -----------------------------------------------------------------------------------------------------


def user_bubble(text: str, files: Sequence[str]) -> str:
    """What the user typed, letter by letter, and the names of the attached files."""
    chips = each('<span class="at-file">{}</span>', files)
    return one_line(html('<div class="at-said">{}</div>{}', text, chips) if text else html("<div>{}</div>", chips))


def spoken(text: str) -> str:
    """The assistant's words as Markdown that can load nothing: no markup of its own, no picture from elsewhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!\\[")


def card_as_html(card: Card, link: Link = lambda path: None) -> str:
    """One card of any kind; an unknown kind shows its title alone."""
    body = BODIES[card["kind"]](card, link) if card["kind"] in BODIES else Markup("")
    heading = html('<div class="at-title">{}</div>', card.get("title", ""))
    return one_line(html('<div class="at-card at-{}">{}{}</div>', card["kind"], heading, body))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: int = 0) -> Markup:
    """A table that becomes a stack of labelled lines on a phone; the last `numbers` columns are figures."""
    first_figure = len(head) - numbers
    titles = joined(
        html('<th scope="col"{}>{}</th>', Markup(' class="at-num"') if n >= first_figure else "", title)
        for n, title in enumerate(head)
    )
    lines = joined(
        html(
            "<tr>{}</tr>",
            joined(
                html(
                    '<td{}><span class="at-label">{}</span><span class="at-cell">{}</span></td>',
                    Markup(' class="at-num"') if n >= first_figure else "",
                    title,
                    value,
                )
                for n, (title, value) in enumerate(zip(head, row, strict=True))
            ),
        )
        for row in rows
    )
    return html('<table class="at-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', titles, lines)


def tiles(figures: Iterable[tuple[str, str]]) -> Markup:
    inner = joined(html('<div class="at-tile"><b>{}</b><span>{}</span></div>', value, name) for name, value in figures)
    return html('<div class="at-tiles">{}</div>', inner) if inner else Markup("")


def sentences(lines: Iterable[object]) -> Markup:
    inner = each("<li>{}</li>", lines)
    return html('<ul class="at-list">{}</ul>', inner) if inner else Markup("")


def remarks(notes: Iterable[object]) -> Markup:
    """What was noticed in a file or a row, each a line of its own."""
    return joined(html('<span class="at-note"><b>{}</b> {}</span>', NOTE, note) for note in notes)


def folded(summary: str, body: Markup) -> Markup:
    return html('<details class="at-fold"><summary>{}</summary>{}</details>', summary, body) if body else Markup("")


def brief_body(card: Card, link: Link) -> Markup:
    return joined(
        html('<div class="at-fact"><span>{}</span><b>{}</b></div>', f["title"], f["value"]) for f in card["fields"]
    )


def web_address(url: object) -> str | None:
    """The address if it is one of the web; anything else, such as a script, is not made a link."""
    text = str(url or "")
    return text if urlsplit(text).scheme in ("http", "https") else None


def rules_body(card: Card, link: Link) -> Markup:
    def entry(number: int, row: dict[str, Any]) -> Markup:
        citation = (
            html('<a href="{}">{}</a>', url, row["citation"]) if (url := web_address(row["url"])) else row["citation"]
        )
        kept = {True: "kept", False: "dropped", None: ""}[row.get("kept")]
        checked = "checked against the law's text" if row["verified"] else "not checked against the law's text"
        return html(
            '<details class="at-rule"><summary><span class="at-number">{}</span><span class="at-rule-title">{}</span>'
            '<span class="at-tag">{}</span>{}{}</summary><p>{}</p><p class="at-fine">{} · as of {} · {}</p>'
            '<p class="at-fine">{}</p>{}</details>',
            row.get("number", number), row["title"], row["jurisdiction"],
            "" if row["verified"] else Markup('<span class="at-tag at-caution">not checked</span>'),
            html('<span class="at-tag at-{}">{}</span>', kept, kept) if kept else "",
            row["summary"], citation, row["as_of"], checked, row["reason"],
            html("<p>Your team: {}</p>", row["practice"]) if row.get("practice") else "",
        )  # fmt: skip

    return joined(entry(n, row) for n, row in enumerate(card["entries"], 1))


def passages_body(card: Card, link: Link) -> Markup:
    def passage(row: dict[str, Any]) -> Markup:
        heading = html("<b>{}</b> ", row["heading"]) if row["heading"] else Markup("")
        return html(
            '<div class="at-passage"><blockquote>{}</blockquote><p class="at-fine">{}{} · {}</p></div>',
            row["text"], heading, place_of(row), row["reason"],
        )  # fmt: skip

    return joined(passage(row) for row in card["passages"])


def file_body(card: Card, link: Link) -> Markup:
    found = html("<p><b>{}</b> {}</p>", card["rows"], "example" if card["rows"] == 1 else "examples")
    return joined(
        [
            found if card["rows"] else Markup(""),
            sentences(card["read"]),
            remarks(card.get("notes", [])),  # none in a conversation of before there were two kinds
            joined(html('<p class="at-problem"><b>{}</b> {}</p>', PROBLEM, problem) for problem in card["problems"]),
        ]
    )


def columns_body(card: Card, link: Link) -> Markup:
    note = html(
        "<p>My guess: <b>{}</b> comes in, <b>{}</b> goes out.</p>", card["question"] or "?", card["answer"] or "?"
    )
    width = len(card["header"])
    rows = [[*row[:width], *[""] * (width - len(row))] for row in card["sample"]]
    return note + table(card["header"], rows)


def data_body(card: Card, link: Link) -> Markup:
    rows = [
        (
            row.get("number", n),
            row["question"],
            row["answer"],
            html('<span class="at-tag at-{}">{}</span>', row["split"] or "none", SPLIT_NAMES[row["split"]]),
            html("{}{}", row["source"], remarks(row.get("notes", []))),
        )
        for n, row in enumerate(card["rows"], 1)
    ]
    head = ("Row", "What comes in", "What goes out", "Used for", "From")
    more = rows[ROWS_OPEN:]
    shown = html('<p class="at-fine">{} of {} rows shown.</p>', len(rows), card["total"])
    rest = folded(f"{len(more)} more rows", table(head, more)) if more else Markup("")
    return table(head, rows[:ROWS_OPEN]) + rest + shown


def conflicts_body(card: Card, link: Link) -> Markup:
    def answers(question: dict[str, Any]) -> Markup:
        rows = [(", ".join(map(str, a["numbers"])), a["answer"], a["source"]) for a in question["answers"]]
        return html("<p><strong>{}</strong></p>", question["question"]) + table(("Row", "Answer", "From"), rows)

    shown = html('<p class="at-fine">{} of {} questions shown.</p>', len(card["questions"]), card["total"])
    return joined(answers(question) for question in card["questions"]) + shown


def report_body(card: Card, link: Link) -> Markup:
    counts = [(name.replace("_", " "), f"{count:,}") for name, count in card["counts"].items()]
    return tiles(counts) + sentences(card["sentences"])


def coverage_body(card: Card, link: Link) -> Markup:
    topics = [(t["topic"], t["example"], f"{t['rows']:,}", f"{t['share']:.0%}") for t in card["topics"]]
    wanted = [(s["subject"], s["what"], s["level"], f"{s['rows']:,} of {s['least']:,}") for s in card["subjects"]]
    shown = table(("Topic", "For example", "Rows", "Share"), topics, numbers=2) if topics else Markup("")
    missing = table(("Wanted", "What it is", "Level", "Rows"), wanted, numbers=1) if wanted else Markup("")
    requests = joined(html("<li>{} <small>({})</small></li>", a["request"], a["reason"]) for a in card["additions"])
    add = html("<p>To add next, the most useful first:</p><ol>{}</ol>", requests) if requests else Markup("")
    return sentences(card["sentences"]) + add + folded("What it is about", shown) + folded("What is wanted", missing)


def personal_body(card: Card, link: Link) -> Markup:
    rows = [(f["kind"], f["context"], f["replacement"]) for f in card["found"]]
    cannot = html("<p>What I cannot find by myself: {}. Please look for these.</p>", ", ".join(card["cannot_find"]))
    found = table(("Kind", "Where it stood", "Now reads"), rows) if rows else html("<p>I found none.</p>")
    return found + (cannot if card["cannot_find"] else Markup(""))


def verdict_body(card: Card, link: Link) -> Markup:
    word = {"go": "Worth tuning", "caution": "Worth a try, with care", "stop": "I advise against it"}[card["level"]]
    shown = [(name.replace("_", " "), figure(value)) for name, value in card["figures"].items()]
    return (
        html('<div class="at-banner at-{}">{}</div>', card["level"], word) + sentences(card["sentences"]) + tiles(shown)
    )


def plan_body(card: Card, link: Link) -> Markup:
    cost = [
        ("expected", duration(card["minutes"]) if card["minutes"] is not None else "not known"),
        ("memory", f"{card['memory_gib']:.1f} GiB" if card["memory_gib"] is not None else "not known"),
    ]
    rows = [(setting_name(s["name"]), setting_value(s["value"]), s["reason"]) for s in card["settings"]]
    instruction = html("<p>{}</p>", card["system_message"]) if card.get("system_message") else Markup("")
    return (
        tiles(cost)
        + folded("Every setting, and why", table(("Setting", "Value", "Why"), rows))
        + folded("What the model is told before each question", instruction)
    )


def share(card: Card) -> int:
    """How much of the longest possible training is done, in percent."""
    return round(100 * min(card["step"] / card["max_steps"], 1)) if card["max_steps"] else 0


def progress_body(card: Card, link: Link) -> Markup:
    left = f"at most {duration(card['minutes_left'])} left" if is_going(card) else ""
    done = f"step {card['step']} of at most {card['max_steps']}" if card["max_steps"] else ""
    state = str(card["state"]).replace("_", " ")
    note = " · ".join(part for part in (state, done, left) if part)
    return html(
        '<div class="at-moving"><div><div class="at-bar" role="progressbar" aria-valuenow="{0}" aria-valuemin="0" '
        'aria-valuemax="100" aria-label="Training"><div style="width:{0}%"></div></div>'
        '<p class="at-fine">{1}</p><p>{2}</p></div>{3}</div>',
        share(card), note, card["sentence"], curve(card["curve"]),
    )  # fmt: skip


def curve(points: Sequence[dict[str, Any]]) -> Markup:
    """The error on rows being read and on rows held out, step by step; empty before there are two points."""
    read = [(p["step"], p["train_loss"]) for p in points if p["train_loss"] is not None]
    held = [(p["step"], p["validation_loss"]) for p in points if p["validation_loss"] is not None]
    if len(read) + len(held) < 2:
        return Markup("")
    losses = [loss for _, loss in read + held]
    low, high = min(losses), max(losses)
    last = max(step for step, _ in read + held) or 1
    left, right, top, bottom = 36, CURVE_WIDTH - 8, 10, CURVE_HEIGHT - 34

    def place(point: tuple[int, float]) -> tuple[float, float]:
        step, loss = point
        height = (loss - low) / (high - low) if high > low else 0.5
        return left + (right - left) * step / last, bottom - (bottom - top) * height

    def line(points: Sequence[tuple[int, float]], name: str) -> Markup:
        return html(
            '<polyline class="at-{}" points="{}"/>', name, " ".join("{:.1f},{:.1f}".format(*place(p)) for p in points)
        )

    best = min(held, key=lambda p: p[1]) if held else None
    mark = html('<circle class="at-best" cx="{:.1f}" cy="{:.1f}" r="4"/>', *place(best)) if best else Markup("")
    return html(
        '<svg class="at-curve" role="img" width="{0}" height="{1}" aria-label="{2}">'
        '<line class="at-axis" x1="{3}" y1="{4}" x2="{5}" y2="{4}"/>'
        '<text x="0" y="{6}">{7}</text><text x="0" y="{4}">{8}</text>'
        '<text x="{3}" y="{9}">0</text><text x="{5}" y="{9}" class="at-end">step {10}</text>{11}{12}{13}'
        '<rect class="at-read" x="{3}" y="{14}" width="10" height="3"/><text x="50" y="{15}">rows it reads</text>'
        '<rect class="at-held" x="150" y="{14}" width="10" height="3"/>'
        '<text x="164" y="{15}">rows it has never seen</text>'
        "</svg>",
        CURVE_WIDTH, CURVE_HEIGHT,
        f"Error by step, from {high:.2f} down to {low:.2f}" + (f"; best at step {best[0]}" if best else ""),
        left, bottom, right, top + 8, f"{high:.2f}", f"{low:.2f}", bottom + 13, last,
        line(read, "read"), line(held, "held"), mark, CURVE_HEIGHT - 9, CURVE_HEIGHT - 4,
    )  # fmt: skip


def bars(metrics: Sequence[dict[str, Any]]) -> Markup:
    """Base and tuned side by side, each figure on a scale of its own."""

    def pair(metric: dict[str, Any]) -> Markup:
        most = max(metric["base"], metric["tuned"], 0) or 1

        def bar(which: str) -> Markup:
            width = round(BAR_WIDTH * max(metric[which], 0) / most)
            return html(
                '<div class="at-pair"><span>{}</span><div class="at-{}-bar" style="width:{}px"></div><b>{}</b></div>',
                which, which, width, figure(metric[which]),
            )  # fmt: skip

        return html('<div class="at-metric"><div>{}</div>{}{}</div>', metric["name"], bar("base"), bar("tuned"))

    return html('<div class="at-plot">{}</div>', joined(pair(m) for m in metrics))


def evaluation_body(card: Card, link: Link) -> Markup:
    level = {"better": "go", "worse": "stop"}.get(card["verdict"], "caution")
    rows = [
        (m["name"], figure(m["base"]), figure(m["tuned"]), interval(m.get("low"), m.get("high")))
        for m in card["metrics"]
    ]
    checks = [
        (c["name"], f"{c['base_passed']} of {c['total']}", f"{c['tuned_passed']} of {c['total']}")
        for c in card["checks"]
    ]
    address = link(report_path(card)) if card.get("file") else None
    return joined(
        [
            html('<div class="at-banner at-{}">{}</div>', level, str(card["verdict"]).capitalize()),
            html("<p>{}</p>", card["sentence"]) if card.get("sentence") else Markup(""),
            bars(card["metrics"]),
            table(("Measure", "Base", "Tuned", "Difference, likely"), rows, numbers=3),
            sentences(m["sentence"] for m in card["metrics"]),
            table(("Behaviour", "Base passed", "Tuned passed"), checks, numbers=2) if checks else Markup(""),
            folded("Its best answers", joined(side_by_side(p) for p in card["best"])),
            folded("Its worst answers", joined(side_by_side(p) for p in card["worst"])),
            html('<p><a href="{}">The whole report as a file</a></p>', address) if address else Markup(""),
        ]
    )


def interval(low: float | None, high: float | None) -> str:
    return "not known" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"


def side_by_side(pair: dict[str, Any]) -> Markup:
    """One question with both answers, and the right one where it is known."""
    reference = html('<p class="at-fine">Right answer: {}</p>', pair["reference"]) if pair.get("reference") else ""
    return html(
        '<div class="at-question">{}</div>{}<div class="at-both"><div class="at-answer"><span>Base model</span>{}</div>'
        '<div class="at-answer at-tuned"><span>Tuned model</span>{}</div></div>',
        pair.get("question") or pair.get("prompt", ""), reference, pair["base"] or "…", pair["tuned"] or "…",
    )  # fmt: skip


def comparison_body(card: Card, link: Link) -> Markup:
    source = card.get("source")
    quote = (
        html('<p class="at-fine">Your {}, says: “{}”</p>', place_of(source), source["text"]) if source else Markup("")
    )
    return side_by_side(card) + quote


def files_body(card: Card, link: Link) -> Markup:
    def line(file: dict[str, Any]) -> Markup:
        address = link(file["path"])
        name = html('<a href="{}">{}</a>', address, file["name"]) if address else escape(file["name"])
        return html('<li>{} <span class="at-fine">{}</span></li>', name, size_in_words(file["size"]))

    return html('<ul class="at-list">{}</ul>', joined(line(f) for f in card["files"]))


def watch_body(card: Card, link: Link) -> Markup:
    waiting = [("for the test set", str(card["test_items"])), ("for training", str(card["training_rows"]))]
    return sentences(card["sentences"]) + tiles(waiting)


BODIES: dict[str, Callable[[Card, Link], Markup]] = {
    "brief": brief_body,
    "rules": rules_body,
    "passages": passages_body,
    "file": file_body,
    "columns": columns_body,
    "data": data_body,
    "conflicts": conflicts_body,
    "report": report_body,
    "coverage": coverage_body,
    "personal": personal_body,
    "verdict": verdict_body,
    "plan": plan_body,
    "progress": progress_body,
    "evaluation": evaluation_body,
    "comparison": comparison_body,
    "files": files_body,
    "watch": watch_body,
}


# --- around the chat ----------------------------------------------------------------------------------------------


def suggestions(options: Sequence[str], waiting_for: str | None) -> str:
    """Buttons, each of which sends its own words; an approval's first one is the weighty one."""
    waiting = waiting_for or ""
    chips = each('<button type="button" class="at-chip" data-say="{0}">{0}</button>', options)
    kind = "at-chips at-approval" if waiting.startswith("approval:") else "at-chips"
    return str(
        html('<div class="{}" role="group" aria-label="Suggested answers" data-for="{}">{}</div>', kind, waiting, chips)
    )


def step_of(stage: str) -> int:
    return next(n for n, (_, stages) in enumerate(STEPS) if stage in stages)


def heading(stage: str, *, busy: bool = False, rows: bool = False) -> str:
    """One line over the chat: where we are, for those who do not see the sidebar, and whether an answer is coming.

    With `rows` there is a button to the table of rows and back.
    """
    number = step_of(stage)
    working = Markup('<span class="at-busy" role="status">Working …</span>') if busy else ""
    template = '<div class="at-head"><span class="at-brand">Attune</span><span>Step {} of {} · {}</span>{}{}</div>'
    review = REVIEW_BUTTON if rows else Markup("")
    return str(html(template, number + 1, len(STEPS), STEPS[number][0], working, review))


def sidebar(state: State) -> str:
    """The steps, the brief with a way to change each item, the files and the runs."""
    return str(
        section("Where we are", steps(state.stage))
        + section("What I know", brief_list(state))
        + section("Your files", each('<div class="at-line">{}</div>', file_names(state.project)))
        + section("Training rounds", runs_list(state.project))
    )


def section(title: str, body: Markup) -> Markup:
    return html('<section class="at-side"><h2>{}</h2>{}</section>', title, body) if body else Markup("")


def steps(stage: str) -> Markup:
    here = step_of(stage)
    items = (
        html(
            '<li class="{}"{}>{}</li>',
            "at-done" if n < here else "at-here" if n == here else "",
            Markup(' aria-current="step"') if n == here else "",
            title,
        )
        for n, (title, _) in enumerate(STEPS)
    )
    return html('<ol class="at-steps">{}</ol>', joined(items))


def brief_list(state: State) -> Markup:
    def item(name: str, value: Any) -> Markup:
        title = name.replace("_", " ")
        return html(
            '<div class="at-fact"><span>{}</span><b>{}</b><button type="button" class="at-change" '
            'data-say="go back to {}" aria-label="Change {}">change</button></div>',
            title.capitalize(), in_words(name, value), title, title,
        )  # fmt: skip

    return joined(item(name, value) for name, value in state.brief.known().items())


def file_names(project: Project) -> list[str]:
    return sorted(p.name for p in project.files.iterdir() if not p.name.startswith("."))


def runs_list(project: Project) -> Markup:
    def item(name: str, words: str) -> Markup:
        return html('<div class="at-fact"><span>Round {}</span><b>{}</b></div>', name, words)

    return joined(item(run.name, run_state(run.evaluation.exists(), read_status(run))) for run in project.runs())


def run_state(tested: bool, status: Any) -> str:
    if tested:
        return "trained and tested"
    return "waiting" if status is None else str(status.state).replace("_", " ")


assert {stage for _, stages in STEPS for stage in stages} == set(STAGE_NAMES)  # a new stage needs a step
