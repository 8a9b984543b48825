"""Whether typed hypotheses parse, over many authors' sample sets.

    uv run python -m benchmarks.hypotheses [--sets 100] [--program authorship]

Draws sample sets of 3 to 7 texts, each of one author, from the bundled corpus and, where it is present, from the CCAT50
half in `../shared/data`; infers hypotheses for each with the embedded model, without a cache, and prints the share
that parsed, how many quotations occur in the samples, and the time.
"""

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

import dspy

from data import load_corpus
from programs import load, make_lm
from programs.answers import answer_all
from programs.lms.adapters import FittingAdapter
from signatures.generation import Sample

CCAT50 = Path(__file__).parents[1].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"


class Infers(dspy.Module):
    """The inferring step of a program alone, with its answer as text so that it can be counted."""

    def __init__(self, infer: Any) -> None:
        """Takes the step from a program."""
        super().__init__()
        self.infer = infer

    def forward(self, samples: list[Sample], attributes: dict[str, str]) -> dspy.Prediction:
        """Infers."""
        found = self.infer(samples=samples, attributes=attributes).hypotheses
        texts = [" ".join(sample.text.split()) for sample in samples]
        spans = [" ".join(span.split()) for hypothesis in found for span in hypothesis.evidence]
        n_verbatim = sum(any(span in text for text in texts) for span in spans)
        return dspy.Prediction(text=f"{len(found)} {len(spans)} {n_verbatim}")


def sample_sets(n_sets: int, seed: int) -> list[dspy.Example]:
    """Sets of 3 to 7 texts of one author each, over as many authors as there are."""
    names = ["bundled", *([f"jsonl:{CCAT50}"] if CCAT50.exists() else [])]
    authors = [author for name in names for author in load_corpus(name).authors]
    rng = random.Random(seed)
    examples = []
    for index in range(n_sets):
        author = authors[index % len(authors)]
        texts = rng.sample(author.texts, rng.randint(3, 7))
        samples = [Sample(text=text.text[:1500], prompt=text.prompt) for text in texts]
        example = dspy.Example(samples=samples, attributes=author.attributes, target_id=f"{author.id}-{index}")
        examples.append(example.with_inputs("samples", "attributes"))
    return examples


def main() -> int:
    """Prints the figures; 1 if any set failed to parse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--program", default="authorship")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    examples = sample_sets(args.sets, args.seed)
    started = time.perf_counter()
    with dspy.context(lm=make_lm("embedded", seed=args.seed, cache=False), adapter=FittingAdapter()):
        answers = answer_all(Infers(dict(load(args.program).named_predictors())["infer"]), examples, n_threads=24)
    seconds = time.perf_counter() - started
    good = [answer for answer in answers.values() if answer.error is None]
    counts = [tuple(map(int, answer.text.split())) for answer in good]
    n_hypotheses, n_spans, n_verbatim = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
    print(f"embedded model, program {args.program}, {len(examples)} sample sets of 3 to 7 texts")
    print(f"parsed: {len(good)} of {len(examples)} ({len(good) / len(examples):.1%}); {n_hypotheses} hypotheses")
    print(f"quotations that occur in the samples: {n_verbatim} of {n_spans}; {seconds:.0f} s")
    for answer in answers.values():
        if answer.error:
            print(f"failed: {answer.target_id}: {answer.error}")
    return int(len(good) < len(examples))


if __name__ == "__main__":
    sys.exit(main())
