"""Who or what a sentence is about, and whether one can ask by it."""

import re

from finetune.data.document import words
from finetune.data.from_documents.sentences import LEANS

# A subject whose own clause may hold the verb that was found: asking by it would turn the wrong verb round.
TANGLED = re.compile(
    r"^(?:only|for|in|on|at|by|with|from|after|before|under|to|of|as|except|unless|during|what|whatever|whether|how|when|"
    r"why|whoever|if|where|no|nothing|none|neither|nobody|not|upon|within|without|through|until|because|since|while|"
    r"although|past|current|recent|previous|more|each of|one|some|many|most|much|few|several|please|note|remember)\b|"
    r"\b(?:that|which|who|what|where|whose|how|not|only|because)\b|\b(?:to|of|with|from|by|at|in|on|for)$|"
    r"\b(?:also|then|therefore|it|they|these|those|this|and|or|its|their|our|your|the|an?)$|\s(?:you|we|i)$|"
    r"^the (?:word|term|result|answer|following)$|"
    r"(?<!\bof)(?<!\bfor)(?<!\bto)(?<!\bin)(?<!\bby)(?<!\bwith)(?<!\bfrom)(?<!\bon)(?<!\bor)(?<!\band)(?<!\bunder)"
    r"(?<!\ball)(?<!\bat)(?<!\bbetween)(?<!\babout)\s(?:an?|the|your|our|each|any)\s",
    re.I,
)
# "A provider that sells data must": the clause ends where the verb that is asked by begins.
RELATIVE = re.compile(
    r"(?<!\bstates)(?<!\bsays)(?<!\bmeans)(?<!quires)(?<!\bensure)(?<!\bensures)(?<!\bprovides)(?<!\bshows)(?<!mines)"
    r"\s(?:which|that|who)\s(?!(?:the|an?|it|they|you|we|each|any|all|no|such|our|your|its|their|his|her)\b)[\w’'-]+(?:\s[\w’'-]+){1,12}$"
)
FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|if|when|because|while|although|must|shall|may|can|will|should)\b"
)
# Who can be asked about with "who".
AGENT = re.compile(
    r"(?:(?<!numb)(?<!ord)(?<!off)(?<!lett)(?<!pap)(?<!transf)(?<!paramet)(?<!chapt)(?<!cent)(?<!comput)(?<!serv)"
    r"(?<!fold)(?<!wat)(?<!oth)(?<!matt)(?<!fact)(?<!err)(?<!indicat)er|or|ee|ist|ian|ant)s?$|"
    r"^(?:agenc(?:y|ies)|authorit(?:y|ies)|banks?|institutions?|business(?:es)?|compan(?:y|ies)|commission|boards?|"
    r"courts?|staff|teams?|persons?|people|patients?|clients?|members?|states?|entit(?:y|ies)|bureau|secretary|union|"
    r"parents?|guests?|drivers?|students?|individuals?|subjects?|leads?|heads?|clinics?|offices?|organi[sz]ations?)$",
    re.I,
)
NOT_AGENTS = words("fee fees committee guarantee guarantees degree degrees error errors factor factors sector sectors")


def is_plain_subject(subject: str) -> bool:
    """A noun phrase short enough to ask about, that leans on nothing before it."""
    words = subject.split()
    tangled = LEANS.match(subject) or FINITE.search(subject.lower()) or TANGLED.search(subject)
    return 1 <= len(words) <= 12 and not tangled


def is_agent(subject: str) -> bool:
    """Whether the subject can act: a person, a role, an institution."""
    if subject.lower() in ("we", "you"):
        return True
    subject = RELATIVE.sub("", subject)
    head = re.split(r"\s(?:of|for|in|at|from|with|who|to|on|under|subject to)\s", subject)[0].split()[-1]
    return bool(AGENT.search(head)) and head.lower() not in NOT_AGENTS
