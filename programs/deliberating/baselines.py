"""Answers that the deliberative program is compared with; same model, decoding and length limit as its own.

Each is called like `DeliberativeProgram`, so that whatever runs one runs all.
"""

from typing import Any

import dspy

from programs.deliberating.asked import read_request
from programs.lms.scope import model_scope
from signatures.deliberation import AttributedAnswer, CautiousAnswer
from signatures.generation import PlainGeneration


class ZeroShotAnswer(dspy.Module):
    """The model's own answer to the prompt, knowing neither asker nor policy."""

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes the baseline."""
        super().__init__()
        self.respond = dspy.Predict(PlainGeneration)

    def forward(
        self, prompt: str, attributes: Any = None, earlier: Any = (), policy: Any = None, hypotheses: Any = None
    ) -> dspy.Prediction:
        """Answers `prompt`; nothing else is read. Raises: SetupError as `read_request`, for the prompt."""
        asked = read_request(prompt)
        with model_scope(self.default_lm):
            text = self.respond(prompt=asked.prompt).text
        return _answered(text, asked.notes)


class CautiousPrompt(dspy.Module):
    """A fixed cautious system prompt, what many applications use today: the same care for everybody."""

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes the baseline."""
        super().__init__()
        self.respond = dspy.Predict(CautiousAnswer)

    def forward(
        self, prompt: str, attributes: Any = None, earlier: Any = (), policy: Any = None, hypotheses: Any = None
    ) -> dspy.Prediction:
        """Answers `prompt`; nothing else is read. Raises: SetupError as `read_request`, for the prompt."""
        asked = read_request(prompt)
        with model_scope(self.default_lm):
            text = self.respond(prompt=asked.prompt).text
        return _answered(text, asked.notes)


class AttributesAnswer(dspy.Module):
    """The asker's attributes and the prompt, without deliberation: how much knowing who asks is worth by itself."""

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes the baseline."""
        super().__init__()
        self.respond = dspy.Predict(AttributedAnswer)

    def forward(
        self, prompt: str, attributes: Any = None, earlier: Any = (), policy: Any = None, hypotheses: Any = None
    ) -> dspy.Prediction:
        """Answers `prompt` for somebody with these attributes; policy and earlier messages are not read.

        Raises: SetupError as `read_request`.
        """
        asked = read_request(prompt, attributes)
        with model_scope(self.default_lm):
            text = self.respond(attributes=dict(asked.attributes), prompt=asked.prompt).text
        return _answered(text, asked.notes)


def _answered(text: str, notes: tuple[str, ...]) -> dspy.Prediction:
    return dspy.Prediction(
        text=text,
        decision=None,
        proposed=None,
        reason="",
        hypotheses=(),
        contains=(),
        avoids=(),
        notes=notes,
        n_dropped=0,
        shown="",
    )
