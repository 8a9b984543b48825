"""Trials as a table shows them and a card keeps them: what changed, how well it did, what it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import JsonValue

from optimizers import Compiled, Trial
from optimizers.contract import chosen_trial
from programs.card import TrialNote, WonNote
from programs.intervals import clustered_mean
from programs.metering import Tally

LONGEST_CHANGE = 160
"""Characters of what changed that a line shows."""


def changed(first: Trial, trial: Trial) -> str:
    """What sets a trial apart from the first, the program as it was handed in, in words."""
    if trial.number == first.number:
        return "as it was handed in"
    choices: Mapping[str, Any] = getattr(trial, "choices", {})
    parts = []
    for name, text in trial.instructions.items():
        steps = []
        if text != first.instructions.get(name):
            known = str(choices.get(f"instruction:{name}", ""))
            steps.append(f"instruction {known}" if known else "another instruction")
        if trial.demos[name] != first.demos.get(name):
            n = len(trial.demos[name])
            steps.append(f"{n} demo" if n == 1 else f"{n} demos")
        if steps:
            parts.append(f"{name}: {', '.join(steps)}")
    parts += [f"{name}={value}" for name, value in changed_settings(first, trial).items()]
    return "; ".join(parts) or "nothing that shows"


def changed_settings(first: Trial, trial: Trial) -> dict[str, JsonValue]:
    """Settings of the program that a trial has otherwise, with its values."""
    ours, theirs = _settings(trial), _settings(first)
    return {name: value for name, value in ours.items() if value != theirs.get(name)}


def trial_note(
    first: Trial, trial: Trial, scores: Mapping[str, float], authors: Mapping[str, str], n_targets: int, spent: Tally
) -> TrialNote:
    """A trial for the card.

    Args:
        first: The program as it was handed in.
        trial: The trial.
        scores: Target to score, of the targets that this process scored.
        authors: Target to author.
        n_targets: Of the valset.
        spent: Since the trial before.
    """
    n_scored: int = getattr(trial, "n_scored", n_targets) - trial.n_failures
    low, high = _interval(scores, authors, trial) if len(scores) == n_scored else (None, None)
    return TrialNote(
        number=trial.number,
        changed=changed(first, trial),
        score=trial.score,
        low=low,
        high=high,
        n_scored=n_scored,
        n_targets=n_targets,
        failures=trial.n_failures,
        pruned=getattr(trial, "pruned", False),
        calls=spent.calls,
        tokens=spent.tokens,
        dollars=None if spent.unpriced else max(0.0, spent.dollars),
        cached=spent.hits,
    )


def trial_line(note: TrialNote, best: float) -> str:
    """A trial as one line of the live table."""
    interval = "            " if note.low is None or note.high is None else f"[{note.low:.2f}, {note.high:.2f}]"
    failed = f", {note.failures} failed" if note.failures else ""
    ended = f"{note.n_scored}/{note.n_targets}{' stopped' if note.pruned else ''}{failed}"
    cost = "" if not note.dollars else f", ${note.dollars:.4f}"
    cached = f", {note.cached} cached" if note.cached else ""
    what = note.changed if len(note.changed) <= LONGEST_CHANGE else note.changed[: LONGEST_CHANGE - 1] + "…"
    return (
        f"  trial {note.number}: {note.score:.3f} {interval}   best so far {best:.3f}   {ended}   "
        f"{note.calls} calls{cached}, {note.tokens:,} tokens{cost}   {what}"
    )


def won_note(compiled: Compiled, why: str) -> WonNote | None:
    """What won; None where nothing was scored."""
    if not compiled.trials:
        return None
    first = compiled.trials[0]
    trial = chosen_trial(compiled)
    return WonNote(
        trial=trial.number,
        why=why,
        instructions=dict(trial.instructions),
        demos=dict(trial.demos),
        settings=changed_settings(first, trial),
    )


def _settings(trial: Trial) -> dict[str, Any]:
    settings: Any = getattr(trial.program, "settings", None)
    return settings.model_dump(mode="json") if settings is not None else {}


def _interval(
    scores: Mapping[str, float], authors: Mapping[str, str], trial: Trial
) -> tuple[float, float] | tuple[None, None]:
    """Of the mean over authors, widened to hold the trial's own score: one on a moving scale is not the plain mean."""
    values: Sequence[float] = list(scores.values())
    if not values:
        return None, None
    found = clustered_mean([authors[name] for name in scores], np.array(values), rng=np.random.default_rng(0))
    if found.degenerate:
        return None, None
    return min(found.low, trial.score), max(found.high, trial.score)
