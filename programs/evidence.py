"""Keeps a model's quotations honest."""

from collections.abc import Iterable, Sequence

from signatures.hypotheses import Hypothesis


def supported(inferred: Iterable[Hypothesis], samples: Sequence[str]) -> tuple[tuple[Hypothesis, ...], int]:
    """The hypotheses with only those quotations that occur in a sample, and how many were dropped.

    White space is compared folded, since models re-wrap what they quote. A hypothesis that repeats an earlier
    one's words is dropped whole; one that loses all its evidence stays, visibly without any.
    """
    folded = [" ".join(sample.split()) for sample in samples]
    kept: dict[str, Hypothesis] = {}
    n_dropped = 0
    for hypothesis in inferred:
        spans = tuple(span for span in dict.fromkeys(hypothesis.evidence) if _occurs(span, folded))
        n_dropped += sum(not _occurs(span, folded) for span in hypothesis.evidence)
        kept.setdefault(hypothesis.statement.casefold(), hypothesis.model_copy(update={"evidence": spans}))
    return tuple(kept.values()), n_dropped


def _occurs(span: str, samples: Sequence[str]) -> bool:
    words = " ".join(span.split())
    return bool(words) and any(words in sample for sample in samples)
