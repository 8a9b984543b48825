"""HyPerAlign for authorship: infer what is distinctive of a writer, then write as they do."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy
from pydantic import BaseModel, ConfigDict, Field

from programs.evidence import supported
from programs.habits import measured_habits, offered
from programs.lms.scope import model_scope
from programs.once import Once
from programs.samples import checked_prompt, shown_samples
from programs.selection import MAX_CANDIDATES, checked_candidates, likeliest
from signatures.generation import InferHypotheses, PersonalizedGeneration, Sample
from signatures.hypotheses import Hypothesis


class AuthorshipSettings(BaseModel):
    """What a program shows its steps, beside instructions and demos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_shown: int = Field(default=5, ge=0, le=7)
    """Samples that the writing step sees; the inferring step sees all that are given, seven at most."""
    sample_words: int = Field(default=200, ge=20)
    """Words of a sample that are shown; a longer one is cut at a sentence end."""
    infer_tokens: int = Field(default=600, ge=100)
    """Token limit of the inferring step's answer."""
    n_candidates: int = Field(default=1, ge=1, le=MAX_CANDIDATES)
    """Texts written for a prompt, of which the one most like the samples is kept."""


class AuthorshipProgram(dspy.Module):
    """From a person's texts to a new text as they would write it (arXiv:2505.00038, sec. 3).

    Departs from the paper in three ways: the writing step sees samples as well as hypotheses; the inferring step is
    given habits that were measured in the samples, and a hypothesis that states one carries its check; and every
    quotation and every check is tested on the samples. Hypotheses of the same samples are inferred once and reused for
    every prompt, from any thread.
    """

    default_lm = "embedded"
    """Model used where no `dspy.configure` or `dspy.context` set one."""
    version: str | None = None
    """Reference of the compiled version, where this program was loaded from one."""

    def __init__(self, settings: AuthorshipSettings | None = None):
        """Makes an uncompiled program: hand-written instructions, no demos."""
        super().__init__()
        self.settings = settings or AuthorshipSettings()
        self.infer = dspy.Predict(InferHypotheses, max_tokens=self.settings.infer_tokens)
        self.write = dspy.Predict(PersonalizedGeneration)
        self._inferred = Once()

    def forward(
        self,
        samples: Sequence[str | Sample],
        prompt: str,
        attributes: Mapping[str, str] | None = None,
        hypotheses: Sequence[Hypothesis] | None = None,
        n: int | None = None,
    ) -> dspy.Prediction:
        """Writes the answer to `prompt` as the author of `samples` would.

        Args:
            samples: Texts of one person, ideally 3 to 7.
            prompt: What to write.
            attributes: What is known of the person, such as occupation or region.
            hypotheses: Use these instead of inferring them, for instance after a person has corrected them.
            n: Texts to write at once, of which the one most like the samples is returned (`programs.selection`); by
                default the settings' `n_candidates`.

        Returns: a Prediction with `hypotheses` (tuple of Hypothesis), `text`, `n_dropped` (quotations that do not
        occur in the samples, and claims whose check holds on none of them) and `notes` (what was cut, in words); where
        more than one text was asked for, also `candidates` (tuple of `programs.selection.Candidate`), `chosen` (the
        place of the text among them) and `n_failed` (candidates without a text), which else are empty, None and 0.

        Raises: SetupError if there is no sample, no prompt, nothing but white space in one, or no such number.
        """
        prompt = checked_prompt(prompt)
        n = checked_candidates(self.settings.n_candidates if n is None else n)
        shown, notes = shown_samples(samples, self.settings.sample_words)
        known = dict(attributes or {})
        with model_scope(self.default_lm):
            n_dropped = 0
            if hypotheses is None:
                hypotheses, n_dropped = self._hypotheses(shown, known)
            asked = {
                "attributes": known,
                # A check is for machines; a writer reads the statement.
                "hypotheses": [each.model_copy(update={"check": ""}) for each in hypotheses],
                "samples": shown[: self.settings.n_shown],
                "prompt": prompt,
            }
            picked = likeliest(self.write, asked, n, [sample.text for sample in shown])
        return dspy.Prediction(
            hypotheses=tuple(hypotheses),
            text=picked.text,
            candidates=picked.candidates,
            chosen=picked.chosen,
            n_failed=picked.n_failed,
            n_dropped=n_dropped,
            notes=(*notes, *picked.notes),
        )

    def load_state(self, state: dict[str, Any], *, allow_unsafe_lm_state: bool = False) -> None:
        """Takes a saved state, also one whose steps lack the input fields that came later.

        DSPy gives the saved words on fields to this program's fields by their place, so those on later ones are added.
        """
        saved = dict(state)
        for step, later in (("infer", "habits"), ("write", "advice")):
            fields = list(getattr(self, step).signature.fields)
            words, place = saved[step]["signature"]["fields"], fields.index(later)
            if len(words) < len(fields):
                own = getattr(self, step).signature.dump_state()["fields"][place]
                signature = {**saved[step]["signature"], "fields": [*words[:place], own, *words[place:]]}
                saved[step] = {**saved[step], "signature": signature}
        super().load_state(saved, allow_unsafe_lm_state=allow_unsafe_lm_state)

    def _hypotheses(self, shown: list[Sample], attributes: dict[str, str]) -> tuple[tuple[Hypothesis, ...], int]:
        lm = dspy.settings.lm
        key = (
            tuple(shown),
            tuple(sorted(attributes.items())),
            repr(self.infer.signature),
            repr(self.infer.demos),
            lm.model,
            repr(sorted(lm.kwargs.items(), key=str)),
        )

        def infer() -> tuple[tuple[Hypothesis, ...], int]:
            texts = [sample.text for sample in shown]
            habits = measured_habits(texts)
            inferred = self.infer(attributes=attributes, samples=shown, habits=offered(habits)).hypotheses
            return supported(inferred, texts, habits)

        return self._inferred(key, infer)
