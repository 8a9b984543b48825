"""Programs drawn from what a joint search may try, each scored on all targets; kept in a file as they are scored."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dspy
from pydantic import BaseModel, ConfigDict, ValidationError

from optimizers.contract import Material, Metric
from optimizers.joints.preparing import authors_of, prepare
from optimizers.joints.proposals import Seen, propose, seed_of
from optimizers.joints.scoring import Scorer
from optimizers.joints.space import Params, Space, setting_choices
from programs.answers import answer_all
from programs.disk import disk_faults, replace_file
from programs.experiment import Experiment
from programs.lms.adapters import FittingAdapter
from programs.tournament import BASELINE
from signatures.errors import SetupError

Score = float | None
"""A fraction; None where program or metric failed."""


class ScoredPrograms(BaseModel):
    """Every program's score on every target."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: dict[str, str]
    """What the scores are of: data, model, seed and the like."""
    authors: tuple[str, ...]
    """Of each target."""
    space: Space
    """What the programs were drawn from."""
    programs: tuple[dict[str, Any], ...]
    """What each chooses there; nothing for the first, the uncompiled one."""
    scores: tuple[tuple[Score, ...], ...] = ()
    """By program and target; of the first programs, where not all are scored yet."""

    def first(self, n: int) -> "ScoredPrograms":
        """Without the programs after the first n, and those that are not scored."""
        n = min(n, len(self.scores))
        return self.model_copy(update={"programs": self.programs[:n], "scores": self.scores[:n]})


def read(path: Path, about: dict[str, str]) -> ScoredPrograms | None:
    """What is kept of the same choices; None where there is no file.

    Raises: SetupError if the file holds anything else.
    """
    if not path.exists():
        return None
    try:
        found = ScoredPrograms.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise SetupError(f"{str(path)!r} holds no scores of programs; name another file with --out") from error
    if found.about != about:
        told = "; ".join(
            f"{name} {found.about.get(name)!r} there and {about.get(name)!r} here"
            for name in {**found.about, **about}
            if found.about.get(name) != about.get(name)
        )
        raise SetupError(f"{str(path)!r} holds scores of something else: {told}; name another file with --out")
    return found


def keep(path: Path, found: ScoredPrograms) -> None:
    """Writes the scores, whole or not at all. Raises: SetupError."""
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, found.model_dump_json().encode())


def drawn_programs(space: Space, n: int, seed: int) -> list[Params]:
    """The uncompiled program and what a joint search would try beside it if it knew no scores; n in all, or fewer."""
    drawn: list[Params] = [{}]
    while len(drawn) < n:
        params = propose(space, [Seen(each, None) for each in drawn], seed_of(seed, len(drawn), 0))
        if params is None:
            break
        drawn.append(params)
    return drawn


class Scoring:
    """What a joint search scores, and by which metric; asks the model for the baseline's texts when it is made."""

    def __init__(self, experiment: Experiment, parts: Sequence[str]):
        """Puts together what a compile would, without a proposer.

        Args:
            experiment: Its task, data and model.
            parts: Of the split, whose targets are scored.
        """
        task, splits, choices = experiment.task, experiment.splits, experiment.choices
        cases = [case for part in parts for case in getattr(splits, part)]
        self.student = task.build({})
        task.fit(self.student, experiment.corpus.name, (*splits.train, *splits.val))
        train, scored = task.examples(splits.train), task.examples(cases)
        answers = answer_all(task.bench.systems[BASELINE].build(task), [*train, *scored], choices.n_threads)
        texts = {name: answer.text for name, answer in answers.items() if answer.error is None}
        self.metric: Metric = task.bench.metric(
            experiment.judge(splits.train, cases), experiment.targets(splits.train, cases), texts
        )
        self.material = Material(
            trainset=[example for example in train if example.target_id in texts],
            valset=[example for example in scored if example.target_id in texts],
            labelled=experiment.labelled,
            variants=task.variants,
            # All settings that any budget tries.
            settings=task.bench.tried(choices.n_samples, "medium"),
        )
        self.authors = authors_of(self.material.valset)
        self._choices = choices

    def space(self) -> Space:
        """What the search may try; runs the student on some of the trainset for demos."""
        settings = setting_choices(self.student, self.material.settings)
        n_threads, seed = self._choices.n_threads, self._choices.seed
        return prepare(self.student, self.material, self.metric, settings, n_threads, seed)

    def score(self, program: dspy.Module) -> tuple[Score, ...]:
        """A program's scores on all targets."""
        scorer = Scorer(self.metric, self.material.valset, self._choices.n_threads)
        return tuple(row.score for row in scorer(program, range(len(self.authors))))


def score_programs(
    experiment: Experiment,
    parts: Sequence[str],
    n: int,
    found: ScoredPrograms | None,
    on_scored: Callable[[ScoredPrograms], object],
    about: Mapping[str, str],
) -> ScoredPrograms:
    """Scores as many programs as are wanted, on all targets.

    Args:
        experiment: Its task, data and model.
        parts: Of the split, whose targets are scored.
        n: Programs in all.
        found: What was scored before, which is not scored again.
        on_scored: Told all scores after each further program.
        about: What the scores are of.
    """
    with dspy.context(lm=experiment.lm, adapter=FittingAdapter()):
        scoring = Scoring(experiment, parts)
        space = found.space if found else scoring.space()
        programs = tuple(map(dict, drawn_programs(space, n, experiment.choices.seed)))
        scores = found.scores if found else ()
        whole = ScoredPrograms(about=dict(about), authors=scoring.authors, space=space, programs=programs)
        for params in programs[len(scores) :]:
            scores = (*scores, scoring.score(space.program(scoring.student, params)))
            whole = whole.model_copy(update={"scores": scores})
            on_scored(whole)
    return whole
