"""Undo: a copy of a project's small files before each change, newest last."""

import os
import shutil
from pathlib import Path

from finetune.files import read_json, write_json
from finetune.project import Project

KEPT = 30  # changes that can be undone


def _tracked(project: Project) -> list[Path]:
    return [
        *(project.brief, project.knowledge, project.sources, project.examples, project.review),
        *(project.report, project.plan),
    ]


def snapshots(project: Project) -> list[Path]:
    """The folders with what undo would bring back, oldest first."""
    folder = project.dir / ".history"
    found = [d for d in folder.iterdir() if d.name.isdecimal()] if folder.exists() else []
    return sorted(found, key=lambda d: int(d.name))


def remember(project: Project, change: str) -> None:
    """Keep the files as they are now, under a sentence that says what is about to change.

    The files are replaced, never written into, so a hard link is a full copy at no cost.
    """
    before = snapshots(project)
    snapshot = project.dir / ".history" / str(int(before[-1].name) + 1 if before else 1)
    snapshot.mkdir(parents=True)
    for path in _tracked(project):
        if path.exists():
            os.link(path, snapshot / path.name)
    write_json(snapshot / "change.json", change)
    for old in before[: -KEPT + 1]:
        shutil.rmtree(old)


def undo(project: Project) -> str | None:
    """Put the files back as they were before the last change; the change's sentence, or None if there is none."""
    whole = [d for d in snapshots(project) if (d / "change.json").exists()]
    if not whole:
        return None
    last = whole[-1]
    change = str(read_json(last / "change.json"))
    for path in _tracked(project):
        kept = last / path.name
        if kept.exists():
            os.replace(kept, path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(last)
    return change
