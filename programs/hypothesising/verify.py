"""Verify: each hypothesis tested on texts of the person held back, and on texts of others."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import dspy

from data.sentences import clip
from programs.hypothesising.calls import attempted_all
from programs.hypothesising.standing import in_profile, state_of
from programs.lms.scope import model_scope
from programs.profiles.record import ProfileHypothesis
from programs.profiles.verifying import LEAST_SUPPORT
from programs.traits import parse_check
from programs.traits.reading import Reading
from signatures.errors import SetupError, counted
from signatures.hypotheses import Hypothesis
from signatures.refining import Fit, TestHypothesis

LIFT_ABOVE = 0.0
"""What support must exceed the share of other people's texts by. Any lift keeps a claim: on one or two texts held back
shares are too coarse to ask for more, and how much lift there is decides the ranking."""
PRIOR_TEXTS = 1
"""Texts that the confidence stated before the test counts as much as: a model's own estimate is not calibrated."""
UNTESTED = "not tested: no text held back could tell"
_ANSWER_TOKENS = 200

_Verdicts = dict[tuple[str, str], bool | None]
"""Statement and text to whether it fits; None where a reader cannot tell, no entry where the call failed."""


class _Tally(NamedTuple):
    """How many texts a hypothesis was tested on, and how many of these fit it."""

    n_tested: int
    n_held: int

    @property
    def share(self) -> float | None:
        return self.n_held / self.n_tested if self.n_tested else None


class Verify(dspy.Module):
    """Tests hypotheses on texts that they were not inferred from.

    One with a check is measured, at no cost; of any other a model is asked for each text, one call a statement and
    text, many at once. After the verifier of Zhong et al. (2022, arXiv:2201.12323, sec. 3) and HypoGeniC
    (arXiv:2404.04326), which keep a hypothesis by how it does on examples; departs from them in that checks decide
    where there are any, and that a reader may abstain.
    """

    default_lm = "embedded"

    def __init__(self, text_words: int = 200) -> None:
        """Shows a reader at most `text_words` words of a text; checks measure all of it."""
        super().__init__()
        self.text_words = text_words
        self.test = dspy.Predict(TestHypothesis, max_tokens=_ANSWER_TOKENS)

    def forward(
        self, hypotheses: Sequence[Hypothesis], held_back: Sequence[str], distractors: Sequence[str]
    ) -> dspy.Prediction:
        """Tests each hypothesis that is not pinned or rejected; those stay as they are.

        `n_tested` and `n_held` count the texts held back, `others` is the share of distractors that fit, and
        `confidence` the share of the person's texts expected to fit: what was stated before, counted as one text, with
        the texts tested. A text for which a reader cannot tell, or fails to answer, counts in none of these. Active is
        what at least half the texts held back fit, and more of them than of the distractors (or, where no distractor
        could tell, than the share of others known before); the rest is dropped with the reason in its note. One that
        could be tested on no text held back keeps its state and earlier figures; a note tells if it has none.

        Args:
            hypotheses: Plain ones count as stated by a model.
            held_back: Texts of the person that no hypothesis was inferred from; may be empty.
            distractors: Texts of others; those that are held back too are left out. May be empty.

        Returns: a Prediction with `hypotheses` (tuple of ProfileHypothesis, in the order given), `n_calls`, `n_failed`
        (calls without a verdict) and `notes`, in words.

        Raises: SetupError if one string is given for texts, or the model cannot be asked at all.
        """
        held, beside = _texts("held_back", held_back), _texts("distractors", distractors)
        own, others = list(held.values()), [text for words, text in beside.items() if words not in held]
        standing = [in_profile(each) for each in hypotheses]
        tested = [each for each in standing if state_of(each) not in ("pinned", "rejected")]
        read = list(dict.fromkeys(each.statement for each in tested if not each.check))
        asked = list(product([*own, *others], read))
        verdicts = self._asked(asked)
        measured = {text: Reading(text) for text in (*own, *others)}
        verified = tuple(
            _verified(each, _tally(each, own, measured, verdicts), _tally(each, others, measured, verdicts))
            if each in tested
            else each
            for each in standing
        )
        n_failed = len(asked) - len(verdicts)
        notes = (f"{counted(n_failed, 'call')} of {len(asked)} gave no verdict",) if n_failed else ()
        return dspy.Prediction(hypotheses=verified, n_calls=len(asked), n_failed=n_failed, notes=notes)

    def _asked(self, asked: Sequence[tuple[str, str]]) -> _Verdicts:
        """The reader's verdict on each text and statement; those of one text together, since they share its words."""
        if not asked:
            return {}
        with model_scope(self.default_lm):
            outcomes = attempted_all(self._fit, asked)
        answered = zip(asked, outcomes, strict=True)
        return {
            (statement, text): None if outcome.value == "cannot tell" else outcome.value == "fits"
            for (text, statement), outcome in answered
            if outcome.value is not None
        }

    def _fit(self, asked: tuple[str, str]) -> Fit:
        text, statement = asked
        return self.test(text=clip(text, self.text_words), statement=statement).fits


def _texts(name: str, texts: Sequence[str]) -> dict[str, str]:
    """The different texts that hold anything, by their words with white space folded.

    Raises: SetupError if they are one string.
    """
    if isinstance(texts, str):
        raise SetupError(f"{name} is one string; give a list of texts, one per item")
    return {" ".join(text.split()): text for text in texts if text.strip()}


def _tally(
    hypothesis: ProfileHypothesis, texts: Sequence[str], measured: dict[str, Reading], verdicts: _Verdicts
) -> _Tally:
    """By its check on texts with words, else by the reader's verdicts."""
    if hypothesis.check:
        check = parse_check(hypothesis.check)
        found: list[bool | None] = [check.met_by(measured[text]) for text in texts if measured[text].words]
    else:
        found = [verdicts.get((hypothesis.statement, text)) for text in texts]
    return _Tally(sum(one is not None for one in found), sum(one is True for one in found))


def _verified(hypothesis: ProfileHypothesis, own: _Tally, others: _Tally) -> ProfileHypothesis:
    beside = hypothesis.others if others.share is None else round(others.share, 4)
    if own.share is None:
        note = hypothesis.note if hypothesis.n_tested else UNTESTED
        return hypothesis.model_copy(update={"others": beside, "note": note})
    confidence = (PRIOR_TEXTS * hypothesis.confidence + own.n_held) / (PRIOR_TEXTS + own.n_tested)
    reason = _why_dropped(own, own.share, beside)
    return hypothesis.model_copy(
        update={
            "n_tested": own.n_tested,
            "n_held": own.n_held,
            "others": beside,
            "confidence": round(confidence, 4),
            "state": "dropped" if reason else "active",
            "note": reason,
        }
    )


def _why_dropped(own: _Tally, support: float, others: float | None) -> str:
    """Empty for a hypothesis that is kept."""
    held = f"{own.n_held} of {counted(own.n_tested, 'text')} held back"
    if support < LEAST_SUPPORT:
        return f"fits only {held}"
    if others is not None and support - others <= LIFT_ABOVE:
        return f"fits others as well: {others:.0%} of their texts, {held}"
    return ""
