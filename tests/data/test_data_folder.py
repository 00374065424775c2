"""A messy folder: what is planted in it comes out, what is wrong with it is said, and nothing crashes."""

from pathlib import Path

import pytest

from tests.benchmarks.messy_folder import read_all
from tests.data.messy_files import make_folder


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The program's faults by file, on another seed than the figures that are published."""
    folder: Path = tmp_path_factory.mktemp("messy")
    planted = make_folder(folder, seed=11)
    return {name: outcome.faults for name, outcome in read_all(folder, planted).items()}


def test_nothing_is_lost_and_no_fault_goes_unsaid_in_a_messy_folder(outcomes: dict[str, list[str]]) -> None:
    assert len(outcomes) >= 75
    assert {name: faults for name, faults in outcomes.items() if faults} == {}
