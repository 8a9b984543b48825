"""How well the refusal judge agrees with people: `uv run python -m benchmarks.refusal`.

For each model, and each fold of the prompts, the weights are fitted to the other models' answers to the other prompts;
so no answer is judged by weights that saw its model or its prompt. Beside it stand the labels that the data carries of
string matching and of GPT-4. Rules and phrases do not change between folds: they were written by people who read this
data, so answers to other prompts are the test of those. Intervals are 95%, prompts resampled.

`--write` fits the weights that ship on all answers, and writes them into the package.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from programs.agreement import cohens_kappa
from programs.intervals import clustered_mean
from programs.judges.refusal import classify_many
from programs.refusals.asking import asked
from programs.refusals.fitting import fit
from programs.refusals.rules import LABELS, Label, settled
from programs.refusals.signs import Signs, signs
from programs.refusals.weighing import SHIPPED, write_parameters
from signatures.errors import SetupError

XSTEST = Path(__file__).parents[1].parent / "shared" / "data" / "xstest_completions_dev.jsonl"
KAPPA = {"full_compliance": 1.0, "partial_refusal": 0.5, "full_refusal": 0.0}
"""The three labels as the three outcomes that `cohens_kappa` tells apart."""
NAMES = {"judge": "refusal judge", "string_match_label": "string matching", "gpt4_label": "GPT-4"}
AT_LEAST_S = 2.0
"""Seconds that speed is measured for."""


class Row(BaseModel):
    """An answer with the labels of people and of two automatic judges, as the data writes them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    prompt: str
    completion: str
    human_label: str
    string_match_label: str
    gpt4_label: str

    def label(self, kind: str) -> str:
        """One of the labels without its number, such as "full_refusal"; GPT-4's is not always one of the three."""
        return getattr(self, kind).partition("_")[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, or writes the weights; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusal", description=__doc__)
    parser.add_argument("--data", type=Path, default=XSTEST, help="JSON lines (default: the XSTest answers at hand)")
    parser.add_argument("--folds", type=int, default=10, help="folds of the prompts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="deals prompts to folds (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="fit the weights that ship, and do no more")
    options = parser.parse_args(arguments)
    try:
        rows = read_rows(options.data)
        if options.write:
            write_parameters(fit(signs_of(rows), people(rows)), SHIPPED)
            print(f"wrote {SHIPPED}")
            return 0
        report(rows, held_out(rows, options.folds, options.seed), options.seed)
        speed(rows)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def read_rows(file: Path) -> list[Row]:
    """Reads the labelled answers.

    Raises: SetupError if the file cannot be read or a line is no labelled answer.
    """
    rows: list[Row] = []
    try:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            row = Row.model_validate_json(line)
            if row.label("human_label") not in LABELS:
                raise SetupError(
                    f"line {number} of {str(file)!r} has the label {row.human_label!r}; give '2_full_refusal'"
                )
            rows.append(row)
    except OSError as error:
        raise SetupError(f"cannot read {str(file)!r} ({error}); name labelled answers with --data") from error
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise SetupError(f"a line of {str(file)!r} is no labelled answer ({reason}); give XSTest's columns") from error
    return rows


def signs_of(rows: Sequence[Row]) -> list[Signs]:
    """The signs in each answer."""
    return [signs(row.prompt, row.completion) for row in rows]


def people(rows: Sequence[Row]) -> list[Label]:
    """The labels that people gave."""
    by_name: dict[str, Label] = {label: label for label in LABELS}
    return [by_name[row.label("human_label")] for row in rows]


@dataclass(frozen=True)
class HeldOut:
    """What the judge said of answers that its weights were not fitted to."""

    labels: list[str]
    n_ruled: int
    """Answers that a rule settled."""


def held_out(rows: Sequence[Row], n_folds: int, seed: int) -> HeldOut:
    """Labels every answer by weights of other models' answers to other prompts.

    Raises: SetupError if there are not two models and two folds of prompts.
    """
    models, prompts = sorted({row.model for row in rows}), sorted({row.prompt for row in rows})
    if len(models) < 2 or not 2 <= n_folds <= len(prompts):
        raise SetupError(f"{len(models)} models, {len(prompts)} prompts, {n_folds} folds; give two or more of each")
    dealt = np.random.default_rng(seed).permutation(len(prompts)) % n_folds
    fold = dict(zip(prompts, dealt.tolist(), strict=True))
    found, truth = signs_of(rows), people(rows)
    labels = [""] * len(rows)
    for model in models:
        for number in range(n_folds):
            train = [i for i, row in enumerate(rows) if row.model != model and fold[row.prompt] != number]
            test = [i for i, row in enumerate(rows) if row.model == model and fold[row.prompt] == number]
            fitted = fit([found[i] for i in train], [truth[i] for i in train])
            said = classify_many([rows[i].prompt for i in test], [rows[i].completion for i in test], fitted)
            for i, label in zip(test, said, strict=True):
                labels[i] = label
    return HeldOut(labels, sum(settled(each) is not None for each in found))


def report(rows: Sequence[Row], result: HeldOut, seed: int) -> None:
    """Prints accuracy for each model, then precision and recall for each label, then what was taken for what."""
    said = {"judge": result.labels, **{kind: [row.label(kind) for row in rows] for kind in [*NAMES][1:]}}
    truth = people(rows)
    print(f"{len(rows)} answers, {len({row.prompt for row in rows})} prompts; rules settle {result.n_ruled}")
    print(f"{'answers of':16} {'judge':16} accuracy   95% interval  kappa")
    for model in [*sorted({row.model for row in rows}), "all"]:
        picked = [i for i, row in enumerate(rows) if model in (row.model, "all")]
        prompts = [rows[i].prompt for i in picked]
        for kind, labels in said.items():
            right = np.array([labels[i] == truth[i] for i in picked], dtype=float)
            mean = clustered_mean(prompts, right, rng=np.random.default_rng(seed))
            kappa = _kappa([labels[i] for i in picked], [truth[i] for i in picked])
            print(f"{model:16} {NAMES[kind]:16} {mean.value:8.3f} {mean.low:6.3f} to {mean.high:.3f}  {kappa}")
    for kind, labels in said.items():
        _by_label(NAMES[kind], labels, truth)


def _kappa(labels: Sequence[str], truth: Sequence[str]) -> str:
    if not set(labels) <= KAPPA.keys():
        return "    -"
    kappa = cohens_kappa([KAPPA[label] for label in labels], [KAPPA[label] for label in truth])
    return "    -" if kappa is None else f"{kappa:5.2f}"


def _by_label(name: str, labels: Sequence[str], truth: Sequence[str]) -> None:
    counts = Counter(zip(truth, labels, strict=True))
    said = [*LABELS, *sorted(set(labels) - set(LABELS))]
    print(f"\n{name:18} precision recall    F1   taken for: {', '.join(said)}")
    for label in LABELS:
        right, n_true, n_said = counts[label, label], truth.count(label), list(labels).count(label)
        f1 = 2 * right / max(1, n_true + n_said)
        taken = ", ".join(f"{counts[label, each]}" for each in said)
        print(f"{label:18} {right / max(1, n_said):9.3f} {right / max(1, n_true):6.3f} {f1:5.3f}   {taken}")


def speed(rows: Sequence[Row]) -> None:
    """Prints answers a second on one core, all rows at once, again and again."""
    prompts, answers = [row.prompt for row in rows], [row.completion for row in rows]
    classify_many(prompts, answers)
    n, wall, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < AT_LEAST_S:
        asked.cache_clear()
        classify_many(prompts, answers)
        n += len(rows)
    wall, used = time.perf_counter() - wall, time.process_time() - used
    print(f"\n{n / wall:,.0f} answers/s by the clock, {n / used:,.0f} by processor time, one core")


if __name__ == "__main__":
    sys.exit(main())
