"""Whether inferred hypotheses parse, quote what is there, state measured habits, and hold on texts not seen.

    uv run python -m benchmarks.hypotheses [--sets 100] [--program authorship]

Draws sample sets of 3 to 7 texts, each of one author, from the bundled corpus and, where it is present, from the CCAT50
half in `../shared/data`; measures habits and infers hypotheses for each with the embedded model, without a cache, and
prints the share that parsed, how many quotations occur in the samples, how many statements are measured habits, and
the time. Of the hypotheses that carry a check, it prints the share of the author's other texts on which the check
holds, the same of texts of other authors of the corpus, and the difference, with 95% intervals over authors; beside
it the same of the first habits that were measured, as many as were inferred, which is what choosing at all is worth.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dspy
import numpy as np

from data import load_corpus
from programs import load, make_lm
from programs.answers import Answer, answer_all
from programs.evidence import supported
from programs.habits import measured_habits, offered
from programs.intervals import clustered_mean
from programs.lms.adapters import FittingAdapter
from programs.traits import parse_check
from programs.traits.reading import Reading
from signatures.generation import Sample

CCAT50 = Path(__file__).parents[1].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"
_N_OTHERS = 20
"""Texts of other authors, each of another one where there are so many, that a check is tried on."""


class SampleSet(NamedTuple):
    """The samples of one author that are shown, and the texts on which claims are tried."""

    author: str
    example: dspy.Example
    unseen: list[Reading]
    others: list[Reading]


class Holding(NamedTuple):
    """Shares of texts on which the checks of one sample set hold."""

    author: str
    own: float
    others: float


class Infers(dspy.Module):
    """The inferring step of a program alone, with what is made of its answer as text so that it can be counted."""

    def __init__(self, infer: Any) -> None:
        """Takes the step from a program."""
        super().__init__()
        self.infer = infer

    def forward(self, samples: list[Sample], attributes: dict[str, str]) -> dspy.Prediction:
        """Measures and infers."""
        texts = [sample.text for sample in samples]
        habits = measured_habits(texts)
        found = self.infer(samples=samples, attributes=attributes, habits=offered(habits)).hypotheses
        return dspy.Prediction(text=json.dumps(counted(found, texts, habits)))


def counted(found: Sequence[Any], texts: Sequence[str], habits: Sequence[Any]) -> dict[str, Any]:
    """What is counted of one answer."""
    kept, _ = supported(found, texts, habits)
    folded = [" ".join(text.split()) for text in texts]
    spans = [" ".join(span.split()) for hypothesis in found for span in hypothesis.evidence]
    return {
        "hypotheses": len(found),
        "spans": len(spans),
        "verbatim": sum(any(span in text for text in folded) for span in spans),
        "kept": len(kept),
        "checks": [hypothesis.check for hypothesis in kept if hypothesis.check],
        "first": [habit.check for habit in habits[: len(kept)]],
    }


def sample_sets(n_sets: int, seed: int) -> list[SampleSet]:
    """Sets of 3 to 7 texts of one author each, over as many authors as there are."""
    names = ["bundled", *([f"jsonl:{CCAT50}"] if CCAT50.exists() else [])]
    corpora = [load_corpus(name).authors for name in names]
    everyone = [(author, authors) for authors in corpora for author in authors]
    rng = random.Random(seed)
    sets = []
    for index in range(n_sets):
        author, authors = everyone[index % len(everyone)]
        chosen = rng.sample(author.texts, rng.randint(3, 7))
        strangers = [other for other in authors if other.id != author.id]
        others = [rng.choice(other.texts) for other in rng.sample(strangers, min(_N_OTHERS, len(strangers)))]
        samples = [Sample(text=text.text[:1500], prompt=text.prompt) for text in chosen]
        example = dspy.Example(samples=samples, attributes=author.attributes, target_id=f"{author.id}-{index}")
        shown = {text.id for text in chosen}
        sets.append(
            SampleSet(
                author.id,
                example.with_inputs("samples", "attributes"),
                [Reading(text.text[:1500]) for text in author.texts if text.id not in shown],
                [Reading(text.text[:1500]) for text in others],
            )
        )
    return sets


def holdings(sets: Mapping[str, SampleSet], checks: Mapping[str, Sequence[str]]) -> list[Holding]:
    """How often checks hold, for every set that has any; both mappings by target id."""
    found = []
    for name, written in checks.items():
        parsed, one = [parse_check(check) for check in written], sets[name]
        if parsed and one.unseen and one.others:
            shares = [
                float(np.mean([check.met_by(reading) for check in parsed for reading in readings]))
                for readings in (one.unseen, one.others)
            ]
            found.append(Holding(one.author, *shares))
    return found


def holding_line(name: str, found: Sequence[Holding], seed: int) -> str:
    """Shares of texts on which checks hold, in words."""
    if not found:
        return f"{name}: none has a check"
    authors = [each.author for each in found]
    own, others = (np.array([getattr(each, name) for each in found]) for name in ("own", "others"))
    lift = clustered_mean(authors, own - others, rng=np.random.default_rng(seed), even=0.0, bounds=(-1.0, 1.0))
    return (
        f"{name} hold on {own.mean():.1%} of the author's unseen texts and on {others.mean():.1%} of other authors' "
        f"texts: lift {lift.value:.3f} ({lift.low:.3f} to {lift.high:.3f}); {len(found)} sets, {lift.n_authors} authors"
    )


def report(answers: Mapping[str, Answer], sets: Mapping[str, SampleSet], seed: int) -> list[str]:
    """The figures, a line each."""
    good = {name: json.loads(answer.text) for name, answer in answers.items() if answer.error is None}
    totals = {key: sum(counts[key] for counts in good.values()) for key in ("hypotheses", "spans", "verbatim", "kept")}
    n_habits = sum(len(counts["checks"]) for counts in good.values())
    share = n_habits / totals["kept"] if totals["kept"] else 0.0
    return [
        f"parsed: {len(good)} of {len(answers)} ({len(good) / len(answers):.1%}); {totals['hypotheses']} hypotheses",
        f"quotations that occur in the samples: {totals['verbatim']} of {totals['spans']}",
        f"kept: {totals['kept']} different claims that the samples bear out; measured habits: {n_habits} ({share:.1%})",
        holding_line("their checks", holdings(sets, {name: each["checks"] for name, each in good.items()}), seed),
        holding_line("first habits", holdings(sets, {name: each["first"] for name, each in good.items()}), seed),
        *(f"failed: {answer.target_id}: {answer.error}" for answer in answers.values() if answer.error),
    ]


def main() -> int:
    """Prints the figures; 1 if any set failed to parse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hypotheses", description=__doc__)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--program", default="authorship")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sets = {each.example.target_id: each for each in sample_sets(args.sets, args.seed)}
    infers = Infers(dict(load(args.program).named_predictors())["infer"])
    started = time.perf_counter()
    with dspy.context(lm=make_lm("embedded", seed=args.seed, cache=False), adapter=FittingAdapter()):
        answers = answer_all(infers, [each.example for each in sets.values()], n_threads=24)
    seconds = time.perf_counter() - started
    print(f"embedded model, program {args.program}, {len(sets)} sample sets of 3 to 7 texts; {seconds:.0f} s")
    print("\n".join(report(answers, sets, args.seed)))
    return int(any(answer.error for answer in answers.values()))


if __name__ == "__main__":
    sys.exit(main())
