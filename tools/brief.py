"""The brief: what the assistant must know about a team before it can help. One field, one question."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Industry = Literal[
    "healthcare", "pharma", "banking", "insurance", "accounting", "legal", "education",
    "hr", "retail", "support", "manufacturing", "public", "other",
]  # fmt: skip
OTHER = "other"  # an industry without rules of its own here; those that hold for all of them apply
NONE_OF_THESE = "None of these"
INDUSTRY_NAMES: dict[str, str] = {
    "healthcare": "Healthcare",
    "pharma": "Pharma and life sciences",
    "banking": "Banking and lending",
    "insurance": "Insurance",
    "accounting": "Accounting and audit",
    "legal": "Legal services",
    "education": "Education",
    "hr": "HR and recruiting",
    "retail": "Retail and e-commerce",
    "support": "Customer support",
    "manufacturing": "Manufacturing and workplace safety",
    "public": "Public sector",
}
Task = Literal["answer", "classify", "draft", "summarise", "extract"]
TASK_NAMES: dict[str, str] = {
    "answer": "answer questions",
    "classify": "sort messages into categories",
    "draft": "draft replies or letters",
    "summarise": "shorten texts",
    "extract": "pull facts out of documents",
}


@dataclass(frozen=True)
class Ask:
    """How a field is asked for: shown to the user, to the guide and, as the tool's schema, to any other chat model."""

    question: str
    why: str
    options: tuple[str, ...] = ()
    needed: bool = False  # the model would fit badly without it
    wanted: bool = False  # worth asking for; what is neither is only noted when it is volunteered


class Pair(BaseModel):
    """A real case in the user's own words."""

    question: str
    answer: str


class Brief(BaseModel):
    """Fields stand in the order they are asked. None or an empty list means "not known"."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    organisation: Annotated[
        str | None,
        Ask(
            "What does your team do, and who do you do it for?",
            "It tells me which words, rules and questions to expect.",
            ("A dental clinic", "A credit union", "An insurance broker", "A support desk"),
            needed=True,
        ),
    ] = Field(None, description="what the team does, in its own words")
    industry: Annotated[
        Industry | None,
        Ask(
            "Which industry fits best?",
            "It decides which rules and terms I look through; some hold for every industry.",
            ("Healthcare", "Banking and lending", "Insurance", "Customer support", NONE_OF_THESE),
            needed=True,
        ),
    ] = Field(None, description="one of the known industries, or other")
    task: Annotated[
        Task | None,
        Ask(
            "What should the model do for you?",
            "Answering, sorting and drafting need different examples.",
            ("Answer questions", "Sort messages into categories", "Draft replies", "Shorten texts"),
            needed=True,
        ),
    ] = Field(None, description="what the model is for")
    audience: Annotated[
        str | None,
        Ask(
            "Who will read its answers?",
            "An answer for a patient is worded unlike one for a colleague.",
            ("Our customers", "Our own staff", "Both"),
            needed=True,
        ),
    ] = Field(None, description="who reads the answers")
    jurisdictions: Annotated[
        list[str],
        Ask(
            "Where are the people you serve? A country or a US state is enough.",
            "Rules differ from place to place, and I only quote the ones that apply to you.",
            ("United States", "European Union", "United Kingdom"),
            needed=True,
        ),
    ] = Field([], description="places whose rules apply: US, US-OH, EU, DE, UK, CA …")
    inputs: Annotated[
        str | None,
        Ask(
            "What comes in? Describe a typical message or document, or paste a real one.",
            "The model should practise on what it will meet.",
            ("Questions by e-mail", "Chat messages", "Phone notes"),
            needed=True,
        ),
    ] = Field(None, description="what the model will be given")
    outputs: Annotated[
        str | None,
        Ask(
            "What should come out?",
            "Length and form are learnt from examples, so I must know what you expect.",
            ("A short answer", "A full reply with a greeting", "A category"),
            needed=True,
        ),
    ] = Field(None, description="what the model should give back")
    right_answer: Annotated[
        str | None,
        Ask(
            "What makes an answer right, in your eyes?",
            "It becomes the yardstick of the test at the end.",
            ("It says what our documents say", "It is short and friendly", "It names the next step"),
            needed=True,
        ),
    ] = Field(None, description="what makes an answer right")
    wrong_answer: Annotated[
        str | None,
        Ask(
            "And what would make an answer wrong, or even harmful?",
            "I turn it into checks that the model must pass.",
            ("It makes something up", "It gives advice only a professional may give", "It shows personal data"),
            wanted=True,
        ),
    ] = Field(None, description="what makes an answer wrong")
    never: Annotated[
        list[str],
        Ask(
            "Is there anything it must never do or say?",
            "Each point becomes a refusal example and a test.",
            ("Give a diagnosis", "Promise an outcome", "Ask for a password"),
            wanted=True,
        ),
    ] = Field([], description="what the model must never do")
    pairs: Annotated[
        list[Pair],
        Ask(
            "Can you give me one real question and the answer you would be proud of?",
            "One real example tells me more than ten descriptions.",
            wanted=True,
        ),
    ] = Field([], description="real cases from the user: question and right answer")
    topics: Annotated[
        list[str],
        Ask("Which subjects must it know about?", "I count the rows on each, and say what is missing."),
    ] = Field([], description="subjects the model must know: refunds, opening hours …")
    tone: Annotated[
        str | None,
        Ask(
            "How should it sound?",
            "Tone is the first thing people notice.",
            ("Friendly and plain", "Formal", "Short and factual"),
        ),
    ] = Field(None, description="how the answers sound")
    languages: Annotated[
        list[str],
        Ask(
            "In which languages do the messages come?",
            "The starter model reads English only; other languages need another base model.",
            ("English", "English and Spanish", "German"),
        ),
    ] = Field([], description="languages of the messages as ISO 639-1 codes: en, es, de …")
    size: Annotated[
        str | None,
        Ask("How big is your team?", "It helps me judge how much review you can manage."),
    ] = Field(None, description="size of the team in the user's words")
    data: Annotated[
        str | None,
        Ask(
            "What do you have that shows good answers: a spreadsheet, old e-mails, a handbook, a policy?",
            "I build the training rows from it. You can drop files into this chat at any time.",
            ("A spreadsheet of questions and answers", "Documents only", "Nothing yet"),
            needed=True,
        ),
    ] = Field(None, description="what data the team has")
    deployment: Annotated[
        str | None,
        Ask(
            "Where should the model run in the end?",
            "It decides how large it may be.",
            ("On our own computer", "In a Hugging Face Space", "Behind an API", "Not sure yet"),
        ),
    ] = Field(None, description="where the model will run")

    skipped: list[str] = Field([], description="fields the user chose to leave open")

    @classmethod
    def questions(cls) -> list[str]:
        """The fields that are asked for, in order."""
        return [name for name in cls.model_fields if name != "skipped"]

    @classmethod
    def ask(cls, field: str) -> Ask:
        """The question that belongs to a field."""
        return next(m for m in cls.model_fields[field].metadata if isinstance(m, Ask))

    def known(self) -> dict[str, Any]:
        """The fields that are filled, in order."""
        return {name: value for name in self.questions() if (value := getattr(self, name))}

    def missing(self) -> list[str]:
        """Fields to ask for that are neither known nor skipped: the needed ones first, in order."""
        still_open = [n for n in self.questions() if not getattr(self, n) and n not in self.skipped]
        needed = [n for n in still_open if self.ask(n).needed]
        return needed + [n for n in still_open if self.ask(n).wanted]


def in_words(field: str, value: Any) -> str:
    """A field's value as a person would say it."""
    if field == "industry":
        return INDUSTRY_NAMES.get(value, "one I have no rules of its own for; those for every industry apply")
    if field == "task":
        return TASK_NAMES[value]
    if field == "pairs":
        return "; ".join(f"“{pair.question}” → “{pair.answer}”" for pair in value)
    return ", ".join(value) if isinstance(value, list) else str(value)
