"""How far a person's texts carry: whether to write by all that was inferred of them, by less, or plainly."""

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple

from programs.profiles.record import ProfileHypothesis
from programs.traits.reading import Reading
from signatures.errors import counted
from signatures.generation import MIN_HYPOTHESES
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.background import Background

Personalization = Literal["full", "fewer hypotheses", "generic"]
"""How personal a text is: written by everything inferred, by what is certain only, or as for anybody."""

TOO_FEW_WORDS = 10
"""With fewer words of a person, a text is written as for anybody."""
FEW_WORDS = 40
FEW_TEXTS = 3
"""From so many texts on, one can be compared with the others."""
UNLIKE, HARDLY_ALIKE = 1.0, 2.0
"""Likeness of the middle text to the others, in standard deviations of other people's texts, below which the texts do
not read like one person's, or hardly do.

Against the background that ships it is 3.0 or more for five texts of one bundled author, and below 2 for 94% of sets of
five texts by five of them; but for five texts of CCAT50 it is 5 or more whoever wrote them, since reporters are more
like each other than like that background. Against other reporters it is below 2 for 11% of sets by one of them, 42% of
those by two, and all by five (`benchmarks.hypothesising`).
"""
FEWER = 2
"""Hypotheses that are used, the most telling, where there is little to go by."""


class Reliance(NamedTuple):
    """What a text is written by, and why."""

    level: Personalization
    hypotheses: tuple[Hypothesis, ...]
    reason: str = ""
    """Empty where all that was inferred is used."""


def relied_on(
    inferred: Sequence[ProfileHypothesis], texts: Sequence[str], background: "Background | None" = None
) -> Reliance:
    """What of the hypotheses of a person to write by, given how many texts there are and how alike they are.

    Nothing, and none of the texts, where they are too few words or contradict each other. Where they are few words, or
    hardly alike, only what tells most; and it is called less too where few hypotheses stood their test. No model is
    asked.

    Args:
        inferred: The hypotheses of a profile, dropped ones too, the most telling first.
        texts: The person's texts, whole.
        background: Whom the person is told from; the background that ships if None.
    """
    used = [each for each in inferred if each.used]
    n_words = sum(len(Reading(text).words) for text in texts)
    if n_words < TOO_FEW_WORDS:
        return Reliance("generic", (), f"{counted(n_words, 'word')} of the person tell nothing")
    alike = alikeness(texts, background)
    if alike is not None and alike < UNLIKE:
        return Reliance("generic", (), f"the {counted(len(texts), 'text')} do not read like one person's ({alike:.1f})")
    doubts = []
    if n_words < FEW_WORDS:
        doubts.append(f"there are {n_words} words to go by")
    if alike is not None and alike < HARDLY_ALIKE:
        doubts.append(f"the texts are hardly alike ({alike:.1f})")
    if doubts:
        used = used[:FEWER]
    elif len(used) < MIN_HYPOTHESES:
        doubts.append(f"{counted(len(used), 'hypothesis', 'hypotheses')} stood the test on texts held back")
    plain = tuple(each.plain() for each in used)
    return Reliance("fewer hypotheses", plain, "; ".join(doubts)) if doubts else Reliance("full", plain)


def alikeness(texts: Sequence[str], background: "Background | None" = None) -> float | None:
    """Likeness of the middle text to the others, as `programs.likeness` counts it; None where there are too few.

    Against the background that ships if none is given.
    """
    if len(texts) < FEW_TEXTS:
        return None
    # The background of other people's texts takes a moment to read.
    from programs.likeness import likeness

    rest = [[*texts[:place], *texts[place + 1 :]] for place in range(len(texts))]
    return median(likeness(others, background).closeness(text) for others, text in zip(rest, texts, strict=True))
