"""Trial-Error-Explain In-Context Learning (TICL, arXiv:2502.08972), a tuning-free rival."""

from collections.abc import Mapping, Sequence

import dspy
from pydantic import BaseModel, ConfigDict, Field

from data.sentences import clip
from programs.lms.scope import model_scope
from programs.once import Once
from programs.rivals.per_author import prompt_of, recall_key, unrecorded
from programs.samples import checked_prompt, shown_samples
from signatures.generation import Sample
from signatures.rivals import CONSISTENT, ExplainGap, TrialGeneration

QUESTION = "What must change in the draft so that it reads as if the author wrote it?"

_SHOWN_DRAFT_WORDS = 12


class TiclSettings(BaseModel):
    """How much is tried, and how much of it the writing step sees.

    With the defaults the longest prompts have some 1,500 tokens: 3 samples of 200 words, a draft of 50 and an
    explanation of 40 words with each; an author costs 6 calls beside their targets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_samples: int = Field(default=3, ge=1, le=7)
    """Samples that are tried and shown."""
    sample_words: int = Field(default=200, ge=20)
    """Words of a sample that are shown; a longer one is cut at a sentence end."""
    n_rounds: int = Field(default=1, ge=0, le=5)
    """Times that every sample is tried; without any, this is few-shot prompting."""
    n_negatives: int = Field(default=1, ge=1, le=5)
    """Rejected drafts kept with a sample; the oldest goes first."""
    draft_words: int = Field(default=50, ge=10)
    """Words of a rejected draft that are shown."""
    explanation_words: int = Field(default=40, ge=5)
    """Words of an explanation that are shown."""
    explain_tokens: int = Field(default=120, ge=20)
    """Token limit of the explaining step's answer."""


class Negative(BaseModel):
    """A draft that is not in the author's style."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draft: str
    explanation: str
    """What must change in it."""


class Tried(BaseModel):
    """A sample with the drafts that failed it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample: Sample
    negatives: tuple[Negative, ...] = ()

    def shown(self) -> Sample:
        """The sample as an earlier turn: rejected drafts stand in the request, the author's text is the answer."""
        parts = [prompt_of(self.sample)]
        for negative in self.negatives:
            parts.append(f"Stylistically inconsistent draft:\n{negative.draft}")
            parts.append(f"What must change in it:\n{negative.explanation}")
        return Sample(prompt="\n\n".join(parts), text=self.sample.text)


class Ticl(dspy.Module):
    """Samples as earlier turns, each with the model's own failed draft and an editor's explanation of what it lacks.

    The steps are the paper's (Fig. 2, prompts after Figs. 4 and 6): from few-shot prompting on, draft an answer to a
    sample's prompt with the other samples as context, explain how its style differs from the author's text, and if it
    does, add draft and explanation to the context; repeat; then answer any prompt with the grown context.

    Departs from the paper: a fixed number of rounds and no check of the growing context on texts held out, since a
    handful of samples leaves none; explanation and verdict are one plain text instead of two JSON fields, since
    small models write text better; drafts and explanations are cut to a few words. The context is made once for
    an author and reused for every prompt, from any thread.
    """

    default_lm = "embedded"

    def __init__(self, settings: TiclSettings | None = None) -> None:
        """Makes an uncompiled program: hand-written instructions, no demos."""
        super().__init__()
        self.settings = settings or TiclSettings()
        self.explain = dspy.Predict(ExplainGap, max_tokens=self.settings.explain_tokens)
        self.write = dspy.Predict(TrialGeneration)
        self._tried = Once()

    def forward(
        self, samples: Sequence[str | Sample], prompt: str, attributes: Mapping[str, str] | None = None
    ) -> dspy.Prediction:
        """Answers `prompt` as the author of `samples` would; attributes are not read.

        Returns: a Prediction with `text`, no `hypotheses`, `shown` (a line for each rejected draft with its
        explanation) and `notes` (what was cut, in words).

        Raises: SetupError without samples or prompt.
        """
        prompt = checked_prompt(prompt)
        shown, notes = shown_samples(samples, self.settings.sample_words)
        used = shown[: self.settings.n_samples]
        with model_scope(self.default_lm):
            tried = self._tried(recall_key(used, self.explain, self.write), lambda: self._try(used))
            text = self.write(samples=[each.shown() for each in tried], prompt=prompt).text
        return dspy.Prediction(text=text, hypotheses=(), shown=_lines(tried), notes=notes)

    def _try(self, samples: Sequence[Sample]) -> tuple[Tried, ...]:
        tried = [Tried(sample=sample) for sample in samples]
        for _ in range(self.settings.n_rounds):
            for index, each in enumerate(tried):
                others = [other.shown() for place, other in enumerate(tried) if place != index]
                tried[index] = self._once_more(each, others)
        return tuple(tried)

    def _once_more(self, tried: Tried, context: list[Sample]) -> Tried:
        """One trial: the sample that is answered does not stand in its own context."""
        sample = tried.sample
        with unrecorded():
            draft = self.write(samples=context, prompt=prompt_of(sample)).text.strip()
        explanation = self.explain(
            prompt=prompt_of(sample),
            author_text=sample.text,
            draft=clip(draft, self.settings.sample_words),
            question=QUESTION,
        ).explanation.strip()
        if is_consistent(explanation):
            return tried
        negative = Negative(
            draft=clip(draft, self.settings.draft_words), explanation=clip(explanation, self.settings.explanation_words)
        )
        return Tried(sample=sample, negatives=(*tried.negatives, negative)[-self.settings.n_negatives :])


def is_consistent(explanation: str) -> bool:
    """Whether an explanation says that nothing must change: the one word, whatever its case and punctuation."""
    return explanation.strip(" \t\n.!\"'`*").casefold() == CONSISTENT


def _lines(tried: Sequence[Tried]) -> str:
    lines = []
    for negative in (negative for each in tried for negative in each.negatives):
        draft = " ".join(clip(negative.draft, _SHOWN_DRAFT_WORDS).split())
        lines.append(
            f"Not \N{LEFT DOUBLE QUOTATION MARK}{draft}\N{RIGHT DOUBLE QUOTATION MARK}: "
            f"{' '.join(negative.explanation.split())}"
        )
    return "\n".join(lines)
