"""Training: it learns, stops, resumes to the same end, and fails in plain words with the best state kept."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from finetune import checkpoint, train
from finetune.curve import explain
from finetune.errors import UserError
from finetune.example import Source, make_example
from finetune.files import read_json, write_json, write_jsonl
from finetune.models import load_model, load_tokenizer, resolve
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.status import Metric, RunStatus, read_metrics, read_status
from finetune.tokens import TokenRow, tokenize_all


def rows(count: int, first: int = 0) -> list[Any]:
    return [
        make_example(f"What does visit {i} cost?", f"Visit {i} costs {i % 3} dollars.", source=Source())
        for i in range(first, first + count)
    ]


def make_run(folder: Path, base: Path, *, train_rows: int = 24, **plan: Any) -> Run:
    run = Run(folder)
    write_jsonl(run.data("train"), (e.model_dump() for e in rows(train_rows)))
    write_jsonl(run.data("validation"), (e.model_dump() for e in rows(8, first=1000)))
    settings = {
        "base_model": str(base),
        "epochs": 3,
        "examples_per_update": 8,
        "learning_rate": 5e-3,
        "precision": "float32",
        "probe_rates": False,
    }
    write_json(run.plan, TrainingPlan.model_validate(settings | plan).model_dump())
    return run


def status_of(run: Run) -> RunStatus:
    status = read_status(run)
    assert status is not None
    return status


def adapter_bytes(run: Run) -> bytes:
    return (run.adapter / "adapter_model.safetensors").read_bytes()


def learner_of(tiny_model: Path, **plan: Any) -> Any:
    from finetune.learner import Learner

    settings = TrainingPlan.model_validate({"base_model": str(tiny_model), "dropout": 0.0} | plan)
    return Learner(load_model(resolve(str(tiny_model))), settings)


def token_rows(tiny_model: Path, count: int) -> list[TokenRow]:
    tokenizer = load_tokenizer(resolve(str(tiny_model)))
    return tokenize_all(tokenizer, rows(count), system_message="", max_length=256, where="rows")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Run:
    """An unbroken run, to compare others with."""
    run = make_run(tmp_path_factory.mktemp("runs") / "unbroken", tiny_model)
    assert train.main([str(run.dir)]) == 0
    return run


def test_training_lowers_the_held_out_loss_and_leaves_an_adapter(finished: Run) -> None:
    status = status_of(finished)
    assert status.state == "finished"
    assert status.step == status.max_steps == 9
    assert status.base_validation_loss is not None and status.best_validation_loss is not None
    assert status.best_validation_loss < status.base_validation_loss - 0.5
    assert status.sentence.startswith("It is learning")
    assert not finished.checkpoints.exists()
    losses = [m.validation_loss for m in read_metrics(finished) if m.validation_loss is not None]
    assert losses[0] == status.base_validation_loss
    assert min(losses) == status.best_validation_loss


def test_the_saved_adapter_reloads_to_the_same_loss(finished: Run, tiny_model: Path) -> None:
    import torch
    from peft import PeftModel

    source = resolve(str(tiny_model))
    model = PeftModel.from_pretrained(load_model(source), str(finished.adapter)).eval()
    total = count = 0.0
    tokenizer = load_tokenizer(source)
    for row in tokenize_all(tokenizer, rows(8, first=1000), system_message="", max_length=512, where="rows"):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([row.ids])).logits[0, row.answer_start - 1 : -1]
        targets = torch.tensor(row.ids[row.answer_start :])
        total += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
        count += row.answer_tokens
    assert total / count == pytest.approx(status_of(finished).best_validation_loss, rel=1e-4)


def test_the_adapter_names_its_base_as_the_plan_does(finished: Run, tiny_model: Path) -> None:
    config = json.loads((finished.adapter / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(tiny_model)


def test_the_adapter_changes_and_the_base_does_not(tiny_model: Path) -> None:
    import torch

    learner = learner_of(tiny_model)
    before = {name: p.detach().clone() for name, p in learner.model.named_parameters()}
    for step in range(3):
        learner.update(token_rows(tiny_model, 4), learning_rate=1e-3, step=step)
    changed = {name for name, p in learner.model.named_parameters() if not torch.equal(p, before[name])}
    assert changed
    assert all("lora_" in name for name in changed)
    assert all(p.requires_grad == ("lora_" in name) for name, p in learner.model.named_parameters())


def test_the_loss_falls_on_eight_rows(tiny_model: Path) -> None:
    learner, data = learner_of(tiny_model), token_rows(tiny_model, 8)
    before = learner.loss(data)
    for step in range(30):
        learner.update(data, learning_rate=1e-2, step=step)
    assert learner.loss(data) < before / 3


def test_dropout_leaves_features_out_in_training_only_and_keeps_the_mean() -> None:
    import torch

    from finetune.learner import FeatureDropout

    dropout, ones = FeatureDropout(0.25), torch.ones(200, 3, 50)
    out = dropout(ones)
    assert torch.equal(out[:, 0], out[:, 2]), "a feature is left out for the whole row"
    assert sorted(out.unique().tolist()) == pytest.approx([0, 1 / 0.75])
    assert out.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(dropout.eval()(ones), ones)


def test_one_batch_of_four_equals_four_of_one(tiny_model: Path) -> None:
    import torch

    data = [
        TokenRow(row.ids[: row.answer_start + 1 + 2 * i], row.answer_start)
        for i, row in enumerate(token_rows(tiny_model, 4))
    ]
    together, apart = (learner_of(tiny_model, tokens_per_batch=size) for size in (65536, 128))
    apart.plan = apart.plan.model_copy(update={"tokens_per_batch": 1})
    losses = [learner.update(data, learning_rate=1e-3, step=0) for learner in (together, apart)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    moments = [learner.state()["exp_avg"] for learner in (together, apart)]
    assert torch.allclose(*moments, rtol=1e-3, atol=1e-7)


def test_the_label_loss_is_the_cross_entropy_of_the_labels_alone(tiny_model: Path) -> None:
    import torch

    from finetune.learner import label_loss

    torch.manual_seed(1)
    hidden = torch.randn(40, 4, requires_grad=True)
    head, targets = torch.randn(2**20, 4), torch.randint(0, 2**20, (40,))  # 40 rows of logits: three chunks
    label_loss(hidden, head, targets).backward()
    ours, hidden.grad = hidden.grad, None
    expected = torch.nn.functional.cross_entropy(hidden @ head.T, targets, reduction="sum")
    expected.backward()
    assert label_loss(hidden, head, targets).item() == pytest.approx(expected.item(), rel=1e-5)
    assert ours is not None and hidden.grad is not None
    assert torch.allclose(ours, hidden.grad, rtol=1e-3, atol=1e-3)


def test_padding_and_prompt_tokens_give_no_loss(tiny_model: Path) -> None:
    learner, (row, longer) = learner_of(tiny_model), token_rows(tiny_model, 2)
    short = TokenRow(row.ids[: row.answer_start + 2], row.answer_start)
    alone = learner.loss([short]) * short.answer_tokens
    beside = learner.loss([short, longer]) * (short.answer_tokens + longer.answer_tokens)
    assert beside == pytest.approx(alone + learner.loss([longer]) * longer.answer_tokens, rel=1e-5)


@pytest.mark.parametrize("killed_after", [0, 1, 4, 8])
def test_a_killed_run_ends_where_an_unbroken_one_ends(
    tmp_path: Path, tiny_model: Path, finished: Run, killed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.learner import Learner

    class Killed(BaseException):
        """Stands for kill -9: nothing of the trainer's own may catch it."""

    run = make_run(tmp_path / "run", tiny_model)
    update = Learner.update

    def dies(self: Any, *args: Any, step: int, **kwargs: Any) -> float:
        if step == killed_after:
            raise Killed
        return update(self, *args, step=step, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "update", dies)
        with pytest.raises(Killed):
            train.main([str(run.dir)])
    assert status_of(run).state in ("preparing", "training")
    assert train.main([str(run.dir)]) == 0
    assert adapter_bytes(run) == adapter_bytes(finished)
    curves = [[(m.step, m.train_loss, m.validation_loss) for m in read_metrics(r)] for r in (run, finished)]
    assert curves[0] == curves[1]


@pytest.mark.slow
def test_kill_9_at_any_moment_changes_nothing_in_the_end(tmp_path: Path, tiny_model: Path, finished: Run) -> None:
    run = make_run(tmp_path / "run", tiny_model)
    environment = os.environ | {"PYTHONPATH": str(Path(train.__file__).parents[1])}
    command = [sys.executable, "-m", "finetune.train", str(run.dir)]
    # From the first file written on, since most of a short process is imports.
    for extra in (0.0, 0.05, 0.1, 0.2):
        before = run.status.stat().st_mtime_ns if run.status.exists() else 0
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and (not run.checkpoints.exists() or run.status.stat().st_mtime_ns == before):
            time.sleep(0.01)
        time.sleep(extra)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert adapter_bytes(run) == adapter_bytes(finished)


def test_a_finished_run_started_again_does_nothing(finished: Run) -> None:
    before = finished.status.read_bytes(), finished.metrics.read_bytes()
    assert train.main([str(finished.dir)]) == 0
    assert (finished.status.read_bytes(), finished.metrics.read_bytes()) == before


def test_cancel_keeps_the_best_so_far_and_the_run_can_be_taken_up_again(
    tmp_path: Path, tiny_model: Path, finished: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.learner import Learner

    run = make_run(tmp_path / "run", tiny_model)
    update = Learner.update

    def update_and_cancel(self: Any, *args: Any, step: int, **kwargs: Any) -> float:
        if step == 4:
            run.cancel.touch()
        return update(self, *args, step=step, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "update", update_and_cancel)
        assert train.main([str(run.dir)]) == 0
    status = status_of(run)
    assert (status.state, status.step) == ("cancelled", 5)
    assert adapter_bytes(run)
    run.cancel.unlink()
    assert train.main([str(run.dir)]) == 0
    assert adapter_bytes(run) == adapter_bytes(finished)


def test_training_stops_by_itself_and_goes_back_to_the_best(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path / "run", tiny_model, train_rows=8, epochs=20, learning_rate=1e-2, dropout=0)
    write_jsonl(  # answers that practising the training rows cannot improve for long
        run.data("validation"),
        (
            make_example(f"Where is room {i}?", f"Up the {'stairs' * (i % 3)} {i * 7919}", source=Source()).model_dump()
            for i in range(8)
        ),
    )
    assert train.main([str(run.dir)]) == 0
    status = status_of(run)
    assert status.state == "stopped_early"
    assert 0 < status.best_step < status.step < status.max_steps
    assert f"I went back to step {status.best_step}, the best" in status.sentence


def test_a_full_disk_is_said_and_the_best_so_far_is_kept(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run", tiny_model)
    write_folder, calls = checkpoint.write_folder, []

    def full(path: Path, fill: Any) -> None:
        if path.parent == run.checkpoints:
            calls.append(path)
            if len(calls) == 3:

                def fill_half(folder: Path) -> None:
                    fill(folder)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

                return write_folder(path, fill_half)
        return write_folder(path, fill)

    monkeypatch.setattr(checkpoint, "write_folder", full)
    assert train.main([str(run.dir)]) == 1
    status = status_of(run)
    assert status.state == "failed"
    assert status.error is not None
    assert "No space left" in status.error.what
    assert "Free some disk space" in status.error.action
    assert adapter_bytes(run)
    assert not list(run.checkpoints.glob(".*")), "what was half written gives its room back"
    monkeypatch.undo()
    assert train.main([str(run.dir)]) == 0
    assert status_of(run).state == "finished"


def test_a_loss_that_is_no_number_stops_the_run_with_advice(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.learner import Learner

    loss_sum = Learner._loss_sum

    def breaks(self: Any, batch: Any) -> Any:
        loss = loss_sum(self, batch)
        return loss * math.nan if loss.requires_grad else loss

    monkeypatch.setattr(Learner, "_loss_sum", breaks)
    run = make_run(tmp_path / "run", tiny_model)
    assert train.main([str(run.dir)]) == 1
    status = status_of(run)
    assert status.error is not None
    assert "Halve the learning rate" in status.error.action


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda run: run.plan.unlink(), "no plan"),
        (lambda run: write_json(run.plan, {"learning_rate": -1, "colour": "red"}), "learning_rate.*colour"),
        (lambda run: run.data("train").unlink(), "no rows"),
        (lambda run: run.data("validation").write_text(""), "no rows"),
        (lambda run: write_json(run.plan, {"base_model": str(run.dir)}), "config.json"),
        (lambda run: write_json(run.plan, {"base_model": "no/such/folder"}), "no such folder"),
    ],
)
def test_what_the_user_can_mend_is_in_the_status(tmp_path: Path, tiny_model: Path, spoil: Any, words: str) -> None:
    import re

    run = make_run(tmp_path / "run", tiny_model)
    spoil(run)
    assert train.main([str(run.dir)]) == 1
    status = status_of(run)
    assert status.state == "failed"
    assert status.error is not None
    assert re.search(words, status.error.what)
    assert status.error.action


def test_a_bug_keeps_its_traceback_and_the_status_still_says_failed(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run", tiny_model)
    monkeypatch.setattr(train, "learn", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train.main([str(run.dir)])
    assert status_of(run).state == "failed"


def test_out_of_memory_says_what_to_do(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_big(*_: Any) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(train, "learn", too_big)
    run = make_run(tmp_path / "run", tiny_model)
    assert train.main([str(run.dir)]) == 1
    error = status_of(run).error
    assert error is not None and "memory" in error.what


def test_no_text_of_a_row_is_printed(finished: Run, tmp_path: Path, tiny_model: Path, capfd: Any) -> None:
    run = make_run(tmp_path / "run", tiny_model, epochs=1)
    train.main([str(run.dir), "--json"])
    printed = capfd.readouterr()
    assert "dollars" not in printed.out + printed.err
    assert json.loads(printed.out.splitlines()[-1])["state"] == "finished"


def test_help_waits_for_no_heavy_library() -> None:
    script = (
        "import sys, finetune.train, finetune.jobs; "
        "sys.exit(bool({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def curve(*points: tuple[int, float | None, float | None]) -> list[Metric]:
    return [Metric(step=s, epoch=s / 10, train_loss=t, validation_loss=v) for s, t, v in points]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (curve(), "getting ready"),
        (curve((0, None, 3.0)), "Before any training"),
        (curve((0, None, 3.0), (10, 2.5, 2.0)), "It is learning: .* from 3.00 to 2.00"),
        (curve((0, None, 3.0), (10, 2.5, 2.0), (20, 2.4, 1.995)), "levelled off"),
        (curve((0, None, 3.0), (10, 2.5, 2.0), (20, 2.4, 2.001)), "levelled off.*step 10"),
        (curve((0, None, 3.0), (10, 2.5, 2.0), (20, 1.0, 2.4)), "memorise after step 10.*I went back to step 10"),
        (curve((0, None, 3.0), (10, 2.5, 3.2)), "nothing beats the base"),
    ],
)
def test_the_curve_is_explained_in_one_sentence(metrics: list[Metric], words: str) -> None:
    import re

    assert re.search(words, explain(metrics, ended=True))


def test_the_record_of_what_was_measured_is_kept(finished: Run) -> None:
    resolved = read_json(finished.dir / "resolved.json")
    assert resolved == {"precision": "float32", "revision": None, "learning_rate": 5e-3, "probed": {}}


def test_three_rates_are_tried_and_the_best_is_taken(tmp_path: Path, tiny_model: Path) -> None:
    run = make_run(tmp_path / "run", tiny_model, train_rows=40, epochs=20, probe_rates=True, learning_rate=1e-4)
    assert train.main([str(run.dir)]) == 0
    resolved = train.read_resolved(run)
    assert resolved is not None
    assert sorted(resolved.probed) == pytest.approx([4e-5, 1e-4, 2.5e-4])
    assert resolved.learning_rate == pytest.approx(2.5e-4), (
        "a tiny model that knows nothing learns fastest in big steps"
    )


def test_trying_rates_leaves_the_learner_as_it_was(tmp_path: Path, tiny_model: Path) -> None:
    import torch

    data = token_rows(tiny_model, 40)
    run = make_run(tmp_path / "run", tiny_model)
    plan = TrainingPlan(examples_per_update=4, epochs=10, dropout=0.1)
    tried, fresh = learner_of(tiny_model, dropout=0.1), learner_of(tiny_model, dropout=0.1)
    assert len(train.probe_rates(run, plan, tried, data, data[:4])) == 3
    for learner in (tried, fresh):
        learner.update(data[:8], learning_rate=1e-3, step=0)
    assert torch.equal(tried.master, fresh.master)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [train.learning_rate(step, 20, 0.1, 1.0) for step in range(20)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates == sorted(rates[:2]) + sorted(rates[2:], reverse=True)
    assert 0 < rates[-1] < 0.06


def test_every_field_of_the_plan_says_what_it_is() -> None:
    assert all(field.description for field in TrainingPlan.model_fields.values())


def test_a_run_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises((SystemExit, UserError), match="no such folder"):
        train.main([str(tmp_path / "nowhere")])
