import dspy
import pytest
from toy import Parrot, example

from optimizers import Material
from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM


@pytest.fixture
def parrot():
    return Parrot()


@pytest.fixture
def model(parrot):
    with dspy.context(lm=EmbeddedLM("parrot", engine=parrot, cache=False), adapter=FittingAdapter()):
        yield


@pytest.fixture
def material():
    return Material(
        trainset=[example(f"train {index}") for index in range(4)],
        valset=[example(f"val {index}") for index in range(5)],
        labelled=[example(f"shown {index}", text="HEY", author=f"author {index}") for index in range(4)],
        variants={"say": ("Say it, loud.", "Whisper it.")},
    )
