"""Hypotheses that can be checked, as constraints on a text: whether it meets them, how far off it is, what to change.

After IFEval (arXiv:2311.07911, sec. 2), whose instructions are those that a program can verify; here a person's habits
are, by the checks of `programs.traits`, so that nothing but the text and the population is read.

A person's own texts do not meet them all: of constraints from 5 texts, unseen texts of the author meet 84% on the
bundled corpus and 67% on CCAT50, texts of others 29% and 42% (`benchmarks.constraints`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import inf, sqrt
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator

from programs.repairs.advice import advice, barred, finding
from programs.traits import TRAITS, Check, default_population, parse_check
from programs.traits.reading import Reading
from programs.traits.trait import Trait
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

LEAST_WORDS = 50
"""A shorter text shows no rate: one mark more or less moves it by more than 2 in 100 words."""
MOST_OFF = 5.0
"""A distance is at most this, so that one habit far off does not hide all others."""
_LEAST_OFF = 0.01
"""Of a text that lies on the wrong side by nothing."""
_SHARES = ("of sentences", "of paragraphs", "of words", "of texts")

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        "no emoji": "emoji<0.01",
        "no exclamation marks": "exclamations<0.001",
        "no questions": "questions<0.001",
        "no quotes": "quotes<0.001",
        "no dashes": "dashes<0.01",
        "no semicolons": "semicolons<0.01",
        "no parentheses": "parentheses<0.01",
        "no ellipses": "ellipses<0.01",
        "no contractions": "contractions<0.01",
        "no lists": "list_items<0.5",
        "no first person": "first_singular<0.01",
        "British spelling": "american<0.01",
        "American spelling": "british<0.01",
    }
)
"""What a person may ask for in words, and the check it stands for."""
_LENGTH = re.compile(r"(sentences )?(under|(?:of )?at least) (\d{1,5}) words")


class Constraint(BaseModel):
    """What a text must measure to read as a person writes, or as somebody asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    """Such as "sentence_words<18"."""
    usual: float | None = Field(default=None, allow_inf_nan=False)
    """The person's own amount, in the trait's unit, where it is known and meets the check."""

    @field_validator("check")
    @classmethod
    def _can_be_measured(cls, check: str) -> str:
        try:
            return str(parse_check(check))
        except SetupError as fault:
            raise ValueError(str(fault)) from fault

    @property
    def parsed(self) -> Check:
        """Trait, direction and threshold."""
        return parse_check(self.check)

    @property
    def trait(self) -> Trait:
        """What it measures."""
        return TRAITS[self.parsed.trait]

    def enforced(self, text: str | Reading) -> bool:
        """Whether the text can show it: one under 50 words shows no rate, unless none at all is asked for."""
        n_words, trait = len(_reading(text).words), self.trait
        shown = trait.once_a_text or trait.name == "text_words" or barred(trait, self.parsed)
        return shown or not 0 < n_words < LEAST_WORDS

    def met(self, text: str | Reading) -> bool:
        """Whether the text meets it, or is too short to tell; a text without a word meets none."""
        return not self.distance(text)

    def distance(self, text: str | Reading) -> float:
        """How far off the text is, 0 if it meets the constraint, 5 at most and for a text without a word.

        In standard deviations of texts in the population that ships; 1 for what a text either does or does not.
        """
        read = _reading(text)
        if not read.words:
            return MOST_OFF
        value = self.trait.value(read)
        if not self.enforced(read) or self.parsed.passed_by(value):
            return 0.0
        if self.trait.once_a_text:
            return 1.0
        off = abs(value - self.parsed.threshold) / _spread(self.parsed.trait)
        return min(max(off, _LEAST_OFF), MOST_OFF)

    def advice(self, text: str | Reading) -> str:
        """One sentence to whoever wrote the text, with its amount and the person's."""
        return advice(self.trait, self.parsed, self._value(text), self.usual)

    def finding(self, text: str | Reading) -> str:
        """The same for a reader: what was wanted and what was found."""
        return finding(self.trait, self.parsed, self._value(text))

    def _value(self, text: str | Reading) -> float | None:
        read = _reading(text)
        return self.trait.value(read) if read.words else None


class Consistent(NamedTuple):
    """Constraints that one text can meet together."""

    kept: tuple[Constraint, ...]
    notes: tuple[str, ...]
    """Which were left out, in words."""


def constraints_of(hypotheses: Iterable[Hypothesis], samples: Sequence[str] = ()) -> tuple[Constraint, ...]:
    """The constraints that hypotheses with checks stand for, each once; see `consistent` for those that clash.

    Args:
        hypotheses: Claims about a person; those without a check are left out.
        samples: The person's texts, if their own amounts are to be told in advice instead of thresholds.

    Raises: SetupError if a check cannot be read.
    """
    readings = [reading for reading in map(Reading, samples) if reading.words]
    checks = dict.fromkeys(parse_check(each.check) for each in hypotheses if each.check)
    return tuple(Constraint(check=str(check), usual=_usual(check, readings)) for check in checks)


def as_constraint(asked: str) -> Constraint:
    """What a person asks for: a check, such as "commas<3", or a phrase, such as "no emoji" or "British spelling".

    Raises: SetupError if it is neither; the message lists what can be said.
    """
    plain = " ".join(asked.casefold().split())
    for phrase, check in PHRASES.items():
        if plain == phrase.casefold():
            return Constraint(check=check)
    if found := _LENGTH.fullmatch(plain):
        trait = "sentence_words" if found[1] else "text_words"
        return Constraint(check=f"{trait}{'<' if found[2] == 'under' else '>='}{found[3]}")
    if not re.search("[<>]", plain):
        known = ", ".join(f"'{phrase}'" for phrase in PHRASES)
        raise SetupError(
            f"{asked!r} is no constraint; say one of {known}, 'under 150 words', 'sentences under 18 words', or a "
            "check such as 'commas<3'"
        )
    return Constraint(check=str(parse_check(re.sub(r"\s", "", plain))))


def consistent(constraints: Iterable[Constraint]) -> Consistent:
    """The constraints without those on a trait that no text can meet together, which are told of instead."""
    by_trait: dict[str, list[Constraint]] = {}
    for each in dict.fromkeys(constraints):
        by_trait.setdefault(each.parsed.trait, []).append(each)
    clashing = {name: found for name, found in by_trait.items() if not _possible(found)}
    notes = [
        f"left out {' and '.join(repr(each.check) for each in found)}: no text can meet "
        f"{'it' if len(found) == 1 else 'them all'}"
        for found in clashing.values()
    ]
    kept = [each for name, found in by_trait.items() if name not in clashing for each in found]
    return Consistent(tuple(kept), tuple(notes))


def _possible(constraints: Sequence[Constraint]) -> bool:
    """Whether some amount of the trait meets them all."""
    checks = [each.parsed for each in constraints]
    trait = constraints[0].trait
    least = max([0.0, *(check.threshold for check in checks if check.sign == ">=")])
    if trait.once_a_text:
        return any(all(check.passed_by(value) for check in checks) for value in (0.0, 1.0))
    most = min([inf, *(check.threshold for check in checks if check.sign == "<")])
    return least < most and (trait.unit not in _SHARES or least <= 1)


def _usual(check: Check, readings: Sequence[Reading]) -> float | None:
    """The person's mean, where it meets the check; where it does not, telling it would contradict the check."""
    values = [TRAITS[check.trait].value(reading) for reading in readings]
    mean = sum(values) / len(values) if values else None
    return mean if mean is not None and check.passed_by(mean) else None


def _spread(trait: str) -> float:
    background = default_population().traits[trait]
    return sqrt(background.between + background.within) or 1.0


def _reading(text: str | Reading) -> Reading:
    return text if isinstance(text, Reading) else Reading(text)
