"""The headline of a report as data: every comparison that was tried, those without a single pair too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from programs.card import JudgeNote, ResultRow
from programs.ledger import LedgerAbout, LedgerRow
from programs.reports.trust import Level, Trust, trust_in
from programs.summary import Failure, Summary

BOUNDS = {"ceiling": "the author's own text", "floor": "another author's text"}
"""Systems that nobody built: they bound what the others can reach."""

Reading = Literal["above one half", "below one half", "open"]
_LEVELS: tuple[Level, ...] = ("trusted", "not validated", "not trusted")


@dataclass(frozen=True)
class Standing:
    """One comparison by one judge."""

    system: str
    baseline: str
    result: ResultRow | None
    """None where no target has a verdict in both orders."""
    failure: Failure | None
    """None where every target has."""

    @property
    def n_failures(self) -> int:
        """Targets without a verdict in both orders."""
        return self.failure.n_failures if self.failure else 0

    @property
    def n_targets(self) -> int:
        """All targets of the comparison."""
        return self.n_failures + (self.result.n_pairs if self.result else 0)

    @property
    def is_bound(self) -> bool:
        """Whether this is the ceiling or the floor."""
        return self.system in BOUNDS

    @property
    def reading(self) -> Reading:
        """On which side of one half the whole interval lies."""
        if self.result is None or self.result.low <= 0.5 <= self.result.high:
            return "open"
        return "above one half" if self.result.low > 0.5 else "below one half"


@dataclass(frozen=True)
class Headline:
    """All comparisons by one judge, with what is known of the judge."""

    trust: Trust
    rows: tuple[Standing, ...]
    """In the order of the ledger, ceiling and floor last."""

    @property
    def judge(self) -> str:
        """Its name."""
        return self.trust.judge


@dataclass(frozen=True)
class Report:
    """What a report is made from: the rows of a ledger, what it says beside them, and what was counted from them."""

    rows: Sequence[LedgerRow]
    about: LedgerAbout
    summary: Summary

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """One a judge, the trusted ones first."""
        return headlines(self.summary, self.about.judges)


def headlines(summary: Summary, notes: Sequence[JudgeNote]) -> tuple[Headline, ...]:
    """The comparisons of each judge: trusted judges first, then by first row."""
    results = {(row.system, row.baseline, row.judge): row for row in summary.results}
    failures = {(each.system, each.baseline, each.judge): each for each in summary.failures}
    # Breakdowns have every comparison, failed ones too, in the order of first rows.
    keys = dict.fromkeys((part.system, part.baseline, part.judge) for part in summary.authors)
    found = []
    for judge in dict.fromkeys(judge for _, _, judge in keys):
        rows = [Standing(s, b, results.get((s, b, j)), failures.get((s, b, j))) for s, b, j in keys if j == judge]
        found.append(Headline(trust_in(judge, notes), tuple(sorted(rows, key=lambda row: row.is_bound))))
    return tuple(sorted(found, key=lambda each: _LEVELS.index(each.trust.level)))
