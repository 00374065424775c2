"""One letter's text: its own words apart from quoted history, signature, greeting and confidentiality notice.

Written for e-mail in English, German, French, Spanish, Italian, Portuguese, Dutch and Swedish. Libraries for this
(talon, email-reply-parser, mail-parser-reply) are either no longer kept, or know no disclaimers and no interleaved
answers, so the marks are listed here.
"""

import re
from dataclasses import dataclass
from itertools import islice

from bs4.element import NavigableString, PageElement, Tag

from finetune.data.document import words
from finetune.data.markup import parsed

# As long as RFC 5321 lets its parts be, so that a line of letters alone is not read to its end from each of them.
ADDRESS = re.compile(r"(?<![\w.+'%-])[\w.+'%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
DEEPEST_QUOTE = 30
FEWEST_WORDS = 3  # left of a letter; fewer say nothing
SIGNATURE_LINES = 14  # of a signature, at most
LONGEST_LETTER = 200_000  # characters; the rest of a longer one is a log or a dump

# "On Tue, 5 May 2026 at 10:00, Jane Doe <jane@example.org> wrote:", which programs wrap over up to three lines.
_WROTE = (
    r"On\b.{4,240}\bwrote", r"Am\b.{4,240}\bschrieb\b.{0,120}", r".{3,120}\bschrieb am\b.{4,120}",
    r"Le\b.{4,240}\ba\s+écrit", r"El\b.{4,240}\bescribió", r"Il\b.{4,240}\bha\s+scritto", r"Em\b.{4,240}\bescreveu",
    r"Op\b.{4,240}\bschreef\b.{0,120}", r"Den\b.{4,240}\bskrev\b.{0,120}", r"W dniu\b.{4,240}\bnapisał\(?a?\)?",
)  # fmt: skip
WROTE = re.compile(rf"(?:{'|'.join(_WROTE)})\s?:", re.I)
# "-----Original Message-----" and its kin, and a line of underscores above Outlook's own header.
ORIGINAL = re.compile(
    r"\s*(?:[-_]{2,}\s*(?:Original Message|Original-?Nachricht|Ursprüngliche Nachricht|Weitergeleitete Nachricht|"
    r"Message d.origine|Message original|Mensaje original|Messaggio originale|Mensagem original|"
    r"Oorspronkelijk bericht|Ursprungligt meddelande|Forwarded message|Begin forwarded message)\s*[-_]{0,}|"
    r"Begin forwarded message:|_{20,})\s*",
    re.I,
)
_FROM = r"\*?(?:From|Von|De|Da|Van|Från)\s?:\*?"
_SENT = (
    r"\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Date|Enviado(?: el)?|Fecha|Inviato|Data|"
    r"Enviada em|Verzonden|Skickat)\s?:\*?"
)
_TO = (
    r"\*?(?:To|An|À|Para|A|Aan|Till|Cc|Kopie|Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|"
    r"Ämne|Reply-To)\s?:\*?"
)
FROM_LINE = re.compile(rf"\s*{_FROM}\s*(?P<sender>\S.*)", re.I)
HEADER_LINE = re.compile(rf"\s*(?:{_FROM}|{_SENT}|{_TO})\s*\S?.*", re.I)
SENT_LINE = re.compile(rf"\s*{_SENT}\s*\S.*", re.I)

CLOSING = re.compile(
    r"\s*(?:(?:(?:kind|kindest|best|warm|warmest|with (?:kind|best)|many)\s+)?regards|best(?: wishes)?|all the best|"
    r"(?:yours\s+)?(?:sincerely|faithfully|truly)(?: yours)?|respectfully|cheers|take care|"
    r"(?:many\s+|with\s+)?thanks(?: again| in advance| and (?:kind |best )?regards)?|thank you(?: in advance)?|"
    r"mit (?:freundlichen|besten|herzlichen|vielen) grü(?:ß|ss)en|"
    r"(?:freundliche|viele|beste|liebe|herzliche) grü(?:ß|ss)e|"
    r"mfg|lg|vg|vielen dank(?: im voraus)?|hochachtungsvoll|"
    r"(?:bien )?cordialement|bien à vous|(?:meilleures )?salutations(?: distinguées)?|merci d.avance|"
    r"(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|muchas gracias|"
    r"(?:cordiali|distinti) saluti|saluti|grazie mille|"
    r"atenciosamente|cumprimentos|abraços?|obrigad[oa]|"
    r"(?:met )?vriendelijke groet(?:en)?|groet(?:en|jes)?|hartelijke groet(?:en)?|"
    r"(?:med )?vänliga? hälsning(?:ar)?|mvh)"
    r"(?P<name>(?:\s+(?:from|aus)\b.{0,40})|"
    r"\s*[,!.\-–]*\s*[A-ZÀ-Þ][\w.’'-]{0,20}(?: [A-ZÀ-Þ][\w.’'-]{0,20})?)?\s*[,!.\-–]*\s*",
    re.I,
)
# A closing and a name behind the last sentence, in its line: "Please send photos. Best, Tom".
SIGNED = re.compile(r"(?<=[.!?])[ \t]+(?P<closing>[^.,!?\n]{3,40}[,–-]\s*[A-ZÀ-Þ][\w’'-]+(?: [A-ZÀ-Þ][\w’'-]+)?)\s*$")
LONGEST_SIGNED = 90  # characters
SENT_FROM = re.compile(
    r"\s*(?:sent (?:from|via|with) (?:my|the|a|an|outlook|yahoo|mail|proton)\b.*|get outlook for .*|"
    r"von mein\w* .{2,30} gesendet.*|"
    r"gesendet (?:von|mit) .*|envoyé (?:de|depuis) mon .*|enviado (?:desde|do|de) (?:mi|meu) .*|inviato da .*|"
    r"verzonden (?:vanaf|met) .*|skickat från .*)",
    re.I,
)
GREETING = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|to whom it may concern|"
    r"hallo|liebe[rs]?|guten (?:tag|morgen|abend)|sehr geehrte[rs]?|moin|"
    r"bonjour|bonsoir|cher|chère|madame|monsieur|hola|buen(?:os|as) (?:días|tardes|noches)|estimad[oa]s?|"
    r"ciao|buongiorno|buonasera|gentile|egregi[oa]|olá|prezad[oa]s?|car[oa]|bom dia|boa tarde|"
    r"beste|geachte|goedemorgen|goedemiddag|hej|bästa)\b(?P<whom>[^.!?:;\n]{0,60})[,.!:;–-]*\s*",
    re.I,
)
GREETED = words(
    """
    there all team everyone everybody sir madam sirs colleague colleagues customer patient friend or and again both
    zusammen damen herren und frau herr alle à tous toutes et de la le el equipo a todos todas tutti e você allen
    """
)
CONTACT = re.compile(
    r"(?:\b(?:tel|phone|telephone|mobile|cell|fax|direct|office|telefon|handy|mobil|tél|téléphone|teléfono|tlf)\b\.?\s*[:.]?"
    r"\s*\+?[\d(]|www\.|https?://|\+?\(?\d[\d ()/.–-]{7,}\d)",
    re.I,
)
DISCLAIMER = re.compile(
    r"(?:confidentiality (?:notice|statement|disclaimer)|disclaimer\s*:|"
    r"(?:this|the) (?:e-?mail|message|communication|transmission)\b.{0,120}\b(?:confidential|privileged|intended)|"
    r"(?:intended|meant) (?:solely|only|exclusively) for\b.{0,80}\b(?:recipient|addressee|use|person|individual)|"
    r"(?:if you|you) (?:are|have)\b.{0,40}\b(?:not the (?:intended|named)|received this .{0,30}in error)|"
    r"please consider the environment|scanned (?:for|by)\b.{0,60}\b(?:virus|malware)|virus-free|"
    r"external e?-?mail|(?:originated|came) from outside|"
    r"diese (?:e-?mail|nachricht)\b.{0,120}\bvertraulich|"
    r"nicht der (?:richtige|beabsichtigte|vorgesehene) (?:adressat|empfänger)|"
    r"ce (?:message|courriel|mail)\b.{0,120}\b(?:confidentiel|destiné)|este (?:mensaje|correo)\b.{0,120}\bconfidencial|"
    r"(?:questo|il presente) (?:messaggio|e-?mail)\b.{0,120}\b(?:riservat|confidenzial)|"
    r"esta (?:mensagem|e-?mail)\b.{0,120}\bconfidencia|(?:dit|deze) (?:e-?mail|bericht)\b.{0,120}\bvertrouwelijk)",
    re.I | re.S,
)


@dataclass(frozen=True)
class Part:
    """Words of one writer within a letter. `sender` is what its header says, "" where the letter's own writer speaks
    and None where somebody is quoted whom nothing names."""

    text: str
    sender: str | None = ""


def parts_of(text: str) -> list[Part]:
    """A letter's words and those it quotes, the oldest first, each trimmed; what is empty then is left out.

    Answers written between the quoted lines stay behind what they answer.
    """
    return [
        Part(own, part.sender) for part in _split(_plain(text[:LONGEST_LETTER]), 0) if (own := own_words(part.text))
    ]


def _plain(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u200b", "")
    return "\n".join(line.rstrip(" \t") for line in text.split("\n"))


def _split(text: str, depth: int) -> list[Part]:
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if depth >= DEEPEST_QUOTE:
            break
        end, sender = _header_at(lines, i)
        if end is None:
            continue
        before = "\n".join(lines[:i])
        if line.lstrip().startswith(">"):
            continue
        rest = lines[end:]
        if any(one.startswith(">") for one in rest[:3] if one.strip()):
            return _around_quotes(before, rest, sender, depth)
        older = [
            Part(part.text, sender if part.sender == "" else part.sender) for part in _split("\n".join(rest), depth + 1)
        ]
        return [*older, Part(before)]
    if depth < DEEPEST_QUOTE and sum(line.startswith(">") for line in lines) >= 2:
        first = next(i for i, line in enumerate(lines) if line.startswith(">"))
        return _around_quotes("\n".join(lines[:first]), lines[first:], None, depth)
    return [Part(text)]


def _around_quotes(before: str, lines: list[str], sender: str | None, depth: int) -> list[Part]:
    """Lines with quotation marks, in turns with the writer's own: above them, below them, or between them."""
    turns: list[Part] = []
    for quoted, block in _blocks(lines):
        if quoted:
            inner = _split("\n".join(re.sub(r"^> ?", "", line) for line in block), depth + 1)
            turns += [Part(part.text, sender if part.sender == "" else part.sender) for part in inner]
        elif own_words("\n".join(block)):
            turns.append(Part("\n".join(block)))
    answers_below = any(part.sender == "" for part in turns)
    if not own_words(before):
        return turns
    if answers_below:
        first = next(i for i, part in enumerate(turns) if part.sender == "")
        return [*turns[:first], Part(f"{before.strip()}\n\n{turns[first].text.strip()}"), *turns[first + 1 :]]
    return [*turns, Part(before)]


def _blocks(lines: list[str]) -> list[tuple[bool, list[str]]]:
    """Runs of quoted and of other lines; blank lines go with what stands before them."""
    blocks: list[tuple[bool, list[str]]] = []
    for line in lines:
        quoted = line.startswith(">") if line.strip() or not blocks else blocks[-1][0]
        if blocks and blocks[-1][0] == quoted:
            blocks[-1][1].append(line if line.strip() else (">" if quoted else ""))
        else:
            blocks.append((quoted, [line]))
    return blocks


def _header_at(lines: list[str], i: int) -> tuple[int | None, str | None]:
    """(the line after it, who wrote) where a header of quoted history starts at line i; (None, None) elsewhere."""
    line = lines[i].strip()
    if not line:
        return None, None
    for count in (1, 2, 3):
        joined = " ".join(part.strip() for part in lines[i : i + count])
        if len(joined) <= 400 and WROTE.fullmatch(joined):
            return i + count, _named_in(joined)
    start = i
    if ORIGINAL.fullmatch(lines[i]) and len(line) < 200:
        start = next((j for j in range(i + 1, min(i + 4, len(lines))) if lines[j].strip()), i)
        if not FROM_LINE.fullmatch(lines[start]):
            return (i + 1, None) if not line.startswith("___") else (None, None)
    found = FROM_LINE.fullmatch(lines[start]) if len(lines[start]) < 300 else None
    if not found:
        return None, None
    end = start + 1
    while end < len(lines) and end < start + 8 and len(lines[end]) < 500 and HEADER_LINE.fullmatch(lines[end]):
        end += 1
    sent = any(SENT_LINE.fullmatch(one) for one in lines[start + 1 : end])
    return (end, found["sender"].strip()) if end - start >= 3 and sent else (None, None)


def _named_in(header: str) -> str | None:
    """Whom "On …, Jane Doe <jane@example.org> wrote:" names: with an address where there is one."""
    if address := ADDRESS.search(header):
        return address[0]
    name = re.search(
        r"(?:,|\d\d|[AP]M|Uhr)[,\s]+(?:schrieb\s+)?([^\W\d][\w.’' -]{1,60}?)\s*(?:<[^>]*>)?\s*"
        r"\S+(?:\s+écrit|\s+scritto)?\s?:$",
        header,
    )
    return name[1].strip() if name else None


def own_words(text: str) -> str:
    """A letter without greeting line, signature and confidentiality notice."""
    paragraphs = [p for p in re.split(r"\n\s*\n", text.strip("\n")) if p.strip()]
    kept: list[str] = []
    for paragraph in paragraphs:
        if len(paragraph) < 6000 and DISCLAIMER.search(paragraph):
            if kept:
                break  # legal text goes on to the end
            continue
        kept.append(paragraph)
    lines = "\n\n".join(kept).split("\n")
    lines = lines[: _signature_start(lines)]
    while lines and (not lines[0].strip() or _is_greeting(lines[0])):
        lines = lines[1:]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_signature(text: str) -> str:
    """A table's cell; of one that is a whole letter only the writer's own words. Nothing is cut off where no closing
    line, no "-- " and no notice says surely that it is a letter, but for "Best, Tom" behind the last sentence.
    """
    signed = SIGNED.search(text[-LONGEST_SIGNED:])
    if signed and CLOSING.fullmatch(signed["closing"]) and len(text.split()) >= FEWEST_WORDS + len(signed[0].split()):
        text = text[: len(text) - len(signed[0])]
    lines = text.split("\n")
    if len(lines) < 3 or not (
        any((len(line) <= 80 and CLOSING.fullmatch(line)) or re.fullmatch(r"--\s?", line) for line in lines[1:])
        or DISCLAIMER.search(text[:LONGEST_LETTER])
    ):
        return text
    own = own_words(text)
    return own if len(own.split()) >= FEWEST_WORDS else text


def _is_greeting(line: str) -> bool:
    """A line with a greeting and a name, and nothing said: "Hi Jane," but not "Hi where is my order"."""
    found = GREETING.fullmatch(line) if len(line) < 100 else None
    whom = found["whom"].strip(" ,–-").split() if found else []
    named = all(word[0].isupper() or word.lower() in GREETED for word in whom) and "," not in " ".join(whom)
    return found is not None and named and len(whom) <= 6


def _signature_start(lines: list[str]) -> int:
    for i, line in enumerate(lines):
        if re.fullmatch(r"--\s?|—|_{2,19}", line) or SENT_FROM.fullmatch(line[:200]):
            return i
        if len(line) <= 80 and CLOSING.fullmatch(line) and _only_a_name_follows(lines, i + 1):
            return i
    return _contact_block_start(lines)


def _only_a_name_follows(lines: list[str], start: int) -> bool:
    """Whether what stands from there on, below a closing, is a signature: a few short lines, no running sentences."""
    below = (lines[i] for i in range(start, len(lines)) if lines[i].strip())
    filled = list(islice(below, SIGNATURE_LINES + 1))
    sentences = sum(len(line.split()) > 12 or line.rstrip().endswith("?") for line in filled)
    return len(filled) <= SIGNATURE_LINES and sentences <= len(filled) // 4


def _is_short(line: str) -> bool:
    return bool(line.strip()) and len(line) <= 200 and len(line.split()) <= 10


def _contact_block_start(lines: list[str]) -> int:
    """Where a closing block of at most eight short lines begins that has telephone numbers or addresses in it."""
    start = len(lines)
    while start and (len(lines) - start) < 8 and _is_short(lines[start - 1]):
        start -= 1
    block = lines[start:]
    contacts = sum(bool(CONTACT.search(line) or ADDRESS.search(line)) for line in block)
    apart = start > 0 and not lines[start - 1].strip()
    running = any(line.rstrip().endswith(("?", "!", ".")) and len(line.split()) > 5 for line in block)
    return start if apart and contacts >= 2 and not running else len(lines)


def text_of_html(page: str) -> str:
    """A letter's HTML as plain text; what it quotes has "> " before each line, as in plain letters."""
    soup = parsed(page)
    for tag in soup(["script", "style", "head", "title", "template", "svg"]):
        tag.decompose()
    blocks = {"p", "div", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr"}
    lines = [""]
    quotes = 0
    # An explicit stack, since letters nest deeper than Python's calls; a number on it changes the depth of quotation.
    stack: list[PageElement | int] = [soup]
    while stack:
        node = stack.pop()
        if isinstance(node, int):
            quotes += node
            lines.append("")
        elif isinstance(node, NavigableString):
            if found := " ".join(node.split()):
                start = "> " * quotes if not lines[-1] else " " if node[0].isspace() else ""
                lines[-1] += f"{start}{found}{' ' if node[-1].isspace() else ''}"
        elif isinstance(node, Tag):
            deeper = int(node.name == "blockquote")
            apart: list[PageElement | int] = [0] if node.name in blocks or node.name == "br" else [1] * deeper
            after = [-1] * deeper or apart * (2 if node.name in ("p", "hr") else node.name != "br")
            stack += [*after, *reversed(node.contents), *apart]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in lines)).strip()
