"""Fixtures of the tests of data: a file written in a line."""

from pathlib import Path

import pytest

from tests.data.small_files import Put


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file and give its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
