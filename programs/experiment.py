"""All that a run needs, checked before its first model call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dspy

from programs.bench import Parts
from programs.card import CorpusNote, LmNote
from programs.disk import check_writable
from programs.judges import DEFAULT_JUDGE, Judge
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.tasks import Task, find_task
from programs.tracking_store import TrackingStore, check_tracking, tracking_store
from signatures.errors import SetupError

PACKAGES = ("hyperalign", "dspy", "litellm", "datasets", "optuna", "mlflow", "numpy", "scikit-learn")
"""Whose versions a result is noted with."""


@dataclass(frozen=True)
class Choices:
    """What the user chose; the defaults are those of the command line."""

    task: str = "authorship"
    data: str = "bundled"
    lm: str = "embedded"
    api_base: str | None = None
    judge: str = DEFAULT_JUDGE
    n_samples: int = 5
    n_targets: int = 3
    min_texts: int | None = None
    seed: int = 0
    n_threads: int = 48
    out: Path = Path("artifacts")
    tracking_uri: str | None = None
    exact: bool = False
    """Whether the embedded model repeats its texts exactly, at half the speed."""


@dataclass(frozen=True)
class Experiment:
    """A task, a split corpus and a model."""

    choices: Choices
    task: Task
    corpus: Any
    """With `name`, `hash` and `notes`."""
    splits: Parts
    lm: dspy.LM
    store: TrackingStore
    labelled: tuple[dspy.Example, ...]
    """Examples with the right outputs, for demos; from the bundled corpus where this one does not say them."""
    judge_lm: dspy.LM | None = None
    """The model that a judge `llm:MODEL` asks; None where the judge asks none, or makes it itself."""

    @property
    def small(self) -> bool:
        """Whether the model is too small to propose instructions."""
        return bool(getattr(self.lm, "small", False))

    def judge(self, *groups: Sequence[Any]) -> Judge:
        """The chosen judge, fitted on the references of these cases."""
        judging = self.task.bench.judging
        references = judging.references([case for group in groups for case in group])
        if self.judge_lm is not None and judging.asked is not None:
            return judging.asked(self.choices.judge, references, self.judge_lm)
        return judging.make(self.choices.judge, references, None)

    def tried(self, budget: str) -> Mapping[str, Sequence[Any]]:
        """Settings that a search with this budget may change, with values (`Bench.tried`)."""
        return self.task.bench.tried(self.choices.n_samples, budget)

    def targets(self, *groups: Sequence[Any]) -> Mapping[str, Any]:
        """Target id to target."""
        return {target.id: target for group in groups for case in group for target in case.targets}


def prepare(choices: Choices) -> Experiment:
    """Checks every choice and loads the data.

    Raises: SetupError for the first that cannot be used.
    """
    task = find_task(choices.task)
    task.bench.judging.check(choices.judge)
    if choices.n_threads < 1:
        raise SetupError(f"--threads is {choices.n_threads}; give at least 1")
    if choices.seed < 0:
        raise SetupError(f"--seed is {choices.seed}; give 0 or more")
    check_writable(choices.out)
    store = tracking_store(choices.out, choices.tracking_uri)
    check_tracking(store)
    check_access(choices.lm, choices.api_base)
    settings: dict[str, Any] = {"api_base": choices.api_base} if choices.api_base else {}
    if choices.exact:
        settings["exact"] = True
    lm = make_lm(choices.lm, seed=choices.seed, **settings)
    corpus, splits = task.bench.data(choices.data, choices.seed, data_settings(choices))
    return Experiment(choices, task, corpus, splits, lm, store, tuple(task.bench.labelled(splits)))


def data_settings(choices: Choices) -> dict[str, Any]:
    """What of the choices a corpus is split by, as ledgers keep it."""
    return {name: getattr(choices, name) for name in ("n_samples", "n_targets", "min_texts")}


def lm_note(experiment: Experiment) -> LmNote:
    """The model and its decoding, without secrets."""
    decoding = {name: value for name, value in experiment.lm.kwargs.items() if name not in ("api_key", "api_base")}
    return LmNote(name=experiment.choices.lm, decoding=decoding)


def corpus_note(experiment: Experiment) -> CorpusNote:
    """The corpus and its split."""
    splits = experiment.splits
    groups = {"train": splits.train, "val": splits.val, "dev": splits.dev, "test": splits.test}
    return CorpusNote(
        name=experiment.choices.data,
        sha256=experiment.corpus.hash,
        split_sha256=splits.hash,
        authors={part: len(cases) for part, cases in groups.items()},
    )


def package_versions() -> dict[str, str]:
    """Each of `PACKAGES` to its version here."""
    return {package: version(package) for package in PACKAGES}
