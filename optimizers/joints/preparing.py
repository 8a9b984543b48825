"""What a search is made from, and what there is for it to try."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import dspy
from dspy.adapters.utils import serialize_for_json

from optimizers.contract import Material, Metric
from optimizers.joints.pools import demo_orders, run_trainset
from optimizers.joints.proposing import failure_words, propose_instructions
from optimizers.joints.space import OWN, Space, StepSpace
from signatures.errors import SetupError

N_PROPOSED = 3
"""Instructions that a proposer writes for each predictor."""


def check_material(material: Material) -> None:
    """Raises SetupError if there is nothing to score on."""
    if not material.valset:
        raise SetupError("the valset is empty, so that no program could be scored; give more authors")


def authors_of(examples: Sequence[dspy.Example]) -> tuple[str, ...]:
    """Whose each example is; one without an author is a person of its own."""
    return tuple(
        str(example.get("author") or example.get("target_id") or f"example {number}")
        for number, example in enumerate(examples)
    )


def identity_of(student: dspy.Module, material: Material, **further: str) -> dict[str, str]:
    """Hashes (16 hex digits) of what a search is made from, so that it is not continued with anything else."""
    lm: Any = dspy.settings.lm
    data = [[_data(example) for example in examples] for examples in (material.trainset, material.valset)]
    return {
        "split": _hash(data),
        "material": _hash(
            [
                [_data(example) for example in material.labelled],
                {name: list(texts) for name, texts in material.variants.items()},
                {name: list(values) for name, values in material.settings.items()},
            ]
        ),
        "program": _hash([getattr(student, "settings", None), *map(_step, student.named_predictors())]),
        "model": str(getattr(lm, "model", None)),
        "proposer": str(getattr(material.proposer, "model", None)),
        **further,
    }


def prepare(
    student: dspy.Module,
    material: Material,
    metric: Metric,
    settings: Mapping[str, tuple[str, ...]],
    n_threads: int,
    seed: int,
) -> Space:
    """Runs the student on some of the trainset and asks the proposer; everything that costs before the trials.

    Raises: OutOfBudgetError.
    """
    rng = random.Random(seed)
    runs = run_trainset(student, material, metric, n_threads, rng)
    failures = failure_words(metric, runs.failures) if material.proposer is not None else []
    return Space(
        steps={
            name: StepSpace(
                instructions=_instructions(name, predictor, material, failures, rng),
                demos=demo_orders(predictor, material, runs.demos.get(name, []), rng),
            )
            for name, predictor in student.named_predictors()
        },
        settings=dict(settings),
    )


def handwritten(name: str, predictor: Any, material: Material) -> dict[str, str]:
    """Name to instruction of a predictor: its own, and the variants that are given."""
    texts = {OWN: predictor.signature.instructions}
    for number, text in enumerate(material.variants.get(name, ()), 1):
        if text not in texts.values():
            texts[f"hand {number}"] = text
    return texts


def _instructions(
    name: str, predictor: Any, material: Material, failures: Sequence[str], rng: random.Random
) -> dict[str, str]:
    texts = handwritten(name, predictor, material)
    if material.proposer is not None:
        written = propose_instructions(name, predictor, material, failures, N_PROPOSED, rng)
        texts.update({f"proposed {number}": text for number, text in enumerate(written, 1)})
    return texts


def _data(example: dspy.Example) -> Any:
    return serialize_for_json(dict(example.items()))


def _step(named: tuple[str, Any]) -> Any:
    """A predictor as data; its state may hold an engine that cannot be written."""
    name, predictor = named
    model = getattr(predictor.lm, "model", None)
    return [name, predictor.signature.dump_state(), [_data(demo) for demo in predictor.demos], model]


def _hash(data: Any) -> str:
    written = json.dumps(serialize_for_json(data), sort_keys=True, default=lambda value: type(value).__name__)
    return hashlib.sha256(written.encode()).hexdigest()[:16]
