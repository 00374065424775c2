"""Threads of letters, and exports of tickets, into conversations: who asked, who answered, in whose words."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Final, Literal

from finetune.data.document import Conversation, Table, words
from finetune.data.letters import ADDRESS, parts_of
from finetune.data.sides import AGENT_WORDS, CUSTOMER_WORDS

Side = Literal["user", "assistant"]
INTERNAL: Final = "internal"  # what only the team sees
CONTEXT_TURNS = 6  # before an answer; older ones rarely matter and crowd the model's context
SHORTEST_ANSWER = 3  # words; "Done." teaches nothing
MARK = 80  # characters by which a text is known when it is quoted

FREE_MAIL = words(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk hotmail.com hotmail.co.uk outlook.com live.com msn.com aol.com
    icloud.com me.com mac.com gmx.de gmx.net gmx.com gmx.at web.de t-online.de freenet.de mail.com proton.me
    protonmail.com orange.fr free.fr laposte.net wanadoo.fr libero.it virgilio.it yahoo.fr yahoo.de yahoo.es
    uol.com.br bol.com.br terra.com.br ziggo.nl kpnmail.nl comcast.net verizon.net att.net sbcglobal.net btinternet.com
    mail.ru yandex.ru qq.com 163.com
    """
)
DESK_NAMES = re.compile(
    r"(?:support|help|helpdesk|service|services|info|contact|kontakt|office|billing|accounts?|hello|team|sales|claims|"
    r"care|customer|kundenservice|kundendienst|reception|frontdesk|admin|desk|soporte|atencion|ayuda|contacto|"
    r"servicio|assistance|accueil|assistenza|suporte|atendimento|klantenservice|no-?reply)(?:[._+-].*)?",
    re.I,
)
# In a name without an address: "Praxis Dr. Weber", "Bright Desk".
DESK_WORDS = words(
    """
    support desk helpdesk service services team office clinic practice bank shop store hotel school praxis büro kanzlei
    gmbh ag ltd inc llc company kundenservice apotheke cabinet clinique accueil boutique banque clínica clinica banco
    tienda oficina studio negozio banca loja winkel praktijk gemeente insurance versicherung assistenza atendimento
    """
)
# How much speaks for the team, beside 1.0 for answering in a thread instead of opening it.
RETURNING = 0.6  # writes in several threads; customers come and go
ORGANISED = 0.6
DESK_NAMED = 1.0
INTERNAL_WORDS = words("system note internal private automatic auto automation workflow trigger event log notiz intern")
AGENT_CUES = re.compile(
    r"thank(?:s| you) for (?:contacting|getting in touch|reaching out|your (?:message|e-?mail|enquiry|inquiry|patience|"
    r"question|call|order))|please (?:do not|don.t) hesitate|how (?:can|may) (?:i|we) help|"
    r"we (?:have|will|can|are|would)\b|"
    r"our (?:team|office|records|policy)|happy to help|sorry (?:to hear|for the)|vielen dank für ihre|"
    r"wir (?:haben|werden|können)|"
    r"merci (?:de|pour) votre|nous (?:avons|allons|pouvons)|gracias por (?:contactar|su)|hemos|podemos",
    re.I,
)
CUSTOMER_CUES = re.compile(
    r"\?|\bmy (?:order|account|invoice|bill|appointment|card|claim|policy|payment|parcel|password|insurance|child|son|"
    r"daughter)\b|\bi (?:would like|want|need|have (?:a question|not)|ordered|paid|received|tried|cannot|can.t)\b|"
    r"ich (?:habe|möchte|brauche|kann)|je (?:voudrais|souhaite|n.ai)|quiero|necesito",
    re.I,
)


@dataclass(frozen=True)
class Letter:
    """One message of a thread. `sender` is an address or a name in small letters, "" where nothing says it;
    `side` is set where the file itself says who is who; `time` is in seconds since 1970."""

    number: int
    sender: str
    text: str
    side: Side | None = None
    time: float | None = None


OTHER: dict[Side, Side] = {"user": "assistant", "assistant": "user"}


def with_history(letter: Letter) -> list[Letter]:
    """A letter's own words and the ones it quotes, the oldest first; the quoted ones bear its number."""
    other = OTHER[letter.side] if letter.side else None
    return [
        replace(letter, text=part.text)
        if part.sender == ""
        else replace(letter, text=part.text, sender=sender_key(part.sender or ""), side=other)
        for part in parts_of(letter.text)
    ]


def sender_key(sender: str) -> str:
    address = ADDRESS.search(sender)
    return (address[0] if address else " ".join(sender.split()).strip("\"'<> ")).lower()


def expanded(thread: Sequence[Letter]) -> list[Letter]:
    """A thread with the letters that are only quoted in it, none twice."""
    whole: list[Letter] = []
    said: list[str] = []  # what every letter so far says, without what programs change in quoting
    quoted_marks: set[str] = set()
    senders = Counter(letter.sender for letter in thread)
    for letter in thread:
        parts = with_history(letter)
        for place, one in enumerate(parts):
            plain = "".join(re.findall(r"\w", one.text.lower()))
            quoted = one.sender != letter.sender or place < len(parts) - 1
            if plain[:MARK] in quoted_marks or (quoted and any(plain[:MARK] in earlier for earlier in said)):
                continue
            said.append(plain)
            if quoted:
                quoted_marks.add(plain[:MARK])
            if not one.sender:
                # Quoted without a name: whom the writer answers, the other one of two.
                others = [sender for sender in senders if sender != letter.sender]
                one = replace(one, sender=others[0] if len(others) == 1 else f"not {letter.sender}")
            whole.append(one)
    return whole


def conversations_from_threads(threads: Iterable[Sequence[Letter]]) -> tuple[list[Conversation], list[str]]:
    """Each answer with what was said before it, and notes: by what customer and team were told apart.

    Threads with a letter of one side only give nothing, which a note counts.
    """
    whole = [expanded(thread) for thread in threads]
    sides = Sides([thread for thread in whole if thread])
    conversations: list[Conversation] = []
    silent = 0
    for thread in whole:
        found = _answers(sides.of(thread)) if thread else []
        silent += not found
        conversations += found
    notes = sides.notes() if conversations else []
    if silent:
        notes.append(f"Threads without an answer, which gave no rows: {silent} of {len(whole)}.")
    return conversations, notes


def _answers(turns: list[tuple[Side, Letter]]) -> list[Conversation]:
    """One conversation an answer. Turns of one side in a row are one turn; what comes before the first question
    is no answer to anything."""
    merged: list[tuple[Side, str, int]] = []
    for side, letter in turns:
        if not merged and side == "assistant":
            continue
        if merged and merged[-1][0] == side:
            merged[-1] = (side, f"{merged[-1][1]}\n\n{letter.text}", letter.number)
        else:
            merged.append((side, letter.text, letter.number))
    conversations = []
    for i, (side, text, number) in enumerate(merged):
        if side == "assistant" and len(text.split()) >= SHORTEST_ANSWER:
            context = merged[max(0, i - CONTEXT_TURNS + (i - CONTEXT_TURNS) % 2) : i + 1]
            messages: list[tuple[str, str]] = [(role, said) for role, said, _ in context]
            conversations.append(Conversation(number, messages))
    return conversations


class Sides:
    """Who answers and who asks, over all threads of a file: whoever answers in many threads is the team."""

    def __init__(self, threads: Sequence[Sequence[Letter]]) -> None:
        self._score: defaultdict[str, float] = defaultdict(float)
        self._seen: set[str] = set()
        self._answered: Counter[str] = Counter()
        self._threads = len(threads)
        for thread in threads:
            organisations = [(_party(letter.sender), letter) for letter in thread]
            people = [(letter.sender, letter) for letter in thread]
            self._count(organisations)
            self._count(people, beside={party for party, _ in organisations})

    def _count(self, letters: list[tuple[str, Letter]], beside: Collection[str] = ()) -> None:
        first = letters[0][0]
        for party in dict.fromkeys(party for party, _ in letters if party not in beside):
            own = [letter for other, letter in letters if other == party]
            cues = sum(bool(AGENT_CUES.search(one.text)) - bool(CUSTOMER_CUES.search(one.text)) for one in own)
            self._score[party] += (-1.0 if party == first else 1.0) + 0.4 * max(-1, min(1, cues))
            self._score[party] += RETURNING * (party in self._seen)
            self._seen.add(party)
            # An organisation's own domain where the others write from anywhere.
            others = {other for other, _ in letters if other != party}
            self._score[party] += ORGANISED * (party[0:1] == "@" and not any(one[0:1] == "@" for one in others))
            self._score[party] += DESK_NAMED * bool(DESK_WORDS & set(re.findall(r"[^\W\d_]+", party)))
            if any(DESK_NAMES.fullmatch(one.sender.partition("@")[0]) for one in own if "@" in one.sender):
                self._score[party] += 1.0

    def of(self, thread: Sequence[Letter]) -> list[tuple[Side, Letter]]:
        """Each letter's side. Within one organisation people are told apart, elsewhere their domains."""
        if any(letter.side for letter in thread):
            return [(letter.side or "user", letter) for letter in thread]
        several = len({_party(letter.sender) for letter in thread}) > 1
        key: Callable[[str], str] = _party if several else str
        parties = list(dict.fromkeys(key(letter.sender) for letter in thread))
        if len(parties) < 2:
            return [("user", letter) for letter in thread]
        # Mean over the threads would favour whoever wrote once; the sum favours whoever answers again and again.
        team = max(reversed(parties), key=lambda party: self._score[party])
        self._answered[team] += 1
        return [("assistant" if key(letter.sender) == team else "user", letter) for letter in thread]

    def notes(self) -> list[str]:
        if not self._answered:
            return []
        team, count = self._answered.most_common(1)[0]
        name = "somebody the letters do not name" if team.startswith("not ") else team
        return [f"Answers are those of {name}, who answers in {count} of {self._threads} threads."]


def _party(sender: str) -> str:
    """Whom a sender belongs to: an organisation's domain, or nobody but themselves."""
    _, _, domain = sender.partition("@")
    return f"@{domain}" if domain and domain not in FREE_MAIL else sender


# Tables with a message a row.

HEADERS: dict[str, frozenset[str]] = {
    "thread": words(
        """
        ticket case thread conversation chat issue request session dialog dialogue vorgang fall anfrage hilo caso
        conversación dossier zaak gesprek ärende discussion
        """
    ),
    "text": words(
        """
        message text body comment content description reply utterance nachricht kommentar inhalt mensaje comentario
        contenido commentaire contenu messaggio testo mensagem comentário bericht tekst meddelande post note transcript
        """
    ),
    "sender": words(
        """
        role sender from author direction speaker by type absender rolle autor remitente rol auteur expéditeur mittente
        ruolo remetente papel afzender avsändare participant channel user actor
        """
    ),
    "time": words(
        "time date created sent timestamp at datum zeit fecha hora heure data ora tijd tid datetime on sequence order"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Columns:
    thread: int
    text: int
    sender: int
    times: list[float] | None  # of each row, in seconds


def conversations_from_table(table: Table) -> tuple[list[Conversation], list[str]] | None:
    """The threads of a table with a message a row, as ticket systems export them; None where it is no such table."""
    rows = table.filled()
    columns = _columns(table, rows)
    if columns is None:
        return None
    threads: dict[str, list[Letter]] = {}
    internal = 0
    for place, (number, row) in enumerate(rows):
        side = side_of(row[columns.sender])
        if side == INTERNAL or not row[columns.text]:
            internal += 1
            continue
        letter = Letter(
            number, sender_key(row[columns.sender]), row[columns.text],
            side if side in ("user", "assistant") else None,
            columns.times[place] if columns.times else None,
        )  # fmt: skip
        threads.setdefault(row[columns.thread], []).append(letter)
    conversations, notes = conversations_from_threads(in_order(thread) for thread in threads.values())
    if not conversations:
        return None
    header = table.header
    notes.insert(0, f'Read as threads: one for each "{header[columns.thread]}", written by "{header[columns.sender]}".')
    if internal:
        notes.append(f"{internal} empty, internal or automatic messages were left out.")
    return conversations, notes


def in_order(thread: list[Letter]) -> list[Letter]:
    """By time where every letter has one, else as the file has them."""
    if any(letter.time is None for letter in thread):
        return thread
    return sorted(thread, key=lambda letter: (letter.time or 0.0, letter.number))


def _columns(table: Table, rows: list[tuple[int, list[str]]]) -> _Columns | None:
    """The columns of threads, by their headers and by what stands in them."""
    if len(rows) < 2 or len(table.header) < 3:
        return None
    named = {
        role: [i for i, name in enumerate(table.header) if _header_words(name) & known]
        for role, known in HEADERS.items()
    }
    text = max(named["text"], key=lambda i: sum(len(row[i]) for _, row in rows), default=None)
    # Which thread: the same again and again, but not in all rows.
    ids = [
        i
        for i, name in enumerate(table.header)
        if i in named["thread"] or _header_words(name) & {"id", "no", "nr", "number", "nummer", "key"}
    ]
    threads = [
        i
        for i in ids
        if i != text
        and len({row[i] for _, row in rows if row[i]}) <= 0.75 * len(rows)
        and all(row[i] for _, row in rows)
    ]
    # Who wrote: words that say so in most rows, or addresses, or few names.
    senders = [i for i in named["sender"] if i not in (text, *threads)]
    telling = [
        i
        for i in senders
        if sum(side_of(row[i]) is not None or bool(ADDRESS.search(row[i])) for _, row in rows) >= 0.8 * len(rows)
    ]
    sender = next(iter(telling or senders), None)
    if text is None or not threads or sender is None or len({row[sender] for _, row in rows}) < 2:
        return None
    clocks = (times_of([row[i] for _, row in rows]) for i in named["time"] if i not in (text, sender, *threads))
    times = next((times for times in clocks if times is not None), None)
    return _Columns(max(threads, key=lambda i: i in named["thread"]), text, sender, times)


def _header_words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", name).lower()))


def side_of(role: str) -> Side | Literal["internal"] | None:
    """What a sender's role or name says by itself; an address or a person's name says nothing."""
    if "@" in role:
        return None
    said = re.sub(r"\bend[\s-]?user\b", "enduser", role.lower())
    found = set(re.findall(r"[^\W\d_]+", said))
    if not found or len(found) > 4:
        return None
    if found & INTERNAL_WORDS:
        return INTERNAL
    if found & CUSTOMER_WORDS and not found & (AGENT_WORDS - {"service", "support"}):
        return "user" if not found & {"service", "support"} else "assistant"  # customer service, customer support
    return "assistant" if found & AGENT_WORDS else None


TIME_PATTERNS = (
    "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y",
    "%d/%m/%Y %H:%M", "%d/%m/%Y", "%b %d, %Y %I:%M %p", "%b %d, %Y", "%d %b %Y %H:%M", "%Y/%m/%d %H:%M",
)  # fmt: skip


def times_of(cells: Sequence[str]) -> list[float] | None:
    """Seconds since 1970 of a column in one of the usual ways to write a time; None where it is no such column.

    Where day and month could be either, the way that leaves the rows more in order counts.
    """
    ways: list[Callable[[str], float]] = [float, _iso, *(partial(_written, pattern=p) for p in TIME_PATTERNS)]
    found = [times for way in ways if (times := _all(way, cells)) is not None]
    return min(found, key=lambda times: sum(b < a for a, b in pairwise(times)), default=None)


def _all(way: Callable[[str], float], cells: Sequence[str]) -> list[float] | None:
    try:
        return [way(cell.strip()) for cell in cells]
    except (ValueError, OverflowError, OSError):
        return None


def _iso(cell: str) -> float:
    # The order within a thread needs no time zone.
    return datetime.fromisoformat(cell).replace(tzinfo=None).timestamp()


def _written(cell: str, pattern: str) -> float:
    return datetime.strptime(cell, pattern).timestamp()
