"""Demos to choose from: labelled examples, and runs of the program itself, in orders of which any first few differ."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy
import numpy as np
from dspy.adapters.utils import serialize_for_json
from dspy.teleprompt.bootstrap_trace import bootstrap_trace_data

from optimizers.contract import Material, Metric
from optimizers.demos import fitting
from optimizers.scoring import quiet

MOST_RUNS = 8
"""Training examples that the program is run on."""
MOST_DEMOS = 3
_LABELLED_ORDERS = 4
_MADE_ORDERS = 2
_MOST_COMPARED = 60
"""Demos whose likeness to each other is measured, at most."""
_MOST_FAILURES = 4


@dataclass
class Runs:
    """What runs on the trainset left."""

    demos: dict[str, list[dspy.Example]] = field(default_factory=dict)
    """Predictor to what it was given and answered in runs that the metric accepts."""
    failures: list[tuple[dspy.Example, Any]] = field(default_factory=list)
    """Examples with the predictions that the metric does not accept."""


def run_trainset(student: dspy.Module, material: Material, metric: Metric, n_threads: int, rng: random.Random) -> Runs:
    """Runs the student once on some training examples, of different authors first, all together."""
    tried = _spread(material.trainset, rng)[:MOST_RUNS]
    runs = Runs()
    if not tried:
        return runs
    # DSPy leaves its own `forward` on the program it traces.
    program = student.deepcopy()
    names = {id(predictor): name for name, predictor in program.named_predictors()}

    def good_enough(example: dspy.Example, prediction: Any, trace: Any = None) -> float | bool:
        # DSPy's tracing asks the metric for its score; with a trace it says whether to learn from the run.
        return metric(example, prediction, [])

    with quiet():
        traced = bootstrap_trace_data(program, tried, good_enough, num_threads=n_threads, raise_on_error=False)
    for run in traced:
        if not isinstance(run["prediction"], dspy.Prediction):
            continue
        if not run.get("score"):
            runs.failures.append((run["example"], run["prediction"]))
            continue
        # A predictor that was asked several times gives the last, as what the others led to.
        last = {names[id(p)]: (given, answer) for p, given, answer in run["trace"] if id(p) in names}
        for name, (given, answer) in last.items():
            if len(answer):
                runs.demos.setdefault(name, []).append(_demo(run["example"], given, answer))
    runs.failures = runs.failures[:_MOST_FAILURES]
    return runs


def demo_orders(
    predictor: Any, material: Material, made: Sequence[dspy.Example], rng: random.Random
) -> dict[str, tuple[dict[str, Any], ...]]:
    """Name to demos of a predictor as plain data; a program shows the first few of one order."""
    orders: dict[str, tuple[dict[str, Any], ...]] = {}
    if predictor.demos:
        orders["own"] = tuple(_plain(demo, predictor) for demo in predictor.demos)
    for kind, pool, n_orders in (
        ("labelled", fitting(predictor, material.labelled), _LABELLED_ORDERS),
        ("made", list(made), _MADE_ORDERS),
    ):
        for number, order in enumerate(diverse_orders(pool, MOST_DEMOS, n_orders, rng), 1):
            orders[f"{kind} {number}"] = tuple(_plain(demo, predictor) for demo in order)
    return orders


def diverse_orders(
    pool: Sequence[dspy.Example], n_demos: int, n_orders: int, rng: random.Random
) -> list[list[dspy.Example]]:
    """Different orders of a pool in which each next demo is the one least like those before it, of a new author.

    Greedy farthest-first traversal (Gonzalez 1985) by the cosine of TF-IDF word vectors, each from another start.
    """
    compared = rng.sample(list(pool), min(len(pool), _MOST_COMPARED))
    if not compared:
        return []
    distances = _distances([_words(demo) for demo in compared])
    authors = [str(demo.get("author") or demo.get("target_id") or number) for number, demo in enumerate(compared)]
    orders: list[list[int]] = []
    for start in range(min(n_orders, len(compared))):
        order = [start]
        while len(order) < min(n_demos, len(set(authors))):
            known = {authors[index] for index in order}
            others = [index for index, author in enumerate(authors) if author not in known]
            order.append(max(others, key=lambda index: (distances[index, order].min(), -index)))
        if order not in orders:
            orders.append(order)
    return [[compared[index] for index in order] for order in orders]


def _spread(examples: Sequence[dspy.Example], rng: random.Random) -> list[dspy.Example]:
    """The examples in a drawn order, each author's first before any author's second."""
    drawn = rng.sample(list(examples), len(examples))
    turn: dict[str, int] = {}
    ranked = []
    for number, example in enumerate(drawn):
        author = str(example.get("author") or number)
        turn[author] = turn.get(author, -1) + 1
        ranked.append((turn[author], number, example))
    return [example for *_, example in sorted(ranked, key=lambda each: each[:2])]


def _demo(example: dspy.Example, given: Any, answer: Any) -> dspy.Example:
    known = {name: example[name] for name in ("author", "target_id") if example.get(name)}
    return dspy.Example(augmented=True, **{**known, **dict(given), **dict(answer.items())})


def _plain(demo: Any, predictor: Any) -> dict[str, Any]:
    """A demo as a saved program holds it: what is scored is then what is loaded."""
    kept = {*predictor.signature.fields, "target_id", "augmented"}
    return {name: serialize_for_json(value) for name, value in demo.items() if name in kept}


def _words(demo: dspy.Example) -> str:
    names = ("author", "target_id", "augmented")
    return " ".join(str(serialize_for_json(value)) for name, value in demo.items() if name not in names)


def _distances(texts: Sequence[str]) -> np.ndarray:
    """Shape (n, n): one minus the cosine of each pair of texts; 1 where a text has no words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(any(sign.isalnum() for sign in text) for text in texts):
        return np.ones((len(texts), len(texts)))
    rows: Any = TfidfVectorizer(token_pattern=r"\w+").fit_transform(texts)
    return 1 - (rows @ rows.T).toarray()
