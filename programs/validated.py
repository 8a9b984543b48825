"""How far a judge may be believed on the authors at hand, as cards and ledgers note it."""

from collections.abc import Mapping, Sequence

import numpy as np

from programs.card import JudgeNote
from programs.judges import Judge, Validation, ValidationCache, opinions, validate, validate_against
from programs.judges.opinions import Opine
from signatures.records import AuthorCase

OTHER_AUTHORS = "other authors"
LONGEST_WORDS = 165
"""Words that 220 tokens make: where real texts are cut, as the models are."""


def judge_notes(
    judge: Judge,
    judged: Sequence[AuthorCase],
    cases: Sequence[AuthorCase],
    generated: tuple[str, Mapping[str, str]],
    rng: np.random.Generator,
    cache: ValidationCache | None = None,
    opine: Opine = opinions,
) -> list[JudgeNote]:
    """Puts the authors' real texts before a judge: beside other people's, and beside a model's for the same prompts.

    All are cut to the length that a model may write, which is what the judge is to judge.

    Args:
        judge: Fitted on references of `judged`.
        judged: All authors whose real texts it is tried on.
        cases: Those of them that the model wrote for.
        generated: What the model's texts are called, and target id to text.
        rng: Draws pairs and intervals.
        cache: Where earlier results are kept.
        opine: Asks the judge; a journal may know some of its opinions already.

    Raises: SetupError if there are too few texts, or the judge gives no verdict at all.
    """
    name, texts = generated
    known = validate(judge, judged, rng, n_words=LONGEST_WORDS, cache=cache, opine=opine)
    against_model = validate_against(judge, cases, texts, rng, n_words=LONGEST_WORDS, cache=cache, opine=opine)
    return [_note(judge, OTHER_AUTHORS, known), _note(judge, name, against_model)]


def _note(judge: Judge, against: str, found: Validation) -> JudgeNote:
    return JudgeNote(
        judge=judge.name,
        against=against,
        accuracy=found.accuracy,
        low=found.low,
        high=found.high,
        n_pairs=found.n_pairs,
        failures=found.n_failures,
        consistency=found.consistency,
        trusted=found.trusted,
    )
