"""What is baked off: optimizers, seeds, one split, one budget; checked before the first model call."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dspy

from programs.bench import Case
from programs.evaluations.setup import fingerprint
from programs.experiment import Choices, Experiment, lm_note, prepare
from programs.metering import Tally
from programs.systems import System
from signatures.errors import SetupError, unknown

BAKEOFFS = "bakeoffs"
"""The folder of all bake-offs, beside those of the tasks."""
GOAL = "miprov2"
"""Whose final win rate the others are to reach."""


@dataclass(frozen=True)
class BakeoffChoices:
    """What the user chose; the seed of `base` is that of the split, of decoding and of statistics."""

    base: Choices
    optimizers: tuple[str, ...]
    seeds: tuple[int, ...]
    """Of the searches alone."""
    budget: str
    limits: Mapping[str, float | None]
    """Of each search, by name; for the record, whoever searches keeps them."""


@dataclass(frozen=True)
class Setup:
    """A split corpus, a model and an uncompiled program, the same for every search."""

    choices: BakeoffChoices
    experiment: Experiment
    student: dspy.Module
    fitted: str
    """What the student took from the corpus, in words."""
    n_trials: int

    @property
    def header(self) -> dict[str, Any]:
        """What must be the same for searches to be compared, in JSON's terms."""
        experiment, base = self.experiment, self.choices.base
        return {
            "task": base.task,
            "data": base.data,
            "corpus": experiment.corpus.hash,
            "split": experiment.splits.hash,
            "model": lm_note(experiment).model_dump(mode="json"),
            "exact": base.exact,
            "seed": base.seed,
            "judge": base.judge,
            "program": program_key(self.student),
            "budget": self.n_trials,
            "limits": dict(self.choices.limits),
            "hyperalign": version("hyperalign"),
        }

    @property
    def folder(self) -> Path:
        """Where everything goes; bake-offs that can be compared, whatever their optimizers and seeds, share it."""
        digest = hashlib.sha256(json.dumps(self.header, sort_keys=True).encode()).hexdigest()[:12]
        return self.choices.base.out / BAKEOFFS / f"{self.choices.base.task}-{digest}"

    @property
    def cells(self) -> list[tuple[str, int]]:
        """Optimizer and seed of each search, a seed's together, so that what is there early can be compared."""
        return [(name, seed) for seed in self.choices.seeds for name in self.choices.optimizers]


@dataclass(frozen=True)
class Costs:
    """What a bake-off is expected to take, were nothing of it in a cache yet and no search ended by a limit."""

    shared: Tally
    """Zero-shot texts, and the uncompiled program's for the dev part; made once."""
    searches: Mapping[str, Tally]
    """Optimizer to one search with its second look."""
    dev: Mapping[str, Tally]
    """Optimizer to the dev texts of one search: of as many programs as are likely to be the best so far in turn."""
    n_seeds: int

    @property
    def whole(self) -> Tally:
        """Over all searches."""
        return self.shared + scaled(sum((*self.searches.values(), *self.dev.values()), Tally()), self.n_seeds)


def prepare_bakeoff(choices: BakeoffChoices, known: Sequence[str]) -> Setup:
    """Checks every choice, loads data and program.

    Args:
        choices: What the user chose.
        known: Names of the optimizers that there are.

    Raises: SetupError for the first that cannot be used.
    """
    _check_names(choices, known)
    experiment = prepare(choices.base)
    splits, bench = experiment.splits, experiment.task.bench
    bench.ready(splits)
    if not splits.dev:
        raise SetupError(f"corpus {choices.base.data!r} leaves no {bench.unit} for the dev part; use a larger one")
    if choices.budget not in bench.trials:
        more = "; for a number of calls give --max-calls" if choices.budget.isdecimal() else ""
        raise SetupError(f"unknown budget {choices.budget!r}; choose {', '.join(bench.trials)}{more}")
    student = experiment.task.build({})
    fitted = experiment.task.fit(student, experiment.corpus.name, (*splits.train, *splits.val))
    return Setup(choices, experiment, student, fitted, bench.trials[choices.budget])


def program_key(program: dspy.Module) -> str:
    """What tells programs apart: class, settings, instructions and demos."""
    return fingerprint(System("program", program, None, ""))


def expected_bests(n_trials: int) -> float:
    """How many of n trials are likely to score above the student and all trials before them.

    Of scores in any order, the k-th is the highest so far with probability 1/k; the student's is the first.
    """
    return sum(1 / k for k in range(2, n_trials + 2))


def scaled(tally: Tally, factor: float) -> Tally:
    """As much of everything, counts rounded; what has no known price still has none."""
    counts = {name: round(getattr(tally, name) * factor) for name in ("calls", "prompt_tokens", "completion_tokens")}
    return Tally(**counts, dollars=tally.dollars * factor, unpriced=tally.unpriced, seconds=tally.seconds * factor)


def n_targets(cases: Sequence[Case]) -> int:
    """Of all cases."""
    return sum(len(case.targets) for case in cases)


def _check_names(choices: BakeoffChoices, known: Sequence[str]) -> None:
    for name in choices.optimizers:
        if name not in known:
            raise unknown("optimizer", name, known)
    for option, given in (("--optimizers", choices.optimizers), ("--seeds", choices.seeds)):
        if not given:
            raise SetupError(f"{option} names nothing; give one or more, with commas between them")
        repeated = [each for each in given if list(given).count(each) > 1]
        if repeated:
            raise SetupError(f"{option} names {repeated[0]!r} twice; name each once")
    if min(choices.seeds) < 0:
        raise SetupError(f"--seeds has {min(choices.seeds)}; give 0 or more")
