"""Judges that ask a model which of two texts to prefer: one opinion a comparison, failures kept as such."""

import contextvars
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import dspy

from programs.judges.asking import Asking, one_line
from programs.judges.judge import Preference
from programs.judges.opinions import NoVerdict, OnOpinion, Opinion
from signatures.errors import unknown
from signatures.judging import MAX_REASON, Choice

_PREFERENCES: dict[Choice, Preference] = {"first": "a", "second": "b", "tie": "tie"}


class PairReader:
    """Asks a model about two texts, given what is known of an author or a request.

    The model runs with an adapter of its own, whatever the caller's DSPy context holds. It may favour a slot; callers
    ask both orders. Identical texts tie and an empty one loses without a call. An answer that is off the schema, and a
    call that fails, is asked for again, as often as `asking` says; then the opinion is its error.
    """

    def __init__(
        self,
        asking: Asking,
        program: dspy.Module,
        known: Mapping[str, Mapping[str, Any]],
        slots: tuple[str, str],
        kind: str,
        settings: Sequence[Any] = (),
    ) -> None:
        """Holds what is known.

        Args:
            asking: The model, and how it is asked.
            program: Takes the inputs of `known` and two texts, and gives `verdict` and `reason`.
            known: Name to the program's further inputs.
            slots: The program's names for the two texts.
            kind: What the names are of, for messages.
            settings: What else decides verdicts, for `version`.
        """
        self.name = asking.name
        self.program = program
        self.version = f"{asking.name}-{_fingerprint(program, asking, settings)}"
        self._asking, self._known, self._slots, self._kind = asking, known, slots, kind

    def opinions(
        self, authors: Sequence[str], a: Sequence[str], b: Sequence[str], on_opinion: OnOpinion = lambda *_: None
    ) -> list[Opinion]:
        """Answers n comparisons, many at once, telling each to `on_opinion` from this thread as it comes.

        Raises:
            SetupError: An unknown author; a model that cannot be used, such as for want of a key.
        """
        known = [self._find(author) for author in authors]
        found: dict[int, Opinion] = {}
        pool = ThreadPoolExecutor(self._asking.n_threads, thread_name_prefix="judge")
        try:
            asked = enumerate(zip(known, a, b, strict=True))
            at = {pool.submit(contextvars.copy_context().run, self._opinion, *pair): index for index, pair in asked}
            waiting: set[Future[Opinion]] = set(at)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    found[at[future]] = future.result()
                    on_opinion(at[future], found[at[future]])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [found[index] for index in range(len(known))]

    def prefers(self, author: str, a: str, b: str) -> Preference:
        """Says which text is preferred by what is known of `author`.

        Raises:
            NoVerdict: The model gave none; `opinions` keeps that as a record.
        """
        return self.prefer_many([author], [a], [b])[0]

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        """Answers n comparisons.

        Raises:
            NoVerdict: As `prefers`, for any of them.
        """
        return [_verdict(self.name, opinion) for opinion in self.opinions(authors, a, b)]

    def reason(self, author: str, a: str, b: str) -> str:
        """The model's reason, after the preference.

        Raises:
            NoVerdict: As `prefers`.
        """
        opinion = self.opinions([author], [a], [b])[0]
        _verdict(self.name, opinion)
        return opinion.reason

    def _find(self, author: str) -> Mapping[str, Any]:
        if author not in self._known:
            raise unknown(self._kind, author, self._known)
        return self._known[author]

    def _opinion(self, known: Mapping[str, Any], a: str, b: str) -> Opinion:
        """The opinion on one pair: known without a call, or the first answer that has one."""
        if a.strip() == b.strip():
            return Opinion("tie", "tie: the texts are the same")
        if not a.strip() or not b.strip():
            preference: Preference = "a" if a.strip() else "b"
            return Opinion(preference, f"{preference}: the other text is empty")
        found = self._asking.ask(self.program, _read, **known, **dict(zip(self._slots, (a, b), strict=True)))
        return Opinion(found.value, found.reason, found.error, found.seconds, found.tokens, found.cost)


def _read(said: Any) -> tuple[Preference, str]:
    """What a prediction says. Raises: ValueError if its verdict is none of the known ones."""
    verdict = getattr(said, "verdict", None)
    if verdict not in _PREFERENCES:
        raise ValueError(f"verdict {verdict!r} is none of: {', '.join(_PREFERENCES)}")
    reason = one_line(getattr(said, "reason", None), MAX_REASON)
    return _PREFERENCES[verdict], f"{_PREFERENCES[verdict]}: {reason}"


def _verdict(name: str, opinion: Opinion) -> Preference:
    if opinion.preference is None:
        raise NoVerdict(f"judge {name!r}: {opinion.error}")
    return opinion.preference


def _fingerprint(program: dspy.Module, asking: Asking, settings: Sequence[Any]) -> str:
    """Eight digits that change with the model, its decoding, the instruction, the demos and what is read."""
    decoding = {name: value for name, value in asking.lm.kwargs.items() if not name.startswith("api_")}
    told = [asking.lm.model, decoding, program.dump_state(), asking.n_tries, *settings]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:8]
