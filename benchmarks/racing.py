"""What racing saves, and whether it changes the choice: `uv run python -m benchmarks.racing`.

    uv run python -m benchmarks.racing --data jsonl:../shared/data/ccat50_dev.jsonl.gz --out artifacts/racing.json

Draws programs from what a joint search may try (instructions written by hand, demos, settings), and lets each answer
all targets of the val authors: a score by the win-rate metric for every program and target. That asks the model, and
goes to the file as it comes, so that an interrupted run goes on and a finished one is not repeated. Then the search
itself races these programs with the scores from the file, without a model, once for each seed: the seed orders the
authors and the programs, the uncompiled one first. Its choice is compared with that of a search that scores all.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dspy
import numpy as np
from pydantic import BaseModel, ConfigDict

from benchmarks.scored_programs import ScoredPrograms, keep, read, score_programs
from optimizers.contract import Material
from optimizers.joints.pareto import Point, choose
from optimizers.joints.racing import RISK, Race
from optimizers.joints.records import JointCompiled
from optimizers.joints.search import Search
from optimizers.joints.setting import Setting
from optimizers.joints.space import Space
from optimizers.joints.study import Study
from programs.experiment import Choices, prepare
from programs.lms.answer_cache import keep_answers
from signatures.errors import SetupError, counted

LEAST_SAVED, LEAST_SAME = 0.4, 0.8
_NUMBER = "setting:number"


class Raced(NamedTuple):
    """One race."""

    chosen: int
    """Program that it ended with."""
    best: int
    """Program that scoring all of them throughout ends with, in the same order."""
    saved: float
    """Share of the targets that were not scored, in [0, 1]."""
    lost: float
    """Mean score of the best less that of the chosen, on all targets."""


class _Number(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = 0


class _Stand(dspy.Module):
    """Stands in a search for a program whose scores are known, by its number."""

    def __init__(self, settings: _Number | None = None):
        super().__init__()
        self.settings = settings or _Number()

    def forward(self, target: int) -> dspy.Prediction:
        return dspy.Prediction(program=self.settings.number)


def raced(found: ScoredPrograms, seed: int, risk: float) -> Raced:
    """One race of a joint search over these programs, their scores read instead of made.

    Raises: NoScoreError if the uncompiled program has no score.
    """
    order = [0, *random.Random(seed).sample(range(1, len(found.programs)), len(found.programs) - 1)]
    compiled = searched(found, order, seed, risk)
    [winner] = [trial for trial in compiled.trials if trial.number == compiled.winner]
    chosen = int(winner.choices.get(_NUMBER, 0))
    means = {number: float(np.mean(_known(found, number))) for number in order if _known(found, number)}
    points = [Point(place, means[number], None, 0.0) for place, number in enumerate(order) if number in means]
    best = order[choose(points, "win").number]
    return Raced(chosen, best, compiled.saved, means[best] - means[chosen])


def searched(found: ScoredPrograms, order: Sequence[int], seed: int, risk: float) -> JointCompiled:
    """What a joint search makes of programs that are tried in this order, the first of them as the student.

    Raises: NoScoreError.
    """
    examples = [dspy.Example(target=place).with_inputs("target") for place in range(len(found.authors))]

    def known(example: dspy.Example, prediction: Any, *_: Any) -> float:
        score = found.scores[prediction.program][example.target]
        if score is None:
            raise ValueError("this program failed on this target")
        return score

    setting = Setting(
        student=_Stand(),
        material=Material(trainset=(), valset=examples),
        metric=known,
        choices={},
        race=Race.over(found.authors, seed, risk),
        prefer="win",
        n_trials=len(order) - 1,
        seed=seed,
        n_threads=1,
        budget=None,
        on_trial=lambda trial: None,
    )
    study, space = Study.open(None), Space(steps={}, settings={_NUMBER.partition(":")[2]: tuple(map(str, order))})
    study.keep_space(space)
    for place, number in enumerate(order):
        # Trials that were begun and left by nobody alive are what a search goes on with first, in their order.
        study.begin({_NUMBER: str(number)} if place else {}, space, place)
    search = Search(setting, study)
    search.run()
    return search.reporter.result()


def _known(found: ScoredPrograms, number: int) -> list[float]:
    return [score for score in found.scores[number] if score is not None]


def told(races: Sequence[Raced]) -> tuple[list[str], bool]:
    """What the races come to in words, and whether they reach the targets."""
    saved = [race.saved for race in races]
    other = [race for race in races if race.chosen != race.best]
    n_same = len(races) - len(other)
    enough = float(np.median(saved)) >= LEAST_SAVED
    same = n_same >= LEAST_SAME * len(races)
    cost = (
        f"; where it differs, {np.mean([race.lost for race in other]):.3f} of the score are lost on average, "
        f"{max(race.lost for race in other):.3f} at most"
        if other
        else ""
    )
    lines = [
        f"targets that were not scored: {np.median(saved):.0%} in the median of {counted(len(races), 'seed')}, "
        f"{min(saved):.0%} to {max(saved):.0%} (target: at least {LEAST_SAVED:.0%})",
        f"same final choice: {n_same} of {counted(len(races), 'seed')} (target: 8 of 10){cost}",
    ]
    return lines, enough and same


def described(found: ScoredPrograms) -> list[str]:
    """What was scored, in words."""
    means = [float(np.mean(_known(found, number))) for number in range(len(found.scores)) if _known(found, number)]
    n_failed = sum(score is None for scores in found.scores for score in scores)
    return [
        ", ".join(f"{name} {value}" for name, value in found.about.items()),
        f"{len(found.programs)} programs on {len(found.authors)} targets of {len(set(found.authors))} authors, "
        f"{n_failed} failed; mean scores: uncompiled {means[0]:.3f}, {min(means):.3f} to {max(means):.3f}",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what racing saves; 1 if it saves too little or changes the choice, 2 for a wrong option."""
    options = _parser().parse_args(arguments)
    try:
        found = _scores(options).first(options.programs)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    lines, reached = told([raced(found, seed, options.risk) for seed in range(options.seeds)])
    print("\n".join([*described(found), f"raced with a risk of {options.risk}", *lines]))
    return int(not reached)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.racing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="bundled", help="corpus, as programs.compile takes it (default: bundled)")
    parser.add_argument("--lm", default="embedded", help="as programs.compile takes it (default: embedded)")
    parser.add_argument("--api-base", help="address of a hosted model's server")
    parser.add_argument("--programs", type=int, default=16, help="the uncompiled one included (default: 16)")
    parser.add_argument("--targets", type=int, default=3, help="of each author (default: 3)")
    parser.add_argument(
        "--parts", nargs="+", default=["val"], choices=("val", "dev"), help="whose targets are scored (default: val)"
    )
    parser.add_argument("--threads", type=int, default=32, help="calls in flight (default: 32)")
    parser.add_argument("--seed", type=int, default=0, help="of split, drawn programs and decoding (default: 0)")
    parser.add_argument("--seeds", type=int, default=50, help="races (default: 50)")
    parser.add_argument("--risk", type=float, default=RISK, help=f"of the race (default: {RISK}, as in a compile)")
    parser.add_argument("--out", type=Path, default=Path("artifacts/racing.json"), help="scores (default: %(default)s)")
    return parser


def _scores(options: argparse.Namespace) -> ScoredPrograms:
    """From the file, as far as it has them, else from the model. Raises: SetupError."""
    if min(options.programs - 1, options.targets, options.threads, options.seeds) < 1 or not 0 <= options.risk < 1:
        raise SetupError("give at least 2 programs, 1 target, 1 thread and 1 seed, and a risk from 0 to below 1")
    names = ("data", "lm", "targets", "seed")
    about = {**{name: str(getattr(options, name)) for name in names}, "parts": "+".join(options.parts)}
    found = read(options.out, about)
    if found is not None and len(found.scores) >= options.programs:
        return found
    keep_answers()
    chosen = Choices(
        data=options.data,
        lm=options.lm,
        api_base=options.api_base,
        n_targets=options.targets,
        seed=options.seed,
        n_threads=options.threads,
    )

    def on_scored(so_far: ScoredPrograms) -> None:
        keep(options.out, so_far)
        print(f"scored {len(so_far.scores)} of {len(so_far.programs)} programs", file=sys.stderr, flush=True)

    return score_programs(prepare(chosen), options.parts, options.programs, found, on_scored, about)


if __name__ == "__main__":
    sys.exit(main())
