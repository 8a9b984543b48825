"""Every number of a report, counted from the rows of a ledger alone: the same rows and seed give the same numbers.

Each random draw comes from a generator of its own, seeded by the seed and the names of what is compared, and rows are
put in order first: neither their order nor a further system changes any other number. Nothing is dropped in silence:
targets without a verdict stand in `Summary.failures` with their reasons, those of comparisons without a single pair
too, and every number has its denominator beside it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from programs.agreement import agreement_share, cohens_kappa, correlation
from programs.card import Measure, ResultRow
from programs.costs import Cost, JudgeCost, costs, judge_costs
from programs.detectable import Detectable, detectable
from programs.intervals import ClusteredMean, seeded
from programs.ledger import LedgerRow, comparisons, failed_targets, pairs_from
from programs.metrics import JudgedPair, paired_difference, rate_of_authors, rate_of_one_author, win_rate
from signatures.errors import SetupError

_ONE_ORDER = "no verdict in one of the orders"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A comparison's win rate within one domain, or for one author."""

    system: str
    baseline: str
    judge: str
    name: str
    """The domain or author."""
    n_pairs: int
    n_failures: int
    """Targets without a verdict in both orders."""
    value: float | None
    """Win rate in [0, 1]; None where every target failed, as are the ends of the interval."""
    low: float | None
    """95% interval: over authors for a domain, over this author's prompts for an author; 0 to 1 where there is one."""
    high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two judges on the pairs that both judged, over all systems and baselines."""

    a: str
    b: str
    n_pairs: int
    percent: float | None
    """Pairs that both call won, tied or lost alike, from 0 to 100; None without a common pair."""
    kappa: float | None
    """Cohen's, beyond chance, at most 1; None where it is not defined."""
    correlation: float | None
    """Pearson's, of outcomes in [0, 1]; None where it is not defined."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Win rate of system a less that of system b against one baseline, over the targets that both have."""

    a: str
    b: str
    baseline: str
    judge: str
    value: float
    """In [-1, 1]."""
    low: float
    high: float
    p_value: float
    """Two-sided permutation test over authors; for this difference alone, not corrected for the number of them."""
    n_authors: int
    n_pairs: int
    n_left_out: int
    """Targets judged for one of the two systems only."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The targets of a comparison that lack a verdict; with `n_failures` equal to `n_targets` it has no result."""

    system: str
    baseline: str
    judge: str
    n_failures: int
    n_targets: int
    reasons: tuple[tuple[str, int], ...]
    """Each reason and the number of targets, the most frequent first."""


@dataclass(frozen=True)
class Summary:
    """All that a report says in numbers."""

    results: tuple[ResultRow, ...]
    """A row for each (system, baseline, judge) with at least one pair, in the order of first rows."""
    failures: tuple[Failure, ...]
    """The comparisons with failed targets, in the same order."""
    domains: tuple[Breakdown, ...]
    authors: tuple[Breakdown, ...]
    agreements: tuple[Agreement, ...]
    """Every two judges."""
    differences: tuple[Difference, ...]
    """Every two systems against the same baseline by the same judge that share a target."""
    costs: tuple[Cost, ...]
    judge_costs: tuple[JudgeCost, ...]
    detectable: tuple[Detectable, ...]
    """For each (baseline, judge) with at least one pair."""
    measures: tuple[Measure, ...] = ()
    """What the task counts beside win rates."""


class _Comparison:
    """The rows of a (system, baseline, judge), joined into pairs."""

    def __init__(self, key: tuple[str, str, str], rows: Sequence[LedgerRow]) -> None:
        self.key = key
        self.system, self.baseline, self.judge = key
        self.rows = rows
        try:
            self.pairs = sorted(pairs_from(rows), key=_place)
            self.failed = failed_targets(rows)
        except ValueError as fault:
            raise SetupError(
                f"the ledger's rows of {self.system!r} against {self.baseline!r} by {self.judge!r} are not of one"
                f" evaluation: {fault}; give the ledger of one run"
            ) from fault


def summarise(
    rows: Sequence[LedgerRow],
    seed: int = 0,
    measures: Callable[[Sequence[LedgerRow], int], tuple[Measure, ...]] | None = None,
) -> Summary:
    """Counts all numbers of a report, with those that `measures` counts of the same rows and seed.

    Raises:
        SetupError: An order judged twice, or a comparison's rows from several runs or versions of a judge.
    """
    found = [_Comparison(key, group) for key, group in comparisons(rows).items()]
    results = (_result(each.key, each.pairs, len(each.failed), seed) for each in found)
    return Summary(
        results=tuple(result for result in results if result),
        failures=tuple(_failure(each) for each in found if each.failed),
        domains=tuple(part for each in found for part in _domains(each, seed)),
        authors=tuple(part for each in found for part in _authors(each, seed)),
        agreements=_agreements(found),
        differences=_differences(found, seed),
        costs=costs(rows),
        judge_costs=judge_costs(rows),
        detectable=_detectable(found),
        measures=measures(rows, seed) if measures else (),
    )


def result_row(rows: Sequence[LedgerRow], seed: int = 0) -> ResultRow | None:
    """The win rate of one comparison's rows, None if no target has both verdicts.

    Raises:
        ValueError: Rows of several comparisons, runs or versions of a judge; an order judged twice.
    """
    if not rows:
        return None
    key = (rows[0].system, rows[0].baseline, rows[0].judge)
    return _result(key, pairs_from(rows), len(failed_targets(rows)), seed)


def _result(key: tuple[str, str, str], pairs: Sequence[JudgedPair], n_failures: int, seed: int) -> ResultRow | None:
    if not pairs:
        return None
    rate = win_rate(pairs, n_failures=n_failures, rng=seeded(seed, "rate", *key))
    system, baseline, judge = key
    return ResultRow(
        system=system,
        baseline=baseline,
        judge=judge,
        win_rate=rate.value,
        low=rate.low,
        high=rate.high,
        n_authors=rate.n_authors,
        n_pairs=rate.n_pairs,
        ties=rate.n_ties,
        failures=rate.n_failures,
        position_bias=rate.position_bias,
        mean_words=rate.candidate_words,
        baseline_mean_words=rate.baseline_words,
        length_controlled=rate.length_controlled,
    )


def _place(pair: JudgedPair) -> tuple[str, str]:
    return (pair.author, pair.target_id)


def _failure(each: _Comparison) -> Failure:
    errors: dict[tuple[str, str], str] = {}
    for row in sorted(each.rows, key=lambda row: row.order, reverse=True):
        if row.error is not None:
            errors.setdefault((row.author, row.target_id), row.error)
    counts = Counter(errors.get(key, _ONE_ORDER) for key in each.failed)
    return Failure(
        *each.key,
        n_failures=len(each.failed),
        n_targets=len(each.failed) + len(each.pairs),
        reasons=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
    )


def _domains(each: _Comparison, seed: int) -> list[Breakdown]:
    domain = {(row.author, row.target_id): row.domain for row in each.rows}
    return _parts(each, domain.__getitem__, rate_of_authors, (seed, "domain"))


def _authors(each: _Comparison, seed: int) -> list[Breakdown]:
    return _parts(each, lambda key: key[0], rate_of_one_author, (seed, "author"))


def _parts(
    each: _Comparison,
    name_of: Callable[[tuple[str, str]], str],
    rate: Callable[..., ClusteredMean],
    draw: tuple[int, str],
) -> list[Breakdown]:
    """A comparison split by what `name_of` calls each target, in the order of names."""
    pairs: dict[str, list[JudgedPair]] = {}
    for pair in each.pairs:
        pairs.setdefault(name_of(_place(pair)), []).append(pair)
    failures = Counter(map(name_of, each.failed))
    parts = []
    for name in sorted({*pairs, *failures}):
        mine = pairs.get(name, [])
        mean = rate(mine, rng=seeded(*draw, *each.key, name)) if mine else None
        value, low, high = (mean.value, mean.low, mean.high) if mean else (None, None, None)
        parts.append(Breakdown(*each.key, name, len(mine), failures[name], value, low, high))
    return parts


def _agreements(found: Sequence[_Comparison]) -> tuple[Agreement, ...]:
    outcomes: dict[str, dict[tuple[str, ...], float]] = {}
    for each in found:
        own = outcomes.setdefault(each.judge, {})
        own.update({(each.system, each.baseline, *_place(pair)): pair.outcome for pair in each.pairs})
    agreements = []
    for a, b in combinations(outcomes, 2):
        keys = sorted(outcomes[a].keys() & outcomes[b].keys())
        left, right = ([outcomes[judge][key] for key in keys] for judge in (a, b))
        percent = 100 * agreement_share(left, right) if keys else None
        kappa = cohens_kappa(left, right) if keys else None
        agreements.append(Agreement(a, b, len(keys), percent, kappa, correlation(left, right) if keys else None))
    return tuple(agreements)


def _differences(found: Sequence[_Comparison], seed: int) -> tuple[Difference, ...]:
    differences = []
    for a, b in combinations(found, 2):
        if (a.baseline, a.judge) == (b.baseline, b.judge):
            differences += _difference(a, b, seed)
    return tuple(differences)


def _difference(a: _Comparison, b: _Comparison, seed: int) -> list[Difference]:
    # Counted in the order of names and turned around after, so that the order of rows changes a sign and no digit.
    first, second = sorted((a, b), key=lambda each: each.system)
    common = {*map(_place, a.pairs)} & {*map(_place, b.pairs)}
    if not common:
        return []
    found = paired_difference(
        [pair for pair in first.pairs if _place(pair) in common],
        [pair for pair in second.pairs if _place(pair) in common],
        rng=seeded(seed, "difference", first.system, second.system, a.baseline, a.judge),
    )
    value, low, high = (found.value, found.low, found.high)
    if first is b:
        value, low, high = -value, -high, -low
    n_left_out = len(a.pairs) + len(b.pairs) - 2 * len(common)
    names = (a.system, b.system, a.baseline, a.judge)
    return [Difference(*names, value, low, high, found.p_value, found.n_authors, found.n_pairs, n_left_out)]


def _detectable(found: Sequence[_Comparison]) -> tuple[Detectable, ...]:
    groups: dict[tuple[str, str], list[list[JudgedPair]]] = {}
    for each in found:
        if each.pairs:
            groups.setdefault((each.baseline, each.judge), []).append(each.pairs)
    return tuple(detectable(baseline, judge, systems) for (baseline, judge), systems in groups.items())
