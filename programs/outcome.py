"""What a run leaves: its version, and the card that says what it was made from and how it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from programs.aliases import Alias
from programs.card import Card, CardDraft, OptimizerNote
from programs.experiment import Experiment, corpus_note, lm_note, package_versions
from programs.tournament import Tournament


@dataclass(frozen=True)
class Outcome:
    """A finished run."""

    folder: Path
    """The saved version."""
    card: Card
    alias: Alias | None
    """None for a version that was not scored."""
    interrupted: bool
    tracking_uri: str


def draft_card(
    experiment: Experiment,
    tournament: Tournament,
    *,
    settings: dict[str, JsonValue],
    optimizer: tuple[str, dict[str, Any]],
    trials: list[tuple[float, int]],
    n_unscored: int,
    interrupted: bool,
    remarks: Sequence[str],
    seconds: float,
) -> CardDraft:
    """The card of a run before it is saved.

    Args:
        experiment: What was chosen and loaded.
        tournament: What was answered and judged.
        settings: Of the compiled program.
        optimizer: Its name and settings.
        trials: Score on the valset and number of failed examples of each trial.
        n_unscored: Candidates that failed on the whole valset.
        interrupted: Whether Ctrl-C ended the search.
        remarks: What else a reader should know, such as what a second look at the best trial found; may be empty.
        seconds: Wall time of the run.
    """
    name, chosen = optimizer
    notes = [*experiment.corpus.notes, *experiment.splits.notes, *tournament.notes, *filter(None, remarks)]
    if interrupted:
        notes.append("interrupted: the best program of the trials so far, not scored on the test authors")
    return CardDraft(
        task=experiment.task.name,
        settings=settings,
        corpus=corpus_note(experiment),
        lm=lm_note(experiment),
        optimizer=OptimizerNote(name=name, settings={**chosen, "valset_scores": [score for score, _ in trials]}),
        seeds={"run": experiment.choices.seed},
        packages=package_versions(),
        spent=tuple(tournament.purse.spent),
        failures={
            **tournament.failures,
            "trials": sum(n_failures for _, n_failures in trials),
            **({"trials without a score": n_unscored} if n_unscored else {}),
        },
        results=tuple(tournament.results),
        judges=tuple(tournament.judges),
        measures=tournament.measures,
        seconds=seconds,
        notes=tuple(notes),
    )
