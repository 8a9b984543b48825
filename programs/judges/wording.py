"""What decided a comparison, in a line for people."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from programs.judges.judge import Preference

MOST_FEATURES = 5
"""That a reason names."""
_BATCH = 500
"""Comparisons explained at once, which bounds memory."""

Why = Callable[[Sequence[str], Sequence[str], Sequence[str]], Iterable[str]]
"""Authors, texts preferred and texts not preferred, n of each, to what decided each of the n comparisons."""


def explained(
    preferences: Sequence[Preference], authors: Sequence[str], a: Sequence[str], b: Sequence[str], why: Why
) -> list[str]:
    """One line for each of n comparisons, which opens with the preference; `why` is asked where both texts have words.

    The line is the same in both orders but for its opening.
    """
    reasons = [_plain_reason(*items) for items in zip(preferences, a, b, strict=True)]
    left = [index for index, reason in enumerate(reasons) if not reason]
    for start in range(0, len(left), _BATCH):
        batch = left[start : start + _BATCH]
        pairs = [(b[index], a[index]) if preferences[index] == "b" else (a[index], b[index]) for index in batch]
        found = why([authors[index] for index in batch], [pair[0] for pair in pairs], [pair[1] for pair in pairs])
        for index, words in zip(batch, found, strict=True):
            reasons[index] = f"{preferences[index]}: {words}"
    return reasons


def named(more: Sequence[str], less: Sequence[str]) -> str:
    """Names the features that the preferred text has more of, as the author does, and those that it has less of."""
    said = [f"more of the author's {', '.join(map(repr, more))}"] * bool(more)
    said += [f"less of {', '.join(map(repr, less))}"] * bool(less)
    return "; ".join(said) or "nearer to the average author"


def strongest(parts: np.ndarray) -> np.ndarray:
    """Places of the largest parts above 0, largest first, at most `MOST_FEATURES`; equal ones in their order."""
    first = np.argsort(-parts, kind="stable")[:MOST_FEATURES]
    return first[parts[first] > 0]


def _plain_reason(preference: Preference, a: str, b: str) -> str:
    """The reason where no feature is needed to see it, else nothing."""
    if preference == "tie":
        return "tie: the texts do not differ in anything that tells the author apart"
    return "" if a.strip() and b.strip() else f"{preference}: the other text is empty"
