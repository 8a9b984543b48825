"""Whether the best trial is better, or only was lucky: asked once more, with answers drawn anew.

The best of many noisy scores is too high, the more so the fewer people the valset has; without a second look, a search
over a model that does not profit from it ends with a program that is worse than its student.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dspy
import numpy as np

from optimizers.contract import Compiled, Material, Metric, OutOfBudgetError, chosen_trial
from optimizers.scoring import quiet

_ROLLOUT = 2**20
"""Rollout of the answers drawn anew, far from those that optimizers and adapters count up from 0."""


@dataclass(frozen=True)
class Gain:
    """What a program gains over another on the same examples; people are the unit."""

    mean: float
    error: float
    """Standard error of the mean over authors; infinite for one author."""
    n_authors: int
    n_examples: int

    @property
    def convincing(self) -> bool:
        """Whether the gain exceeds its standard error."""
        return self.mean > self.error


def confirm(
    student: dspy.Module,
    compiled: Compiled,
    material: Material,
    metric: Metric,
    n_threads: int,
    cheaper: bool = False,
) -> Compiled:
    """Keeps the chosen trial if it gains on the student by more than a standard error, else the student.

    Both answer the examples of the valset and of the trainset once more, without the authors that the best trial shows
    as demos, by answers that no trial has seen. The rule is that of Breiman et al. (1984, sec. 3.4.3): the simplest
    of those that are not worse by more than a standard error.
    With `cheaper`, for a trial that was chosen for what it costs, it is kept unless it loses by as much.
    A model that fails throughout by now costs the second look, not the program; so does the end of the budget.
    """
    if not compiled.trials:
        return replace(compiled, confirmation="the search ended before the uncompiled program was scored")
    best = chosen_trial(compiled)
    if best.number == 0:
        return replace(compiled, confirmation="no trial scored above the uncompiled program")
    shown = {name.rstrip("*") for names in best.demos.values() for name in names}
    everyone = [*material.valset, *material.trainset]
    taught = {_author(each) for each in (*everyone, *material.labelled) if str(each.get("target_id", "")) in shown}
    examples = [example for example in everyone if _author(example) not in taught]
    scored = f"trial {best.number} scored {best.score:.3f} and the uncompiled program {compiled.trials[0].score:.3f}"
    lm = dspy.settings.lm
    try:
        with dspy.context(lm=lm.copy(rollout_id=_ROLLOUT)):
            before, after = _scores((student, best.program), examples, metric, n_threads)
    except OutOfBudgetError as error:
        words = f"{scored}; the budget ended before a second look ({error.reason}): kept unconfirmed"
        return replace(compiled, confirmation=words, stopped=compiled.stopped or error.reason)
    gain = paired_gain(examples, before, after)
    if gain is None:
        return replace(compiled, confirmation=f"{scored}; no target could be scored again: kept unconfirmed")
    words = (
        f"{scored}; on answers drawn anew for {gain.n_examples} targets of {gain.n_authors} authors it gained "
        f"{gain.mean:+.3f} (standard error {gain.error:.3f})"
    )
    if gain.convincing or (cheaper and gain.mean > -gain.error):
        return replace(compiled, confirmation=f"{words}: kept")
    first = compiled.trials[0]
    return replace(
        compiled, program=first.program, score=first.score, confirmation=f"{words}: the uncompiled program is kept"
    )


def paired_gain(
    examples: Sequence[dspy.Example], before: Mapping[int, float], after: Mapping[int, float]
) -> Gain | None:
    """Mean gain over the examples that both scored, every author weighing the same; None if there is none."""
    by_author: dict[str, list[float]] = {}
    for index in sorted(before.keys() & after.keys()):
        by_author.setdefault(_author(examples[index]), []).append(after[index] - before[index])
    if not by_author:
        return None
    means = np.array([float(np.mean(gaps)) for gaps in by_author.values()])
    error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else float("inf")
    return Gain(float(means.mean()), error, len(means), sum(map(len, by_author.values())))


def _scores(
    programs: Sequence[dspy.Module], examples: Sequence[dspy.Example], metric: Metric, n_threads: int
) -> list[dict[int, float]]:
    """For each program index to score of the examples that did not fail; all are answered together."""

    def answered(contender: int, **given: Any) -> Any:
        return programs[contender](**given)

    evaluate = dspy.Evaluate(
        devset=[_for(contender, example) for contender in range(len(programs)) for example in examples],
        metric=metric,
        num_threads=n_threads,
        display_progress=False,
        max_errors=len(programs) * len(examples) + 1,
    )
    with quiet():
        found = evaluate(answered).results  # pyright: ignore[reportArgumentType]
    scores: list[dict[int, float]] = [{} for _ in programs]
    for index, (example, prediction, score) in enumerate(found):
        if len(prediction):
            scores[example.contender][index % len(examples)] = float(score)
    return scores


def _for(contender: int, example: dspy.Example) -> dspy.Example:
    """An example that is answered by one of several programs."""
    return example.copy(contender=contender).with_inputs(*example.inputs().keys(), "contender")


def _author(example: Any) -> str:
    """Whose example it is; one without an author is a person of its own."""
    return str(example.get("author") or example.get("target_id") or id(example))
