"""Judges by name, and what they share; importing this loads no learning library."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from programs.judges.delta import fit_delta
from programs.judges.judge import Judge, Preference
from programs.judges.stylometric import StylometricJudge, fit_stylometric
from programs.judges.validation import TRUSTED_FROM, Validation, validate, validate_against
from signatures.errors import unknown

References = Mapping[str, Sequence[str]]
"""Author to texts that only judges see."""

DEFAULT_JUDGE = "stylometric"

JUDGES: Mapping[str, Callable[[References], Judge]] = MappingProxyType(
    {
        DEFAULT_JUDGE: partial(fit_stylometric, blind=True),
        "stylometric-plain": partial(fit_stylometric, blind=False),
        "delta": fit_delta,
    }
)
"""Builds each judge from references; read-only."""


def make_judge(name: str, references: References) -> Judge:
    """Builds the judge called `name` on the references of the authors in play.

    Raises:
        SetupError: An unknown name, which lists the known ones, or references that the judge cannot use.
    """
    if name not in JUDGES:
        raise unknown("judge", name, JUDGES)
    return JUDGES[name](references)


__all__ = [
    "DEFAULT_JUDGE",
    "JUDGES",
    "TRUSTED_FROM",
    "Judge",
    "Preference",
    "References",
    "StylometricJudge",
    "Validation",
    "fit_stylometric",
    "make_judge",
    "validate",
    "validate_against",
]
