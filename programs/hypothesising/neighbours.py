"""Texts to set a person's beside: other writers' that read most alike, and a plain model's of the same content."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from programs.background import Background, shipped_background
from programs.hypothesising.calls import attempted_all
from programs.likeness import likeness
from programs.traits.reading import Reading
from signatures.errors import SetupError
from signatures.generation import Sample

_TELLING_OPENING = 8
"""Words that two texts must open with alike to be one text, of which one was cut; shorter ones may start alike."""


def near_neighbours(samples: Sequence[str], n: int = 2, background: Background | None = None) -> tuple[str, ...]:
    """The texts of n other writers that read most like the samples, nearest first: one text of each writer.

    What the person does and even these writers do not tells the person apart; far writers differ in everything.
    Likeness is blind to topic (`programs.likeness`). A writer any of whose texts is among the samples, whole or cut, is
    the person, and left out with all texts. Deterministic, no model.

    Args:
        samples: Texts of one person.
        n: Writers, and texts.
        background: Texts of other people; those that ship if None.

    Raises: SetupError if no sample holds text, or the background has too few other writers.
    """
    against = background or shipped_background()
    others = {
        writer: texts for writer, texts in against.texts.items() if not any(written_by(text, samples) for text in texts)
    }
    if len(others) < n:
        raise SetupError(
            f"the background has {len(others)} writers beside the person, fewer than the {n} neighbours asked for; "
            "give a larger background or ask for fewer"
        )
    like = likeness(samples, against)
    nearest = [max(((like.score(text), text) for text in texts), key=lambda one: one[0]) for texts in others.values()]
    return tuple(text for _, text in sorted(nearest, key=lambda one: -one[0])[:n])


class GenericTexts(NamedTuple):
    """What a model that knows nothing of the person wrote."""

    texts: tuple[Sample, ...]
    """In the order of the samples, each with the prompt that it answers."""
    n_failed: int
    """Prompts that got no text."""


def generic_of(samples: Sequence[Sample], write: Callable[[str], str]) -> GenericTexts:
    """A generic text of the same content as each sample: the plain answer to the sample's own prompt.

    Since content is the same, what differs is manner. Samples whose prompt is unknown have no such text.

    Args:
        samples: Texts of one person, with what they answered.
        write: Prompt to text, such as `lambda prompt: ZeroShot()(prompt=prompt).text`; called for many at once.

    Raises: SetupError if the model cannot be asked at all.
    """
    prompts = list(dict.fromkeys(sample.prompt for sample in samples if sample.prompt.strip()))
    outcomes = attempted_all(write, prompts)
    written = zip(prompts, (outcome.value or "" for outcome in outcomes), strict=True)
    texts = tuple(Sample(text=text, prompt=prompt) for prompt, text in written if text.strip())
    return GenericTexts(texts, len(prompts) - len(texts))


def written_by(text: str, samples: Sequence[str]) -> bool:
    """Whether a text is one of the samples, white space and signs aside, though one of the two may be cut."""
    words = Reading(text).words
    return any(text.split() == sample.split() or _opens_alike(words, Reading(sample).words) for sample in samples)


def _opens_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    shared = min(len(one), len(other))
    return shared >= _TELLING_OPENING and one[:shared] == other[:shared]
