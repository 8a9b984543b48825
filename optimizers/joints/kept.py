"""Trials as a study keeps them, read back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from optimizers.joints.space import Params

WORKER, BLOCK, PRUNED, FAULT = "worker", "block:", "pruned", "fault"
"""Names of a trial's attributes."""


class Row(NamedTuple):
    """One target, answered and scored."""

    target: int
    """Its place in the valset."""
    score: float | None
    """None where program or metric failed."""
    tokens: int | None
    """Read and written for it, by whomever it was answered; None where no model said."""
    seconds: float


@dataclass(frozen=True)
class Record:
    """A trial as the study knows it."""

    id: int
    """In the storage."""
    number: int
    """From 0, which is the student."""
    state: TrialState
    params: Params
    worker: str
    rows: Mapping[int, tuple[Row, ...]]
    """By block; those of a block that is not done may be few as yet, without failures."""
    done: int
    """Blocks that are scored to their end, the first ones."""
    value: float | None
    """What the search maximises, the mean over all targets; of a stopped trial what it was expected to be."""
    pruned: bool
    fault: str

    @property
    def finished(self) -> bool:
        """Whether it has a value."""
        return self.state == TrialState.COMPLETE

    @property
    def running(self) -> bool:
        """Whether somebody scores it, or did when they were killed."""
        return self.state == TrialState.RUNNING

    @property
    def scored(self) -> tuple[Row, ...]:
        """The rows of all blocks that are done: what there is of another says nothing yet of how it ends."""
        return tuple(row for block in range(self.done) for row in self.rows[block])

    @property
    def scores(self) -> dict[int, float]:
        """Target to score, without failures."""
        return {row.target: row.score for row in self.scored if row.score is not None}


def record_of(trial: FrozenTrial) -> Record:
    """A trial of Optuna's, as it is now."""
    kept = {int(name[len(BLOCK) :]): each for name, each in trial.user_attrs.items() if name.startswith(BLOCK)}
    done = 0
    while done in kept and kept[done]["done"]:
        done += 1
    return Record(
        id=trial._trial_id,
        number=trial.number,
        state=trial.state,
        params=dict(trial.params),
        worker=trial.user_attrs.get(WORKER, ""),
        rows={block: tuple(Row(*row) for row in each["rows"]) for block, each in sorted(kept.items())},
        done=done,
        value=trial.value if trial.state == TrialState.COMPLETE else None,
        pruned=bool(trial.user_attrs.get(PRUNED)),
        fault=trial.user_attrs.get(FAULT, ""),
    )
