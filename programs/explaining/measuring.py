"""Effects of hypotheses, counted from texts and verdicts without a model.

Within one author targets are the units that an interval resamples, since draws for one prompt are alike; over several
authors, authors are (`programs.intervals`). In simulation 94% of the intervals or more hold the truth from five units
on, and of three units hardly any leaves out 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

import numpy as np

from programs.explaining.judging import Slot, slot_of
from programs.explaining.records import (
    Arm,
    Effect,
    Estimate,
    ExplainedAuthor,
    JudgedText,
    Obedience,
    Scope,
    WrittenText,
)
from programs.intervals import clustered_mean
from programs.traits import holds, parse_check
from signatures.hypotheses import Hypothesis

COMPARED: tuple[Arm, ...] = ("without", "swapped")
_Unit = Literal["target", "author"]


@dataclass
class _Differences:
    """Full less changed, pair by pair, before they are averaged."""

    units: list[tuple[str, str]] = field(default_factory=list)
    """Author and target of each pair."""
    scores: list[float | None] = field(default_factory=list)
    wins: list[float | None] = field(default_factory=list)
    n_failed: int = 0
    n_unjudged: int = 0
    n_same: int = 0

    def extend(self, other: "_Differences") -> None:
        """Takes the pairs of another in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Measured:
    """Everything that effects are counted from."""

    authors: Sequence[ExplainedAuthor]
    texts: Sequence[WrittenText]
    judged: Sequence[JudgedText]
    seed: int
    """Of the resampling; each interval has a generator of its own, so that no other number changes it."""


def effects(measured: Measured) -> tuple[Effect, ...]:
    """All effects by judge: single hypotheses, over authors where there are several, whole sets, and noise.

    Within a scope the most useful comes first: the largest by leaving it out.
    """
    texts = {slot_of(text): text for text in measured.texts}
    found: list[Effect] = []
    for judge in dict.fromkeys(each.judge for each in measured.judged):
        verdicts = {slot_of(each): each for each in measured.judged if each.judge == judge}
        parts: dict[tuple[str, Arm, int | None], _Differences] = {
            (author.author, arm, place): _differences(author.author, arm, place, texts, verdicts)
            for author in measured.authors
            for arm, place in _changes(author)
        }
        found += _one_judge(judge, measured, parts)
    return tuple(found)


def _changes(author: ExplainedAuthor) -> Iterator[tuple[Arm, int | None]]:
    yield "none", None
    yield "again", None
    for place in range(len(author.hypotheses)):
        for arm in COMPARED:
            yield arm, place


_Parts = Mapping[tuple[str, Arm, int | None], _Differences]
_WHOLE: tuple[tuple[Scope, Arm, str], ...] = (
    ("the set", "none", "all of them"),
    ("noise", "again", "the same set drawn again"),
)


def _one_judge(judge: str, measured: Measured, parts: _Parts) -> list[Effect]:
    authors = [author for author in measured.authors if author.hypotheses]
    single: list[Effect] = []
    for author in authors:
        for place, hypothesis in enumerate(author.hypotheses):
            for arm in COMPARED:
                about = {"author": author.author, "name": hypothesis.statement, "place": place}
                single += _effect(judge, "hypothesis", arm, parts[author.author, arm, place], measured.seed, **about)
    grouped: list[Effect] = []
    if len(authors) > 1:
        for scope, name, members in _groups(authors):
            for arm in COMPARED:
                joined = _joined([parts[author, arm, place] for author, place in members])
                grouped += _effect(judge, scope, arm, joined, measured.seed, name=name)
    whole: list[Effect] = []
    for scope, arm, name in _WHOLE:
        own = [(author.author, parts[author.author, arm, None]) for author in authors]
        if len(own) > 1:
            whole += _effect(judge, scope, arm, _joined([each for _, each in own]), measured.seed, name=name)
        for author, each in own:
            whole += _effect(judge, scope, arm, each, measured.seed, author=author, name=name)
    return [*_most_useful_first(single), *_most_useful_first(grouped), *whole]


def _groups(authors: Sequence[ExplainedAuthor]) -> Iterator[tuple[Scope, str, list[tuple[str, int]]]]:
    """Scope, name and members of what hypotheses of two authors or more have in common: trait, aspect, or nothing."""
    members: dict[tuple[Scope, str], list[tuple[str, int]]] = {}
    for author in authors:
        for place, each in enumerate(author.hypotheses):
            names: list[tuple[Scope, str]] = [("all hypotheses", "every hypothesis"), ("aspect", each.aspect)]
            if each.check:
                names.append(("trait", parse_check(each.check).trait))
            for name in names:
                members.setdefault(name, []).append((author.author, place))
    for (scope, name), own in members.items():
        if len({author for author, _ in own}) > 1:
            yield scope, name, own


def _differences(
    author: str,
    arm: Arm,
    place: int | None,
    texts: Mapping[Slot, WrittenText],
    verdicts: Mapping[Slot, JudgedText],
) -> _Differences:
    found = _Differences()
    for slot, text in texts.items():
        if (slot.author, slot.arm, slot.place) != (author, arm, place) or slot.full not in texts:
            continue
        if text.error is not None or texts[slot.full].error is not None:
            found.n_failed += 1
            continue
        full, changed = verdicts[slot.full], verdicts[slot]
        found.units.append((author, slot.target_id))
        found.scores.append(None if full.score is None or changed.score is None else full.score - changed.score)
        found.wins.append(None if changed.points is None else 0.5 - changed.points)
        found.n_unjudged += changed.points is None
        found.n_same += text.text == texts[slot.full].text
    return found


def _joined(parts: Sequence[_Differences]) -> _Differences:
    whole = _Differences()
    for part in parts:
        whole.extend(part)
    return whole


def _effect(judge: str, scope: Scope, arm: Arm, found: _Differences, seed: int, **about: Any) -> Iterator[Effect]:
    """The effect, if there was anything to compare."""
    if not (found.units or found.n_failed):
        return
    unit: _Unit = "target" if about.get("author") else "author"
    score = _estimate(found.units, found.scores, unit, seed, inf)
    wins = _estimate(found.units, found.wins, unit, seed, 0.5)
    yield Effect(
        judge=judge,
        scope=scope,
        arm=arm,
        score=score,
        wins=wins,
        n_pairs=sum(a is not None or b is not None for a, b in zip(found.scores, found.wins, strict=True)),
        n_failed=found.n_failed,
        n_unjudged=found.n_unjudged,
        n_same=found.n_same,
        **about,
    )


def _estimate(
    units: Sequence[tuple[str, str]], values: Sequence[float | None], unit: _Unit, seed: int, most: float
) -> Estimate | None:
    known = [(pair, value) for pair, value in zip(units, values, strict=True) if value is not None]
    if not known:
        return None
    names = [target if unit == "target" else author for (author, target), _ in known]
    mean = clustered_mean(
        names,
        np.array([value for _, value in known]),
        rng=np.random.default_rng(seed),
        even=0.0,
        bounds=(-most, most),
    )
    ends = {} if mean.degenerate else {"low": mean.low, "high": mean.high}
    return Estimate(value=mean.value, **ends, n_units=mean.n_authors, unit=unit)


def _most_useful_first(found: Sequence[Effect]) -> list[Effect]:
    """By the effect of leaving out, largest first; both comparisons of a hypothesis stay together."""
    size = {_key(each): each.main.value for each in found if each.arm == "without" and each.main}
    return sorted(found, key=lambda each: -size.get(_key(each), -inf))


def _key(effect: Effect) -> tuple[str, str, str, int | None]:
    return effect.author, effect.scope, effect.name, effect.place


def obedience(measured: Measured) -> tuple[Obedience, ...]:
    """For every hypothesis with a check, how often it holds on texts with it and without it, paired."""
    texts = {slot_of(text): text for text in measured.texts if text.error is None}
    found = []
    for author in measured.authors:
        for place, hypothesis in enumerate(author.hypotheses):
            pairs = [
                (slot.target_id, texts[slot.full].text, text.text)
                for slot, text in texts.items()
                if (slot.author, slot.arm, slot.place) == (author.author, "without", place) and slot.full in texts
            ]
            if hypothesis.check and pairs:
                found.append(_obeyed(author.author, place, hypothesis, pairs, measured.seed))
    return tuple(found)


def _obeyed(
    author: str, place: int, hypothesis: Hypothesis, pairs: Sequence[tuple[str, str, str]], seed: int
) -> Obedience:
    held = np.array([[bool(holds(hypothesis, text)) for text in pair[1:]] for pair in pairs], dtype=float)
    units = [(author, target) for target, _, _ in pairs]
    difference = _estimate(units, list(held[:, 0] - held[:, 1]), "target", seed, 1.0)
    assert difference is not None
    return Obedience(
        author=author,
        place=place,
        check=hypothesis.check,
        with_it=float(held[:, 0].mean()),
        without_it=float(held[:, 1].mean()),
        difference=difference,
        n_pairs=len(pairs),
    )
