"""What stands in a profile after new texts: everything measured anew from all texts, the person's word kept.

All that a profile keeps of a text is enough to find, test and rank its habits again, so that a revised profile uses the
same habits as one inferred from all texts at once; only quotations come from the new texts alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from programs.profiles.inferring import order_notes, without_orders
from programs.profiles.measurements import held, share_of_others, traits_of
from programs.profiles.ranking import Habit, habit_of, lift_of, ranked, tested
from programs.profiles.record import Profile, ProfileHypothesis, ProfileText
from programs.profiles.verifying import measured_hypotheses
from programs.traits import TRAITS, Population, parse_check
from signatures.generation import MAX_HYPOTHESES
from signatures.hypotheses import Hypothesis

EDITS_THAT_DECIDE = 2
"""So many more edits for a habit than against it bring it in, whatever the texts say; as many against it drop it."""
EDITED_AWAY = "the person's edits go against it"
NO_LONGER_TELLS = "no longer tells the person from others"


@dataclass(frozen=True)
class News:
    """What a profile is revised by."""

    texts: Sequence[str]
    """New texts, from which quotations are taken."""
    read: Sequence[ProfileText]
    """Their measurements."""
    told: Sequence[Hypothesis] = ()
    """What a model stated of them."""
    votes: Mapping[Habit, int] | None = None
    """Of an edit: 1 for each habit that it moved a text towards, -1 where it moved away; None of texts."""
    suggested: Sequence[ProfileHypothesis] = ()
    """Habits that an edit moved a text towards, the furthest first."""


def revised(profile: Profile, news: News, population: Population) -> Profile:
    """The profile that rests on its texts and the new ones, its history not yet told.

    Raises: SetupError if a check of the profile cannot be read.
    """
    read = (*profile.texts, *news.read)
    measured, n_orders = without_orders(measured_hypotheses(news.texts, read, population), news.texts)
    hypotheses = _Standing(profile, news, measured, read, population).hypotheses()
    notes = (*profile.notes, *order_notes(news.texts, n_orders)) if n_orders else profile.notes
    return profile.model_copy(
        update={
            "hypotheses": tuple(hypotheses),
            "notes": tuple(dict.fromkeys(notes)),
            "population": population.name,
            "traits": traits_of(read, population),
            "texts": read,
        }
    )


def settled(each: ProfileHypothesis) -> bool:
    """Whether no measurement decides about a hypothesis: the person has, or only a reader can."""
    return each.state in ("pinned", "rejected") or each.source == "person" or not each.check


class _Standing:
    """One revision of the hypotheses of one profile."""

    def __init__(
        self,
        profile: Profile,
        news: News,
        measured: Sequence[ProfileHypothesis],
        read: Sequence[ProfileText],
        population: Population,
    ) -> None:
        self._news = news
        self._read = read
        self._population = population
        self._n = profile.n_hypotheses
        self._settled = [each for each in profile.hypotheses if settled(each)]
        self._open: dict[Habit | None, ProfileHypothesis] = {}
        for each in profile.hypotheses:
            if not settled(each):
                self._open.setdefault(habit_of(each), each)
        before = {habit: each.edits for habit, each in self._open.items() if habit}
        new = news.votes or {}
        self._votes = {habit: before.get(habit, 0) + new.get(habit, 0) for habit in (*before, *new)}
        self._measured = [self._merged(each) for each in measured if self._allowed(each)]

    def hypotheses(self) -> list[ProfileHypothesis]:
        """All of them, the used ones first, pinned before others and then the most telling."""
        kept = [self._counted(each) for each in self._settled]
        kept += self._newly_said(kept)
        gone = self._gone()
        open_now = [*self._measured, *gone]
        told = [self._tested(each) for each in self._news.told if each.check and self._allowed(each)]
        stated = [each for each in open_now if each.source == "model"]
        asked_for = [each for each in open_now if self._votes.get(habit_of(each) or ("", ""), 0) >= EDITS_THAT_DECIDE]
        first = list({habit_of(each): each for each in (*stated, *told, *asked_for)}.values())
        n_free = self._n - sum(each.state == "active" for each in kept)
        found = ranked(first, [*self._measured, *gone, *self._suggested()], max(n_free, 0))
        used = [each for each in (*kept, *found) if each.used]
        used.sort(key=lambda each: (each.state != "pinned", -lift_of(each)))
        return [*used, *(each for each in (*kept, *found) if not each.used)]

    def _allowed(self, each: Hypothesis) -> bool:
        """Whether neither the person nor a statement that stays speaks of the same habit."""
        habit, words = habit_of(each), each.statement.casefold()
        return not any(one.statement.casefold() == words or (habit and self._bars(one, habit)) for one in self._settled)

    def _bars(self, one: ProfileHypothesis, habit: Habit) -> bool:
        """Whether a settled hypothesis leaves no room for a habit; of a rejected one the opposite may be true."""
        known = habit_of(one)
        if known is None or one.state == "dropped":
            return False
        if one.state == "rejected" and known[0] == habit[0]:
            return known == habit
        return self._population.related(known[0], habit[0])

    def _merged(self, each: ProfileHypothesis) -> ProfileHypothesis:
        """A measured habit with what the profile has of it: quotations, a person's words and notes, votes of edits."""
        before = self._open.get(habit_of(each))
        if before is None:
            return self._voted(each)
        changed = {"evidence": before.evidence or each.evidence, "source": before.source}
        if not _measured_words(before):
            changed["statement"] = before.statement
        if before.used and each.used:
            changed["note"] = before.note
        return self._voted(each.model_copy(update=changed))

    def _voted(self, each: ProfileHypothesis) -> ProfileHypothesis:
        """With the votes of edits, which decide where there are enough."""
        votes = self._votes.get(habit_of(each) or ("", ""), 0)
        changed: dict[str, object] = {"edits": votes}
        if votes >= EDITS_THAT_DECIDE:
            changed |= {"state": "active", "note": ""}
        elif votes <= -EDITS_THAT_DECIDE:
            changed |= {"state": "dropped", "note": EDITED_AWAY}
        return each.model_copy(update=changed)

    def _gone(self) -> list[ProfileHypothesis]:
        """Open hypotheses of habits that stand out no more: a model's are tested, others dropped."""
        present = {habit_of(each) for each in self._measured}
        gone = [each for habit, each in self._open.items() if habit not in present]
        return [self._retested(each) for each in gone]

    def _retested(self, each: ProfileHypothesis) -> ProfileHypothesis:
        if each.source == "model" and self._allowed(each):
            return self._voted(tested(each.plain(), (), self._read, self._population))
        n_held, n_tested = held(parse_check(each.check), self._read)
        changed = {
            "state": "dropped",
            "n_held": n_held,
            "n_tested": n_tested,
            "confidence": round((n_held + 1) / (n_tested + 2), 4),
            "note": NO_LONGER_TELLS if each.used else each.note,
        }
        dropped = each.model_copy(update=changed)
        return self._voted(dropped) if self._allowed(each) else dropped

    def _tested(self, told: Hypothesis) -> ProfileHypothesis:
        return self._voted(tested(told, self._measured, self._read, self._population))

    def _counted(self, each: ProfileHypothesis) -> ProfileHypothesis:
        """A hypothesis of the person's own with how it does on the texts; others that are settled as they are."""
        if each.state in ("pinned", "rejected") or not each.check:
            return each
        check = parse_check(each.check)
        n_held, n_tested = held(check, self._read)
        others = share_of_others(check, self._population)
        return each.model_copy(update={"n_held": n_held, "n_tested": n_tested, "others": others})

    def _newly_said(self, kept: Sequence[ProfileHypothesis]) -> list[ProfileHypothesis]:
        """What a model says that nothing measures, as far as the profile has room: it would push out what is tested."""
        said = [each for each in kept if each.used and each.source == "model"]
        room = max(MAX_HYPOTHESES - len(said), 0)
        new = {each.statement.casefold(): each for each in self._news.told if not each.check and self._allowed(each)}
        return [tested(each, (), (), self._population) for each in list(new.values())[:room]]

    def _suggested(self) -> list[ProfileHypothesis]:
        present = {*self._open, *(habit_of(each) for each in self._measured)}
        return [
            self._voted(each) for each in self._news.suggested if habit_of(each) not in present and self._allowed(each)
        ]


def _measured_words(each: ProfileHypothesis) -> bool:
    """Whether a statement is one that measuring makes, so that its number can be brought up to date."""
    check = parse_check(each.check)
    trait = TRAITS[check.trait]
    return each.statement.startswith(f"{trait.high if check.sign == '>=' else trait.low}, ")
