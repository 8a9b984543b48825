"""What befell the hypotheses of a profile, for its history."""

from collections.abc import Mapping, Sequence

from programs.profiles.measurements import held
from programs.profiles.ranking import Habit, habit_of
from programs.profiles.record import Change, Profile, ProfileHypothesis
from programs.profiles.revision import News
from programs.traits import Population, parse_check


def changes(before: Profile, after: Profile, news: News, by: str, population: Population) -> tuple[Change, ...]:
    """What the news confirmed, weakened, dropped, replaced, added and suggested; pinned hypotheses are told of too.

    Texts confirm what holds on half of them or more. An edit confirms what it moved a text towards and weakens what it
    moved it away from; it is silent on the rest, which is the draft's.

    Args:
        before: The profile before.
        after: The one that was revised.
        news: What it was revised by.
        by: Who brought it about, such as "1 new text".
        population: Which tells which habits are much the same: one dropped and one added make a replacement.
    """
    was, now = _used(before), _used(after)
    stayed = [each for key, each in now.items() if key in was and each.check]
    confirmed, weakened = _tests_of(stayed, news) if news.votes is None else _votes_on(stayed, news.votes)
    dropped = [each for key, each in was.items() if key not in now]
    added = [each for key, each in now.items() if key not in was]
    replaced = _replaced(dropped, added, population)
    pairs = [each.statement for pair in replaced for each in pair]
    gone = {id(each) for pair in replaced for each in pair}
    new = {habit_of(each) for each in news.suggested}
    suggested = [each for each in after.hypotheses if not each.used and habit_of(each) in new and each.edits > 0]
    told = {
        "confirmed": [each.statement for each in confirmed],
        "weakened": [each.statement for each in weakened],
        "dropped": [each.statement for each in dropped if id(each) not in gone],
        "replaced": pairs,
        "added": sorted(each.statement for each in added if id(each) not in gone),
        "suggested": [each.statement for each in suggested],
    }
    return tuple(
        Change(what=what, n_texts=after.n_texts, statements=tuple(words), note=f"by {by}")  # pyright: ignore
        for what, words in told.items()
        if words
    )


def same_habits_used(one: Profile, other: Profile) -> bool:
    """Whether two profiles use the same habits and statements, whatever their numbers."""
    return set(_used(one)) == set(_used(other))


def _used(profile: Profile) -> dict[Habit | str, ProfileHypothesis]:
    """Used hypotheses by their habit, or by their words where they have no check."""
    return {habit_of(each) or each.statement.casefold(): each for each in profile.hypotheses if each.used}


Split = tuple[list[ProfileHypothesis], list[ProfileHypothesis]]


def _tests_of(stayed: Sequence[ProfileHypothesis], news: News) -> Split:
    """Those that hold on half of the new texts or more, and the others."""
    counts = [(each, *held(parse_check(each.check), news.read)) for each in stayed]
    return [each for each, n, of in counts if 2 * n >= of], [each for each, n, of in counts if 2 * n < of]


def _votes_on(stayed: Sequence[ProfileHypothesis], votes: Mapping[Habit, int]) -> Split:
    """Those that the edit speaks for, and those that it speaks against."""
    found = [(each, votes.get(habit_of(each) or ("", ""), 0)) for each in stayed]
    return [each for each, vote in found if vote > 0], [each for each, vote in found if vote < 0]


def _replaced(
    dropped: Sequence[ProfileHypothesis], added: Sequence[ProfileHypothesis], population: Population
) -> list[tuple[ProfileHypothesis, ProfileHypothesis]]:
    """Old and new hypotheses of much the same habit; each takes part once."""
    free, pairs = [each for each in added if each.check], []
    for old in (each for each in dropped if each.check):
        new = next((each for each in free if population.related(old.trait, each.trait)), None)
        if new is not None:
            free.remove(new)
            pairs.append((old, new))
    return pairs
