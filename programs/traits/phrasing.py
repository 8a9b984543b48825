"""Traits in plain English, with their numbers."""

from programs.traits.trait import Trait

UNUSUAL = 0.6
"""Least share of writers who must have less, or more, before anything is claimed of a person."""
_NONE = {"in 100 words": "none in these texts"}


def statement(trait: Trait, value: float, high: bool) -> str:
    """What a value says of the writer, such as "Asks questions, in 12% of sentences"."""
    return f"{trait.high if high else trait.low}, {quantity(trait, _told(trait, value, high))}"


def direction(below: float, above: float) -> int:
    """1 for much, -1 for little, 0 for an ordinary amount, from the shares of writers who have less and more."""
    return (below >= UNUSUAL) - (above >= UNUSUAL)


def reading(trait: Trait, value: float, below: float, above: float) -> str:
    """The statement with its place among writers, or that the amount is an ordinary one.

    Args:
        trait: What was measured.
        value: Its amount.
        below: Share of writers who have less.
        above: Share of writers who have more.
    """
    side = direction(below, above)
    if not side:
        return f"About average in {trait.name.replace('_', ' ')}: {quantity(trait, value)}"
    share, word = (below if side > 0 else above), ("more" if side > 0 or trait.once_a_text else "less")
    return f"{statement(trait, value, side > 0)}, {word} than {_percent(share)} of writers"


def quantity(trait: Trait, value: float) -> str:
    """A value with its unit."""
    unit = trait.unit
    if not value and unit not in ("words", "letters", "of the average"):
        return _NONE.get(unit, "not once in these texts")
    if unit in ("words", "letters"):
        return f"{_number(value)} {unit} on average"
    if unit == "of the average":
        return f"their lengths spread by {value:.0%} of the mean"
    if unit == "in 100 words":
        return f"{_number(value)} {unit}"
    if value > 0.995 and unit != "of words":
        return f"in all {unit.removeprefix('of ')}"
    share = f"{value:.0%}" if value >= 0.005 else "under 1%"
    return f"{share} {unit}" if unit == "of words" else f"in {share} {unit}"


def _told(trait: Trait, value: float, high: bool) -> float:
    """The amount that the statement speaks of: of a lack, how often a text lacks what the trait counts."""
    return 1 - value if trait.once_a_text and not high else value


def _number(value: float) -> str:
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.095 else f"{value:.2g}"


def _percent(share: float) -> str:
    return f"{min(max(share, 0.01), 0.99):.0%}"
