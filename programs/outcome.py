"""What a run leaves: its version, and the card that says what it was made from and how it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import JsonValue

from programs.aliases import Alias
from programs.card import Card, CardDraft, LmNote, OptimizerNote, RoleSpend, TrialNote, WonNote
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


class SearchNotes(NamedTuple):
    """What the card says of a search."""

    roles: Mapping[str, LmNote] = {}
    """Models beside the task model."""
    spent: tuple[RoleSpend, ...] = ()
    trials: tuple[TrialNote, ...] = ()
    won: WonNote | None = None
    stopped: str = ""
    """The limit that ended the run early."""


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
    search: SearchNotes,
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
        search: Its roles, trials and winner.
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
        roles=dict(search.roles),
        optimizer=OptimizerNote(name=name, settings={**chosen, "valset_scores": [score for score, _ in trials]}),
        seeds={"run": experiment.choices.seed},
        packages=package_versions(),
        spent=tuple(tournament.purse.spent),
        spent_by_role=search.spent,
        trials=search.trials,
        won=search.won,
        stopped=search.stopped,
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
