"""Whole runs with a model that answers at once: a second compile beside the first, failures, Ctrl-C."""

import json
import sqlite3
from pathlib import Path

import pytest
from answering import AnsweringEngine, answering_lm
from bundled_texts import write_bundled

from programs import load
from programs.aliases import promote, read_aliases
from programs.card import Card, read_card
from programs.compile import main
from programs.entry import exit_code
from programs.evaluate import main as evaluate
from programs.ledger import read_all, read_ledger
from programs.progress import RunProgress
from programs.summary import result_row

SMALL = ["--samples", "2", "--targets", "1", "--threads", "4"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Eight bundled authors with seven texts each."""
    return write_bundled(tmp_path_factory.mktemp("corpus") / "texts.jsonl", 8, 7)


@pytest.fixture
def compile_with(texts, mlflow_folder, monkeypatch):
    """Runs the command with an engine of ours; its exit code."""

    def run(*arguments: object, out, engine: AnsweringEngine | None = None) -> int:
        engine = engine or AnsweringEngine()
        monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: answering_lm(engine, **settings))
        words = ["--data", f"jsonl:{texts}", "--out", out, *SMALL, "--optimizer", "bootstrap", *arguments]
        return exit_code(lambda: main([str(word) for word in words]))

    return run


def test_runs_with_other_seeds_are_versions_side_by_side_and_no_match(compile_with, mlflow_folder, tmp_path, capsys):
    out = tmp_path / "artifacts"
    assert compile_with("--json", "--budget", "52", "--optimizer", "miprov2", out=out) == 0
    first = Card.model_validate_json(capsys.readouterr().out)
    promote(out, "authorship", "1", "champion")
    capsys.readouterr()
    assert compile_with("--json", "--budget", "52", "--seed", "1", "--optimizer", "bootstrap", out=out) == 0
    second = Card.model_validate_json(capsys.readouterr().out)
    assert (first.version, second.version) == ("1", "2")
    assert (first.seeds, second.seeds) == ({"run": 0}, {"run": 1})
    # Another seed splits the authors anew: those targets were not answered by the first program.
    assert first.corpus.sha256 == second.corpus.sha256 and first.corpus.split_sha256 != second.corpus.split_sha256
    assert not [row for row in second.results if row.baseline == "champion"]
    assert "the champion, version 1, was scored on other targets or by another model: no match" in second.notes
    with sqlite3.connect(mlflow_folder / "mlflow.db") as database:
        runs = database.execute("select run_uuid, name from runs where name not like 'trial %'").fetchall()
        assert sorted(name for _, name in runs) == ["bootstrap 52 seed 1", "miprov2 52 seed 0"]
        measured = [
            {key for (key,) in database.execute("select key from latest_metrics where run_uuid = ?", (run,))}
            for run, _ in runs
        ]
        # What can be laid side by side: every win rate of the one stands in the other.
        rates = [{key for key in keys if " vs " in key and "champion" not in key} for keys in measured]
        assert rates[0] == rates[1] != set()
        versions = database.execute("select name, version from model_versions order by version").fetchall()
        assert versions == [("hyperalign-authorship", 1), ("hyperalign-authorship", 2)]
        assert database.execute("select distinct status from runs").fetchall() == [("FINISHED",)]


def test_a_champion_on_the_same_targets_is_a_rival(compile_with, tmp_path, capsys):
    out = tmp_path / "artifacts"
    assert compile_with("--json", "--budget", "52", out=out) == 0
    promote(out, "authorship", "1", "champion")
    capsys.readouterr()
    assert compile_with("--json", "--budget", "52", "--optimizer", "bootstrap", out=out) == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    match = next(row for row in card.results if row.baseline == "champion")
    ours = [row for row in read_ledger(out / "authorship" / "1" / "ledger.parquet") if row.system == "compiled"]
    theirs = [row for row in read_ledger(out / "authorship" / "2" / "ledger.parquet") if row.baseline == "champion"]
    assert match.n_pairs == len({row.target_id for row in theirs}) > 0
    # The champion's texts are those that its own ledger holds.
    assert {(row.target_id, row.baseline_text) for row in theirs} == {
        (row.target_id, row.candidate_text) for row in ours if row.baseline == "zero-shot"
    }


def test_the_ledger_of_a_compile_says_what_a_report_and_another_judge_need(compile_with, tmp_path, capsys):
    out = tmp_path / "artifacts"
    assert compile_with("--json", "--budget", "52", out=out) == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    ledger = out / "authorship" / "1" / "ledger.parquet"
    rows, about = read_all(ledger)
    assert (about.task, about.part, about.corpus, about.judges) == ("authorship", "test", card.corpus, card.judges)
    assert (about.lm, about.packages) == (card.lm, card.packages)
    command = ["--rejudge", str(ledger), "--judges", "delta", "--out", str(out), "--json"]
    assert exit_code(lambda: evaluate(command)) == 0
    again, _ = read_all(Path(json.loads(capsys.readouterr().out)["folder"]) / "ledger.parquet")
    assert again[: len(rows)] == rows and len(again) == 2 * len(rows)


def test_failed_calls_are_counted_and_the_run_goes_on(compile_with, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        if n_calls % 7 == 0:
            raise RuntimeError("the server hiccuped")

    out = tmp_path / "artifacts"
    assert compile_with("--json", "--budget", "52", out=out, engine=AnsweringEngine(fails)) == 0
    card = Card.model_validate_json(capsys.readouterr().out)
    assert sum(count for name, count in card.failures.items() if name != "dropped quotations and claims") > 0
    rows = read_ledger(out / "authorship" / "1" / "ledger.parquet")
    failed = [row for row in rows if row.error]
    assert all(row.verdict is None and "hiccuped" in (row.error or "") for row in failed)


def test_a_model_that_never_answers_is_one_line_and_leaves_no_version(compile_with, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        raise RuntimeError("the server is away")

    out = tmp_path / "artifacts"
    assert compile_with(out=out, engine=AnsweringEngine(fails)) == 1
    streams = capsys.readouterr()
    assert "the server is away" in streams.err.splitlines()[-1] and "Traceback" not in streams.err
    assert streams.out == ""
    assert not (out / "authorship").exists()


@pytest.mark.parametrize("when", ["trial", "test texts", "judge"])
def test_ctrl_c_keeps_the_best_program_so_far(compile_with, mlflow_folder, tmp_path, capsys, monkeypatch, when):
    trial, phase, judge_line = RunProgress.trial, RunProgress.phase, result_row

    def stop_at_trial(self, number, *facts):
        trial(self, number, *facts)
        if when == "trial" and number == 2:
            raise KeyboardInterrupt

    def stop_at_phase(self, name, n_steps):
        if name == when:
            raise KeyboardInterrupt
        return phase(self, name, n_steps)

    def stop_at_judging(rows, seed):
        if when == "judge" and rows[0].system == "compiled":
            raise KeyboardInterrupt
        return judge_line(rows, seed)

    monkeypatch.setattr(RunProgress, "trial", stop_at_trial)
    monkeypatch.setattr(RunProgress, "phase", stop_at_phase)
    monkeypatch.setattr("programs.tournament.result_row", stop_at_judging)
    out = tmp_path / "artifacts"
    assert compile_with("--budget", "52", out=out) == 130
    streams = capsys.readouterr()
    assert "Interrupted: the best program so far is kept; the test authors were not scored." in streams.out
    assert "Traceback" not in streams.err
    card = read_card(out / "authorship" / "1" / "card.json")
    settings = card.optimizer.settings
    n_planned = settings["n_trials"]
    assert isinstance(n_planned, int) and isinstance(settings["valset_scores"], list)
    # The student and all that were tried; stopped after the third, those three.
    assert len(settings["valset_scores"]) == (3 if when == "trial" else n_planned + 1)
    assert (card.results, card.judges) == ((), ())
    assert any("interrupted" in note for note in card.notes)
    assert vars(load("authorship/1", root=out))["version"] == "1"
    # A version that nobody scored is neither champion nor challenger.
    assert read_aliases(out / "authorship") == {}
    with sqlite3.connect(mlflow_folder / "mlflow.db") as database:
        assert database.execute("select status from runs where name like '% seed 0'").fetchall() == [("KILLED",)]
        assert database.execute("select count(*) from registered_model_aliases").fetchone() == (0,)


@pytest.mark.parametrize("n_answered", [0, 8])
def test_ctrl_c_before_a_program_is_scored_leaves_no_version(compile_with, tmp_path, capsys, n_answered):
    # 2 train, 1 val and 4 test authors have a target each: from the eighth call on, the search is under way.
    def fails(n_calls: int) -> None:
        if n_calls > n_answered:
            raise KeyboardInterrupt

    out = tmp_path / "artifacts"
    assert compile_with(out=out, engine=AnsweringEngine(fails)) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "error: interrupted"
    assert not (out / "authorship").exists()
