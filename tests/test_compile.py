"""One real compile on a handful of bundled authors, looked at from all sides."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bundled_texts import write_bundled

from programs import load
from programs.aliases import read_aliases
from programs.card import Card
from programs.compile import main
from programs.entry import exit_code
from programs.ledger import comparisons, read_ledger
from programs.summary import result_row
from programs.tasks import TASKS

ROOT = Path(__file__).parents[1]
SMALL = ["--samples", "2", "--targets", "1", "--threads", "8"]
BUDGET = 28
"""Calls for one trial."""
COMMAND = """
from programs import compile, entry, experiment
make = experiment.make_lm
experiment.make_lm = lambda *model, **settings: make(*model, **{**settings, "max_tokens": 60})
entry.run(compile.main)
"""
"""The command, but that texts end after 60 tokens: they are most of its time."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Five bundled authors with seven texts each, as a file of the user's own."""
    return write_bundled(tmp_path_factory.mktemp("corpus") / "texts.jsonl", 5, 7)


@pytest.fixture(scope="module")
def compiled(texts, tmp_path_factory):
    """What the command printed with --json, and the folder it wrote."""
    out = tmp_path_factory.mktemp("run") / "artifacts"
    command = [sys.executable, "-c", COMMAND, "--data", f"jsonl:{texts}", "--out", str(out), *SMALL]
    environment = {**os.environ, "DSPY_CACHEDIR": str(out.parent / "cache")}
    environment.pop("MLFLOW_TRACKING_URI", None)
    # Short samples and few habits are read and written in half the time; one candidate a text is a call, not four.
    command += ["--budget", str(BUDGET), "--set", "sample_words=60", "n_habits=3", "n_candidates=1", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=850)
    assert done.returncode == 0, done.stderr
    return Card.model_validate_json(done.stdout), out


def run(*arguments: object, out: Path) -> int:
    return exit_code(lambda: main([str(a) for a in (*arguments, "--out", out)]))


def test_json_is_the_card_that_was_saved_and_nothing_else(compiled):
    card, out = compiled
    assert card == Card.model_validate_json((out / "authorship" / "1" / "card.json").read_text())
    assert (card.task, card.version, card.optimizer.name) == ("authorship", "1", "joint")
    assert card.corpus.authors == {"train": 1, "val": 1, "dev": 1, "test": 2}
    assert card.lm.decoding["max_tokens"] == 60


def test_a_budget_in_calls_is_not_exceeded(compiled):
    card, _ = compiled
    assert 0 < sum(spend.calls for spend in card.spent) <= BUDGET
    assert all(spend.dollars == 0 for spend in card.spent)


def test_every_number_on_the_card_can_be_counted_again_from_the_ledger(compiled):
    card, out = compiled
    groups = comparisons(read_ledger(out / "authorship" / "1" / "ledger.parquet"))
    assert [result_row(rows, card.seeds["run"]) for rows in groups.values()] == list(card.results)
    assert {(row.system, row.baseline) for row in card.results} >= {
        ("few-shot", "zero-shot"),
        ("compiled", "zero-shot"),
        ("compiled", "uncompiled"),
        ("ceiling", "zero-shot"),
        ("floor", "zero-shot"),
    }
    assert {note.against for note in card.judges} == {"other authors", "embedded zero-shot"}


def test_mlflow_holds_the_run_its_trials_and_the_registered_model(compiled):
    card, out = compiled
    with sqlite3.connect(out / "mlflow.db") as database:
        names = [name for (name,) in database.execute("select name from runs order by start_time")]
        n_trials = sum(name.startswith("trial ") for name in names)
        assert n_trials == len(card.optimizer.settings["valset_scores"]) >= 2  # type: ignore[arg-type]
        metrics = {key for (key,) in database.execute("select key from metrics")}
        assert any("compiled vs zero-shot" in key and key.endswith("_low") for key in metrics)
        assert database.execute("select count(*) from datasets").fetchone() == (1,)
        alias = database.execute("select alias, name from registered_model_aliases").fetchone()
    assert alias == (next(iter(read_aliases(out / "authorship"))), "hyperalign-authorship")


def test_the_saved_program_loads_with_what_was_chosen(compiled):
    card, out = compiled
    program = load("authorship/1", root=out)
    assert TASKS["authorship"].settings_of(program) == card.settings
    assert (card.settings["sample_words"], card.settings["n_habits"]) == (60, 3)
    assert program.version == "1"


def test_a_dry_run_counts_calls_and_writes_nothing(texts, tmp_path, capsys):
    out = tmp_path / "artifacts"
    assert run("--data", f"jsonl:{texts}", *SMALL, "--dry-run", "--json", out=out) == 0
    plan = json.loads(capsys.readouterr().out)
    # 1 train, 1 val and 2 test authors with a target each: 4 zero-shot texts. A trial infers once and writes once: 2
    # calls, 4 trials and the student: 10, at most 1 bootstrapped run of 2 calls, and 3 candidates more a trial: 24. Two
    # programs are confirmed on 2 authors: 8, and 3 candidates more for the second: 14. Two test authors: 2, 2 + 2, and
    # 6 candidates more.
    assert plan["calls"] == {
        "zero-shot baseline": 4,
        "compile": 24,
        "confirm": 14,
        "few-shot": 2,
        "uncompiled": 4,
        "compiled": 10,
    }
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "autorship"], "unknown task 'autorship'; choose one of: authorship"),
        (["--judge", "vibes"], "unknown judge 'vibes'; choose one of: delta, embedding:PACKAGE_OR_PATH"),
        (["--optimizer", "magic"], "unknown optimizer 'magic'; choose one of: bootstrap, "),
        (["--data", "bundle"], "bundle"),
        (["--lm", "gpt-4"], "unknown model 'gpt-4'"),
        (["--lm", "embedded:/nowhere.gguf"], "no model file at '/nowhere.gguf'"),
        (["--budget", "huge"], "unknown budget 'huge'; choose light, medium, heavy"),
        (["--budget", "20"], "a budget of 20 calls is too small"),
        (["--samples", "12"], "lower --samples"),
        (["--threads", "0"], "--threads is 0"),
        (["--samples", "0"], "--samples and --targets must be at least 1, not 0 and 3"),
        (["--lm", "opnai/gpt-4o"], "has provider 'opnai', which litellm does not know"),
        (["--lm", "openai/gpt-4o", "--dry-run"], "needs OPENAI_API_KEY in the environment"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_a_bad_choice_ends_in_one_line_before_any_call(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    out = tmp_path / "artifacts"
    assert run(*arguments, out=out) == 2
    streams = capsys.readouterr()
    assert message in streams.err and streams.err.startswith("error: ") and streams.err.count("\n") == 1
    assert streams.out == ""
    assert not (out / "authorship").exists()


def rows(*pairs: tuple[str, str]) -> str:
    return "\n".join(json.dumps({"author": author, "text": text}) for author, text in pairs)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (rows(*[("ann", f"A short note. It is number {i} of many.") for i in range(20)]), "1 author"),
        (rows(("ann", ""), ("bob", " ")), "texts"),
        ("not json at all", "texts.jsonl"),
        ('{"writer": "ann", "words": "x"}', "author"),
        (b"\x00\x01\xff\xfe binary", "texts.jsonl"),
        (rows(*[(a, "The very same text. Twice.") for a in "abcdef" for _ in range(12)]), "texts"),
    ],
    ids=["one author", "empty texts", "no JSON", "no columns", "binary", "duplicates"],
)
def test_a_corpus_that_cannot_be_used_ends_in_one_line(content, message, tmp_path, capsys):
    path = tmp_path / "texts.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run("--data", f"jsonl:{path}", out=tmp_path / "artifacts") == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error and error.count("\n") == 1


def test_an_output_folder_that_is_a_file_is_named(tmp_path, capsys):
    out = tmp_path / "artifacts"
    out.write_text("in the way")
    assert run("--dry-run", out=out) == 2
    assert str(out) in capsys.readouterr().err


def test_a_locked_mlflow_database_is_named_before_any_call(tmp_path, capsys):
    out = tmp_path / "artifacts"
    out.mkdir()
    with sqlite3.connect(out / "mlflow.db", isolation_level=None) as database:
        database.execute("create table taken (x)")
        database.execute("begin exclusive")
        assert run("--dry-run", out=out) == 2
    assert "mlflow.db" in capsys.readouterr().err


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_program_so_far(texts, tmp_path):
    out = tmp_path / "artifacts"
    command = [sys.executable, "-m", "programs.compile", "--data", f"jsonl:{texts}", "--out", str(out), *SMALL]
    environment = {**os.environ, "DSPY_CACHEDIR": str(tmp_path / "cache")}
    running = subprocess.Popen(
        [*command, "--budget", "heavy"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    deadline = time.monotonic() + 200
    for line in running.stderr:
        assert time.monotonic() < deadline
        if "trial 1:" in line:
            break
    running.send_signal(signal.SIGINT)
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Interrupted: the best program so far is kept" in printed
    assert load("authorship/1", root=out).version == "1"
