"""The records of a profile. Plain JSON; a person may edit any of it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from programs.profiles.credit import Credit
from programs.traits import holds, parse_check
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

SCHEMA_VERSION = 1

State = Literal["active", "pinned", "rejected", "dropped"]
"""Active: used. Pinned: used, and no update changes it. Rejected: not used, and it never comes back. Dropped: not used,
since the texts did not bear it out or others tell more; an update may bring it back."""
Source = Literal["measured", "model", "person"]

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProfileHypothesis(Hypothesis):
    """A hypothesis with its standing: whether it is used, and how it did on the person's texts."""

    confidence: Share = 0.5
    """Share of the person's texts, not yet seen, on which it is expected to hold."""
    state: State = "active"
    source: Source = "person"
    """Who stated it; what a person adds by hand is a person's."""
    n_tested: Count = 0
    """Texts that its check was tested on, each held back while the habit was looked for in the others, if there were
    three or more."""
    n_held: Count = 0
    """Of these, the texts on which it held."""
    others: Share | None = None
    """Share of other people's texts that fit it, by its check or by a reader; None where none was tested."""
    edits: int = 0
    """Edits by the person that moved a text towards it, less those that moved one away from it."""
    note: str = ""
    """Why it was dropped, or what a person has to say of it."""

    @field_validator("check")
    @classmethod
    def _can_be_measured(cls, check: str) -> str:
        try:
            if check:
                parse_check(check)
        except SetupError as fault:
            raise ValueError(str(fault)) from fault
        return check

    @field_validator("n_held")
    @classmethod
    def _held_when_tested(cls, n_held: int, info: ValidationInfo) -> int:
        n_tested = info.data.get("n_tested", n_held)
        if n_held > n_tested:
            raise ValueError(f"it cannot hold on more texts than the {n_tested} it was tested on")
        return n_held

    @property
    def support(self) -> float | None:
        """Share of the texts it was tested on that fit it; None where it was tested on none."""
        return self.n_held / self.n_tested if self.n_tested else None

    @property
    def lift(self) -> float | None:
        """By how much it is expected to hold more often on the person's texts than on others', in [-1, 1].

        None where no text of others was tested.
        """
        return None if self.others is None else self.confidence - self.others

    @property
    def used(self) -> bool:
        """Whether texts are written by it."""
        return self.state in ("active", "pinned")

    @property
    def trait(self) -> str:
        """The trait that its check measures, empty where it has none."""
        return parse_check(self.check).trait if self.check else ""

    def holds(self, text: str) -> bool | None:
        """Whether it is true of a text, by its check; None where it has none and only a reader can tell."""
        return holds(self, text)

    def plain(self) -> Hypothesis:
        """The hypothesis alone, as programs take it."""
        return Hypothesis.model_validate(self.model_dump(include=set(Hypothesis.model_fields)))


class ProfileTrait(_Record):
    """One measured habit of the person, beside other people's."""

    name: str
    value: float
    """Mean over the texts, in the trait's unit."""
    z: float
    """Distance from the mean writer, in standard deviations of writers."""
    percentile: Share
    """Share of writers below, half of those equal included."""
    reading: str
    """In plain English."""


class ProfileText(_Record):
    """What is kept of a text: its measurements, never its words."""

    digest: Digest
    """Tells whether a text has been read already: the head of the SHA-256 of its words."""
    n_words: Annotated[int, Field(ge=1)]
    values: Mapping[str, float]
    """The amount of each trait."""

    @field_validator("values")
    @classmethod
    def _finite(cls, values: Mapping[str, float]) -> Mapping[str, float]:
        odd = [name for name, value in values.items() if not isfinite(value)]
        if odd:
            raise ValueError(f"the amount of {odd[0]!r} is no finite number")
        return values


class Change(_Record):
    """One line of a profile's history."""

    what: Literal[
        "inferred", "confirmed", "weakened", "dropped", "replaced", "added", "suggested", "held back", "marked"
    ]
    n_texts: Count
    """Texts that the profile rested on afterwards."""
    statements: tuple[str, ...] = ()
    """Whom it befell; where one replaced another, the old one and then the new one."""
    note: str = ""


class Profile(_Record):
    """How a person writes, as far as their texts tell and the person agrees."""

    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    attributes: dict[str, str] = {}
    """What is known of the person, such as occupation or region."""
    hypotheses: tuple[ProfileHypothesis, ...] = ()
    """The most telling first."""
    n_hypotheses: Annotated[int, Field(ge=1)] = 8
    """The most that are active at once, pinned ones not counted."""
    population: str = ""
    """Whom the person was compared with."""
    notes: tuple[str, ...] = ()
    """What was left out when it was inferred, and why, in words."""
    credit: Credit = Credit()
    """What the hypotheses earned in texts that were written with them."""
    history: tuple[Change, ...] = ()
    traits: tuple[ProfileTrait, ...] = ()
    """The most unusual first; empty where no text holds a word."""
    texts: tuple[ProfileText, ...] = ()

    @property
    def n_texts(self) -> int:
        """Different texts with words that it rests on."""
        return len(self.texts)

    def usable(self, n: int | None = None, alpha: float = 0.0) -> tuple[Hypothesis, ...]:
        """What texts are written by, as programs take it: pinned hypotheses, then active ones.

        Where texts were scored (`rewarded`), active ones stand by how useful they were, else in order.

        Args:
            n: At most so many, pinned ones in any case; all if None.
            alpha: More than 0 also tries what was scored seldom (`programs.hypothesising.ranking`).
        """
        used = [each for each in self.hypotheses if each.used]
        if not self.credit.n_targets:
            used.sort(key=lambda each: each.state != "pinned")
            n_pinned = sum(each.state == "pinned" for each in used)
            return tuple(each.plain() for each in used[: None if n is None else max(n, n_pinned)])
        # Ranking reads profiles, so it cannot be imported before they are.
        from programs.hypothesising.ranking import chosen

        return tuple(each.plain() for each in chosen(used, self.credit, n or max(len(used), 1), alpha))

    def rewarded(self, hypotheses: Sequence[Hypothesis], reward: float) -> Self:
        """This profile after a text that was written with these hypotheses was scored.

        Args:
            hypotheses: What the text was written with, as a program's `out.hypotheses`.
            reward: How good it was, from 0 to 1: a judge's verdict, the person's thumb, or the share that they left.

        Raises: ValueError if the reward is not in [0, 1].
        """
        from programs.hypothesising.ranking import credited

        return self.model_copy(update={"credit": credited(self.credit, hypotheses, reward)})

    def marked(self, statement: str, state: State) -> Self:
        """This profile with one hypothesis pinned, rejected, dropped or made active again.

        Raises: SetupError if it has no such statement.
        """
        places = [place for place, each in enumerate(self.hypotheses) if each.statement == statement]
        if not places:
            raise SetupError(f"no hypothesis says {statement!r}; give the words of one as the profile has them")
        changed = tuple(
            each.model_copy(update={"state": state}) if place in places else each
            for place, each in enumerate(self.hypotheses)
        )
        change = Change(what="marked", n_texts=self.n_texts, statements=(statement,), note=state)
        return self.model_copy(update={"hypotheses": changed, "history": (*self.history, change)})

    def system_prompt(self) -> str:
        """A system prompt by which any chat model writes as this person, from active and pinned hypotheses alone."""
        from programs.profiles.prompting import system_prompt

        return system_prompt(self)

    def save(self, path: str | Path) -> None:
        """Writes it as JSON, whole or not at all.

        Raises: SetupError if the file cannot be written.
        """
        from programs.profiles.files import save_profile

        save_profile(self, Path(path))
