"""Whether the longer text wins: length gap against outcome, a panel a judge."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from programs.ledger import comparisons, pairs_from
from programs.metrics import JudgedPair
from programs.reports.headline import BOUNDS, Headline, Report
from programs.reports.plots.drawing import ACCENT, INK, MUTED, WARN, Plot, headed, panels, settings

_BINS = 6
_HEIGHT = 1.15


def lengths(report: Report) -> Plot | None:
    """Draws every pair of two systems' texts; None if there is none, ceiling and floor aside."""
    pairs: dict[str, list[JudgedPair]] = {}
    for (system, _, judge), rows in comparisons(report.rows).items():
        if system not in BOUNDS:
            pairs.setdefault(judge, []).extend(pairs_from(rows))
    shown = [headline for headline in report.headlines if pairs.get(headline.judge)]
    if not shown:
        return None
    with settings():
        label = "words of the candidate's text less those of the baseline's"
        figure, axes = panels([_HEIGHT] * len(shown), 0.75, xlabel=label)
        for headline, panel in zip(shown, axes, strict=True):
            headed(panel, headline)
            _panel(panel, headline, pairs[headline.judge])
        _fit(axes[0], [pair for headline in shown for pair in pairs[headline.judge]])
    n_pairs = sum(len(pairs[headline.judge]) for headline in shown)
    alt = (
        f"{n_pairs} pairs by difference in length and outcome, larger dots for more pairs; the line is the mean "
        "outcome of each sixth of the pairs. A line that rises says that the judge favours longer texts, or that "
        "longer texts are closer; the length-controlled column has the rate at no difference."
    )
    return Plot("Difference in length against outcome", alt, figure)


def binned(gaps: np.ndarray, outcomes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean gap and mean outcome of up to six groups of equally many pairs, by gap; equal gaps stay together."""
    order = np.argsort(gaps, kind="stable")
    edges = [gaps[part[0]] for part in np.array_split(order, min(_BINS, len(order)))]
    group = np.searchsorted(np.unique(edges), gaps, side="right")
    groups = np.unique(group)
    return (
        np.array([gaps[group == each].mean() for each in groups]),
        np.array([outcomes[group == each].mean() for each in groups]),
    )


def _fit(axes: Axes, pairs: Sequence[JudgedPair]) -> None:
    """Compresses the ends of the axis where few gaps are far larger than the rest."""
    sizes = np.abs([float(pair.candidate_words - pair.baseline_words) for pair in pairs])
    usual = max(10.0, float(np.quantile(sizes, 0.95)))
    if sizes.max() > 3 * usual:
        axes.set_xscale("symlog", linthresh=usual, linscale=2.0)
        ends = [10.0**power for power in range(2, 8) if usual < 10.0**power < 3 * sizes.max()]
        middle = float(f"{usual / 2:.1g}")
        ticks = [*[-end for end in reversed(ends)], -middle, 0.0, middle, *ends]
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.minorticks_off()


def _panel(axes: Axes, headline: Headline, pairs: list[JudgedPair]) -> None:
    gaps = [pair.candidate_words - pair.baseline_words for pair in pairs]
    outcomes = [pair.outcome for pair in pairs]
    # Equal points are drawn once, larger: the picture stays small and hides none.
    counts = Counter(zip(gaps, outcomes, strict=True))
    points = sorted(counts)
    sizes = [8.0 * counts[point] ** 0.8 for point in points]
    colour = ACCENT if headline.trust.level == "trusted" else WARN
    axes.scatter(*zip(*points, strict=True), s=sizes, color=colour, alpha=0.35, linewidth=0)
    means = binned(np.array(gaps, dtype=float), np.array(outcomes))
    axes.plot(*means, color=INK, linewidth=1.4, marker="|")
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
    axes.set_ylim(-0.12, 1.12)
    axes.set_yticks([0, 0.5, 1], ["lost", "tied", "won"])
