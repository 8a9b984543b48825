"""How much picking the likeliest of n candidates gains: win rates for n = 1, 2, 4 and 8 with the embedded model.

    uv run python -m benchmarks.selection [--system uncompiled] [--n 1 2 4 8]

Every test author's targets are answered by zero-shot and by the system with as many candidates as the largest n; the
first n calls are the same however many follow, so that each n is read off the same texts. The likeness sees the
author's samples and the shipped background alone; the judges, fitted on the references of dev and test authors, only
measure. `any` is a candidate drawn blindly, what selection must beat; `against 1` compares with the first candidate.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dspy
import numpy as np

from data import load_corpus, split
from programs.answers import answer_all
from programs.baselines import ZeroShot
from programs.intervals import clustered_mean
from programs.judges import Judge, make_judge
from programs.judges.validation import answer
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.selection import Candidate
from programs.systems import find_system
from programs.tasks import find_task
from signatures.errors import SetupError
from signatures.records import AuthorCase, Text

POINTS = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True)
class Drawn:
    """A target with the baseline's text and the candidates, as judges may read them, in the order of their calls."""

    author: str
    baseline: str
    texts: tuple[str, ...]
    scores: tuple[float, ...]
    calls: tuple[int, ...]

    def first(self, n: int) -> list[int]:
        """Places of the candidates of the first n calls; the first that has a text where none of those has."""
        return [place for place, call in enumerate(self.calls) if call < n] or [0]

    def picked(self, n: int) -> str:
        """The likeliest text of the first n calls."""
        return self.texts[max(self.first(n), key=lambda place: (self.scores[place], -place))]


class Draws(dspy.Module):
    """A program that keeps the candidates of each prompt in reach."""

    def __init__(self, program: dspy.Module, n: int) -> None:
        """Asks `program` for n candidates."""
        super().__init__()
        self.program, self.n = program, n
        self.candidates: dict[str, tuple[Candidate, ...]] = {}

    def forward(self, target_id: str, **inputs: object) -> dspy.Prediction:
        """Writes, and remembers what was picked from."""
        out = self.program(**inputs, n=self.n)
        self.candidates[target_id] = out.candidates or (Candidate(text=out.text, score=0.0),)
        return out


def draw(program: dspy.Module, cases: Sequence[AuthorCase], n: int, n_threads: int) -> list[Drawn]:
    """Writes n candidates and the baseline's text for every target; targets that either failed are left out."""
    examples = find_task("authorship").examples(cases)
    plain = answer_all(ZeroShot(), examples, n_threads)
    draws = Draws(program, n)
    asked = [example.with_inputs("samples", "attributes", "prompt", "target_id") for example in examples]
    answer_all(draws, asked, max(1, n_threads // n))
    found = []
    for case in cases:
        for target in case.targets:
            candidates = draws.candidates.get(target.id)
            if candidates and plain[target.id].error is None:
                found.append(_readable(target, plain[target.id].text, candidates))
    return found


def _readable(target: Text, baseline: str, candidates: Sequence[Candidate]) -> Drawn:
    return Drawn(
        author=target.author,
        baseline=answer(target, baseline),
        texts=tuple(answer(target, each.text) for each in candidates),
        scores=tuple(each.score for each in candidates),
        calls=tuple(each.call for each in candidates),
    )


def row(judge: Judge, drawn: Sequence[Drawn], n: int) -> str:
    """One line of the table: the picked text against zero-shot, any text against it, and picked against the first."""
    authors = [each.author for each in drawn]
    picked, first = [each.picked(n) for each in drawn], [each.picked(1) for each in drawn]
    blind = [
        np.mean(points(judge, [each.author] * n_own, own, [each.baseline] * n_own))
        for each in drawn
        for own in [[each.texts[place] for place in each.first(n)]]
        for n_own in [len(own)]
    ]
    wins = points(judge, authors, picked, [each.baseline for each in drawn])
    return "  ".join(
        [
            f"{judge.name:18}{n:3}",
            _rate(authors, wins),
            _rate(authors, np.array(blind)),
            _rate(authors, points(judge, authors, picked, first)),
        ]
    )


def points(judge: Judge, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> np.ndarray:
    """1, 0.5 or 0 for text a in each pair, shape (n,)."""
    return np.array([POINTS[each] for each in judge.prefer_many(authors, a, b)])


def _rate(authors: Sequence[str], values: np.ndarray) -> str:
    mean = clustered_mean(authors, values, rng=np.random.default_rng(0))
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def main(arguments: Sequence[str] | None = None, make_model: Callable[..., dspy.LM] = make_lm) -> int:
    """Prints the table; 2 where a choice cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.selection", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", default="uncompiled", help="a program that takes n (default: %(default)s)")
    parser.add_argument("--data", default="bundled", help="corpus (default: %(default)s)")
    parser.add_argument("--n", type=int, nargs="+", default=[1, 2, 4, 8], help="candidates (default: 1 2 4 8)")
    parser.add_argument("--judges", nargs="+", default=["stylometric", "stylometric-plain", "delta"])
    parser.add_argument("--lm", default="embedded")
    parser.add_argument("--limit-authors", type=int)
    parser.add_argument("--threads", type=int, default=64, help="calls in flight (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        return run(options, make_model)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def run(options: argparse.Namespace, make_model: Callable[..., dspy.LM]) -> int:
    """Draws, judges and prints. Raises: SetupError where a choice cannot be used."""
    if min(options.n) < 1:
        raise SetupError(f"--n holds {min(options.n)}; give numbers of candidates from 1 on")
    parts = split(load_corpus(options.data), seed=options.seed)
    references = {case.author.id: [text.text for text in case.references] for case in (*parts.dev, *parts.test)}
    judges = [make_judge(name, references) for name in options.judges]
    program = find_system(f"{options.system}*{max(options.n)}", find_task("authorship")).program
    if program is None:
        raise SetupError(f"{options.system!r} is no program; name one that writes")
    started = time.perf_counter()
    with dspy.context(lm=make_model(options.lm, seed=options.seed), adapter=FittingAdapter()):
        drawn = draw(program, parts.test[: options.limit_authors], max(options.n), options.threads)
    seconds = time.perf_counter() - started
    if not drawn:
        raise SetupError(
            f"no target was answered by {options.system!r} and zero-shot; look at the model {options.lm!r}"
        )
    print(f"{options.system} with {options.lm} on {options.data}, seed {options.seed}: {len(drawn)} targets of")
    print(f"{len({each.author for each in drawn})} test authors, {max(options.n)} candidates each, {seconds:.0f} s")
    print(f"{'judge':18}  n  {'picked against zero-shot':22}  {'any':22}  {'picked against 1':22}")
    for judge in judges:
        for n in sorted(set(options.n)):
            print(row(judge, drawn, n), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
