"""What texts and verdicts took to make, counted from the rows of a ledger; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from programs.ledger import LedgerRow


@dataclass(frozen=True, slots=True)
class Cost:
    """What a system's texts took to make; each text counts once, however often it was judged."""

    system: str
    n_texts: int
    """Targets that the system gave a text for, or spent anything on."""
    seconds: float
    """Mean a text."""
    tokens: float
    """Mean a text, read and written."""
    dollars: float
    """Mean a text."""


@dataclass(frozen=True, slots=True)
class JudgeCost:
    """What a judge's verdicts took."""

    judge: str
    n_verdicts: int
    seconds: float
    """Mean a verdict."""
    tokens: float
    """Mean a verdict, read and written."""
    dollars: float
    """Mean a verdict."""


def costs(rows: Sequence[LedgerRow]) -> tuple[Cost, ...]:
    """Means over the texts of each system, in the order of first rows.

    The rows of one text say the same of its making; should they differ, the dearest counts.
    """
    spent: dict[str, dict[tuple[str, str], tuple[float, float, float]]] = {}
    for row in rows:
        own = spent.setdefault(row.system, {})
        if row.candidate_text or row.seconds or row.tokens or row.cost:
            key, now = (row.author, row.target_id), (row.seconds, float(row.tokens), row.cost)
            own[key] = max(own.get(key, now), now)
    return tuple(Cost(system, len(own), *_means(list(own.values()))) for system, own in spent.items())


def judge_costs(rows: Sequence[LedgerRow]) -> tuple[JudgeCost, ...]:
    """Means over the verdicts of each judge, in the order of first rows."""
    spent: dict[str, list[tuple[float, float, float]]] = {}
    for row in rows:
        own = spent.setdefault(row.judge, [])
        if row.verdict is not None:
            own.append((row.judge_seconds, float(row.judge_tokens), row.judge_cost))
    return tuple(JudgeCost(judge, len(own), *_means(own)) for judge, own in spent.items())


def _means(amounts: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Means of seconds, tokens and dollars, exact whatever the order; 0 of nothing."""
    seconds, tokens, dollars = (fsum(amount[i] for amount in amounts) / max(len(amounts), 1) for i in range(3))
    return seconds, tokens, dollars
