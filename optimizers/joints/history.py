"""What happened in a search, as plain data."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from optimizers.joints.kept import Record, record_of
from optimizers.joints.proposals import Seen, hushed, in_memory
from optimizers.joints.space import Params, Space


@dataclass(frozen=True)
class History:
    """What happened, as plain data for plots and tables."""

    trials: tuple[dict[str, Any], ...]
    """One a trial, by number: number, state, params, score, n_scored, n_failures, pruned, blocks (mean score of each),
    tokens and seconds (a text, on average), best (so far), started, elapsed (seconds from the first start to its
    end)."""
    importance: Mapping[str, float]
    """Choice to its share in what tells good trials from others (PED-ANOVA, arXiv:2304.10255); empty below 4 trials."""


def history_of(trials: Sequence[FrozenTrial], space: Space | None) -> History:
    """The history of a study's trials, in their order."""
    student = space.student() if space else {}
    records = [record_of(trial) for trial in trials]
    first = min((trial.datetime_start for trial in trials if trial.datetime_start), default=None)
    rows: list[dict[str, Any]] = []
    best: float | None = None
    for number, (record, trial) in enumerate(zip(records, trials, strict=True)):
        if record.finished and not record.pruned and record.value is not None:
            best = record.value if best is None else max(best, record.value)
        ended = trial.datetime_complete
        rows.append(
            {
                **_told(record, {**student, **record.params}),
                "number": number,
                "best": best,
                "started": trial.datetime_start.isoformat() if trial.datetime_start else None,
                "elapsed": (ended - first).total_seconds() if ended and first else None,
            }
        )
    return History(tuple(rows), importance(space, records) if space else {})


def importance(space: Space, records: Sequence[Record]) -> dict[str, float]:
    """Choice to its share in what tells good trials from others; empty where too few differ to say."""
    seen = [Seen(record.params, record.value) for record in records if record.finished]
    if len(seen) < 4 or len({each.score for each in seen}) < 2 or not space.distributions():
        return {}
    with hushed():
        return optuna.importance.get_param_importances(in_memory(space, seen, seed=0))


def _told(record: Record, params: Params) -> dict[str, Any]:
    tokens = [row.tokens for row in record.scored if row.tokens is not None]
    means = [[row.score for row in record.rows[block] if row.score is not None] for block in range(record.done)]
    return {
        "state": "failed" if record.fault else "pruned" if record.pruned else record.state.name.lower(),
        "params": dict(params),
        "score": record.value,
        "n_scored": len(record.scored),
        "n_failures": sum(row.score is None for row in record.scored),
        "pruned": record.pruned,
        "blocks": [statistics.fmean(each) if each else None for each in means],
        "tokens": statistics.fmean(tokens) if tokens else None,
        "seconds": statistics.fmean([row.seconds for row in record.scored]) if record.scored else None,
    }
