"""What an explanation leaves on disk: everything as JSON, the effects as CSV, one picture."""

import csv
import io
from pathlib import Path

from programs.disk import disk_faults, replace_file
from programs.explaining.plot import forest
from programs.explaining.records import Estimate, Explanation
from programs.reports.plots.drawing import render

JSON, CSV, PICTURE = "explain.json", "explain.csv", "effects.png"
_COLUMNS = ("judge", "scope", "arm", "author", "place", "name", "n_pairs", "n_failed", "n_unjudged", "n_same")
_ESTIMATE = ("value", "low", "high", "n_units", "unit")


def write_explanation(folder: Path, explanation: Explanation) -> None:
    """Writes explain.json, explain.csv and effects.png into `folder`, which is made; older ones are replaced.

    A picture of an earlier explanation is removed where there is nothing to draw.

    Raises: SetupError if the disk refuses.
    """
    plot = forest(explanation)
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        content = explanation.model_dump_json(indent=1)
        # Half a surrogate pair, which models send, is no UTF-8.
        replace_file(folder / JSON, content.encode("utf-8", "replace"))
        replace_file(folder / CSV, table(explanation).encode("utf-8", "replace"))
        if plot:
            replace_file(folder / PICTURE, render("effects", plot).png)
        else:
            (folder / PICTURE).unlink(missing_ok=True)


def table(explanation: Explanation) -> str:
    """All effects as CSV, a line each; cells of what is not known are empty."""
    obeys = {(each.author, each.place): each for each in explanation.obedience}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f"{stem}_{name}" for stem in ("score", "wins") for name in _ESTIMATE]
    writer.writerow([*_COLUMNS, *names, "check", "held_with", "held_without"])
    for each in explanation.effects:
        found = obeys.get((each.author, each.place if each.place is not None else -1))
        held = [found.check, found.with_it, found.without_it] if found and each.arm == "without" else ["", "", ""]
        cells = [getattr(each, name) for name in _COLUMNS]
        writer.writerow([*cells, *_cells(each.score), *_cells(each.wins), *held])
    return out.getvalue()


def _cells(estimate: Estimate | None) -> list[object]:
    return [None] * len(_ESTIMATE) if estimate is None else [getattr(estimate, name) for name in _ESTIMATE]
