"""What a text costs against how often it wins, a panel a judge."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from programs.card import ResultRow
from programs.reports import wording
from programs.reports.headline import Headline, Report
from programs.reports.plots.drawing import ACCENT, MUTED, SURFACE, WARN, Plot, headed, panels, settings
from programs.summary import Cost

_HEIGHT, _RIGHT = 1.9, 1.95
_LEAST_GAP = 0.085
"""Of win rate between two labels."""
_STEP = 0.09
"""Inches between systems of the same cost."""
_LEADER = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "alpha": 0.6, "relpos": (0, 0.5)}
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
    # Less its share of the gaps, each place must only not lie below the one before: isotonic regression.
    blocks: list[tuple[float, int]] = []
    for rank, at in enumerate(order):
        mean, size = heights[at] - rank * gap, 1
        while blocks and blocks[-1][0] > mean:
            below, n_below = blocks.pop()
            mean, size = (mean * size + below * n_below) / (size + n_below), size + n_below
        blocks.append((mean, size))
    level = [mean for mean, size in blocks for _ in range(size)]
    places = [0.0] * len(heights)
    for rank, at in enumerate(order):
        places[at] = level[rank] + rank * gap
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
                xytext=(2, -8 if row.result.win_rate > 0.9 else 2),
                textcoords="offset points",
                xycoords=axes.get_yaxis_transform(),
                color=MUTED,
                size=7,
            )
    axes.axhline(0.5, color=MUTED, linewidth=0.8, zorder=0)
    places = apart([result.win_rate for result in found], _LEAST_GAP)
    for at, (result, cost, place) in enumerate(zip(found, taken, places, strict=True)):
        # Systems of the same cost stand beside each other.
        moved = ScaledTranslation(_STEP * list(taken[:at]).count(cost), 0, axes.figure.dpi_scale_trans)
        where, face = axes.transData + moved, colour if trusted else SURFACE
        axes.plot([cost, cost], [result.low, result.high], color=colour, linewidth=1.5, alpha=0.6, transform=where)
        dot = {"markersize": 6, "markeredgecolor": colour, "markerfacecolor": face}
        axes.plot([cost], [result.win_rate], "o", transform=where, **dot)
        axes.annotate(
            headline.trust.mark + wording.label(result.system, 22),
            (cost, result.win_rate),
            xycoords=where,
            xytext=(1.1, place),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            size=8,
            arrowprops={**_LEADER, "shrinkA": 1, "shrinkB": 4},
        )
    # Limits are not found from points that were moved.
    axes.update_datalim([(cost, 0.5) for cost in taken])
    axes.autoscale_view(scaley=False)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    axes.set_ylabel("win rate")
