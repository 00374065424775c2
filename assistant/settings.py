"""Settings: read from the environment once, at the start, and passed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finetune.data.synthetic import Price
from finetune.errors import UserError
from knowledge.official import Sources


@dataclass(frozen=True)
class Settings:
    """Each field names its variable; nothing else in the program reads the environment for these."""

    home: Path  # ATTUNE_HOME: projects, index and jobs; outside the working directory by default
    chat_model: str | None  # ATTUNE_CHAT_MODEL: provider:model in LangChain's words; None is the built-in guide
    secret: str | None  # ATTUNE_SECRET: signs the page's memory of its project, so that it survives a restart
    host: str  # ATTUNE_HOST; this computer alone by default, everybody in a Space, whose proxy asks from outside
    port: int  # ATTUNE_PORT
    # ATTUNE_ENCODER: a Hub name (name@revision) or folder of another sentence encoder; None is all-MiniLM-L6-v2, for
    # which alone the thresholds of search and understanding were set: with another they may find too much or too little
    encoder: str | None = None
    sources: Sources = field(
        default_factory=Sources
    )  # ATTUNE_ECFR, ATTUNE_EURLEX: where the rules' publishers are asked
    # ATTUNE_WRITER_MODEL: the chat model that may write examples from documents; None is chat_model, if there is one
    writer_model: str | None = None
    writer_price: Price | None = None  # ATTUNE_WRITER_PRICE: of a million tokens in and out; None is not known
    # ATTUNE_NAMES_MODEL: a Hub name (name@revision) or folder of a token-classification model that finds names, too
    names_model: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        # Every entry point comes here before torch is first imported, which is when torch reads it. The page shares its
        # processors with a training run, and threads that spin while they wait took a query from 8 ms to 480 ms.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        return cls(
            home=Path(environment.get("ATTUNE_HOME") or Path.home() / ".attune").expanduser().absolute(),
            chat_model=environment.get("ATTUNE_CHAT_MODEL") or None,
            secret=environment.get("ATTUNE_SECRET") or None,
            host=environment.get("ATTUNE_HOST") or ("0.0.0.0" if "SPACE_ID" in environment else "127.0.0.1"),
            port=port_number(environment.get("ATTUNE_PORT") or "7860"),
            encoder=environment.get("ATTUNE_ENCODER") or None,
            sources=Sources.from_environment(environment),
            writer_model=environment.get("ATTUNE_WRITER_MODEL") or None,
            writer_price=Price.read(price, where="ATTUNE_WRITER_PRICE")
            if (price := environment.get("ATTUNE_WRITER_PRICE"))
            else None,
            names_model=environment.get("ATTUNE_NAMES_MODEL") or None,
        )


def port_number(text: str) -> int:
    """A port from its text.

    Raises:
        UserError: it is not a number from 0 to 65535.
    """
    if not text.isdecimal() or int(text) > 65535:
        raise UserError(f"{text!r} is not a port.", where="ATTUNE_PORT", action="Set it to a number such as 7860.")
    return int(text)
