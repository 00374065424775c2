"""Where a project stands, read from its files each time: nothing about it is kept in memory."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from finetune.data.personal import Style
from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_json, write_json
from finetune.plan import TrainingPlan
from finetune.project import Project, Run
from finetune.status import RunStatus, read_status
from tools.brief import Brief

Stage = Literal[
    "interview", "knowledge", "data", "verdict", "plan", "training", "evaluation", "trial", "publish", "watch"
]
STAGE_NAMES: dict[Stage, str] = {
    "interview": "getting to know you",
    "knowledge": "rules and terms",
    "data": "your data",
    "verdict": "is tuning the right tool?",
    "plan": "the plan",
    "training": "training",
    "evaluation": "the test",
    "trial": "trying it out",
    "publish": "publishing",
    "watch": "watching over it",
}


QUESTIONS = 3  # about the rules kept; a longer questionnaire is not answered with care


class Offered(BaseModel):
    """A rule or term shown to the user. `kept` is None until the user has decided."""

    id: str
    as_of: str
    fingerprint: str = Field(description="hash of the entry's words, to notice that it changed")
    reason: str
    asks: str = Field("", description="what a rule leaves to the team to say about its own work")
    kept: bool | None = None


class Knowledge(BaseModel):
    """`knowledge.json`: what was offered, numbered in this order, and what the user decided."""

    offered: list[Offered] = []
    skipped: bool = False
    practice: dict[str, str] = Field({}, description="a kept rule's id to how the team meets it; empty: left open")

    @property
    def decided(self) -> bool:
        return self.skipped or (bool(self.offered) and all(o.kept is not None for o in self.offered))

    @property
    def kept_ids(self) -> list[str]:
        return [o.id for o in self.offered if o.kept]

    @property
    def to_ask(self) -> list[Offered]:
        """The kept rules whose question to the team is still open, as far as there is patience for more of them."""
        open_ones = [o for o in self.offered if o.kept and o.asks and o.id not in self.practice]
        return open_ones[: max(QUESTIONS - len(self.practice), 0)] if self.decided else []


HOW = {"threads": "threads: each answer with what was asked", "facts": "tables of facts: each line asked about"}


class SourceFile(BaseModel):
    """One uploaded file: how it was understood, and what is still to be asked about it."""

    name: str
    sha256: str = ""
    mode: Literal["question_answer", "category", "text", "threads", "facts", "unsure"] = "text"
    header: list[str] = []
    question: str | None = None
    answer: str | None = None
    topic: str | None = None
    rows: int = 0
    passages: int = Field(0, description="what the file can be looked up by, in the project's index")
    notes: list[str] = []
    title: str = Field("", description="what the document calls itself, where text stands right below it")
    mentions: list[str] | None = Field(None, description="everyday matters it may speak of; None: not looked at")

    @property
    def how(self) -> str:
        """How it was understood, in a few words."""
        if self.question:
            return f"columns: {self.question} → {self.answer}"
        return HOW.get(self.mode, "running text")


Owner = Literal["ours", "customers", "public", "licensed"]


class Rights(BaseModel):
    """What the team says of an attached file, and so of every file in it. None: left open."""

    owner: Owner | None = None
    licence: str = Field("", description="as the user named it")
    train: bool | None = None
    publish: bool | None = None
    said: str = Field("", description="when, ISO 8601; empty: the question was passed over")


class PersonalChoice(BaseModel):
    """How personal data is hidden, and whether the user has been asked."""

    style: Style = "tags"
    indirect: bool = Field(False, description="towns, employers, dates, ages and titles are hidden, too")
    keep: list[str] = Field([], description="values that are no secret, as the user wrote them")
    asked: bool = False


def root(name: str) -> str:
    """The attached file a file lies in: mails.zip of "mails.zip/faq.csv"."""
    return name.partition("/")[0]


class Sources(BaseModel):
    """`sources.json`."""

    files: list[SourceFile] = []
    unread: dict[str, list[str]] = Field({}, description="what could not be used and why, by the file as attached")
    rights: dict[str, Rights] = Field({}, description="by the file as attached")
    personal: PersonalChoice = PersonalChoice()
    sealed: str | None = Field(None, description="hash of the test set the user approved")
    approved: str = Field("", description="when, ISO 8601")
    approved_by: str = Field("", description="as the user named it")
    prepared: bool = Field(False, description="the examples were cleaned and split since the last file was read")
    round: int = 1

    def file(self, name: str) -> SourceFile | None:
        return next((f for f in self.files if f.name == name), None)

    @property
    def attached(self) -> list[str]:
        """The files as the user attached them: an archive once, without those in it."""
        return list(dict.fromkeys(root(f.name) for f in self.files))

    @property
    def unsure(self) -> list[SourceFile]:
        return [f for f in self.files if f.mode == "unsure"]


class Watch(BaseModel):
    """`watch.json`: what happened since the model was tuned."""

    checked: str = ""
    sentences: list[str] = []
    used_feedback: int = Field(0, description="lines of feedback.jsonl that a later round has already taken in")


@dataclass(frozen=True)
class State:
    """A project as its files tell it."""

    project: Project
    brief: Brief
    knowledge: Knowledge
    sources: Sources
    counts: dict[str, int] = field(default_factory=dict)  # examples in use, by split; "all" is their sum
    verdict: dict[str, Any] | None = None
    plan: TrainingPlan | None = None
    run: Run | None = None
    status: RunStatus | None = None
    evaluated: bool = False
    published: list[str] = field(default_factory=list)
    feedback: int = 0
    can_write: bool = False  # a chat model is named that may write examples
    personal_found: bool = False  # and replaced, in the last preparation

    @property
    def missing(self) -> list[str]:
        """Fields of the brief still to ask for. Who has attached a file need not be asked what data there is."""
        return [name for name in self.brief.missing() if not (name == "data" and self.sources.files)]

    @property
    def may_offer_writing(self) -> bool:
        """There are documents, and a chat model that could write examples from them."""
        return self.can_write and any(f.passages for f in self.sources.files)

    @property
    def has_model(self) -> bool:
        """A tuned model is there to be tried or published."""
        return any((run.adapter / "adapter_config.json").exists() for run in self.project.runs())

    @property
    def running(self) -> bool:
        """Training or its test is queued or under way."""
        if self.run is None or self.evaluated:
            return False
        return self.status is None or self.status.state not in ("cancelled", "failed")

    @property
    def stage(self) -> Stage:
        """The first stage with something left to do."""
        if self.evaluated and self.run_is_current:
            return "watch" if self.run is not None and self.run.published_as in self.published else "trial"
        if self.running:
            done = self.status is not None and self.status.state in ("finished", "stopped_early")
            return "evaluation" if done else "training"
        if self.missing:
            return "interview"
        if not self.knowledge.decided:
            return "knowledge"
        if not self.sources.sealed:
            return "data"
        if self.verdict is None:
            return "verdict"
        return "plan"

    @property
    def run_is_current(self) -> bool:
        """False once a new round was begun after the last run."""
        return self.run is not None and int(self.run.name) >= self.sources.round


def read_brief(project: Project) -> Brief:
    return Brief.model_validate(read_json(project.brief) or {})


def read_knowledge(project: Project) -> Knowledge:
    return Knowledge.model_validate(read_json(project.knowledge) or {})


def read_sources(project: Project) -> Sources:
    return Sources.model_validate(read_json(project.sources) or {})


def read_plan(project: Project) -> TrainingPlan | None:
    stored = read_json(project.plan)
    return TrainingPlan.model_validate(stored) if stored else None


def write_model(path: Any, model: BaseModel) -> None:
    write_json(path, model.model_dump())


def in_use(examples: list[Example]) -> list[Example]:
    return [e for e in examples if e.status != "dropped"]


def read_state(project: Project, *, can_write: bool = False) -> State:
    run = project.latest_run()
    sources = read_sources(project)
    report = read_json(project.report) or {}
    return State(
        project=project,
        brief=read_brief(project),
        knowledge=read_knowledge(project),
        sources=sources,
        counts={"kept": report.get("kept", 0), **report.get("by_split", {})},
        personal_found=bool(report.get("personal")),
        verdict=read_json(project.verdict),
        plan=read_plan(project),
        run=run,
        status=read_status(run) if run else None,
        evaluated=run is not None and run.evaluation.exists(),
        published=sorted(p.name for p in project.published.glob("round-*")),  # models; the data set ends no stage
        feedback=sum(1 for _ in project.feedback.open(encoding="utf-8")) if project.feedback.exists() else 0,
        can_write=can_write,
    )


def require(held: bool, what: str, action: str) -> None:
    """A rule of the journey: raise a UserError that names the missing step unless it is done."""
    if not held:
        raise UserError(what, action=action)
