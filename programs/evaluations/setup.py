"""What is evaluated: systems, authors, judges; checked before the first model call."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from programs.bench import Bench
from programs.benches.authorship import BENCH as AUTHORSHIP
from programs.benches.authorship import author_judge as build_judge
from programs.card import JudgeNote, read_card
from programs.evaluations.transfer import CELLS, N_SAMPLES, Contestant, contestants
from programs.experiment import (
    Choices,
    Experiment,
    corpus_note,
    data_settings,
    lm_note,
    package_versions,
    prepare,
)
from programs.judges import Judge
from programs.ledger import LedgerAbout
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.references import CARD, REGISTERED, resolve
from programs.systems import System, base_of, find_system
from programs.tasks import TASKS, find_task
from signatures.errors import SetupError, counted, unknown

PARTS = ("train", "val", "dev", "test", "all")
DEFAULT_SYSTEMS = AUTHORSHIP.evaluated
DEFAULT_JUDGES = AUTHORSHIP.judging.evaluated
EVALUATIONS = "evaluations"
"""The folder of all evaluations, beside those of the tasks."""
VALIDATIONS = "validations"
"""The folder of judges' validations, among the evaluations."""

__all__ = [
    "DEFAULT_JUDGES",
    "DEFAULT_SYSTEMS",
    "EVALUATIONS",
    "PARTS",
    "VALIDATIONS",
    "Evaluation",
    "EvaluationChoices",
    "build_judge",
    "fingerprint",
    "prepare_evaluation",
]


@dataclass(frozen=True)
class EvaluationChoices:
    """What the user chose; the defaults are those of the command line."""

    base: Choices = Choices()
    systems: tuple[str, ...] = DEFAULT_SYSTEMS
    baseline: str = "zero-shot"
    judges: tuple[str, ...] = DEFAULT_JUDGES
    judge_api_base: str | None = None
    part: str = "test"
    limit_authors: int | None = None
    resume: bool = False
    transfer: tuple[str, ...] = ()
    transfer_system: str = "authorship"
    transfer_models: tuple[str, ...] = ()
    """Beside the evaluation's own."""


@dataclass(frozen=True)
class Evaluation:
    """Systems that answer the targets of some authors, and judges that compare them."""

    choices: EvaluationChoices
    experiment: Experiment
    cases: tuple[Any, ...]
    """The authors, or other cases, whose targets are answered."""
    judged: tuple[Any, ...]
    """The authors that judges tell apart: those of the split, with dev and test where they are not of it."""
    contestants: tuple[Contestant, ...]
    """The baseline first, then systems, then cells of transfers."""
    judges: tuple[Judge, ...]
    notes: tuple[str, ...]

    @property
    def references(self) -> dict[str, list[str]]:
        """What judges are fitted on."""
        return self.experiment.task.bench.judging.references(self.judged)

    @property
    def reference_key(self) -> str:
        """A hash of the references."""
        return hashlib.sha256(json.dumps(self.references, sort_keys=True).encode()).hexdigest()

    @property
    def header(self) -> dict[str, Any]:
        """What must be the same for texts to be used again."""
        base, splits = self.choices.base, self.experiment.splits
        return {
            "task": base.task,
            "data": base.data,
            "corpus": self.experiment.corpus.hash,
            "split": splits.hash,
            "part": self.choices.part,
            "model": lm_note(self.experiment).model_dump(mode="json"),
            "exact": base.exact,
            "seed": base.seed,
            "authors": [case.author.id for case in self.cases],
            "hyperalign": version("hyperalign"),
        }

    @property
    def run(self) -> str:
        """The name of the evaluation in its ledger: equal choices have equal names."""
        return hashlib.sha256(json.dumps(self.header, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where everything of it goes."""
        return self.choices.base.out / EVALUATIONS / f"{self.choices.base.task}-{self.run}"

    def about(self, judges: Sequence[JudgeNote], notes: Sequence[str]) -> LedgerAbout:
        """What the ledger says of the evaluation; `judges` are the notes on their validation."""
        base, splits = self.choices.base, self.experiment.splits
        settings: dict[str, Any] = {
            **data_settings(base),
            "limit_authors": self.choices.limit_authors,
            "exact": base.exact,
        }
        cells = [each.cell.model_dump() for each in self.contestants if each.cell]
        if cells:
            settings[CELLS] = cells
        return LedgerAbout(
            task=base.task,
            corpus=corpus_note(self.experiment),
            part=self.choices.part,
            lm=lm_note(self.experiment),
            seed=base.seed,
            judges=tuple(judges),
            systems={each.system.name: each.system.about for each in self.contestants},
            packages=package_versions(),
            notes=(*self.experiment.corpus.notes, *splits.notes, *self.notes, *notes),
            settings=settings,
        )


def prepare_evaluation(choices: EvaluationChoices) -> Evaluation:
    """Checks every choice, loads data and programs.

    Raises: SetupError for the first that cannot be used.
    """
    bench = find_task(choices.base.task).bench
    _check_choices(choices, bench)
    experiment = prepare(replace(choices.base, judge=choices.judges[0]))
    names = (choices.baseline, *(name for name in choices.systems if name != choices.baseline))
    systems = tuple(find_system(name, experiment.task, choices.base.out) for name in names)
    if len(systems) < 2 and not choices.transfer:
        raise SetupError(f"there is nothing to compare with {choices.baseline!r}; name other systems with --systems")
    cases = _cases(experiment, choices.part)[: choices.limit_authors]
    judged = {case.author.id: case for part in (choices.part, "dev", "test") for case in _cases(experiment, part)}
    entered = [
        Contestant(system, cases, None if system.name == choices.baseline else choices.baseline, experiment.lm)
        for system in systems
    ]
    entered += _transfers(choices, experiment, cases)
    evaluation = Evaluation(choices, experiment, cases, tuple(judged.values()), tuple(entered), (), ())
    judges = tuple(bench.judging.make(name, evaluation.references, choices.judge_api_base) for name in choices.judges)
    evaluation = replace(evaluation, judges=judges)
    return replace(evaluation, notes=tuple(_notes(evaluation)))


def _check_choices(choices: EvaluationChoices, bench: Bench) -> None:
    if choices.part not in PARTS:
        raise unknown("split", choices.part, PARTS)
    if choices.limit_authors is not None and choices.limit_authors < 1:
        raise SetupError(f"--limit-authors is {choices.limit_authors}; give at least 1")
    if not choices.judges:
        raise SetupError(f"no judge is named; give --judges, such as {bench.judging.default}")
    for kind, names in (("system", choices.systems), ("judge", choices.judges), ("transfer", choices.transfer)):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SetupError(f"{kind} {repeated[0]!r} is named twice; name each {kind} once")
    for name in choices.judges:
        bench.judging.check(name)
    if choices.transfer and not bench.transfers:
        raise SetupError(f"nothing can be carried over in task {choices.base.task!r}; leave out --transfer")


def fingerprint(system: System) -> str:
    """Name and content of a system's program: a program that changed is another system."""
    if system.program is None:
        return system.name
    state = json.dumps(system.program.dump_state(), sort_keys=True, default=str)
    made = f"{type(system.program).__qualname__}{getattr(system.program, 'settings', '')}{state}"
    return f"{system.name} {hashlib.sha256(made.encode()).hexdigest()[:16]}"


def _cases(experiment: Experiment, part: str) -> tuple[Any, ...]:
    splits = experiment.splits
    if part == "all":
        return tuple(sorted((*splits.train, *splits.val, *splits.dev, *splits.test), key=lambda case: case.author.id))
    return getattr(splits, part)


def _transfers(choices: EvaluationChoices, experiment: Experiment, cases: tuple[Any, ...]) -> list[Contestant]:
    if not choices.transfer:
        return []
    base = choices.base
    system = find_system(choices.transfer_system, experiment.task, base.out)
    models = {base.lm: experiment.lm}
    for name in choices.transfer_models:
        check_access(name)
        models[name] = make_lm(name, seed=base.seed)
    return [cell for kind in choices.transfer for cell in contestants(kind, system, cases, choices.baseline, models)]


def _notes(evaluation: Evaluation) -> list[str]:
    """What a reader must know of what was not tried, and of systems that are not innocent of these authors."""
    notes = []
    choices, bench = evaluation.choices, evaluation.experiment.task.bench
    n_left = len(_cases(evaluation.experiment, choices.part)) - len(evaluation.cases)
    if n_left:
        notes.append(f"{counted(n_left, bench.unit)} of the split left out by --limit-authors")
    too_many = [str(n) for n in N_SAMPLES if n > choices.base.n_samples]
    if "samples" in choices.transfer and too_many:
        notes.append(
            f"transfer from {' and '.join(too_many)} samples was not tried: --samples is {choices.base.n_samples}"
        )
    for system in (each.system for each in evaluation.contestants if not each.cell):
        if system.program is None or not getattr(system.program, "version", None):
            continue
        name = base_of(system.name)
        if name.startswith(REGISTERED):
            notes.append(f"on which authors {system.name} was compiled is not known here: it may know some of these")
            continue
        card = read_card(resolve(name, choices.base.out, tuple(TASKS)) / CARD)
        corpus = evaluation.experiment.corpus
        if card.corpus.sha256 == corpus.hash and choices.part not in ("test", "dev"):
            notes.append(f"{system.name} was compiled on authors of this corpus, some of them maybe these")
        elif card.corpus.sha256 == corpus.hash and card.corpus.split_sha256 != evaluation.experiment.splits.hash:
            notes.append(
                f"{system.name} was compiled on another split of this corpus: it may know some of these authors"
            )
    return notes
