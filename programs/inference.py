"""What a program infers of a person before it writes: what the model states, tested, ranked, and how far it carries."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from programs.profiles.asking import tell
from programs.profiles.inferring import order_notes, profile_of
from programs.profiles.record import Profile, ProfileHypothesis
from programs.reliance import Reliance, relied_on
from signatures.generation import MIN_HYPOTHESES, Sample


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

    As many hypotheses are used as the model stated, three at least: one that does not stand the test makes room for a
    measured habit that does. A program that measures nothing tests nothing either, and relies on all it is told.

    Args:
        program: An `AuthorshipProgram`, with its settings and its population.
        samples: The person's texts, whole.
        attributes: What is known of the person.
    """
    settings = program.settings
    told = tell(program, samples, attributes, program.population)
    texts = [sample.text for sample in samples]
    notes = (*told.notes, *order_notes(texts, 0))
    if not settings.n_habits:
        stated = tuple(ProfileHypothesis(**each.model_dump(), source="model") for each in told.hypotheses)
        profile = Profile(attributes=dict(attributes), hypotheses=stated, notes=told.notes)
        return Inferred(profile, Reliance("full", told.hypotheses), told.n_dropped, notes)
    n = min(settings.n_hypotheses, max(MIN_HYPOTHESES, len(told.hypotheses)))
    profile = profile_of(texts, told, attributes, program.population, n)
    return Inferred(profile, relied_on(profile.hypotheses, texts), told.n_dropped, notes)
