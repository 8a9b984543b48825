"""Ledgers of a few authors with the outcomes that a test asks for."""

from collections.abc import Sequence

from programs.ledger import LedgerRow
from programs.metrics import Verdict

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
