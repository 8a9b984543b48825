"""What an explanation leaves in MLflow. Importing this imports MLflow, which takes seconds."""

from pathlib import Path

from programs.explaining.files import CSV, JSON, PICTURE
from programs.explaining.records import Explanation
from programs.tracking import TrackedRun, reported
from programs.tracking_rows import metric_name

EXPLANATION = "explanation"
"""The artifact folder of an explanation, and the value of its run's tag `kind`."""


def log_explanation(tracked: TrackedRun, explanation: Explanation, folder: Path) -> None:
    """Logs what was explained as params, effects with their intervals as metrics, and the files.

    Raises: SetupError if the store refuses.
    """
    kept = {"task", "version", "program", "corpus", "lm", "seed", "n_draws", "settings", "n_planned", "packages"}
    params = explanation.model_dump(mode="json", include=kept)
    params["authors"] = ", ".join(author.author for author in explanation.authors)
    tracked.log_params(params)
    tracked.log_metrics(metrics(explanation))
    tracked.log_dataset(explanation.corpus.name, explanation.corpus.sha256, explanation.corpus.name, EXPLANATION)
    with reported(tracked.store):
        for name in (JSON, CSV, PICTURE):
            if (folder / name).is_file():
                tracked.client.log_artifact(tracked.run_id, str(folder / name), EXPLANATION)


def metrics(explanation: Explanation) -> dict[str, float]:
    """Every effect under a name that says of what it is, the ends of its interval beside it as `_low` and `_high`."""
    found: dict[str, float] = {}
    for each in explanation.effects:
        # Statements are long and change with the model; a place is short, and the JSON has the words.
        which = each.name if each.place is None else f"hypothesis {each.place + 1}"
        for kind in ("score", "wins"):
            estimate = getattr(each, kind)
            if estimate is not None:
                stem = f"effect/{each.judge}/{kind}/{each.author or 'all authors'}/{each.scope}/{which}/{each.arm}"
                ends = {"_low": estimate.low, "_high": estimate.high}
                found[metric_name(stem)] = estimate.value
                found |= {metric_name(stem + end): value for end, value in ends.items() if value is not None}
    return found
