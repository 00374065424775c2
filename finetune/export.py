"""A tuned model to take away: adapter, merged model, card, evidence, API guide and Space, and all of it in a zip."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from finetune.card import CardText, Evidence, Parity, write_api_guide, write_card
from finetune.checks import read_checks
from finetune.errors import UserError
from finetune.evaluate import GENERAL, Evaluation, file_hash, read_plan
from finetune.files import disk_error, replace_folder, write_json, write_text
from finetune.generate import ChatModel, load_base, require_adapter, trained_revision
from finetune.lineage import read_lineage
from finetune.models import known, resolve
from finetune.project import Run
from finetune.rules_page import RuleUsed, where_met, write_rules_page

if TYPE_CHECKING:
    import torch

# Merged weights stay in 32-bit numbers up to here (2 GB on disk), where rounding can then not change an answer.
MOST_FLOAT32_PARAMETERS = 500_000_000
# Largest difference of a logit: float32 sums in another order, bfloat16 keeps 8 bits of each weight.
TOLERANCE = {"float32": 1e-2, "bfloat16": 1.0}
LEAST_SAME_TOKENS = 0.98
SPACE_APP = Path(__file__).with_name("space_app.py")
SPACE_REQUIREMENTS = "torch>=2.8,<3\ntransformers>=5.23,<6\n"


@dataclass(frozen=True)
class ExportedFile:
    name: str
    path: Path
    size: int  # bytes; of a folder, all it holds


@dataclass(frozen=True)
class Exported:
    """What lies in the export's folder."""

    dir: Path
    zip: Path
    files: list[ExportedFile]
    parity: Parity


def export(
    run_dir: Path,
    out_dir: Path,
    *,
    title: str,
    brief_lines: Sequence[str] = (),
    rules: Sequence[RuleUsed] = (),
    unevaluated: bool = False,
) -> Exported:
    """Make `out_dir` anew: adapter/, model/, space/, README.md, API.md, evidence.json, lineage.json and `<name>.zip`.

    With rules there is a RULES.md beside them. Until everything is there, what an earlier export left stays as it is.

    Args:
        unevaluated: export a model nobody has measured; the card then says so.

    Raises:
        UserError: no adapter, no evaluation of this very adapter, the merged model differs, or the disk is full.
    """
    run = Run(Path(run_dir))
    plan = read_plan(run)
    require_adapter(run)
    evaluation = require_evaluation(run, unevaluated=unevaluated)
    beside = out_dir.with_name(f".{out_dir.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        base_name = plain_name(plan.base_model)
        copy_adapter(run, beside / "adapter", base_name)
        parity = merge(run, beside / "model")
        evidence = gather_evidence(run, beside, parity)
        card = write_card(CardText(title, brief_lines, rules), plan, evidence, evaluation, base_name=base_name)
        write_text(beside / "README.md", card)
        if rules:
            write_text(beside / "RULES.md", rules_page(run, title, rules))
        write_text(beside / "API.md", write_api_guide(title, plan.system_message))
        write_json(beside / "evidence.json", evidence.model_dump())
        write_json(beside / "lineage.json", read_lineage(run).model_dump())
        write_space(beside / "space", title, plan.system_message, evidence.base_licence)
        archive = pack(beside, f"{out_dir.name}.zip")
        replace_folder(beside, out_dir)
    except OSError as error:
        raise disk_error(error, out_dir) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Exported(out_dir, out_dir / archive, list_files(out_dir), parity)


def require_evaluation(run: Run, *, unevaluated: bool) -> Evaluation | None:
    """The evaluation of the adapter that lies there now, or None where the caller does without."""
    if unevaluated:
        return None
    action = "Evaluate the run first, then publish it."
    if not run.evaluation.exists():
        raise UserError(f"Run {run.name} has not been evaluated, so nobody knows how good it is.", action=action)
    evaluation = Evaluation.model_validate_json(run.evaluation.read_text(encoding="utf-8"))
    if evaluation.adapter_sha256 != file_hash(run.adapter / "adapter_model.safetensors"):
        raise UserError(f"Run {run.name} was trained again after its evaluation.", action=action)
    return evaluation


def rules_page(run: Run, title: str, rules: Sequence[RuleUsed]) -> str:
    """The pack's page of rules, with the rows and checks of this run."""
    rows = {split: run.examples(split) for split in ("train", "validation", "test")}
    asked = {check.prompt for check in read_checks(run)}
    return write_rules_page(title, [(rule, where_met(rule, rows, asked)) for rule in rules])


def copy_adapter(run: Run, folder: Path, base_name: str) -> None:
    """PEFT's two files; the base is named as the plan names it, not by a path of this machine."""
    folder.mkdir(parents=True)
    shutil.copy2(run.adapter / "adapter_model.safetensors", folder)
    config = json.loads((run.adapter / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_name
    write_json(folder / "adapter_config.json", config)


def merge(run: Run, folder: Path) -> Parity:
    """Write base plus adapter as one model, load it again, and compare.

    Raises:
        UserError: the merged model does not answer as base plus adapter do.
    """
    import torch

    chat = ChatModel.load(run.dir)
    texts = parity_texts(chat, run)
    before = [_logits(chat.model, ids) for ids in texts]
    merged = chat.model.merge_and_unload()
    small = sum(p.numel() for p in merged.parameters()) <= MOST_FLOAT32_PARAMETERS
    dtype = "float32" if small else "bfloat16"
    merged.to(getattr(torch, dtype)).save_pretrained(folder)
    chat.tokenizer.save_pretrained(folder)
    again, _ = load_base(str(folder))
    parity = compare(before, [_logits(again, ids) for ids in texts], TOLERANCE[dtype])
    if parity.largest_difference > parity.tolerance or parity.same_token_share < LEAST_SAME_TOKENS:
        raise UserError(
            f"The merged model does not answer as it did before merging (logits differ by up to "
            f"{parity.largest_difference:.2g}).",
            action="Serve the run itself with `python -m finetune.serve` instead of exporting it.",
        )
    return parity


def parity_texts(chat: ChatModel, run: Run) -> list[list[int]]:
    """Tokens of a few everyday sentences and of a few test rows."""
    lines = GENERAL.read_text(encoding="utf-8").splitlines()[:8]
    texts = [list(chat.tokenizer(line)["input_ids"]) for line in lines]
    return texts + [list(chat.row(example).ids) for example in run.examples("test")[:8]]


def compare(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor], tolerance: float) -> Parity:
    """Logits of the same texts, each (length, vocabulary)."""
    same = [(b.argmax(-1) == a.argmax(-1)).float() for b, a in zip(before, after, strict=True)]
    positions = sum(len(s) for s in same)
    return Parity(
        positions=positions,
        largest_difference=max(float((b - a).abs().max()) for b, a in zip(before, after, strict=True)),
        tolerance=tolerance,
        same_token_share=float(sum(s.sum() for s in same)) / positions,
    )


def gather_evidence(run: Run, exported: Path, parity: Parity) -> Evidence:
    plan = read_plan(run)
    source = resolve(plan.base_model, trained_revision(run, plan))
    entry = known(plan.base_model)
    splits = {split: run.examples(split) for split in ("train", "validation", "test")}
    weights = sorted(Path(source.location).glob("*.safetensors")) if source.is_folder else []
    return Evidence(
        base_model=plain_name(plan.base_model),
        base_revision=source.revision,
        base_licence=entry.licence if entry else None,
        base_sha256={path.name: file_hash(path) for path in weights},
        adapter_sha256=file_hash(run.adapter / "adapter_model.safetensors"),
        merged_sha256=file_hash(exported / "model" / "model.safetensors"),
        data_sha256={split: file_hash(run.data(split)) for split in splits if run.data(split).exists()},
        plan_sha256=file_hash(run.plan),
        rows={split: len(rows) for split, rows in splits.items()},
        rows_by_kind=dict(Counter(example.kind for rows in splits.values() for example in rows)),
        parity=parity,
        versions={name: version(name) for name in ("torch", "transformers", "peft")},
    )


def write_space(folder: Path, title: str, system_message: str, licence: str | None) -> None:
    """A chat page for a Space; `push` puts the merged model beside it."""
    folder.mkdir(parents=True)
    shutil.copy2(SPACE_APP, folder / "app.py")
    write_text(folder / "requirements.txt", SPACE_REQUIREMENTS)
    write_json(folder / "settings.json", {"title": title, "system_message": system_message})
    front = {
        "title": json.dumps(" ".join(title.split()), ensure_ascii=False),
        "sdk": "gradio",
        "sdk_version": version("gradio"),
        "python_version": '"3.11"',
        "app_file": "app.py",
        "license": (licence or "other").lower(),
    }
    lines = [f"{key}: {value}" for key, value in front.items()]
    write_text(folder / "README.md", "\n".join(["---", *lines, "---", "", f"# {title}", ""]))


def pack(folder: Path, name: str) -> str:
    """Zip the folder into `folder/name`; the model lies in it once, the Space's page without."""
    beside = folder / f".{name}.part"
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path != beside:
                # Weights are noise to a compressor: it would take minutes and save nothing.
                method = zipfile.ZIP_STORED if path.suffix == ".safetensors" else zipfile.ZIP_DEFLATED
                archive.write(path, path.relative_to(folder), compress_type=method)
    with open(beside, "rb") as file:
        os.fsync(file.fileno())
    os.replace(beside, folder / name)
    return name


def list_files(folder: Path) -> list[ExportedFile]:
    """The parts of an export, the zip first."""

    def size(path: Path) -> int:
        return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size

    parts = sorted(folder.iterdir(), key=lambda path: (path.suffix != ".zip", path.name))
    return [ExportedFile(path.name, path, size(path)) for path in parts]


def push(
    exported: Path,
    repo_id: str,
    *,
    token: str | None,
    kind: Literal["model", "space"] = "model",
    private: bool = True,
    endpoint: str | None = None,
) -> str:
    """Upload an export to the Hub as a model repository or as a Space, private unless told otherwise; its address.

    Args:
        endpoint: the Hub's address; None takes HF_ENDPOINT, else the public Hub.

    Raises:
        UserError: no token, a token that may not, a name the Hub refuses, or no network.
    """
    from huggingface_hub import HfApi

    # HTTPError is the base of what the client raises, whichever httpx it is built on.
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError  # type: ignore[attr-defined]

    if not token:
        raise UserError(
            "Publishing to the Hub needs an access token.",
            action="Make one with write access at huggingface.co/settings/tokens and set it as HF_TOKEN.",
        )
    api = HfApi(endpoint=endpoint, token=token)
    try:
        url = api.create_repo(
            repo_id, repo_type=kind, private=private, exist_ok=True, space_sdk="gradio" if kind == "space" else None
        )
        _upload(api, exported, repo_id, kind)
    except HFValidationError as error:
        raise UserError(
            "The Hub does not take that name.", where=repo_id, action="Use your-name/model-name, without spaces."
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise UserError(
                "The Hub does not let this token write there.",
                where=repo_id,
                action="Check the token's write access and the owner's name.",
            ) from error
        if status == 402:
            raise UserError(
                "The Hub wants a paid plan for this.",
                where=repo_id,
                action="Publish it as a model, or change the plan.",
            ) from error
        raise UserError(
            f"The Hub refused the upload (status {status}).", where=repo_id, action="Wait a little and try again."
        ) from error
    except (HTTPError, ConnectionError) as error:
        raise UserError(
            "The Hub cannot be reached.",
            action="Check the network connection and try again; the export on this computer is complete.",
        ) from error
    return str(url)


def _upload(api: Any, exported: Path, repo_id: str, kind: str) -> None:
    folders = {"model": {"model": "", "adapter": "adapter"}, "space": {"space": "", "model": "model"}}
    for folder, place in folders[kind].items():
        api.upload_folder(
            repo_id=repo_id,
            repo_type=kind,
            folder_path=exported / folder,
            path_in_repo=place,
            commit_message=f"Add {folder}",
        )
    for name in ("README.md", "evidence.json", "lineage.json") if kind == "model" else ("evidence.json",):
        api.upload_file(
            repo_id=repo_id,
            repo_type=kind,
            path_or_fileobj=exported / name,
            path_in_repo=name,
            commit_message=f"Add {name}",
        )


def plain_name(base_model: str) -> str:
    """The base's name without this machine's folders: starter, a Hub name, or a folder's last part."""
    return Path(base_model).name if Path(base_model).exists() else base_model


def _logits(model: Any, ids: Sequence[int]) -> torch.Tensor:
    """(length, vocabulary) in float32."""
    import torch

    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0].float()
    return found
