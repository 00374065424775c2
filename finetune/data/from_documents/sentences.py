"""Sentences of running text, and which of them a reader understands without their neighbours."""

import re

from finetune.data.document import words

SENTENCE_WORDS = range(5, 61)

# A sentence that opens like this leans on the one before it.
LEANS = re.compile(
    r"(?:it|its|they|their|them|he|she|his|her|this|these|those|that|such|there|here|however|but|and|or|so|also|thus|"
    r"therefore|otherwise|moreover|furthermore|additionally|nevertheless|similarly|likewise|instead|then|hence|both|"
    r"in addition|for example|for instance|as a result|in this case|in that case|in these cases|the following|"
    r"the above|the same|the latter|the former|as such|on the other hand|first|second|third|finally|other|another|"
    r"further|again|still|yet|too|either|neither|nor|because|meanwhile|indeed|actually|unfortunately|luckily|if so|"
    r"if not|to do so|to do this|nothing|none|not|yes|next|last|once done|each of|one of|some of|most of|all of|"
    r"the (?:other|next|last|first|second|third|result|rest)|in (?:either|each|any|such|all) (?:case|event)s?|"
    r"notwithstanding|at the same time|in other words|in fact|in particular|to that end|alternatively)\b",
    re.I,
)
POINTS_ELSEWHERE = re.compile(
    r"\b(?:(?:as|the|mentioned|described|listed|stated|given|set out|see) (?:above|below)|herein|hereof|hereunder|"
    r"thereof|therefor|therein|thereto|aforementioned|aforesaid|foregoing|see (?:section|page|chapter)|the previous|"
    r"as follows|the following|respectively|do so|doing so|done so|(?:this|these|those)"
    r"(?! (?:who|that|which|policy|agreement|handbook|contract|year|month)\b)|"
    r"such(?! as\b)|(?:sub)?paragraphs?|subdivisions?|subsections?|subclauses?|"
    r"(?:points?|clauses?|items?|phases?|steps?) \(?\w{1,3}\)|the (?:present|preceding|said|latter|former|same)|"
    r"click here|here (?:is|are)|refer to the|see (?:the|our|using)|please see|"
    r"(?:check|see|read|use|visit|follow) (?:our|the) (?:link|resource)s?)\b|"
    r"\b(?:above|below)\b(?! (?:the|a|an|\$?\d)\b)",
    re.I,
)
# Somebody tells of themselves, quotes somebody or wonders; no rule of the house.
NARRATED = re.compile(
    r"\b(?:I|my|me|I['’]m|I['’]ve)\b|\b(?:says|said|explained|added)[ ,]|^(?:Perhaps|Maybe|Arguably)\b"
)
# Marks of what the reading lost or of a form to be filled in: a link's words, a blank, a heading run into its text.
DAMAGED = re.compile(
    r"\s[.,;!?](?:\s|$)|[\[\]{}|\\<>#*~^]|__|\bhttps?\b|\(insert\b|,\s*[.,;]|"
    r"(?<!\bsign)(?<!\blog)(?<!\bcheck)(?<!\bopt)\s(?:in|on|the|an?|of|our|your|and|or|with|from|at|by|into|see|via)[.!]$|"
    r"\b(\w+(?: \w+){1,4}\.?) \1\b|_|\b(?:in|on) (?:or|and) by\b|['’]s also\b|"
    r"(?<!\.\w)(?<!\betc)(?<!\bvs)(?<!\bapprox)[.!?]\s+\(?[a-z]|[a-z]\.[A-Z]|:\s+[A-Z]|"
    r"^\W*\w+\)|^[A-Z]{1,2}\. |:[a-z_]+:|\.{3}|…|\w \([A-Z][^()]*\.\)$|"
    r";\s+and to\b",
)
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|Nos|Inc|Ltd|Co|Corp|vs|etc|e\.g|i\.e|approx|Art|Sec|Fig|a\.m|p\.m|U\.S|"
    r"Stat|Pub|Ch|seq|al|cf|para|Sept|Dec|Nov|Oct|Aug|Feb|Jan)|\b[A-Z])\.$"
)
LONGEST_ABBREVIATION = 10  # characters, with its stop
# "What is covered We cover …": a heading that ran into its text, seen by a sentence's first word in the middle.
GLUED = re.compile(
    r"(?<=[a-z] )(?:We|You|They|The|This|These|Those|If|When|To|Our|Your|It|An?|In|Please|There|For|All|Any|No|Not|At|"
    r"Lastly|Finally|However|Other|Also|Next|Then|Note|Learn|See|Use|Read|Once|After|Before|While|Because|Some|Each|Every|How|"
    r"What|Why|Where|Who|My|By|As|On|With|From|Here|Or|And|But|So)"
    r"(?=,? [a-z])|(?<=[a-z] )In (?=(?:19|20)\d\d\b)|"
    r"\b(?:of|the|an?|in|on|to|with|by|for|from|as) [A-Z][a-z]+s (?:are|were|will|on)\b"
)
ENGLISH = words(
    """
    the of and to in is are for a an be with must you your we our not or by on may if this that
    """
)


def is_english(text: str) -> bool:
    """Whether English function words make up enough of the text for the English patterns."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    return bool(words) and sum(word in ENGLISH for word in words) / len(words) >= 0.1


def sentences(text: str) -> list[str]:
    """Sentences of one paragraph, exact substrings; abbreviations and numbers do not end one.

    "General. - The fee" has its heading and a sentence, without the dash between them.
    """
    parts: list[str] = []
    start = 0
    for match in re.finditer(r"[.!?][\"”')\]]*(?:\s+|\s*[-–—]+\s*)(?=[\"“'(\[$€£]{0,3}[A-Z0-9])|\n", text):
        end = match.start() + len(match[0].rstrip(" \t\n-–—"))
        # Looked for at the end alone: a text of a hundred thousand initials is one sentence.
        if "\n" not in match[0] and ABBREVIATION.search(text, max(start, end - LONGEST_ABBREVIATION), end):
            continue
        parts.append(text[start:end].strip(" \t\n-–—"))
        start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def is_whole(sentence: str) -> bool:
    """Whether nothing of the sentence is missing: its start, its end, the partner of each bracket and quote."""
    return (
        sentence.lstrip("\"“‘'(")[:1].isupper()
        and sentence.endswith((".", "!", '."', ".”", ".)"))
        and not GLUED.search(sentence)
        and not DAMAGED.search(sentence)
        and all(sentence.count(a) == sentence.count(b) for a, b in ("()", "“”"))
        and sentence.count('"') % 2 == 0
    )


def stands_alone(sentence: str) -> bool:
    """Whether a reader understands the sentence without the ones around it."""
    return (
        len(sentence.split()) in SENTENCE_WORDS
        and is_whole(sentence)
        and not LEANS.match(sentence)
        and not POINTS_ELSEWHERE.search(sentence)
        and not NARRATED.search(sentence)
    )
