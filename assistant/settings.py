"""Settings: read from the environment once, at the start, and passed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Each field names its variable; nothing else in the program reads the environment for these."""

    home: Path  # ATTUNE_HOME: projects, index and jobs; outside the working directory by default
    chat_model: str | None  # ATTUNE_CHAT_MODEL: provider:model in LangChain's words; None is the built-in guide
    secret: str | None  # ATTUNE_SECRET: signs the page's memory of its project, so that it survives a restart
    host: str  # ATTUNE_HOST
    port: int  # ATTUNE_PORT

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            home=Path(environment.get("ATTUNE_HOME") or Path.home() / ".attune").expanduser().absolute(),
            chat_model=environment.get("ATTUNE_CHAT_MODEL") or None,
            secret=environment.get("ATTUNE_SECRET") or None,
            host=environment.get("ATTUNE_HOST", "127.0.0.1"),
            port=int(environment.get("ATTUNE_PORT", "7860")),
        )
