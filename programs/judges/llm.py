"""The judge that reads: any model, asked through `CompareTexts`, with every failure kept as an opinion."""

import contextvars
import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import MappingProxyType
from typing import Any

import dspy

from programs.judges.asking import Asking, one_line
from programs.judges.judge import Preference
from programs.judges.judge_program import REFERENCE_WORDS, JudgeProgram
from programs.judges.opinions import NoVerdict, OnOpinion, Opinion
from programs.judges.reference_texts import distinct, excerpt
from signatures.errors import SetupError, unknown
from signatures.judging import MAX_REASON, Choice

JUDGE_DECODING: Mapping[str, Any] = MappingProxyType({"temperature": 0.0, "max_tokens": 200})
"""How a judging model is asked unless the caller made it: the likeliest answer, a sentence long."""

_PREFERENCES: dict[Choice, Preference] = {"first": "a", "second": "b", "tie": "tie"}


class LlmJudge:
    """Asks a model which text reads more like the author's references.

    The model runs with an adapter of its own, whatever the caller's DSPy context holds. It may favour a slot; callers
    ask both orders. Identical texts tie and an empty one loses without a call. An answer that is off the schema, and a
    call that fails, is asked for again, up to `n_tries` in all; then the opinion is its error.
    """

    def __init__(
        self,
        name: str,
        references: Mapping[str, Sequence[str]],
        lm: dspy.LM,
        *,
        program: dspy.Module | None = None,
        n_threads: int = 16,
        n_tries: int = 3,
        n_words: int = REFERENCE_WORDS,
    ) -> None:
        """Holds the first `n_words` words of each author's references.

        Args:
            name: As `make_judge` knows it.
            references: Author to texts, at least one each.
            lm: The model, with its decoding.
            program: A compiled `JudgeProgram`, or one that takes and gives the same; None for an uncompiled one.
            n_threads: Calls in flight.
            n_tries: Calls for one comparison before it counts as failed.
            n_words: Bounds an author's references.

        Raises:
            SetupError: No author, or one without text.
        """
        if not references:
            raise SetupError(f"judge {name!r} got no references; give texts of the authors to be judged")
        self.name = name
        self.program = program or JudgeProgram()
        self.version = f"{name}-{_fingerprint(self.program, lm, n_tries, n_words)}"
        self.authors = tuple(references)
        self._shown = {author: excerpt(distinct(author, texts), n_words) for author, texts in references.items()}
        self._asking = Asking(name, lm, n_threads, n_tries)

    def opinions(
        self, authors: Sequence[str], a: Sequence[str], b: Sequence[str], on_opinion: OnOpinion = lambda *_: None
    ) -> list[Opinion]:
        """Answers n comparisons, many at once, telling each to `on_opinion` from this thread as it comes.

        Raises:
            SetupError: An unknown author; a model that cannot be used, such as for want of a key.
        """
        shown = [self._find(author) for author in authors]
        found: dict[int, Opinion] = {}
        pool = ThreadPoolExecutor(self._asking.n_threads, thread_name_prefix="judge")
        try:
            asked = enumerate(zip(shown, a, b, strict=True))
            at = {pool.submit(contextvars.copy_context().run, self._opinion, *pair): index for index, pair in asked}
            waiting: set[Future[Opinion]] = set(at)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    found[at[future]] = future.result()
                    on_opinion(at[future], found[at[future]])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [found[index] for index in range(len(shown))]

    def prefers(self, author: str, a: str, b: str) -> Preference:
        """Says which text is closer to what `author` writes.

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

    def _find(self, author: str) -> list[str]:
        if author not in self._shown:
            raise unknown("author", author, self.authors)
        return self._shown[author]

    def _opinion(self, shown: list[str], a: str, b: str) -> Opinion:
        """The opinion on one pair: known without a call, or the first answer of `n_tries` that has one."""
        if a.strip() == b.strip():
            return Opinion("tie", "tie: the texts are the same")
        if not a.strip() or not b.strip():
            preference: Preference = "a" if a.strip() else "b"
            return Opinion(preference, f"{preference}: the other text is empty")
        found = self._asking.ask(self.program, _read, references=shown, first_text=a, second_text=b)
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


def _fingerprint(program: dspy.Module, lm: dspy.LM, n_tries: int, n_words: int) -> str:
    """Eight digits that change with the model, its decoding, the instruction, the demos and what is read."""
    decoding = {name: value for name, value in lm.kwargs.items() if not name.startswith("api_")}
    settings = [lm.model, decoding, program.dump_state(), n_tries, n_words]
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:8]
