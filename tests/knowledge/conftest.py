"""One encoder and one index for all tests of the knowledge."""

import pytest

from knowledge.encoder import Encoder, extra_folder, load_encoder
from knowledge.search import Library


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    if extra_folder() is None:
        pytest.skip("the offline extra is not installed")
    return load_encoder(allow_download=False)


@pytest.fixture(scope="session")
def library(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("index"), encoder)
