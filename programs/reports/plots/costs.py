"""What a text costs against how often it wins, a panel a judge."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from programs.card import ResultRow
from programs.reports import wording
from programs.reports.headline import Headline, Report
from programs.reports.plots.drawing import ACCENT, GRID, MUTED, SURFACE, WARN, Plot, headed, panels, settings
from programs.summary import Cost

_HEIGHT, _RIGHT = 1.9, 1.95
_LEAST_GAP = 0.085
"""Of win rate between two labels."""
_LOGARITHMIC_FROM = 20
"""Ratio of the dearest to the cheapest."""


def costs(report: Report) -> Plot | None:
    """Draws systems against the baseline that most stand against; None if none has a win rate and a cost.

    In dollars, if any system costs some; else in tokens; else in seconds.
    """
    spent = {each.system: each for each in report.summary.costs}
    measure, unit = _measure(report.summary.costs)
    baseline = _common_baseline(report)
    shown: list[tuple[Headline, list[ResultRow]]] = []
    for headline in report.headlines:
        found = [row.result for row in headline.rows if row.result and row.baseline == baseline and not row.is_bound]
        if found:
            shown.append((headline, found))
    if not shown or not any(getattr(each, measure) for each in spent.values()):
        return None
    taken = [getattr(spent[result.system], measure) for _, found in shown for result in found]
    with settings():
        figure, axes = panels([_HEIGHT] * len(shown), 0.75, _RIGHT, f"{unit} a text")
        if min(taken) > 0 and max(taken) / min(taken) > _LOGARITHMIC_FROM:
            axes[0].set_xscale("log")
        for (headline, found), panel in zip(shown, axes, strict=True):
            headed(panel, headline)
            _panel(panel, headline, found, [getattr(spent[result.system], measure) for result in found], baseline)
    alt = "; ".join(
        f"{result.system}: {wording.amount(getattr(spent[result.system], measure))} {unit}, win rate "
        f"{result.win_rate:.2f} by {headline.judge} ({headline.trust.level})"
        for headline, found in shown
        for result in found
    )
    return Plot(f"Cost of a text ({unit}) against win rate over {wording.label(baseline)}", alt, figure)


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Places for labels, each at least `gap` from the next, as near as may be to n heights, in their order."""
    order = sorted(range(len(heights)), key=lambda at: (heights[at], at))
    places = [0.0] * len(heights)
    last = float("-inf")
    for at in order:
        last = places[at] = max(heights[at], last + gap)
    overshoot = max(0.0, last - max(1.0, max(heights, default=1.0)))
    ceiling = float("inf")
    for at in reversed(order):
        ceiling = places[at] = min(places[at], ceiling - gap, last - overshoot)
    return places


def _measure(costs: Sequence[Cost]) -> tuple[str, str]:
    for measure, unit in (("dollars", "US dollars"), ("tokens", "tokens read and written")):
        if any(getattr(each, measure) > 0 for each in costs):
            return measure, unit
    return "seconds", "seconds"


def _common_baseline(report: Report) -> str:
    baselines = [row.baseline for row in report.summary.results]
    return max(dict.fromkeys(baselines), key=baselines.count, default="")


def _panel(axes: Axes, headline: Headline, found: Sequence[ResultRow], taken: Sequence[float], baseline: str) -> None:
    trusted = headline.trust.level == "trusted"
    colour = ACCENT if trusted else WARN
    for row in headline.rows:
        if row.is_bound and row.result and row.baseline == baseline:
            axes.axhline(row.result.win_rate, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
            axes.annotate(
                row.system,
                (0, row.result.win_rate),
                xytext=(2, 2),
                textcoords="offset points",
                xycoords=axes.get_yaxis_transform(),
                color=MUTED,
                size=7,
            )
    axes.axhline(0.5, color=MUTED, linewidth=0.8, zorder=0)
    places = apart([result.win_rate for result in found], _LEAST_GAP)
    for result, cost, place in zip(found, taken, places, strict=True):
        axes.plot([cost, cost], [result.low, result.high], color=colour, linewidth=1.5, alpha=0.6)
        face = colour if trusted else SURFACE
        axes.plot([cost], [result.win_rate], "o", markersize=6, markeredgecolor=colour, markerfacecolor=face)
        axes.annotate(
            headline.trust.mark + wording.label(result.system, 22),
            (cost, result.win_rate),
            xytext=(1.06, place),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            size=8,
            arrowprops={"arrowstyle": "-", "color": GRID, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 3},
        )
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    axes.set_ylabel("win rate")
