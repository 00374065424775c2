"""Fixtures all tests share: a home of its own for each test, no network, a tiny model built once."""

import os
from pathlib import Path

import pytest

# Set before any library reads them: tests must not wait for a hub that is not there.
os.environ.update(
    HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", GRADIO_ANALYTICS_ENABLED="False", TOKENIZERS_PARALLELISM="false"
)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder for projects."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Other people's data and law text beside the checkout; a test that wants it skips where it is absent."""
    if not SHARED.exists():
        pytest.skip("no shared folder beside the checkout")
    return SHARED
