"""What experiments on a task need beside its program: data, judges, systems to compare with, and what a report adds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

import dspy
import numpy as np

from programs.card import JudgeNote, Measure
from programs.judges import Judge

if TYPE_CHECKING:
    from programs.answers import Answer
    from programs.ledger import LedgerRow

TRIALS: Mapping[str, int] = MappingProxyType({"light": 4, "medium": 30, "heavy": 80})
"""Trials of the named budgets, where a task has no others; with the small one a first compile takes minutes."""
SECONDS_A_CALL = 1.0
"""What `benchmarks.first_run` takes a call of the embedded model, all phases together, on 2 cores with as many calls in
flight as a compile has."""


class Whose(Protocol):
    """Who or what targets belong to."""

    @property
    def id(self) -> str:
        """Unique in its corpus."""
        ...


class Target(Protocol):
    """Something that a system is to answer."""

    @property
    def id(self) -> str:
        """Unique in its corpus."""
        ...

    @property
    def author(self) -> str:
        """The id of its case."""
        ...

    @property
    def prompt(self) -> str:
        """What is asked."""
        ...

    @property
    def prefix(self) -> str:
        """Opening words that the prompt gives away; cut from answers before they are judged."""
        ...

    @property
    def domain(self) -> str:
        """Kind of target, by which reports break results down."""
        ...


class Case(Protocol):
    """Targets that are not independent of each other: those of an author, or of a pair of prompts."""

    @property
    def author(self) -> Whose:
        """What intervals resample: a report calls it an author."""
        ...

    @property
    def targets(self) -> Sequence[Any]:
        """Each a `Target`."""
        ...


class Parts(Protocol):
    """Four disjoint groups of cases, in a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def train(self) -> tuple[Any, ...]:
        """Demos come from these."""
        ...

    @property
    def val(self) -> tuple[Any, ...]:
        """An optimizer selects on these."""
        ...

    @property
    def dev(self) -> tuple[Any, ...]:
        """Designs are compared on these."""
        ...

    @property
    def test(self) -> tuple[Any, ...]:
        """Reported results come from these."""
        ...

    @property
    def hash(self) -> str:
        """Sha-256 (hex) of which ids went where; equal hashes mean equal targets."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results must know."""
        ...


class Data(NamedTuple):
    """A corpus, split."""

    corpus: Any
    """With `name`, `hash` and `notes`."""
    splits: Parts


class KnownSystem(NamedTuple):
    """A system that has a name of its own."""

    build: Callable[[Any], dspy.Module]
    """Makes it, given the task."""
    about: str
    """What it is, in a line."""


References = Mapping[str, Sequence[str]]
"""What judges are fitted on, by what they are asked about: author to texts, or target id to what is known of it."""


@dataclass(frozen=True)
class Judging:
    """The judges of a task."""

    default: str
    """The judge of a compile."""
    evaluated: tuple[str, ...]
    """Those of an evaluation."""
    known: Callable[[], tuple[str, ...]]
    """Names, and forms of names."""
    check: Callable[[str], None]
    """Refuses an unknown name by a SetupError, before anything is loaded."""
    make: Callable[[str, References, str | None], Judge]
    """(name, references, address of the server of hosted judges) to a judge."""
    references: Callable[[Sequence[Any]], dict[str, list[str]]]
    """Cases to references."""
    validate: Callable[..., list[JudgeNote]]
    """Tries a judge where the truth is known, as `programs.validated.judge_notes` does."""
    by: Literal["author", "target_id"] = "author"
    """What of a ledger's row a judge is asked about."""
    asked: Callable[[str, References, dspy.LM], Judge] | None = None
    """(name, references, model) to a judge `llm:MODEL` that asks this model; None where no judge asks one."""


class Serving(NamedTuple):
    """How MLflow serves a version."""

    code: str
    """File name, beside `programs/mlflow_model.py`, of the model as code."""
    example: Mapping[str, Any]
    """A row of a request."""


def _nothing(*_: Any) -> Any:
    return {}


def _no_measures(rows: Sequence["LedgerRow"], seed: int) -> tuple[Measure, ...]:
    return ()


def _ready(splits: Parts) -> None:
    return None


def _nothing_to_try(n_samples: int, budget: str) -> Mapping[str, Sequence[Any]]:
    return {}


@dataclass(frozen=True)
class Bench:
    """What experiments on a task need; compile, evaluate, ledgers and reports know no task by name."""

    data: Callable[[str, int, Mapping[str, Any]], Data]
    """(name of the corpus, seed, settings such as `n_targets`) to split data. Raises: SetupError."""
    labelled: Callable[[Parts], Sequence[dspy.Example]]
    """Examples with the right outputs, for demos."""
    judging: Judging
    metric: Callable[[Judge, Mapping[str, Any], Mapping[str, str]], Callable[..., float | bool]]
    """(judge, target id to target, target id to the baseline's text) to what optimizers maximise."""
    systems: Mapping[str, KnownSystem]
    """By name; `zero-shot` and `uncompiled` are always there."""
    rivals: tuple[str, ...]
    """Systems that a compiled program is compared with beside zero-shot and itself uncompiled."""
    evaluated: tuple[str, ...]
    """Systems that an evaluation compares where none are named."""
    n_calls: Callable[[Sequence[Case]], int]
    """Model calls of a program that answers all targets of some cases, at most."""
    most_calls: int
    """Of them, for one target alone."""
    forms: tuple[str, ...]
    """What `--data` may be."""
    serving: Serving
    bounds: Callable[[Sequence[Any], Sequence[Any], np.random.Generator], Mapping[str, Mapping[str, "Answer"]]] = (
        _nothing
    )
    """(cases, all cases that judges know, generator) to answers that nobody generated and that bound the others."""
    row: Callable[[Any, Any, "Answer"], Mapping[str, str]] = _nothing
    """(case, target, the candidate's answer) to fields of its row in a ledger, `sample` and `details`."""
    kept: tuple[str, ...] = ()
    """Fields of a prediction that answers keep beside the text."""
    measures: Callable[[Sequence["LedgerRow"], int], tuple[Measure, ...]] = _no_measures
    """(rows of a ledger, seed) to numbers that are no win rates."""
    ready: Callable[[Parts], None] = _ready
    """Refuses data that no program can be compiled on. Raises: SetupError."""
    transfers: bool = False
    """Whether there is anything to carry over (`evaluations.transfer`)."""
    n_targets: int = 3
    """Targets of a case, where the user gives no number."""
    tried: Callable[[int, str], Mapping[str, Sequence[Any]]] = _nothing_to_try
    """(texts of an author that are shown, budget's name) to settings of the program, each with values that a search may
    try; the first setting at its last value is tried first."""
    trials: Mapping[str, int] = field(default_factory=lambda: TRIALS)
    """Of the named budgets."""
    seconds_a_call: float = SECONDS_A_CALL
    """Of the embedded model."""
    right: str = "the author's real text"
    """What a judge has to prefer where it is tried."""
    unit: str = "author"
    """What a case is called."""
