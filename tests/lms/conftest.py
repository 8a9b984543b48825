from collections.abc import Iterator

import pytest

from programs.lms.embedded import EmbeddedEngine, engine_for


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """The real model, loaded once; exact, so that tests may compare texts."""
    engine = engine_for(exact=True)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def quick_engine() -> Iterator[EmbeddedEngine]:
    """The real model as programs use it, for tests that take any text."""
    engine = engine_for()
    yield engine
    engine.close()
