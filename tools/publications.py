"""What was published where, so that it can be withdrawn."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from finetune.files import append_jsonl, read_jsonl
from finetune.project import Project
from tools.trial import now


class Publication(BaseModel):
    """A line of `publications.jsonl`."""

    run: str | None = Field(None, description="None: the data set")
    where: str
    address: str = Field(description="a folder of this machine within the project, or an address on the Hub")
    time: str = Field("", description="ISO 8601; empty where nobody wrote it down")
    sources: list[str] = Field([], description="of a data set: the attached files its rows came from")

    @property
    def what(self) -> str:
        return f"the model of round {self.run}" if self.run else "the data set"

    @property
    def withdraw(self) -> str:
        """What the user has to do; empty where it never left this machine."""
        if self.address.startswith("http"):
            return f"delete the repository {self.address}, and tell who has a copy"
        return f"it was made ready to take away in {self.address}; tell whoever has a copy of it to delete it"


def publications(project: Project) -> list[Publication]:
    """All of them, oldest first; a model's folder that nobody wrote down counts, too."""
    known = [Publication.model_validate(row) for row in read_jsonl(project.publications)]
    folders = {one.address for one in known}
    found = [
        Publication(run=path.name.removeprefix("round-"), where="file", address=f"published/{path.name}")
        for path in sorted(project.published.glob("round-*"))
        if f"published/{path.name}" not in folders
    ]
    return [*known, *found]


def note_publication(
    project: Project, where: str, address: str, *, run: str | None = None, sources: Sequence[str] = ()
) -> None:
    one = Publication(run=run, where=where, address=address, time=now(), sources=list(sources))
    append_jsonl(project.publications, one.model_dump())
