"""Measured habits of a person, as the inferring step is offered them and as its claims are tested."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from signatures.generation import Habit
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.traits import Population

N_HABITS = 6
"""Habits that the inferring step is offered: a small model chooses three or four of them blindly, so all must tell."""


def measured_habits(
    texts: Sequence[str], n: int = N_HABITS, population: "Population | None" = None
) -> tuple[Hypothesis, ...]:
    """The n most distinctive habits of the person who wrote these texts, best first, each with a check.

    Fewer where no more stand out, none where no text holds a word.

    They are told from a population, the one that ships if None, of which each author of the bundled corpus is one in
    24, unseen texts included: their habits are told a little worse than those of anybody else, and no text can be read
    from it.
    """
    # A program that is given its hypotheses measures nothing and need not load the traits.
    from programs.traits import distinctive
    from programs.traits.reading import Reading

    if not n or not any(Reading(text).words for text in texts):
        return ()
    return distinctive(texts, population, n)


def offered(habits: Iterable[Hypothesis]) -> list[Habit]:
    """The habits as a model is shown them: what it may claim, without check and confidence."""
    return [Habit.model_validate(habit.model_dump(include=set(Habit.model_fields))) for habit in habits]


def holds_in_any(hypothesis: Hypothesis, texts: Iterable[str]) -> bool:
    """Whether a hypothesis is true of any of the texts, by its check.

    Raises: SetupError if its check cannot be read or it has none.
    """
    from programs.traits import parse_check
    from programs.traits.reading import Reading

    check = parse_check(hypothesis.check)
    return any(check.met_by(Reading(text)) for text in texts)
