"""What a search maximises: the score, or the score less what its tokens cost."""

import statistics
from dataclasses import dataclass

from optimizers.joints.kept import Record
from optimizers.joints.pareto import WEIGHTS, Prefer


@dataclass(frozen=True)
class Aim:
    """A scalar for each target, so that races can be run in it."""

    weight: float
    """Score given up for a further `unit` of tokens."""
    unit: float
    """The student's tokens a text; 0 where unknown, and then tokens do not count."""

    @classmethod
    def of(cls, prefer: Prefer, student: Record | None) -> "Aim":
        """The aim of a preference; it needs the student's score to weigh tokens."""
        tokens = [row.tokens for row in student.scored if row.tokens is not None] if student else []
        return cls(WEIGHTS[prefer], statistics.fmean(tokens) if tokens else 0.0)

    def values(self, record: Record) -> dict[int, float]:
        """Target to what it adds; targets without a score are left out, unknown tokens taken for the trial's mean."""
        if not self.weight or not self.unit:
            return record.scores
        known = {row.target: row.tokens for row in record.scored if row.tokens is not None}
        mean = statistics.fmean(known.values()) if known else self.unit
        return {
            index: score - self.weight * known.get(index, mean) / self.unit for index, score in record.scores.items()
        }

    def value(self, record: Record) -> float:
        """The mean over the scored targets. Raises: statistics.StatisticsError if there is none."""
        return statistics.fmean(self.values(record).values())
