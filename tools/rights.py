"""Whose the files are, and what may be done with them: asked once, kept by file, told on the cards."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool
from pydantic import BaseModel, Field, ValidationError

from finetune.data.report import counted
from finetune.errors import UserError
from finetune.example import Example
from finetune.lineage import NO_FILE
from tools.context import Context
from tools.history import remember
from tools.journey import Owner, Rights, Sources, in_use, read_sources, require, root, write_model
from tools.result import Artifact, ToolResult
from tools.trial import now

OWNERS: dict[Owner, str] = {
    "ours": "your own",
    "licensed": "licensed from someone",
    "public": "public",
    "customers": "your customers' letters",
}
# On cards, which others read.
WHOSE: dict[Owner, str] = {
    "ours": "the team's own",
    "licensed": "licensed from someone else",
    "public": "public",
    "customers": "letters of the team's customers",
}
PASSED = "Fine, we leave that as it is."  # a question about sources that the user did not answer
LEFT_OPEN = "nobody has said whose it is"


class Answer(BaseModel):
    """What the user says of one file; `file` empty: of all that are still open."""

    file: str = ""
    owner: Owner | None = None
    licence: str = ""
    train: bool | None = Field(None, description="it may be trained on")
    publish: bool | None = Field(None, description="rows from it may be published")


def rights_in_words(rights: Rights | None) -> str:
    """A file's terms as the cards tell them."""
    if rights is None or not rights.said:
        return f"{LEFT_OPEN}, or whether it may be published."
    parts = [WHOSE[rights.owner] if rights.owner else LEFT_OPEN]
    parts += [f"licence {rights.licence}"] if rights.licence else []
    for use, words in ((rights.train, "trained on"), (rights.publish, "published")):
        parts += [f"may {'' if use else 'not '}be {words}"] if use is not None else []
    parts += ["nobody has said whether it may be published"] if rights.publish is None else []
    return "; ".join(parts) + "."


@tool(parse_docstring=True, response_format="content_and_artifact")
def set_rights(runtime: ToolRuntime[Context], answers: list[dict[str, Any]]) -> Artifact:
    """Note whose the attached files are and what may be done with them, as the user said; never guess it.

    Args:
        answers: for each file {"file": its name as attached, or "" for all that are open, "owner": ours, licensed,
            public or customers, "licence": its name, "train": true or false, "publish": true or false}; what was not
            said is left out. An empty list notes that the user leaves the question open.
    """
    project = runtime.context.project
    sources = read_sources(project)
    require(bool(sources.attached), "There is no file yet.", "Attach one first.")
    told = checked(answers)
    rights = dict(sources.rights)
    named: list[str] = []
    for answer in told or [Answer()]:
        for file in files_meant(sources, answer.file):
            rights[file] = with_answer(rights.get(file, Rights()), answer)
            named.append(file)
    if told:
        remember(project, "what you said about your files")
    write_model(project.sources, sources.model_copy(update={"rights": rights}))
    if not told:
        return ToolResult(PASSED).for_agent()
    lines = [f"{file}: {rights_in_words(rights[file])}" for file in dict.fromkeys(named)]
    forbidden = not_for_training(sources.model_copy(update={"rights": rights}), project.read_examples())
    mend = f" {forbidden.what} {forbidden.action}" if forbidden else ""
    return ToolResult(f"Noted. {' '.join(lines)}{mend}").for_agent()


def checked(answers: Sequence[dict[str, Any]]) -> list[Answer]:
    try:
        return [Answer.model_validate(answer) for answer in answers]
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors()}))
        raise UserError(
            f"I did not understand what holds for the file ({fields}).",
            action='Say it as in "faq.csv is ours, may be trained on and may not be published".',
        ) from error


def files_meant(sources: Sources, file: str) -> list[str]:
    """The file, or where none is named all that are open, or else all."""
    if not file:
        return [name for name in sources.attached if name not in sources.rights] or sources.attached
    if root(file) not in sources.attached:
        raise UserError(f"There is no file called {file!r} here.", action=f"Choose: {', '.join(sources.attached)}.")
    return [root(file)]


def with_answer(rights: Rights, answer: Answer) -> Rights:
    """What was said before holds where nothing new is said."""
    new = answer.model_dump(exclude={"file"}, exclude_none=True)
    if not answer.licence:
        new.pop("licence")
    return rights.model_copy(update={**new, **({"said": now()} if new else {})})


def files_in_use(examples: Sequence[Example]) -> dict[str, int]:
    """The attached files that rows in use come from, with how many."""
    files = (e.source.file for e in in_use(list(examples)))
    return dict(Counter(root(file) for file in files if file and file not in NO_FILE))


def not_for_training(sources: Sources, examples: Sequence[Example]) -> UserError | None:
    """Why the rows may not be trained on, as the user said; None where nothing stands against it."""
    counts = files_in_use(examples)
    forbidden = [name for name in counts if (said := sources.rights.get(name)) and said.train is False]
    if not forbidden:
        return None
    rows = counted(sum(counts[name] for name in forbidden), "row is", "rows are")
    return UserError(
        f"{rows} from {', '.join(forbidden)}, which you said may not be trained on.",
        action=f"Say “delete {forbidden[0]}”, and they go; or say that it may be trained on.",
    )


def require_publishable(sources: Sources, examples: Sequence[Example]) -> None:
    """Rows may be published when the user has said so of every file they come from.

    Raises:
        UserError: a file's question is open, or was answered with no.
    """
    problems = {
        name: "you said it may not be published" if said and said.publish is False else "nobody has said whether it may"
        for name in files_in_use(examples)
        if not ((said := sources.rights.get(name)) and said.publish)
    }
    if problems:
        first = next(iter(problems))
        raise UserError(
            f"The data set is not published: {'; '.join(f'{name}: {why}' for name, why in problems.items())}.",
            action=f"Say “{first} is our own and may be published” if that is so, or “delete {first}”.",
        )
