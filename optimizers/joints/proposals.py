"""Which program to try next."""

import hashlib
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState, create_trial

from optimizers.joints.space import Params, Space

_STARTUP = 6
"""Scored programs before choices follow from scores."""
_REDRAWS = 24


class Seen(NamedTuple):
    """A program that was tried or is being tried."""

    params: Params
    score: float | None
    """None while it is being scored, or where it could not be."""


def propose(space: Space, seen: Sequence[Seen], seed: int) -> dict[str, Any] | None:
    """Choices that come to a program nobody has tried; None where none is found.

    A pure function of its arguments, so that a resumed search proposes what an undisturbed one does: the starts of the
    space, then Optuna's multivariate tree-structured Parzen estimator (Bergstra et al. 2011; Falkner et al. 2018).
    """
    tried = {space.key(each.params) for each in seen}
    for start in space.starts():
        if space.key(start) not in tried:
            return start
    distributions = space.distributions()
    if not distributions:
        return None
    with hushed():
        study = in_memory(space, seen, seed)
        for _ in range(_REDRAWS):
            params = study.ask(distributions).params
            if space.key(params) not in tried:
                return params
    rng = random.Random(seed)
    for _ in range(_REDRAWS * 8):
        params = {name: _drawn(distribution, rng) for name, distribution in distributions.items()}
        if space.key(params) not in tried:
            return params
    return None


def in_memory(space: Space, seen: Sequence[Seen], seed: int) -> optuna.Study:
    """A study that holds what was tried, for Optuna to reckon with."""
    sampler = TPESampler(seed=seed, multivariate=True, n_startup_trials=_STARTUP)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = space.distributions()
    student = space.student()
    for each in seen:
        done = each.score is not None
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE if done else TrialState.RUNNING,
                value=each.score,
                params={**student, **each.params},
                distributions=distributions,
            )
        )
    return study


def seed_of(seed: int, number: int, worker: int) -> int:
    """A seed of its own for each trial and worker, 32 bits."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{number}|{worker}".encode()).digest()[:4], "big")


@contextmanager
def hushed() -> Iterator[None]:
    """Keeps Optuna from announcing each study on stderr."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _drawn(distribution: BaseDistribution, rng: random.Random) -> Any:
    if isinstance(distribution, IntDistribution):
        return rng.randint(distribution.low, distribution.high)
    assert isinstance(distribution, CategoricalDistribution)
    return rng.choice(distribution.choices)
