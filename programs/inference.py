"""What a program infers of a person before it writes: what the model states, tested, ranked, and how far it carries."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from programs.habits import measured_habits
from programs.hypothesising import near_neighbours
from programs.profiles.asking import Told, tell
from programs.profiles.inferring import order_notes, profile_of
from programs.profiles.ranking import lift_of
from programs.profiles.record import Profile, ProfileHypothesis
from programs.profiles.verifying import FEWEST_TO_HOLD_BACK
from programs.reliance import Reliance, relied_on
from signatures.generation import MIN_HYPOTHESES, Sample

MANY_HABITS = 20
"""Habits that the contrasting step may choose from; it keeps those that near neighbours do not have."""


class Inferred(NamedTuple):
    """A person as a program sees them."""

    profile: Profile
    reliance: Reliance
    n_dropped: int
    """Quotations that occur in no sample, and claims whose check holds on none."""
    notes: tuple[str, ...] = ()
    """What was left out, in words."""


def infer(program: Any, samples: Sequence[Sample], attributes: Mapping[str, str]) -> Inferred:
    """Asks the program's inferring steps, tests what they say and ranks it.

    As many hypotheses are used as the model stated, three at least: one that does not stand its check makes room for a
    measured habit that does; what a reader denies, in a program that has one, makes room for nothing. A program that
    measures nothing tests nothing either, and relies on all it is told.

    Args:
        program: An `AuthorshipProgram`, with its settings and its population.
        samples: The person's texts, whole.
        attributes: What is known of the person.
    """
    settings, texts = program.settings, [sample.text for sample in samples]
    held_back = [texts[-1]] if "verify" in settings.steps and len(texts) >= FEWEST_TO_HOLD_BACK else []
    shown = samples[: len(samples) - len(held_back)]
    told = tell(program, shown, attributes, program.population)
    told = _further(program, told, shown, attributes)
    notes = (*told.notes, *order_notes(texts, 0))
    if not settings.n_habits:
        stated = tuple(ProfileHypothesis(**each.model_dump(), source="model") for each in told.hypotheses)
        profile = Profile(attributes=dict(attributes), hypotheses=stated, notes=told.notes)
        return Inferred(profile, Reliance("full", told.hypotheses), told.n_dropped, notes)
    n = min(settings.n_hypotheses, max(MIN_HYPOTHESES, len(told.hypotheses)))
    profile = profile_of(texts, told, attributes, program.population, n)
    if held_back:
        profile, said = _read_by_a_reader(program, profile, held_back)
        notes = (*notes, *said)
    return Inferred(profile, relied_on(profile.hypotheses, texts, program.background), told.n_dropped, notes)


def _further(program: Any, told: Told, samples: Sequence[Sample], attributes: Mapping[str, str]) -> Told:
    """With what the contrasting step adds, each claim once."""
    stated, notes, n_dropped = told
    if "contrast" in program.settings.steps:
        habits = measured_habits([sample.text for sample in samples], MANY_HABITS, program.population)
        found = program.contrast(samples=samples, habits=habits, known=stated, attributes=attributes)
        stated, notes, n_dropped = (*stated, *found.hypotheses), (*notes, *found.notes), n_dropped + found.n_dropped
    if "merge" in program.settings.steps:
        found = program.merge(hypotheses=stated)
        stated, notes = tuple(found.hypotheses), (*notes, *found.notes)
    return Told(tuple(stated), tuple(notes), n_dropped)


def _read_by_a_reader(program: Any, profile: Profile, held_back: Sequence[str]) -> tuple[Profile, tuple[str, ...]]:
    """The profile with what cannot be measured tested by a reader, and what to say of that."""
    unmeasured = [each for each in profile.hypotheses if each.used and not each.check]
    found = program.verify(hypotheses=unmeasured, held_back=held_back, distractors=near_neighbours(held_back))
    after = dict(zip((each.statement for each in unmeasured), found.hypotheses, strict=True))
    tested = (after.get(each.statement, each) for each in profile.hypotheses)
    hypotheses = tuple(sorted(tested, key=lambda each: (not each.used, -lift_of(each))))
    return profile.model_copy(update={"hypotheses": hypotheses}), found.notes
