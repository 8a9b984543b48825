"""What a bake-off leaves on disk beside its cells: everything as JSON, the table in Markdown, one picture."""

from pathlib import Path

from programs.bakeoffs.plot import race
from programs.bakeoffs.records import Results
from programs.bakeoffs.table import markdown
from programs.disk import disk_faults, replace_file
from programs.reports.plots.drawing import render
from programs.results import REAL_TEXT

RESULTS, TABLE, PICTURE = "bakeoff.json", "bakeoff.md", "bakeoff.png"


def write_results(folder: Path, results: Results, right: str = REAL_TEXT) -> None:
    """Writes bakeoff.json, bakeoff.md and bakeoff.png into `folder`, which is made; older ones are replaced.

    A picture of earlier results is removed where there is nothing to draw.

    Raises: SetupError if the disk refuses.
    """
    plot = race(results)
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # Half a surrogate pair, which models send, is no UTF-8.
        replace_file(folder / RESULTS, results.model_dump_json(indent=1).encode("utf-8", "replace"))
        replace_file(folder / TABLE, markdown(results, right).encode("utf-8", "replace"))
        if plot:
            replace_file(folder / PICTURE, render("bakeoff", plot).png)
        else:
            (folder / PICTURE).unlink(missing_ok=True)
