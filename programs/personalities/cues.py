"""Which measured traits speak of which of the Big Five, and by which published correlation.

Correlations are of word categories with questionnaires that the writers filled in. They are weak: |r| is about 0.1 to
0.2, so that even the best of them explains some 4% of the difference between people. Signs are taken, sizes are not:
every category weighs the same, since studies agree on signs better than on sizes and categories here are short lists
of our own, no copies of the published ones. Sources:

- Yarkoni (2010): 694 bloggers, J. Res. Personality 44, correlations of LIWC categories; r as given there, neuroticism
  turned round to emotional stability. Only those with p < 0.05 and |r| of 0.1 or more.
- Pennebaker and King (1999), J. Pers. Soc. Psych. 77: long words and articles stand at the far end of "immediacy",
  which goes with low openness. The sign alone is taken.
- Gill and Oberlander (2003), e-mails: extraverts write "!!". The sign alone is taken.

Mairesse et al. (2007, J. Artif. Intell. Research 30) found on essays and speech that classifiers of such counts tell a
person's self-rated factor little better than chance, some 55 to 62% right in two halves: expect no more of these.

Not used: traits without a published category (rhythm, most punctuation, openings and closings, spelling), traits that
news asks of everybody ("said", weekdays), emoji, and digits as a sign of conscientiousness, for which there is no
correlation. Words of feeling and of anger, among the best signs there, are not among the measured traits.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from signatures.personality import Factor


class Cue(NamedTuple):
    """One trait that speaks of one factor."""

    trait: str
    sign: int
    """1 where much of the trait goes with much of the factor, -1 where with little."""
    source: str
    share: float = 1.0
    """Of the category's weight, where two traits make up one category."""


def _yarkoni(trait: str, category: str, r: float, share: float = 1.0) -> Cue:
    return Cue(trait, 1 if r > 0 else -1, f"Yarkoni 2010, {category}: r = {r:+.2f}", share)


CUES: Mapping[Factor, tuple[Cue, ...]] = MappingProxyType(
    {
        "openness": (
            _yarkoni("word_the", "articles", 0.20, 0.5),
            _yarkoni("word_a", "articles", 0.20, 0.5),
            _yarkoni("word_of", "prepositions", 0.17),
            _yarkoni("first_singular", "first person singular", -0.16),
            _yarkoni("past_forms", "past tense", -0.16),
            _yarkoni("negations", "negations", -0.13),
            _yarkoni("second_person", "second person", -0.12),
            _yarkoni("would", "discrepancies", -0.12),
            _yarkoni("first_plural", "first person plural", -0.10),
            Cue("word_letters", 1, "Pennebaker and King 1999, long words: sign alone"),
        ),
        "conscientiousness": (
            _yarkoni("negations", "negations", -0.17),
            _yarkoni("contrast", "exclusive words", -0.16),
            _yarkoni("would", "discrepancies", -0.13),
            _yarkoni("hedges", "tentative words", -0.10),
            _yarkoni("boosters", "words of certainty", -0.10),
        ),
        "extraversion": (
            _yarkoni("second_person", "second person", 0.16),
            _yarkoni("numerals", "numbers", -0.12),
            _yarkoni("first_plural", "first person plural", 0.11),
            _yarkoni("hedges", "tentative words", -0.11),
            _yarkoni("boosters", "words of certainty", 0.10),
            Cue("exclamations", 1, "Gill and Oberlander 2003, exclamation marks: sign alone"),
        ),
        "agreeableness": (
            _yarkoni("first_plural", "first person plural", 0.18),
            _yarkoni("kindness", "words of good feeling", 0.18),
            _yarkoni("numerals", "numbers", 0.11),
            _yarkoni("past_forms", "past tense", 0.10),
        ),
        "emotional stability": (
            _yarkoni("second_person", "second person", 0.15),
            _yarkoni("would", "discrepancies", -0.13),
            _yarkoni("boosters", "words of certainty", -0.13),
            _yarkoni("first_singular", "first person singular", -0.12),
            _yarkoni("hedges", "tentative words", -0.12),
            _yarkoni("negations", "negations", -0.11),
            _yarkoni("word_the", "articles", 0.11, 0.5),
            _yarkoni("word_a", "articles", 0.11, 0.5),
            _yarkoni("contrast", "exclusive words", -0.10),
        ),
    }
)
"""The cues of each factor, in the order of reports."""
