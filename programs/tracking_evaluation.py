"""What an evaluation leaves in MLflow. Importing this imports MLflow, which takes seconds."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from programs.ledger import LedgerAbout
from programs.references import LEDGER
from programs.tracking import TrackedRun, reported
from programs.tracking_rows import measure_metrics, metric_name, row_metrics
from signatures.errors import SetupError

if TYPE_CHECKING:
    from programs.summary import Summary

EVALUATION = "evaluation"
"""The artifact folder of an evaluation, and the value of its run's tag `kind`."""
REPORT = "report.html"


def log_evaluation(tracked: TrackedRun, about: LedgerAbout, summary: "Summary", folder: Path) -> None:
    """Logs what was evaluated as params and input, every number with its interval as metrics, and the files.

    Of `folder`, the ledger, the report and its pictures become artifacts under `evaluation/`; whatever else lies there,
    such as answers kept for going on after an interruption, does not.

    Raises: SetupError if the folder lacks the ledger or the report, or the store refuses.
    """
    missing = [name for name in (LEDGER, REPORT) if not (folder / name).is_file()]
    if missing:
        raise SetupError(f"{str(folder)!r} has no {' and no '.join(missing)}; write them before logging the evaluation")
    tracked.log_params(evaluation_params(about))
    tracked.log_metrics(evaluation_metrics(about, summary))
    if about.corpus:
        tracked.log_dataset(about.corpus.name, about.corpus.sha256, about.corpus.name, about.part or EVALUATION)
    with reported(tracked.store):
        for path in (folder / LEDGER, folder / REPORT, *sorted(folder.rglob("*.png"))):
            place = Path(EVALUATION) / path.relative_to(folder).parent
            tracked.client.log_artifact(tracked.run_id, str(path), place.as_posix())


def evaluation_params(about: LedgerAbout) -> dict[str, JsonValue]:
    """What was evaluated, on what and with what; judges by name, since their accuracies are metrics."""
    params: dict[str, JsonValue] = about.model_dump(mode="json", exclude={"judges", "notes"}, exclude_none=True)
    return {**params, "judges": ", ".join(dict.fromkeys(note.judge for note in about.judges))}


def evaluation_metrics(about: LedgerAbout, summary: "Summary") -> dict[str, float]:
    """Every number of an evaluation but the single authors', under a name that says of what it is.

    What a name's number counts stands under the bare name, and what belongs to it beside it, as in `..._low`. A
    number that is not known, such as the kappa of judges that never differ, is left out.
    """
    metrics: dict[str, float] = {}
    for row in summary.results:
        metrics |= row_metrics(row)
    for measure in summary.measures:
        metrics |= measure_metrics(measure)
    for stem, main, record in _records(about, summary):
        for name, value in record.items():
            if isinstance(value, int | float) and math.isfinite(value):
                metrics[metric_name(stem if name == main else f"{stem}_{name}")] = float(value)
    return metrics


def _records(about: LedgerAbout, summary: "Summary") -> Iterator[tuple[str, str, dict[str, object]]]:
    """Stem of the names, the field that stands under it, and the record."""
    for note in about.judges:
        yield f"judge/{note.judge}/accuracy/{note.against}", "accuracy", note.model_dump()
    for failure in summary.failures:
        yield f"failures/{failure.judge}/{failure.system} vs {failure.baseline}", "n_failures", asdict(failure)
    for part in summary.domains:
        yield f"domain/{part.judge}/{part.system} vs {part.baseline}/{part.name}", "value", asdict(part)
    for agreement in summary.agreements:
        yield f"agreement/{agreement.a} and {agreement.b}", "percent", asdict(agreement)
    for gap in summary.differences:
        yield f"difference/{gap.judge}/{gap.a} less {gap.b} vs {gap.baseline}", "value", asdict(gap)
    for cost in summary.costs:
        yield f"cost/{cost.system}", "", asdict(cost)
    for price in summary.judge_costs:
        yield f"judge/{price.judge}/cost", "", asdict(price)
    for least in summary.detectable:
        yield f"detectable/{least.judge}/{least.baseline}", "value", asdict(least)
