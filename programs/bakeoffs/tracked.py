"""What a bake-off leaves in MLflow. Importing this imports MLflow, which takes seconds."""

from pathlib import Path

from programs.bakeoffs.files import PICTURE, RESULTS, TABLE
from programs.bakeoffs.keeping import CELLS
from programs.bakeoffs.records import Results
from programs.tracking import TrackedRun, reported
from programs.tracking_rows import metric_name

BAKEOFF = "bakeoff"
"""The artifact folder of a bake-off, and the value of its run's tag `kind`."""
_COSTS = ("calls", "tokens", "minutes", "dollars", "hits", "n_trials", "n_failures", "n_unscored", "n_broken")


def log_bakeoff(tracked: TrackedRun, results: Results, folder: Path) -> None:
    """Logs what was compared as params, every number of the table with its interval as metrics, and the files.

    Raises: SetupError if the store refuses.
    """
    kept = {"task", "corpus", "lm", "split_seed", "budget", "n_trials", "limits", "goal", "packages"}
    params = results.model_dump(mode="json", include=kept)
    params["optimizers"] = ", ".join(each.optimizer for each in results.standings)
    params["seeds"] = ", ".join(map(str, sorted({cell.seed for cell in results.cells})))
    params["judges"] = ", ".join(dict.fromkeys(note.judge for note in results.judges))
    tracked.log_params(params)
    tracked.log_metrics(metrics(results))
    tracked.log_dataset(results.corpus.name, results.corpus.sha256, results.corpus.name, BAKEOFF)
    with reported(tracked.store):
        for name in (RESULTS, TABLE, PICTURE, CELLS):
            if (folder / name).is_file():
                tracked.client.log_artifact(tracked.run_id, str(folder / name), BAKEOFF)


def metrics(results: Results) -> dict[str, float]:
    """Every number under a name that says of what it is, the ends of its interval beside it as `_low` and `_high`."""
    found: dict[str, float] = {}
    for note in results.judges:
        found[metric_name(f"judge/{note.judge}/accuracy/{note.against}")] = note.accuracy
    for each in results.standings:
        for baseline, rate in (("zero-shot", each.zero_shot), ("uncompiled", each.uncompiled)):
            if rate is not None:
                stem = f"win_rate/{each.optimizer} vs {baseline}"
                ends = {"": rate.value, "_low": rate.low, "_high": rate.high, "_n_pairs": float(rate.n_pairs)}
                found |= {metric_name(stem + end): value for end, value in ends.items()}
        for name in _COSTS:
            value = getattr(each, name)
            if value is not None:
                found[metric_name(f"spent/{each.optimizer}/{name}")] = float(value)
        if each.goal and each.goal.tokens is not None:
            found[metric_name(f"tokens to {results.goal}/{each.optimizer}")] = each.goal.tokens
    return found
