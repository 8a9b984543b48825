"""How far hypotheses carry: to other models, to other kinds of writing, and from how few samples.

Source: the generalisation experiments of arXiv:2505.00038 (sec. 5). Every cell is a system of its own, compared with
the model's plain answer by the same judges as everything else.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from programs.baselines import ZeroShot
from programs.ledger import LedgerAbout
from programs.summary import Summary
from programs.systems import System
from signatures.errors import SetupError, unknown
from signatures.records import AuthorCase

KINDS = ("models", "domains", "samples")
N_SAMPLES = (1, 2, 3, 5, 7)
CELLS = "transfer"
"""Where a ledger's settings say which system is which cell."""


class Cell(BaseModel):
    """One system's place in a matrix or curve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    row: str
    """The model that inferred, the domain of the samples, or the number of samples."""
    column: str = ""
    """The model that wrote; empty for domains, where the targets' own domain is the column, and for samples."""
    system: str
    baseline: str


@dataclass(frozen=True)
class Contestant:
    """A system with the authors as it sees them, the model that writes for it, and what it is compared with."""

    system: System
    cases: tuple[Any, ...]
    baseline: str | None
    """None for a system that is only compared with."""
    lm: dspy.LM
    cell: Cell | None = None


class Inferring(dspy.Module):
    """A program whose hypotheses another model infers."""

    def __init__(self, program: dspy.Module, lm: dspy.LM) -> None:
        """Takes a copy of `program` and gives `lm` to its inferring step."""
        super().__init__()
        self.program: Any = program.deepcopy()
        self.program.infer.lm = lm

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Runs the program."""
        return self.program(**inputs)


def contestants(
    kind: str, system: System, cases: tuple[AuthorCase, ...], baseline: str, models: Mapping[str, dspy.LM]
) -> list[Contestant]:
    """The cells of one kind of transfer.

    Args:
        kind: One of `KINDS`.
        system: The program that is carried over.
        cases: The authors, with all samples that there are.
        baseline: What cells are compared with whose texts the evaluation's own model writes.
        models: Name to model, the evaluation's own first; the others are used for `models` only.

    Raises: SetupError for an unknown kind, or where corpus, program or models leave nothing to carry over.
    """
    if kind not in KINDS:
        raise unknown("transfer", kind, KINDS)
    if system.program is None:
        raise SetupError(f"{system.name!r} is no program; name one with --transfer-system")
    own = next(iter(models.values()))
    if kind == "samples":
        return [
            _contestant(kind, str(n), system, _first(cases, n), baseline, own)
            for n in N_SAMPLES
            if n <= max(len(case.samples) for case in cases)
        ]
    if kind == "domains":
        return [_contestant(kind, name, system, found, baseline, own) for name, found in _domains(cases).items()]
    return _across_models(system, cases, baseline, models)


def _contestant(
    kind: str, row: str, system: System, cases: tuple[AuthorCase, ...], baseline: str, lm: dspy.LM
) -> Contestant:
    noun = "sample" if row == "1" else "samples"
    words = f"{row} {noun}" if kind == "samples" else f"samples of {row}"
    name = f"{system.name}, {words}"
    cell = Cell(kind=kind, row=row, system=name, baseline=baseline)
    entrant = System(name, system.program, None, f"{system.about}; {words} of each author")
    return Contestant(entrant, cases, baseline, lm, cell)


def _first(cases: Sequence[AuthorCase], n: int) -> tuple[AuthorCase, ...]:
    return tuple(case.model_copy(update={"samples": case.samples[:n]}) for case in cases)


def _domains(cases: Sequence[AuthorCase]) -> dict[str, tuple[AuthorCase, ...]]:
    """Domain to the authors with samples of that domain only, equally many in every domain that an author writes in."""
    domains = sorted({text.domain for case in cases for text in case.samples})
    if len(domains) < 2:
        raise SetupError(
            f"all samples are of domain {domains[0]!r}: there is no other to carry over to; "
            "choose another --transfer, or a corpus of several domains"
        )
    found: dict[str, tuple[AuthorCase, ...]] = {}
    for domain in domains:
        kept = []
        for case in cases:
            counts = Counter(text.domain for text in case.samples)
            own = [text for text in case.samples if text.domain == domain]
            if own:
                kept.append(case.model_copy(update={"samples": tuple(own[: min(counts.values())])}))
        found[domain] = tuple(kept)
    return found


def _across_models(
    system: System, cases: tuple[AuthorCase, ...], baseline: str, models: Mapping[str, dspy.LM]
) -> list[Contestant]:
    if len(models) < 2:
        raise SetupError("one model has no other to carry hypotheses to; name more with --transfer-models")
    if not hasattr(system.program, "infer"):
        raise SetupError(f"{system.name!r} infers no hypotheses; name a program that does with --transfer-system")
    assert system.program is not None
    first, *_ = models
    found: list[Contestant] = []
    for writer, lm in models.items():
        plain = baseline if writer == first else f"zero-shot, {writer}"
        if writer != first:
            about = f"the prompt alone, to {writer}"
            found.append(Contestant(System(plain, ZeroShot(), None, about), cases, None, lm))
        for reader, other in models.items():
            name = f"{system.name}, inferred by {reader}, written by {writer}"
            entrant = System(name, Inferring(system.program, other), None, f"{system.about}; {name.partition(', ')[2]}")
            cell = Cell(kind="models", row=reader, column=writer, system=name, baseline=plain)
            found.append(Contestant(entrant, cases, plain, lm, cell))
    return found


@dataclass(frozen=True, slots=True)
class CellResult:
    """The win rate of one cell by one judge."""

    kind: str
    row: str
    column: str
    judge: str
    value: float
    low: float
    high: float
    n_authors: int
    n_pairs: int


def listed_cells(about: LedgerAbout) -> list[Cell]:
    """The cells that an evaluation tried.

    Raises: SetupError if the ledger's list of them is broken.
    """
    try:
        return TypeAdapter(list[Cell]).validate_python(about.settings.get(CELLS) or [])
    except ValidationError as fault:
        raise SetupError(
            f"the ledger's list of transfers is broken ({fault.errors()[0]['msg']}); restore it or evaluate again"
        ) from fault


def cell_results(summary: Summary, about: LedgerAbout) -> list[CellResult]:
    """Every cell that the ledger has verdicts on; a kind's rows and columns stand in the order they were tried.

    Raises: SetupError if the ledger's list of cells is none.
    """
    found: list[CellResult] = []
    for cell in listed_cells(about):
        for row in summary.results:
            if (row.system, row.baseline) != (cell.system, cell.baseline):
                continue
            if cell.kind != "domains":
                found.append(
                    CellResult(
                        cell.kind,
                        cell.row,
                        cell.column,
                        row.judge,
                        row.win_rate,
                        row.low,
                        row.high,
                        row.n_authors,
                        row.n_pairs,
                    )
                )
        for part in summary.domains if cell.kind == "domains" else ():
            if (part.system, part.baseline) == (cell.system, cell.baseline) and part.value is not None:
                low, high = part.low or 0.0, 1.0 if part.high is None else part.high
                found.append(
                    CellResult(cell.kind, cell.row, part.name, part.judge, part.value, low, high, 0, part.n_pairs)
                )
    return found
