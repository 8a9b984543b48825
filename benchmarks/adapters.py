"""What the adapters for a small model are worth: against DSPy's own, with the embedded model.

    uv run python -m benchmarks.adapters [--authors 8] [--targets 2] [--data bundled]

Test authors of the corpus. Each adapter infers hypotheses for every author and writes every target, given the author's
samples and gold hypotheses, from the same seed, decoding and limits. Printed for each: the share of calls that parse,
the share of texts that hold field markers, JSON or code, the mean length in words, and how often `FittingAdapter`'s
text is closer to the author's other texts by the stylometric judge, on targets that both wrote, with a 95% interval
over authors.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import dspy
import numpy as np
from dspy.utils.exceptions import AdapterParseError

from data import load_corpus
from data.splits import split
from programs.intervals import clustered_mean
from programs.judges import StylometricJudge, fit_stylometric
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.tasks import authorship_examples
from signatures.generation import InferHypotheses, PersonalizedGeneration
from signatures.records import AuthorCase

ADAPTERS: dict[str, Callable[[], dspy.Adapter]] = {
    "FittingAdapter": FittingAdapter,
    "ChatAdapter": dspy.ChatAdapter,
    "JSONAdapter": dspy.JSONAdapter,
}
POINTS = {"a": 1.0, "tie": 0.5, "b": 0.0}
_THREADS = 16
_INFER_TOKENS = 400
_FORM = re.compile(r"\[\[ ##|```|^\s*[{\[]|\{text\}|\"text\"\s*:|^\s*(def|import|print)\b", re.MULTILINE)
"""Field markers, fences, JSON, placeholders and code, which no author here writes."""


class Made(NamedTuple):
    """What one adapter made of all calls; None where its answer did not parse."""

    hypotheses: list[Any]
    texts: list[str | None]
    seconds: float


def run_adapter(adapter: dspy.Adapter, examples: Sequence[dspy.Example], lm: dspy.LM) -> Made:
    """Infers once an author and writes every target."""
    infer = dspy.Predict(InferHypotheses, max_tokens=_INFER_TOKENS)
    write = dspy.Predict(PersonalizedGeneration)
    authors = list({example.author: example for example in examples}.values())

    def tried(call: Callable[..., Any], **inputs: Any) -> Any:
        with dspy.context(lm=lm, adapter=adapter):
            try:
                return call(**inputs)
            except AdapterParseError:
                return None

    def inferred(example: dspy.Example) -> Any:
        return tried(infer, attributes=example.attributes, samples=example.samples)

    def written(example: dspy.Example) -> str | None:
        names = ("attributes", "hypotheses", "samples", "prompt")
        made = tried(write, **{name: example[name] for name in names})
        return None if made is None else made.text

    started = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        return Made(list(pool.map(inferred, authors)), list(pool.map(written, examples)), time.perf_counter() - started)


def rival_rate(
    judge: StylometricJudge, examples: Sequence[dspy.Example], ours: Made, theirs: Made, rng: np.random.Generator
) -> str:
    """How often our text is closer to the author, on targets that both wrote."""
    pairs = [
        (example.author, a, b) for example, a, b in zip(examples, ours.texts, theirs.texts, strict=True) if a and b
    ]
    if not pairs:
        return "no target that both wrote"
    authors, a, b = (list(column) for column in zip(*pairs, strict=True))
    points = np.array([POINTS[verdict] for verdict in judge.prefer_many(authors, a, b)])
    mean = clustered_mean(authors, points, rng=rng)
    return f"{mean.value:.2f} ({mean.low:.2f} to {mean.high:.2f}, n={len(pairs)})"


def row(name: str, made: Made, rate: str) -> str:
    """One line of the table."""
    texts = [text for text in made.texts if text]
    parsed = sum(each is not None for each in made.hypotheses)
    form = sum(bool(_FORM.search(text)) for text in texts) / max(len(texts), 1)
    words = np.mean([len(text.split()) for text in texts]) if texts else 0.0
    infers, writes = f"{parsed}/{len(made.hypotheses)}", f"{len(texts)}/{len(made.texts)}"
    return f"{name:15} {infers:>8} {writes:>8} {form:>6.0%} {words:>6.0f} {made.seconds:>8.0f}  {rate}"


def cases(data: str, n_authors: int, n_targets: int, seed: int) -> Sequence[AuthorCase]:
    """Test authors with their targets."""
    return split(load_corpus(data), seed=seed, n_samples=2, n_targets=n_targets).test[:n_authors]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapters", description=__doc__)
    parser.add_argument("--data", default="bundled", help="corpus (default: %(default)s)")
    parser.add_argument("--authors", type=int, default=8, help="test authors (default: %(default)s)")
    parser.add_argument("--targets", type=int, default=2, help="prompts an author (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of decoding (default: %(default)s)")
    options = parser.parse_args()
    chosen = cases(options.data, options.authors, options.targets, options.seed)
    examples = authorship_examples(chosen)
    judge = fit_stylometric({case.author.id: [text.text for text in case.references] for case in chosen})
    lm = make_lm("embedded", seed=options.seed, cache=False)
    lm("Hello.", max_tokens=1)
    made = {name: run_adapter(make(), examples, lm) for name, make in ADAPTERS.items()}
    print(f"{options.data}, embedded model, {len(chosen)} test authors, {len(examples)} targets, seed {options.seed}")
    print(f"{'adapter':15} {'inferred':>8} {'written':>8} {'form':>6} {'words':>6} {'seconds':>8}  FittingAdapter wins")
    ours = made["FittingAdapter"]
    for name, theirs in made.items():
        rng = np.random.default_rng(options.seed)
        print(row(name, theirs, "" if theirs is ours else rival_rate(judge, examples, ours, theirs, rng)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
