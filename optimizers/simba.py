"""DSPy's SIMBA, a step a trial: demos and rules from what went well and badly on a few examples."""

import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.teleprompt import SIMBA

from optimizers.contract import Budget, Compiled, Material, Metric, Trial, best_of
from optimizers.reflecting import feedback, needs_trainset
from optimizers.scoring import Book, NoScoreError, quiet

logger = logging.getLogger(__name__)

_BATCH = 4
_SAMPLES = 3
_MAX_DEMOS = 3
_FIRST_ROLLOUT = 2**10


class Simba:
    """Samples runs on a few examples, makes candidates from the contrasts, and scores the step's best on the valset.

    What differs from DSPy's class: the valset decides, not the examples it learned from, and after every step, from
    the best program so far, so that an interrupted search leaves one; a failed run is neither good nor bad, and no
    contrast is drawn with it; samples are drawn anew in every step; candidates to which nothing was added are not run;
    without a proposer it adds demos and hand-written instructions, and no rules; nothing is printed.
    """

    name = "simba"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "batch": _BATCH, "samples": _SAMPLES, "max_demos": _MAX_DEMOS}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """A step samples each example, tries each candidate on it, and compares the best with what it came from."""
        return n_trials * min(_BATCH, n_train) * (_SAMPLES + (_SAMPLES + 1) + 2)

    def compile(
        self,
        student: dspy.Module,
        material: Material,
        metric: Metric,
        *,
        n_trials: int,
        seed: int,
        n_threads: int,
        on_trial: Callable[[Trial], None],
        budget: Budget | None = None,
    ) -> Compiled:
        """Scores the student, then at most `n_trials` programs that differ from it in demos and instructions.

        Raises: SetupError if the trainset is empty.
        """
        needs_trainset(self.name, material)
        rng = random.Random(seed)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            for number in range(n_trials):
                book.check()
                batch = rng.sample(list(material.trainset), min(_BATCH, len(material.trainset)))
                step = _Step(material, metric, book.trials[0].score, seed * n_trials + number, n_threads)
                found = step.taken(best_of(book.trials).program, batch)
                if not book.knows(found):
                    with contextlib.suppress(NoScoreError):
                        book(found)

        return book.search(student, n_trials, steps)


@dataclass(frozen=True)
class _Step:
    """One step of SIMBA."""

    material: Material
    metric: Metric
    neutral: float
    """What a failed run counts: what the student scores on average."""
    seed: int
    n_threads: int

    def taken(self, program: dspy.Module, batch: Sequence[dspy.Example]) -> dspy.Module:
        """The best candidate on the batch, which may be the program itself."""
        told: Any = self._told
        simba = SIMBA(
            metric=told,
            bsize=len(batch),
            num_candidates=_SAMPLES,
            max_steps=1,
            max_demos=_MAX_DEMOS,
            prompt_model=self.material.proposer,
            num_threads=self.n_threads,
        )
        simba.strategies = self._strategies(simba.strategies)
        lm = dspy.settings.lm
        # Without other rollouts every step would sample the answers of the first.
        model = {} if lm is None else {"lm": lm.copy(rollout_id=_FIRST_ROLLOUT + _SAMPLES * self.seed)}
        with quiet(), dspy.context(**model):
            found = simba.compile(program, trainset=list(batch), seed=self.seed)
        return _only_prompts(found, program)

    def _told(self, example: dspy.Example, prediction: Any, trace: Any = None) -> dspy.Prediction:
        """A score with words, as SIMBA's rules are made from."""
        if prediction is None:
            return dspy.Prediction(score=self.neutral, failed=True)
        try:
            score = float(self.metric(example, prediction))
            words = feedback(self.metric, example, prediction) if self.material.proposer is not None else ""
        except Exception as error:
            # SIMBA would do the same, and count 0.
            logger.warning("a run could not be judged: %s", error)
            return dspy.Prediction(score=self.neutral, failed=True)
        return dspy.Prediction(score=score, feedback=words)

    def _strategies(self, strategies: Sequence[Callable[..., bool]]) -> list[Callable[..., bool]]:
        demo, rule = strategies
        if self.material.proposer is not None:
            return [_sound(demo), _sound(rule)]
        variants = any(self.material.variants.values())
        return [_sound(demo), *([_sound(self._take_a_variant)] if variants else [])]

    def _take_a_variant(self, bucket: Sequence[Any], system: Any, **_: Any) -> bool:
        """Gives one predictor an instruction written by hand, in place of a rule that nobody could propose."""
        rng = random.Random(f"{self.seed} {self._place(bucket)}")
        pairs = [(n, text) for n, texts in sorted(self.material.variants.items()) for text in texts]
        name, text = rng.choice(pairs)
        predictor = dict(system.named_predictors()).get(name)
        if predictor is None:
            return False
        predictor.signature = predictor.signature.with_instructions(text)
        return True

    def _place(self, bucket: Sequence[Any]) -> int:
        """Which example of the trainset a bucket is about."""
        return next(i for i, each in enumerate(self.material.trainset) if each is bucket[0]["example"])


class _NothingToAddError(ValueError):
    """A strategy left a candidate as it was; SIMBA drops those whose strategy failed, and would run this one."""


def _sound(strategy: Callable[..., bool]) -> Callable[..., bool]:
    """A strategy that does not see failed runs, and fails where fewer than two are left or it adds nothing."""

    def strategy_without_failures(bucket: Sequence[Any], system: Any, **options: Any) -> bool:
        sound = [run for run in bucket if not run["output_metadata"].get("failed")]
        if len(sound) < 2 or not strategy(sound, system, **options):
            raise _NothingToAddError("there is no contrast to learn from")
        return True

    return strategy_without_failures


def _only_prompts(found: dspy.Module, program: dspy.Module) -> dspy.Module:
    """The program with the instructions and demos that were found, without what SIMBA hangs on its results."""
    clean = program.deepcopy()
    predictors: dict[str, Any] = dict(found.named_predictors())
    for name, predictor in clean.named_predictors():
        predictor.signature = predictors[name].signature
        predictor.demos = list(predictors[name].demos)
    return clean
