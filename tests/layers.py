"""What imports what in a tree of rooms, read from the source without running it."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

ROOMS = ("signatures", "data", "programs", "optimizers", "apps", "benchmarks", "tests")

MAY_IMPORT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "signatures": ("signatures",),
        "data": ("data", "signatures"),
        "programs": ("programs", "data", "signatures"),
        "optimizers": ("optimizers", "programs", "signatures"),
        "apps": ("apps", "programs"),
        "benchmarks": ("benchmarks", "programs", "data", "optimizers", "signatures", "tests"),
        "tests": ROOMS,
    }
)
"""Rooms that each room may import."""

SIGNATURES_USE = ("dspy", "pydantic")
"""Packages that signatures may import beside the standard library."""

COMPILING = (
    "programs/compile.py",
    "programs/evaluate.py",
    "programs/compare.py",
    "programs/bakeoff.py",
    "programs/bakeoffs/compiling.py",
)
"""Entry points of programs that may import optimizers, and the part of one that searches."""

PARTS_OF_COMPILING = "programs.compiling"
"""The package of programs that may import optimizers too; imported by itself and by those entry points alone."""

KNOWS_TASKS = ("programs.tasks",)
"""Modules that optimizers may not import: they know no task by name."""

PICKLES = ("pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")


class Edge(NamedTuple):
    """One import."""

    path: str
    """Of the importing file, relative to the root, with forward slashes."""
    line: int
    module: str
    """Imported, absolute, such as `programs.tasks`."""


def source_files(root: Path) -> list[Path]:
    """Every Python file of the rooms."""
    return sorted(path for room in ROOMS for path in (root / room).rglob("*.py"))


def edges(root: Path, path: Path) -> Iterator[Edge]:
    """The imports of one file, inside functions and for type checkers only too, each with the names it takes.

    `from programs import compile` counts as an import of `programs` and of `programs.compile`; a call of
    `import_module` or `__import__` with a literal name counts as an import of it.
    """
    place = path.relative_to(root)
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(place))):
        for module in _modules(node, place):
            yield Edge(place.as_posix(), node.lineno, module)  # pyright: ignore[reportAttributeAccessIssue]


def _modules(node: ast.AST, place: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        package = place.parent.parts[: len(place.parent.parts) - node.level + 1] if node.level else ()
        module = ".".join([*package, *([node.module] if node.module else [])])
        return [module, *(f"{module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            return [node.args[0].value]
    return []


def wrong_edges(root: Path, standard: frozenset[str]) -> list[Edge]:
    """The imports that go the wrong way; `standard` names the modules of the standard library."""
    entries = {name for path in source_files(root) if (name := _entry_module(root, path))}
    return [edge for path in source_files(root) for edge in edges(root, path) if not _allowed(edge, entries, standard)]


def _allowed(edge: Edge, entries: set[str], standard: frozenset[str]) -> bool:
    room, target = edge.path.split("/")[0], edge.module.split(".")[0]
    if target in PICKLES:
        return False
    if target not in ROOMS:
        return room != "signatures" or target in SIGNATURES_USE or target in standard
    if edge.module in entries and room not in ("tests", "benchmarks"):
        return False
    compiling = edge.path in COMPILING or edge.path.startswith(f"{PARTS_OF_COMPILING.replace('.', '/')}/")
    if target == "optimizers" and compiling:
        return True
    if f"{edge.module}.".startswith(f"{PARTS_OF_COMPILING}.") and not compiling:
        return room in ("tests", "benchmarks")
    if room == "optimizers" and edge.module in KNOWS_TASKS:
        return False
    return target in MAY_IMPORT[room]


def _entry_module(root: Path, path: Path) -> str:
    """The module name of an entry point, empty for any other file; only tests and benchmarks import entry points."""
    place = path.relative_to(root)
    return ".".join(place.with_suffix("").parts) if is_entry(place, path.read_text("utf-8")) else ""


def is_entry(place: Path, source: str) -> bool:
    """Whether a file is run by a user: it has a main block, or lies in apps."""
    return place.parts[0] == "apps" or any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in ast.parse(source).body
    )


def calls(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call in a source text, such as (3, "dspy.configure")."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
