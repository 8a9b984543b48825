"""What a program is given, checked and cut to what it shows."""

from collections.abc import Sequence

from data.sentences import clip, count_words
from signatures.errors import SetupError, counted
from signatures.generation import Sample

MAX_SAMPLES = 7
"""The most texts of one author that a program sees, as in the closest published work (DITTO, TICL)."""


def checked_prompt(prompt: str) -> str:
    """The prompt, if there is one.

    Raises: SetupError otherwise.
    """
    if not isinstance(prompt, str) or not prompt.strip():
        raise SetupError(f"the prompt is {prompt!r}; say what to write, for instance 'Write an email about ...'")
    return prompt


def shown_samples(samples: Sequence[str | Sample], n_words: int) -> tuple[list[Sample], tuple[str, ...]]:
    """The samples that a program shows its model, and notes on what was cut or left out.

    Repeated texts count once, no more than seven are used, and each is cut at a sentence end within `n_words`.

    Raises: SetupError if no sample holds text.
    """
    whole, notes = whole_samples(samples)
    shown, cut = cut_samples(whole, n_words)
    return shown, (*notes, *cut)


def whole_samples(samples: Sequence[str | Sample]) -> tuple[list[Sample], tuple[str, ...]]:
    """The samples that a program uses, as they are: seven different ones at most, and notes on those left out.

    Raises: SetupError if no sample holds text.
    """
    if isinstance(samples, str):
        raise SetupError("samples is one string; give a list of texts, one per item")
    notes = []
    texts = [Sample(text=sample) if isinstance(sample, str) and sample else sample for sample in samples]
    full = [sample for sample in texts if isinstance(sample, Sample) and sample.text.strip()]
    distinct = list({sample.text.strip(): sample for sample in full}.values())
    if not distinct:
        raise SetupError(f"none of the {len(samples)} samples holds text; give at least one text that the person wrote")
    if len(full) < len(samples):
        notes.append(f"{counted(len(samples) - len(full), 'empty sample')} left out")
    if len(distinct) < len(full):
        notes.append(f"{counted(len(full) - len(distinct), 'repeated sample')} left out")
    if len(distinct) > MAX_SAMPLES:
        notes.append(f"only the first {MAX_SAMPLES} of {len(distinct)} samples used")
    return distinct[:MAX_SAMPLES], tuple(notes)


def cut_samples(samples: Sequence[Sample], n_words: int) -> tuple[list[Sample], tuple[str, ...]]:
    """The samples, each cut at a sentence end within `n_words`, and a note if any was."""
    shown, n_cut = [], 0
    for sample in samples:
        text = clip(sample.text, n_words) if count_words(sample.text) > n_words else sample.text
        n_cut += text != sample.text
        shown.append(Sample(text=text, prompt=sample.prompt))
    return shown, (f"{counted(n_cut, 'sample')} cut at a sentence end within {n_words} words",) if n_cut else ()
