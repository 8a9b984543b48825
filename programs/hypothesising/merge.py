"""Merge: each claim once, and none that another denies."""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import dspy

from programs.hypothesising.calls import attempted
from programs.hypothesising.sameness import contradict, says_the_same
from programs.hypothesising.standing import expected_lift, state_of, sure_support
from programs.lms.scope import model_scope
from signatures.errors import counted
from signatures.hypotheses import Hypothesis
from signatures.refining import MergeHypotheses, SamePair

CLEARLY = 0.25
"""Difference of expected support by which one of two contradicting hypotheses stays: more than one text of three makes
(3 of 3 against 2 of 3: 0.20), as much as three texts against none tested do (0.80 against 0.50)."""
MOST_EVIDENCE = 2
"""Quotations of one hypothesis, as its record allows."""
LEAST_LEFT = 0.5
"""Share of the statements that a model's pairs must leave: one that finds nearly all the same did not compare them."""
_ANSWER_TOKENS = 300

H = TypeVar("H", bound=Hypothesis)


class Merged(NamedTuple, Generic[H]):
    """What stays, in the order given, and in words what does not and why."""

    kept: list[H]
    notes: tuple[str, ...]


class Joined(NamedTuple):
    """Places of statements that say the same, in groups of two or more."""

    groups: list[list[int]]
    n_refused: int
    """Pairs that do not count: out of range, of one statement with itself, or saying again what earlier pairs say."""


class Merge(dspy.Module):
    """Merges duplicates: first those that can be told mechanically, then, of statements without a check, by a model.

    The model's pairs count only if both numbers stand in the list and both statements are of one dimension; a pair that
    closes a cycle adds nothing; and where the pairs would leave fewer than half the statements, none counts. One call,
    and none where fewer than two statements are left to compare.
    """

    default_lm = "embedded"

    def __init__(self) -> None:
        """Makes an uncompiled step."""
        super().__init__()
        self.merge = dspy.Predict(MergeHypotheses, max_tokens=_ANSWER_TOKENS)

    def forward(self, hypotheses: Sequence[Hypothesis]) -> dspy.Prediction:
        """Merges; what is pinned, rejected or dropped stays, and what says the same as something rejected goes.

        Returns: a Prediction with `hypotheses` (tuple, of the records given), `n_failed` (1 if the model gave no usable
        answer, and only the mechanical pass counts), `n_refused` (pairs that could not be meant) and `notes`, in words.

        Raises: SetupError if the model cannot be asked at all.
        """
        kept, notes = merged(hypotheses)
        read = [each for each in kept if not each.check and state_of(each) == "active"]
        if len(read) < 2:
            return dspy.Prediction(hypotheses=tuple(kept), n_failed=0, n_refused=0, notes=notes)
        numbered = [f"{number}. {each.statement}" for number, each in enumerate(read, 1)]
        with model_scope(self.default_lm):
            outcome = attempted(lambda: list(self.merge(statements=numbered).same))
        if outcome.value is None:
            failed = f"compared mechanically only: the model gave no usable answer ({outcome.error})"
            return dspy.Prediction(hypotheses=tuple(kept), n_failed=1, n_refused=0, notes=(*notes, failed))
        joined = believed_pairs(outcome.value, read)
        final, told = _without_repeats(kept, _one_group_each([[read[place] for place in g] for g in joined.groups]))
        refused = (f"{counted(joined.n_refused, 'pair')} of the model's left out: no two statements that say the same",)
        return dspy.Prediction(
            hypotheses=tuple(final),
            n_failed=0,
            n_refused=joined.n_refused,
            notes=(*notes, *told, *(refused if joined.n_refused else ())),
        )


def merged(hypotheses: Sequence[H]) -> Merged[H]:
    """Each claim once, without a model: duplicates are pooled, then contradictions resolved.

    Of duplicates (`programs.hypothesising.sameness`) the one with the most lift stays, then one with a check, the one
    with most quotations, the surest, the first; quotations of the others fill its own up to two. Of two that claim
    much and little of one trait both go, unless one is pinned or has clearly more support. Pinned hypotheses stay as
    they are, rejected and dropped ones too; what says the same as a rejected one goes. Merging twice changes nothing.

    Returns: the hypotheses that stay, in the order given, and a note on each that does not.
    """
    kept, repeated = _without_repeats(hypotheses, says_the_same)
    sound, denied = _without_contradictions(kept)
    return Merged(sound, (*repeated, *denied))


def joined_pairs(pairs: Sequence[SamePair], n: int) -> Joined:
    """The groups that pairs of numbers from 1 to n make of n statements, as places from 0."""
    group = list(range(n))
    n_refused = 0
    for pair in pairs:
        if not (1 <= pair.first <= n and 1 <= pair.second <= n):
            n_refused += 1
            continue
        one, other = group[pair.first - 1], group[pair.second - 1]
        n_refused += one == other
        group = [min(one, other) if each in (one, other) else each for each in group]
    groups = [[place for place in range(n) if group[place] == name] for name in dict.fromkeys(group)]
    return Joined([each for each in groups if len(each) > 1], n_refused)


def believed_pairs(pairs: Sequence[SamePair], read: Sequence[Hypothesis]) -> Joined:
    """The groups that a model's pairs make of statements, as far as the pairs can be meant."""
    like = [pair for pair in pairs if not _of_two_dimensions(pair, read)]
    joined = joined_pairs(like, len(read))
    n_left = len(read) - sum(len(group) - 1 for group in joined.groups)
    if n_left < LEAST_LEFT * len(read):
        return Joined([], len(pairs))
    return Joined(joined.groups, joined.n_refused + len(pairs) - len(like))


def _of_two_dimensions(pair: SamePair, read: Sequence[Hypothesis]) -> bool:
    numbers = (pair.first, pair.second)
    if not all(1 <= number <= len(read) for number in numbers):
        return False
    return len({read[number - 1].dimension for number in numbers}) > 1


def _one_group_each(groups: Sequence[Sequence[Hypothesis]]) -> Callable[[Hypothesis, Hypothesis], bool]:
    """Whether two hypotheses stand in one group."""

    def same(one: Hypothesis, other: Hypothesis) -> bool:
        return any(any(one is each for each in group) and any(other is each for each in group) for group in groups)

    return same


def _without_repeats(
    hypotheses: Sequence[H], same: Callable[[Hypothesis, Hypothesis], bool]
) -> tuple[list[H], tuple[str, ...]]:
    """The strongest of each claim, with the quotations of the others."""
    notes = []
    rejected = [each for each in hypotheses if state_of(each) == "rejected"]
    used = [place for place, each in enumerate(hypotheses) if state_of(each) in ("active", "pinned")]
    keepers: dict[int, list[str]] = {}
    gone: set[int] = set()
    for place in sorted(used, key=lambda place: _strength(hypotheses[place]), reverse=True):
        each = hypotheses[place]
        pinned = state_of(each) == "pinned"
        keeper = next((one for one in keepers if same(hypotheses[one], each)), None)
        if not pinned and any(same(each, one) for one in rejected):
            gone.add(place)
            notes.append(f"left out {each.statement!r}: says what was rejected")
        elif not pinned and keeper is not None:
            gone.add(place)
            keepers[keeper] += each.evidence
            notes.append(f"left out {each.statement!r}: says the same as {hypotheses[keeper].statement!r}")
        else:
            keepers[place] = []
    kept = [_pooled(each, keepers.get(place, ())) for place, each in enumerate(hypotheses) if place not in gone]
    return kept, tuple(notes)


def _without_contradictions(hypotheses: Sequence[H]) -> tuple[list[H], tuple[str, ...]]:
    used = [each for each in hypotheses if state_of(each) in ("active", "pinned")]
    notes, gone = [], []
    for place, one in enumerate(used):
        for other in used[place + 1 :]:
            if contradict(one, other):
                stay, go = _resolved(one, other)
                gone += go
                so = (
                    f"kept {stay[0].statement!r}"
                    if len(stay) == 1
                    else "kept both, pinned"
                    if stay
                    else "left out both"
                )
                notes.append(f"{one.statement!r} and {other.statement!r} contradict each other: {so}")
    return [each for each in hypotheses if not any(each is one for one in gone)], tuple(notes)


def _resolved(one: Hypothesis, other: Hypothesis) -> tuple[list[Hypothesis], list[Hypothesis]]:
    """Which of two contradicting hypotheses stay, and which go."""
    pinned = [each for each in (one, other) if state_of(each) == "pinned"]
    if pinned:
        return pinned, [each for each in (one, other) if state_of(each) != "pinned"]
    better, worse = sorted((one, other), key=sure_support, reverse=True)
    return ([better], [worse]) if sure_support(better) - sure_support(worse) >= CLEARLY else ([], [better, worse])


def _strength(hypothesis: Hypothesis) -> tuple[bool, float, bool, int, float]:
    lift = expected_lift(hypothesis)
    return (
        state_of(hypothesis) == "pinned",
        -1.0 if lift is None else lift,
        bool(hypothesis.check),
        len(hypothesis.evidence),
        hypothesis.confidence,
    )


def _pooled(hypothesis: H, more: Sequence[str]) -> H:
    """The hypothesis with quotations of others after its own, if it has room and is not a person's word."""
    spans = tuple(dict.fromkeys((*hypothesis.evidence, *more)))[:MOST_EVIDENCE]
    if state_of(hypothesis) == "pinned" or spans == hypothesis.evidence:
        return hypothesis
    return hypothesis.model_copy(update={"evidence": spans})
