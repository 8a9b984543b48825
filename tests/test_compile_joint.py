"""A joint search that is killed and gone on with, kept where one can find it, and chosen for what it costs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from compiling_models import SMALL, TeachableEngine, teachable_lm, write_texts

from programs.card import read_card
from programs.compile import main
from programs.compiling.studies import Kept
from programs.entry import exit_code
from programs.metering import Tally

ROOT = Path(__file__).parents[1]
JOINT = ("--optimizer", "joint", "--budget", "light")


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    return write_texts(tmp_path_factory.mktemp("corpus") / "texts.jsonl")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A folder with one MLflow database for all runs: its migrations take seconds."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def compile_with(texts, store, monkeypatch, tmp_path):
    """Runs the command in this process, with a cache that starts empty for each folder; its exit code."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store / 'mlflow.db'}")

    def run(*arguments: object, engine: TeachableEngine | None = None, folder: Path = tmp_path) -> int:
        engine = engine or TeachableEngine()
        monkeypatch.setenv("DSPY_CACHEDIR", str(folder / "cache"))
        monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: teachable_lm(engine, settings))
        words = ["--data", f"jsonl:{texts}", "--out", folder / "out", *SMALL, *JOINT, *arguments]
        return exit_code(lambda: main([str(word) for word in words]))

    return run


def command(texts: Path, folder: Path, seconds: float, *further: str) -> list[str]:
    """A compile in a process of its own, all of whose traces are in `folder`."""
    driver = [sys.executable, str(ROOT / "tests" / "compiling_models.py"), str(folder / "count"), str(seconds)]
    return [*driver, "--data", f"jsonl:{texts}", "--out", str(folder / "out"), *SMALL, *JOINT, *further]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "DSPY_CACHEDIR": str(folder / "cache")}


def test_a_search_that_was_broken_off_goes_on_and_ends_as_an_undisturbed_one(compile_with, tmp_path, capsys):
    def breaks(n_calls: int) -> None:
        if n_calls > 40:
            raise KeyboardInterrupt

    engines = [TeachableEngine(breaks), TeachableEngine(), TeachableEngine()]
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    assert compile_with(engine=engines[0], folder=broken) == 130
    assert compile_with("--resume", engine=engines[1], folder=broken) == 0
    assert compile_with(engine=engines[2], folder=whole) == 0
    # The first version holds the best of the trials before the break.
    versions = [broken / "out" / "authorship" / "2", whole / "out" / "authorship" / "1"]
    assert len({(version / "program.json").read_bytes() for version in versions}) == 1
    cards = [read_card(version / "card.json") for version in versions]
    assert [note.score for note in cards[0].trials] == [note.score for note in cards[1].trials]
    # What the break left unanswered is asked again; no answer is.
    assert 40 + engines[1].n_calls <= engines[2].n_calls + 4


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


def test_a_study_of_another_split_is_refused_with_both_hashes(compile_with, capsys, tmp_path):
    study = tmp_path / "study.log"
    assert compile_with("--study", study) == 0
    cards = [read_card(tmp_path / "out" / "authorship" / "1" / "card.json")]
    engine = TeachableEngine()
    capsys.readouterr()
    assert compile_with("--study", study, "--seed", 3, engine=engine) == 2
    [message] = capsys.readouterr().err.splitlines()
    assert "was made from something else" in message and engine.n_calls == 0
    assert compile_with("--seed", 3) == 0
    cards.append(read_card(tmp_path / "out" / "authorship" / "2" / "card.json"))
    theirs, ours = (card.corpus.split_sha256[:16] for card in cards)
    assert f"corpus split '{theirs}' there and '{ours}' here" in message


def test_a_fresh_search_of_the_same_choices_puts_the_earlier_one_aside(compile_with, capsys, tmp_path):
    assert compile_with() == 0
    [study] = (tmp_path / "out" / "studies").glob("*.log")
    before = study.read_bytes()
    engine = TeachableEngine()
    capsys.readouterr()
    assert compile_with(engine=engine) == 0
    assert "an earlier search of the same choices is put aside" in " ".join(capsys.readouterr().err.split())
    assert study.with_name(study.name + ".old").read_bytes() == before
    # Another study, the same questions: the cache answers them all.
    assert engine.n_calls == 0
    cards = [read_card(tmp_path / "out" / "authorship" / name / "card.json") for name in "12"]
    assert cards[0].won is not None and cards[1].won is not None
    assert cards[0].won.instructions == cards[1].won.instructions


def test_a_search_for_what_is_cheap_says_so_and_draws_what_wins_cost(compile_with, tmp_path, store):
    before = set(store.rglob("search/*.png"))
    assert compile_with("--prefer", "cheap", "--set", "n_habits=6") == 0
    card = read_card(tmp_path / "out" / "authorship" / "1" / "card.json")
    assert card.optimizer.settings["prefer"] == "cheap"
    searched = card.optimizer.settings["searched_settings"]
    # What the user set by hand is not searched, nor how many of three samples are shown.
    assert isinstance(searched, dict) and set(searched) == {"sample_words", "n_candidates"}
    drawn = {path.name for path in {*store.rglob("search/*.png")} - before}
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
