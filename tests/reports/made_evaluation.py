"""A ledger like that of a real evaluation, made from a seed: no model, the same rows every time."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from programs.card import CorpusNote, JudgeNote, LmNote
from programs.ledger import LedgerAbout, LedgerRow, Order
from programs.metrics import Verdict

JUDGES = {"stylometric": 0.25, "delta": 0.45, "llm:tiny": 2.5}
"""Name to how far it strays; the last one is validated below 80%."""
BASELINE = "zero-shot"
SYSTEMS = {
    "few-shot": 0.25,
    "attributes": 0.05,
    "ticl": 0.2,
    "prose": 0.3,
    "uncompiled": 0.1,
    "compiled": 0.5,
    "ceiling": 1.6,
    "floor": -0.5,
}
"""Name to how much closer to the author its texts are than the baseline's."""
_TOO_LONG = "the model failed: context of 2048 tokens exceeded"
_NO_VERDICT = "the judge gave no verdict: the answer is not JSON"
_DOMAINS = ("news", "blog", "email")
_WORDS = (
    "the of and a in that it was for on as with but his they at be this from have or one had not what all were when "
    "we there can an your which their said if do will each about how up out them then she many some so these would "
    "harvest ledger window argument morning letter rain quarter engine dinner promise rumour corner question evening"
).split()
_HYPOTHESES = (
    "rhythm: short sentences close a paragraph [“We plant anyway.”]",
    "punctuation: dashes stand where others put commas",
    "stance: claims are hedged once, then stated flat",
    "address: the reader is spoken to as you",
)


@dataclass(frozen=True)
class Size:
    """How many of everything."""

    n_authors: int = 18
    n_targets: int = 3
    n_words: int = 120
    failures: float = 0.03
    """Share of texts that a system could not write."""


def made_rows(size: Size | None = None, seed: int = 0, systems: Sequence[str] = tuple(SYSTEMS)) -> list[LedgerRow]:
    """Every system against the baseline, by every judge, in both orders."""
    size, draw = size or Size(), random.Random(seed)
    baseline = {key: _text(draw, size.n_words) for key in _targets(size)}
    rows: list[LedgerRow] = []
    for system in systems:
        for key in _targets(size):
            rows += _rows(draw, system, key, baseline[key], size)
    return rows


def made_about() -> LedgerAbout:
    """What goes with `made_rows`."""
    accuracies = {"stylometric": (0.93, 0.9), "delta": (0.88, 0.86), "llm:tiny": (0.58, 0.55)}
    return LedgerAbout(
        task="authorship",
        corpus=CorpusNote(
            name="bundled", sha256="a" * 64, split_sha256="b" * 64, authors={"train": 12, "val": 6, "test": 18}
        ),
        part="test",
        lm=LmNote(name="embedded", decoding={"temperature": 0.7, "max_tokens": 220, "seed": 0}),
        seed=0,
        judges=tuple(_note(judge, accuracies[judge], at) for judge in JUDGES for at in range(2)),
        systems={BASELINE: "the prompt alone", "compiled": "the program that ships, MIPROv2 on 12 authors"},
        packages={"dspy": "3.4.1", "numpy": "2.3.0"},
        settings={"n_samples": 3, "n_targets": 3},
        notes=("2 authors have fewer than 6 texts and are left out",),
    )


def carried(rows: Sequence[LedgerRow]) -> tuple[list[LedgerRow], LedgerAbout]:
    """Rows as an evaluation of transfers has them: six systems called by the cells that they stand for."""
    places = [
        ("models", "a", "a"),
        ("models", "a", "b"),
        ("models", "b", "a"),
        ("samples", "1", ""),
        ("samples", "3", ""),
    ]
    names = dict(zip(SYSTEMS, [*places, ("domains", "news", "")], strict=False))
    cells = [
        {"kind": kind, "row": row, "column": column, "system": f"{kind} {row} {column}", "baseline": BASELINE}
        for kind, row, column in names.values()
    ]
    renamed = [
        row.model_copy(update={"system": " ".join(names[row.system])}) if row.system in names else row for row in rows
    ]
    return renamed, made_about().model_copy(update={"settings": {"transfer": cells}})


def _note(judge: str, accuracies: tuple[float, float], at: int) -> JudgeNote:
    accuracy = accuracies[at]
    return JudgeNote(
        judge=judge,
        against=("other authors", f"embedded {BASELINE}")[at],
        accuracy=accuracy,
        low=accuracy - 0.04,
        high=accuracy + 0.03,
        n_pairs=(918, 54)[at],
        consistency=0.41 if judge.startswith("llm") else 1.0,
        trusted=accuracy >= 0.8,
    )


def _targets(size: Size) -> Iterator[tuple[str, str, str]]:
    """Author, domain and id of each target."""
    for author in range(size.n_authors):
        for target in range(size.n_targets):
            domain = _DOMAINS[target % len(_DOMAINS)]
            yield f"author-{author:02}", domain, f"author-{author:02}-{domain}-{target}"


def _rows(draw: random.Random, system: str, key: tuple[str, str, str], baseline: str, size: Size) -> list[LedgerRow]:
    author, domain, target = key
    n_words = size.n_words * (8 if draw.random() < 0.02 else 1)
    failed = system not in ("ceiling", "floor") and draw.random() < size.failures
    text = "" if failed else _text(draw, n_words)
    taste = random.Random(author).gauss(0, 0.25)
    gap = SYSTEMS[system] + taste + draw.gauss(0, 0.5)
    inferred = system in ("uncompiled", "compiled", "prose")
    n_calls = {"ticl": 6, "prose": 8, "uncompiled": 2, "compiled": 2, "ceiling": 0, "floor": 0}.get(system, 1)
    rows = []
    for judge, stray in JUDGES.items():
        for order in ("candidate-first", "baseline-first"):
            lost = judge.startswith("llm") and draw.random() < 0.01
            error = _TOO_LONG if failed else _NO_VERDICT if lost else None
            verdict = None if error else _verdict(draw, gap, stray, judge, order)
            rows.append(
                LedgerRow(
                    run="a1b2c3",
                    system=system,
                    baseline=BASELINE,
                    author=author,
                    domain=domain,
                    target_id=target,
                    candidate_text=text,
                    baseline_text=baseline,
                    prompt=f"Write a {domain} text on what happened at {target}.",
                    sample=_sample(author),
                    hypotheses="\n".join(_HYPOTHESES) if inferred else "",
                    judge=judge,
                    judge_version=f"{judge}-1234abcd",
                    order=order,
                    verdict=verdict,
                    reason="" if error else "a: more of the author's ', but', '—'; less of 'because'",
                    candidate_words=len(text.split()),
                    baseline_words=len(baseline.split()),
                    seconds=round(n_calls * 1.3, 2),
                    tokens=n_calls * 640,
                    cost=0.0,
                    judge_seconds=1.5 if judge.startswith("llm") else 0.001,
                    judge_tokens=700 if judge.startswith("llm") else 0,
                    error=error,
                )
            )
    return rows


def _verdict(draw: random.Random, gap: float, stray: float, judge: str, order: Order) -> Verdict:
    if judge.startswith("llm") and draw.random() < 0.5:
        # Whatever stands first.
        return "candidate" if order == "candidate-first" else "baseline"
    seen = gap + draw.gauss(0, stray)
    return "tie" if abs(seen) < 0.04 else "candidate" if seen > 0 else "baseline"


def _text(draw: random.Random, n_words: int) -> str:
    words = [draw.choice(_WORDS) for _ in range(draw.randint(n_words * 2 // 3, n_words * 4 // 3))]
    lines = [" ".join(words[at : at + 14]).capitalize() + "." for at in range(0, len(words), 14)]
    return "\n\n".join(" ".join(lines[at : at + 4]) for at in range(0, len(lines), 4))


def _sample(author: str) -> str:
    return _text(random.Random(f"sample {author}"), 90)
