"""Whole bake-offs with a model that answers at once."""

import _thread
import json
import sqlite3
from pathlib import Path

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from bundled_texts import write_bundled

from programs.bakeoff import main
from programs.bakeoffs.apart import answers_apart
from programs.bakeoffs.records import Results
from programs.entry import exit_code
from programs.lms.answer_cache import AnswerCache


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    """Eight bundled authors with eight texts each."""
    return write_bundled(tmp_path_factory.mktemp("baked") / "texts.jsonl", 8, 8)


@pytest.fixture
def bake(texts, mlflow_folder, tmp_path, monkeypatch):
    """Runs the command with an engine of ours; its exit code."""
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "cache"))
    # The command makes a cache of its own this process's; the next test has the one before.
    monkeypatch.setattr(dspy, "cache", dspy.cache)

    def run(*arguments: object, engine: AnsweringEngine | None = None) -> int:
        engine = engine or AnsweringEngine()
        monkeypatch.setattr(
            "programs.experiment.make_lm", lambda name, **settings: answering_lm(engine, cache=True, **settings)
        )
        small = ["--data", f"jsonl:{texts}", "--out", tmp_path, "--samples", 2, "--targets", 2]
        return exit_code(lambda: main([str(word) for word in (*small, "--threads", 4, *arguments)]))

    return run


def folder_of(out: Path) -> Path:
    (folder,) = (out / "bakeoffs").iterdir()
    return folder


def results_of(out: Path) -> Results:
    return Results.model_validate_json((folder_of(out) / "bakeoff.json").read_bytes())


def test_a_bake_off_compares_keeps_and_goes_on(bake, mlflow_folder, tmp_path, capsys):
    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "3", "--json") == 0
    results = Results.model_validate_json(capsys.readouterr().out)
    assert results == results_of(tmp_path)
    assert {each.key for each in results.cells} == {("bootstrap", 3), ("miprov2", 3)}
    assert results.split_seed == 3 and results.corpus.authors["dev"] == 1
    for each in results.cells:
        # A val author with two targets: one inference and two texts. Neither what others paid for nor what a program
        # remembers of people makes it less.
        assert (each.trials[0].spent.calls, each.trials[0].spent.hits, each.trials[0].spent.tokens) == (3, 0, 45)
        assert [trial.number for trial in each.trials] == list(range(5))
        calls = [trial.spent.calls for trial in each.trials]
        assert calls == sorted(calls) and calls[-1] <= each.spent.calls
        assert (each.bests[0].trial, each.bests[0].spent.calls) == (0, 0)
        assert each.bests[-1].trial is None and each.bests[-1].spent == each.spent
        assert len(each.judged) == 2 and all(one.zero_shot is not None for one in each.judged)
        assert sum(one.zero_shot or 0 for one in each.judged) / 2 == each.bests[-1].win_rate
    with sqlite3.connect(mlflow_folder / "mlflow.db") as database:
        assert ("bakeoff",) in database.execute("select value from tags where key = 'kind'").fetchall()
        metrics = {key for (key,) in database.execute("select key from metrics")}
    assert {"win_rate/miprov2 vs uncompiled_low", "spent/bootstrap/tokens", "tokens to miprov2/bootstrap"} <= metrics

    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "3") == 2
    assert "holds 2 finished searches of this bake-off; go on with --resume" in capsys.readouterr().err
    engine = AnsweringEngine()
    assert bake("--optimizers", "labeled", "--seeds", "3", "--resume", engine=engine) == 0
    again = results_of(tmp_path)
    assert [each for each in again.cells if each.optimizer != "labeled"] == list(results.cells)
    # The texts that all searches share are there; what is asked is the new search, and its bests on the dev part.
    mine = next(each for each in again.cells if each.optimizer == "labeled")
    assert mine.spent.calls <= engine.n_calls <= mine.spent.calls + 4 * (len(mine.bests) - 1)
    told = capsys.readouterr().out
    assert "vs uncompiled" in told and "judge stylometric is right in" in told and "bakeoff.png" in told


def test_limits_end_each_search_and_are_told(bake, tmp_path, capsys):
    assert bake("--optimizers", "bootstrap,joint", "--seeds", "0", "--max-calls", 20) == 0
    results = results_of(tmp_path)
    # At most the calls in flight, of four threads, come on top.
    assert all(each.spent.calls <= 20 + 4 and "--max-calls 20" in each.stopped for each in results.cells)
    assert "limits of each search: calls 20; reached by searches of bootstrap (1), joint (1)" in capsys.readouterr().out


def test_ctrl_c_keeps_finished_searches_and_resuming_runs_only_the_rest(bake, tmp_path, capsys):
    once = ["--optimizers", "labeled,bootstrap", "--seeds", "0", "--budget", "light"]

    class Interrupting(AnsweringEngine):
        """Presses Ctrl-C in the second search."""

        pressed = False

        def complete(self, request):
            if not self.pressed and list((tmp_path / "bakeoffs").glob("*/cells.jsonl")):
                self.pressed = True
                _thread.interrupt_main()
            return super().complete(request)

    assert bake(*once, engine=Interrupting()) == 130
    streams = capsys.readouterr()
    assert "interrupted: 1 search left; go on with --resume" in streams.out
    first = results_of(tmp_path)
    assert first.interrupted and [each.key for each in first.cells] == [("labeled", 0)]
    assert bake(*once, "--resume") == 0
    second = results_of(tmp_path)
    assert [each.key for each in second.cells] == [("bootstrap", 0), ("labeled", 0)] and not second.interrupted
    assert second.cells[1] == first.cells[0]


def test_a_search_that_fails_leaves_the_others_and_is_tried_again(bake, tmp_path, capsys, monkeypatch):
    from optimizers.labeled import Labeled

    def broken(self, *_, **__):
        raise RuntimeError("no trial could be scored; the log says why")

    with monkeypatch.context() as patched:
        patched.setattr(Labeled, "compile", broken)
        assert bake("--optimizers", "labeled,bootstrap", "--seeds", "0") == 0
        assert "labeled seed 0 failed: no trial could be scored" in capsys.readouterr().out
        found = {each.optimizer: each for each in results_of(tmp_path).standings}
        assert (found["labeled"].n_broken, found["labeled"].zero_shot) == (1, None)
        assert bake("--optimizers", "labeled", "--seeds", "7") == 1
    assert bake("--optimizers", "labeled,bootstrap", "--seeds", "0", "--resume") == 0
    assert all(
        each.error is None
        for folder in (tmp_path / "bakeoffs").iterdir()
        for each in Results.model_validate_json((folder / "bakeoff.json").read_bytes()).cells
        if each.seed == 0
    )


def test_a_dry_run_counts_calls_and_writes_nothing(bake, tmp_path, capsys):
    engine = AnsweringEngine()
    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "0,1", "--dry-run", "--json", engine=engine) == 0
    plan = json.loads(capsys.readouterr().out)
    phases = plan["phases"]
    # Two train, one val and one dev author with two targets each: 8 zero-shot texts, for 5 calls, since several authors
    # have the same prompt, which is asked once; and 1 + 2 calls for the dev part.
    assert phases["texts that all searches share"]["calls"] == 8
    # 1/2 + 1/3 + 1/4 + 1/5 = 1.283 programs are likely to be best in turn, 3 calls each.
    assert phases["dev texts of miprov2, a seed"]["calls"] == 4
    for name in ("calls", "tokens"):
        *parts, whole = (phase[name] for phase in phases.values())
        assert whole == parts[0] + 2 * sum(parts[1:]) and all(part > 0 for part in parts)
    assert list(phases)[1:3] == ["bootstrap, a seed", "miprov2, a seed"]
    folders = []
    for more in ([], ["--max-calls", "50"], ["--budget", "medium"], ["--seeds", "1,0"]):
        assert bake("--optimizers", "labeled", "--seeds", "0", *more, "--dry-run", "--json", engine=engine) == 0
        folders.append(json.loads(capsys.readouterr().out)["folder"])
    # Other optimizers and seeds can be compared; another budget or split (that of the first seed) cannot.
    assert folders[0] == plan["folder"] and len(set(folders)) == 4
    assert engine.n_calls == 0 and not (tmp_path / "bakeoffs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimizers", "magic"], "unknown optimizer 'magic'; choose one of: bootstrap"),
        (["--optimizers", "joint,joint"], "--optimizers names 'joint' twice"),
        (["--optimizers", ","], "--optimizers names nothing"),
        (["--seeds", "1,1"], "--seeds names 1 twice"),
        (["--seeds", "1,-2"], "--seeds has '-2'"),
        (["--seeds", ""], "--seeds names nothing"),
        (["--budget", "100"], "unknown budget '100'; choose light, medium, heavy; for a number of calls"),
        (
            ["--max-calls", "5"],
            "--max-calls 5 is too small: scoring the uncompiled program and one trial of bootstrap takes about",
        ),
        (["--max-tokens", "0"], "--max-tokens is 0"),
        (["--max-tokens", "100"], "--max-tokens 100 is too small"),
        (["--max-cost", "1"], "--max-cost 1 cannot be kept"),
        (["--task", "autorship"], "unknown task 'autorship'"),
        (["--judge", "vibes"], "unknown judge 'vibes'"),
    ],
)
def test_a_bad_choice_ends_in_one_line_before_any_call(bake, tmp_path, arguments, message, capsys):
    engine = AnsweringEngine()
    assert bake("--optimizers", "bootstrap", *arguments, engine=engine) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert engine.n_calls == 0 and not (tmp_path / "bakeoffs").exists()


def test_what_one_search_paid_for_another_pays_for_too():
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True)
    before = dspy.cache
    for _ in range(2):
        with answers_apart({}), dspy.context(lm=lm):
            assert isinstance(dspy.cache, AnswerCache)
            lm("Say it.")
            lm("Say it.")
    assert engine.n_calls == 2
    assert dspy.cache is before
