"""Sets of demos to choose from: labelled examples of different authors, and bootstrapped runs of the program itself."""

import random
from collections.abc import Sequence
from typing import Any

import dspy
from dspy.teleprompt import BootstrapFewShot

from optimizers.contract import Material, Metric
from optimizers.scoring import quiet

Demos = list[Any]


def fitting(predictor: Any, labelled: Sequence[dspy.Example]) -> list[dspy.Example]:
    """The examples that have every output field of a predictor, with its fields only, their author and target."""
    kept = {*predictor.signature.fields, "author", "target_id"}
    return [
        dspy.Example({name: value for name, value in example.items() if name in kept})
        for example in labelled
        if all(example.get(name) for name in predictor.signature.output_fields)
    ]


def one_an_author(examples: Sequence[dspy.Example], n_demos: int) -> Demos:
    """The first `n_demos` examples of different authors, as demos: without the author's name.

    One that names no author, such as a bootstrapped one, is of a person of its own.
    """
    chosen: dict[Any, dspy.Example] = {}
    for number, example in enumerate(examples):
        chosen.setdefault(example.get("author") or number, example)
    named = list(chosen.values())[:n_demos]
    return [dspy.Example({name: value for name, value in each.items() if name != "author"}) for each in named]


def labelled_sets(
    predictor: Any, labelled: Sequence[dspy.Example], sizes: Sequence[int], rng: random.Random
) -> list[Demos]:
    """One set of demos per size for a predictor, each demo from another author; none where no example fits.

    Only examples with every output field of the predictor count; fields that its signature does not have are left out.
    """
    fields = predictor.signature.fields
    by_author: dict[str, list[dspy.Example]] = {}
    for example in labelled:
        if all(example.get(name) for name in predictor.signature.output_fields):
            by_author.setdefault(example.get("author", ""), []).append(example)
    sets = []
    for size in sizes:
        authors = rng.sample(sorted(by_author), min(size, len(by_author)))
        chosen = [rng.choice(by_author[author]) for author in authors]
        demos = [dspy.Example({k: v for k, v in e.items() if k in fields or k == "target_id"}) for e in chosen]
        if demos and demos not in sets:
            sets.append(demos)
    return sets


def bootstrapped_sets(
    student: dspy.Module, material: Material, metric: Metric, n_demos: int, n_threads: int, rng: random.Random
) -> dict[str, Demos]:
    """Predictor name to demos from runs on the trainset that the metric accepts, by DSPy's BootstrapFewShot.

    DSPy runs one example at a time; the examples are run together first, so that it finds their answers in the cache.
    None without a trainset, over which DSPy's class stumbles.
    """
    trainset = list(material.trainset)
    if not trainset:
        return {}
    rng.shuffle(trainset)
    tried = trainset[: 2 * n_demos]
    # A failed run makes no demo, and that is all: DSPy's own limits on errors would end the search.
    patience = len(tried) + 1
    teleprompter = BootstrapFewShot(
        metric=metric, max_bootstrapped_demos=n_demos, max_labeled_demos=0, max_errors=patience
    )
    blank = student.reset_copy()
    # DSPy refuses a student that it has compiled before.
    blank._compiled = False
    with quiet():
        dspy.Evaluate(devset=tried, metric=metric, num_threads=n_threads, max_errors=patience)(student)
        program = teleprompter.compile(blank, teacher=student, trainset=tried)
    return {name: list(predictor.demos) for name, predictor in program.named_predictors()}
