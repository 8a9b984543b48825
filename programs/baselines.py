"""Systems that a personalised text is compared with; same model, decoding and length limit as ours.

Each is called like `AuthorshipProgram`, so that whatever runs one runs all.
"""

from collections.abc import Mapping, Sequence

import dspy

from programs.lms.scope import model_scope
from programs.samples import checked_prompt, shown_samples
from signatures.generation import PlainGeneration, Sample, SampledGeneration
from signatures.rivals import AttributedGeneration


class ZeroShot(dspy.Module):
    """The model's own answer to the prompt, knowing nothing of the person."""

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes the baseline."""
        super().__init__()
        self.write = dspy.Predict(PlainGeneration)

    def forward(
        self,
        samples: Sequence[str | Sample] = (),
        prompt: str = "",
        attributes: Mapping[str, str] | None = None,
    ) -> dspy.Prediction:
        """Answers `prompt`; samples and attributes are not read. Raises: SetupError without a prompt."""
        prompt = checked_prompt(prompt)
        with model_scope(self.default_lm):
            return dspy.Prediction(text=self.write(prompt=prompt).text, hypotheses=())


class FewShot(dspy.Module):
    """The person's samples as earlier turns, and nothing else: what many applications do today."""

    default_lm = "embedded"

    def __init__(self, n_shown: int = 3, sample_words: int = 200) -> None:
        """Shows `n_shown` samples of at most `sample_words` words each."""
        super().__init__()
        self.n_shown, self.sample_words = n_shown, sample_words
        self.write = dspy.Predict(SampledGeneration)

    def forward(
        self,
        samples: Sequence[str | Sample],
        prompt: str,
        attributes: Mapping[str, str] | None = None,
    ) -> dspy.Prediction:
        """Answers `prompt` after the samples; attributes are not read. Raises: SetupError without samples or prompt."""
        prompt = checked_prompt(prompt)
        shown, notes = shown_samples(samples, self.sample_words)
        with model_scope(self.default_lm):
            text = self.write(samples=shown[: self.n_shown], prompt=prompt).text
        return dspy.Prediction(text=text, hypotheses=(), notes=notes)


class AttributesOnly(dspy.Module):
    """What is known of the person, and none of their texts: how much a profile alone is worth."""

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes the baseline."""
        super().__init__()
        self.write = dspy.Predict(AttributedGeneration)

    def forward(
        self,
        samples: Sequence[str | Sample] = (),
        prompt: str = "",
        attributes: Mapping[str, str] | None = None,
    ) -> dspy.Prediction:
        """Answers `prompt` as a person with these attributes would; samples are not read.

        Where no attributes are known, a note says so: the answer is then a zero-shot one.

        Raises: SetupError without a prompt.
        """
        prompt = checked_prompt(prompt)
        known = dict(attributes or {})
        with model_scope(self.default_lm):
            text = self.write(attributes=known, prompt=prompt).text
        return dspy.Prediction(text=text, hypotheses=(), notes=() if known else ("no attributes are known",))
