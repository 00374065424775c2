"""Undo: a copy of a project's small files before each change, newest last."""

import os
import shutil
from pathlib import Path

from finetune.files import read_json, write_json
from finetune.project import Project

KEPT = 30  # changes that can be undone


def _tracked(project: Project) -> list[Path]:
    return [project.brief, project.knowledge, project.sources, project.examples, project.report, project.plan]


def remember(project: Project, change: str) -> None:
    """Keep the files as they are now, under a sentence that says what is about to change.

    The files are replaced, never written into, so a hard link is a full copy at no cost.
    """
    folder = project.dir / ".history"
    numbers = sorted(int(d.name) for d in folder.iterdir() if d.name.isdecimal()) if folder.exists() else []
    snapshot = folder / str(numbers[-1] + 1 if numbers else 1)
    snapshot.mkdir(parents=True)
    for path in _tracked(project):
        if path.exists():
            os.link(path, snapshot / path.name)
    write_json(snapshot / "change.json", change)
    for number in numbers[: -KEPT + 1]:
        shutil.rmtree(folder / str(number))


def undo(project: Project) -> str | None:
    """Put the files back as they were before the last change; the change's sentence, or None if there is none."""
    folder = project.dir / ".history"
    snapshots = [d for d in folder.iterdir() if (d / "change.json").exists()] if folder.exists() else []
    if not snapshots:
        return None
    last = max(snapshots, key=lambda d: int(d.name))
    change = str(read_json(last / "change.json"))
    for path in _tracked(project):
        kept = last / path.name
        if kept.exists():
            os.replace(kept, path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(last)
    return change
