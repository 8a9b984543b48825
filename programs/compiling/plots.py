"""Pictures of a search: how scores rose, what decided them, and what wins cost."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from optimizers import Compiled
from optimizers.contract import chosen_trial
from optimizers.joints.pareto import Point, front
from optimizers.joints.records import JointTrial
from programs.card import TrialNote
from programs.reports.plots.drawing import ACCENT, MUTED, WARN, Plot, left_for, named_rows, panels, render, settings

_HEIGHT, _LEFT, _ROW = 2.4, 0.75, 0.28


def search_pictures(compiled: Compiled, notes: Sequence[TrialNote]) -> Iterator[tuple[str, bytes]]:
    """File name to PNG of each picture that there is enough for: two trials, or a history that says more."""
    found = {
        "learning-curve": learning_curve(notes) if len(notes) > 1 else None,
        "importance": importance(getattr(getattr(compiled, "history", None), "importance", {})),
        "pareto": pareto(compiled),
    }
    for name, plot in found.items():
        if plot is not None:
            yield f"{name}.png", render(name, plot).png


def learning_curve(notes: Sequence[TrialNote]) -> Plot:
    """Score of each trial with its interval, and the best so far; hollow where a trial was stopped early."""
    best: list[float] = []
    for note in notes:
        before = best[-1] if best else note.score
        best.append(before if note.pruned else max(before, note.score))
    with settings():
        figure, (axes,) = panels([_HEIGHT], _LEFT, xlabel="trial; 0 is the program as it was handed in")
        axes.step([note.number for note in notes], best, where="post", color=ACCENT, linewidth=1.2)
        for note in notes:
            if note.low is not None and note.high is not None:
                axes.plot([note.number] * 2, [note.low, note.high], color=MUTED, linewidth=0.8, alpha=0.6)
            face = "none" if note.pruned else ACCENT
            axes.plot([note.number], [note.score], "o", color=ACCENT, markersize=4, markerfacecolor=face)
        axes.set_ylabel("score on the valset")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    told = ", ".join(f"{note.number}: {note.score:.3f}{' (stopped)' if note.pruned else ''}" for note in notes)
    return Plot("Scores of trials, and the best so far", f"best {best[-1]:.3f}; {told}", figure)


def importance(shares: Any) -> Plot | None:
    """What tells good trials from others, most telling first; None where nothing is known of it."""
    if not shares:
        return None
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])
    names = [name.replace(":", " of ") for name, _ in ordered]
    with settings():
        figure, (axes,) = panels([_ROW * len(names)], left_for(names), xlabel="share of what tells good trials apart")
        named_rows(axes, names)
        axes.barh(range(len(names)), [share for _, share in ordered], color=ACCENT, height=0.6)
        axes.set_xlim(0, 1)
    return Plot("What decided the scores", "; ".join(f"{name}: {share:.2f}" for name, share in ordered), figure)


def pareto(compiled: Compiled) -> Plot | None:
    """Score against tokens a text, with the programs that none beats in both; None where tokens are not known."""
    points = [
        Point(trial.number, trial.score, trial.tokens, trial.seconds)
        for trial in compiled.trials
        if isinstance(trial, JointTrial) and not trial.pruned and trial.tokens is not None
    ]
    if len(points) < 2:
        return None
    # Seconds depend on what else was under way; here two aims are drawn.
    points = [point._replace(seconds=0.0) for point in points]
    edge = sorted(front(points), key=lambda point: point.tokens or 0.0)
    won = chosen_trial(compiled).number
    with settings():
        figure, (axes,) = panels([_HEIGHT], _LEFT, xlabel="tokens read and written for a text")
        axes.plot([point.tokens or 0.0 for point in edge], [point.score for point in edge], color=MUTED, linewidth=1)
        for point in points:
            colour = WARN if point.number == won else ACCENT
            axes.plot([point.tokens or 0.0], [point.score], "o", color=colour, markersize=5)
            # The others would write over each other.
            if point in (points[0], edge[0], edge[-1]) or point.number == won:
                place = (point.tokens or 0.0, point.score)
                axes.annotate(str(point.number), place, xytext=(4, 3), textcoords="offset points", size=7)
        axes.set_ylabel("score on the valset")
    told = "; ".join(f"trial {point.number}: {point.score:.3f} for {point.tokens:.0f} tokens" for point in edge)
    return Plot("Scores against tokens a text", f"no other is better and cheaper: {told}; trial {won} won", figure)
