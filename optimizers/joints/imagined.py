"""What a search will try as far as that is known before anything is asked, for an estimate of what it costs."""

import random
from collections.abc import Mapping
from typing import Any

import dspy

from optimizers.contract import Material
from optimizers.demos import fitting
from optimizers.joints.pools import MOST_RUNS, demo_orders
from optimizers.joints.preparing import N_PROPOSED, handwritten
from optimizers.joints.proposals import Seen, propose, seed_of
from optimizers.joints.space import Space, StepSpace

_SCORE = 0.5


def imagined_trials(
    student: dspy.Module,
    material: Material,
    settings: Mapping[str, tuple[str, ...]],
    n_trials: int,
    seed: int,
    with_made: bool,
) -> list[dspy.Module]:
    """Programs in the order in which a search by one worker tries them, were all of them equally good.

    Until the estimator learns from scores, its draws follow from the seed and from how much there is to choose from.
    The student's own instructions stand for those of a proposer. With `with_made` the student's runs make demos, for
    which labelled examples stand; whether they do is not known beforehand.
    """
    steps = {name: _step(name, predictor, material, seed, with_made) for name, predictor in student.named_predictors()}
    space = Space(steps=steps, settings=dict(settings))
    seen = [Seen({}, _SCORE)]
    while len(seen) <= n_trials:
        params = propose(space, seen, seed_of(seed, len(seen), 0))
        if params is None:
            break
        seen.append(Seen(params, _SCORE))
    return [space.program(student, each.params) for each in seen[1:]]


def _step(name: str, predictor: Any, material: Material, seed: int, with_made: bool) -> StepSpace:
    texts = handwritten(name, predictor, material)
    if material.proposer is not None:
        own = predictor.signature.instructions
        texts.update({f"proposed {number}": f"{own}{' ' * number}" for number in range(1, N_PROPOSED + 1)})
    made = fitting(predictor, material.labelled)[:MOST_RUNS] if with_made else []
    return StepSpace(instructions=texts, demos=demo_orders(predictor, material, made, random.Random(seed)))
