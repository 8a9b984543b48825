"""Keeps a model's quotations of what an asker said honest."""

from collections.abc import Iterable, Sequence

from programs.evidence import occurring
from signatures.deliberation import UserHypothesis


def borne_out(inferred: Iterable[UserHypothesis], said: Sequence[str]) -> tuple[tuple[UserHypothesis, ...], int]:
    """The hypotheses with only those quotations that occur in what was said, and how many were dropped.

    White space and case are compared folded. A hypothesis that repeats an earlier one's words goes whole; one that
    loses all its evidence stays, visibly without any.
    """
    read = [text.casefold() for text in said]
    kept: dict[str, UserHypothesis] = {}
    n_dropped = 0
    for hypothesis in inferred:
        occur = occurring((span.casefold() for span in hypothesis.evidence), read)
        spans = tuple(span for span in dict.fromkeys(hypothesis.evidence) if span.casefold() in occur)
        n_dropped += sum(span not in spans for span in hypothesis.evidence)
        kept.setdefault(_folded(hypothesis.statement).rstrip("."), hypothesis.model_copy(update={"evidence": spans}))
    return tuple(kept.values()), n_dropped


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
