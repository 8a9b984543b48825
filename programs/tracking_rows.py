"""What of a card goes into MLflow's flat params and metrics."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from programs.card import Card, Measure, ResultRow
from programs.tracking_store import redact

LONGEST_PARAM = 500
LONGEST_NAME = 200
SECRET = re.compile(
    r"(^|[._-])(api_?key|key|secret|passw(or)?d|auth(orization)?|credentials?|(access|auth|bearer|hf)_?token)$", re.I
)


def flat_params(params: Mapping[str, JsonValue]) -> dict[str, str]:
    """Settings as MLflow takes them: nested names joined by dots, values as text of at most 500 characters.

    Names that end like a secret's (`api_key`, `password`) are left out, as are user and password in a URI.
    """
    return {metric_name(name): _cut(value) for name, value in _leaves("", params) if not SECRET.search(name)}


def card_params(card: Card) -> dict[str, JsonValue]:
    """The settings on a card, each under the name of its part."""
    chosen = {"task", "settings", "corpus", "lm", "roles", "optimizer", "seeds", "packages", "version"}
    return {"program_sha256": card.program_sha256[:12], **card.model_dump(mode="json", include=chosen)}


def card_metrics(card: Card) -> dict[str, float]:
    """The numbers on a card: results, judges' accuracies, failures and what each phase cost."""
    metrics = {"seconds": card.seconds}
    for row in card.results:
        metrics |= row_metrics(row)
    for measure in card.measures:
        metrics |= measure_metrics(measure)
    for judge in card.judges:
        metrics[metric_name(f"judge/{judge.judge}/accuracy/{judge.against}")] = judge.accuracy
    for kind, count in card.failures.items():
        metrics[metric_name(f"failures/{kind}")] = float(count)
    for role in card.spent_by_role:
        for name, value in role.model_dump(exclude={"role", "price"}, exclude_none=True).items():
            metrics[metric_name(f"spent by role/{role.role}/{name}")] = float(value)
    for spend in card.spent:
        for name, value in spend.model_dump(exclude={"phase"}, exclude_none=True).items():
            metrics[metric_name(f"spent/{spend.phase}/{name}")] = float(value)
    return metrics


def row_metrics(row: ResultRow) -> dict[str, float]:
    """One result as metrics: the win rate, its interval's ends as `_low` and `_high`, and the counts beside it."""
    stem = f"win_rate/{row.judge}/{row.system} vs {row.baseline}"
    named = {"": row.win_rate, "_low": row.low, "_high": row.high}
    beside = row.model_dump(exclude={"system", "baseline", "judge", "win_rate", "low", "high"}, exclude_none=True)
    return {
        metric_name(stem + end): float(value)
        for end, value in (named | {f"_{k}": v for k, v in beside.items()}).items()
    }


def measure_metrics(measure: Measure) -> dict[str, float]:
    """A number that is no win rate, its interval's ends as `_low` and `_high`, and its `_n`; none of single groups."""
    if measure.by:
        return {}
    over = f" vs {measure.against}" if measure.against else ""
    stem = f"measure/{measure.name}/{measure.system}{over}"
    named = {"": measure.value, "_low": measure.low, "_high": measure.high, "_n": float(measure.n)}
    return {metric_name(stem + end): value for end, value in named.items() if value is not None}


def _leaves(stem: str, value: JsonValue | Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{stem}.{name}" if stem else name, inner)
    else:
        yield stem, value


def metric_name(text: str) -> str:
    """A name that MLflow allows, also as a path (a colon is allowed by some systems only); others stay distinct."""
    name = re.sub(r"[^\w./ -]", "_", text, flags=re.ASCII).strip("./ ") or "_"
    path = "/".join(part for part in name.split("/") if part.strip(". ")) or "_"
    if path == name and len(name) <= LONGEST_NAME:
        return name
    return f"{path[: LONGEST_NAME - 9]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _cut(value: object) -> str:
    text = redact(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LONGEST_PARAM else text[: LONGEST_PARAM - 1] + "…"
