"""The models of a compile, every call of which is counted by one budget."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dspy

from optimizers.budget import Budget
from programs.card import LmNote
from programs.compiling.asked import Asked
from programs.experiment import Experiment
from programs.judges.llm import JUDGE_DECODING
from programs.lms import make_lm
from programs.lms.access import check_access

TASK_MODEL, PROPOSER, JUDGE = "task model", "proposer", "judge"
_SECRETS = ("api_key", "api_base", "base_url")


@dataclass(frozen=True)
class Roles:
    """Who does what."""

    experiment: Experiment
    """With the task model and the judge's model metered."""
    proposer: dspy.LM | None
    """None where there is none: the task model is too small, and no other was named."""
    notes: Mapping[str, LmNote]
    """Role to model, for the card; of the task model the card has its own."""


def with_roles(experiment: Experiment, asked: Asked, budget: Budget) -> Roles:
    """Puts a budget on all models of a compile.

    Raises: SetupError for a model that cannot be used, or whose price is not known where dollars are limited.
    """
    proposer = _proposer(experiment, asked)
    judge = _judge_model(experiment)
    notes = {
        role: LmNote(name=name, decoding=_decoding(lm))
        for role, (name, lm) in {PROPOSER: proposer, JUDGE: judge}.items()
        if lm is not None
    }
    metered = replace(
        experiment,
        lm=budget.metered(experiment.lm, TASK_MODEL),
        judge_lm=budget.metered(judge[1], JUDGE) if judge[1] is not None else None,
    )
    return Roles(metered, budget.metered(proposer[1], PROPOSER) if proposer[1] is not None else None, notes)


def _proposer(experiment: Experiment, asked: Asked) -> tuple[str, dspy.LM | None]:
    if asked.proposer is None:
        return experiment.choices.lm, None if experiment.small else experiment.lm
    check_access(asked.proposer, asked.proposer_api_base)
    settings: dict[str, Any] = {"api_base": asked.proposer_api_base} if asked.proposer_api_base else {}
    return asked.proposer, make_lm(asked.proposer, seed=experiment.choices.seed, **settings)


def _judge_model(experiment: Experiment) -> tuple[str, dspy.LM | None]:
    """The model of a judge `llm:MODEL`, made before the first call so that what is wrong with it is said then."""
    kind, _, name = experiment.choices.judge.partition(":")
    if kind != "llm" or experiment.task.bench.judging.asked is None:
        return name, None
    check_access(name)
    return name, make_lm(name, **JUDGE_DECODING)


def _decoding(lm: dspy.LM | None) -> dict[str, Any]:
    return {name: value for name, value in lm.kwargs.items() if name not in _SECRETS} if lm is not None else {}
