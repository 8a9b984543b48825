"""What every judge makes of scores: the higher one is preferred, and a reason names what made it higher."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import numpy as np

from programs.judges.judge import Preference
from programs.judges.log_odds import preference_of
from programs.judges.wording import explained


class ScoringJudge(ABC):
    """A judge that scores a text for an author, and so compares texts without regard to their order."""

    @abstractmethod
    def score(self, author: str, text: str) -> float:
        """Log-odds (natural) that `author`, rather than one of the others fitted, wrote `text`.

        All authors are taken as equally likely beforehand. `EMPTY_SCORE` if the text has nothing but blanks.
        """

    @abstractmethod
    def score_many(self, authors: Sequence[str], texts: Sequence[str]) -> np.ndarray:
        """Scores n texts at once, each for its own author: float array of shape (n,)."""

    @abstractmethod
    def _why(self, authors: Sequence[str], winners: Sequence[str], losers: Sequence[str]) -> Iterable[str]:
        """What speaks most for each of n winners."""

    def prefers(self, author: str, a: str, b: str) -> Preference:
        """Says which text is closer to what `author` writes; texts with equal scores tie."""
        return preference_of(self.score(author, a) - self.score(author, b))

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        """Answers n comparisons at once; item i is `prefers(authors[i], a[i], b[i])`."""
        if len(a) != len(b):
            raise ValueError(f"{len(a)} texts a for {len(b)} texts b")
        scores = self.score_many([*authors, *authors], [*a, *b])
        return [preference_of(gap) for gap in scores[: len(a)] - scores[len(a) :]]

    def reason(self, author: str, a: str, b: str) -> str:
        """Says in a line what decided `prefers(author, a, b)`."""
        return self.reason_many([author], [a], [b])[0]

    def reason_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[str]:
        """Explains n comparisons at once; item i is `reason(authors[i], a[i], b[i])`."""
        return explained(self.prefer_many(authors, a, b), authors, a, b, self._why)
