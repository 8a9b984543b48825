"""Judges by name, and what they share; importing this loads no learning library."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import dspy

from programs.judges.delta import fit_delta
from programs.judges.judge import Judge, Preference
from programs.judges.opinions import NoVerdict, Opinion, opinions
from programs.judges.stylometric import StylometricJudge, fit_stylometric
from programs.judges.validation import TRUSTED_FROM, Validation, validate, validate_against
from programs.judges.validation_cache import ValidationCache
from signatures.errors import SetupError, unknown

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
"""Builds each judge that needs nothing but references; read-only."""

FORMS: Mapping[str, str] = MappingProxyType({"llm": "llm:MODEL", "embedding": "embedding:PACKAGE_OR_PATH"})
"""Kinds of judges that name a model, and how their names are written."""


def known_judges() -> tuple[str, ...]:
    """Names, and forms of names, that `make_judge` takes."""
    return (*JUDGES, *FORMS.values())


def make_judge(
    name: str,
    references: References,
    lm: dspy.LM | None = None,
    *,
    program: dspy.Module | None = None,
    n_threads: int = 16,
) -> Judge:
    """Builds the judge called `name` on the references of the authors in play.

    Args:
        name: One of `known_judges`: a plain name, `llm:MODEL` with a model as `make_lm` takes it, or
            `embedding:PACKAGE_OR_PATH` with a sentence-embedding model.
        references: Author to texts that only judges see.
        lm: For `llm:MODEL`, the model itself, made elsewhere, with its decoding.
        program: For `llm:MODEL`, a compiled `programs.judges.judge_program.JudgeProgram`.
        n_threads: For `llm:MODEL`, calls in flight.

    Raises:
        SetupError: An unknown name, which lists the known ones; a model that cannot be used; references that the judge
            cannot use.
    """
    check_judge(name)
    if name in JUDGES:
        return JUDGES[name](references)
    kind, _, which = name.partition(":")
    if kind == "llm":
        return _llm_judge(name, references, lm or _judging_model(which), program, n_threads)
    from programs.judges.embedding import fit_embedding

    return fit_embedding(which, references)


def _llm_judge(name: str, references: References, lm: dspy.LM, program: dspy.Module | None, n_threads: int) -> Judge:
    from programs.judges.llm import LlmJudge

    return LlmJudge(name, references, lm, program=program, n_threads=n_threads)


def _judging_model(name: str) -> dspy.LM:
    from programs.judges.llm import JUDGE_DECODING
    from programs.lms import make_lm
    from programs.lms.access import check_access

    check_access(name)
    return make_lm(name, **JUDGE_DECODING)


def check_judge(name: str) -> None:
    """Refuses a name that `make_judge` does not take, before anything is loaded.

    Raises:
        SetupError: An unknown name, or a kind of judge without its model.
    """
    kind, _, which = name.partition(":")
    if name in FORMS or (kind in FORMS and not which.strip()):
        raise SetupError(f"judge {name!r} names no model; write it as {FORMS[kind]}")
    if name not in JUDGES and kind not in FORMS:
        raise unknown("judge", name, known_judges())


__all__ = [
    "DEFAULT_JUDGE",
    "FORMS",
    "JUDGES",
    "TRUSTED_FROM",
    "Judge",
    "NoVerdict",
    "Opinion",
    "Preference",
    "References",
    "StylometricJudge",
    "Validation",
    "ValidationCache",
    "check_judge",
    "fit_delta",
    "fit_stylometric",
    "known_judges",
    "make_judge",
    "opinions",
    "validate",
    "validate_against",
]
