"""Revises a profile from new texts: what they confirm, weaken and replace, at the price of reading them alone.

After CIPHER (arXiv:2404.15269) and AlignXplore (arXiv:2505.18071), which revise a description of a person's preferences
from new signals instead of starting over; departs from both in that measurements decide, and that a model reads the new
texts only where they change what stands. Earlier texts live on as measurements, from which every habit is found and
tested anew, so that the same habits are kept as if all texts had been read at once (`programs.profiles.revision`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import dspy

from programs.profiles.changes import changes, same_habits_used
from programs.profiles.inferring import order_notes
from programs.profiles.measurements import held, measured_text, own_texts
from programs.profiles.record import Change, Profile, ProfileText
from programs.profiles.revision import News, revised
from programs.profiles.strangers import UNLIKE, likeness_of
from programs.traits import Population, default_population, parse_check
from signatures.errors import SetupError, counted

STRONG_CONFIDENCE, STRONG_LIFT = 0.7, 0.3
FEWEST_STRONG = 4
"""So many strong hypotheses, all of which fail, make a text somebody else's."""


@dataclass(frozen=True)
class Update:
    """A revised profile, and what was not merged into it."""

    profile: Profile
    held_back: tuple[int, ...] = ()
    """Places, among the new texts, of those that read as somebody else's: ask, then update with `trust`."""
    reason: str = ""
    """Why they were held back."""
    notes: tuple[str, ...] = ()
    """What was left out or cut, and what an edit moved."""


def update(
    profile: Profile,
    new_samples: Sequence[str],
    lm: dspy.LM | str | None = None,
    *,
    program: Any = None,
    population: Population | None = None,
    trust: bool = False,
) -> Update:
    """The profile as the new texts leave it; the profile given stays as it is.

    Habits are found, tested and ranked anew from the measurements of all texts: the same are used as if the profile had
    been inferred from all of them. Pinned hypotheses do not change; rejected ones do not come back, neither as a
    statement nor as another check of the same habit; what the person stated stays, and so do a model's statements
    without a check. A text that the profile knows already is not counted twice.

    A model is asked only where the new texts change which habits are used, or where the profile has nothing from a
    model yet, and reads the new texts alone: a text that confirms what is known costs nothing. What it says that no
    check can test joins the profile as far as one answer's worth of such statements is not there yet.

    Args:
        profile: What is known so far.
        new_samples: Further texts of the person.
        lm: A model, or its name, such as "embedded"; None asks none.
        program: What infers with the model; the program that ships if None.
        population: The one that the profile was inferred with; the one that ships if None.
        trust: Merge texts that read as somebody else's too, for instance after the person has said they are theirs.

    Raises: SetupError if the profile was inferred with another population, or the program infers no hypotheses.
    """
    against = fitting_population(profile, population)
    own = own_texts(new_samples, frozenset(text.digest for text in profile.texts))
    read = [measured_text(text) for text in own.texts]
    strange = {} if trust else _strangers(profile, read, against)
    merged = [place for place in range(len(read)) if place not in strange]
    news = News(texts=[own.texts[place] for place in merged], read=[read[place] for place in merged])
    after, said = _merged(profile, news, against, lm, program) if merged else (profile, ())
    reasons = [f"text {own.places[place] + 1} {why}" for place, why in strange.items()]
    if strange:
        change = Change(what="held back", n_texts=after.n_texts, note=counted(len(strange), "text"))
        after = after.model_copy(update={"history": (*after.history, change)})
    return Update(
        profile=after,
        held_back=tuple(own.places[place] for place in strange),
        reason="; ".join(reasons),
        notes=tuple(dict.fromkeys((*own.notes, *order_notes(news.texts, 0), *said))),
    )


def fitting_population(profile: Profile, population: Population | None) -> Population:
    """The population given, or the one that ships.

    Raises: SetupError if the profile compares with another.
    """
    against = population or default_population()
    if profile.population not in ("", against.name):
        raise SetupError(
            f"the profile compares with the population {profile.population!r}, not {against.name!r}; give that one"
        )
    return against


def _merged(
    profile: Profile, news: News, population: Population, lm: dspy.LM | str | None, program: Any
) -> tuple[Profile, tuple[str, ...]]:
    """The profile after the news with its history, and notes on what the model said, if it was asked."""
    after, notes = revised(profile, news, population), ()
    if lm is not None and not _nothing_to_ask(profile, after):
        # Asking imports the program and what it needs, which measuring does without.
        from programs.profiles.asking import told_by

        told = told_by(program, lm, news.texts, profile.attributes, population)
        after, notes = revised(profile, replace(news, told=told.hypotheses), population), told.notes
    told_of = changes(profile, after, news, counted(len(news.read), "new text"), population)
    return after.model_copy(update={"history": (*profile.history, *told_of)}), notes


def _nothing_to_ask(before: Profile, after: Profile) -> bool:
    """Whether the texts only confirm a profile that a model has spoken for."""
    return same_habits_used(before, after) and any(each.used and each.source == "model" for each in before.hypotheses)


def _strangers(profile: Profile, read: Sequence[ProfileText], population: Population) -> dict[int, str]:
    """Which of the texts read as somebody else's, and why."""
    likeness = likeness_of(read, profile.texts, population)
    if likeness is None:
        return {}
    strong = [
        parse_check(each.check)
        for each in profile.hypotheses
        if each.used and each.check and each.confidence >= STRONG_CONFIDENCE and (each.lift or 0.0) >= STRONG_LIFT
    ]
    found = {}
    for place, (text, score) in enumerate(zip(read, likeness, strict=True)):
        n_held = sum(held(check, [text])[0] for check in strong)
        if score < UNLIKE:
            found[place] = (
                f"reads unlike the {counted(profile.n_texts, 'text')} known ({score:.1f} standard deviations)"
            )
        elif len(strong) >= FEWEST_STRONG and not n_held:
            found[place] = f"has none of the person's {len(strong)} strongest habits"
    return found
