"""How like a person's own texts a candidate reads, without a model or a judge; what an app picks candidates by."""

from collections.abc import Sequence

import numpy as np

from programs.background import Background, directions, shipped_background
from programs.degenerate import Degeneration
from signatures.errors import SetupError

FAULT = 100.0
"""Taken off the score for each fault: no likeness makes up for one."""
MOST = 40.0
"""Scores of texts without a fault end here on both sides."""
_LEAST_SPREAD = 1e-3


class Likeness:
    """Compares texts with the samples of one person. Build it with `likeness`.

    Two readings of a text are taken, and their mean is the score. Masked n-grams: the TF-IDF profile of the samples'
    1- to 3-grams less that of the background, times that of the text. Cosine delta: the cosine of the frequencies of
    common words and signs, as z-scores over the background (Evert et al. 2017, sec. 3). Both are counted in standard
    deviations of what the background's own texts read, so that 0 is a text like any other writer's. Content words
    show only their shape, so that repeating the samples' topic gains nothing. Deterministic; any language gets a score,
    though common words are those of the background.
    """

    def __init__(self, samples: Sequence[str], background: Background) -> None:
        """Reads the samples; `background` holds nobody who wrote them."""
        self._background = background
        self._degeneration = Degeneration(samples)
        forms = [background.forms(sample) for sample in samples]
        self._ngrams = background.direction(_mean([background.ngrams(each) for each in forms]))
        self._frequencies = directions(np.mean([background.frequencies(each) for each in forms], axis=0))
        self._scales = [
            (float(readings.mean()), max(_LEAST_SPREAD, float(readings.std())))
            for readings in (
                background.ngram_readings(self._ngrams),
                background.frequency_readings(self._frequencies),
            )
        ]

    def score(self, text: str) -> float:
        """Likeness in standard deviations of other people's texts, in [-40, 40], less 100 for each of `faults`."""
        return self.closeness(text) - FAULT * len(self.faults(text))

    def faults(self, text: str) -> tuple[str, ...]:
        """What keeps a text from being picked while there is another, in words; see `programs.degenerate`."""
        return self._degeneration.faults(text)

    def best(self, texts: Sequence[str]) -> int:
        """Index of the text with the highest score, the first of equals.

        Raises: ValueError if there is no text.
        """
        if not texts:
            raise ValueError("there is no text to pick from")
        scores = [self.score(text) for text in texts]
        return scores.index(max(scores))

    def closeness(self, text: str) -> float:
        """The same in [-40, 40], whatever the text's faults."""
        forms = self._background.forms(text)
        grams = self._background.ngrams(forms)
        lean = sum(weight * self._ngrams.get(gram, 0.0) for gram, weight in grams.items())
        cosine = float(directions(self._background.frequencies(forms)) @ self._frequencies) if forms else 0.0
        readings = zip((lean, cosine), self._scales, strict=True)
        return float(np.clip(np.mean([(reading - mean) / spread for reading, (mean, spread) in readings]), -MOST, MOST))


def likeness(samples: Sequence[str], background: Background | None = None) -> Likeness:
    """What tells how like these samples a text reads.

    Args:
        samples: Texts of one person, ideally 3 to 7.
        background: Texts of other people; by default those that ship. A writer whose texts are among the samples is
            left out of it.

    Raises: SetupError if no sample holds text, or the background has nobody else.
    """
    full = [sample for sample in samples if sample.strip()]
    if isinstance(samples, str) or not full:
        raise SetupError(f"samples is {samples!r}; give a list with at least one text that the person wrote")
    return Likeness(full, (background or shipped_background()).without(full))


def _mean(rows: Sequence[dict[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    mean: dict[tuple[str, ...], float] = {}
    for row in rows:
        for gram, weight in row.items():
            mean[gram] = mean.get(gram, 0.0) + weight / len(rows)
    return mean
