"""Which column is the question and which the answer: by the header's meaning in several languages, and by content."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from finetune.data.document import Conversation, Table, words
from finetune.data.letters import without_signature
from finetune.data.sides import AGENT_WORDS, CUSTOMER_WORDS
from finetune.errors import UserError
from finetune.example import Example, Message, Source, make_example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Encode = Callable[[Sequence[str]], NDArray[np.float32]]
else:
    Encode = Callable[[Sequence[str]], Any]

Role = Literal["question", "answer", "category", "topic", "other"]
Mode = Literal["question_answer", "category", "text"]

# Words of a header that give a column its role, in English, German, French, Spanish, Italian, Portuguese and Dutch.
# The first role whose word occurs wins, so "answer" stands before "question" for headers like "question answer".
ROLE_WORDS: dict[Role, tuple[str, ...]] = {
    "other": ("id", "uuid", "index", "date", "datum", "fecha", "time", "timestamp", "created", "updated", "received",
              "eingang", "uhrzeit", "hora", "heure", "tijd", "author", "autor", "by", "name", "url", "link", "email",
              "phone", "channel", "kanal", "canal", "canale", "priority", "priorität", "priorité", "prioridad",
              "status", "situação", "state", "estado", "stato", "statut", "stand", "score", "rating", "count",
              "nr", "no",
              "source", "quelle", "language", "lang", "sprache", "langue", "idioma", "lingua", "taal", "locale", "note",
              "notes", "bemerkung", "notiz", "remarque", "nota", "notas", "opmerking", "observaciones"),
    "answer": ("answer", "answers", "answered", "reply", "replies", "response", "responses", "completion", "output",
               "solution", "resolution", "antwort", "antworten", "rückmeldung", "auskunft", "réponse", "reponse",
               "réponses", "retour", "respuesta", "respuestas", "contestación", "solución", "risposta", "risposte",
               "riscontro", "resposta", "respostas", "esclarecimento", "antwoord", "antwoorden", "reactie", "assistant",
               "definition", "explanation", "erklärung", "lösung", "target", "result", "fix"),
    "category": ("category", "categories", "label", "labels", "intent", "class", "kategorie", "klasse", "catégorie",
                 "categorie", "categoría", "categoria", "etikett", "étiquette", "etiqueta", "queue", "sentiment"),
    "topic": ("topic", "topics", "subject", "theme", "area", "department", "section", "product", "thema", "bereich",
              "rubrik", "betreff", "sujet",
              "objet", "asunto", "thème", "rubrique", "tema", "argomento", "oggetto", "assunto", "onderwerp",
              "abteilung", "produkt", "tag", "tags"),
    "question": ("question", "questions", "query", "prompt", "instruction", "input", "message", "text", "request",
                 "inquiry", "enquiry", "complaint", "ticket", "issue", "problem", "utterance", "ask", "asks", "asked",
                 "frage", "fragen", "anfrage", "nachricht", "anliegen", "demande", "interrogation", "pregunta",
                 "preguntas", "consulta", "solicitud", "mensaje", "domanda", "domande", "richiesta", "messaggio",
                 "pergunta", "perguntas", "dúvida", "pedido", "mensagem", "vraag", "vragen", "verzoek", "bericht",
                 "term", "begriff", "terme", "término", "comment", "body"),
}  # fmt: skip
# German and Dutch write "Kundenfrage" and "Antworttext" as one word.
STEMS = {"antwort": "answer", "antwoord": "answer", "frage": "question", "vraag": "question", "nachricht": "question"}
# Who speaks. Such a column holds names where its cells look like it, and else what they said.
SPEAKERS: dict[Role, frozenset[str]] = {
    "answer": AGENT_WORDS | words("our owner sachbearbeiter sachbearbeiterin bearbeiter operador assignee handler"),
    "question": CUSTOMER_WORDS,
}
# For headers none of whose words is known: what each role sounds like to a sentence encoder.
ROLE_PHRASES: dict[Role, str] = {
    "question": "what the customer asked or wrote to us",
    "answer": "what we replied, the correct response",
    "category": "category label of the message",
    "topic": "subject area or topic",
    "other": "number, date, name or link",
}
# Below this the caller should show the columns and ask.
SURE = 0.7
NUMBERED = re.compile(r"Column \d+")  # named by us, since the table names none
RUNNING = 6.0  # words in a cell on average, from which on it is text
SHORT = 3.0  # words in a cell on average; what people say is longer than their names
SAMPLE = 400


@dataclass(frozen=True)
class ColumnMapping:
    """Column names and their roles. `candidates` are the columns a user could choose from, the likeliest first."""

    question: str
    answer: str | None
    topic: str | None
    mode: Mode
    confidence: float
    candidates: tuple[str, ...]
    reason: str = ""

    @property
    def sure(self) -> bool:
        return self.confidence >= SURE


@dataclass(frozen=True)
class _Column:
    name: str
    words: int  # mean number of words in a filled cell
    filled: float  # share of rows with content
    asks: float  # share of cells that end in a question mark or start with a question word
    replies: float  # share of cells that open as a reply does
    code: bool  # nothing but ids, numbers, dates, addresses or links
    place: float  # 0 for the leftmost column, 1 for the rightmost
    distinct: int
    distinct_share: float
    role: Role | None  # from the header, None when its words are unknown
    named: float  # how sure the header makes it, 0 to 1


QUESTION_START = re.compile(
    r"(?:what|how|when|where|why|who|which|can|could|do|does|did|is|are|will|would|should|may|i |my |"
    r"wie|was|wann|wo|warum|wer|kann|muss|darf|gibt|welche[rs]?|ich |mein |meine |qué|cómo|cuándo|dónde|puedo|hay|"
    r"me (?:han|ha)|mi |quel|quelle|comment|quand|où|puis|peut-on|est-ce|combien|pourquoi|je |j['’]ai|come|quando|dove|"
    r"posso|perché|quanto|a che|il mio|como|onde|qual|fui |hoe|wanneer|waar|mag|moet|ik |mijn |kost)\b|¿",
    re.I,
)
NAME = re.compile(r"(?:(?:Mr|Ms|Mrs|Dr|Herr|Frau)\.? )?[A-ZÀ-Þ][\w.’'-]*(?: (?:[a-zà-ÿ]{2,3} )?[A-ZÀ-Þ][\w.’'-]*){1,2}")
LANGUAGE = re.compile(
    r"(?:[a-z]{2}(?:[-_][a-z]{2})?|english|german|deutsch|french|français|spanish|español|italian\w*|dutch|nederlands|"
    r"englisch|portugu\w+)",
    re.I,
)
REPLY_START = re.compile(
    r"(?:thank(?:s| you)\b|we\b|you (?:can|may|will|need)\b|yes\b|no[,.]|sorry\b|of course\b|certainly\b|your\b|"
    r"wir\b|sie können\b|vielen dank\b|ja[,.]|nein[,.]|gracias\b|merci\b|nous\b|vous\b|oui[,.]|non[,.]|sí[,.]|"
    r"puede\b|lamentamos\b|sì[,.]|può\b|grazie\b|sim[,.]|não[,.]|pode\b|pedimos\b|ja[,.]|nee[,.]|u kunt\b|dat kan\b)",
    re.I,
)
GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten tag)\b[^,.!\n]{0,30}[,.!]?\s+", re.I
)
# A cell that names a row or a thing and says nothing: T-1000, 4711, 2024-05-01 10:00, ann@example.org, https://…
CODE = re.compile(
    r"(?=\S*\d)[A-Za-z]{0,6}[-_#/.:]?\d[\w./:#-]*|#\w+|[\d\s.,:/+()%€$£-]+|[0-9a-f]{8}-[0-9a-f-]{20,}|\S+@\S+\.\w+|"
    r"(?:https?://|www\.)\S+|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[ T]\S+(?: [AP]M)?|\d{1,2}\.? \w{3,9}\.? \d{4}|"
    r"\w{3,9} \d{1,2}, \d{4}",
    re.I,
)


def map_columns(table: Table, encode: Encode | None = None) -> ColumnMapping:
    """Find the question and answer (or message and category) columns.

    Args:
        table: the table as read.
        encode: texts to unit vectors (n, d); lets unknown headers be understood by meaning.

    Raises:
        UserError: the table has no rows.
    """
    columns = [_describe(table, i) for i in range(len(table.header))]
    columns = [column for column in columns if column.filled > 0]
    if not columns:
        raise UserError("The table has no rows.", where=table.name, action="Fill in some rows and add the file again.")
    if encode is not None:
        columns = _understand_headers(columns, encode)
    columns = _usable(columns)
    candidates = tuple(c.name for c in sorted(columns, key=lambda c: -c.words))
    if len(columns) == 1:
        reason = "There is only one column with text."
        return ColumnMapping(columns[0].name, None, None, "text", 0.9, candidates, reason)
    question = _best(columns, "question")
    answer = _best([c for c in columns if c.name != question.name], "answer")
    category = _category_column([c for c in columns if c.name != question.name], answer, len(table.filled()))
    if category is not None:
        confidence = _category_confidence(question, category)
        reason = f'"{category.name}" has {category.distinct} different short entries, so it reads as categories.'
        return ColumnMapping(question.name, category.name, None, "category", confidence, candidates, reason)
    topic = _topic_column([c for c in columns if c.name not in (question.name, answer.name)])
    confidence = _confidence(question, answer, columns)
    reason = f'"{question.name}" reads as what comes in and "{answer.name}" as what should go out.'
    return ColumnMapping(question.name, answer.name, topic, "question_answer", confidence, candidates, reason)


LONGEST_CODE = 200  # characters; a number, an id or an address is shorter


def _describe(table: Table, index: int) -> _Column:
    cells = [row[index] for _, row in table.filled()]
    filled = [cell for cell in cells if cell]
    sample = [GREETING.sub("", cell, count=1) for cell in filled[:: max(1, len(filled) // SAMPLE)]]
    distinct = len({cell.lower() for cell in filled})
    code = sum(len(cell) <= LONGEST_CODE and bool(CODE.fullmatch(cell)) for cell in sample) >= 0.9 * max(1, len(sample))
    role, named = _role_of_header(table.header[index], _is_in_letters(table.header))
    length = sum(len(cell.split()) for cell in sample) / max(1, len(sample))
    speaker = None if named else _speaker(table.header[index])
    if speaker:
        role, named = (speaker, 0.8) if length > SHORT else ("other", 1.0)
    names = _share(sample, lambda cell: bool(NAME.fullmatch(cell) or LANGUAGE.fullmatch(cell))) > 0.6
    if role == "other" and length > RUNNING:  # "Comment by agent"
        role, named = None, 0.0
    if (code and role in (None, "question", "topic")) or (names and role is None):
        role, named = "other", 1.0
    return _Column(
        name=table.header[index],
        words=round(length),
        filled=len(filled) / max(1, len(cells)),
        asks=_share(sample, lambda cell: cell.rstrip().endswith("?") or bool(QUESTION_START.match(cell))),
        replies=_share(sample, lambda cell: bool(REPLY_START.match(cell))),
        code=code,
        place=index / max(1, len(table.header) - 1),
        distinct=distinct,
        distinct_share=distinct / max(1, len(filled)),
        role=role,
        named=named,
    )


def _share(cells: list[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, cells)) / max(1, len(cells))


def _usable(columns: list[_Column]) -> list[_Column]:
    """Columns that may hold questions or answers; what is not named as one is taken only where too few are."""
    named = [c for c in columns if c.role != "other"]
    return named if len(named) > 1 else [c for c in columns if not c.code] or columns[:1]


def _is_in_letters(header: Sequence[str]) -> bool:
    """Whether columns are called Q and A."""
    return {"Q", "A"} <= {name.strip().upper() for name in header}


def _role_of_header(header: str, in_letters: bool) -> tuple[Role | None, float]:
    """The role a header's words give it; a column id like `faq_no` is no question although "faq" is in it."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", header)
    said = re.findall(r"[^\W\d_]+", spaced.lower())
    if in_letters and header.strip().upper() in ("Q", "A"):
        return ("question" if header.strip().upper() == "Q" else "answer"), 1.0
    for role, known in ROLE_WORDS.items():
        compound = any(stem in word and STEMS[stem] == role for word in said for stem in STEMS)
        if compound or any(word in known for word in said):
            return role, 1.0 if len(said) <= 4 else 0.8
    return None, 0.0


def _speaker(header: str) -> Role | None:
    """Whose column it is, where a header names a speaker and not what was said: "Client", "What we say"."""
    said = set(re.findall(r"[^\W\d_]+", header.lower()))
    return next((role for role, known in SPEAKERS.items() if said & known), None)


def named_columns(cells: Sequence[str]) -> int:
    """How many cells of a row name a column's role, as a header's do."""
    in_letters = _is_in_letters(cells)
    return sum(_role_of_header(cell, in_letters)[0] is not None for cell in cells)


def names_answers(header: Sequence[str]) -> bool:
    """Whether the headings themselves say that answers stand below them, or messages and their categories."""
    in_letters = _is_in_letters(header)
    roles = {_role_of_header(name, in_letters)[0] for name in header}
    return "answer" in roles or {"question", "category"} <= roles


def _understand_headers(columns: list[_Column], encode: Encode) -> list[_Column]:
    """Give columns with unknown headers the role whose phrase lies nearest, if it is clearly nearer than the next."""
    unknown = [c for c in columns if c.role is None and len(c.name.strip()) > 2 and not NUMBERED.fullmatch(c.name)]
    if not unknown:
        return columns
    roles = list(ROLE_PHRASES)
    similar = encode([c.name for c in unknown]) @ encode([ROLE_PHRASES[role] for role in roles]).T
    guessed: dict[str, tuple[Role, float]] = {}
    for column, row in zip(unknown, similar, strict=True):
        order = sorted(range(len(roles)), key=lambda i: -float(row[i]))
        if row[order[0]] - row[order[1]] > 0.05 and row[order[0]] > 0.25:
            guessed[column.name] = (roles[order[0]], 0.6)
    return [
        _Column(**{**vars(c), "role": guessed[c.name][0], "named": guessed[c.name][1]}) if c.name in guessed else c
        for c in columns
    ]


def _best(columns: list[_Column], role: Literal["question", "answer"]) -> _Column:
    """The column that fits best: what its header says first, what its cells look like second."""

    def score(column: _Column) -> float:
        by_name = 2 * column.named if column.role == role else (-1.5 if column.role is not None else 0.0)
        if role == "question":
            by_content = column.asks - 0.5 * column.replies + 0.5 * min(column.words, 15) / 15
            by_content += (
                0.3 * column.distinct_share - 0.2 * column.place
            )  # what comes in mostly stands before what goes out
        else:
            by_content = min(column.words, 40) / 40 - 0.8 * column.asks + 0.5 * column.replies
            by_content += 0.2 * column.distinct_share + 0.1 * column.place
        return by_name + by_content + 0.3 * column.filled

    return max(columns, key=score)


def _category_column(columns: list[_Column], answer: _Column, rows: int) -> _Column | None:
    """A column of few short labels, unless another one clearly holds answers."""
    if answer.role == "answer" and not _few_labels(answer, rows):
        return None
    labels = [c for c in columns if c.role in ("category", "answer", None, "topic") and _few_labels(c, rows)]
    if answer.words > RUNNING and not _few_labels(answer, rows):
        return None
    return max(labels, key=lambda c: (c.role == "category", c.role == "answer", c.filled), default=None)


def mode_of(table: Table, answer: str) -> Mode:
    """How a table is read once the user has named its answer column: few short entries are categories."""
    column = _describe(table, table.header.index(answer))
    return "category" if _few_labels(column, len(table.filled())) else "question_answer"


def _category_confidence(question: _Column, category: _Column) -> float:
    if question.role == "question" and category.role == "category":
        return 0.95
    return 0.75 if question.role == "question" or category.role in ("category", "answer", "topic") else 0.6


def _few_labels(column: _Column, rows: int) -> bool:
    return 1 < column.distinct <= max(2, min(300, rows // 3)) and column.words <= 5


def _topic_column(columns: list[_Column]) -> str | None:
    named = [c for c in columns if c.role in ("topic", "category")]
    few = [
        c
        for c in columns
        if c.role is None and c.distinct_share < 0.5 and c.words <= 5 and c.distinct > 1 and c.filled > 0.6
    ]
    return (named or few)[0].name if named or few else None


def _confidence(question: _Column, answer: _Column, columns: list[_Column]) -> float:
    """0.95 when both headers say so, about 0.8 when one does, less by content alone; less again with rivals."""
    named = (question.role == "question") + (answer.role == "answer")
    by_content = 0.3 * min(1.0, question.asks * 1.5) + 0.2 * (answer.words > question.words)
    confidence = {2: 0.95, 1: 0.6 + 0.5 * by_content, 0: 0.2 + 0.9 * by_content}[named]
    rivals = [c for c in columns if c.role in ("question", "answer") and c.name not in (question.name, answer.name)]
    sure = confidence - 0.2 * min(2, len(rivals)) if named == 2 else confidence
    return round(max(0.1, min(0.95, sure)), 2)


def examples_from_table(table: Table, mapping: ColumnMapping, file: str) -> list[Example]:
    """One example a row, with the row's number as its spreadsheet shows it. Rows without an answer come too, empty:
    cleaning drops them by name, so that nothing vanishes.

    Raises:
        UserError: the mapping has no answer column, or names a column that is not there.
    """
    if mapping.answer is None or mapping.mode == "text":
        raise UserError(
            f'There is only one usable column, "{mapping.question}".',
            where=f"{file}, {table.name}" if table.name != file else file,
            action="Add a second column with the right answer or the category of each row, and add the file again.",
        )
    places = {name: i for i, name in enumerate(table.header)}
    wanted = [name for name in (mapping.question, mapping.answer, mapping.topic) if name]
    if missing := [name for name in wanted if name not in places]:
        raise UserError(
            f"There is no column called {', '.join(missing)}.",
            where=file,
            action=f"Choose from these: {', '.join(table.header)}.",
        )
    category = mapping.mode == "category"
    examples = []
    for number, row in table.filled():
        question = without_signature(row[places[mapping.question]])
        given = without_signature(row[places[mapping.answer]])
        answer = readable_label(given) if category else given
        topic = answer if category else (row[places[mapping.topic]] if mapping.topic else "")
        source = Source(file=file, page=table.page, row=number, quote=given or None)
        examples.append(
            make_example(question, answer, source=source, kind="category" if category else "faq", topic=topic)
        )
    return examples


def readable_label(label: str) -> str:
    """`card_arrival` and `cardArrival` as "Card arrival"; names in capitals stay."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", re.sub(r"[_\s]+", " ", label)).strip()
    if spaced != label and not label.isupper():
        spaced = " ".join(word if word.isupper() else word.lower() for word in spaced.split())
    return spaced[:1].upper() + spaced[1:]


def examples_from_conversations(conversations: Sequence[Conversation], file: str) -> list[Example]:
    """Each conversation up to its last answer; its system message stays with it."""
    examples = []
    for conversation in conversations:
        messages = list(conversation.messages)
        while messages and messages[-1][0] != "assistant":
            messages.pop()
        question = next((content for role, content in reversed(messages) if role == "user"), "")
        answer = messages[-1][1] if messages else ""
        example = make_example(question, answer, source=Source(file=file, row=conversation.row, quote=answer or None))
        if question and answer:
            told = [Message.model_validate({"role": role, "content": content}) for role, content in messages]
            example = example.model_copy(update={"messages": told})
        examples.append(example)
    return examples
