"""What is explained: a version, authors and judges; checked before the first model call."""

import difflib
import hashlib
import inspect
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from programs.contenders import ALIASES
from programs.evaluations.setup import build_judge, fingerprint
from programs.experiment import Choices, Experiment, lm_note, prepare
from programs.judges import Judge, check_judge
from programs.judges.opinions import GivesOpinions
from programs.judges.validation import MOST_MODEL_PAIRS
from programs.plan import EMBEDDED_SECONDS_A_CALL, HOSTED_SECONDS_A_CALL
from programs.references import DEFAULT
from programs.systems import System, find_system
from programs.tasks import find_task
from signatures.errors import SetupError, counted
from signatures.generation import MAX_HYPOTHESES
from signatures.records import AuthorCase

EXPLANATIONS = "explanations"
"""The folder of all explanations, beside those of the tasks."""
ALL_TEST = "all-test"
PARTS = ("train", "val", "dev", "test")
N_TARGETS = 5
"""Of three targets no interval leaves out 0, however large the effect."""
N_DRAWS, N_DONORS = 2, 8


@dataclass(frozen=True)
class ExplainChoices:
    """What the user chose; the defaults are those of the command line."""

    base: Choices = Choices(n_targets=N_TARGETS)
    version: str | None = None
    """None for the champion, or the program that ships where there is none."""
    authors: tuple[str, ...] = (ALL_TEST,)
    judges: tuple[str, ...] = ("stylometric",)
    judge_api_base: str | None = None
    n_draws: int = N_DRAWS
    n_donors: int = N_DONORS


@dataclass(frozen=True)
class ExplainSetup:
    """A program, the authors whose hypotheses are tried, and those whose hypotheses are swapped in."""

    choices: ExplainChoices
    experiment: Experiment
    system: System
    cases: tuple[tuple[str, AuthorCase], ...]
    """Part and author, those to be explained."""
    donors: tuple[tuple[str, AuthorCase], ...]
    """Part and author, further ones of the same parts."""
    judged: tuple[AuthorCase, ...]
    """The authors that judges tell apart."""
    judges: tuple[Judge, ...]
    notes: tuple[str, ...]

    @property
    def references(self) -> dict[str, list[str]]:
        """Author to the texts that only judges see."""
        return {case.author.id: [text.text for text in case.references] for case in self.judged}

    @property
    def folder(self) -> Path:
        """Where everything goes; equal choices have equal folders."""
        choices, base = self.choices, self.choices.base
        header = {
            "data": base.data,
            "corpus": self.experiment.corpus.hash,
            "split": self.experiment.splits.hash,
            "model": lm_note(self.experiment).model_dump(mode="json"),
            "exact": base.exact,
            "seed": base.seed,
            "program": fingerprint(self.system),
            "authors": [case.author.id for _, case in self.cases],
            "donors": [case.author.id for _, case in self.donors],
            "judges": [judge.version for judge in self.judges],
            "draws": choices.n_draws,
            "hyperalign": package_version("hyperalign"),
        }
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:12]
        return base.out / EXPLANATIONS / f"{base.task}-{digest}"

    def calls(self) -> dict[str, int]:
        """Model calls by phase, at most; answers that are asked for again come on top."""
        settings: Any = getattr(self.system.program, "settings", None)
        n_hypotheses = int(getattr(settings, "n_hypotheses", MAX_HYPOTHESES))
        steps = getattr(settings, "steps", ())
        # A reader is asked of each statement on a text held back and on two others.
        inferring = 1 + len(steps) + (3 * n_hypotheses if "verify" in steps else 0)
        writing = int(getattr(settings, "n_candidates", 1)) + int(getattr(settings, "n_repairs", 0))
        n_cells = sum(len(case.targets) for _, case in self.cases) * self.choices.n_draws
        calls = {
            "hypotheses": (len(self.cases) + len(self.donors)) * (inferring + writing),
            "texts": n_cells * (3 + 2 * n_hypotheses) * writing,
        }
        for judge in self.judges:
            if isinstance(judge, GivesOpinions):
                # Two orders of each pair, after two of each known pair.
                calls[f"judge {judge.name}"] = 2 * n_cells * (2 + 2 * n_hypotheses) + 2 * MOST_MODEL_PAIRS
        return calls

    def seconds(self) -> float:
        """A rough estimate of the whole run."""
        n_calls = sum(self.calls().values())
        if self.experiment.small:
            return n_calls * EMBEDDED_SECONDS_A_CALL
        return n_calls * HOSTED_SECONDS_A_CALL / self.choices.base.n_threads


def prepare_explanation(choices: ExplainChoices) -> ExplainSetup:
    """Checks every choice, loads data and program.

    Raises: SetupError for the first that cannot be used.
    """
    _check_numbers(choices)
    if find_task(choices.base.task).bench.judging.by != "author":
        raise SetupError(
            f"task {choices.base.task!r} has no authors whose texts could be told apart; its answers say what they go "
            "by: see `out.hypotheses`, `out.decision` and `out.reason`"
        )
    repeated = sorted({name for name in choices.judges if choices.judges.count(name) > 1})
    if repeated or not choices.judges:
        raise SetupError(f"judge {repeated[0]!r} is named twice" if repeated else "no judge is named; give --judge")
    for name in choices.judges:
        check_judge(name)
    experiment = prepare(replace(choices.base, judge=choices.judges[0]))
    system = _system(choices, experiment)
    cases = _chosen(choices.authors, experiment)
    for _, case in cases:
        if not any(text.text.strip() for text in case.references):
            raise SetupError(
                f"author {case.author.id!r} has no reference that a judge could read; add texts or name another author"
            )
    parts = {part for part, _ in cases}
    everyone = _everyone(experiment)
    judged = tuple(case for part, case in everyone if part in {*parts, "dev", "test"})
    setup = ExplainSetup(
        choices=choices,
        experiment=experiment,
        system=system,
        cases=tuple(cases),
        donors=tuple(_donors(choices, cases, everyone)),
        judged=judged,
        judges=(),
        notes=tuple(_notes(system, cases)),
    )
    judges = tuple(build_judge(name, setup.references, choices.judge_api_base) for name in choices.judges)
    return replace(setup, judges=judges)


def _check_numbers(choices: ExplainChoices) -> None:
    for option, value, least in (("--draws", choices.n_draws, 1), ("--donors", choices.n_donors, 0)):
        if value < least:
            raise SetupError(f"{option} is {value!r}; give at least {least}")


def _system(choices: ExplainChoices, experiment: Experiment) -> System:
    """The program to explain. Raises: SetupError if there is none, or it takes no hypotheses."""
    task, name = experiment.task.name, choices.version or experiment.task.name
    if name == DEFAULT or name.isdecimal():
        name = f"{task}/{name}"
    elif name in ALIASES:
        name = f"{task}@{name}"
    system = find_system(name, experiment.task, choices.base.out)
    # From the class: DSPy warns of whoever touches the method of a program.
    forward: Any = getattr(type(system.program), "forward", None)
    if forward is None or "hypotheses" not in inspect.signature(forward).parameters:
        raise SetupError(
            f"{name!r} takes no hypotheses, so there are none to leave out; name a program that does, such as "
            f"{task!r} or 'uncompiled'"
        )
    return system


def _everyone(experiment: Experiment) -> list[tuple[str, AuthorCase]]:
    return [(part, case) for part in PARTS for case in getattr(experiment.splits, part)]


def _chosen(names: Sequence[str], experiment: Experiment) -> list[tuple[str, AuthorCase]]:
    """The authors that the user named. Raises: SetupError for one who is not there, with those of like names."""
    everyone = {case.author.id: (part, case) for part, case in _everyone(experiment)}
    if not names:
        raise SetupError(f"no author is named; give --author ID, or --author {ALL_TEST}")
    chosen: dict[str, tuple[str, AuthorCase]] = {}
    for name in names:
        if name == ALL_TEST:
            chosen |= {case.author.id: ("test", case) for case in experiment.splits.test}
        elif name in everyone:
            chosen[name] = everyone[name]
        else:
            raise _no_author(name, list(everyone), experiment)
    return list(chosen.values())


def _no_author(name: str, known: Sequence[str], experiment: Experiment) -> SetupError:
    if any(author.id == name for author in experiment.corpus.authors):
        return SetupError(f"author {name!r} was left out by --min-texts {experiment.choices.min_texts}; lower it")
    lowered = {each.casefold(): each for each in known}
    close = [lowered[each] for each in difflib.get_close_matches(name.casefold(), list(lowered), n=3, cutoff=0.5)]
    told = f"did you mean {' or '.join(map(repr, close))}" if close else f"such as {', '.join(map(repr, known[:5]))}"
    return SetupError(
        f"unknown author {name!r} in corpus {experiment.corpus.name!r} with its {counted(len(known), 'author')}; "
        f"{told}? {ALL_TEST!r} means all of the test part"
    )


def _donors(
    choices: ExplainChoices, cases: Sequence[tuple[str, AuthorCase]], everyone: Sequence[tuple[str, AuthorCase]]
) -> list[tuple[str, AuthorCase]]:
    """Further authors whose hypotheses are inferred, as many in each part as those explained there fall short."""
    chosen = {case.author.id for _, case in cases}
    donors = []
    for part in dict.fromkeys(part for part, _ in cases):
        rest = [each for each in everyone if each[0] == part and each[1].author.id not in chosen]
        # One who is explained is a donor to all others, but not to themselves.
        n_there = sum(each[0] == part for each in cases) - 1
        wanted = min(len(rest), max(0, choices.n_donors - n_there))
        rng = random.Random(f"{choices.base.seed}/donors/{part}")
        donors += sorted(rng.sample(rest, wanted), key=lambda each: each[1].author.id)
    return donors


def _notes(system: System, cases: Sequence[tuple[str, AuthorCase]]) -> list[str]:
    known = [case.author.id for part, case in cases if part in ("train", "val")]
    if not known or not getattr(system.program, "version", None):
        return []
    return [
        f"{', '.join(known)}: of the train or val part, on which versions are compiled; {system.name} may know them"
    ]
