"""Revises a profile from new texts: what they confirm, weaken and replace, at the price of reading them alone.

After CIPHER (arXiv:2404.15269) and AlignXplore (arXiv:2505.18071), which revise a description of a person's preferences
from new signals instead of starting over; departs from both in that checks decide and no model is called. Earlier texts
live on as measurements, so that a habit which the new texts bring up can be tested on all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from programs.profiles.inferring import order_notes, without_orders
from programs.profiles.measurements import held, measured_text, own_texts, share_of_others, traits_of
from programs.profiles.record import Change, Profile, ProfileHypothesis, ProfileText
from programs.profiles.strangers import UNLIKE, likeness_of
from programs.profiles.verifying import OTHERS_TELL_MORE
from programs.traits import TRAITS, Population, default_population, distinctive, parse_check
from programs.traits.claims import LEAST_LIFT, MOST_TEXTS
from programs.traits.phrasing import statement
from signatures.errors import SetupError, counted

MARGIN = 0.1
"""Lift by which a hypothesis must exceed the least telling active one to take its place."""
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
    """What was left out or cut."""


def update(
    profile: Profile, new_samples: Sequence[str], *, population: Population | None = None, trust: bool = False
) -> Update:
    """The profile as the new texts leave it; calls no model, and the profile given stays as it is.

    Checks of active and dropped hypotheses are tested on the new texts. One that is no longer expected to hold on most
    texts, and more often than on others', is dropped; a dropped or new one that tells more takes a free place, or the
    place of one which tells less by a margin. Pinned hypotheses do not change; rejected ones do not come back, neither
    as a statement nor as another check of the same trait; statements without a check stay. A text that the profile
    knows already is not counted twice.

    Args:
        profile: What is known so far.
        new_samples: Further texts of the person, such as a generated text after they have edited it.
        population: The one that the profile was inferred with; the one that ships if None.
        trust: Merge texts that read as somebody else's too, for instance after the person has said they are theirs.

    Raises: SetupError if the profile was inferred with another population.
    """
    against = population or default_population()
    if profile.population not in ("", against.name):
        raise SetupError(
            f"the profile compares with the population {profile.population!r}, not {against.name!r}; give that one"
        )
    own = own_texts(new_samples, frozenset(text.digest for text in profile.texts))
    read = [measured_text(text) for text in own.texts]
    strange = {} if trust else _strangers(profile, read, against)
    merged = [place for place in range(len(read)) if place not in strange]
    texts = [own.texts[place] for place in merged]
    revised = _Revision(profile, [read[place] for place in merged], against).of(texts) if merged else profile
    reasons = [f"text {own.places[place] + 1} {why}" for place, why in strange.items()]
    if strange:
        change = Change(what="held back", n_texts=revised.n_texts, note=counted(len(strange), "text"))
        revised = revised.model_copy(update={"history": (*revised.history, change)})
    return Update(
        profile=revised,
        held_back=tuple(own.places[place] for place in strange),
        reason="; ".join(reasons),
        notes=(*own.notes, *order_notes(texts, 0)),
    )


def _strangers(profile: Profile, read: Sequence[ProfileText], population: Population) -> dict[int, str]:
    """Which of the texts read as somebody else's, and why."""
    likeness = likeness_of(read, profile.texts, population)
    if likeness is None:
        return {}
    strong = [
        parse_check(each.check)
        for each in profile.hypotheses
        if each.used and each.confidence >= STRONG_CONFIDENCE and (each.lift or 0.0) >= STRONG_LIFT
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


class _Revision:
    """One revision of one profile; `of` makes the new profile."""

    def __init__(self, profile: Profile, new: Sequence[ProfileText], population: Population) -> None:
        self._before = profile
        self._new = new
        self._all = (*profile.texts, *new)
        self._population = population

    def of(self, texts: Sequence[str]) -> Profile:
        """The profile after the texts that were measured."""
        tested = [self._tested(each) for each in self._before.hypotheses]
        fresh, n_orders = without_orders(self._new_claims(texts), texts)
        ranked = self._ranked([*tested, *fresh])
        notes = (*self._before.notes, *order_notes(texts, n_orders)) if n_orders else self._before.notes
        return self._before.model_copy(
            update={
                "hypotheses": tuple(ranked),
                "notes": notes,
                "population": self._population.name,
                "history": (*self._before.history, *self._changes(tested, ranked)),
                "traits": traits_of(self._all, self._population),
                "texts": self._all,
            }
        )

    def _tested(self, each: ProfileHypothesis) -> ProfileHypothesis:
        """A hypothesis after its check was tested on the new texts; on all, if it never was."""
        if each.state in ("pinned", "rejected") or not each.check:
            return each
        check = parse_check(each.check)
        n_held, n_tested = held(check, self._new if each.n_tested else self._all)
        weight = max(each.n_tested, 1)
        confidence = round((each.confidence * weight + n_held) / (weight + n_tested), 4)
        others = share_of_others(check, self._population) if each.others is None else each.others
        weak = confidence < MOST_TEXTS or confidence - others < LEAST_LIFT
        changed = {
            "n_held": each.n_held + n_held,
            "n_tested": each.n_tested + n_tested,
            "confidence": confidence,
            "others": others,
            "statement": self._restated(each),
        }
        if weak and each.state == "active":
            changed |= {"state": "dropped", "note": f"held on only {n_held} of {counted(n_tested, 'new text')}"}
        return each.model_copy(update=changed)

    def _restated(self, each: ProfileHypothesis) -> str:
        """The statement with its number brought up to date, if it is one that was measured."""
        check = parse_check(each.check)
        trait = TRAITS[check.trait]
        high = check.sign == ">="
        values = [text.values[check.trait] for text in self._all if check.trait in text.values]
        measured = each.source != "person" and each.statement.startswith(f"{trait.high if high else trait.low}, ")
        return statement(trait, sum(values) / len(values), high) if measured and values else each.statement

    def _new_claims(self, texts: Sequence[str]) -> list[ProfileHypothesis]:
        """Habits of the new texts that the profile says nothing of, by how they do on all texts."""
        known = {each.trait for each in self._before.hypotheses}
        spoken = {each.statement.casefold() for each in self._before.hypotheses}
        found = []
        for claim in distinctive(texts, self._population, len(TRAITS)):
            check = parse_check(claim.check)
            n_held, n_tested = held(check, self._all)
            others = share_of_others(check, self._population)
            each = ProfileHypothesis(
                **claim.model_dump(exclude={"confidence"}),
                confidence=round((n_held + others) / (n_tested + 1), 4),
                state="dropped",
                source="measured",
                n_tested=n_tested,
                n_held=n_held,
                others=others,
                note=OTHERS_TELL_MORE,
            )
            each = each.model_copy(update={"statement": self._restated(each)})
            if check.trait not in known and each.statement.casefold() not in spoken and _tells(each):
                found.append(each)
        return found

    def _ranked(self, hypotheses: Sequence[ProfileHypothesis]) -> list[ProfileHypothesis]:
        """Free places filled, then those of the least telling taken by hypotheses that exceed them by the margin."""
        used = [each for each in hypotheses if each.used]
        waiting = sorted((each for each in hypotheses if each.state == "dropped" and _tells(each)), key=_lift)
        others = [each for each in hypotheses if not each.used and each not in waiting]
        while waiting:
            best = waiting.pop()
            rivals = [each for each in used if self._same_habit(each, best)]
            active = [each for each in used if each.state == "active" and each.check]
            n_active = sum(each.state == "active" for each in used)
            least = min(active, key=_lift, default=None)
            if rivals or (
                n_active >= self._before.n_hypotheses and (least is None or _lift(best) < _lift(least) + MARGIN)
            ):
                others.append(best)
                continue
            if n_active >= self._before.n_hypotheses and least is not None:
                used.remove(least)
                others.append(least.model_copy(update={"state": "dropped", "note": OTHERS_TELL_MORE}))
            used.append(best.model_copy(update={"state": "active", "note": ""}))
        return [*sorted(used, key=lambda each: (each.state != "pinned", -_lift(each))), *others]

    def _same_habit(self, one: ProfileHypothesis, other: ProfileHypothesis) -> bool:
        return bool(one.trait and other.trait) and self._population.related(one.trait, other.trait)

    def _changes(self, tested: Sequence[ProfileHypothesis], ranked: Sequence[ProfileHypothesis]) -> list[Change]:
        """What befell each hypothesis, by kind; pinned ones are told of too."""
        told: dict[str, list[str]] = {"confirmed": [], "weakened": [], "dropped": [], "added": []}
        used = {each.statement for each in ranked if each.used}
        was_used = [(each.used, after.statement) for each, after in zip(self._before.hypotheses, tested, strict=True)]
        for each in (each for each in tested if each.check and each.statement in used):
            n_held, n_tested = held(parse_check(each.check), self._new)
            told["confirmed" if 2 * n_held >= n_tested else "weakened"].append(each.statement)
        told["dropped"] = [words for used_before, words in was_used if used_before and words not in used]
        told["added"] = sorted(used - {words for used_before, words in was_used if used_before})
        new = counted(len(self._new), "new text")
        return [
            Change(what=what, n_texts=len(self._all), statements=tuple(words), note=f"by {new}")  # pyright: ignore
            for what, words in told.items()
            if words
        ]


def _lift(each: ProfileHypothesis) -> float:
    return each.lift if each.lift is not None else -1.0


def _tells(each: ProfileHypothesis) -> bool:
    """Whether a hypothesis is worth stating, by what it promises."""
    return bool(each.check) and each.confidence >= MOST_TEXTS and _lift(each) >= LEAST_LIFT
