"""What stands around an answer: greetings, thanks, signatures and sentences that come back in row after row.

They say nothing about what was asked, but are often longer than the answer itself, so two answers are compared without
them. In the rows they stay: how a team greets and closes is theirs to decide, and they are told how often it comes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

# Seen in so many different answers, and in this share of them, a sentence is a frame.
SEEN, SHARE = 10, 0.01
WORDS_OF_A_FRAME = 4  # "Yes, we do." begins many answers and is part of each
SENTENCE_END = re.compile(r"(?<=[.!?:,])\s*\n+\s*|(?<=[.!?])\s+(?=\W?[^\W\d_a-zß-ÿ])|\n+")
OPENING = re.compile(
    r"(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings|to whom|sehr geehrte\w*|guten tag|hallo|"
    r"bonjour|madame|monsieur|hola|buen[oa]s|estimad[oa])\b.{0,40}|"
    r"(?:thank you|thanks|many thanks|vielen dank|danke|merci|gracias)\b.{0,40}\b(?:contact\w*|writing|reaching out|"
    r"getting in touch|question|enquiry|inquiry|message|e-?mail|call|patience|waiting|anfrage|nachricht|message|"
    r"consulta)\b.{0,40}|we (?:have )?received your .{0,60}|(?:that is|great) a? ?(?:good|great) question\W*",
    re.I | re.S,
)
CLOSING = re.compile(
    r"(?:(?:i|we) hope (?:this|that) .{0,40}|hope (?:this|that) helps.{0,20}|(?:please )?(?:do not|don'?t) hesitate .*|"
    r"(?:please )?(?:let (?:us|me) know|feel free|contact us|get in touch|reach out)\b.{0,20}\b(?:any|further|more|"
    r"other|again|anything)\b.*|if you have (?:any )?(?:further|more|other|additional|any)? ?(?:questions?|concerns?)"
    r".*|(?:is there )?anything else .{0,60}|have a (?:nice|good|great|lovely) \w+.*|(?:we are |i am )?(?:always )?"
    r"(?:happy|glad|here) to help.{0,30}|thank you(?: very much)?(?: again)?\W*|thanks(?: again)?\W*|"
    r"bei (?:weiteren |rück)?fragen .*|n'hésitez pas .*|no dude en .*)",
    re.I | re.S,
)
SIGN_OFF = re.compile(
    r"(?:kind|best|warm|many|with kind|with best|warmest|kindest)? ?(?:regards|wishes)|(?:yours )?(?:sincerely|truly|"
    r"faithfully)(?: yours)?|respectfully|cheers|cordially|mit (?:freundlichen|besten|herzlichen) grüßen|"
    r"(?:viele|freundliche|beste) grüße|(?:bien )?cordialement|(?:un )?(?:cordial )?saludos?(?: cordiales)?|"
    r"atentamente",
    re.I,
)
SIGNATURE_LINES = 5
# What people say before they ask.
BEFORE_ASKING = re.compile(
    r"\W*(?:(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings)(?: there| all| everyone| team)?|"
    r"dear [\w ]{2,30}?(?=[,:!\n])|hallo|guten tag|bonjour|hola|buen[oa]s d[ií]as|"
    r"(?:i have |just )?(?:a|one|another)? ?(?:quick|short|small|simple)? ?question(?: for you)?(?=\W*[:,.!\n–-])|"
    r"(?:can|could|would) (?:you|someone|anyone) (?:please )?tell me(?=\W*:)|"
    r"(?:i was |i am |i'm |just )wondering(?=\W*[:,])|please(?=\W*[,:]))(?:\W+|$)",
    re.I,
)


def sentences_of(text: str) -> list[str]:
    return [part.strip() for part in SENTENCE_END.split(text) if part.strip()]


def repeated_sentences(answers: Sequence[str], spell: Callable[[str], str]) -> Counter[str]:
    """Sentences that begin or end many different answers, as `spell` writes them, with how many answers they frame."""
    rest: defaultdict[str, set[int]] = defaultdict(set)
    for answer in answers:
        parts = sentences_of(answer)
        if len(parts) < 2:
            continue
        for framing, others in ((parts[0], parts[1:]), (parts[-1], parts[:-1])):
            if len(framing.split()) >= WORDS_OF_A_FRAME:
                rest[spell(framing)].add(hash(tuple(map(spell, others))))
    least = max(SEEN, SHARE * len(answers))
    return Counter({sentence: len(seen) for sentence, seen in rest.items() if len(seen) >= least})


def asked(question: str) -> str:
    """The question without what is said before it; all of it where nothing else is said."""
    rest = question
    while match := BEFORE_ASKING.match(rest):
        rest = rest[match.end() :]
    return rest or question


def core_of(answer: str, repeated: Counter[str], spell: Callable[[str], str]) -> str:
    """The answer without greeting, closing and repeated sentences at its ends; all of it where nothing else is left."""
    parts = sentences_of(answer)
    start, end = 0, len(parts)
    for place in range(max(0, end - SIGNATURE_LINES), end):
        if SIGN_OFF.fullmatch(parts[place].strip(" ,.!-–")):
            end = place
            break
    while start < end and (OPENING.fullmatch(parts[start].strip(" ,!.")) or spell(parts[start]) in repeated):
        start += 1
    while end > start and (CLOSING.fullmatch(parts[end - 1]) or spell(parts[end - 1]) in repeated):
        end -= 1
    return " ".join(parts[start:end]) if start < end else answer
