"""What a compile is expected to cost, what it costs, and how limits end it."""

import contextlib
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from bundled_texts import write_bundled
from compiling_models import SMALL, TeachableEngine, teachable_lm

from programs import load
from programs.card import Card
from programs.compile import main
from programs.entry import exit_code


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    """Of so few authors that one is left to score trials on."""
    return write_bundled(tmp_path_factory.mktemp("corpus") / "texts.jsonl", 8, 8)


def compiling(patch: pytest.MonkeyPatch, texts: Path, folder: Path) -> Callable[..., int]:
    """Runs the command with an engine of ours and a cache in `folder`; its exit code."""
    patch.setenv("DSPY_CACHEDIR", str(folder / "cache"))

    def run(*arguments: object, engine: TeachableEngine | None = None) -> int:
        engine = engine or TeachableEngine()
        for place in ("programs.experiment.make_lm", "programs.compiling.roles.make_lm"):
            patch.setattr(place, lambda name, **settings: teachable_lm(engine, settings))
        usual = ["--data", f"jsonl:{texts}", "--out", folder / "artifacts", "--optimizer", "bootstrap"]
        words = [*usual, *SMALL, *arguments]
        return exit_code(lambda: main([str(word) for word in words]))

    return run


@pytest.fixture
def compile_with(texts, mlflow_folder, monkeypatch, tmp_path):
    """With a cache that starts empty."""
    return compiling(monkeypatch, texts, tmp_path)


class Searched(NamedTuple):
    """A compile that nothing ended."""

    expected: dict[str, dict[str, float]]
    """What a dry run told of each phase."""
    card: Card
    n_calls: int
    store: Path
    """The folder of MLflow's database."""


@pytest.fixture(scope="module", params=["bootstrap", "joint"])
def searched(request, migrated, tmp_path_factory) -> Searched:
    folder, engine = tmp_path_factory.mktemp("searched"), TeachableEngine()
    shutil.copy(migrated, folder / "mlflow.db")
    # Two authors are left to score trials on: scores have intervals.
    texts = write_bundled(folder / "texts.jsonl", 10, 8)
    printed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        for words in (["--dry-run"], []):
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                run = compiling(patch, texts, folder)
                assert run("--optimizer", request.param, *words, "--json", engine=engine) == 0
            printed.append(stream.getvalue())
    return Searched(json.loads(printed[0])["expected"], Card.model_validate_json(printed[1]), engine.n_calls, folder)


def test_a_dry_run_tells_calls_and_tokens_within_a_quarter(searched):
    expected, card, n_asked, _ = searched
    assert card.won is not None
    # Where the uncompiled program is kept, its answers are in the cache when it is asked again as the compiled one.
    again = {"compiled"} if card.won.trial == 0 else set()
    told = [costs for phase, costs in expected.items() if phase not in {"in all", *again}]
    n_calls = sum(spend.calls for spend in card.spent)
    n_tokens = sum(spend.prompt_tokens + spend.completion_tokens for spend in card.spent)
    assert n_calls == n_asked
    assert sum(costs["calls"] for costs in told) == pytest.approx(n_calls, rel=0.25)
    assert sum(costs["prompt_tokens"] + costs["completion_tokens"] for costs in told) == pytest.approx(
        n_tokens, rel=0.25
    )


@pytest.mark.parametrize("searched", ["bootstrap"], indirect=True)
def test_the_card_tells_every_trial_and_why_one_won_and_mlflow_has_the_pictures(searched):
    card, store = searched.card, searched.store
    assert [note.number for note in card.trials] == list(range(5))
    assert card.trials[0].changed == "as it was handed in"
    assert all(note.low is None or note.low <= note.score <= (note.high or 0) for note in card.trials)
    assert any(note.low is not None for note in card.trials)
    assert card.won is not None
    assert "demo" in card.trials[card.won.trial].changed and card.won.demos["write"]
    assert "gained" in card.won.why and card.won.why.endswith("kept")
    with sqlite3.connect(store / "mlflow.db") as database:
        names = {key for (key,) in database.execute("select key from latest_metrics")}
        assert {"n_scored", "calls", "cached", "tokens", "low", "high"} <= names
        params = dict(database.execute("select value, key from params where key = 'settings.changed'"))
        assert "as it was handed in" in params
    drawn = [path.name for path in store.rglob("search/*.png")]
    assert drawn == ["learning-curve.png"]


def test_a_dry_run_asks_no_model_and_shows_every_phase(compile_with, capsys, tmp_path):
    engine = TeachableEngine()
    assert compile_with("--dry-run", "--max-calls", 500, "--judge", "llm:openai/judge", engine=engine) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err
    assert compile_with("--dry-run", "--max-calls", 500, "--judge", "llm:embedded", engine=engine) == 0
    shown = capsys.readouterr().out
    assert engine.n_calls == 0
    assert all(name in shown for name in ("calls", "tokens", "dollars", "minutes", "zero-shot baseline", "judge"))
    assert "limits: 500 calls" in shown
    assert not (tmp_path / "artifacts").exists()


def test_a_limit_ends_the_search_with_the_best_so_far_and_the_test_authors_are_scored(
    compile_with, mlflow_folder, capsys, tmp_path
):
    # At most 75 calls beside the trials; 80 trials would take 240 more.
    engine = TeachableEngine()
    assert compile_with("--budget", "heavy", "--max-calls", 100, engine=engine) == 0
    streams = capsys.readouterr()
    assert "Stopped: --max-calls 100" in streams.out and "won: trial" in streams.out
    # Calls in flight may come on top, one a thread.
    assert engine.n_calls <= 100 + 4
    card = Card.model_validate_json((tmp_path / "artifacts/authorship/1/card.json").read_text())
    assert card.stopped.startswith("--max-calls 100")
    assert 1 < len(card.trials) < 80
    assert {row.system for row in card.results} >= {"compiled", "uncompiled", "few-shot"}
    assert any("ended the run early" in note and "was scored" in note for note in card.notes)
    assert (card.optimizer.settings["max_calls"], card.optimizer.settings["budget"]) == (100, "heavy")
    [role] = card.spent_by_role
    assert (role.role, role.calls) == ("task model", engine.n_calls)
    assert load("authorship/1", root=tmp_path / "artifacts").version == "1"
    with sqlite3.connect(mlflow_folder / "mlflow.db") as database:
        assert database.execute("select distinct status from runs").fetchall() == [("FINISHED",)]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (["--max-calls", 20], "--max-calls 20 is too small: one trial and scoring the test authors takes about "),
        (["--max-tokens", 100], "--max-tokens 100 is too small: one trial and scoring the test authors takes about "),
        (["--max-minutes", 0.001], "--max-minutes 0.001 is too small: one trial and scoring the test authors"),
        (["--max-cost", 1], "is not in litellm's table of prices"),
        (["--max-calls", 0], "--max-calls is 0; give a whole number of at least 1"),
        (["--max-cost", "nan"], "--max-cost is nan; give a finite number above 0"),
        (["--opponent", "zero"], "unknown opponent 'zero'; choose one of: baseline, champion, self"),
        (["--prefer", "fast"], "unknown preference 'fast'; choose one of: balanced, cheap, win"),
        (["--prefer", "cheap"], "--prefer goes with --optimizer joint, not 'bootstrap'"),
        (["--study", "not-made.log"], "--study goes with --optimizer joint, not 'bootstrap'"),
        (["--optimizer", "joint", "--opponent", "self", "--resume"], "leave out --study and --resume"),
        (["--optimizer", "joint", "--resume"], "no search to go on with at"),
        (["--proposer-api-base", "http://localhost"], "--proposer-api-base is given without --proposer"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line_before_any_call(compile_with, capsys, limits, message, tmp_path):
    engine = TeachableEngine()
    assert compile_with(*limits, engine=engine) == 2
    streams = capsys.readouterr()
    assert message in streams.err and streams.err.count("\n") == 1 and streams.out == ""
    assert engine.n_calls == 0 and not (tmp_path / "artifacts").exists()


def test_every_role_is_counted_against_one_limit_and_named_on_the_card(compile_with, capsys):
    command = ["--judge", "llm:embedded", "--proposer", "embedded", "--optimizer", "copro", "--budget", "light"]
    assert compile_with(*command, "--max-calls", 2000, "--json") == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    assert set(card.roles) == {"judge", "proposer"}
    spent = {role.role: role for role in card.spent_by_role}
    assert set(spent) == {"task model", "judge", "proposer"}
    assert spent["judge"].calls > 0 and spent["proposer"].calls > 0
    # Phases and roles count the same calls, and the cache's answers beside them.
    assert sum(role.calls for role in spent.values()) == sum(spend.calls for spend in card.spent)
    assert sum(role.cached for role in spent.values()) == sum(spend.cached for spend in card.spent) > 0


@pytest.mark.parametrize("opponent", ["self", "champion"])
def test_a_search_may_play_against_itself_or_the_champion(compile_with, capsys, opponent):
    # Without a champion, the program that ships is the one to beat.
    assert compile_with("--opponent", opponent, "--json") == 0
    streams = capsys.readouterr()
    card = Card.model_validate_json(streams.out)
    assert card.optimizer.settings["opponent"] == opponent
    assert ("champion texts" in {spend.phase for spend in card.spent}) == (opponent == "champion")
    assert any("Bradley and Terry" in note for note in card.notes) == (opponent == "self")
    assert card.won is not None and card.won.trial > 0
