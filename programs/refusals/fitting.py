"""Fits the weights of the refusal judge to answers that people labelled."""

from collections.abc import Sequence

from programs.refusals.rules import LABELS, Label, settled
from programs.refusals.signs import Signs
from programs.refusals.weighing import EVIDENCE, Parameters, evidence
from signatures.errors import SetupError

STRENGTH = 0.5
"""Inverse weight of the quadratic penalty. From 0.3 to 3, accuracy in `benchmarks.refusal` moves by a point at most."""
_DIGITS = 4


def fit(found: Sequence[Signs], labels: Sequence[Label]) -> Parameters:
    """Multinomial logistic regression over the answers that no rule settles; the same answers give the same weights.

    Raises: SetupError if these have fewer than two labels, or signs and labels differ in number.
    """
    from sklearn.linear_model import LogisticRegression

    if len(found) != len(labels):
        raise SetupError(f"{len(found)} answers and {len(labels)} labels; give a label for each answer")
    open_cases = [(evidence(each), label) for each, label in zip(found, labels, strict=True) if settled(each) is None]
    if len({label for _, label in open_cases}) < 2:
        raise SetupError(
            f"{len(open_cases)} of {len(found)} answers are for weights to decide; give some of two labels"
        )
    rows, known = zip(*open_cases, strict=True)
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(rows, known)
    return _parameters(model.classes_.tolist(), model.coef_.T.tolist(), model.intercept_.tolist(), len(rows))


def _parameters(names: list[Label], weights: list[list[float]], bases: list[float], n: int) -> Parameters:
    if len(names) == 2:
        # Of two labels the library keeps the second's log odds over the first only.
        weights, bases = [[0.0, *row] for row in weights], [0.0, *bases]
    return Parameters(
        n_answers=n,
        bases=_full(names, bases),
        weights={name: _full(names, row, missing=0.0) for name, row in zip(EVIDENCE, weights, strict=True)},
    )


def _full(names: list[Label], values: list[float], missing: float = -100.0) -> dict[Label, float]:
    """A value for each label; a label that was not seen is never the highest."""
    known = dict(zip(names, values, strict=True))
    return {label: round(known.get(label, missing), _DIGITS) for label in LABELS}
