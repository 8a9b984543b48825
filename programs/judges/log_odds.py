"""Scores as log-odds, and what a gap between two of them means."""

import numpy as np

from programs.judges.judge import Preference

EMPTY_SCORE = -100.0
"""Score of an empty text, below that of any other."""

_SAME = 1e-9
"""Scores closer than this tie."""


def preference_of(gap: float) -> Preference:
    """What the score of text a less that of text b says."""
    return "tie" if abs(gap) < _SAME else "a" if gap > 0 else "b"


def log_odds(outputs: np.ndarray, own: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Slope and start of the logistic curve from a classifier's outputs to log-odds (Platt 1999).

    Args:
        outputs: Shape (n,), larger where the author is likelier.
        own: Shape (n,), whether the author wrote it; some did and some did not.
        weight: Shape (n,), how much each counts.
    """
    from sklearn.linear_model import LogisticRegression

    scale = float(outputs.std()) or 1.0
    curve = LogisticRegression().fit(outputs[:, None] / scale, own, sample_weight=weight)
    # References that do not tell the authors apart may turn the curve; the classifier's order stands.
    return max(float(curve.coef_[0, 0]), 1e-3) / scale, float(curve.intercept_[0])
