"""An evaluation as a file to read and as a picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finetune.evaluate import CheckResult, Evaluation, Metric, Pair

BASE_COLOUR, TUNED_COLOUR, TEXT_COLOUR = "#9aa5b1", "#0f766e", "#1f2933"
WIDTH, ROW_HEIGHT, LEFT, BAR_WIDTH = 720, 58, 230, 400


def as_markdown(evaluation: Evaluation) -> str:
    """The evaluation for a reader: verdict, tables, answers side by side."""
    parts = [
        f"# Evaluation of run {evaluation.run}",
        f"**{evaluation.sentence}**",
        "![Base and tuned model compared](evaluation.svg)",
        "## Figures",
        figures_table(evaluation.metrics),
        "\n".join(f"- {metric.sentence}" for metric in evaluation.metrics),
    ]
    if evaluation.checks:
        parts += ["## Behaviour checks", checks_table(evaluation.checks)]
    if evaluation.to_do:
        parts += ["## What to improve", "\n".join(f"{i}. {step}" for i, step in enumerate(evaluation.to_do, 1))]
    for title, pairs in (("Its best answers", evaluation.best), ("Its worst answers", evaluation.worst)):
        if pairs:
            parts += [f"## {title}", *map(_side_by_side, pairs)]
    parts += ["## How this was measured", "\n".join(f"- {note}" for note in evaluation.notes)]
    return "\n\n".join(parts) + "\n"


def figures_table(metrics: list[Metric]) -> str:
    rows = ["| | base | tuned | difference, likely | rows |", "|---|---|---|---|---|"]
    for metric in metrics:
        likely = "not known" if metric.low is None else f"{metric.low:+.3f} to {metric.high:+.3f}"
        better = "higher" if metric.higher_is_better else "lower"
        rows.append(
            f"| {metric.name} ({better} is better) | {metric.base:.3f} | {metric.tuned:.3f} | {likely} "
            f"| {metric.rows} |"
        )
    return "\n".join(rows)


def checks_table(checks: list[CheckResult]) -> str:
    rows = ["| check | base passed | tuned passed | of |", "|---|---|---|---|"]
    rows += [f"| {_cell(c.name)} | {c.base_passed} | {c.tuned_passed} | {c.total} |" for c in checks]
    return "\n".join(rows)


def as_svg(evaluation: Evaluation) -> str:
    """Two bars a figure, base above tuned, each pair on its own scale; a whisker spans what is likely.

    Drawn by hand: a plotting library would be the largest dependency for the smallest picture.
    """
    height = 70 + ROW_HEIGHT * len(evaluation.metrics)
    rows = "".join(_bars(metric, 60 + ROW_HEIGHT * i) for i, metric in enumerate(evaluation.metrics))
    title = f"Run {evaluation.run}: the tuned model is {evaluation.verdict} than the base"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13" fill="{TEXT_COLOUR}">'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>'
        f'<text x="20" y="30" font-size="15" font-weight="600">{escape(title)}</text>'
        f'<rect x="{WIDTH - 150}" y="40" width="10" height="10" fill="{BASE_COLOUR}"/>'
        f'<text x="{WIDTH - 135}" y="50">base</text>'
        f'<rect x="{WIDTH - 85}" y="40" width="10" height="10" fill="{TUNED_COLOUR}"/>'
        f'<text x="{WIDTH - 70}" y="50">tuned</text>{rows}</svg>\n'
    )


def _bars(metric: Metric, top: int) -> str:
    scale = BAR_WIDTH / (max(metric.base, metric.tuned, metric.base + (metric.high or 0.0)) or 1.0)
    better = "higher is better" if metric.higher_is_better else "lower is better"
    parts = [
        f'<text x="20" y="{top + 22}">{escape(metric.name)}</text>',
        f'<text x="20" y="{top + 38}" font-size="11" opacity="0.7">{better}</text>',
    ]
    known = metric.low is not None and metric.high is not None
    low, high = (max(0.0, metric.base + (end or 0.0)) * scale for end in (metric.low, metric.high))
    for value, colour, y in ((metric.base, BASE_COLOUR, top + 10), (metric.tuned, TUNED_COLOUR, top + 28)):
        width = max(1.0, value * scale)
        beside = max(width, high) if known and colour == TUNED_COLOUR else width
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="14" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + beside + 8:.1f}" y="{y + 12}">{value:.2f}</text>')
    if known:
        ends = f"M{LEFT + low:.1f} {top + 31}v8m0-4H{LEFT + high:.1f}m0-4v8"
        parts.append(f'<path d="{ends}" fill="none" stroke="{TEXT_COLOUR}" stroke-width="1.5"/>')
    return "".join(parts)


def _side_by_side(pair: Pair) -> str:
    return "\n".join(
        [
            f"| {_cell(pair.question)} | |",
            "|---|---|",
            f"| right answer | {_cell(pair.reference)} |",
            f"| base ({pair.base_score:.0%}) | {_cell(pair.base)} |",
            f"| tuned ({pair.tuned_score:.0%}) | {_cell(pair.tuned)} |",
        ]
    )


def _cell(text: str) -> str:
    """Row text inside a table: it can neither end the cell nor become markup."""
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|") or "(nothing)"
