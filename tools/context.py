"""What every tool is given: the project it works on, and the services all projects of one home share."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from finetune.jobs import Jobs
from finetune.machine import Machine
from finetune.project import Project, Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finetune.data.names_model import NamesModel
    from finetune.data.synthetic import Writer
    from finetune.generate import ChatModel
    from knowledge.encoder import Encoder
    from knowledge.official import Sources
    from knowledge.own import OwnSources
    from knowledge.search import Library

T = TypeVar("T")
VECTORS_KEPT, ENCODED_AT_ONCE = 30_000, 1_000  # of rows; 1.5 KB each
OPEN_DOCUMENTS = 4  # projects whose documents' vectors stay in memory: 150 MB for 100,000 passages


class Services:
    """The encoder, the indexes, the jobs and the model being tried; each is made when it is first needed."""

    def __init__(
        self,
        home: Path,
        *,
        encoder: str | None = None,
        names_model: str | None = None,
        sources: "Sources | None" = None,
        writer: "Writer | None" = None,
    ) -> None:
        """`encoder` is the name of another sentence encoder; None is the one that ships.
        `names_model` is the name of a model that finds names in the rows, too; None where no one named one.
        `sources` are the addresses of the rules' publishers; None is their own.
        `writer` is the chat model that may write examples; None where no one named one."""
        self.home = home
        self.writer = writer
        self._sources = sources
        self._encoder_name = encoder
        self._names_model = names_model
        self._lock = threading.RLock()
        self._trial: tuple[Path, ChatModel] | None = None
        self._own: dict[Path, OwnSources] = {}
        self._remembered: dict[Path, tuple[str, Any]] = {}
        self._kept: dict[str, NDArray[np.float32]] = {}

    @cached_property
    def encoder(self) -> "Encoder":
        from knowledge.encoder import load_encoder

        with self._lock:
            return load_encoder(self._encoder_name)

    @cached_property
    def names(self) -> "NamesModel | None":
        """The model that finds names, where one was named.

        Raises:
            UserError: it cannot be loaded; nothing is prepared without it, as somebody relies on it.
        """
        from finetune.data.names_model import load_names_model

        with self._lock:
            return load_names_model(self._names_model) if self._names_model else None

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Sentence vectors `(len(texts), encoder.dimensions)`, of length one."""
        return self.encoder.encode(texts)

    def encode_kept(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """As `encode`; vectors are kept, since the same rows are looked at again after each change."""
        import numpy as np

        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(new), ENCODED_AT_ONCE):  # bounds the memory
            part = new[start : start + ENCODED_AT_ONCE]
            found |= dict(zip(part, self.encode(part), strict=True))
        with self._lock:
            if len(self._kept) + len(new) > VECTORS_KEPT:
                self._kept.clear()
            self._kept |= found
        return (
            np.stack([found[text] for text in texts]) if texts else np.zeros((0, self.encoder.dimensions), np.float32)
        )

    @cached_property
    def library(self) -> "Library":
        from knowledge.search import Library

        with self._lock:
            return Library(self.home / "index", self.encoder)

    @property
    def seen_at_sources(self) -> Path:
        """The file of what was seen at the rules' official sources, by whichever project asked."""
        return self.home / "refresh.json"

    @property
    def sources(self) -> "Sources":
        from knowledge.official import Sources

        return self._sources or Sources()

    def own_sources(self, project: Project) -> "OwnSources":
        """The index of a project's own documents: one for the process, as its vectors are read once."""
        from knowledge.own import OwnSources

        with self._lock:
            own = self._own.pop(project.dir, None) or OwnSources(project.passages, self.encoder)
            self._own[project.dir] = own  # the last one asked for is the last to go
            for other in list(self._own.values())[:-OPEN_DOCUMENTS]:
                other.close()
            return own

    def put_away(self, project: Project) -> None:
        """Let go of what is held in memory for a project that is about to be deleted."""
        with self._lock:
            if (own := self._own.pop(project.dir, None)) is not None:
                own.close()
            self._remembered.pop(project.dir, None)

    def let_go(self, run: Run) -> None:
        """Free the memory of a run's models."""
        with self._lock:
            if self._trial is not None and self._trial[0] == run.dir:
                self._trial = None

    def remembered(self, project: Project, version: str, make: Callable[[], T]) -> T:
        """What `make` gives for a project, made once for each version of what it is made from."""
        known, made = self._remembered.get(project.dir, ("", None))
        if known != version:
            made = make()
            self._remembered[project.dir] = (version, made)
        result: T = made
        return result

    @cached_property
    def machine(self) -> Machine:
        """Cores, memory and accelerator, measured once."""
        return Machine.measure()

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.home)

    def trial_model(self, run: Run) -> "ChatModel":
        """The base and tuned model of a run; the last one asked for stays in memory."""
        from finetune.generate import ChatModel

        with self._lock:
            if self._trial is None or self._trial[0] != run.dir:
                self._trial = None  # frees the old model before the new one is read
                self._trial = (run.dir, ChatModel.load(run.dir))
            return self._trial[1]


@dataclass(frozen=True)
class Context:
    project: Project
    services: Services
