"""One picture of an explanation: effects with their intervals, a panel a judge, and the noise beside them."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes

from programs.explaining.records import Effect, Estimate, Explanation
from programs.explaining.wording import verdict
from programs.reports.plots.drawing import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    ROW,
    SURFACE,
    WARN,
    Plot,
    left_for,
    named_rows,
    panels,
    settings,
)
from programs.reports.wording import label, signed

MOST_ROWS = 40
"""Of a panel; the table has those beyond, which have the least effect."""
_LONGEST = 34
_ENDS = 1.2
_Measure = Literal["score", "wins"]
_KEY = "● left out   ○ swapped for another author's   grey: noise"
_LABELS = {
    "score": "log-odds, all hypotheses less changed set",
    "wins": "wins of all hypotheses above one half",
}


def forest(explanation: Explanation) -> Plot | None:
    """Draws leaving out (filled) and swapping (hollow) of each hypothesis, over several authors of each group.

    None if there is nothing to draw. Where a judge gives no scores, wins are drawn for all.
    """
    several = sum(bool(author.hypotheses) for author in explanation.authors) > 1
    drawn = {judge: _rows(explanation, judge, several) for judge in dict.fromkeys(e.judge for e in explanation.effects)}
    drawn = {judge: rows for judge, rows in drawn.items() if rows}
    if not drawn:
        return None
    scored = all(effect.score for rows in drawn.values() for _, effects in rows for effect in effects)
    measure: _Measure = "score" if scored else "wins"
    left = left_for([name for rows in drawn.values() for name, _ in rows])
    with settings():
        heights = [1.5 * ROW * len(rows) for rows in drawn.values()]
        figure, axes = panels(heights, left, _ENDS, _LABELS[measure])
        for (judge, rows), panel in zip(drawn.items(), axes, strict=True):
            _panel(panel, judge, explanation, rows, measure)
    alt = "; ".join(
        f"by {judge}: {name} {signed(main.value)}, {verdict(main)}"
        for judge, rows in drawn.items()
        for name, effects in rows
        if (main := getattr(effects[0], measure))
    )
    return Plot("Effects of hypotheses with 95% intervals", alt, figure)


_Row = tuple[str, list[Effect]]


def _rows(explanation: Explanation, judge: str, several: bool) -> list[_Row]:
    """Names and effects of the rows of a panel, as `effects` sorts them, then the set and the noise."""
    rows: dict[tuple[str, str, int | None], _Row] = {}
    scopes = ("all hypotheses", "aspect", "trait") if several else ("hypothesis",)
    for each in explanation.effects:
        if each.judge == judge and each.scope in scopes and each.main:
            name = each.name if each.scope != "aspect" else f"aspect {each.name}"
            rows.setdefault((each.scope, each.name, each.place), (_brief(name), []))[1].append(each)
    kept = list(rows.values())
    kept = kept[:MOST_ROWS]
    for scope, name in (("the set", "all against none"), ("noise", "same set again: noise")):
        for each in explanation.effects:
            if each.judge == judge and each.scope == scope and bool(each.author) != several and each.main:
                kept.append((name, [each]))
    return kept


def _brief(name: str) -> str:
    """The beginning of a statement: that is where it says what the person does."""
    line = label(name, 200)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def _panel(axes: Axes, judge: str, explanation: Explanation, rows: Sequence[_Row], measure: _Measure) -> None:
    trusted = all(each.trusted for each in explanation.judges if each.judge == judge)
    heading = label(judge, 34) if trusted else f"{label(judge, 34)}: not to be trusted"
    axes.figure.text(
        0.02, axes.get_position().y1, heading, color=INK if trusted else WARN, weight="bold", va="bottom", size=9
    )
    axes.figure.text(0.99, axes.get_position().y1, _KEY, color=MUTED, ha="right", va="bottom", size=7)
    named_rows(axes, [name for name, _ in rows])
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
    for at, (_, effects) in enumerate(rows):
        for effect in effects:
            estimate = getattr(effect, measure)
            if estimate is not None:
                if effect.scope == "noise" and estimate.low is not None and estimate.high is not None:
                    axes.axvspan(estimate.low, estimate.high, color=GRID, alpha=0.5, linewidth=0, zorder=-1)
                _mark(axes, at, effect, estimate)


def _mark(axes: Axes, at: int, effect: Effect, estimate: Estimate) -> None:
    swapped, paired = effect.arm == "swapped", effect.arm in ("without", "swapped")
    colour = MUTED if effect.scope in ("the set", "noise") else ACCENT
    height = at + (0.18 if swapped else -0.18 if paired else 0.0)
    if estimate.low is None or estimate.high is None:
        axes.plot([estimate.value], [height], "D", markersize=5, markeredgecolor=colour, markerfacecolor=GRID)
        said = f"{signed(estimate.value)} no interval"
    else:
        axes.plot([estimate.low, estimate.high], [height] * 2, color=colour, linewidth=1.6, solid_capstyle="butt")
        face = SURFACE if swapped else colour
        axes.plot([estimate.value], [height], "o", markersize=5, markeredgecolor=colour, markerfacecolor=face)
        said = f"{signed(estimate.value)} ({signed(estimate.low)}, {signed(estimate.high)})"
    axes.annotate(
        said,
        (1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        size=6.5,
        color=colour,
        annotation_clip=False,
    )
