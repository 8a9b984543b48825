"""Hypotheses that were measured, each tested on texts that were held back while it was looked for.

What does not hold there is dropped: on unseen texts of CCAT50, habits from 5 texts that held have a lift of 0.21 over
other authors' texts, the eight most telling of them 0.24, those that did not hold 0.12; on the bundled corpus 0.40,
0.57 and 0.13 (`benchmarks.profiles`; the populations are other reporters and the one that ships).
"""

from collections.abc import Sequence

from programs.profiles.measurements import held, share_of_others
from programs.profiles.record import ProfileHypothesis, ProfileText
from programs.traits import TRAITS, Check, Population, parse_check
from programs.traits.claims import claims, different, stated
from programs.traits.reading import Reading
from signatures.hypotheses import Hypothesis

FEWEST_TO_HOLD_BACK = 3
"""With fewer texts, checks are tested on the texts they come from."""
MOST_FOLDS = 10
LEAST_SUPPORT = 0.5
"""Least share of the texts held back that a kept hypothesis holds on."""
OTHERS_TELL_MORE = "others tell more"

Standing = tuple[int, int]
"""Texts on which a check held, and texts that it was tested on."""


def measured_hypotheses(
    texts: Sequence[str], read: Sequence[ProfileText], population: Population
) -> tuple[ProfileHypothesis, ...]:
    """Every distinctive habit of the person, most lift first, active or dropped with the reason.

    All but the quotations comes of the measurements, so that texts that are gone count as those at hand do.

    Args:
        texts: Those that quotations are taken from; may be none.
        read: The measurements of all texts of the person, in the order in which they came.
        population: Whom the person must differ from.
    """
    folds = folded_checks(read, population) if len(read) >= FEWEST_TO_HOLD_BACK else None
    readings = [Reading(text) for text in texts]
    found = different(claims(read, population), population, len(TRAITS))
    return tuple(_verified(stated(claim, read, readings), read, folds, population) for claim in found)


def folded_checks(read: Sequence[ProfileText], population: Population) -> list[dict[str, Check]]:
    """For each text, by trait, the checks of the habits that the other texts show.

    Up to ten texts are left out one by one; more in ten groups.
    """
    n_folds = min(len(read), MOST_FOLDS)
    checks: list[dict[str, Check]] = []
    for fold in range(n_folds):
        rest = [text for place, text in enumerate(read) if place % n_folds != fold]
        checks.append({claim.check.trait: claim.check for claim in claims(rest, population)})
    return [checks[place % n_folds] for place in range(len(read))]


def standing(check: Check, read: Sequence[ProfileText], folds: Sequence[dict[str, Check]] | None) -> Standing:
    """How a habit did on each text, by what the other texts showed of it; on the texts themselves without folds.

    A text on which the others show no such habit counts against it: one text alone would make the habit.
    """
    if folds is None:
        return held(check, read)
    known = [(text, checks) for text, checks in zip(read, folds, strict=True) if check.trait in text.values]
    n_held = 0
    for text, checks in known:
        found = checks.get(check.trait)
        n_held += found is not None and found.sign == check.sign and found.passed_by(text.values[check.trait])
    return n_held, len(known)


def _verified(
    hypothesis: Hypothesis,
    read: Sequence[ProfileText],
    folds: Sequence[dict[str, Check]] | None,
    population: Population,
) -> ProfileHypothesis:
    check = parse_check(hypothesis.check)
    n_held, n_tested = standing(check, read, folds)
    kept = folds is None or n_held >= LEAST_SUPPORT * n_tested
    return ProfileHypothesis(
        **hypothesis.model_dump(),
        state="active" if kept else "dropped",
        source="measured",
        n_tested=n_tested,
        n_held=n_held,
        others=share_of_others(check, population),
        note="" if kept else f"held on only {n_held} of {n_tested} texts held back",
    )
