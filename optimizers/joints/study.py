"""A search as it is kept: its trials, every paid score, and what it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import dspy
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from optimizers.joints.history import History, history_of
from optimizers.joints.kept import BLOCK, FAULT, PRUNED, WORKER, Record, Row, record_of
from optimizers.joints.proposals import hushed
from optimizers.joints.space import Params, Space, StepSpace
from optimizers.joints.storage import Place, open_place
from signatures.errors import SetupError

_NAME = "joint"
_IDENTITY, _STEP, _SETTINGS = "identity", "step:", "settings"
DISCARDED = "discarded"
"""Fault of a trial that was begun twice by workers of two machines; nobody scores it."""


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

    def program(self, student: dspy.Module, record: Record) -> dspy.Module:
        """The program that a record is of; the first is the student."""
        space = self.space()
        if record.number == 0 or space is None:
            return student.deepcopy()
        return space.program(student, record.params)

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
            record = self._finished.get(trial._trial_id) or record_of(trial)
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
            user_attrs={WORKER: self.workers.name},
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
        self._storage.set_trial_user_attr(record.id, WORKER, self.workers.name)

    def keep(self, trial_id: int, block: int, rows: Sequence[Row], done: bool) -> None:
        """Keeps the scores of a block, or what there is of it so far."""
        self._storage.set_trial_user_attr(
            trial_id, f"{BLOCK}{block}", {"rows": [list(row) for row in rows], "done": done}
        )

    def finish(self, trial_id: int, value: float, pruned: bool) -> None:
        """Ends a trial.

        A stopped one is told to Optuna as what it was expected to reach: the state for pruned trials would put it below
        all others, whatever is known of it.
        """
        self._storage.set_trial_user_attr(trial_id, PRUNED, pruned)
        self._storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [value])

    def fail(self, trial_id: int, fault: str) -> None:
        """Ends a trial that has no score."""
        self._storage.set_trial_user_attr(trial_id, FAULT, fault)
        self._storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def history(self) -> History:
        """What happened so far."""
        trials = self._storage.get_all_trials(self._id, deepcopy=False)
        return history_of([trial for trial in trials if trial.user_attrs.get(FAULT) != DISCARDED], self.space())
