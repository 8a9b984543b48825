"""How long judging and counting take without a model: `uv run python -m benchmarks.engine`.

Two made systems answer the same targets of 50 authors, each target against one baseline: 10,000 pairs of texts of 150
words, each cut anew from the articles that the judge has not seen. The judge is fitted on the references, reads every
pair in both orders and gives its reasons; the ledger is written and read again; and all numbers of a report are counted
from it. Each run is a process of its own, of which time and peak memory are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from programs.answers import Answer
    from programs.ledger import LedgerRow
    from signatures.records import AuthorCase, Text

Cut = Callable[[Sequence[str]], str]
"""Cuts a text from anywhere in one of these."""
ROOT = Path(__file__).parents[1]
CCAT50 = ROOT.parent / "shared" / "data" / "ccat50_dev.jsonl.gz"
TARGET_SECONDS, TARGET_GIB = 20.0, 1.0
BASELINE = "baseline"
SYSTEMS = {"often right": 0.7, "less often right": 0.55}
"""Made systems, with the share of targets for which they hand in a text of the author's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints seconds of each part and peak memory; 1 if the median run misses the target, 2 for a wrong option."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--data", default=f"jsonl:{CCAT50}", help="corpus (default: CCAT50, ../shared/data)")
    parser.add_argument("--judge", default="stylometric", help="one without a model (default: %(default)s)")
    parser.add_argument("--authors", type=int, default=50, help="made by splitting those of the corpus (default: 50)")
    parser.add_argument("--pairs", type=int, default=10_000, help="of all systems together (default: %(default)s)")
    parser.add_argument("--words", type=int, default=150, help="length of the texts (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="processes to time (default: %(default)s)")
    parser.add_argument("--inside", action="store_true", help="run in this process and print JSON")
    options = parser.parse_args(arguments)
    if options.data == f"jsonl:{CCAT50}" and not CCAT50.is_file():
        print(f"error: there is no {str(CCAT50)!r}; give another corpus, such as --data bundled", file=sys.stderr)
        return 2
    if min(options.authors - 1, options.pairs - 1, options.words, options.runs) < 1:
        print("error: give at least 2 authors, 2 pairs, 1 word and 1 run", file=sys.stderr)
        return 2
    if options.inside:
        return run_and_tell(options)
    given = [
        item
        for name in ("data", "judge", "authors", "pairs", "words")
        for item in (f"--{name}", f"{vars(options)[name]}")
    ]
    return show([in_new_process(given) for _ in range(options.runs)])


def run_and_tell(options: argparse.Namespace) -> int:
    """Prints the figures of one run as JSON, or what the user must change."""
    from signatures.errors import SetupError

    try:
        print(json.dumps(run(options)))
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def in_new_process(arguments: Sequence[str]) -> dict[str, float]:
    """One run, whose peak memory is that of a process that did nothing else."""
    command = [sys.executable, "-m", "benchmarks.engine", "--inside", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def show(runs: Sequence[dict[str, float]]) -> int:
    """Prints the median of each figure; 1 if time or memory is beyond the target."""
    middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    counts = {name: int(middle.pop(name)) for name in ("pairs", "authors", "texts", "verdicts")}
    peak = middle.pop("peak GiB")
    seconds = sum(middle.values())
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()), end="")
    print(f"; median of {len(runs)} runs, {os.cpu_count()} cores")
    for name, part in middle.items():
        print(f"{name:52} {part:6.2f} s")
    print(f"{'together':52} {seconds:6.2f} s (target: under {TARGET_SECONDS:.0f})")
    print(f"{'peak memory':52} {peak:6.2f} GiB (target: under {TARGET_GIB:.0f})")
    return int(seconds >= TARGET_SECONDS or peak >= TARGET_GIB)


def run(options: argparse.Namespace) -> dict[str, float]:
    """Seconds of each part, counts and peak memory."""
    import numpy as np

    from programs.contest import Comparison, verdict_rows
    from programs.judges import make_judge
    from programs.ledger import read_all, write_ledger
    from programs.summary import summarise

    rng = np.random.default_rng(0)
    texts = sources(options.data, options.authors)
    cut = partial(window, n_words=options.words, rng=rng)
    cases = made_cases(texts, options.pairs // len(SYSTEMS), cut)
    answers = made_answers(texts, cases, cut, rng)
    seconds: dict[str, float] = {}
    # A first fit pays for importing scikit-learn.
    make_judge(options.judge, {"one": ["A b, c."], "two": ["C d! E."]})
    with timed(seconds, "fit the judge on references"):
        judge = make_judge(options.judge, {case.author.id: [text.text for text in case.references] for case in cases})
    rows: list[LedgerRow] = []
    with timed(seconds, "judge every pair in both orders, with reasons"):
        for system in SYSTEMS:
            comparison = Comparison("run", system, BASELINE, judge)
            rows += verdict_rows(comparison, cases, answers[system], answers[BASELINE])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.parquet"
        with timed(seconds, "write the ledger"):
            write_ledger(path, rows)
        with timed(seconds, "read it again"):
            read, about = read_all(path)
    with timed(seconds, "count all numbers of a report"):
        summary = summarise(read, about.seed)
    counts = {
        "pairs": sum(row.n_pairs for row in summary.results),
        "authors": len({row.author for row in rows}),
        "texts": len({text for row in rows for text in (row.candidate_text, row.baseline_text)}),
        "verdicts": len(rows),
    }
    return {**counts, **seconds, "peak GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


@contextmanager
def timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    """Adds what a part took."""
    started = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - started


def sources(data: str, n_authors: int) -> dict[str, tuple[list[str], list[str]]]:
    """Author to texts for the judge and texts to cut from; the corpus's authors are split until there are enough.

    Raises:
        SetupError: A corpus that cannot be read, or of too few texts.
    """
    from benchmarks.judge import halves
    from data import load_corpus
    from signatures.errors import SetupError

    references, held_out = halves(load_corpus(data).authors)
    n_parts = -(-n_authors // len(references))
    found = {}
    for index in range(n_authors):
        part, place = divmod(index, len(references))
        own = list(references)[place]
        found[f"{own} {part + 1}"] = references[own][part::n_parts], held_out[own][part::n_parts]
    if not all(fitted and judged for fitted, judged in found.values()):
        raise SetupError(f"{data!r} has too few texts for {n_authors} authors; give fewer --authors")
    return found


def made_cases(texts: dict[str, tuple[list[str], list[str]]], n_targets: int, cut: Cut) -> list[AuthorCase]:
    """A case an author, with references and an even share of the targets."""
    from signatures.records import Author, AuthorCase, Text

    cases = []
    for index, (name, (fitted, judged)) in enumerate(texts.items()):
        n_own = n_targets // len(texts) + (index < n_targets % len(texts))
        made = [("target", cut(judged)) for _ in range(n_own)] + [("reference", text) for text in fitted]
        own = [
            Text(id=f"{name} {kind} {n}", author=name, prompt="Write on.", text=text)
            for n, (kind, text) in enumerate(made)
        ]
        author = Author(id=name, texts=tuple(own))
        cases.append(AuthorCase(author=author, samples=(), targets=tuple(own[:n_own]), references=tuple(own[n_own:])))
    return cases


def made_answers(
    texts: dict[str, tuple[list[str], list[str]]], cases: Sequence[AuthorCase], cut: Cut, rng: np.random.Generator
) -> dict[str, dict[str, Answer]]:
    """Answers to every target: the baseline's by other authors, the systems' now and then by the author."""
    from programs.answers import Answer

    names = list(texts)

    def answer(target: Text, right: float) -> Answer:
        away = 0 if rng.random() < right else int(rng.integers(1, len(names)))
        writer = names[(names.index(target.author) + away) % len(names)]
        return Answer(target.id, cut(texts[writer][1]), 1.0, n_tokens=200)

    targets = [target for case in cases for target in case.targets]
    return {name: {t.id: answer(t, right) for t in targets} for name, right in {BASELINE: 0.0, **SYSTEMS}.items()}


def window(texts: Sequence[str], n_words: int, rng: np.random.Generator) -> str:
    """So many words from anywhere in one of the texts, or all that it has."""
    words = texts[int(rng.integers(len(texts)))].split(" ")
    start = int(rng.integers(max(1, len(words) - n_words)))
    return " ".join(words[start : start + n_words])


if __name__ == "__main__":
    sys.exit(main())
