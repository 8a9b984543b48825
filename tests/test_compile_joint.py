"""A joint search that is killed and gone on with, kept where one can find it, and chosen for what it costs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bundled_texts import write_bundled
from compiling_models import N_SAMPLES, SMALL, TeachableEngine, teachable_lm

from data import load_corpus, split
from programs.card import read_card
from programs.compile import main
from programs.compiling.studies import Kept
from programs.entry import exit_code
from programs.metering import Tally

ROOT = Path(__file__).parents[1]
JOINT = ("--optimizer", "joint", "--budget", "light")


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    return write_bundled(tmp_path_factory.mktemp("corpus") / "texts.jsonl", 8, 8)


def compiling(patch: pytest.MonkeyPatch, texts: Path, cache: Path) -> Callable[..., int]:
    """Runs the command in this process, writing to `out` beside the cache; its exit code."""

    def run(*arguments: object, engine: TeachableEngine | None = None) -> int:
        engine = engine or TeachableEngine()
        patch.setenv("DSPY_CACHEDIR", str(cache))
        patch.setattr("programs.experiment.make_lm", lambda name, **settings: teachable_lm(engine, settings))
        words = ["--data", f"jsonl:{texts}", "--out", cache.parent / "out", *SMALL, *JOINT, *arguments]
        return exit_code(lambda: main([str(word) for word in words]))

    return run


@pytest.fixture
def compile_with(texts, mlflow_folder, monkeypatch, tmp_path):
    """With a cache that starts empty."""
    return compiling(monkeypatch, texts, tmp_path / "cache")


@pytest.fixture(scope="module")
def whole(texts, migrated, tmp_path_factory) -> tuple[Path, int]:
    """A folder with what an undisturbed search left and its cache, and how many calls it made."""
    folder = tmp_path_factory.mktemp("whole")
    store = shutil.copy(migrated, folder / "mlflow.db")
    engine = TeachableEngine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        assert compiling(patch, texts, folder / "cache")(engine=engine) == 0
    return folder, engine.n_calls


def command(texts: Path, folder: Path, seconds: float, *further: str) -> list[str]:
    """A compile in a process of its own, all of whose traces are in `folder`."""
    driver = [sys.executable, str(ROOT / "tests" / "compiling_models.py"), str(folder / "count"), str(seconds)]
    return [*driver, "--data", f"jsonl:{texts}", "--out", str(folder / "out"), *SMALL, *JOINT, *further]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "DSPY_CACHEDIR": str(folder / "cache")}


def test_a_search_that_was_broken_off_goes_on_and_ends_as_an_undisturbed_one(compile_with, whole, tmp_path):
    def breaks(n_calls: int) -> None:
        if n_calls > 40:
            raise KeyboardInterrupt

    folder, n_calls = whole
    rest = TeachableEngine()
    assert compile_with(engine=TeachableEngine(breaks)) == 130
    assert compile_with("--resume", engine=rest) == 0
    # The first version holds the best of the trials before the break.
    versions = [tmp_path / "out" / "authorship" / "2", folder / "out" / "authorship" / "1"]
    assert len({(version / "program.json").read_bytes() for version in versions}) == 1
    cards = [read_card(version / "card.json") for version in versions]
    assert [note.score for note in cards[0].trials] == [note.score for note in cards[1].trials]
    # What the break left unanswered is asked again; no answer is.
    assert 40 + rest.n_calls <= n_calls + 4


@pytest.mark.slow
def test_a_compile_that_was_killed_goes_on_and_ends_as_an_undisturbed_one(texts, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for folder in (killed, whole):
        folder.mkdir()
    running = subprocess.Popen(
        command(texts, killed, 0.05), env=environment(killed), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    deadline = time.monotonic() + 120
    for line in running.stderr:
        assert time.monotonic() < deadline
        if "trial 2:" in line:
            break
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=30)
    running.stderr.close()
    assert not (killed / "out" / "authorship").exists()
    for folder, further in ((killed, ["--resume"]), (whole, [])):
        done = subprocess.run(
            command(texts, folder, 0.0, *further), env=environment(folder), capture_output=True, text=True, timeout=200
        )
        assert done.returncode == 0, done.stderr
    versions = [folder / "out" / "authorship" / "1" for folder in (killed, whole)]
    programs = [(version / "program.json").read_text("utf-8") for version in versions]
    assert programs[0] == programs[1]
    cards = [read_card(version / "card.json") for version in versions]
    assert [note.score for note in cards[0].trials] == [note.score for note in cards[1].trials]
    # No finished call is paid for twice: those in flight at the kill, one a thread, come on top.
    calls = [(folder / "count").stat().st_size for folder in (killed, whole)]
    assert calls[0] <= calls[1] + 4


def test_a_study_of_another_split_is_refused_with_both_hashes(compile_with, texts, whole, capsys):
    [study] = (whole[0] / "out" / "studies").glob("*.log")
    engine = TeachableEngine()
    assert compile_with("--study", study, "--seed", 3, engine=engine) == 2
    [message] = capsys.readouterr().err.splitlines()
    assert "was made from something else" in message and engine.n_calls == 0
    theirs, ours = (
        split(load_corpus(f"jsonl:{texts}"), seed=seed, n_samples=N_SAMPLES, n_targets=2).hash[:16] for seed in (0, 3)
    )
    assert f"corpus split '{theirs}' there and '{ours}' here" in message


def test_a_fresh_search_of_the_same_choices_puts_the_earlier_one_aside(compile_with, whole, capsys, tmp_path):
    shutil.copytree(whole[0] / "out", tmp_path / "out")
    shutil.copytree(whole[0] / "cache", tmp_path / "cache")
    [study] = (tmp_path / "out" / "studies").glob("*.log")
    before = study.read_bytes()
    engine = TeachableEngine()
    assert compile_with(engine=engine) == 0
    assert "an earlier search of the same choices is put aside" in " ".join(capsys.readouterr().err.split())
    assert study.with_name(study.name + ".old").read_bytes() == before
    # Another study, the same questions: the cache answers them all.
    assert engine.n_calls == 0
    cards = [read_card(tmp_path / "out" / "authorship" / name / "card.json") for name in "12"]
    assert cards[0].won is not None and cards[1].won is not None
    assert cards[0].won.instructions == cards[1].won.instructions


def test_a_search_for_what_is_cheap_says_so_and_draws_what_wins_cost(compile_with, tmp_path, mlflow_folder):
    assert compile_with("--prefer", "cheap", "--set", "n_habits=6") == 0
    card = read_card(tmp_path / "out" / "authorship" / "1" / "card.json")
    assert card.optimizer.settings["prefer"] == "cheap"
    searched = card.optimizer.settings["searched_settings"]
    # What the user set by hand is not searched, nor how many of three samples are shown.
    assert isinstance(searched, dict) and set(searched) == {"sample_words", "n_candidates"}
    drawn = {path.name for path in mlflow_folder.rglob("search/*.png")}
    assert drawn >= {"learning-curve.png", "pareto.png"}
    assert 0 <= float(str(card.optimizer.settings["saved_by_racing"])) < 1


def test_what_a_killed_run_had_spent_counts_against_the_limits_of_the_next(tmp_path):
    spent = tmp_path / "deep" / "s.spent.json"
    place = Kept(tmp_path / "s.log", spent)
    assert place.spent_before(resume=True) == Tally()
    place.note(Tally(calls=7, completion_tokens=3, dollars=0.25, seconds=60.0))
    assert place.spent_before(resume=True) == Tally(calls=7, completion_tokens=3, dollars=0.25, seconds=60.0)
    assert place.spent_before(resume=False) == Tally()
    spent.write_text('{"calls": 7, "unheard of"')
    assert place.spent_before(resume=True) == Tally()
