"""Secrets and the names they open: keys by the form their services give them, passwords and user names by the words
beside them, and what any assignment called SECRET or TOKEN holds if it looks like chance rather than a word."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from finetune.data.document import words
from finetune.data.personal.kinds import Find
from finetune.data.personal.wordlists import lists

# As GitHub's and the services' own pages give them (docs.github.com, "Supported secret scanning patterns").
KEY = re.compile(
    r"(?<![A-Za-z0-9])(?P<item>[sprk]k[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{16,200}|hf_[A-Za-z0-9]{20,100}|"
    r"gh[pousr]_[A-Za-z0-9]{20,100}|github_pat_\w{20,120}|glpat-[\w-]{16,60}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{33,40}|"
    r"xox[baprse]-[A-Za-z0-9-]{10,100}|xapp-[A-Za-z0-9-]{10,150}|SG\.[\w-]{16,40}\.[\w-]{16,80}|ya29\.[\w-]{20,200}|"
    r"npm_[A-Za-z0-9]{30,60}|pypi-[\w-]{30,250}|do[pors]_v1_[0-9a-f]{40,80}|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{24,64}|"
    r"[sr]q0(?:atp|csp)-[\w-]{20,60}|EAAC[A-Za-z0-9]{20,250}|whsec_[A-Za-z0-9+/=]{20,80}|"
    r"(?:AC|SK)[0-9a-f]{32}|key-[0-9a-f]{32}|\d{8,10}:AA[\w-]{32,36}|"
    r"eyJ[\w-]{10,2000}\.[\w-]{10,2000}\.[\w-]{5,2000})"
)
PRIVATE_KEY = re.compile(
    r"(?P<item>-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S]){0,8000}(?:-----END [A-Z ]{0,40}"
    r"PRIVATE KEY(?: BLOCK)?-----)?)"
)
KEY_WORD = re.compile(
    r"(?i:\b(?:api[ _-]?key|secret(?:[ _-]?(?:access)?[ _-]?key)?|access[ _-]?token|auth[ _-]?token|bearer|token|"
    r"client[ _-]?secret|license key|activation key|recovery key|seed)\b)"
    r"\s{0,3}(?:is|was|:|=)?\s{0,3}[\"'“]?(?P<item>(?=[^\s\"']{0,60}\d)"
    r"(?=[^\s\"']{0,60}[A-Za-z])[\w./+=~-]{16,200})"
)
# NAME_OF_SECRET=value, also with a colon or in quotation marks, as in settings files.
ASSIGNED = re.compile(
    r"(?i:\b[\w.-]{0,40}(?P<word>secret|token|passwd|password|pwd|pass|apikey|api_key|access_key|accountkey|private_key)"
    r"[\w.-]{0,20}[\"']?)\s{0,2}(?:=|:=|:|=>)\s{0,2}[\"']?(?P<item>[^\s\"'<>{}\[\]$%,;]{6,200})"
)
IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s:/@]{1,80}):(?P<item>[^\s/@]{1,120})@", re.I)
SECRET_WORD = (
    r"(?:password|passwd|pass ?word|pwd|pw|passcode|pass ?phrase|passwort|kennwort|contraseña|"
    r"clave(?: de acceso)?|senha|"
    r"mot de passe|mdp|wachtwoord|hasło|pin(?: code| number)?|cvv2?|cvc2?|security code|verification code|"
    r"one-time code|"
    r"otp|access code|(?:door|gate|alarm|entry|lock|unlock|safe|voicemail|login|sign-?in|key ?safe|key ?box|lock ?box)"
    r"(?: pin)? code|key ?safe|key ?box|lock ?box|pass|security answer|mother'?s maiden name)"
)
# One letter or digit is enough evidence after "password:"; after "password is" a digit or mark is asked for, since
# "the password is wrong" tells none.
PASSWORD = re.compile(
    rf"(?<![\w-])(?i:{SECRET_WORD})(?:\s(?i:for)\s(?:[^\s.,:;]{{1,20}}\s?){{1,5}}?)?"
    rf"(?:\s(?i:is|was|to|ist|war|lautet|es|era|est|é|e)\b|\s?(?i:now)?\s?(?P<mark>[:=])|,)"
    rf"(?:\s(?i:now|set to|still|just)\b)?\s{{0,3}}[\"'“]?"
    r"(?P<item>[^\s\"'”,;]{3,64}[^\s\"'”,;.!?])"
)
PASSWORD_BESIDE = re.compile(rf"(?<![\w-])(?i:{SECRET_WORD})\s[\"'“]?(?P<item>[^\s\"'”,;:]{{3,63}}[^\s\"'”,;.!?:])")
CODE_BESIDE = re.compile(
    r"\b(?i:cvv2?|cvc2?|pin(?: code| number)?|otp|passcode|(?:one[- ]time|verification|access|door|gate|alarm) code)"
    r"\s(?:is |was )?#?(?P<item>\d{3,8}#?)(?!\w|[.,-]\d)"
)
USER_WORD = (
    r"(?:user ?name|user[ -]?id|user|login(?: name| id)?|log-?in|handle|account name|screen ?name|nickname|usuario|"
    r"usuário|utilisateur|identifiant|benutzer(?:name)?|nutzername|skype|telegram|instagram|insta|twitter|discord|snap(?:chat)?)"
)
USER = re.compile(
    rf"(?<![\w-])(?i:{USER_WORD}|account|acct|profile)[\"']?(?:\s?[:=]\s?|\s(?i:is|was|ist|es|est)\s(?:now\s)?|\s)[\"'“]?"
    r"(?P<item>@?[A-Za-z][\w.-]{2,40})(?![\w@]|:\S)"
)
AS_USER = re.compile(
    r"\b(?i:logged (?:in|on|out) as|log(?:s|ging)? in as|signed in as|sign in as|logins? as|(?:as|for|of|by) user|"
    r"(?:password|pwd|pw|passwd|mfa|session|login|credentials?|mailbox|publickey) (?:for|of)"
    r"(?: (?:invalid|illegal) user)?|invalid user|assigned to|owned by|last edited by)"
    r"\s(?P<item>@?[A-Za-z][\w.-]{2,40})(?![\w@]|:\S)"
)
AT_HANDLE = re.compile(r"(?<![\w@./])(?P<item>@[A-Za-z][\w.]{2,30})(?<!\.)(?![\w@]|/)")
OPENED_BY = re.compile(rf"[ ,;/|(+&-]{{1,4}}(?:and |with )?(?i:{SECRET_WORD})\b")
# Entropy of English words lies near 2.5 to 3.3 bits a letter at these lengths, of keys above 3.5.
LEAST_BITS = 3.4
NO_USER = words("names name id ids account accounts group groups error data support guide manual interface experience "
                "team login none null true false admin root guest page button field screen")  # fmt: skip
NO_SECRET = words(
    "none null true false required optional hidden reset expired wrong invalid incorrect correct changed example "
    "password secret string redacted undefined forgotten please"
)


def credentials(text: str, small: str) -> Iterator[Find]:
    """Keys, passwords and user names; `small` is the text in small letters."""
    for match in KEY.finditer(text):
        yield Find(*match.span("item"), "key", "form of a key")
    if "-----begin" in small:
        for match in PRIVATE_KEY.finditer(text):
            yield Find(*match.span("item"), "key", "a private key")
    for match in KEY_WORD.finditer(text):
        yield Find(*match.span("item"), "key", "after words like api key")
    if "=" in text or ":" in text:
        yield from _assigned(text)
    yield from _passwords(text)
    yield from _users(text)


def _assigned(text: str) -> Iterator[Find]:
    for match in IN_ADDRESS.finditer(text):
        yield Find(*match.span("item"), "password", "within an address")
        yield Find(*match.span("user"), "user name", "within an address")
    for match in ASSIGNED.finditer(text):
        item, word = match["item"], match["word"].lower()
        if not _is_chance(item):
            continue
        yield Find(
            *match.span("item"), "password" if word.startswith(("pass", "pw")) else "key", "assigned to a secret"
        )


def bits(text: str) -> float:
    """Shannon's entropy of the characters, in bits each."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _is_chance(item: str) -> bool:
    """Letters and digits without a pattern, or a short mixture no word has."""
    kinds = sum(any(test(c) for c in item) for test in (str.isupper, str.islower, str.isdigit))
    if len(item) >= 16:
        return bits(item) >= LEAST_BITS and kinds >= 2
    return kinds >= 2 and any(c.isdigit() for c in item)


def _passwords(text: str) -> Iterator[Find]:
    for match in PASSWORD.finditer(text):
        item = match["item"]
        mixed = any(c.isdigit() or c in "!@#$%^&*_" for c in item)
        if (mixed or match["mark"]) and _may_be_secret(item, mixed):
            yield Find(*match.span("item"), "password", "after words like password")
    for match in PASSWORD_BESIDE.finditer(text):
        item = match["item"]
        if any(c.isdigit() for c in item) and any(c.isalpha() for c in item) and _may_be_secret(item, True):
            yield Find(*match.span("item"), "password", "after words like password")
    for match in CODE_BESIDE.finditer(text):
        yield Find(*match.span("item"), "password", "after words like pin or cvv")


def _may_be_secret(item: str, mixed: bool) -> bool:
    """Not a word of a sentence: "Password: required"."""
    lower = item.lower().strip(".!?")
    if lower in NO_SECRET or item.startswith(("[", "<", "(", "*", "http", "…")):
        return False
    return mixed or not lists().is_ordinary(lower)


def _users(text: str) -> Iterator[Find]:
    for match in USER.finditer(text):
        labelled = any(c in ":=\"'“" for c in text[match.start("item") - 2 : match.start("item")])
        if _may_be_user(match["item"], plain=labelled or bool(OPENED_BY.match(text, match.end("item")))):
            yield Find(*match.span("item"), "user name", "after words like user name")
    for match in AS_USER.finditer(text):
        if _may_be_user(match["item"], plain=match["item"].islower()):
            yield Find(*match.span("item"), "user name", "after words like logged in as")
    for match in AT_HANDLE.finditer(text):
        yield Find(*match.span("item"), "user name", "form of a handle")


def _may_be_user(item: str, *, plain: bool) -> bool:
    """One written as no word is (jdoe2, j.doe); with `plain`, any unusual word (mschuster)."""
    item = item.rstrip(".-")
    lower = item.lower().lstrip("@")
    known = lists()
    if len(lower) < 3 or lower in NO_USER or known.is_ordinary(lower) or lower.endswith((".com", ".org", ".net")):
        return False
    if re.search(r"[a-z][.][A-Z]", item) or all(known.is_ordinary(part) for part in re.split(r"[.-]", lower) if part):
        return False
    if item[0] == "@" or any(c.isdigit() or c in "._" for c in item):
        return any(c.isalpha() for c in item)
    return plain and not known.is_place(lower)
