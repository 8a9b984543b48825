"""Preference Reasoning by Observing and Synthesizing Examples (PROSE, arXiv:2505.23815), a description-based rival."""

import re
from collections.abc import Mapping, Sequence
from statistics import fmean
from types import MappingProxyType
from typing import NamedTuple

import dspy
from pydantic import BaseModel, ConfigDict, Field

from data.sentences import clip, count_words, sentences
from programs.lms.scope import model_scope
from programs.once import Once
from programs.rivals.per_author import prompt_of, recall_key, unrecorded
from programs.samples import checked_prompt, shown_samples
from signatures.errors import counted
from signatures.generation import Sample
from signatures.rivals import DescribedGeneration, RefineDescription, Verdict, VerifyComponent

QUESTION = "How does this person write? Give the whole description, one short sentence a line."

COMPONENT_WORDS = 25
"""A longer component is cut."""

POINTS: Mapping[Verdict, int] = MappingProxyType(
    {
        "strongly confirms": 2,
        "somewhat confirms": 1,
        "neutral": 0,
        "somewhat contradicts": -1,
        "strongly contradicts": -2,
    }
)
"""What a verdict counts, as in the authors' code."""

_MARKER = re.compile(r"^(?:[-*•–—#>]+|\(?\d{1,2}[.)])\s*")


class ProseSettings(BaseModel):
    """How much is refined and verified, and what the writing step sees.

    With the defaults an author costs 6 drafts, 6 refinements and up to 12 short verdicts beside their targets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_samples: int = Field(default=3, ge=1, le=7)
    """Samples that the description is inferred from and verified on."""
    sample_words: int = Field(default=200, ge=20)
    """Words of a sample that are shown; a longer one is cut at a sentence end."""
    n_steps: int = Field(default=2, ge=1, le=5)
    """Refinements for each sample, fewer where the draft is the sample."""
    n_components: int = Field(default=4, ge=1, le=12)
    """Sentences of a description, at most."""
    threshold: float = Field(default=0.0, ge=-2.0, lt=2.0)
    """A component stays if its mean verdict, from -2 (contradicted) to 2 (confirmed), is above this."""
    n_shown: int = Field(default=0, ge=0, le=7)
    """Samples that the writing step sees beside the description; the paper's main form shows none."""
    refine_tokens: int = Field(default=140, ge=20)
    """Token limit of a description."""


class Described(NamedTuple):
    """What was found out about an author."""

    components: tuple[str, ...]
    notes: tuple[str, ...]


class Prose(dspy.Module):
    """Writes from a description of how the person writes, refined against their texts and verified across them.

    The steps are the paper's (Algorithm 2, Appendix A, as in its authors' code). Iterative refinement: for
    each sample, draft an answer to its prompt from the description so far (empty at first), compare the draft with the
    person's text, refine the description, and draft again. Consistency verification: each component of the
    description is judged against each sample on a scale of five points, and goes where the mean is not above
    the threshold. Then any prompt is answered from the description; `n_shown` adds samples, the paper's PROSE with ICL.

    Departs from the paper: all samples count as relevant, since there are few, so that none are retrieved; a refined
    description replaces the one before it, so that none are merged; its lines and sentences are its components,
    with no call to break it down; verification comes once, after the last sample; and where no component stays, those
    with the highest mean are used, since a weak verifier must not turn the method into zero-shot. The paper's
    settings of steps and threshold are not known here. The description is made once for an author and
    reused for every prompt, from any thread.
    """

    default_lm = "embedded"

    def __init__(self, settings: ProseSettings | None = None) -> None:
        """Makes an uncompiled program: hand-written instructions, no demos."""
        super().__init__()
        self.settings = settings or ProseSettings()
        self.refine = dspy.Predict(RefineDescription, max_tokens=self.settings.refine_tokens)
        self.verify = dspy.Predict(VerifyComponent)
        self.write = dspy.Predict(DescribedGeneration)
        self._described = Once()

    def forward(
        self, samples: Sequence[str | Sample], prompt: str, attributes: Mapping[str, str] | None = None
    ) -> dspy.Prediction:
        """Answers `prompt` as the author of `samples` would; attributes are not read.

        Returns: a Prediction with `text`, no `hypotheses`, `shown` (the description, a component a line) and `notes`
        (what was cut or could not be confirmed, in words).

        Raises: SetupError without samples or prompt.
        """
        prompt = checked_prompt(prompt)
        shown, notes = shown_samples(samples, self.settings.sample_words)
        used = shown[: self.settings.n_samples]
        with model_scope(self.default_lm):
            key = recall_key(used, self.refine, self.verify, self.write)
            described = self._described(key, lambda: self._describe(used))
            text = self._write(described.components, shown, prompt)
        return dspy.Prediction(
            text=text, hypotheses=(), shown="\n".join(described.components), notes=(*notes, *described.notes)
        )

    def _write(self, description: Sequence[str], samples: Sequence[Sample], prompt: str) -> str:
        shown = list(samples[: self.settings.n_shown])
        return self.write(description=list(description), samples=shown, prompt=prompt).text

    def _describe(self, samples: Sequence[Sample]) -> Described:
        description: tuple[str, ...] = ()
        for index, sample in enumerate(samples):
            others = [other for place, other in enumerate(samples) if place != index]
            for _ in range(self.settings.n_steps):
                with unrecorded():
                    draft = self._write(description, others, prompt_of(sample)).strip()
                if draft == sample.text.strip():
                    break
                description = self._refined(description, sample, draft)
        return self._verified(description, samples)

    def _refined(self, description: tuple[str, ...], sample: Sample, draft: str) -> tuple[str, ...]:
        answer = self.refine(
            prompt=prompt_of(sample),
            author_text=sample.text,
            draft=clip(draft, self.settings.sample_words),
            description=list(description),
            question=QUESTION,
        ).refined
        return components(answer, self.settings.n_components) or description

    def _verified(self, description: Sequence[str], samples: Sequence[Sample]) -> Described:
        points: dict[str, list[int]] = {component: [] for component in description}
        for sample in samples:
            for component in description:
                verdict: Verdict = self.verify(author_text=sample.text, component=component).verdict
                points[component].append(POINTS[verdict])
        means = {component: fmean(given) for component, given in points.items()}
        kept = tuple(component for component, mean in means.items() if mean > self.settings.threshold)
        if kept or not means:
            return Described(kept, () if kept else ("nothing was found out about how the person writes",))
        best = max(means.values())
        return Described(
            tuple(component for component, mean in means.items() if mean == best),
            (f"the samples confirmed none of {counted(len(means), 'sentence')}; those contradicted least are used",),
        )


def components(text: str, most: int) -> tuple[str, ...]:
    """The sentences of a description, without list markers, repeats, headings and single words; at most `most`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        for sentence in sentences(_MARKER.sub("", line.strip())):
            component = clip(" ".join(sentence.split()).strip("*"), COMPONENT_WORDS).strip()
            if count_words(component) > 1 and not component.endswith(":"):
                found.setdefault(component.casefold(), component)
    return tuple(found.values())[:most]
