"""What decided a comparison, in a line for people."""

from collections.abc import Sequence

import numpy as np

from programs.judges.judge import Preference

TIE_REASON = "tie: the texts do not differ in any feature that tells the author apart"
MOST_FEATURES = 5
"""That a reason names."""


def empty_reason(preference: Preference) -> str:
    """The reason where the text that lost is empty."""
    return f"{preference}: the other text is empty"


def feature_reason(preference: Preference, more: Sequence[str], less: Sequence[str]) -> str:
    """Names the features that the preferred text has more of, as the author does, and those that it has less of."""
    said = [f"more of the author's {', '.join(map(repr, more))}"] * bool(more)
    said += [f"less of {', '.join(map(repr, less))}"] * bool(less)
    return f"{preference}: {'; '.join(said) or 'nearer to the average author'}"


def strongest(parts: np.ndarray) -> np.ndarray:
    """Places of the largest parts above 0, largest first, at most `MOST_FEATURES`; equal ones in their order."""
    first = np.argsort(-parts, kind="stable")[:MOST_FEATURES]
    return first[parts[first] > 0]
