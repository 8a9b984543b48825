"""Joint compiles in processes of their own, which write into one folder and may be killed."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.served import MODEL, Served
from programs.references import saved_versions

ROOT = Path(__file__).parents[1]
TASK = "authorship"
CCAT50 = f"jsonl:{ROOT.parent / 'shared' / 'data' / 'ccat50_dev.jsonl.gz'}"
"""The corpus of the figures, where it is present."""
_LONGEST_MESSAGE = 2000


class CompileFailedError(RuntimeError):
    """A compile ended otherwise than it should have."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `choices` reads."""
    parser.add_argument("--data", default="bundled", help="corpus, as programs.compile takes it (default: bundled)")
    parser.add_argument("--targets", type=int, default=3, help="of each author (default: 3)")
    parser.add_argument("--threads", type=int, default=4, help="calls in flight of a process (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of split and search (default: 0)")
    parser.add_argument("--folder", type=Path, help="keep everything there (default: a temporary folder)")


def choices(options: argparse.Namespace) -> list[str]:
    """These options as a compile takes them."""
    named = ("data", "targets", "threads", "seed")
    return [word for name in named for word in (f"--{name}", str(getattr(options, name)))]


@contextmanager
def workplace(folder: Path | None) -> Iterator[Path]:
    """The folder, or a temporary one for the block."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def asking(server: Served, folder: Path, arguments: Sequence[str]) -> list[str]:
    """The arguments of a joint compile that asks this server and writes into a folder."""
    model = ["--optimizer", "joint", "--lm", MODEL, "--api-base", server.base]
    return [*model, "--out", str(folder / "out"), *arguments]


def start(folder: Path, arguments: Sequence[str], log: str = "log") -> subprocess.Popen[bytes]:
    """Begins a compile; what it prints goes to a file of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / log).open("wb") as printed:
        return subprocess.Popen(
            [sys.executable, "-m", "programs.compile", *arguments],
            cwd=ROOT,
            env=environment(folder),
            stdout=printed,
            stderr=subprocess.STDOUT,
        )


def environment(folder: Path) -> dict[str, str]:
    """This process's, with a cache of answers of the folder's own."""
    left_out = ("MLFLOW_TRACKING_URI", "HYPERALIGN_LM", "HYPERALIGN_API_BASE")
    own = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**own, "DSPY_CACHEDIR": str(folder / "cache"), "OPENAI_API_KEY": "none"}


def end(process: subprocess.Popen[bytes], folder: Path, log: str = "log") -> None:
    """Waits for a compile.

    Raises: CompileFailedError, with what it printed last, if it failed.
    """
    if process.wait():
        said = (folder / log).read_text("utf-8", errors="replace")[-_LONGEST_MESSAGE:]
        raise CompileFailedError(f"the compile in {str(folder)!r} ended with exit code {process.returncode}:\n{said}")


def kill(process: subprocess.Popen[Any]) -> None:
    """Ends it at once, if it is alive."""
    process.kill()
    process.wait()


def last_version(folder: Path) -> Path:
    """Where the newest version of a folder's compiles lies."""
    home = folder / "out" / TASK
    return home / str(max(int(name) for name in saved_versions(home)))
