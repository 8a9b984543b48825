"""What was wrong with a text, in words, for optimizers that reflect: what the judge preferred, which habits are off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy

from programs.constraints import Constraint, consistent, constraints_of
from programs.contest import Scores, WinMetric
from programs.habits import N_HABITS, measured_habits
from programs.judges.judge import Preference
from programs.judges.opinions import NoVerdict, Opinion, opinions
from programs.judges.validation import answer
from programs.once import Once
from programs.traits import Population
from signatures.hypotheses import Hypothesis

MOST_TOLD = 4
"""Habits, and hypotheses, that one text is told of: a model that reflects reads dozens of texts at once."""
_MOST_CHARACTERS = 300
_POINTS: Mapping[Preference, float] = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True)
class TellingMetric:
    """A win metric that also says why, in every form that DSPy asks for.

    Called as the metric it wraps: (example, prediction) gives a fraction for search, with a trace whether the
    prediction wins, for bootstrapping. Called with the name of a predictor (GEPA, five arguments), and by `told` in any
    case, it gives `dspy.Prediction(score=..., feedback=...)`; the score is the fraction, also where there is a trace,
    since GEPA compares it with that of a search. Examples carry `samples` where the author's habits are to be told.
    """

    metric: WinMetric
    n_habits: int = N_HABITS
    """Distinctive habits of the author's samples that a text is held against."""
    population: Population | None = None
    """Whom these are told from; the one that ships if None."""
    _habits: Once = field(default_factory=Once, repr=False, compare=False)

    def __call__(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> float | bool | dspy.Prediction:
        """A fraction in [0, 1]; with a trace whether it wins; with a predictor's name the fraction and words.

        Raises: what the judge raises, such as `NoVerdict`.
        """
        return self.metric(gold, pred, trace) if pred_name is None else self.told(gold, pred, trace, pred_name)

    def told(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> dspy.Prediction:
        """Score and feedback, however many arguments DSPy gives: a metric for GEPA and SIMBA.

        Raises: as `__call__`.
        """
        opinion = self._opinion(gold, pred)
        score = float(self.metric(gold, pred)) if isinstance(self.metric.judge, Scores) else _POINTS[_verdict(opinion)]
        return dspy.Prediction(score=score, feedback=self._words(gold, pred, opinion, score))

    def feedback(self, gold: dspy.Example, pred: Any) -> str:
        """The words alone.

        Raises: as `__call__`.
        """
        return self.told(gold, pred).feedback

    def _opinion(self, gold: dspy.Example, pred: Any) -> Opinion:
        """The judge's, asked as the metric asks; one that the metric has paid for already comes from the cache."""
        target = self.metric.targets[gold.target_id]
        texts = [answer(target, text) for text in (pred.text, self.metric.baseline[target.id])]
        return opinions(self.metric.judge, [target.author], texts[:1], texts[1:])[0]

    def _words(self, gold: dspy.Example, pred: Any, opinion: Opinion, score: float) -> str:
        text = answer(self.metric.targets[gold.target_id], pred.text)
        ignored = _ignored(getattr(pred, "hypotheses", None) or (), text)
        habits = self._habits_of(gold)
        off = _off(habits, text, known=[each.parsed.trait for each, _ in ignored])
        parts = [
            f"Score {score:.2f}, where 0.5 is as good as the text it is compared with and 1 is best.",
            _judged(opinion),
            _listed("Off from how this author writes, by what is measured in the author's texts:", off),
            _listed("Hypotheses about the author that this text ignores:", [words for _, words in ignored]),
            _dropped(pred),
        ]
        if habits and not (off or ignored):
            parts.append("Nothing that is measured of the author is off in this text.")
        return "\n".join(filter(None, parts))

    def _habits_of(self, gold: dspy.Example) -> tuple[Constraint, ...]:
        """What is distinctive of the author's samples, as constraints; measured once for the same samples."""
        samples = tuple(_text(sample) for sample in gold.get("samples") or ())
        return self._habits(samples, lambda: self._measured(samples))

    def _measured(self, samples: Sequence[str]) -> tuple[Constraint, ...]:
        habits = measured_habits(samples, self.n_habits, self.population)
        return consistent(constraints_of(habits, samples)).kept


def _off(habits: Sequence[Constraint], text: str, known: Sequence[str]) -> list[str]:
    """What a text would change to show the habits, farthest off first, but for traits that are told already."""
    missed = [(each.distance(text), each) for each in habits if each.parsed.trait not in known]
    # Sorting by distance alone keeps the order of habits, most telling first, among equals.
    missed.sort(key=lambda pair: -pair[0])
    return [each.advice(text) for distance, each in missed[:MOST_TOLD] if distance]


def _ignored(hypotheses: Sequence[Hypothesis], text: str) -> list[tuple[Constraint, str]]:
    """The hypotheses whose check does not hold on a text, farthest off first, each with what was found."""
    found: list[tuple[float, Constraint, str]] = []
    for hypothesis in hypotheses:
        for constraint in constraints_of([hypothesis]):
            words = f'"{_line(hypothesis.statement)}" ({constraint.finding(text)})'
            found.append((constraint.distance(text), constraint, words))
    found.sort(key=lambda each: -each[0])
    return [(constraint, words) for distance, constraint, words in found[:MOST_TOLD] if distance]


def _judged(opinion: Opinion) -> str:
    """What the judge said; it reads the text first and the one it is compared with second."""
    if opinion.preference is None:
        return f"The judge gave no verdict: {_line(opinion.error or '')}"
    said = {
        "a": "The judge prefers this text, which it read first",
        "b": "The judge prefers the other text, which it read second",
        "tie": "The judge prefers neither text",
    }[opinion.preference]
    reason = _line(opinion.reason.removeprefix(f"{opinion.preference}:"))
    return f"{said}{f': {reason}' if reason else ''}."


def _dropped(pred: Any) -> str:
    n_dropped = getattr(pred, "n_dropped", 0)
    if not n_dropped:
        return ""
    return f"Claims and quotations that hold on none of the author's texts, and were dropped: {n_dropped}."


def _verdict(opinion: Opinion) -> Preference:
    if opinion.preference is None:
        raise NoVerdict(opinion.error)
    return opinion.preference


def _listed(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([heading, *(f"- {line}" for line in lines)]) if lines else ""


def _line(words: str) -> str:
    return " ".join(words.split())[:_MOST_CHARACTERS].rstrip(" .")


def _text(sample: Any) -> str:
    return sample if isinstance(sample, str) else sample.text
