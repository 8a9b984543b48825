"""Whom a text must beat while a program is compiled: a fixed system, or the best program that the search has found.

An opponent is a mapping from target id to its text, which is what `programs.contest.WinMetric` takes as a baseline.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dspy

from programs.contest import WinMetric
from programs.feedback import TellingMetric
from programs.ratings import bradley_terry, expected
from signatures.errors import unknown

OPPONENTS = ("baseline", "champion", "self")
"""What `--opponent` takes: texts without personalisation, those of the task's champion, the best so far."""
FIRST = "first opponent"
"""The contestant that a `BestSoFar` begins with."""
N_RIVALS = 3
"""Best rated contestants that a new one meets, beside the first; no text is written for it."""

Compare = Callable[[str, str, str], float]
"""(target id, a text, another) to the points of the former, in [0, 1]."""


def check_opponent(name: str) -> None:
    """Raises: SetupError for an opponent that there is not, listing those there are."""
    if name not in OPPONENTS:
        raise unknown("opponent", name, OPPONENTS)


class FixedOpponent(Mapping[str, str]):
    """A system whose texts do not change, such as zero-shot or the champion."""

    def __init__(self, name: str, texts: Mapping[str, str]) -> None:
        """Holds `texts`, target id to text."""
        self.name = name
        self._texts = dict(texts)

    def __getitem__(self, target_id: str) -> str:
        """Its text for a target."""
        return self._texts[target_id]

    def __iter__(self) -> Iterator[str]:
        """The targets that it has a text for."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many they are."""
        return len(self._texts)


@dataclass
class _Contestant:
    name: str
    texts: Mapping[str, str] = field(default_factory=dict)


class BestSoFar(Mapping[str, str]):
    """The best trial so far, and before there is one a first opponent; its texts change as better ones are found.

    While a trial runs, `heard` keeps its texts; when it ends, `end_trial` has it meet the first opponent and the best
    rated ones on the targets that both answered, which asks the judge and nobody else. Ratings by Bradley and Terry
    over all these meetings say who is best, so everybody is scored again whenever somebody new comes. Safe for threads,
    but one trial at a time.
    """

    name = "self"

    def __init__(
        self, first: Mapping[str, str], targets: Collection[str], compare: Compare, n_rivals: int = N_RIVALS
    ) -> None:
        """Begins with the first opponent alone.

        Args:
            first: Target id to text, for every target that may come up.
            targets: Those that trials are scored on; texts for others, such as of a bootstrapping run, are not kept.
            compare: Who wins a target, by the judge.
            n_rivals: How many of the best rated a new contestant meets.
        """
        self._first = _Contestant(FIRST, dict(first))
        self._contestants = [self._first]
        self._targets = frozenset(targets)
        self._compare = compare
        self._n_rivals = n_rivals
        self._points: dict[tuple[str, str], float] = {}
        self._ratings: dict[str, float] = {FIRST: 0.0}
        self._best = self._first
        self._heard: dict[str, str] = {}
        self._lock = threading.Lock()

    def __getitem__(self, target_id: str) -> str:
        """The best trial's text, or the first opponent's for a target that no trial is scored on."""
        best = self._best.texts
        return best[target_id] if target_id in best else self._first.texts[target_id]

    def __iter__(self) -> Iterator[str]:
        """The targets that there is a text for."""
        return iter(self._first.texts)

    def __len__(self) -> int:
        """How many they are."""
        return len(self._first.texts)

    @property
    def best(self) -> str:
        """The name of the trial that is now the opponent, or `FIRST`."""
        return self._best.name

    @property
    def standing(self) -> float:
        """The chance that the present opponent beats the first one, by their ratings."""
        return self.scores()[self._best.name]

    def heard(self, target_id: str, text: str) -> None:
        """Keeps a text of the trial that runs."""
        if target_id in self._targets:
            with self._lock:
                self._heard[target_id] = text

    def end_trial(self, name: str) -> None:
        """Rates the trial whose texts were heard, and makes it the opponent if it is now the best.

        A trial that answered fewer targets than another is rated, and does not become the opponent: a few lucky
        targets make no champion. One without a text is forgotten.

        Raises: ValueError for a name that is taken; what the judge raises, and then the trial counts as not run.
        """
        with self._lock:
            if any(name == known.name for known in self._contestants):
                raise ValueError(f"a trial called {name!r} has ended already")
            texts, self._heard = self._heard, {}
        if not texts:
            return
        new = _Contestant(name, texts)
        for rival in self._rivals():
            self._meet(new, rival)
        self._contestants.append(new)
        self._ratings = bradley_terry(self._points)
        whole = [each for each in self._contestants if each is self._first or len(each.texts) >= self._n_needed()]
        # Of equals the earlier stays, so that nobody is dethroned by a draw.
        self._best = max(whole, key=lambda each: self._ratings.get(each.name, 0.0))

    def ratings(self) -> dict[str, float]:
        """Contestant to its rating over the first opponent's, in log-odds, 0 for the first."""
        return {name: rating - self._ratings[FIRST] for name, rating in self._ratings.items()}

    def scores(self) -> dict[str, float]:
        """Contestant to its chance of beating the first opponent, by all meetings so far; one half for the first."""
        return {name: expected(rating, 0.0) for name, rating in self.ratings().items()}

    def _rivals(self) -> Sequence[_Contestant]:
        others = [each for each in self._contestants if each is not self._first]
        others.sort(key=lambda each: -self._ratings[each.name])
        return [self._first, *others[: self._n_rivals]]

    def _meet(self, new: _Contestant, rival: _Contestant) -> None:
        shared = [target for target in new.texts if target in rival.texts]
        won = sum(self._compare(target, new.texts[target], rival.texts[target]) for target in shared)
        self._points[new.name, rival.name] = won
        self._points[rival.name, new.name] = len(shared) - won

    def _n_needed(self) -> int:
        return max((len(each.texts) for each in self._contestants if each is not self._first), default=0)


@dataclass(frozen=True)
class SelfPlay:
    """A metric against the best so far, on one scale while that moves.

    A win over a strong opponent is worth more than one over the first. A fraction p of points becomes
    s + 2 min(s, 1 - s) (p - 1/2), where s is the opponent's chance of beating the first: a tie is worth what the
    opponent is worth, a better text more, and the mean over targets is above s exactly if the points are above one
    half. While the first opponent stands, s is one half and nothing changes.
    """

    metric: TellingMetric
    """Against `opponent`."""
    opponent: BestSoFar

    def __call__(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> float | bool | dspy.Prediction:
        """A fraction in [0, 1]; with a trace whether it beats the opponent; with a predictor's name also words."""
        if pred_name is not None:
            said = self.metric.told(gold, pred)
            return dspy.Prediction(score=on_scale(said.score, self.opponent.standing), feedback=said.feedback)
        if trace is not None:
            return self.metric(gold, pred, trace)
        points = float(self.metric.metric(gold, pred))
        self.opponent.heard(gold.target_id, pred.text)
        return on_scale(points, self.opponent.standing)

    def feedback(self, gold: dspy.Example, pred: Any) -> str:
        """What was wrong with a text, beside the opponent's."""
        return self.metric.feedback(gold, pred)


def on_scale(points: float, standing: float) -> float:
    """Points against an opponent as a fraction on the scale of the first; see `SelfPlay`."""
    return standing + 2 * min(standing, 1 - standing) * (points - 0.5)


def judged_by(metric: WinMetric) -> Compare:
    """Who wins a target, by the judge and on the scale of a metric, whatever that metric compares with."""

    def compare(target_id: str, text: str, other: str) -> float:
        against = replace(metric, baseline={target_id: other})
        return float(against(dspy.Example(target_id=target_id), dspy.Prediction(text=text)))

    return compare
