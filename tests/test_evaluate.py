"""Base against tuned on held-out rows: figures, verdict, files, and going on after a kill."""

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from finetune.errors import UserError
from finetune.evaluate import (
    CheckResult,
    Evaluation,
    Metric,
    Pair,
    answer_metrics,
    best_and_worst,
    conclude,
    evaluate,
    main,
)
from finetune.files import read_jsonl
from finetune.generate import ChatModel
from finetune.project import Run
from tests import tuned as making


@pytest.fixture
def run(learnt_run: Run, tmp_path: Path) -> Run:
    shutil.copytree(learnt_run.dir, tmp_path / "1")
    return Run(tmp_path / "1")


def metric(name: str, low: float, high: float, *, higher: bool = True) -> Metric:
    return Metric(name=name, base=0.2, tuned=0.3, low=low, high=high, higher_is_better=higher, rows=60, sentence="So.")


def conclusion(*, loss: tuple[float, float], answers: tuple[float, float], checks: list[CheckResult] | None = None):
    metrics = [metric("l", *loss, higher=False), metric("a", *answers), metric("g", -0.1, 0.1, higher=False)]
    return conclude(metrics, checks or [], [])


def test_a_model_that_learnt_is_better_and_every_file_says_so(run: Run) -> None:
    found = evaluate(run)
    assert (found.verdict, found.answered_rows, found.test_rows) == ("better", 8, 8)
    loss, answers = found.metrics[0], found.metrics[1]
    assert loss.tuned < loss.base / 3
    assert loss.high is not None and loss.high < 0
    assert answers.tuned > 0.9 > answers.base
    stored = Evaluation.model_validate_json(run.evaluation.read_text())
    assert stored == found
    text = (run.dir / "evaluation.md").read_text()
    assert found.sentence in text and making.PAIRS[0][1] in text
    picture = ElementTree.parse(run.dir / "evaluation.svg").getroot()
    assert picture.tag.endswith("svg") and "better" in picture.attrib["aria-label"]
    assert json.loads(run.evaluation_status.read_text())["state"] == "finished"


def test_an_adapter_without_effect_is_not_called_better(learnt_run: Run, tmp_path: Path) -> None:
    run = making.write_run(
        tmp_path / "1", learnt_run.dir.parent / "base", {"train": making.examples(), "test": making.examples()}
    )
    making.tune(run, steps=0)
    found = evaluate(run)
    assert (found.verdict, found.advice) == ("not clearly better", "improve")
    assert found.metrics[0].base == pytest.approx(found.metrics[0].tuned)
    assert found.to_do


def test_the_tuned_loss_is_on_answers_only_and_per_token(run: Run) -> None:
    found = evaluate(run, limit=2)
    chat = ChatModel.load(run.dir)
    rows = [chat.row(example) for example in making.examples()]
    expected = sum(chat.losses(rows, tuned=True)) / sum(row.answer_tokens for row in rows)
    assert found.metrics[0].tuned == pytest.approx(expected, rel=1e-4)


def test_a_killed_evaluation_asks_no_row_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.evaluate.ROWS_AT_ONCE", 3)
    asked: list[int] = []
    whole = ChatModel.reply_batch

    def dying(self: ChatModel, conversations, **options):
        asked.append(len(conversations))
        if len(asked) == 4:
            raise KeyboardInterrupt
        return whole(self, conversations, **options)

    monkeypatch.setattr(ChatModel, "reply_batch", dying)
    with pytest.raises(KeyboardInterrupt):
        evaluate(run)
    stored = list(read_jsonl(run.dir / "evaluation_rows.jsonl"))
    assert len(stored) == 3
    with open(run.dir / "evaluation_rows.jsonl", "a") as file:
        file.write('{"model": "torn')
    asked[:] = [0] * 10
    found = evaluate(run)
    assert sum(asked[10:]) == 2 * (8 - 3)
    monkeypatch.setattr(ChatModel, "reply_batch", whole)
    (run.dir / "evaluation_rows.jsonl").unlink()
    unbroken = evaluate(run)
    assert found.model_copy(update={"minutes": 0}) == unbroken.model_copy(update={"minutes": 0})


def test_answers_of_another_adapter_are_not_taken_over(run: Run) -> None:
    evaluate(run)
    rows = len(list(read_jsonl(run.dir / "evaluation_rows.jsonl")))
    shutil.rmtree(run.adapter)
    making.tune(run, steps=3)
    evaluate(run)
    assert len(list(read_jsonl(run.dir / "evaluation_rows.jsonl"))) == 2 * rows


def test_what_the_team_forbids_is_checked_and_named(run: Run) -> None:
    question = making.PAIRS[0][0]
    checks = [
        {"name": "Opening hours", "prompt": question, "must_contain": ["eight"]},
        {"name": "Disclaimer", "prompt": question, "must_contain": ["not medical advice"]},
    ]
    (run.dir / "checks.json").write_text(json.dumps(checks))
    found = {check.name: check for check in evaluate(run, limit=2).checks}
    assert (found["Opening hours"].tuned_passed, found["Opening hours"].base_passed) == (1, 0)
    assert found["Disclaimer"].tuned_passed == 0
    assert found["Disclaimer"].failures == ['it left out "not medical advice"']


def test_the_rows_are_the_same_draw_every_time_and_the_report_says_so(run: Run) -> None:
    first, second = evaluate(run, limit=4), evaluate(run, limit=4)
    assert first.best == second.best
    assert any("4 of 8 rows, drawn by chance (seed 7)" in note for note in first.notes)


def test_without_time_it_still_answers_the_least_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.evaluate.ROWS_AT_ONCE", 2)
    monkeypatch.setattr("finetune.evaluate.LEAST_ROWS", 4)
    assert evaluate(run, minutes=0).answered_rows == 4


def test_answers_decide_and_the_loss_may_veto() -> None:
    assert conclusion(loss=(-2, -1), answers=(0.1, 0.3)).verdict == "better"
    assert conclusion(loss=(-2, -1), answers=(-0.1, 0.3)).verdict == "not clearly better"
    assert conclusion(loss=(1, 2), answers=(-0.1, 0.3)).verdict == "worse"
    assert conclusion(loss=(-2, -1), answers=(-0.3, -0.1)).verdict == "worse"


def test_a_failing_check_asks_for_improvement_and_a_leak_forbids_release() -> None:
    def check(name: str) -> CheckResult:
        return CheckResult(name=name, base_passed=3, tuned_passed=2, total=3, sentence="", failures=["it left it out"])

    good = {"loss": (-2.0, -1.0), "answers": (0.1, 0.3)}
    assert conclusion(**good).advice == "release"
    assert conclusion(**good, checks=[check("Disclaimer")]).advice == "improve"
    assert "Disclaimer" in conclusion(**good, checks=[check("Disclaimer")]).to_do[0]
    assert conclusion(**good, checks=[check("No personal data learnt by heart")]).advice == "don't release"


def test_sorting_into_categories_must_beat_the_commonest_one() -> None:
    def pairs(reference: str) -> list[Pair]:
        return [
            Pair(
                question="q", reference=reference, base="?", tuned="bill", base_score=0, tuned_score=reference == "bill"
            )
        ] * 20

    answers = answer_metrics([*pairs("bill"), *pairs("visit")], "bill")[0]
    assert (answers.tuned, answers.floor, answers.clear) == (0.5, 0.5, 1)
    assert "20 of 40" in answers.sentence and "commonest would be right in 50%" in answers.sentence
    metrics = [metric("l", -2, -1, higher=False), answers, metric("g", -0.1, 0.1, higher=False)]
    assert conclude(metrics, [], []).verdict == "not clearly better"


def test_a_fault_of_the_program_is_in_the_status_and_keeps_its_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("finetune.evaluate.general_loss", broken)
    with pytest.raises(ZeroDivisionError):
        evaluate(run)
    assert "fault of the program" in json.loads(run.evaluation_status.read_text())["sentence"]


def test_best_and_worst_share_no_row() -> None:
    pairs = [Pair(question=str(i), reference="", base="", tuned="", base_score=0, tuned_score=i / 10) for i in range(7)]
    best, worst = best_and_worst(pairs)
    assert [p.question for p in best] == ["6", "5", "4"]
    assert [p.question for p in worst] == ["0", "1", "2"]


def test_row_text_cannot_break_the_table(run: Run) -> None:
    from finetune.report import _cell

    assert _cell("a | b\n<script>") == "a \\| b &lt;script&gt;"


@pytest.mark.parametrize(
    ("missing", "words"), [("adapter", "no tuned model"), ("data", "no test rows"), ("plan.json", "no plan")]
)
def test_what_is_missing_is_told_and_the_status_says_failed(run: Run, missing: str, words: str) -> None:
    target = run.dir / missing
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(UserError, match=words):
        evaluate(run)
    assert json.loads(run.evaluation_status.read_text())["state"] == "failed"


def test_the_command_line_tells_progress_and_result(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(run.dir), "--limit", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "progress"
    assert lines[-1]["verdict"] in ("better", "not clearly better")
    assert main([str(run.dir / "nothing")]) == 1


def test_help_comes_without_loading_torch() -> None:
    code = "import sys, finetune.evaluate; sys.exit(any(m in sys.modules for m in ('torch', 'scipy', 'peft')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
