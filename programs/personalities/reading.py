"""The Big Five as a model reads them in a person's texts, beside what is measured there."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import dspy

from programs.evidence import occurring
from programs.fencing import gives_orders, order_passages, repeats, unordered
from programs.lms.scope import model_scope
from programs.personality import personality
from programs.samples import cut_samples, whole_samples
from programs.traits import Population
from signatures.errors import counted
from signatures.generation import Sample
from signatures.personality import FactorReading, FactorScore, ReadFactor, ScorePersonality

AVERAGE = 3
"""The level of most writers."""
DEVIATIONS: Mapping[int, float] = MappingProxyType({1: -1.4, 2: -0.53, 3: 0.0, 4: 0.53, 5: 1.4})
"""What a level says in standard deviations, if each is given to a fifth of writers: means of the fifths of a normal."""
_TOKENS = 900


class _Kept(NamedTuple):
    """What is left of a reading."""

    reading: FactorReading | None
    n_dropped: int


class ReadPersonality(dspy.Module):
    """Asks a model how a writer comes across on the Big Five, and sets it beside the measured scores.

    One call for one person, through one plain predictor, `score`, so that it compiles as other programs do. Neither
    side is believed: the measured score rests on weak correlations (`programs.personalities.cues`) and a reading is an
    impression that no questionnaire stands behind. Where they differ, both are there to see.
    """

    default_lm = "embedded"
    """Model used where no `dspy.configure` or `dspy.context` set one."""

    def __init__(self, sample_words: int = 200, population: Population | None = None):
        """Makes an uncompiled program.

        Args:
            sample_words: Words of a text that the model is shown; measured are whole texts.
            population: Whom to compare with; the one that ships if None.
        """
        super().__init__()
        self.sample_words = sample_words
        self.population = population
        self.score = dspy.Predict(ScorePersonality, max_tokens=_TOKENS)

    def forward(self, samples: Sequence[str | Sample]) -> dspy.Prediction:
        """Measures and reads the five factors.

        Args:
            samples: Texts of one person, ideally 3 to 7.

        Returns: a Prediction with `factors` (tuple of five ReadFactor, always in the same order), `n_dropped`
        (quotations that stand in no text that the model was shown or are part of an order to a model, and readings
        whose reason gives or repeats such an order) and `notes` (what was left out or cut, in words).

        Raises: SetupError if no sample holds a word.
        """
        whole, notes = whole_samples(samples)
        texts = [sample.text for sample in whole]
        scores = personality(texts, self.population)
        shown, cut = cut_samples(whole, self.sample_words)
        with model_scope(self.default_lm):
            measured = {score.factor: score.sentence for score in scores}
            readings = self.score(samples=shown, measured=measured).readings
        passages, read = order_passages(texts), [sample.text for sample in shown]
        kept = [_kept(readings.of(score.factor), read, passages) for score in scores]
        n_dropped = sum(each.n_dropped for each in kept)
        dropped = [f"left out {counted(n_dropped, 'quotation or reading', 'quotations or readings')}"] * bool(n_dropped)
        return dspy.Prediction(
            factors=tuple(beside(score, each.reading) for score, each in zip(scores, kept, strict=True)),
            n_dropped=n_dropped,
            notes=(*notes, *cut, *dropped),
        )


def beside(score: FactorScore, reading: FactorReading | None) -> ReadFactor:
    """A measured score and a model's reading of the same factor, with what they say together.

    A reading that no quotation of the texts backs is shown and counts for nothing.
    """
    told = DEVIATIONS[reading.level] if reading is not None and reading.evidence else None
    combined, agree = score.z, None
    if score.z is not None and told is not None and reading is not None:
        combined = round((score.z + told) / 2, 3)
        if score.clear and reading.level != AVERAGE:
            agree = (score.z > 0) == (told > 0)
    return ReadFactor(factor=score.factor, measured=score, read=reading, combined=combined, agree=agree)


def _kept(reading: FactorReading, texts: Sequence[str], passages: Sequence[str]) -> _Kept:
    """A reading with those quotations that stand in the texts; none if it gives or repeats an order to a model."""
    spans = unordered(occurring(reading.evidence, texts), passages)
    if gives_orders(reading.reason) or repeats(reading.reason, passages):
        return _Kept(None, 1)
    return _Kept(reading.model_copy(update={"evidence": spans}), len(reading.evidence) - len(spans))
