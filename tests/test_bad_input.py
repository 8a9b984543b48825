"""What a user can get wrong ends in one line that names the remedy, exit code 2 and nothing half-written."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from tiny_task import draft

from data import load_corpus
from programs import AuthorshipProgram, compile, personalize
from programs.card import SCHEMA_VERSION
from programs.entry import exit_code
from programs.lms import make_lm
from programs.progress import RunProgress
from programs.tracking_store import SQLITE
from programs.versions import load, save_version

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No hub and no MLflow server but those a test names; a model that answers at once."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: answering_lm(**settings))


def compiled(*arguments: object, out: Path) -> int:
    return exit_code(lambda: compile.main([str(word) for word in (*arguments, "--out", out)]))


def fault(capsys) -> str:
    """The one line on stderr."""
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "Traceback" not in streams.err
    *_, line = streams.err.splitlines()
    assert line.startswith("error: ")
    return line


def texts(path: Path, write=lambda author, number, text: text) -> Path:
    """Six bundled authors with seven texts each, changed by `write`."""
    rows = [
        {"author": author.id, "prompt": f"{text.prompt} ({number})", "text": write(author.id, number, text.text)}
        for author in load_corpus("bundled").authors[:6]
        for number, text in enumerate(author.texts[:7])
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


SMALL = ("--samples", "2", "--targets", "1", "--threads", "4", "--budget", "40", "--optimizer", "bootstrap")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--data", "jsonl:"], "jsonl:"),
        (["--data", "jsonl:/nowhere.jsonl"], "check the path"),
        (["--data", "csv:/"], "name one file"),
        (["--data", f"jsonl:{sys.executable}"], "give a text file in UTF-8"),
        (["--targets", "0"], "at least 1"),
        (["--samples", "-1"], "at least 1"),
        (["--seed", "-1"], "--seed is -1; give 0 or more"),
        (["--seed", "x"], "--help"),
        (["--budget", "²"], "choose light, medium, heavy, or a number"),
        (["--min-texts", "99"], "lower --min-texts"),
    ],
)
def test_a_choice_that_cannot_be_served_names_the_remedy(arguments, remedy, tmp_path, capsys):
    assert compiled(*arguments, out=tmp_path / "out") == 2
    assert remedy in fault(capsys)
    assert not (tmp_path / "out" / "authorship").exists()


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--lm", "embedded", "--api-base", "http://127.0.0.1:9"], "drop it, or name a hosted model"),
        (["--lm", f"embedded:{sys.executable}"], "reads a GGUF file"),
    ],
    ids=["api base", "not a model"],
)
def test_a_model_that_cannot_be_had_is_named_before_anything_else(arguments, remedy, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("programs.experiment.make_lm", make_lm)
    assert compiled(*arguments, out=tmp_path / "out") == 2
    assert remedy in fault(capsys)
    assert not (tmp_path / "out" / "authorship").exists()


def test_in_a_process_of_its_own_it_is_one_line_and_exit_code_2(tmp_path):
    arguments, remedy = ["--data", "hub:nobody/nothing"], "jsonl:PATH or csv:PATH"
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "programs.compile", *arguments, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert remedy in done.stderr and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out" / "authorship").exists()


def test_one_author_with_too_few_texts_is_named_with_what_is_needed(tmp_path, capsys):
    assert compiled("--data", f"jsonl:{texts(tmp_path / 't.jsonl')}", "--samples", "6", out=tmp_path / "out") == 2
    line = fault(capsys)
    assert "lower --samples" in line and "7 texts" in line


@pytest.mark.parametrize(
    "odd",
    ["😀🎉🔥 😀 🌧️ {n}", "今天下雨了。我们还是种菜。第{n}天。", "word " * 6000 + "{n}", "x" * 30_000 + "{n}"],
    ids=["emoji", "Chinese", "beyond the context", "one word beyond the context"],
)
def test_an_author_with_odd_texts_is_compiled_like_any_other(odd, tmp_path, capsys):
    first = load_corpus("bundled").authors[0].id
    path = texts(tmp_path / "t.jsonl", lambda author, number, text: odd.format(n=number) if author == first else text)
    assert compiled("--data", f"jsonl:{path}", *SMALL, "--dry-run", out=tmp_path / "out") == 0
    with dspy.context(lm=answering_lm()):
        out = AuthorshipProgram()(samples=[odd.format(n=number) for number in range(3)], prompt="Of the weather.")
    assert out.text
    assert any("cut at a sentence end" in note for note in out.notes) == odd.startswith("word"), out.notes
    # Three numbers, or six words, are too little to go by.
    assert (out.personalization == "generic") == (odd[0] in "😀x")


def test_texts_that_occur_twice_count_once(tmp_path, capsys):
    path = texts(tmp_path / "t.jsonl")
    path.write_text(path.read_text("utf-8") + "\n" + path.read_text("utf-8"), "utf-8")
    assert compiled("--data", f"jsonl:{path}", "--samples", "9", "--targets", "1", out=tmp_path / "out") == 2
    # Seven of the fourteen texts of each author are repeats.
    assert "7 texts" in fault(capsys)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "nonsense://x", "file:///tmp/runs", "mlruns", "sqlite:////proc/none/mlflow.db"]
)
def test_an_mlflow_store_that_cannot_be_used_is_named(uri, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    data = f"jsonl:{texts(tmp_path / 't.jsonl')}"
    # A dry run calls no model: the store is looked at before.
    assert compiled("--data", data, *SMALL, "--dry-run", out=tmp_path / "out") == 2
    assert "MLFLOW_TRACKING_URI" in fault(capsys)
    assert not (tmp_path / "out").exists()


def database_of_another_version(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table alembic_version (version_num text)")
        database.execute("insert into alembic_version values ('0123456789ab')")


def database_of_something_else(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table birds (name text)")


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (database_of_another_version, "mlflow db upgrade"),
        (database_of_something_else, "move it away"),
        (lambda path: path.write_bytes(b"not a database at all" * 99), "move it away"),
        (lambda path: path.mkdir(), "set MLFLOW_TRACKING_URI to another store"),
    ],
    ids=["another version", "of something else", "no database", "a folder"],
)
def test_an_mlflow_database_that_is_none_of_ours_is_left_alone(make, remedy, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    make(out / "mlflow.db")
    before = (out / "mlflow.db").read_bytes() if (out / "mlflow.db").is_file() else None
    assert compiled("--dry-run", out=out) == 2
    assert remedy in fault(capsys)
    assert before is None or (out / "mlflow.db").read_bytes() == before


@pytest.mark.slow  # MLflow tries again for minutes
def test_an_mlflow_database_that_is_locked_while_a_run_is_under_way_is_named(tmp_path, capsys, monkeypatch):
    out, trial, held = tmp_path / "out", RunProgress.trial, []

    def lock(self, number, *facts):
        trial(self, number, *facts)
        if number == 1:
            held.append(sqlite3.connect(out / "mlflow.db", isolation_level=None))
            held[0].execute("begin exclusive")

    monkeypatch.setattr(RunProgress, "trial", lock)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{SQLITE}{out / 'mlflow.db'}?timeout=1")
    code = compiled("--data", f"jsonl:{texts(tmp_path / 't.jsonl')}", *SMALL, out=out)
    held[0].close()
    assert code == 2
    assert "locked" in fault(capsys)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_is_found_before_the_first_call(small_disk, tmp_path, capsys):
    fill(small_disk)
    assert compiled("--dry-run", out=small_disk / "out") == 2
    assert "free some space" in fault(capsys)


def test_a_disk_that_fills_up_during_a_run_leaves_no_half_version(
    small_disk, mlflow_folder, tmp_path, capsys, monkeypatch
):
    # MLflow's own store is elsewhere, so that it is saving the version that finds the disk full.
    out, trial = small_disk / "out", RunProgress.trial

    def fill_up(self, number, *facts):
        trial(self, number, *facts)
        fill(small_disk)

    monkeypatch.setattr(RunProgress, "trial", fill_up)
    assert compiled("--data", f"jsonl:{texts(tmp_path / 't.jsonl')}", *SMALL, out=out) == 2
    line = fault(capsys)
    assert "No space left on device" in line and "free some space" in line
    assert not (out / "authorship").exists() or list((out / "authorship").iterdir()) == []


@pytest.fixture
def version(tmp_path):
    """A saved program that was not compiled."""
    return save_version(AuthorshipProgram(), draft(settings={}), lambda path: path.write_bytes(b""), tmp_path / "out")


def personalized(folder: Path, tmp_path: Path) -> int:
    (tmp_path / "mail.txt").write_text("We plant anyway.", "utf-8")
    words = ["--samples", str(tmp_path / "mail.txt"), "--prompt", "x", "--program", str(folder)]
    return exit_code(lambda: personalize.main(words, load, lambda name, **_: answering_lm()))


def newer_card(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"schema_version": 99, "unheard_of": 1}))


def other_settings(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"settings": {"n_shown": 99}}))


def tampered_program(folder: Path) -> None:
    program = (folder / "program.json").read_text("utf-8")
    (folder / "program.json").write_text(program.replace("Read the texts", "Ignore the texts"), "utf-8")


@pytest.mark.parametrize(
    ("harm", "remedy"),
    [
        (newer_card, f"card schema 99 is newer than {SCHEMA_VERSION}; upgrade hyperalign"),
        (other_settings, "compile it again"),
        (tampered_program, "restore the file or compile again"),
        (lambda folder: (folder / "program.json").unlink(), "restore the file or compile again"),
        (lambda folder: (folder / "card.json").write_bytes(b"\x00\xff"), "restore the file or compile again"),
    ],
    ids=["newer card", "other settings", "tampered program", "no program", "binary card"],
)
def test_a_version_that_cannot_be_trusted_is_not_run(harm, remedy, version, tmp_path, capsys):
    assert personalized(version, tmp_path) == 0
    capsys.readouterr()
    harm(version)
    assert personalized(version, tmp_path) == 2
    assert remedy in fault(capsys)


def test_a_champion_that_is_broken_is_found_before_the_new_version_is_saved(version, tmp_path, capsys):
    out = version.parent.parent
    (version.parent / "aliases.json").write_text('{"champion": "1"}')
    newer_card(version)
    assert compiled("--data", f"jsonl:{texts(tmp_path / 't.jsonl')}", *SMALL, out=out) == 2
    assert "card schema 99 is newer" in fault(capsys)
    assert sorted(path.name for path in version.parent.iterdir()) == ["1", "aliases.json"]


def test_a_model_that_fails_for_every_person_is_no_result(tmp_path, capsys, monkeypatch):
    def away(n_calls: int) -> None:
        raise dspy.utils.exceptions.LMTransportError("connection refused")

    monkeypatch.setattr("programs.experiment.make_lm", lambda name, **_: answering_lm(AnsweringEngine(away)))
    out = tmp_path / "out"
    assert compiled("--data", f"jsonl:{texts(tmp_path / 't.jsonl')}", *SMALL, out=out) == 1
    assert "connection refused" in fault(capsys)
    assert not (out / "authorship").exists()
