"""Ledgers of a few authors with the outcomes that a test asks for, and versions that hold them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tiny_task import compiled, draft

from programs.card import CorpusNote
from programs.ledger import LedgerRow, write_ledger
from programs.metrics import Verdict
from programs.versions import save_version

WINS = (1.0,) * 8
HALF = (1.0, 0.0) * 4
"""Each author's first of two targets is won."""
AUTHORS = ("ann", "bob", "cat", "dan")


def ledger(
    outcomes: Sequence[float | None],
    *,
    system: str = "compiled",
    run: str = "r1",
    judge: str = "stylometric",
    judge_version: str = "v1",
    baseline: str = "zero-shot",
    baseline_text: str = "plain",
) -> list[LedgerRow]:
    """Two targets for each author in turn; None where the system failed."""
    verdicts: dict[float, Verdict] = {1.0: "candidate", 0.5: "tie", 0.0: "baseline"}
    return [
        LedgerRow(
            run=run,
            system=system,
            baseline=baseline,
            author=AUTHORS[i // 2],
            domain="news",
            target_id=f"t{i}",
            candidate_text=f"{run} {system} {i}",
            baseline_text=f"{baseline_text} {i}",
            judge=judge,
            judge_version=judge_version,
            order=order,
            verdict=None if outcome is None else verdicts[outcome],
            reason="",
            candidate_words=3,
            baseline_words=2,
            seconds=0.5,
            tokens=10,
            cost=0.0,
            error="the model failed" if outcome is None else None,
        )
        for i, outcome in enumerate(outcomes)
        for order in ("candidate-first", "baseline-first")
    ]


def corpus(split: str = "d" * 64) -> CorpusNote:
    return CorpusNote(name="bundled", sha256="c" * 64, split_sha256=split, authors={"test": 4})


def save(
    root: Path, rows: Iterable[LedgerRow], split: str = "d" * 64, version: str | None = None, **card: object
) -> Path:
    noted = draft(corpus=corpus(split), seeds={"run": 7}, **card)
    return save_version(compiled(), noted, lambda path: write_ledger(path, rows), root, version)
