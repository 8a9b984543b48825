"""Checks: a trait, a direction and a threshold, such as "commas>=4.5", that a text meets or does not."""

import math
import re
from typing import Literal, NamedTuple

from programs.traits.reading import Reading
from programs.traits.registry import TRAITS
from signatures.errors import SetupError, unknown
from signatures.hypotheses import CHECK, Hypothesis


class Check(NamedTuple):
    """What a text must measure."""

    trait: str
    sign: Literal[">=", "<"]
    threshold: float

    def __str__(self) -> str:
        """As hypotheses carry it."""
        return f"{self.trait}{self.sign}{self.threshold:g}"

    def met_by(self, reading: Reading) -> bool:
        """Whether a text meets it; a text without a word meets none."""
        return bool(reading.words) and self.passed_by(TRAITS[self.trait].value(reading))

    def passed_by(self, value: float) -> bool:
        """Whether an amount of the trait meets it."""
        return value >= self.threshold if self.sign == ">=" else value < self.threshold


def parse_check(written: str) -> Check:
    """Reads a check from its written form.

    Raises: SetupError if it has another form, or names a trait that is not measured.
    """
    found = re.fullmatch(CHECK, written)
    if found is None or not math.isfinite(float(found["threshold"])):
        raise SetupError(f"{written!r} is not a check; write a trait, >= or <, and a number, as in 'commas>=4.5'")
    if found["trait"] not in TRAITS:
        raise unknown("trait", found["trait"], TRAITS)
    return Check(found["trait"], ">=" if found["sign"] == ">=" else "<", float(found["threshold"]))


def holds(hypothesis: Hypothesis, text: str) -> bool | None:
    """Whether a hypothesis is true of a text, by its check; None where it has none and only a reader can tell.

    Raises: SetupError if its check cannot be read.
    """
    return parse_check(hypothesis.check).met_by(Reading(text)) if hypothesis.check else None
