"""The judge that reads: any model, asked through `CompareTexts`, with every failure kept as an opinion."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dspy

from programs.judges.asking import Asking
from programs.judges.judge_program import REFERENCE_WORDS, JudgeProgram
from programs.judges.pair_reader import PairReader
from programs.judges.reference_texts import distinct, excerpt
from signatures.errors import SetupError

JUDGE_DECODING: Mapping[str, Any] = MappingProxyType({"temperature": 0.0, "max_tokens": 200})
"""How a judging model is asked unless the caller made it: the likeliest answer, a sentence long."""


class LlmJudge(PairReader):
    """Asks a model which text reads more like the author's references."""

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
        known = {
            author: {"references": excerpt(distinct(author, texts), n_words)} for author, texts in references.items()
        }
        slots = ("first_text", "second_text")
        asking = Asking(name, lm, n_threads, n_tries)
        super().__init__(asking, program or JudgeProgram(), known, slots, "author", [n_words])
        self.authors = tuple(references)
