"""Which hypotheses are used: those that were chosen before those that were measured, the most telling first."""

from collections.abc import Sequence

from programs.profiles.measurements import held, share_of_others
from programs.profiles.record import ProfileHypothesis, ProfileText
from programs.profiles.verifying import LEAST_SUPPORT, OTHERS_TELL_MORE
from programs.traits import Population, parse_check
from signatures.hypotheses import Hypothesis

Habit = tuple[str, str]
"""A trait and the direction of its check."""


def habit_of(each: Hypothesis) -> Habit | None:
    """What habit a hypothesis is of; None where it has no check."""
    check = parse_check(each.check) if each.check else None
    return (check.trait, check.sign) if check else None


def lift_of(each: ProfileHypothesis) -> float:
    """The lift, below every other where there is none."""
    return each.lift if each.lift is not None else -1.0


def ranked(
    first: Sequence[ProfileHypothesis], measured: Sequence[ProfileHypothesis], n: int
) -> list[ProfileHypothesis]:
    """At most n active hypotheses, those in `first` before others, by lift; then the dropped ones.

    Args:
        first: Hypotheses that a model stated, or that edits ask for; of two with the same words the later one counts.
        measured: Habits, most lift first; those that `first` speaks of are left out.
        n: Active hypotheses, at most.
    """
    chosen = {each.statement.casefold(): each for each in first}
    claimed = {habit_of(each) for each in chosen.values()} - {None}
    everyone = [*chosen.values(), *(each for each in measured if habit_of(each) not in claimed)]
    active = [each for each in everyone if each.state == "active"]
    used, spare = active[:n], active[n:]
    used.sort(key=lambda each: -lift_of(each))
    dropped = [each.model_copy(update={"state": "dropped", "note": OTHERS_TELL_MORE}) for each in spare]
    return [*used, *dropped, *(each for each in everyone if each.state == "dropped")]


def tested(
    hypothesis: Hypothesis,
    measured: Sequence[ProfileHypothesis],
    read: Sequence[ProfileText],
    population: Population,
) -> ProfileHypothesis:
    """A model's hypothesis with its standing: that of the same habit where it was measured in all of the texts."""
    if not hypothesis.check:
        return ProfileHypothesis(**hypothesis.model_dump(), source="model")
    for each in measured:
        if habit_of(each) == habit_of(hypothesis):
            return each.model_copy(update={"source": "model"})
    check = parse_check(hypothesis.check)
    n_held, n_tested = held(check, read)
    kept = n_held >= LEAST_SUPPORT * n_tested
    return ProfileHypothesis(
        **hypothesis.model_dump(exclude={"confidence"}),
        confidence=round((n_held + 1) / (n_tested + 2), 4),
        state="active" if kept else "dropped",
        source="model",
        n_tested=n_tested,
        n_held=n_held,
        others=share_of_others(check, population),
        note="" if kept else f"held on only {n_held} of {n_tested} texts",
    )
