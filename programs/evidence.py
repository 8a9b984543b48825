"""Keeps a model's quotations and claims honest."""

from collections.abc import Iterable, Sequence

from programs.habits import holds_in_any
from signatures.hypotheses import Hypothesis


def supported(
    inferred: Iterable[Hypothesis], samples: Sequence[str], habits: Sequence[Hypothesis] = ()
) -> tuple[tuple[Hypothesis, ...], int]:
    """The hypotheses that the samples bear out, with only those quotations that occur there, and how much was dropped.

    White space is compared folded, since models re-wrap what they quote. A hypothesis that states one of the measured
    `habits` carries its check and its measured confidence, and is dropped and counted, as a quotation is, if that check
    holds on no sample; no other hypothesis has a check, whatever the model wrote. One that repeats an earlier one's
    words is dropped whole; one that loses all its evidence stays, visibly without any.
    """
    folded = [" ".join(sample.split()) for sample in samples]
    measured = {_stated(habit): {"check": habit.check, "confidence": habit.confidence} for habit in habits}
    kept: dict[str, Hypothesis] = {}
    n_dropped = 0
    for hypothesis in inferred:
        spans = tuple(span for span in dict.fromkeys(hypothesis.evidence) if _occurs(span, folded))
        n_dropped += sum(not _occurs(span, folded) for span in hypothesis.evidence)
        known = measured.get(_stated(hypothesis), {"check": ""})
        claim = hypothesis.model_copy(update={"evidence": spans, **known})
        if claim.check and not holds_in_any(claim, samples):
            n_dropped += 1
        else:
            kept.setdefault(_stated(claim), claim)
    return tuple(kept.values()), n_dropped


def _stated(hypothesis: Hypothesis) -> str:
    """What a hypothesis says, however it is written."""
    return " ".join(hypothesis.statement.casefold().split()).rstrip(".")


def _occurs(span: str, samples: Sequence[str]) -> bool:
    words = " ".join(span.split())
    return bool(words) and any(words in sample for sample in samples)
