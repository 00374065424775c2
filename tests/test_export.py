"""A tuned model to take away: complete, equal to what was tested, and without a word of anybody's rows."""

import base64
import errno
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from finetune import space_app
from finetune.errors import UserError
from finetune.evaluate import evaluate
from finetune.example import Message, Source, make_example
from finetune.export import Exported, compare, export, push
from finetune.generate import ChatModel
from finetune.project import Run
from finetune.rules_page import RuleMet, RuleUsed, where_met, write_rules_page
from tests import tuned as making

RULE = RuleUsed("Access to records", "45 CFR 164.524", "https://www.ecfr.gov/x", "2025-01-01", "US")


@pytest.fixture(scope="module")
def evaluated(learnt_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("export") / "1"
    shutil.copytree(learnt_run.dir, folder)
    evaluate(Run(folder), limit=4)
    return Run(folder)


@pytest.fixture(scope="module")
def exported(evaluated: Run, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    out = tmp_path_factory.mktemp("out") / "dental-billing"
    return export(evaluated.dir, out, title="Dental billing", brief_lines=["Answers patients."], rules=[RULE])


def test_everything_lies_there_and_in_the_zip(exported: Exported) -> None:
    names = {file.name for file in exported.files}
    assert names == {
        "adapter",
        "model",
        "space",
        "README.md",
        "RULES.md",
        "API.md",
        "evidence.json",
        "lineage.json",
        "dental-billing.zip",
    }
    packed = zipfile.ZipFile(exported.zip)
    assert packed.testzip() is None
    assert {"adapter/adapter_model.safetensors", "model/model.safetensors", "space/app.py", "README.md"} <= set(
        packed.namelist()
    )
    assert not any(".part" in name or name.endswith(".zip") for name in packed.namelist())


def test_the_page_of_rules_says_how_the_team_meets_each_and_where_the_model_met_it(exported: Exported) -> None:
    page = (exported.dir / "RULES.md").read_text()
    assert (
        "[45 CFR 164.524](https://www.ecfr.gov/x) (US, as of 2025-01-01), **not compared with the law's text**" in page
    )
    assert "no row rests on it; not asked in the test of behaviour" in page
    source = Source(citation=RULE.citation)
    rows = {"train": [make_example("Q", "A", source=source), make_example("R", "A", source=source)], "test": []}
    rule = replace(RULE, question="May I see my record?", practice="Within a week,\nat the desk", verified=True)
    met = where_met(rule, rows, {"May I see my record?"})
    assert met == RuleMet({"train": 2, "test": 0}, checked=True)
    told = write_rules_page("A clinic", [(rule, met)])
    assert "- How the team meets it: Within a week, at the desk\n" in told
    assert "- In the making of this model: rows: 2 train; asked in the test of behaviour\n" in told
    assert "1 were compared with the law's text" in told


def test_the_merged_model_answers_as_the_tuned_one(exported: Exported, evaluated: Run) -> None:
    tuned, merged = ChatModel.load(evaluated.dir), ChatModel.load(exported.dir / "model")
    merged.system_message = tuned.system_message
    asked = [[Message(role="user", content=question)] for question, _ in making.PAIRS]
    assert merged.reply_batch(asked, tuned=False, max_tokens=30) == tuned.reply_batch(asked, tuned=True, max_tokens=30)
    assert exported.parity.same_token_share == 1.0
    assert exported.parity.largest_difference < exported.parity.tolerance


def test_parity_tells_a_model_that_differs() -> None:
    import torch

    logits = torch.eye(4)
    assert compare([logits], [logits], 0.1).same_token_share == 1.0
    found = compare([logits], [logits.flip(0)], 0.1)
    assert (found.largest_difference, found.same_token_share, found.positions) == (1.0, 0.0, 4)


def test_a_merge_that_changes_answers_is_not_exported(
    evaluated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    import finetune.export as exporting

    calls: list[int] = []
    true_logits = exporting._logits

    def drifting(model, ids):  # type: ignore[no-untyped-def]
        calls.append(1)
        return true_logits(model, ids) + (torch.rand(1) + 1 if len(calls) > 16 else 0)

    monkeypatch.setattr(exporting, "_logits", drifting)
    with pytest.raises(UserError, match="does not answer as it did"):
        export(evaluated.dir, tmp_path / "out", title="x")
    assert list(tmp_path.iterdir()) == []


def test_the_card_shows_data_rules_results_licence_and_hashes(exported: Exported) -> None:
    card = (exported.dir / "README.md").read_text()
    evidence = json.loads((exported.dir / "evidence.json").read_text())
    assert "8 train" in card and "[45 CFR 164.524](https://www.ecfr.gov/x)" in card
    assert "Held-out loss" in card and "**better** than the base" in card
    assert "Check the licence" in card
    assert evidence["adapter_sha256"] in card and evidence["data_sha256"]["test"] in card
    assert evidence["parity"]["positions"] > 50


def test_no_word_of_a_row_and_no_path_leaves_the_house(exported: Exported, evaluated: Run) -> None:
    texts = [
        p for p in exported.dir.rglob("*") if p.suffix in (".md", ".json", ".py", ".txt") and p.parent.name != "model"
    ]
    assert len(texts) >= 7
    for path in texts:
        text = path.read_text()
        for question, answer in making.PAIRS:
            assert question not in text and answer not in text, path
        assert str(evaluated.dir.parent) not in text, path
        assert "/tmp" not in text, path


def test_an_export_again_replaces_the_old_one_whole(exported: Exported, evaluated: Run) -> None:
    (exported.dir / "old.txt").write_text("left over")
    export(evaluated.dir, exported.dir, title="Dental billing")
    assert not (exported.dir / "old.txt").exists()
    assert [p.name for p in exported.dir.parent.iterdir()] == [exported.dir.name]


def test_a_full_disk_leaves_the_old_export_as_it_was(
    exported: Exported, evaluated: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exported.zip.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("finetune.export.pack", full)
    with pytest.raises(UserError, match="No space left"):
        export(evaluated.dir, exported.dir, title="x")
    assert exported.zip.read_bytes() == before
    assert [p.name for p in exported.dir.parent.iterdir()] == [exported.dir.name]


def test_what_nobody_measured_is_exported_only_when_asked(learnt_run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has not been evaluated"):
        export(learnt_run.dir, tmp_path / "out", title="x")
    export(learnt_run.dir, tmp_path / "out", title="x", unevaluated=True)
    assert "**Not evaluated.**" in (tmp_path / "out" / "README.md").read_text()


def test_an_evaluation_of_another_adapter_does_not_count(evaluated: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "1")
    shutil.copytree(evaluated.dir, run.dir)
    shutil.rmtree(run.adapter)
    making.tune(run, steps=1)
    with pytest.raises(UserError, match="trained again"):
        export(run.dir, tmp_path / "out", title="x")
    shutil.rmtree(run.adapter)
    with pytest.raises(UserError, match="no tuned model"):
        export(run.dir, tmp_path / "out", title="x")


def test_the_space_is_a_page_that_answers(exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = tmp_path / "space"
    shutil.copytree(exported.dir / "space", space)
    shutil.copytree(exported.dir / "model", space / "model")
    assert (space / "app.py").read_text() == Path(space_app.__file__).read_text()
    assert "sdk: gradio" in (space / "README.md").read_text()
    monkeypatch.setattr(space_app, "HERE", space)
    settings = json.loads((space / "settings.json").read_text())
    asked = [
        {"role": "system", "content": settings["system_message"]},
        {"role": "user", "content": making.PAIRS[0][0]},
    ]
    assert list(space_app.answer(*space_app.load(), asked))[-1] == making.PAIRS[0][1]


class StandInHub(BaseHTTPRequestHandler):
    """Takes what the Hub's client sends: a repository, then commits with their files inside."""

    files: dict[str, bytes] = {}
    created: list[dict[str, object]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["authorization"] != "Bearer good":
            return self._answer(401, {"error": "no"})
        if self.path == "/api/repos/create":
            self.created.append(json.loads(body))
            return self._answer(200, {"url": f"http://{self.headers['host']}/team/dental"})
        if "/preupload/" in self.path:
            rows = json.loads(body)["files"]
            return self._answer(
                200, {"files": [{"path": r["path"], "uploadMode": "regular", "shouldIgnore": False} for r in rows]}
            )
        if "/commit/" not in self.path:
            return self._answer(200, {"errors": [], "warnings": []})  # the card's front matter, looked over beforehand
        for line in body.splitlines():
            row = json.loads(line)
            if row["key"] == "file":
                self.files[row["value"]["path"]] = base64.b64decode(row["value"]["content"])
        return self._answer(
            200, {"commitUrl": f"http://{self.headers['host']}/team/dental/commit/abc", "commitOid": "abc"}
        )

    def do_GET(self) -> None:
        self._answer(404, {"error": "there is no such repository"})

    def _answer(self, status: int, value: object) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    StandInHub.files.clear()
    StandInHub.created.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandInHub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_push_puts_model_adapter_and_card_on_the_hub_in_private(exported: Exported, hub: str) -> None:
    address = push(exported.dir, "team/dental", token="good", endpoint=hub)
    assert address.endswith("team/dental")
    assert StandInHub.created[0]["visibility"] == "private"
    assert {"model.safetensors", "adapter/adapter_config.json", "README.md", "evidence.json"} <= set(StandInHub.files)
    assert StandInHub.files["README.md"] == (exported.dir / "README.md").read_bytes()


def test_a_space_gets_page_and_model(exported: Exported, hub: str) -> None:
    push(exported.dir, "team/dental", token="good", kind="space", endpoint=hub)
    assert StandInHub.created[0]["sdk"] == "gradio"
    assert {"app.py", "requirements.txt", "model/model.safetensors"} <= set(StandInHub.files)
    assert b"sdk: gradio" in StandInHub.files["README.md"]


@pytest.mark.parametrize(
    ("token", "name", "words"),
    [(None, "team/dental", "access token"), ("bad", "team/dental", "does not let"), ("good", "a name!", "name")],
)
def test_what_keeps_a_push_back_is_told(exported: Exported, hub: str, token: str | None, name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        push(exported.dir, name, token=token, endpoint=hub)


def test_without_a_network_the_export_stays_and_that_is_told(exported: Exported, hub: str) -> None:
    with pytest.raises(UserError, match="cannot be reached"):
        push(exported.dir, "team/dental", token="good", endpoint="http://127.0.0.1:9")
