"""Keeps a model's quotations of what an asker said honest."""

from collections.abc import Iterable, Sequence

from signatures.deliberation import UserHypothesis


def borne_out(inferred: Iterable[UserHypothesis], said: Sequence[str]) -> tuple[tuple[UserHypothesis, ...], int]:
    """The hypotheses with only those quotations that occur in what was said, and how many were dropped.

    White space and case are compared folded. A hypothesis that repeats an earlier one's words goes whole; one that
    loses all its evidence stays, visibly without any.
    """
    folded = [_folded(text) for text in said]
    kept: dict[str, UserHypothesis] = {}
    n_dropped = 0
    for hypothesis in inferred:
        spans = tuple(span for span in dict.fromkeys(hypothesis.evidence) if _occurs(span, folded))
        n_dropped += sum(not _occurs(span, folded) for span in hypothesis.evidence)
        kept.setdefault(_folded(hypothesis.statement).rstrip("."), hypothesis.model_copy(update={"evidence": spans}))
    return tuple(kept.values()), n_dropped


def _occurs(span: str, folded: Sequence[str]) -> bool:
    words = _folded(span)
    return bool(words) and any(words in text for text in folded)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
