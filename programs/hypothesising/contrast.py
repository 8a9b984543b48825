"""Contrast: what a person does that writers who read like them, or a generic model, do not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import dspy

from data.sentences import clip
from programs.evidence import supported
from programs.fencing import gives_orders, order_passages, repeats, unordered
from programs.habits import measured_habits, offered
from programs.hypothesising.calls import attempted
from programs.hypothesising.neighbours import near_neighbours, written_by
from programs.hypothesising.sameness import says_the_same
from programs.leakage import without_leaks
from programs.lms.scope import model_scope
from programs.samples import shown_samples
from programs.traits import TRAITS, parse_check
from programs.traits.reading import Reading
from signatures.errors import SetupError, counted
from signatures.generation import Sample
from signatures.hypotheses import Hypothesis
from signatures.refining import ContrastHypotheses

N_OFFERED = 6
"""Habits that the step is offered; a small model can claim nothing else."""
_ANSWER_TOKENS = 450


class _Kept(NamedTuple):
    hypotheses: tuple[Hypothesis, ...]
    n_dropped: int
    """Quotations that occur in no sample, and claims."""
    notes: tuple[str, ...]


class Contrast(dspy.Module):
    """States one to three further claims: what the person does and the others beside them do not.

    After the proposer of Zhong et al. (2022, arXiv:2201.12323, sec. 3), which is shown texts of two sets and asked how
    they differ. Departs from it in that habits are measured first, so that a model which cannot compare may still
    choose what is true, and in that no claim stays without a check or a quotation.
    """

    default_lm = "embedded"

    def __init__(self, sample_words: int = 200) -> None:
        """Shows at most `sample_words` words of each text."""
        super().__init__()
        self.sample_words = sample_words
        self.contrast = dspy.Predict(ContrastHypotheses, max_tokens=_ANSWER_TOKENS)

    def forward(
        self,
        samples: Sequence[str | Sample],
        others: Sequence[str | Sample] | None = None,
        habits: Sequence[Hypothesis] | None = None,
        known: Sequence[Hypothesis] = (),
        attributes: Mapping[str, str] | None = None,
    ) -> dspy.Prediction:
        """Asks once what differs, and keeps what can be shown.

        Args:
            samples: Texts of one person, seven at most.
            others: Texts of other hands: `near_neighbours(samples)`, which is the default, or `generic_of(samples)`.
            habits: Measured habits of the person, each with its check, of which those that the others have as often,
                and those known, are not offered; measured in the samples if None.
            known: Hypotheses that there are already; they are not stated again.
            attributes: What is known of the person.

        Returns: a Prediction with `hypotheses` (tuple of Hypothesis, none where the model gave no usable answer),
        `n_dropped` (quotations that occur in no sample, and claims that say what is known, can neither be measured nor
        shown, name the topic or obey the texts), `n_failed` (1 if the call failed) and `notes`, in words.

        Raises: SetupError if samples or others hold no text, or the model cannot be asked at all.
        """
        shown, notes = shown_samples(samples, self.sample_words)
        texts = [sample.text for sample in shown]
        beside = self._beside(texts, others)
        measured = measured_habits(texts, len(TRAITS)) if habits is None else habits
        telling = contrasting(measured, texts, [other.text for other in beside], known)[:N_OFFERED]
        asked = {
            "attributes": dict(attributes or {}),
            "others": beside,
            "samples": shown,
            "habits": offered(telling),
            "known": [_as_read(each) for each in known],
        }
        with model_scope(self.default_lm):
            outcome = attempted(lambda: self.contrast(**asked).hypotheses)
        if outcome.value is None:
            failed = f"nothing contrasted: the model gave no usable answer ({outcome.error})"
            return dspy.Prediction(hypotheses=(), n_dropped=0, n_failed=1, notes=(*notes, failed))
        kept = _shown(outcome.value, texts, [other.text for other in beside], telling, known)
        return dspy.Prediction(
            hypotheses=kept.hypotheses, n_dropped=kept.n_dropped, n_failed=0, notes=(*notes, *kept.notes)
        )

    def _beside(self, texts: list[str], others: Sequence[str | Sample] | None) -> list[Sample]:
        """The other texts as they are shown; none that the person wrote."""
        if others is None:
            return [Sample(text=clip(text, self.sample_words)) for text in near_neighbours(texts)]
        full = (
            []
            if isinstance(others, str)
            else [Sample(text=one) if isinstance(one, str) and one else one for one in others]
        )
        strange = [
            one for one in full if isinstance(one, Sample) and one.text.strip() and not written_by(one.text, texts)
        ]
        if not strange:
            raise SetupError(
                f"others is {others!r}; give at least one text that somebody else wrote, or leave it out for texts of "
                "writers who read alike"
            )
        return shown_samples(strange, self.sample_words)[0]


def contrasting(
    habits: Sequence[Hypothesis], samples: Sequence[str], others: Sequence[str], known: Sequence[Hypothesis] = ()
) -> list[Hypothesis]:
    """The habits that hold on a larger share of the samples than of the others' texts, in the order given.

    Deterministic, no model. Those without a check and those that say what is known are left out. By how much they lead
    does not order them: over two texts that is too coarse. From 5 samples, with the corpus's other authors beside, the
    six most distinctive habits have a lift of 0.61 over all others' unseen texts and 0.40 over those of the two nearest
    writers on the bundled corpus (0.24 and 0.16 on CCAT50), the first six of those that lead over a text of each 0.56
    and 0.46 (0.23 and 0.18), the six that lead the most 0.49 and 0.44 (0.20 and 0.21), by `benchmarks.hypothesising`.
    """
    own, beside = ([Reading(text) for text in texts if text.strip()] for texts in (samples, others))
    found = []
    for habit in habits:
        if habit.check and not any(says_the_same(habit, each) for each in known):
            check = parse_check(habit.check)
            shares = [sum(map(check.met_by, readings)) / max(len(readings), 1) for readings in (own, beside)]
            if shares[0] > shares[1]:
                found.append(habit)
    return found


def _as_read(hypothesis: Hypothesis) -> Hypothesis:
    """A hypothesis without its check and its standing, which are for machines."""
    fields = hypothesis.model_dump(include=set(Hypothesis.model_fields) - {"check"})
    return Hypothesis.model_validate(fields)


def _shown(
    stated: Sequence[Hypothesis],
    samples: Sequence[str],
    others: Sequence[str],
    habits: Sequence[Hypothesis],
    known: Sequence[Hypothesis],
) -> _Kept:
    """What may stand of a model's claims."""
    claims, n_quotations = supported(stated, samples, habits)
    passages = order_passages([*samples, *others])
    fenced = [each.model_copy(update={"evidence": unordered(each.evidence, passages)}) for each in claims]
    obedient = [each for each in fenced if gives_orders(each.statement) or repeats(each.statement, passages)]
    told = [each for each in fenced if each not in obedient and any(says_the_same(each, one) for one in known)]
    free = [each for each in fenced if each not in obedient and each not in told]
    proven = [each for each in free if each.check or each.evidence]
    kept = without_leaks(without_leaks(proven, samples)[0], others)[0]
    why = (
        (len(obedient), "an order to a model"),
        (len(told), "known already"),
        (len(free) - len(proven), "neither measured nor shown by a quotation"),
        (len(proven) - len(kept), "about the topic, not the writer"),
    )
    notes = tuple(f"left out {counted(n, 'claim')}: {reason}" for n, reason in why if n)
    if not stated:
        notes = ("nothing contrasted: the model claimed nothing",)
    return _Kept(kept, n_quotations + len(claims) - len(kept), notes)
