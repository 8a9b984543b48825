import sys
from pathlib import Path

import pytest
from layers import calls, is_entry, source_files, wrong_edges

ROOT = Path(__file__).parents[1]
FILES = source_files(ROOT)
OURS = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests"]
STANDARD = frozenset(sys.stdlib_module_names)
MOST_LINES = 400


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def misplaced_calls(root: Path, files: list[Path], banned: tuple[str, ...]) -> list[str]:
    """Calls of `banned` functions outside entry points, as `file:line name`."""
    return [
        f"{path.relative_to(root).as_posix()}:{line} {called}"
        for path in files
        if not is_entry(path.relative_to(root), source := path.read_text("utf-8"))
        for line, called in calls(source)
        if called in banned
    ]


def test_the_walk_finds_every_room():
    assert {name(path).split("/")[0] for path in FILES} >= {"signatures", "data", "programs", "optimizers", "tests"}
    assert "programs/lms/embedded.py" in {name(path) for path in FILES}


def test_every_import_goes_the_right_way():
    assert wrong_edges(ROOT, STANDARD) == []


def test_results_are_printed_and_dspy_is_configured_by_entry_points_only():
    assert misplaced_calls(ROOT, OURS, ("print", "dspy.configure", "dspy.settings.configure")) == []


def test_no_file_is_too_long():
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {path: n for path, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("programs/metrics.py", "import optimizers"),
        ("programs/metrics.py", "from optimizers.miprov2 import Mipro"),
        ("programs/judges/judge.py", "from ...optimizers import miprov2"),
        ("programs/metrics.py", "def late():\n    from optimizers import OPTIMIZERS"),
        ("programs/metrics.py", "import importlib\nimportlib.import_module('optimizers.miprov2')"),
        ("programs/__init__.py", "from programs.compile import main"),
        ("programs/__init__.py", "from programs import compile"),
        ("programs/__init__.py", "from . import compile"),
        ("signatures/records.py", "from data import load_corpus"),
        ("signatures/records.py", "import numpy as np"),
        ("data/load.py", "from programs.samples import MAX_SAMPLES"),
        ("optimizers/miprov2.py", "from programs.tasks import TASKS"),
        ("optimizers/miprov2.py", "from programs import tasks"),
        ("optimizers/miprov2.py", "from data import load_corpus"),
        ("apps/writer.py", "from optimizers import OPTIMIZERS"),
        ("apps/writer.py", "from data import load_corpus"),
        ("programs/metrics.py", "from tests import layers"),
        ("programs/metrics.py", "from programs.compiling.trials import changed"),
        ("optimizers/miprov2.py", "from programs import compiling"),
        ("programs/versions.py", "import pickle"),
        ("tests/test_versions.py", "from cloudpickle import dumps"),
    ],
)
def test_a_wrong_way_import_is_found(place, source, tmp_path):
    plant(tmp_path, {"programs/compile.py": ENTRY, place: source})
    found = wrong_edges(tmp_path, STANDARD)
    assert found and {edge.path for edge in found} == {place}


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("signatures/records.py", "import dspy, json\nfrom pydantic import BaseModel\nfrom . import errors"),
        ("data/load.py", "from signatures.errors import SetupError\nfrom datasets import Dataset"),
        ("programs/metrics.py", "import numpy\nfrom data.sentences import clip\nfrom .intervals import interval"),
        ("programs/evaluate.py", "from optimizers import OPTIMIZERS"),
        (
            "programs/compiling/run.py",
            "from optimizers import OPTIMIZERS\nfrom programs.compiling.trials import changed",
        ),
        ("programs/bakeoff.py", "from programs.compiling.trials import changed"),
        ("optimizers/miprov2.py", "from programs.spending import total\nimport optuna"),
        ("apps/writer.py", "from programs import load"),
        ("tests/test_compile.py", "from programs.compile import main"),
    ],
)
def test_a_right_way_import_passes(place, source, tmp_path):
    plant(tmp_path, {"programs/compile.py": ENTRY, place: source})
    assert wrong_edges(tmp_path, STANDARD) == []


def test_a_print_outside_an_entry_point_is_found(tmp_path):
    plant(tmp_path, {"programs/compile.py": ENTRY + "\nprint(1)", "programs/metrics.py": "\nprint(1)"})
    assert misplaced_calls(tmp_path, source_files(tmp_path), ("print",)) == ["programs/metrics.py:2 print"]


ENTRY = "from optimizers import OPTIMIZERS\nif __name__ == '__main__':\n    dspy.configure()"


def plant(root: Path, sources: dict[str, str]) -> None:
    for place, source in sources.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(source, "utf-8")
