"""HyPerAlign for authorship: infer what is distinctive of a writer, then write as they do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import dspy
from pydantic import BaseModel, ConfigDict, Field

from programs.habits import N_HABITS
from programs.lms.scope import model_scope
from programs.once import Once
from programs.reloading import with_later_field
from programs.samples import checked_prompt, cut_samples, whole_samples
from programs.selection import MAX_CANDIDATES, checked_candidates, likeliest
from signatures.dimensions import Dimensions, inferring_signature
from signatures.generation import (
    MAX_HYPOTHESES,
    PersonalizedGeneration,
    PlainGeneration,
    Sample,
)
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.background import Background
    from programs.inference import Inferred
    from programs.profile import Profile, Update
    from programs.repair import Repaired
    from programs.traits import Population


Step = Literal["contrast", "verify", "merge"]
"""Contrast: state what near neighbours do not do. Verify: have a reader test what cannot be measured, on a text
held back and on others. Merge: have statements that say the same joined (`programs.hypothesising`)."""


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
    n_repairs: int = Field(default=0, ge=0, le=16)
    """The most further calls to mend a text that breaks what is measured of the person; see `programs.repair`."""
    steps: tuple[Step, ...] = ()
    """What a model is asked beside inferring and writing; what of these can be measured is done in any case."""
    dimensions: Dimensions | None = None
    """What hypotheses may be about; the dimensions that ship if None."""


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

    def __init__(
        self,
        settings: AuthorshipSettings | None = None,
        population: "Population | None" = None,
        background: "Background | None" = None,
    ):
        """Makes an uncompiled program: hand-written instructions, no demos.

        Args:
            settings: What it shows its steps.
            population: Whom a person's habits are told from; the one that ships if None.
            background: Whom a person's texts are told from where candidates are compared; the one that ships if None.
        """
        super().__init__()
        self.settings = settings or AuthorshipSettings()
        self.population, self.background = population, background
        self.dimensions = self.settings.dimensions or Dimensions()
        self.infer = dspy.Predict(inferring_signature(self.dimensions), max_tokens=self.settings.infer_tokens)
        self._add_steps()
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

        Returns: a Prediction with `text` and

        - `hypotheses`: what the text is written by, tuple of Hypothesis;
        - `considered`: these and those that were dropped, each with its test and why, tuple of ProfileHypothesis;
        - `personalization`: "full", "fewer hypotheses" or "generic", see `programs.reliance`;
        - `repair`: what the text broke of what is measured of the person, and what became of it
          (`programs.repair.Repaired`); None where nothing is;
        - `candidates`, `chosen`, `n_failed`: the texts it was picked from (tuple of `programs.selection.Candidate`),
          its place among them, and how many calls gave none; empty, None and 0 where one text was asked for;
        - `n_dropped`: quotations that occur in no sample, and claims whose check holds on none;
        - `notes`: what was cut or left out, and why a text is less personal, in words.

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
            found = self._inferred_of(whole, dict(attributes or {}))
        said = tuple(dict.fromkeys((*notes, *found.profile.notes, *found.notes)))
        return found.profile.model_copy(update={"notes": said})

    def update(
        self,
        profile: "Profile",
        new_samples: Sequence[str] = (),
        *,
        edit: tuple[str, str] | None = None,
        trust: bool = False,
    ) -> "Update":
        """The profile as new texts, or the person's edit of a text, leave it.

        Args:
            profile: What `profile` inferred, or an earlier update left.
            new_samples: Further texts of the person.
            edit: A text as it was written for the person, and as they left it.
            trust: Merge texts that read as somebody else's too.

        Raises: SetupError if the profile was inferred against other people than this program knows.
        """
        # What revises profiles is loaded by those who have one.
        from programs.profile import Update, learn_from_edit, update

        found = Update(profile)
        with model_scope(self.default_lm):
            lm, against = dspy.settings.lm, self.population
            if new_samples:
                found = update(profile, new_samples, lm, program=self, population=against, trust=trust)
            if edit:
                learned = learn_from_edit(found.profile, *edit, lm, population=against)
                found = replace(found, profile=learned.profile, notes=(*found.notes, *learned.notes))
        return found

    def dump_state(self, json_mode: bool = True) -> dict[str, Any]:
        """The state of the steps, and of population and background if it has its own."""
        own = {
            "population": self.population and self.population.model_dump(mode="json"),
            "background": self.background and self.background.dump(),
        }
        return {**super().dump_state(json_mode), **{name: state for name, state in own.items() if state}}

    def load_state(self, state: dict[str, Any], *, allow_unsafe_lm_state: bool = False) -> None:
        """Takes a saved state, also one whose steps lack the input fields that came later."""
        saved = {**self.dump_state(), **state}
        if "population" in saved:
            # Reading it imports what measures, which a program without one does without until it infers.
            from programs.traits import Population

            self.population = Population.model_validate(saved.pop("population"))
        if "background" in saved:
            from programs.background import Background

            self.background = Background.masked(saved.pop("background"))
        for step, later in (("infer", "habits"), ("write", "advice")):
            saved[step] = with_later_field(getattr(self, step), saved[step], later)
        super().load_state(saved, allow_unsafe_lm_state=allow_unsafe_lm_state)
        loaded: Any = self.infer.signature
        self.infer.signature = inferring_signature(self.dimensions, loaded)

    def _add_steps(self) -> None:
        if not self.settings.steps:
            return
        # Only a program that has such steps loads them.
        from programs.hypothesising import Contrast, Merge, Verify

        words = self.settings.sample_words
        made = {"contrast": lambda: Contrast(words), "verify": lambda: Verify(words), "merge": Merge}
        for step in dict.fromkeys(self.settings.steps):
            setattr(self, step, made[step]())

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
        picked = likeliest(self.write, asked, n, [sample.text for sample in whole], self.background)
        mended = self._mended(asked, picked.text, hypotheses, [sample.text for sample in whole])
        return {
            "hypotheses": tuple(hypotheses),
            "text": mended.text if mended else picked.text,
            "repair": mended,
            "candidates": picked.candidates,
            "chosen": picked.chosen,
            "n_failed": picked.n_failed,
            "notes": (*notes, *picked.notes, *(mended.notes if mended else ())),
        }

    def _mended(
        self, asked: dict[str, Any], draft: str, hypotheses: Sequence[Hypothesis], texts: list[str]
    ) -> "Repaired | None":
        """The draft held against what is measured of the person; None where nothing is."""
        if not any(each.check for each in hypotheses):
            return None
        # What is written by statements alone need not load what measures.
        from programs.constraints import constraints_of
        from programs.likeness import likeness
        from programs.repair import repaired

        n = self.settings.n_repairs
        constraints = constraints_of(hypotheses, texts)
        return repaired(self.write, asked, draft, constraints, n, likeness(texts, self.background) if n else None)

    @staticmethod
    def _plain(prompt: str) -> dict[str, Any]:
        """The model's answer to anybody; a step that no optimizer sees."""
        text = dspy.Predict(PlainGeneration)(prompt=prompt).text
        nothing = {"repair": None, "candidates": (), "chosen": None, "n_failed": 0, "notes": ()}
        return {"hypotheses": (), "text": text, **nothing}

    def _inferred_of(self, whole: Sequence[Sample], attributes: dict[str, str]) -> "Inferred":
        # A program that is given its hypotheses measures nothing and need not load what measures.
        from programs.inference import infer

        lm = dspy.settings.lm
        key = (
            tuple(whole),
            tuple(sorted(attributes.items())),
            repr([(name, step.signature, step.demos) for name, step in self.named_predictors() if name != "write"]),
            lm.model,
            repr(sorted(lm.kwargs.items(), key=str)),
        )
        return self._inferred(key, lambda: infer(self, whole, attributes))
