"""Base against tuned on rows neither has seen: `python -m finetune.evaluate RUN_DIR`.

Writes `evaluation.json`, `evaluation.md` and `evaluation.svg`. Answers are kept in `evaluation_rows.jsonl` as they are
made: a killed evaluation goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, Field

from finetune.checks import (
    NO_INVENTED,
    NO_MEMORISED,
    NO_PERSONAL,
    Approved,
    Check,
    Probe,
    example_text,
    failure,
    leaked,
    read_checks,
    scope_checks,
)
from finetune.errors import UserError
from finetune.example import Example, Message
from finetune.files import append_jsonl, read_jsonl, write_json, write_text
from finetune.generate import ChatModel, require_adapter
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.report import as_markdown, as_svg
from finetune.score import (
    Interval,
    answer_score,
    changed_by_chance,
    difference_interval,
    exact_match,
    pass_sentence,
    ratio_interval,
    rouge_l,
)
from finetune.tokens import TokenRow

GENERAL = Path(__file__).with_name("general.txt")
MINUTES = 2.0  # a wait people accept in a chat
ROWS_AT_ONCE = 20  # answered, stored and counted together
LEAST_ROWS = 20  # below this an interval says next to nothing
MOST_ANSWER_TOKENS = 200
SIDE_BY_SIDE = 5
# Nats per token on everyday English: what people notice begins at about a tenth, and half a nat is a third less sure.
FORGOT_A_LITTLE, FORGOT_MUCH = 0.1, 0.5
WEAK_TOPIC_ROWS = 3

Word = Literal["better", "not clearly better", "worse"]
Advice = Literal["release", "improve", "don't release"]


class Metric(BaseModel):
    """One figure for base and tuned; `low` and `high` bound tuned minus base at 95 %, None where nothing bounds it."""

    name: str
    base: float
    tuned: float
    low: float | None
    high: float | None
    higher_is_better: bool
    rows: int
    sentence: str
    floor: float | None = Field(None, description="what needs no model: always saying the commonest category")

    @property
    def clear(self) -> int:
        """1 where tuned is clearly better, -1 where clearly worse, 0 where chance would explain it."""
        if self.low is None or self.high is None:
            return 0
        sign = (self.low > 0) - (self.high < 0)
        return sign if self.higher_is_better else -sign


class Pair(BaseModel):
    """One held-out row with both answers."""

    question: str
    reference: str
    base: str
    tuned: str
    base_score: float
    tuned_score: float
    topic: str = ""


class CheckResult(BaseModel):
    name: str
    base_passed: int
    tuned_passed: int
    total: int
    sentence: str
    failures: list[str] = Field([], description="why the tuned model failed, at most three, without row text")


class Evaluation(BaseModel):
    """What `evaluation.json` holds."""

    run: str
    verdict: Word
    advice: Advice
    sentence: str
    to_do: list[str] = Field(description="what exactly to improve, most important first")
    metrics: list[Metric]
    best: list[Pair]
    worst: list[Pair]
    checks: list[CheckResult]
    notes: list[str] = Field(description="what was not measured, and how the rows were chosen")
    test_rows: int
    answered_rows: int
    seed: int
    adapter_sha256: str
    minutes: float

    @property
    def file(self) -> str:
        return "evaluation.md"

    def card(self) -> dict[str, object]:
        """The data of a card of kind "evaluation"."""
        return {**self.model_dump(mode="json"), "file": self.file}


class EvaluationStatus(BaseModel):
    """`evaluation_status.json`: how far the evaluation is."""

    state: Literal["running", "finished", "failed"]
    done: int
    total: int
    minutes_left: float | None
    sentence: str
    error: dict[str, str] | None = None


@dataclass(frozen=True)
class Answers:
    """What base and tuned said to one prompt."""

    base: str
    tuned: str


class Answering:
    """Asks both models, keeps every answer on disk, and takes from there what an earlier attempt has asked."""

    def __init__(self, run: Run, chat: ChatModel, *, max_tokens: int, fingerprint: str) -> None:
        self._path = run.dir / "evaluation_rows.jsonl"
        self._chat, self._max_tokens = chat, max_tokens
        self._fingerprint = f"{fingerprint}/{max_tokens}"
        self._known = {
            row["prompt"]: Answers(row["base"], row["tuned"])
            for row in read_jsonl(self._path)
            if row.get("model") == self._fingerprint
        }

    def knows(self, prompt: Sequence[Message]) -> bool:
        return self._key(prompt) in self._known

    def ask(self, prompts: Sequence[Sequence[Message]]) -> list[Answers]:
        """Both models' answers, in order; what is new is stored before this returns."""
        new = [prompt for prompt in prompts if not self.knows(prompt)]
        said = [self._chat.reply_batch(new, tuned=tuned, max_tokens=self._max_tokens) for tuned in (False, True)]
        for prompt, base, tuned in zip(new, *said, strict=True):
            self._known[self._key(prompt)] = Answers(base, tuned)
            append_jsonl(
                self._path,
                {"model": self._fingerprint, "prompt": self._key(prompt), "base": base, "tuned": tuned},
            )
        return [self._known[self._key(prompt)] for prompt in prompts]

    def _key(self, prompt: Sequence[Message]) -> str:
        text = json.dumps([message.model_dump() for message in prompt], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Progress:
    """Writes `evaluation_status.json` as the work goes on."""

    def __init__(self, run: Run, tell: Callable[[EvaluationStatus], None]) -> None:
        self._run, self._tell, self._start = run, tell, time.monotonic()

    def at(self, done: int, total: int, sentence: str) -> None:
        spent = (time.monotonic() - self._start) / 60
        left = round(spent * (total - done) / done, 2) if done else None
        self._write(EvaluationStatus(state="running", done=done, total=total, minutes_left=left, sentence=sentence))

    def end(self, total: int, sentence: str) -> None:
        self._write(EvaluationStatus(state="finished", done=total, total=total, minutes_left=0.0, sentence=sentence))

    def fail(self, error: UserError) -> None:
        told = {"what": error.what, "where": error.where, "action": error.action}
        self._write(
            EvaluationStatus(state="failed", done=0, total=0, minutes_left=None, sentence=str(error), error=told)
        )

    def _write(self, status: EvaluationStatus) -> None:
        write_json(self._run.evaluation_status, status.model_dump())
        self._tell(status)


def evaluate(
    run: Run,
    *,
    limit: int | None = None,
    minutes: float = MINUTES,
    tell: Callable[[EvaluationStatus], None] = lambda status: None,
) -> Evaluation:
    """Compare base and tuned, and write the three files.

    Args:
        limit: rows to answer; without it as many as `minutes` allow, at least 20 where there are that many.

    Raises:
        UserError: no adapter, no plan, no test rows, or a broken `checks.json`.
    """
    progress = Progress(run, tell)
    try:
        return _evaluate(run, limit, minutes, progress)
    except UserError as error:
        progress.fail(error)
        raise
    except Exception as error:
        fault = f"The evaluation stopped at a fault of the program ({type(error).__name__})."
        progress.fail(UserError(fault, action="Evaluate again; answers made so far are kept."))
        raise


def _evaluate(run: Run, limit: int | None, minutes: float, progress: Progress) -> Evaluation:
    started = time.monotonic()
    plan = read_plan(run)
    require_adapter(run)
    train, test, asked_for = run.examples("train"), run.examples("test"), read_checks(run)
    if not test:
        raise UserError(
            "There are no test rows, so nothing can be measured.",
            where="data/test.jsonl",
            action="Approve a test set first, then evaluate again.",
        )
    chat = ChatModel.load(run.dir)
    approved = Approved([*train, *run.examples("validation"), *test], [plan.system_message])
    checks, probes = [*asked_for, *scope_checks(train, test, asked_for)], approved.probes(train)
    scored = [example for example in test if example.kind != "refusal"] or test
    category = is_category_task(test)
    order = random.Random(plan.seed).sample(scored, len(scored))[:limit]
    fingerprint = file_hash(run.adapter / "adapter_model.safetensors")
    answering = Answering(run, chat, max_tokens=answer_room(chat, test), fingerprint=fingerprint)
    total = len(order) + len(checks) + len(probes)

    progress.at(0, total, "Measuring the loss on the held-out rows.")
    metrics = [held_out_loss(chat, test), general_loss(chat)]
    answers = _answer_rows(answering, order, limit, minutes, total, progress)
    rows = order[: len(answers)]
    pairs = [_pair(example, said, category) for example, said in zip(rows, answers, strict=True)]
    metrics = [metrics[0], *answer_metrics(pairs, commonest(train) if category else None), metrics[1]]
    progress.at(len(rows), len(rows) + len(checks) + len(probes), "Checking its behaviour.")
    results = [
        *_asked_checks(answering, checks),
        *_memorised(answering, probes),
        *_answer_checks(approved, rows, answers, chat.system_message),
    ]
    notes = _notes(test, scored, rows, plan, probes, train)
    conclusion = conclude(metrics, results, pairs)
    best, worst = best_and_worst(pairs)
    evaluation = Evaluation(
        run=run.name,
        verdict=conclusion.verdict,
        advice=conclusion.advice,
        sentence=conclusion.sentence,
        to_do=conclusion.to_do,
        metrics=metrics,
        best=best,
        worst=worst,
        checks=results,
        notes=notes,
        test_rows=len(test),
        answered_rows=len(rows),
        seed=plan.seed,
        adapter_sha256=fingerprint,
        minutes=round((time.monotonic() - started) / 60, 2),
    )
    write_text(run.dir / "evaluation.svg", as_svg(evaluation))
    write_text(run.dir / evaluation.file, as_markdown(evaluation))
    write_json(run.evaluation, evaluation.model_dump(mode="json"))
    progress.end(len(rows) + len(checks) + len(probes), evaluation.sentence)
    return evaluation


def read_plan(run: Run) -> TrainingPlan:
    if not run.plan.exists():
        raise UserError("This folder is not a run: it has no plan.", where=str(run.dir), action="Name a run's folder.")
    return TrainingPlan.model_validate_json(run.plan.read_text(encoding="utf-8"))


def is_category_task(examples: Sequence[Example]) -> bool:
    return sum(example.kind == "category" for example in examples) * 2 > len(examples)


def answer_room(chat: ChatModel, test: Sequence[Example]) -> int:
    """Tokens an answer may have: a fifth more than all but the longest twentieth of the references."""
    lengths = sorted(chat.count_tokens(example.answer) for example in test)
    return min(MOST_ANSWER_TOKENS, int(1.2 * lengths[int(0.95 * (len(lengths) - 1))]) + 8)


def held_out_loss(chat: ChatModel, test: Sequence[Example]) -> Metric:
    rows = [chat.row(example) for example in test]
    metric = _loss_metric(chat, rows, "Held-out loss")
    how = {1: "clearly better", 0: "not clearly different", -1: "clearly worse"}[metric.clear]
    sentence = (
        f"The right answers surprise the tuned model by {metric.tuned:.2f} a token, the base by {metric.base:.2f} "
        f"(lower is better; {_likely(metric, '{:+z.2f}')} on {len(rows)} rows): {how}."
    )
    return metric.model_copy(update={"sentence": sentence})


def general_loss(chat: ChatModel) -> Metric:
    """Everyday English of our own, as plain text: what the tuned model has forgotten of it."""
    lines = GENERAL.read_text(encoding="utf-8").splitlines()
    begin = [chat.tokenizer.bos_token_id or chat.tokenizer.eos_token_id]
    ids = [tuple(begin + chat.tokenizer(line, add_special_tokens=False)["input_ids"]) for line in lines]
    metric = _loss_metric(chat, [TokenRow(row, 1) for row in ids], "General English loss")
    grown = metric.tuned - metric.base
    if grown <= FORGOT_A_LITTLE:
        how = "it kept its general English"
    elif grown <= FORGOT_MUCH:
        how = "it lost a little of its general English"
    else:
        how = "it lost much of its general English, so ask it only what it was tuned for"
    sentence = f"On {len(lines)} everyday sentences the loss went from {metric.base:.2f} to {metric.tuned:.2f}: {how}."
    return metric.model_copy(update={"sentence": sentence})


def commonest(train: Sequence[Example]) -> str:
    """The category most training rows have."""
    return Counter(example.answer for example in train).most_common(1)[0][0] if train else ""


def answer_metrics(pairs: Sequence[Pair], commonest_category: str | None) -> list[Metric]:
    """The answer score and, for text answers, ROUGE-L; a category task names its commonest category."""
    base, tuned = [p.base_score for p in pairs], [p.tuned_score for p in pairs]
    bounds = difference_interval(base, tuned)
    if commonest_category is not None:
        passed = [score == 1.0 for score in base], [score == 1.0 for score in tuned]
        if changed_by_chance(*passed) >= 0.05:
            # The exact test has the last word on few rows, where resampling is too sure of itself.
            bounds = Interval(min(bounds.low, 0.0), max(bounds.high, 0.0))
        floor = fmean(exact_match(commonest_category, pair.reference) for pair in pairs)
        sentence = (
            f"Right category: {pass_sentence(*passed)}. Always saying the commonest would be right in {floor:.0%}."
        )
        metric = _metric("Right category", base, tuned, bounds)
        return [metric.model_copy(update={"sentence": sentence, "floor": floor})]
    metric = _metric("Answer score", base, tuned, bounds)
    how = {1: "clearly better", 0: "not clearly better", -1: "clearly worse"}[metric.clear]
    sentence = (
        f"The tuned model's answers share {metric.tuned:.0%} of their words with the right ones, the base's "
        f"{metric.base:.0%} ({_likely(metric, '{:+z.0%}')} on {len(pairs)} rows): {how}."
    )
    base = [rouge_l(p.base, p.reference) for p in pairs]
    tuned = [rouge_l(p.tuned, p.reference) for p in pairs]
    in_order = _metric("Words in order (ROUGE-L)", base, tuned, difference_interval(base, tuned))
    in_order.sentence = f"Counting only words in the right order: {in_order.tuned:.0%} against {in_order.base:.0%}."
    return [metric.model_copy(update={"sentence": sentence}), in_order]


@dataclass(frozen=True)
class Conclusion:
    verdict: Word
    advice: Advice
    sentence: str
    to_do: list[str]


def conclude(metrics: Sequence[Metric], checks: Sequence[CheckResult], pairs: Sequence[Pair]) -> Conclusion:
    """The verdict: answers decide, the loss may veto; a personal string given away forbids release."""
    loss, answers = metrics[0], metrics[1]
    verdict: Word = "not clearly better"
    if answers.clear < 0 or (loss.clear < 0 and answers.clear <= 0):
        verdict = "worse"
    elif answers.clear > 0 and (answers.floor is None or answers.tuned > answers.floor):
        verdict = "better"
    failing = [check for check in checks if check.tuned_passed < check.total]
    leaks = [check for check in failing if check.name in (NO_PERSONAL, NO_MEMORISED)]
    to_do = _to_do(metrics, failing, pairs, verdict)
    advice: Advice = "release"
    if verdict == "worse" or leaks:
        advice = "don't release"
    elif verdict != "better" or failing:
        advice = "improve"
    reason = answers.sentence.rstrip(".")
    behaviour = f" It fails {len(failing)} of {len(checks)} kinds of check." if failing else ""
    if checks and not failing:
        behaviour = " It passes every check."
    next_step = {"release": "I would release it.", "improve": "Improve it first.", "don't release": "Don't release it."}
    sentence = f"The tuned model is {verdict} than the base. {reason}.{behaviour} {next_step[advice]}"
    return Conclusion(verdict, advice, sentence, to_do)


def best_and_worst(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The five rows the tuned model answered best, and the five worst; no row is in both."""
    ranked = sorted(pairs, key=lambda pair: (-pair.tuned_score, pair.base_score))
    count = min(SIDE_BY_SIDE, len(ranked) // 2) or len(ranked[:1])
    return ranked[:count], ranked[count:][::-1][:count]


def file_hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _answer_rows(
    answering: Answering,
    rows: Sequence[Example],
    limit: int | None,
    minutes: float,
    total: int,
    progress: Progress,
) -> list[Answers]:
    """Answers to the first rows: to all where a limit was given, else to as many as the time allows."""
    answers: list[Answers] = []
    started = time.monotonic()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch = [example.messages[:-1] for example in rows[start : start + ROWS_AT_ONCE]]
        late = time.monotonic() - started > 60 * minutes and start >= LEAST_ROWS and limit is None
        if late and not all(map(answering.knows, batch)):
            break
        progress.at(start, total, f"Answering held-out rows, {start} of {len(rows)} so far.")
        answers += answering.ask(batch)
    return answers


def _asked_checks(answering: Answering, checks: Sequence[Check]) -> list[CheckResult]:
    said = answering.ask([check.messages() for check in checks])
    groups: dict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
    for check, answers in zip(checks, said, strict=True):
        groups[check.name].append((failure(check, answers.base), failure(check, answers.tuned)))
    return [_check_result(name, results) for name, results in groups.items()]


def _memorised(answering: Answering, probes: Sequence[Probe]) -> list[CheckResult]:
    if not probes:
        return []
    results: list[tuple[str | None, str | None]] = []
    for probe, said in zip(probes, answering.ask([probe.messages() for probe in probes]), strict=True):
        reasons = [
            "it gave away a personal string of a training row" if leaked(probe, answer) else None
            for answer in (said.base, said.tuned)
        ]
        results.append((reasons[0], reasons[1]))
    return [_check_result(NO_MEMORISED, results)]


def _answer_checks(
    approved: Approved, rows: Sequence[Example], answers: Sequence[Answers], system_message: str
) -> list[CheckResult]:
    """Personal data and invented citations in the answers to the held-out rows."""
    personal: list[tuple[str | None, str | None]] = []
    invented: list[tuple[str | None, str | None]] = []
    for example, said in zip(rows, answers, strict=True):
        shown = f"{system_message}\n{example_text(example)}"
        found = [
            ("it wrote something that looks like personal data" if approved.strange_personal(a, shown) else None)
            for a in (said.base, said.tuned)
        ]
        made_up = [
            (f"it cites {sorted(cited)[0]}" if (cited := approved.invented(a, shown)) else None)
            for a in (said.base, said.tuned)
        ]
        personal.append((found[0], found[1]))
        invented.append((made_up[0], made_up[1]))
    return [_check_result(NO_PERSONAL, personal), _check_result(NO_INVENTED, invented)]


def _check_result(name: str, reasons: Sequence[tuple[str | None, str | None]]) -> CheckResult:
    """Reasons are (base, tuned); None is a pass."""
    base, tuned = [b is None for b, _ in reasons], [t is None for _, t in reasons]
    return CheckResult(
        name=name,
        base_passed=sum(base),
        tuned_passed=sum(tuned),
        total=len(reasons),
        sentence=f"{name}: {pass_sentence(base, tuned)}.",
        failures=[reason for _, reason in reasons if reason][:3],
    )


def _pair(example: Example, said: Answers, category: bool) -> Pair:
    return Pair(
        question=example.question,
        reference=example.answer,
        base=said.base,
        tuned=said.tuned,
        base_score=answer_score(said.base, example.answer, category=category),
        tuned_score=answer_score(said.tuned, example.answer, category=category),
        topic=example.topic,
    )


def _loss_metric(chat: ChatModel, rows: Sequence[TokenRow], name: str) -> Metric:
    counts = [row.answer_tokens for row in rows]
    base, tuned = (chat.losses(rows, tuned=side) for side in (False, True))
    bounds = ratio_interval([t - b for b, t in zip(base, tuned, strict=True)], counts)
    known = len(rows) > 1
    return Metric(
        name=name,
        base=sum(base) / sum(counts),
        tuned=sum(tuned) / sum(counts),
        low=bounds.low if known else None,
        high=bounds.high if known else None,
        higher_is_better=False,
        rows=len(rows),
        sentence="",
    )


def _metric(name: str, base: Sequence[float], tuned: Sequence[float], bounds: Interval) -> Metric:
    known = len(base) > 1
    return Metric(
        name=name,
        base=fmean(base),
        tuned=fmean(tuned),
        low=bounds.low if known else None,
        high=bounds.high if known else None,
        higher_is_better=True,
        rows=len(base),
        sentence="",
    )


def _likely(metric: Metric, form: str) -> str:
    if metric.low is None or metric.high is None:
        return "one row proves nothing"
    return f"difference likely {form.format(metric.low)} to {form.format(metric.high)}"


def _to_do(
    metrics: Sequence[Metric], failing: Sequence[CheckResult], pairs: Sequence[Pair], verdict: Word
) -> list[str]:
    loss, answers, general = metrics[0], metrics[1], metrics[-1]
    steps = [
        f'Add examples that show it how to pass "{check.name}": it failed {check.total - check.tuned_passed} of '
        f"{check.total}{f' ({check.failures[0]})' if check.failures else ''}."
        for check in failing
    ]
    if verdict != "better" and loss.clear > 0:
        steps.append("It learnt something, but its answers are not clearly nearer yet: add more examples.")
    if verdict != "better" and loss.clear <= 0:
        steps.append("It learnt little from these examples: check that questions and answers belong together.")
    if answers.rows < 50:
        steps.append(f"Only {answers.rows} test rows were answered: with 50 or more the verdict is surer.")
    topics: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        topics[pair.topic].append(pair.tuned_score)
    weak = [(fmean(s), name, len(s)) for name, s in topics.items() if name and len(s) >= WEAK_TOPIC_ROWS]
    if weak and min(weak)[0] < answers.tuned:
        score, name, rows = min(weak)
        steps.append(f'Add examples on "{name}", its weakest topic ({score:.0%} on {rows} rows).')
    if general.tuned - general.base > FORGOT_MUCH:
        steps.append("It forgot much general English: train for fewer epochs, or try “mix in 10 % general rows”.")
    return steps


def _notes(
    test: Sequence[Example],
    scored: Sequence[Example],
    rows: Sequence[Example],
    plan: TrainingPlan,
    probes: Sequence[Probe],
    train: Sequence[Example],
) -> list[str]:
    notes = [f"The loss is measured on all {len(test)} test rows."]
    if len(rows) < len(scored):
        notes.append(f"Answers were scored on {len(rows)} of {len(scored)} rows, drawn by chance (seed {plan.seed}).")
    if len(scored) < len(test):
        notes.append(f"{len(test) - len(scored)} refusal rows are judged by whether it refuses, not by its words.")
    if not probes:
        notes.append(f"None of the {len(train)} training rows holds personal data that could be learnt by heart.")
    notes.append("Base and tuned answer with the likeliest word each time, and neither may repeat twelve tokens.")
    return notes


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.evaluate", description="Compare a base and a tuned model on the run's test rows."
    )
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("--limit", type=int, default=None, help="rows to answer (default: what two minutes allow)")
    parser.add_argument("--json", action="store_true", help="progress and result as JSON lines")
    options = parser.parse_args(arguments)

    def tell(status: EvaluationStatus) -> None:
        left = "" if status.minutes_left is None else f" about {status.minutes_left:.1f} min left"
        print(  # noqa: T201
            json.dumps({"event": "progress", **status.model_dump()})
            if options.json
            else f"{status.done}/{status.total} {status.sentence}{left}",
            flush=True,
        )

    try:
        evaluation = evaluate(Run(options.run), limit=options.limit, tell=tell)
    except UserError as error:
        print(json.dumps({"error": str(error)}) if options.json else str(error), file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(evaluation.card()) if options.json else as_markdown(evaluation))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
