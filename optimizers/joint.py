"""A search over instructions, demos and settings of all steps at once, which races, resumes and weighs costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
from dspy.teleprompt import Teleprompter

from optimizers.contract import Budget, Material, Metric, OutOfBudgetError, Trial
from optimizers.joints.pareto import PREFERENCES, Prefer
from optimizers.joints.pools import MOST_DEMOS, MOST_RUNS
from optimizers.joints.preparing import N_PROPOSED, authors_of, check_material, identity_of
from optimizers.joints.racing import BLOCKS, RISK, Race
from optimizers.joints.records import JointCompiled
from optimizers.joints.search import Search
from optimizers.joints.setting import Setting
from optimizers.joints.space import setting_choices
from optimizers.joints.study import Study
from signatures.errors import SetupError, unknown


def _ignore(trial: Trial) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Joint:
    """Searches with Optuna's multivariate TPE which instruction, which demos and which settings go together.

    Trials are raced on growing blocks of authors (`optimizers.joints.racing`). With a `study` every paid score is kept:
    a killed search goes on where it was and ends as an undisturbed one does, and several processes share the work.
    """

    study: str | Path | None = None
    """A journal's path or a database URL; None keeps the search in memory."""
    prefer: Prefer = "win"
    """What the chosen program is best at; see `optimizers.joints.pareto`."""
    risk: float = RISK
    """Chance of winning under which a trial is stopped, in [0, 1); 0 scores every trial throughout."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What else a study must agree in to be continued, such as {"split": ..., "judge": ...}."""
    name: str = "joint"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {
            "n_trials": n_trials,
            "prefer": self.prefer,
            "risk": self.risk,
            "max_demos": MOST_DEMOS,
            "n_proposed": N_PROPOSED,
        }

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """One run of each training example that is used."""
        return min(MOST_RUNS, n_train) if n_trials else 0

    def compile(
        self,
        student: dspy.Module,
        material: Material,
        metric: Metric,
        *,
        n_trials: int,
        seed: int,
        n_threads: int,
        on_trial: Callable[[Trial], None],
        budget: Budget | None = None,
    ) -> JointCompiled:
        """Scores the student, then at most `n_trials` programs around it.

        Raises: SetupError, before the first call, if the valset is empty, a setting to try makes no sense, or the study
        was made from something else or cannot be opened; RuntimeError if the student fails on the whole valset.
        """
        teleprompter = JointTeleprompter(
            metric, n_trials=n_trials, seed=seed, n_threads=n_threads, on_trial=on_trial, budget=budget, joint=self
        )
        teleprompter.compile(
            student,
            trainset=list(material.trainset),
            valset=list(material.valset),
            labelled=material.labelled,
            variants=material.variants,
            proposer=material.proposer,
            settings=material.settings,
        )
        return teleprompter.compiled


class JointTeleprompter(Teleprompter):
    """The same as DSPy's users call it; `compiled` has the trials and what the race saved.

    JointTeleprompter(metric, n_trials=30).compile(program, trainset=train, valset=val, variants={"write": [...]})
    """

    compiled: JointCompiled
    """Of the last call of `compile`."""

    def __init__(
        self,
        metric: Metric,
        *,
        n_trials: int = 30,
        seed: int = 0,
        n_threads: int = 8,
        on_trial: Callable[[Trial], None] = _ignore,
        budget: Budget | None = None,
        joint: Joint | None = None,
    ):
        """Takes a metric as in `optimizers.contract`; `joint` says where the study is and what is preferred."""
        super().__init__()
        self._metric = metric
        self._n_trials, self._seed, self._n_threads = n_trials, seed, n_threads
        self._on_trial, self._budget = on_trial, budget
        self._joint = joint or Joint()

    def compile(
        self,
        student: dspy.Module,
        *,
        trainset: list[dspy.Example],
        teacher: dspy.Module | None = None,
        valset: list[dspy.Example] | None = None,
        labelled: Sequence[dspy.Example] | None = None,
        **further: Any,
    ) -> dspy.Module:
        """The chosen program.

        Args:
            student: Is not changed.
            trainset: Examples that the student is run on to make demos.
            teacher: None; the student makes its own demos.
            valset: Examples of other authors, on which trials are scored.
            labelled: Examples with the right outputs; the trainset if None.
            further: `variants`, `proposer` and `settings` as in `optimizers.contract.Material`.

        Raises: SetupError; RuntimeError. See `Joint.compile`.
        """
        if teacher is not None:
            raise SetupError("joint takes no teacher: the student makes its own demos; leave it out")
        material = Material(trainset, valset or (), trainset if labelled is None else labelled, **further)
        setting = self._checked(student, material)
        study = Study.open(self._joint.study)
        study.claim(
            identity_of(
                student,
                material,
                **{
                    "seed": str(self._seed),
                    "prefer": self._joint.prefer,
                    "risk": str(self._joint.risk),
                    "blocks": BLOCKS,
                },
                **self._joint.about,
            )
        )
        self.compiled = _searched(Search(setting, study))
        return self.compiled.program

    def _checked(self, student: dspy.Module, material: Material) -> Setting:
        check_material(material)
        joint = self._joint
        if joint.prefer not in PREFERENCES:
            raise unknown("preference", joint.prefer, PREFERENCES)
        if not 0 <= joint.risk < 1:
            raise SetupError(f"risk is {joint.risk!r}; give a chance of at least 0 and below 1")
        return Setting(
            student=student,
            material=material,
            metric=self._metric,
            choices=setting_choices(student, material.settings),
            race=Race.over(authors_of(material.valset), self._seed, joint.risk),
            prefer=joint.prefer,
            n_trials=self._n_trials,
            seed=self._seed,
            n_threads=self._n_threads,
            budget=self._budget,
            on_trial=self._on_trial,
        )


def _searched(search: Search) -> JointCompiled:
    """The search to its end, or the best so far where it is ended early."""
    try:
        search.run()
    except KeyboardInterrupt:
        return search.reporter.result(interrupted=True)
    except OutOfBudgetError as end:
        return search.reporter.result(stopped=end.reason)
    return search.reporter.result(exhausted=search.exhausted)
