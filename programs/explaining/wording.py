"""What is said of effects, the same words in the table, the plain lines and the picture."""

from collections.abc import Iterator

from programs.explaining.records import Effect, Estimate, Explanation, Obedience
from programs.reports.wording import MISSING, signed
from signatures.errors import counted

NOISE = "no effect can be told from noise"
ONE_TARGET = "one target: there is no interval"
ONE_AUTHOR = "one author: there is no interval"
FEW_UNITS = 3


def verdict(estimate: Estimate | None) -> str:
    """What an effect says: helps, hurts, or that nothing can be told."""
    if estimate is None:
        return "nothing to compare"
    if estimate.low is None:
        return ONE_TARGET if estimate.unit == "target" else ONE_AUTHOR
    if not estimate.clear:
        return NOISE
    return "helps" if estimate.value > 0 else "hurts"


def with_interval(estimate: Estimate | None) -> str:
    """A difference with the ends of its interval."""
    if estimate is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return f"{signed(estimate.value)} (no interval)"
    return f"{signed(estimate.value)} ({signed(estimate.low)} to {signed(estimate.high)})"


def win_share(estimate: Estimate | None) -> str:
    """How often the full set's texts win, as a share in [0, 1], with its interval."""
    if estimate is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return f"{0.5 + estimate.value:.0%}"
    return f"{0.5 + estimate.value:.0%} ({0.5 + estimate.low:.0%} to {0.5 + estimate.high:.0%})"


def obeyed(found: Obedience | None) -> str:
    """How often the check held with and without."""
    return MISSING if found is None else f"{found.with_it:.0%} : {found.without_it:.0%}"


def left_out(effect: Effect) -> str:
    """Pairs that count, and why others do not."""
    told = [str(effect.n_pairs)]
    if effect.n_failed:
        told.append(f"{effect.n_failed} failed")
    if effect.n_unjudged:
        told.append(f"{effect.n_unjudged} without a verdict")
    if effect.n_same:
        told.append(f"{effect.n_same} of equal texts")
    return ", ".join(told)


def remarks(explanation: Explanation) -> Iterator[str]:
    """What a reader must know beside the numbers, a sentence each."""
    yield (
        f"Effects are the text from all hypotheses less the changed one, in log-odds that the author wrote it; "
        f"{counted(explanation.n_draws, 'draw')} a target; intervals hold 95%. Every text sees the samples too."
    )
    single = [each.main for each in explanation.effects if each.scope == "hypothesis" and each.main]
    told = [each for each in single if each.low is not None]
    if told:
        n_clear = sum(each.clear for each in told)
        yield (
            f"{n_clear} of {counted(len(told), 'interval')} of single hypotheses "
            f"{'leaves' if n_clear == 1 else 'leave'} out 0; by chance alone about {len(told) / 20:.1f} would."
        )
    if len(told) < len(single):
        yield "Of one target no interval can be given, and no effect be told from noise."
    elif told and min(each.n_units for each in told) <= FEW_UNITS:
        yield f"Of {FEW_UNITS} targets or fewer hardly any interval leaves out 0, however large the effect."
    for judge in explanation.judges:
        trust = "" if judge.trusted else " ** NOT TO BE TRUSTED: below 80% **"
        yield f"Judge {judge.judge} is right in {judge.accuracy:.1%} of {judge.n_pairs} pairs of real texts.{trust}"
    for author in explanation.authors:
        if not author.hypotheses and author.error is None:
            yield f"{author.author}: the program inferred no hypothesis, so there is none to explain."
    yield from explanation.notes
    if explanation.interrupted:
        n_there = len(explanation.texts)
        yield f"Interrupted: {n_there} of {explanation.n_planned} texts were written, and these numbers are of those."
    yield f"Written by {explanation.version} ({explanation.program}) with model {explanation.lm.name}."
