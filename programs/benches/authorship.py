"""Experiments on authorship: authors and their texts, judges of style, and the systems that write without a compile."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dspy
import numpy as np

from data import load_corpus, split
from programs.answers import Answer
from programs.baselines import AttributesOnly, FewShot, ZeroShot
from programs.bench import Bench, Case, Data, Judging, KnownSystem, Parts, Serving
from programs.contest import WinMetric, others_texts, own_texts, real_scale
from programs.judges import DEFAULT_JUDGE, Judge, References, check_judge, known_judges, make_judge
from programs.judges.llm import JUDGE_DECODING
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.rivals import Prose, ProseSettings, Ticl
from programs.tasks import authorship_demos
from programs.validated import LONGEST_WORDS, judge_notes
from signatures.records import AuthorCase

CEILING, FLOOR = "ceiling", "floor"

SYSTEMS: Mapping[str, KnownSystem] = MappingProxyType(
    {
        "zero-shot": KnownSystem(lambda task: ZeroShot(), "the prompt alone"),
        "few-shot": KnownSystem(lambda task: FewShot(), "the person's samples as earlier turns"),
        "attributes": KnownSystem(lambda task: AttributesOnly(), "the person's attributes, no samples"),
        "ticl": KnownSystem(
            lambda task: Ticl(), "samples, failed drafts and what they lack, after TICL (arXiv:2502.08972)"
        ),
        "prose": KnownSystem(
            lambda task: Prose(), "a description refined and verified on the samples, after PROSE (arXiv:2505.23815)"
        ),
        "prose-icl": KnownSystem(
            lambda task: Prose(ProseSettings(n_shown=3)),
            "the same description with three samples as earlier turns, after PROSE with ICL (arXiv:2505.23815)",
        ),
        "paper": KnownSystem(
            lambda task: task.build({"n_habits": 0}), "two steps as in the paper: nothing measured, nothing tested"
        ),
        "uncompiled": KnownSystem(lambda task: task.build({}), "HyPerAlign as written by hand, without a compile"),
    }
)
"""Every system with a name of its own; read-only."""


def author_data(name: str, seed: int, settings: Mapping[str, Any]) -> Data:
    """A corpus of authors, split by author.

    Args:
        name: As `data.load_corpus` takes it.
        seed: Of the split.
        settings: `n_samples`, `n_targets` and `min_texts`, as `data.split` takes them; others are left aside.

    Raises: SetupError if the corpus cannot be had, or is too small.
    """
    wanted = ("n_samples", "n_targets", "min_texts")
    corpus = load_corpus(name)
    return Data(corpus, split(corpus, seed=seed, **{key: settings[key] for key in wanted if key in settings}))


def author_references(cases: Sequence[AuthorCase]) -> dict[str, list[str]]:
    """Author to the texts that only judges see."""
    return {case.author.id: [text.text for text in case.references] for case in cases}


def author_judge(name: str, references: References, api_base: str | None) -> Judge:
    """A judge fitted on references; one that asks a hosted model, at `api_base`. Raises: SetupError."""
    kind, _, model = name.partition(":")
    if kind != "llm" or api_base is None or model.partition(":")[0] == "embedded":
        return make_judge(name, references)
    check_access(model, api_base)
    return make_judge(name, references, make_lm(model, api_base=api_base, **JUDGE_DECODING))


def _labelled(splits: Parts) -> tuple[dspy.Example, ...]:
    """The train authors' own, and the bundled ones' where those have no gold hypotheses."""
    own = authorship_demos(splits.train)
    if any(case.author.gold for case in splits.train):
        return tuple(own)
    lent = split(load_corpus("bundled"), n_targets=1)
    return (*own, *authorship_demos((*lent.train, *lent.val, *lent.dev, *lent.test)))


def _metric(judge: Judge, targets: Mapping[str, Any], baseline: Mapping[str, str]) -> Callable[..., float | bool]:
    return WinMetric(judge, baseline, targets, real_scale(judge, targets, baseline))


def _bounds(
    cases: Sequence[AuthorCase], judged: Sequence[AuthorCase], rng: np.random.Generator
) -> dict[str, dict[str, Answer]]:
    """The author's real text, and another author's."""
    floor = others_texts(judged, LONGEST_WORDS, rng)
    return {
        CEILING: own_texts(cases, LONGEST_WORDS),
        FLOOR: {target.id: floor[target.id] for case in cases for target in case.targets},
    }


def _row(case: AuthorCase, target: Any, answer: Answer) -> dict[str, str]:
    return {"sample": case.samples[0].text if case.samples else ""}


def _tried(n_samples: int, budget: str) -> dict[str, list[int]]:
    """Settings that decide how many texts are written for a prompt, and how long that is.

    Only large budgets go beyond four texts: eight double what the compiled program takes, in the report as in use.
    """
    # With three samples or fewer there is nothing to leave out.
    shown = {"n_shown": [n for n in (3, 5, 7) if n <= n_samples]} if n_samples > 3 else {}
    return {
        "n_candidates": [1, 4, 8] if budget in ("medium", "heavy") else [1, 4],
        **shown,
        "sample_words": [120, 200],
        "n_habits": [0, 6],
    }


def _n_calls(cases: Sequence[Case]) -> int:
    """Hypotheses once an author, and a text a target."""
    return len(cases) + sum(len(case.targets) for case in cases)


BENCH = Bench(
    data=author_data,
    labelled=_labelled,
    judging=Judging(
        default=DEFAULT_JUDGE,
        evaluated=("stylometric", "stylometric-plain", "delta"),
        known=known_judges,
        check=check_judge,
        make=author_judge,
        references=author_references,
        validate=judge_notes,
        asked=make_judge,
    ),
    metric=_metric,
    systems=SYSTEMS,
    rivals=("few-shot",),
    evaluated=("zero-shot", "few-shot", "attributes", "ticl", "prose", "uncompiled", "authorship"),
    n_calls=_n_calls,
    most_calls=2,
    forms=("bundled", "jsonl:PATH", "csv:PATH", "hub:ID", "c50", "blogs", "enron"),
    serving=Serving(
        "mlflow_model.py",
        {
            "samples": ["Rain again. We plant anyway.", "No news; the boat is mended."],
            "prompt": "Write of the harvest.",
        },
    ),
    bounds=_bounds,
    row=_row,
    tried=_tried,
    transfers=True,
)
"""What experiments on authorship need."""
