"""The model card: what someone responsible needs to sign, without a word of anybody's rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from finetune.evaluate import Evaluation
from finetune.plan import TrainingPlan
from finetune.report import checks_table, figures_table
from finetune.rules_page import RuleUsed, one_line, source_of


class Parity(BaseModel):
    """How far the merged model is from base plus adapter, on the same texts."""

    positions: int = Field(description="token positions compared")
    largest_difference: float = Field(description="largest difference of a logit")
    tolerance: float
    same_token_share: float = Field(description="positions where both find the same token likeliest")


class Evidence(BaseModel):
    """`evidence.json`: what the model was made of, by hash, so that it can be shown later what was released."""

    base_model: str
    base_revision: str | None
    base_licence: str | None = Field(description="None where it is not known")
    base_sha256: dict[str, str]
    adapter_sha256: str
    merged_sha256: str
    data_sha256: dict[str, str]
    plan_sha256: str
    rows: dict[str, int] = Field(description="split to number of rows")
    rows_by_kind: dict[str, int]
    parity: Parity
    versions: dict[str, str] = Field(description="library to version")


@dataclass(frozen=True)
class CardText:
    """What the card says that no file knows."""

    title: str
    brief_lines: Sequence[str]
    rules: Sequence[RuleUsed]


LIMITS = (
    "It writes what is likely, not what is true: a person has to check answers that matter.",
    "It knows what it was taught up to the day of training. Prices, dates and rules that change later are not in it.",
    "The checks look for words and patterns. They do not prove that advice is right or complete.",
    "Names, postal addresses and record numbers cannot be found by pattern alone; the rows were also read by the team.",
)


def write_card(
    text: CardText, plan: TrainingPlan, evidence: Evidence, evaluation: Evaluation | None, *, base_name: str
) -> str:
    """The card as Markdown with the front matter the Hub reads."""
    return "\n\n".join(
        [
            _front_matter(evidence, base_name),
            f"# {one_line(text.title)}",
            f"A language model tuned from **{one_line(base_name)}** with a LoRA adapter (rank {plan.rank}).",
            *_section("What it is for", [f"- {one_line(line)}" for line in text.brief_lines]),
            *_section("Standing instruction", [f"> {one_line(plan.system_message)}"] if plan.system_message else []),
            *_section("Data", _data(evidence)),
            *_section("Rules and terms it was made with", [_rule(rule) for rule in text.rules]),
            "## Results",
            _results(evaluation),
            "## Limits",
            "\n".join(f"- {limit}" for limit in LIMITS),
            "## Licence of the base model",
            _licence(evidence),
            "## How to use it",
            USE,
            "## Evidence",
            _evidence(evidence),
        ]
    ) + "\n"  # fmt: skip


USE = """\
- `model/` is the whole model: `AutoModelForCausalLM.from_pretrained("model")` with its tokenizer and chat template.
- `adapter/` is the change alone, for PEFT: `PeftModel.from_pretrained(base, "adapter")`.
- `space/` is a small chat page for a Hugging Face Space; it needs `model/` beside its `app.py`.
- `RULES.md`, where it is there, says of each rule what it asks, how the team meets it and where the model met it.
- `lineage.json` names, for each row it learnt from, file, page and what was done to it, without its words.
- `API.md` says how to ask it through the API that OpenAI's clients speak.
- Put the standing instruction first in every conversation: the model was trained and tested with it."""


def write_api_guide(title: str, system_message: str) -> str:
    return f"""# Asking {one_line(title)} through its API

Start the server beside the run it was trained in: `python -m finetune.serve RUN_DIR`. Set `ATTUNE_API_KEY` to require
a key; without one it answers this computer only.

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8001/v1", api_key="the value of ATTUNE_API_KEY")
answer = client.chat.completions.create(
    model="tuned",  # or "base", to compare
    messages=[{{"role": "user", "content": "…"}}],
)
print(answer.choices[0].message.content)
```

`stream=True` sends the answer in pieces. A request without a system message gets the standing instruction
{f'("{one_line(system_message)}")' if system_message else "(there is none)"}. Honoured: `max_tokens`, `temperature`,
`top_p`, `seed`, `stop`.
"""


def _front_matter(evidence: Evidence, base_name: str) -> str:
    lines = ["---", "library_name: transformers", "pipeline_tag: text-generation", "tags: [lora, attune]"]
    if "/" in base_name:
        lines.append(f"base_model: {base_name}")
    lines.append(f"license: {(evidence.base_licence or 'other').lower()}")
    return "\n".join([*lines, "---"])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "\n".join(lines)] if lines else []


def _data(evidence: Evidence) -> list[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(evidence.rows_by_kind.items()))
    rows = ", ".join(f"{count} {split}" for split, count in evidence.rows.items())
    return [
        f"- Rows: {rows}.",
        f"- By kind: {kinds}." if kinds else "- No rows.",
        "- The rows themselves stay private.",
    ]


def _rule(rule: RuleUsed) -> str:
    return f"- {one_line(rule.title)}: {source_of(rule)}"


def _results(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "**Not evaluated.** Nothing is known about how well it answers."
    parts = [
        f"Verdict: **{evaluation.verdict}** than the base; advice: **{evaluation.advice}**. "
        f"{evaluation.test_rows} held-out rows, {evaluation.answered_rows} of them answered by both models.",
        figures_table(evaluation.metrics),
        "\n".join(f"- {metric.sentence}" for metric in evaluation.metrics),
    ]
    if evaluation.checks:
        parts.append(checks_table(evaluation.checks))
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in evaluation.notes)])


def _licence(evidence: Evidence) -> str:
    if evidence.base_licence is None:
        return "Not known. Check the licence of the base model before you pass this model on."
    return f"{evidence.base_licence}. What it asks of copies holds for this model, too."


def _evidence(evidence: Evidence) -> str:
    parity = evidence.parity
    hashes = {
        "adapter": evidence.adapter_sha256,
        "merged model": evidence.merged_sha256,
        "plan": evidence.plan_sha256,
        **{f"base: {name}": value for name, value in evidence.base_sha256.items()},
        **{f"data: {name}": value for name, value in evidence.data_sha256.items()},
    }
    table = ["| what | SHA-256 |", "|---|---|", *(f"| {name} | `{value}` |" for name, value in hashes.items())]
    versions = ", ".join(f"{name} {version}" for name, version in evidence.versions.items())
    return "\n".join(
        [
            f"The merged model was loaded again and compared with base plus adapter at {parity.positions} positions: "
            f"its logits differ by at most {parity.largest_difference:.2g} (tolerance {parity.tolerance:.2g}), and the "
            f"likeliest token is the same at {parity.same_token_share:.1%}.",
            "",
            *table,
            "",
            f"Made with {versions}.",
        ]
    )
