"""Texts as measurements, and checks and traits read from measurements alone, so that no text need be kept."""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from programs.profiles.record import ProfileText, ProfileTrait
from programs.traits import TRAITS, Check, Population
from programs.traits.claims import amounts
from programs.traits.measuring import below_and_above, distance
from programs.traits.phrasing import reading
from programs.traits.population import weight
from programs.traits.reading import Reading
from signatures.errors import SetupError, counted

_QUOTED_LINE = re.compile(r"(?m)^[ \t]*>.*(?:\n|$)")
_ATTRIBUTION = re.compile(r"(?m)^[ \t]*On\b[^\n]{5,120}\bwrote:[ \t]*(?:\n|$)")
_FORWARDED = re.compile(r"(?ms)^[ \t]*-{2,} ?(?:Original|Forwarded) [Mm]essage ?-{2,}.*\Z")


class OwnTexts(NamedTuple):
    """The different texts that hold words of the person's own."""

    texts: tuple[str, ...]
    """Without what they quote of other people's mail."""
    places: tuple[int, ...]
    """Of each among the samples given."""
    notes: tuple[str, ...]


def own_texts(samples: Sequence[str], known: frozenset[str] = frozenset()) -> OwnTexts:
    """The texts to measure: quoted mail cut, repeated, known and wordless ones left out, with notes.

    Args:
        samples: As given.
        known: Digests of texts that have been read already.

    Raises: SetupError if `samples` is one string, or holds what is no text.
    """
    if isinstance(samples, str):
        raise SetupError("samples is one string; give a list of texts, one per item")
    if not isinstance(samples, Sequence):
        raise SetupError(f"samples is {samples!r}; give a list of texts, one per item")
    for sample in samples:
        if not isinstance(sample, str):
            raise SetupError(f"a sample is {sample!r}; give texts, as strings")
    found: dict[str, tuple[str, int]] = {}
    n_cut = n_empty = n_known = n_repeated = 0
    for place, sample in enumerate(samples):
        text = without_quoted_mail(sample)
        n_cut += text != sample
        key = digest(text)
        if not Reading(text).words:
            n_empty += 1
        elif key in known:
            n_known += 1
        elif key in found:
            n_repeated += 1
        else:
            found[key] = (text, place)
    told = (
        (n_empty, "left out", "no word in it"),
        (n_repeated, "left out", "the same as another"),
        (n_known, "left out", "the profile knows it already"),
        (n_cut, "cut", "quoted mail is somebody else's writing"),
    )
    notes = tuple(f"{done} {counted(n, 'text')}: {why}" for n, done, why in told if n)
    return OwnTexts(tuple(text for text, _ in found.values()), tuple(place for _, place in found.values()), notes)


def without_quoted_mail(text: str) -> str:
    """The text without lines quoted by ">", the line that announces them, and forwarded messages."""
    if not re.search(r"(?m)^[ \t]*(?:>|-{2,} ?(?:Original|Forwarded) )", text):
        return text
    return _ATTRIBUTION.sub("", _QUOTED_LINE.sub("", _FORWARDED.sub("", text)))


def digest(text: str) -> str:
    """The same for texts that differ in nothing but white space. A short text can be guessed from it."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:16]


def measured_text(text: str) -> ProfileText:
    """Every trait of one text, to six digits."""
    found = amounts(Reading(text))
    values = {name: float(f"{value:.6g}") for name, value in found.values.items()}
    return ProfileText(digest=digest(text), n_words=found.n_words, values=values)


def held(check: Check, texts: Sequence[ProfileText]) -> tuple[int, int]:
    """On how many of the texts a check holds, and on how many it could be tested."""
    values = [text.values[check.trait] for text in texts if check.trait in text.values]
    return sum(map(check.passed_by, values)), len(values)


def share_of_others(check: Check, population: Population) -> float:
    """Share of the population's texts on which a check holds; read off between its thresholds where it is none."""
    background = population.traits[check.trait]
    places = [background.text_quantiles[0], *(each.value for each in background.thresholds)]
    shares = [1.0, *(each.share for each in background.thresholds)]
    most = background.text_quantiles[-1]
    if check.threshold > most:
        reaching = 0.5 / population.n_texts
    else:
        reaching = float(np.interp(check.threshold, [*places, max(most, places[-1])], [*shares, shares[-1]]))
    return round(reaching if check.sign == ">=" else 1 - reaching, 4)


def traits_of(texts: Sequence[ProfileText], population: Population) -> tuple[ProfileTrait, ...]:
    """Every trait of the person, the most unusual first, from texts that were measured."""
    found = []
    for name, trait in TRAITS.items():
        background = population.traits[name]
        known = [(text.values[name], text.n_words) for text in texts if name in text.values]
        if known:
            values = [value for value, _ in known]
            weights = [weight(n_words, background, population.mean_words) for _, n_words in known]
            value = sum(values) / len(values)
            below, above = below_and_above(value, sum(weights), background)
            found.append(
                ProfileTrait(
                    name=name,
                    value=float(f"{value:.4g}"),
                    z=round(distance(values, weights, background), 3),
                    percentile=round((1 + below - above) / 2, 3),
                    reading=reading(trait, value, below, above),
                )
            )
    return tuple(sorted(found, key=lambda one: -abs(one.z)))
