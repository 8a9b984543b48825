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
    measured = {_stated(habit): {"check": habit.check, "confidence": habit.confidence} for habit in habits}
    kept: dict[str, Hypothesis] = {}
    n_dropped = 0
    for hypothesis in inferred:
        spans = occurring(hypothesis.evidence, samples)
        n_dropped += sum(span not in spans for span in hypothesis.evidence)
        known = measured.get(_stated(hypothesis), {"check": ""})
        claim = hypothesis.model_copy(update={"evidence": spans, **known})
        if claim.check and not holds_in_any(claim, samples):
            n_dropped += 1
        else:
            kept.setdefault(_stated(claim), claim)
    return tuple(kept.values()), n_dropped


def occurring(spans: Iterable[str], samples: Sequence[str]) -> tuple[str, ...]:
    """The different quotations that stand in a sample, white space folded, in their order."""
    folded = [" ".join(sample.split()) for sample in samples]
    words = {span: " ".join(span.split()) for span in spans}
    return tuple(span for span, said in words.items() if said and any(said in sample for sample in folded))


def _stated(hypothesis: Hypothesis) -> str:
    """What a hypothesis says, however it is written."""
    return " ".join(hypothesis.statement.casefold().split()).rstrip(".")
