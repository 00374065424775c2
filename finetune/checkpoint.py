"""Where training stands, on disk: each checkpoint is a folder that is there completely or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from finetune.files import disk_error, read_json
from finetune.project import Run

if TYPE_CHECKING:
    from finetune.learner import Learner


class Progress(BaseModel):
    """All that a resumed run must know beside the tensors."""

    step: int = 0
    checks_without_progress: int = 0
    base_loss: float | None = None
    validation_loss: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    seconds: float = 0
    tokens: int = 0


def write_checkpoint(
    run: Run, learner: "Learner", progress: Progress, *, base_model: str, revision: str | None
) -> None:
    """Write the state after `progress.step` updates, then drop the checkpoints that are neither newest nor best.

    Raises:
        UserError: the disk is full; the earlier checkpoints are untouched.
    """
    from safetensors.torch import save_file

    def fill(folder: Path) -> None:
        adapter = folder / "adapter"
        adapter.mkdir()
        learner.write_adapter(adapter, base_model=base_model, revision=revision)
        save_file({name: t.cpu() for name, t in learner.state().items()}, folder / "state.safetensors")
        (folder / "progress.json").write_text(progress.model_dump_json(), encoding="utf-8")

    write_folder(_folder(run, progress.step), fill)
    for folder in run.checkpoints.iterdir():
        if folder.name not in (_folder(run, progress.step).name, _folder(run, progress.best_step).name):
            shutil.rmtree(folder)


def newest_checkpoint(run: Run) -> tuple[Progress, dict[str, Any]] | None:
    """The newest complete state, or None before the first."""
    from safetensors.torch import load_file

    folders = sorted(run.checkpoints.glob("step-*")) if run.checkpoints.exists() else []
    if not folders:
        return None
    return Progress.model_validate(read_json(folders[-1] / "progress.json")), load_file(
        folders[-1] / "state.safetensors"
    )


def promote_best(run: Run, progress: Progress) -> None:
    """Make the best checkpoint's adapter the run's."""
    best = _folder(run, progress.best_step) / "adapter"

    def fill(folder: Path) -> None:
        for file in best.iterdir():
            try:
                os.link(file, folder / file.name)  # takes no room, so that it succeeds on a full disk, too
            except OSError:  # a file system without hard links
                shutil.copyfile(file, folder / file.name)

    write_folder(run.adapter, fill)


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Replace folder `path` by what `fill` puts into an empty one; a kill leaves it complete or absent.

    Raises:
        UserError: it cannot be written; what was half written is removed first, to give its room back.
    """
    from safetensors import SafetensorError

    beside = path.with_name(f".{path.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        fill(beside)
        for file in (f for f in beside.rglob("*") if f.is_file()):
            _flush(file)
        shutil.rmtree(path, ignore_errors=True)
        os.replace(beside, path)
        _flush(path.parent)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise disk_error(error if isinstance(error, OSError) else OSError(str(error)), path) from error


def _folder(run: Run, step: int) -> Path:
    return run.checkpoints / f"step-{step:06d}"


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
