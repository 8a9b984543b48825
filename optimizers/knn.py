"""DSPy's nearest neighbours, chosen once: a compiled program is a state, and a state cannot look for neighbours."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import dspy
import numpy as np
from dspy.teleprompt import KNNFewShot

from optimizers.contract import Budget, Compiled, Material, Metric, Trial
from optimizers.demos import bootstrapped_sets, fitting, one_an_author
from optimizers.reflecting import needs_trainset
from optimizers.scoring import Book

_MAX_DEMOS = 3


class Knn:
    """Shows each predictor the examples that are nearest to a person of the trainset, and keeps the best such set.

    DSPy's `KNNFewShot` replaces the program's `forward` by one that looks for neighbours of every input and then
    bootstraps on them: more model calls for every text, and nothing that a JSON state could hold. Here its search runs
    while compiling, around another example of the trainset in each trial; the demos found are static, for every
    input the same. Nearness is the cosine of TF-IDF vectors of what a demo and an example say, without a model.
    """

    name = "knn"

    def settings(self, n_trials: int) -> dict[str, Any]:
        """What the card says of it."""
        return {"n_trials": n_trials, "max_demos": _MAX_DEMOS, "vectors": "tf-idf"}

    def n_bootstraps(self, n_trials: int, n_train: int) -> int:
        """At most two runs for each demo."""
        return min(2 * _MAX_DEMOS, n_train)

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
        """Scores the student, then at most `n_trials` programs that differ from it in their demos.

        Raises: SetupError if the trainset is empty.
        """
        needs_trainset(self.name, material)
        rng = random.Random(seed)
        book = Book(metric, material.valset, n_threads, on_trial, budget)

        def steps() -> None:
            made = bootstrapped_sets(student, material, metric, _MAX_DEMOS, n_threads, rng)
            near = {
                name: _Neighbours(predictor, [*fitting(predictor, material.labelled), *made.get(name, [])], material)
                for name, predictor in student.named_predictors()
            }

            def candidate() -> dspy.Module:
                drawn, person = student.deepcopy(), rng.choice(list(material.trainset))
                for name, predictor in drawn.named_predictors():
                    found = near[name].of(person)
                    if found:
                        predictor.demos = one_an_author(found, rng.randint(1, _MAX_DEMOS))
                return drawn

            book.draw(candidate)

        return book.search(student, n_trials, steps)


class _Neighbours:
    """The demos of one predictor, by nearness to an example."""

    def __init__(self, predictor: Any, demos: Sequence[Any], material: Material):
        inputs = list(predictor.signature.input_fields)
        self._demos = [demo.with_inputs(*(name for name in inputs if name in demo)) for demo in demos]
        # DSPy's search fails on a single example, and needs none.
        self._knn = self._built(material) if len(self._demos) > 1 else None

    def _built(self, material: Material) -> Any:
        # Takes seconds to import, which whoever only lists the optimizers need not wait for.
        from sklearn.feature_extraction.text import TfidfVectorizer

        known = [_words(example.inputs()) for example in (*self._demos, *material.trainset)]
        vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+").fit([text or "-" for text in known])

        def vectors(texts: list[str]) -> np.ndarray:
            return np.asarray(vectorizer.transform(texts).todense(), dtype=np.float32)

        embedder: Any = dspy.Embedder(vectors, caching=False)
        return KNNFewShot(len(self._demos), self._demos, embedder).KNN

    def of(self, example: dspy.Example) -> list[Any]:
        """All demos, the nearest first."""
        found = self._knn(**example.inputs()) if self._knn is not None else self._demos
        return [demo.copy() for demo in found]


def _words(inputs: Any) -> str:
    """As DSPy writes an example for its vectors."""
    return " | ".join(f"{name}: {value}" for name, value in inputs.items())
