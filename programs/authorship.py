"""HyPerAlign for authorship: infer what is distinctive of a writer, then write as they do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dspy
from pydantic import BaseModel, ConfigDict, Field

from programs.habits import N_HABITS
from programs.lms.scope import model_scope
from programs.once import Once
from programs.samples import checked_prompt, cut_samples, whole_samples
from programs.selection import MAX_CANDIDATES, checked_candidates, likeliest
from signatures.generation import (
    MAX_HYPOTHESES,
    InferHypotheses,
    PersonalizedGeneration,
    PlainGeneration,
    Sample,
)
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.inference import Inferred
    from programs.profile import Profile
    from programs.traits import Population


class AuthorshipSettings(BaseModel):
    """What a program shows its steps, beside instructions and demos."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_shown: int = Field(default=5, ge=0, le=7)
    """Samples that the writing step sees; the inferring step sees all that are given, seven at most."""
    sample_words: int = Field(default=200, ge=20)
    """Words of a sample that are shown; a longer one is cut at a sentence end."""
    n_habits: int = Field(default=N_HABITS, ge=0, le=20)
    """Measured habits that the inferring step is offered; with 0 nothing is measured and nothing tested, as in the
    paper."""
    n_hypotheses: int = Field(default=MAX_HYPOTHESES, ge=1, le=12)
    """The most hypotheses that a text is written by."""
    infer_tokens: int = Field(default=600, ge=100)
    """Token limit of the inferring step's answer."""
    n_candidates: int = Field(default=1, ge=1, le=MAX_CANDIDATES)
    """Texts written for a prompt, of which the one most like the samples is kept."""


class AuthorshipProgram(dspy.Module):
    """From a person's texts to a new text as they would write it (arXiv:2505.00038, sec. 3).

    Departs from the paper in that the writing step sees samples as well as hypotheses; that the inferring step is
    given habits that were measured in the samples; that every quotation and every check is tested, on texts held back
    where there are enough, and what fails makes room for what does not; and that where a person's texts say too little
    or contradict each other, less of them is used, and in the end nothing. Hypotheses of the same samples are inferred
    once and reused for every prompt, from any thread.
    """

    default_lm = "embedded"
    """Model used where no `dspy.configure` or `dspy.context` set one."""
    version: str | None = None
    """Reference of the compiled version, where this program was loaded from one."""

    def __init__(self, settings: AuthorshipSettings | None = None, population: "Population | None" = None):
        """Makes an uncompiled program: hand-written instructions, no demos.

        Args:
            settings: What it shows its steps.
            population: Whom people must differ from; the one that ships if None.
        """
        super().__init__()
        self.settings = settings or AuthorshipSettings()
        self.population = population
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

        Returns: a Prediction with `hypotheses` (tuple of Hypothesis: what the text is written by), `considered` (tuple
        of ProfileHypothesis: these and those that were dropped, each with its test and why), `text`, `personalization`
        ("full", "fewer hypotheses" or "generic", see `programs.reliance`), `n_dropped` (quotations that do not
        occur in the samples, and claims whose check holds on none of them) and `notes` (what was cut or left out, and
        why a text is less personal, in words); where more than one text was asked for, also `candidates` (tuple of
        `programs.selection.Candidate`), `chosen` (the place of the text among them) and `n_failed` (candidates without
        a text), which else are empty, None and 0.

        Raises: SetupError if there is no sample, no prompt, nothing but white space in one, or no such number.
        """
        prompt = checked_prompt(prompt)
        n = checked_candidates(self.settings.n_candidates if n is None else n)
        whole, notes = whole_samples(samples)
        known = dict(attributes or {})
        with model_scope(self.default_lm):
            if hypotheses is not None:
                written = self._written(whole, prompt, known, hypotheses, n)
                written["notes"] = (*notes, *written["notes"])
                return dspy.Prediction(**written, considered=(), personalization="full", n_dropped=0)
            found = self._inferred_of(whole, known)
            level, used, reason = found.reliance
            if level == "generic":
                written = self._plain(prompt)
            else:
                written = self._written(whole, prompt, known, used, n)
        notes = (*notes, *found.notes, *written.pop("notes"), *([f"{level}: {reason}"] if reason else []))
        return dspy.Prediction(
            **written,
            considered=found.profile.hypotheses,
            personalization=level,
            n_dropped=found.n_dropped,
            notes=notes,
        )

    def profile(self, samples: Sequence[str | Sample], attributes: Mapping[str, str] | None = None) -> "Profile":
        """What the program infers of a person, to be kept, corrected and given to `forward` as hypotheses.

        Raises: SetupError if no sample holds text.
        """
        whole, notes = whole_samples(samples)
        with model_scope(self.default_lm):
            found = self._inferred_of(whole, dict(attributes or {})).profile
        return found.model_copy(update={"notes": (*notes, *found.notes)})

    def dump_state(self, json_mode: bool = True) -> dict[str, Any]:
        """The state of the steps, and the population if it has one of its own."""
        state = super().dump_state(json_mode)
        return {**state, "population": self.population.model_dump(mode="json")} if self.population else state

    def load_state(self, state: dict[str, Any], *, allow_unsafe_lm_state: bool = False) -> None:
        """Takes a saved state, also one whose steps lack the input fields that came later.

        DSPy gives the saved words on fields to this program's fields by their place, so those on later ones are added.
        """
        saved = dict(state)
        if "population" in saved:
            # Reading it imports what measures, which a program without one does without until it infers.
            from programs.traits import Population

            self.population = Population.model_validate(saved.pop("population"))
        for step, later in (("infer", "habits"), ("write", "advice")):
            fields = list(getattr(self, step).signature.fields)
            words, place = saved[step]["signature"]["fields"], fields.index(later)
            if len(words) < len(fields):
                own = getattr(self, step).signature.dump_state()["fields"][place]
                signature = {**saved[step]["signature"], "fields": [*words[:place], own, *words[place:]]}
                saved[step] = {**saved[step], "signature": signature}
        super().load_state(saved, allow_unsafe_lm_state=allow_unsafe_lm_state)

    def _written(
        self,
        whole: Sequence[Sample],
        prompt: str,
        attributes: dict[str, str],
        hypotheses: Sequence[Hypothesis],
        n: int,
    ) -> dict[str, Any]:
        """What the writing step makes of it."""
        shown, notes = cut_samples(whole, self.settings.sample_words)
        asked = {
            "attributes": attributes,
            # A check is for machines; a writer reads the statement.
            "hypotheses": [each.model_copy(update={"check": ""}) for each in hypotheses],
            "samples": shown[: self.settings.n_shown],
            "prompt": prompt,
        }
        picked = likeliest(self.write, asked, n, [sample.text for sample in shown])
        return {
            "hypotheses": tuple(hypotheses),
            "text": picked.text,
            "candidates": picked.candidates,
            "chosen": picked.chosen,
            "n_failed": picked.n_failed,
            "notes": (*notes, *picked.notes),
        }

    @staticmethod
    def _plain(prompt: str) -> dict[str, Any]:
        """The model's answer to anybody; a step that no optimizer sees."""
        text = dspy.Predict(PlainGeneration)(prompt=prompt).text
        return {"hypotheses": (), "text": text, "candidates": (), "chosen": None, "n_failed": 0, "notes": ()}

    def _inferred_of(self, whole: Sequence[Sample], attributes: dict[str, str]) -> "Inferred":
        # A program that is given its hypotheses measures nothing and need not load what measures.
        from programs.inference import infer

        lm = dspy.settings.lm
        key = (
            tuple(whole),
            tuple(sorted(attributes.items())),
            repr(self.infer.signature),
            repr(self.infer.demos),
            lm.model,
            repr(sorted(lm.kwargs.items(), key=str)),
        )
        return self._inferred(key, lambda: infer(self, whole, attributes))
