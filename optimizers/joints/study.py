"""A search as it is kept: its trials, every paid score, and what it was made from."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from optimizers.joints.proposals import Seen, hushed, in_memory
from optimizers.joints.space import Params, Space, StepSpace
from optimizers.joints.storage import Place, open_place
from signatures.errors import SetupError

_NAME = "joint"
_IDENTITY, _STEP, _SETTINGS = "identity", "step:", "settings"
_WORKER, _BLOCK, _PRUNED, _FAULT = "worker", "block:", "pruned", "fault"
DISCARDED = "discarded"
"""Fault of a trial that was begun twice by workers of two machines; nobody scores it."""


class Row(NamedTuple):
    """One target, answered and scored."""

    index: int
    """Of the target in the valset."""
    score: float | None
    """None where program or metric failed."""
    tokens: int | None
    """Read and written for it; None where no model said, as from a cache."""
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
    """By block; those of the last may be few as yet, without failures."""
    done: int
    """Blocks that are scored to their end, the first ones."""
    value: float | None
    """What the search maximises: the mean over all targets, or where the trial was stopped what it was expected to be."""
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
        """All rows, block by block."""
        return tuple(row for block in sorted(self.rows) for row in self.rows[block])

    @property
    def scores(self) -> dict[int, float]:
        """Target to score, without failures."""
        return {row.index: row.score for row in self.scored if row.score is not None}


@dataclass(frozen=True)
class History:
    """What happened, as plain data for plots and tables."""

    trials: tuple[dict[str, Any], ...]
    """One a trial, by number: number, state, params, score, best so far, n_scored, n_failures, pruned, blocks (mean
    score of each), tokens and seconds a text, started, seconds since the first trial began."""
    importance: Mapping[str, float]
    """Choice to its share in what tells good trials from others (PED-ANOVA, arXiv:2304.10255); empty below 4 trials."""


class Study:
    """One search on disk, in a database or in memory; several processes may work on it."""

    def __init__(self, place: Place):
        """Makes the study, or finds the one that is there. Raises: SetupError if the storage holds another kind."""
        self.workers = place.workers
        self.shown = place.shown
        self._storage: BaseStorage = place.storage
        with hushed():
            try:
                self._id = self._storage.create_new_study([StudyDirection.MAXIMIZE], _NAME)
            except DuplicatedStudyError:
                self._id = self._storage.get_study_id_from_name(_NAME)
        self._finished: dict[int, Record] = {}

    @classmethod
    def open(cls, where: str | Path | None) -> "Study":
        """The study at a path or database URL, or a fresh one in memory. Raises: SetupError."""
        return cls(open_place(where))

    def claim(self, identity: Mapping[str, str]) -> None:
        """Says what the search is made from; a study is only continued with the same.

        Raises: SetupError naming each thing that differs, in the study and as given.
        """
        with self.workers.alone("claim"):
            attributes = self._storage.get_study_user_attrs(self._id)
            known = attributes.get(_IDENTITY)
            if known is None:
                self._storage.set_study_user_attr(self._id, _IDENTITY, dict(identity))
                return
        names = [name for name in {**known, **identity} if known.get(name) != identity.get(name)]
        if names:
            told = "; ".join(f"{name} {known.get(name)!r} there and {identity.get(name)!r} here" for name in names)
            raise SetupError(f"study {self.shown!r} was made from something else: {told}; name another study")

    @property
    def identity(self) -> dict[str, str]:
        """What the search is made from; empty before anybody said."""
        return dict(self._storage.get_study_user_attrs(self._id).get(_IDENTITY, {}))

    def space(self) -> Space | None:
        """What there is to try; None before anybody prepared it."""
        attributes = self._storage.get_study_user_attrs(self._id)
        if _SETTINGS not in attributes:
            return None
        steps = {name[len(_STEP) :]: each for name, each in attributes.items() if name.startswith(_STEP)}
        return Space(
            steps={name: StepSpace.model_validate(steps[name]) for name in attributes[_SETTINGS]["order"]},
            settings=attributes[_SETTINGS]["values"],
        )

    def keep_space(self, space: Space) -> None:
        """Keeps what there is to try; it was paid for. The settings come last and tell that it is whole."""
        for name, step in space.steps.items():
            self._storage.set_study_user_attr(self._id, f"{_STEP}{name}", step.model_dump(mode="json"))
        whole = {"order": list(space.steps), "values": {name: list(each) for name, each in space.settings.items()}}
        self._storage.set_study_user_attr(self._id, _SETTINGS, whole)

    def records(self) -> list[Record]:
        """All trials in their order, without those begun twice."""
        found = []
        for trial in self._storage.get_all_trials(self._id, deepcopy=False):
            record = self._finished.get(trial._trial_id) or _record(trial)
            if not record.running:
                self._finished[record.id] = record
            if record.fault != DISCARDED:
                found.append(record if record.number == len(found) else replace(record, number=len(found)))
        return found

    def begin(self, params: Params, space: Space | None, number: int) -> Record | None:
        """Enters a trial in one step; None if another machine was quicker and has this number.

        Raises: SetupError if the storage cannot be written.
        """
        distributions = space.distributions() if space else {}
        trial = create_trial(
            state=TrialState.RUNNING,
            params={name: value for name, value in params.items() if name in distributions},
            distributions={name: each for name, each in distributions.items() if name in params},
            user_attrs={_WORKER: self.workers.name},
        )
        made = self._storage.create_new_trial(self._id, template_trial=trial)
        record = self.record(made)
        if record.number == number:
            return record
        self.fail(made, DISCARDED)
        return None

    def record(self, trial_id: int) -> Record:
        """One trial as it is now."""
        return next(record for record in self.records() if record.id == trial_id)

    def adopt(self, record: Record) -> None:
        """Takes over a trial of a worker that is gone."""
        self._storage.set_trial_user_attr(record.id, _WORKER, self.workers.name)

    def keep(self, trial_id: int, block: int, rows: Sequence[Row], done: bool) -> None:
        """Keeps the scores of a block, or what there is of it so far."""
        self._storage.set_trial_user_attr(
            trial_id, f"{_BLOCK}{block}", {"rows": [list(row) for row in rows], "done": done}
        )

    def finish(self, trial_id: int, value: float, pruned: bool) -> None:
        """Ends a trial. A stopped one is told to Optuna as what it was expected to reach: the state for pruned trials
        would put it below all others, whatever is known of it."""
        self._storage.set_trial_user_attr(trial_id, _PRUNED, pruned)
        self._storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [value])

    def fail(self, trial_id: int, fault: str) -> None:
        """Ends a trial that has no score."""
        self._storage.set_trial_user_attr(trial_id, _FAULT, fault)
        self._storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def history(self) -> History:
        """What happened so far."""
        records, space = self.records(), self.space()
        student = space.student() if space else {}
        starts = [record.started for record in map(_timed, self._trials()) if record.started]
        rows: list[dict[str, Any]] = []
        best: float | None = None
        for record, timed in zip(records, map(_timed, self._trials()), strict=True):
            if record.finished and not record.pruned and record.value is not None:
                best = record.value if best is None else max(best, record.value)
            rows.append({**_told(record, {**student, **record.params}), "best": best, **timed.since(min(starts))})
        return History(tuple(rows), importance(space, records) if space else {})

    def _trials(self) -> list[FrozenTrial]:
        trials = self._storage.get_all_trials(self._id, deepcopy=False)
        return [trial for trial in trials if trial.user_attrs.get(_FAULT) != DISCARDED]


def importance(space: Space, records: Sequence[Record]) -> dict[str, float]:
    """Choice to its share in what tells good trials from others; empty where too few differ to say."""
    seen = [Seen(record.params, record.value) for record in records if record.finished]
    if len(seen) < 4 or len({each.score for each in seen}) < 2 or not space.distributions():
        return {}
    with hushed():
        return optuna.importance.get_param_importances(in_memory(space, seen, seed=0))


class _Timed(NamedTuple):
    started: datetime | None
    ended: datetime | None

    def since(self, first: datetime) -> dict[str, Any]:
        return {
            "started": self.started.isoformat() if self.started else None,
            "elapsed": (self.ended - first).total_seconds() if self.ended else None,
        }


def _timed(trial: FrozenTrial) -> _Timed:
    return _Timed(trial.datetime_start, trial.datetime_complete)


def _told(record: Record, params: Params) -> dict[str, Any]:
    tokens = [row.tokens for row in record.scored if row.tokens is not None]
    means = [[row.score for row in record.rows[block] if row.score is not None] for block in sorted(record.rows)]
    return {
        "number": record.number,
        "state": record.fault and "failed" or "pruned" if record.pruned else record.state.name.lower(),
        "params": dict(params),
        "score": record.value,
        "n_scored": len(record.scored),
        "n_failures": sum(row.score is None for row in record.scored),
        "pruned": record.pruned,
        "blocks": [statistics.fmean(each) if each else None for each in means],
        "tokens": statistics.fmean(tokens) if tokens else None,
        "seconds": statistics.fmean([row.seconds for row in record.scored]) if record.scored else None,
    }


def _record(trial: FrozenTrial) -> Record:
    kept = {int(name[len(_BLOCK) :]): each for name, each in trial.user_attrs.items() if name.startswith(_BLOCK)}
    done = 0
    while done in kept and kept[done]["done"]:
        done += 1
    return Record(
        id=trial._trial_id,
        number=trial.number,
        state=trial.state,
        params=dict(trial.params),
        worker=trial.user_attrs.get(_WORKER, ""),
        rows={block: tuple(Row(*row) for row in each["rows"]) for block, each in sorted(kept.items())},
        done=done,
        value=trial.value if trial.state == TrialState.COMPLETE else None,
        pruned=bool(trial.user_attrs.get(_PRUNED)),
        fault=trial.user_attrs.get(_FAULT, ""),
    )
