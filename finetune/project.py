"""The project folder and the run folder: where chat and training meet. Each file in them has one writer."""

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_jsonl, write_jsonl

PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Run:
    """One round of training: `plan.json` and `data/` are written by the tools, the rest by trainer and evaluator."""

    dir: Path

    @property
    def name(self) -> str:
        return self.dir.name

    @property
    def published_as(self) -> str:
        """The folder's name in the project's `published/`."""
        return f"round-{self.name}"

    @property
    def plan(self) -> Path:
        return self.dir / "plan.json"

    @property
    def status(self) -> Path:
        return self.dir / "status.json"

    @property
    def metrics(self) -> Path:
        return self.dir / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.dir / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.dir / "adapter"

    @property
    def lineage(self) -> Path:
        """Where the rows come from; see finetune/lineage.py."""
        return self.dir / "lineage.json"

    @property
    def evaluation(self) -> Path:
        return self.dir / "evaluation.json"

    @property
    def evaluation_status(self) -> Path:
        return self.dir / "evaluation_status.json"

    @property
    def cancel(self) -> Path:
        """An empty file put here asks the trainer to stop and keep the best so far."""
        return self.dir / "cancel"

    def data(self, split: str) -> Path:
        return self.dir / "data" / f"{split}.jsonl"

    def examples(self, split: str) -> list[Example]:
        return [Example.model_validate(row) for row in read_jsonl(self.data(split))]


@dataclass(frozen=True)
class Project:
    """One team's work under `home/projects/<name>`; nothing in it refers to another project."""

    dir: Path

    @classmethod
    def open(cls, home: Path, name: str) -> "Project":
        """Open or make the project's folder.

        Raises:
            UserError: the name is not made of small letters, digits and hyphens.
        """
        if not PROJECT_NAME.fullmatch(name):
            raise UserError(
                f'"{name[:80]}" cannot be a project\'s name.',
                action="Use small letters, digits and hyphens, at most 63 of them, as in dental-billing.",
            )
        project = cls(home / "projects" / name)
        for folder in (project.files, project.runs_dir):
            folder.mkdir(parents=True, exist_ok=True)
        project.dir.chmod(0o700)
        return project

    @property
    def name(self) -> str:
        return self.dir.name

    @property
    def files(self) -> Path:
        """The user's own files, as given."""
        return self.dir / "files"

    @property
    def brief(self) -> Path:
        return self.dir / "brief.json"

    @property
    def knowledge(self) -> Path:
        return self.dir / "knowledge.json"

    @property
    def sources(self) -> Path:
        """What was read from each file, and how its columns are understood."""
        return self.dir / "sources.json"

    @property
    def examples(self) -> Path:
        return self.dir / "examples.jsonl"

    @property
    def review(self) -> Path:
        """Reviewers' marks and decisions."""
        return self.dir / "review.json"

    @property
    def sheets(self) -> Path:
        """The rows as files for reviewers: exported, and come back."""
        return self.dir / "sheets"

    @property
    def passages(self) -> Path:
        """The index of the team's own documents, which can be made anew from `files`."""
        return self.dir / "passages"

    @property
    def replies(self) -> Path:
        """What a language model wrote from the team's documents, before it is checked."""
        return self.dir / "replies.jsonl"

    @property
    def kept(self) -> Path:
        """What a preparation found out about the rows' texts, without the texts; can be made anew."""
        return self.dir / "kept"

    @property
    def report(self) -> Path:
        return self.dir / "report.json"

    @property
    def coverage(self) -> Path:
        """What the rows are about and lack, as it was last looked at."""
        return self.dir / "coverage.json"

    @property
    def verdict(self) -> Path:
        return self.dir / "verdict.json"

    @property
    def plan(self) -> Path:
        return self.dir / "plan.json"

    @property
    def feedback(self) -> Path:
        return self.dir / "feedback.jsonl"

    @property
    def published(self) -> Path:
        return self.dir / "published"

    @property
    def publications(self) -> Path:
        """What was published where: a line each."""
        return self.dir / "publications.jsonl"

    @property
    def deletions(self) -> Path:
        """Which sources were deleted when, without a word of them."""
        return self.dir / "deletions.jsonl"

    @property
    def deleted_rounds(self) -> Path:
        """Which runs were deleted when."""
        return self.dir / "deleted_rounds.jsonl"

    @property
    def watch(self) -> Path:
        return self.dir / "watch.json"

    @property
    def thread(self) -> Path:
        """The conversation."""
        return self.dir / "thread.sqlite"

    @property
    def runs_dir(self) -> Path:
        return self.dir / "runs"

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        numbered = [d for d in self.runs_dir.iterdir() if d.name.isdecimal()] if self.runs_dir.exists() else []
        return [Run(d) for d in sorted(numbered, key=lambda d: int(d.name))]

    def latest_run(self) -> Run | None:
        return self.runs()[-1] if self.runs() else None

    def new_run(self) -> Run:
        """The next run's folder; the number of one that was deleted is not used again."""
        gone = [int(row["run"]) for row in read_jsonl(self.deleted_rounds)]
        run = Run(self.runs_dir / str(max([int(r.name) for r in self.runs()] + gone, default=0) + 1))
        run.dir.mkdir(parents=True)
        return run

    def read_examples(self) -> list[Example]:
        return [Example.model_validate(row) for row in read_jsonl(self.examples)]

    def write_examples(self, examples: list[Example]) -> None:
        write_jsonl(self.examples, (example.model_dump() for example in examples))

    def delete(self) -> None:
        """Move the folder aside first, so that a kill half way leaves no half project behind."""
        doomed = self.dir.with_name(f".deleted-{secrets.token_hex(4)}")
        os.replace(self.dir, doomed)
        shutil.rmtree(doomed)
