"""What a compile is expected to cost, what it costs, and how limits end it."""

import json
import sqlite3
from pathlib import Path

import pytest
from compiling_models import SMALL, TeachableEngine, teachable_lm, write_texts

from programs import load
from programs.card import Card
from programs.compile import main
from programs.entry import exit_code


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    return write_texts(tmp_path_factory.mktemp("corpus") / "texts.jsonl")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> str:
    """One MLflow database for all runs: its migrations take seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


@pytest.fixture
def compile_with(texts, store, monkeypatch, tmp_path):
    """Runs the command with an engine of ours and a cache that starts empty; its exit code."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "cache"))

    def run(*arguments: object, engine: TeachableEngine | None = None) -> int:
        engine = engine or TeachableEngine()
        for place in ("programs.experiment.make_lm", "programs.compiling.roles.make_lm"):
            monkeypatch.setattr(place, lambda name, **settings: teachable_lm(engine, settings))
        words = ["--data", f"jsonl:{texts}", "--out", tmp_path / "artifacts", *SMALL, *arguments]
        return exit_code(lambda: main([str(word) for word in words]))

    return run


@pytest.mark.parametrize("optimizer", ["bootstrap", "joint"])
def test_a_dry_run_tells_calls_and_tokens_within_a_quarter(compile_with, capsys, optimizer):
    assert compile_with("--optimizer", optimizer, "--dry-run", "--json") == 0
    expected = json.loads(capsys.readouterr().out)["expected"]
    engine = TeachableEngine()
    assert compile_with("--optimizer", optimizer, "--json", engine=engine) == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    assert card.won is not None
    # Where the uncompiled program is kept, its answers are in the cache when it is asked again as the compiled one.
    again = {"compiled"} if card.won.trial == 0 else set()
    told = [costs for phase, costs in expected.items() if phase not in {"in all", *again}]
    n_calls = sum(spend.calls for spend in card.spent)
    n_tokens = sum(spend.prompt_tokens + spend.completion_tokens for spend in card.spent)
    assert n_calls == engine.n_calls
    assert sum(costs["calls"] for costs in told) == pytest.approx(n_calls, rel=0.25)
    assert sum(costs["prompt_tokens"] + costs["completion_tokens"] for costs in told) == pytest.approx(
        n_tokens, rel=0.25
    )


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
    compile_with, capsys, tmp_path, monkeypatch
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    # At most 128 calls beside the trials; 80 trials would take 480 more.
    engine = TeachableEngine()
    assert compile_with("--budget", "heavy", "--max-calls", 170, engine=engine) == 0
    streams = capsys.readouterr()
    assert "Stopped: --max-calls 170" in streams.out and "won: trial" in streams.out
    # Calls in flight may come on top, one a thread.
    assert engine.n_calls <= 170 + 4
    card = Card.model_validate_json((tmp_path / "artifacts/authorship/1/card.json").read_text())
    assert card.stopped.startswith("--max-calls 170")
    assert 1 < len(card.trials) < 80
    assert {row.system for row in card.results} >= {"compiled", "uncompiled", "few-shot"}
    assert any("ended the run early" in note and "was scored" in note for note in card.notes)
    assert (card.optimizer.settings["max_calls"], card.optimizer.settings["budget"]) == (170, "heavy")
    [role] = card.spent_by_role
    assert (role.role, role.calls) == ("task model", engine.n_calls)
    assert load("authorship/1", root=tmp_path / "artifacts").version == "1"
    with sqlite3.connect(tmp_path / "artifacts" / "mlflow.db") as database:
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
        (["--study", "s.log"], "--study goes with --optimizer joint, not 'bootstrap'"),
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


def test_the_card_tells_every_trial_and_why_one_won_and_mlflow_has_the_pictures(
    compile_with, capsys, tmp_path, monkeypatch
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert compile_with("--json") == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    assert [note.number for note in card.trials] == list(range(9))
    assert card.trials[0].changed == "as it was handed in"
    assert all(note.low is None or note.low <= note.score <= (note.high or 0) for note in card.trials)
    assert any(note.low is not None for note in card.trials)
    assert card.won is not None
    assert "demo" in card.trials[card.won.trial].changed and card.won.demos["write"]
    assert "gained" in card.won.why and card.won.why.endswith("kept")
    with sqlite3.connect(tmp_path / "artifacts" / "mlflow.db") as database:
        names = {key for (key,) in database.execute("select key from latest_metrics")}
        assert {"n_scored", "calls", "cached", "tokens", "low", "high"} <= names
        params = dict(database.execute("select value, key from params where key = 'settings.changed'"))
        assert "as it was handed in" in params
    drawn = [path.name for path in (tmp_path / "artifacts" / "mlflow").rglob("search/*.png")]
    assert drawn == ["learning-curve.png"]


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
