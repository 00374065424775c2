"""A stronger finder of names, where one is named: any token-classification model of a folder or the Hub.

The recognisers of `personal` know forms, lists and surroundings; a model that was trained on labelled text also knows
names that stand in no list. Its finds join theirs: it hides more and shows nothing that they hide.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune.data.personal.kinds import Find, PersonalKind
from finetune.errors import UserError
from finetune.models import ModelSource, check_folder, load_errors

CHOOSE = "Name another token-classification model: a folder, or a name on the Hub such as team/model@revision."
# What such models call their kinds: CoNLL-2003 (PER, LOC, ORG), OntoNotes (PERSON, GPE, DATE) and the ones made for
# personal data (GIVENNAME, STREET, DATEOFBIRTH). The first pattern that fits the whole label tells the kind.
KIND_OF_LABEL: tuple[tuple[str, PersonalKind], ...] = (
    (r"user(?:name)?", "user name"), (r"e?mail.*", "email"), (r"(?:tele)?phone.*|tel", "phone"),
    (r"dateofbirth|dob|birth.*", "date of birth"), (r"pass(?:word|code)", "password"),
    (r"ip(?:v[46])?(?:address)?", "ip address"),
    (r"credit.*|cardnumber|pan", "card number"), (r"iban|(?:bank)?account.*", "bank account"),
    (r"ssn|social.*", "social security number"),
    (r"idcard.*|driver.*|passport.*|tax.*|nationalid.*", "identity number"),
    (r"street.*|.*address|building.*|zip.*|post.*", "address"), (r"org.*|company.*|employer", "organisation"),
    (r"per|pers|person|.*name", "name"), (r"loc.*|gpe|city|town|state|county|country", "place"),
    (r"norp|nationality", "nationality"), (r"date", "date"), (r"age", "age"),
)  # fmt: skip
INDIRECT_OF_MODEL = ("organisation", "place", "nationality", "date", "age")
LEAST_SCORE = 0.5  # the model's own probability of the label; below it the label is not even its likeliest
OVERLAP = 64  # tokens that two pieces of a long text share, so that a name on their border is whole in one
EDGES = " \n\t,;:.!?"
LONGEST = 512  # tokens at once, where the model does not say


class NamesModel:
    """Finds by a model's labels. Safe to use from several threads: nothing changes after it is built."""

    def __init__(self, name: str, pipeline: Any, kinds: dict[str, PersonalKind], key: str) -> None:
        self.name = name
        self.key = key  # of the model's bytes: another model's finds are others
        self._pipeline = pipeline
        self._kinds = kinds

    def __call__(self, texts: Sequence[str], *, indirect: bool = False) -> list[list[Find]]:
        """The finds in each text, in reading order; with `indirect` organisations, places and dates, too."""
        said = [text for text in texts if text.strip()]
        found = iter(self._pipeline(said) if said else ())
        return [list(self._finds(text, next(found), indirect)) if text.strip() else [] for text in texts]

    def _finds(self, text: str, labelled: Sequence[dict[str, Any]], indirect: bool) -> list[Find]:
        finds = []
        for one in labelled:
            kind = self._kinds.get(one["entity_group"])
            start, end = _trimmed(text, int(one["start"]), int(one["end"]))
            if kind and one["score"] >= LEAST_SCORE and end > start and (indirect or kind not in INDIRECT_OF_MODEL):
                finds.append(Find(start, end, kind, "by the names model"))
        return sorted(finds)


def load_names_model(name: str) -> NamesModel:
    """A token-classification model by its folder or Hub name (`name@revision`).

    Safetensors only, and no code that comes with a model is run.

    Raises:
        UserError: it cannot be loaded, is not complete, or none of its labels is a kind of personal data.
    """
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

    source = _source(name)
    with load_errors(source, "names model", CHOOSE):
        model, info = AutoModelForTokenClassification.from_pretrained(
            source.location,
            revision=source.revision,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(source.location, revision=source.revision, trust_remote_code=False)
    if info["missing_keys"]:
        raise UserError("The model has no trained labels for words.", where=name, action=CHOOSE)
    kinds = {label: kind for label in _labels(model.config) if (kind := kind_of(label))}
    if not kinds or not tokenizer.is_fast:
        raise UserError("None of the model's labels is a kind of personal data.", where=name, action=CHOOSE)
    tokenizer.model_max_length = min(
        tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", LONGEST), LONGEST
    )
    labels = pipeline(
        "token-classification",
        model=model.eval(),
        tokenizer=tokenizer,
        aggregation_strategy="first",
        stride=min(OVERLAP, tokenizer.model_max_length // 4),
        device=torch.device("cpu"),
    )
    return NamesModel(name, labels, kinds, _key(source, model.config))


def kind_of(label: str) -> PersonalKind | None:
    """The kind of personal data a model's label stands for; None for what is none (MISC, PRODUCT)."""
    plain = re.sub(r"[\W_]", "", label.lower())
    return next((kind for pattern, kind in KIND_OF_LABEL if re.fullmatch(pattern, plain)), None)


def _source(name: str) -> ModelSource:
    folder = Path(name).expanduser()
    if folder.exists():
        check_folder(folder, name, CHOOSE)
        return ModelSource(name, str(folder), None, True)
    place, _, revision = name.partition("@")
    if place.count("/") != 1 or name.startswith((".", "/", "~")):
        raise UserError("There is no such folder, and it is not a name on the Hub.", where=name, action=CHOOSE)
    return ModelSource(name, place, revision or None, False)


def _labels(config: Any) -> set[str]:
    """The labels without the B- and I- that tell a beginning, as the pipeline gives them."""
    return {re.sub(r"^[BILSUE]-", "", str(label)) for label in config.id2label.values()} - {"O"}


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without blanks and marks at both ends, which some tokenizers count to the word."""
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip(EDGES)), end - len(inner) + len(inner.rstrip(EDGES))


def _key(source: ModelSource, config: Any) -> str:
    """Of a folder by its files' sizes and times, of the Hub by the commit."""
    said: list[Any] = [source.name, getattr(config, "_commit_hash", None)]
    if source.is_folder:
        files = sorted(Path(source.location).iterdir())
        said += [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]
