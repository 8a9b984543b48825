"""Two systems on the same targets, judged: the metric that optimizers maximise and the rows that a ledger keeps."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import dspy
import numpy as np

from data.sentences import count_words
from programs.answers import Answer
from programs.bench import Case, Target
from programs.judges import Judge, Preference
from programs.judges.opinions import Opine, Opinion, opinions
from programs.judges.validation import answer, within
from programs.ledger import LedgerRow, Order
from programs.metrics import Verdict
from signatures.records import AuthorCase

_VERDICTS: dict[Order, dict[Preference, Verdict]] = {
    "candidate-first": {"a": "candidate", "b": "baseline", "tie": "tie"},
    "baseline-first": {"a": "baseline", "b": "candidate", "tie": "tie"},
}


@runtime_checkable
class Scores(Protocol):
    """A judge that says by how much."""

    def score(self, author: str, text: str) -> float:
        """Log-odds that the author wrote the text."""
        ...


@dataclass(frozen=True)
class WinMetric:
    """How likely a prediction wins against the baseline's text for the same target, as DSPy wants a metric.

    Called by optimizers as (example, prediction, trace): without a trace it gives a soft win, the logistic of the gap
    between both texts' log-odds, so that the mean over a dozen targets tells programs apart that win them all; a
    judge without scores gives 1, 0.5 or 0. With a trace (bootstrapping) it gives whether the prediction wins.
    """

    judge: Judge
    baseline: Mapping[str, str]
    """Target id to the baseline's text."""
    targets: Mapping[str, Target]
    """Target id to target."""
    scale: float = 1.0
    """Gap in log-odds that makes one unit of the logistic; see `real_scale`."""

    def __call__(self, example: dspy.Example, prediction: Any, trace: Any = None, *_: Any) -> float | bool:
        """A fraction in [0, 1], or whether it wins."""
        target = self.targets[example.target_id]
        mine, other = answer(target, prediction.text), answer(target, self.baseline[target.id])
        if trace is not None or not isinstance(self.judge, Scores):
            points = {"a": 1.0, "tie": 0.5, "b": 0.0}[self.judge.prefers(target.author, mine, other)]
            return points if trace is None else points == 1.0
        gap = self.judge.score(target.author, mine) - self.judge.score(target.author, other)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, gap / self.scale))))


def real_scale(judge: Judge, targets: Mapping[str, Any], baseline: Mapping[str, str]) -> float:
    """The scale at which the authors' own texts win with probability 0.95 on average over the gap in log-odds.

    A metric on this scale is 0.5 for the baseline and does not saturate before a text is as much the author's as
    their own. At least 1, the scale of the log-odds themselves.
    """
    if not isinstance(judge, Scores):
        return 1.0
    gaps = [
        judge.score(target.author, answer(target, target.text))
        - judge.score(target.author, answer(target, baseline[name]))
        for name, target in targets.items()
        if name in baseline
    ]
    return max(1.0, sum(gaps) / max(len(gaps), 1) / math.log(19))


By = Literal["author", "target_id"]
"""What of a row a judge is asked about: whose texts it knows, or what it knows of the target itself."""


def _sample(case: Any, target: Target, answer: Answer) -> dict[str, str]:
    return {"sample": case.samples[0].text if case.samples else ""}


@dataclass(frozen=True)
class Comparison:
    """Who is compared with whom, for which run."""

    run: str
    system: str
    baseline: str
    judge: Judge
    by: By = "author"
    """What the judge is asked about."""
    told: Callable[[Any, Any, Answer], Mapping[str, str]] = _sample
    """(case, target, the candidate's answer) to further fields of the row, `sample` and `details`."""


def verdict_rows(
    comparison: Comparison,
    cases: Sequence[Case],
    candidate: Mapping[str, Answer],
    baseline: Mapping[str, Answer],
    opine: Opine = opinions,
) -> list[LedgerRow]:
    """Two rows a target, one for each order; a target that either system failed has rows with the error.

    The judge is not asked about targets that a system failed.
    """
    pairs = [
        _unjudged(comparison, case, target, candidate[target.id], baseline[target.id])
        for case in cases
        for target in case.targets
    ]
    ordered = [{**pair, "order": order} for order in _VERDICTS for pair in pairs]
    return _rows(ordered, comparison.judge, opine, comparison.by)


def judged_again(
    rows: Sequence[LedgerRow], judge: Judge, opine: Opine = opinions, by: By = "author"
) -> list[LedgerRow]:
    """The verdicts of another judge on the texts of these rows, in the same orders; failed texts stay failed.

    A row that only its judge failed is judged: the texts are there.
    """
    renamed = {"judge": judge.name, "judge_version": judge.version, **_NO_VERDICT}
    return _rows([{**row.model_dump(), **renamed, "error": _text_error(row)} for row in rows], judge, opine, by)


def _rows(pairs: Sequence[dict[str, Any]], judge: Judge, opine: Opine, by: By) -> list[LedgerRow]:
    """Ledger rows from fields without verdicts; the judge is asked about those without an error."""
    asked = [pair for pair in pairs if pair["error"] is None]
    slots = [_slots(pair) for pair in asked]
    found = opine(judge, [pair[by] for pair in asked], [a for a, _ in slots], [b for _, b in slots])
    verdicts = iter(found)
    return [
        LedgerRow(**{**pair, **(_judged(pair["order"], next(verdicts)) if pair["error"] is None else {})})
        for pair in pairs
    ]


JUDGE_FAILED = "judge: "
"""How the error of a row begins whose texts are there and whose judge gave no verdict."""


def _text_error(row: LedgerRow) -> str | None:
    return None if (row.error or "").startswith(JUDGE_FAILED) else row.error


_NO_VERDICT: dict[str, Any] = {
    "verdict": None,
    "reason": "",
    "judge_seconds": 0.0,
    "judge_tokens": 0,
    "judge_cost": 0.0,
}


def _slots(pair: Mapping[str, Any]) -> tuple[str, str]:
    texts = (pair["candidate_text"], pair["baseline_text"])
    return texts if pair["order"] == "candidate-first" else (texts[1], texts[0])


def _judged(order: Order, opinion: Opinion) -> dict[str, Any]:
    return {
        "verdict": None if opinion.preference is None else _VERDICTS[order][opinion.preference],
        "reason": opinion.reason,
        "judge_seconds": opinion.seconds,
        "judge_tokens": opinion.tokens,
        "judge_cost": opinion.cost,
        "error": None if opinion.error is None else f"{JUDGE_FAILED}{opinion.error}",
    }


def _unjudged(
    comparison: Comparison, case: Case, target: Target, candidate: Answer, baseline: Answer
) -> dict[str, Any]:
    """The fields of a row but its order and verdict."""
    mine, other = answer(target, candidate.text), answer(target, baseline.text)
    return {
        "run": comparison.run,
        "system": comparison.system,
        "baseline": comparison.baseline,
        "author": target.author,
        "domain": target.domain,
        "target_id": target.id,
        "candidate_text": mine,
        "baseline_text": other,
        "prompt": target.prompt,
        **comparison.told(case, target, candidate),
        "hypotheses": candidate.shown,
        "judge": comparison.judge.name,
        "judge_version": comparison.judge.version,
        "candidate_words": count_words(mine),
        "baseline_words": count_words(other),
        "seconds": candidate.seconds,
        "tokens": candidate.n_tokens,
        "cost": candidate.cost,
        "error": candidate.error or baseline.error,
        **_NO_VERDICT,
    }


def own_texts(cases: Sequence[AuthorCase], n_words: int) -> dict[str, Answer]:
    """The author's real text for every target, cut to the length that a model may write: the ceiling."""
    return {
        target.id: Answer(target.id, within(answer(target, target.text), n_words), 0.0)
        for case in cases
        for target in case.targets
    }


def others_texts(cases: Sequence[AuthorCase], n_words: int, rng: np.random.Generator) -> dict[str, Answer]:
    """For every target a real text of another author, on the same prompt or else of the same domain: the floor.

    Raises: ValueError if there is one author only.
    """
    pool = [text for case in cases for text in (*case.targets, *case.samples)]
    answers = {}
    for case in cases:
        others = [text for text in pool if text.author != case.author.id]
        if not others:
            raise ValueError("the floor needs a second author")
        for target in case.targets:
            like = [text for text in others if text.prompt == target.prompt]
            like = like or [text for text in others if text.domain == target.domain] or others
            chosen = like[int(rng.integers(len(like)))]
            answers[target.id] = Answer(target.id, within(answer(chosen, chosen.text), n_words), 0.0)
    return answers
