"""Whole evaluations with a model that answers at once: what they write, how they go on, what they refuse."""

import contextlib
import io
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import AnsweringEngine, answering_lm
from bundled_texts import write_bundled

from programs import load
from programs.entry import exit_code
from programs.evaluate import main
from programs.ledger import LedgerRow, read_all, write_ledger
from programs.summary import summarise

SYSTEMS = ("--systems", "zero-shot,few-shot,uncompiled", "--judges", "stylometric,delta")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """Eight bundled authors with eight texts each."""
    return write_bundled(tmp_path_factory.mktemp("corpus") / "texts.jsonl", 8, 8)


def command(patch: pytest.MonkeyPatch, corpus: Path) -> Callable[..., int]:
    """Runs the command with an engine of ours; its exit code."""

    def run(*arguments: object, out: Path, engine: AnsweringEngine | None = None) -> int:
        engine = engine or AnsweringEngine()
        patch.setattr("programs.experiment.make_lm", lambda name, **settings: answering_lm(engine, **settings))
        small = ["--data", f"jsonl:{corpus}", "--out", out, "--samples", "2", "--targets", "2", "--threads", "4"]
        return exit_code(lambda: main([str(word) for word in (*small, *arguments)]))

    return run


@pytest.fixture
def evaluate(corpus, mlflow_folder, monkeypatch):
    return command(monkeypatch, corpus)


@pytest.fixture(scope="module")
def evaluated(corpus, migrated, tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    """A folder with one whole evaluation of `SYSTEMS` and MLflow's database, and what the command printed."""
    out = tmp_path_factory.mktemp("evaluated")
    shutil.copy(migrated, out / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        assert command(patch, corpus)(*SYSTEMS, "--json", out=out) == 0
    return out, json.loads(printed.getvalue())


@pytest.fixture
def whole(evaluated, tmp_path) -> Path:
    """A copy of that evaluation in the test's own folder."""
    return Path(shutil.copytree(evaluated[0] / "evaluations", tmp_path / "evaluations")).parent


def folder_of(out: Path) -> Path:
    (folder,) = (path for path in (out / "evaluations").iterdir() if path.name.startswith("authorship-"))
    return folder


def untimed(rows: list[LedgerRow]) -> list[dict]:
    """Rows without what was spent on them: who goes on infers an author's hypotheses once more."""
    return [row.model_dump(exclude={"seconds", "judge_seconds", "tokens"}) for row in rows]


def test_an_evaluation_leaves_a_ledger_from_which_every_printed_number_can_be_counted(evaluated):
    out, printed = evaluated
    folder = folder_of(out)
    assert Path(printed["folder"]) == folder and (folder / "report.html").is_file()
    rows, about = read_all(folder / "ledger.parquet")
    counted = summarise(rows, about.seed)
    assert [row.model_dump(mode="json") for row in counted.results] == printed["results"]
    # 4 test authors with 2 targets: 8 pairs for each of two systems, ceiling and floor, by two judges.
    found = {(row["system"], row["baseline"], row["judge"]): row["n_pairs"] for row in printed["results"]}
    systems = ("few-shot", "uncompiled", "ceiling", "floor")
    assert found == {(s, "zero-shot", j): 8 for j in ("stylometric", "delta") for s in systems}
    assert len(rows) == 2 * 8 * 8
    assert all(row.prompt and row.sample for row in rows)
    assert all(("Has habits of rhythm." in row.hypotheses) == (row.system == "uncompiled") for row in rows)
    assert {(note.judge, note.against) for note in about.judges} == {
        (judge, against) for judge in ("stylometric", "delta") for against in ("other authors", "embedded zero-shot")
    }
    with sqlite3.connect(out / "mlflow.db") as database:
        assert database.execute("select value from tags where key = 'kind'").fetchall() == [("evaluation",)]
        metrics = {key for (key,) in database.execute("select key from metrics")}
    assert "win_rate/delta/uncompiled vs zero-shot_low" in metrics


def counting(prompts: list[str], stop_at: int | None = None) -> AnsweringEngine:
    """An engine that notes the last message of every text request it finishes, and is interrupted at a call."""

    class Noting(AnsweringEngine):
        def complete(self, request):
            if stop_at is not None and self.n_calls >= stop_at:
                raise KeyboardInterrupt
            response = super().complete(request)
            if not request.config.response_format:
                prompts.append(request.messages[-1].text or "")
            return response

    return Noting()


def test_an_interrupted_evaluation_goes_on_where_it_was_with_the_same_rows(evaluate, evaluated, tmp_path, capsys):
    undisturbed, _ = read_all(folder_of(evaluated[0]) / "ledger.parquet")
    prompts: list[str] = []
    rng = random.Random(4)
    resume: tuple[str, ...] = ()
    while True:
        engine = counting(prompts, stop_at=rng.randint(4, 12))
        code = evaluate(*SYSTEMS, *resume, "--threads", "1", out=tmp_path / "parts", engine=engine)
        resume = ("--resume",)
        if code == 0:
            break
        assert code == 130
        assert "go on with --resume" in " ".join(capsys.readouterr().err.split())
    parts, _ = read_all(folder_of(tmp_path / "parts") / "ledger.parquet")
    assert untimed(parts) == untimed(undisturbed)
    # 8 targets, three systems: no text was made twice.
    assert len(prompts) == 24


def test_what_is_there_is_not_made_again_and_can_be_added_to(evaluate, whole, capsys):
    assert evaluate(*SYSTEMS, out=whole) == 2
    line = capsys.readouterr().err
    assert "holds this evaluation already, with 24 texts" in line and "--resume" in line
    prompts: list[str] = []
    more = ("--systems", "few-shot,uncompiled,attributes", "--judges", "stylometric,stylometric-plain", "--resume")
    assert evaluate(*more, "--json", out=whole, engine=counting(prompts)) == 0
    printed = json.loads(capsys.readouterr().out)
    # Only the eight texts of the new system.
    assert len(prompts) == 8
    assert {row["judge"] for row in printed["results"]} == {"stylometric", "stylometric-plain"}


def test_a_text_that_failed_is_tried_again_on_resume_and_counted_until_then(evaluate, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        if n_calls in (10, 13):
            raise RuntimeError("the server hiccuped")

    assert evaluate(*SYSTEMS, "--json", out=tmp_path, engine=AnsweringEngine(fails)) == 0
    printed = json.loads(capsys.readouterr().out)
    few_shot = [row for row in printed["results"] if (row["system"], row["judge"]) == ("few-shot", "stylometric")]
    # The first eight calls are zero-shot's, the next eight few-shot's: two of its eight texts failed.
    assert [(row["n_pairs"], row["failures"]) for row in few_shot] == [(6, 2)]
    assert any("hiccuped" in reason for failure in printed["failures"] for reason, _ in failure["reasons"])
    assert evaluate(*SYSTEMS, "--json", "--resume", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {(row["n_pairs"], row["failures"]) for row in printed["results"]} == {(8, 0)}


def test_texts_made_elsewhere_are_compared_and_missing_ones_counted(evaluate, evaluated, tmp_path, capsys):
    rows, _ = read_all(folder_of(evaluated[0]) / "ledger.parquet")
    plain = {row.target_id: row.baseline_text for row in rows}
    (missing, empty, *same) = sorted(plain)
    lines = [{"target_id": target, "text": plain[target]} for target in same]
    lines += [{"target_id": empty, "text": ""}, {"target_id": "of-another-split", "text": "Hello."}]
    path = tmp_path / "theirs.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    name = f"texts:{path}"
    assert evaluate("--systems", name, "--judges", "stylometric", "--json", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    theirs = next(row for row in printed["results"] if row["system"] == name)
    # Six equal texts tie (0.5 each), the empty one loses: 3 of 7. One has no text.
    assert (theirs["n_pairs"], theirs["ties"], theirs["failures"]) == (7, 6, 1)
    assert theirs["win_rate"] == pytest.approx(3 / 7)
    notes = " ".join(printed["about"]["notes"])
    assert f"{name} has no text for 1 of 8 targets" in notes and "of-another-split" in notes
    assert missing in {row.target_id for row in read_all(folder_of(tmp_path) / "ledger.parquet")[0]}


def test_another_judge_reads_a_ledger_without_a_model(evaluate, evaluated, tmp_path, capsys):
    ledger = tmp_path / "moved.parquet"
    shutil.copy(folder_of(evaluated[0]) / "ledger.parquet", ledger)
    before, _ = read_all(ledger)

    def fails(n_calls: int) -> None:
        raise AssertionError("a model was asked")

    again = ("--rejudge", ledger, "--judges", "delta,stylometric-plain", "--json")
    assert evaluate(*again, out=tmp_path / "again", engine=AnsweringEngine(fails)) == 0
    printed = json.loads(capsys.readouterr().out)
    after, about = read_all(Path(printed["folder"]) / "ledger.parquet")
    assert after[: len(before)] == before
    added = after[len(before) :]
    assert {row.judge for row in added} == {"stylometric-plain"} and len(added) == len(before) / 2
    assert "stylometric-plain" in {note.judge for note in about.judges}
    # The same rows as if that judge had been asked at once.
    at_once = ("--systems", SYSTEMS[1], "--judges", "stylometric-plain")
    assert evaluate(*at_once, out=tmp_path / "at-once") == 0
    direct, _ = read_all(folder_of(tmp_path / "at-once") / "ledger.parquet")
    assert untimed(added) == untimed(direct)


def test_a_rejudged_ledger_whose_texts_were_judged_anew_goes_on_and_another_version_is_refused_first(
    evaluate, evaluated, tmp_path, capsys
):
    rows, about = read_all(folder_of(evaluated[0]) / "ledger.parquet")
    ledger, again = tmp_path / "moved.parquet", ("--judges", "delta,stylometric-plain")
    for changes in ({"judge_seconds": 1.0}, {"judge_seconds": 2.0}):
        write_ledger(ledger, [row.model_copy(update=changes) for row in rows], about)
        assert evaluate("--rejudge", ledger, *again, "--resume", out=tmp_path / "again") == 0
    capsys.readouterr()
    older = {"judge": "stylometric-plain", "judge_version": "stylometric-plain-0"}
    write_ledger(ledger, [*rows, rows[0].model_copy(update=older)], about)
    out = tmp_path / "refused"
    assert evaluate("--rejudge", ledger, *again, out=out) == 2
    assert "verdicts of stylometric-plain in another version, 'stylometric-plain-0'" in capsys.readouterr().err
    assert not out.exists()


def test_a_ledger_of_another_corpus_is_not_judged_again(evaluated, corpus, tmp_path, capsys):
    ledger = folder_of(evaluated[0]) / "ledger.parquet"
    lines = corpus.read_text("utf-8").splitlines()
    other = tmp_path / "other.jsonl"
    other.write_text("\n".join(lines[:-8]), "utf-8")
    words = ["--rejudge", ledger, "--judges", "delta", "--data", f"jsonl:{other}", "--out", tmp_path / "x"]
    assert exit_code(lambda: main([str(word) for word in words])) == 2
    assert "name the corpus it was made on with --data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--systems", "zero-shot,few-shots"], "unknown system 'few-shots'"),
        (["--systems", "zero-shot"], "nothing to compare with 'zero-shot'"),
        (["--systems", "few-shot,few-shot"], "system 'few-shot' is named twice"),
        (["--judges", "vibes"], "unknown judge 'vibes'"),
        (["--judges", ""], "no judge is named"),
        (["--split", "tests"], "unknown split 'tests'; choose one of: all, dev, test, train, val"),
        (["--limit-authors", "0"], "--limit-authors is 0"),
        (["--systems", "texts:/nowhere.jsonl"], "/nowhere.jsonl"),
        (["--transfer", "planets"], "unknown transfer 'planets'"),
        (["--transfer", "models"], "--transfer-models"),
        (["--transfer", "samples,samples"], "transfer 'samples' is named twice"),
        (["--rejudge", "/nowhere.parquet"], "there is no ledger"),
    ],
)
def test_a_bad_choice_ends_in_one_line_before_any_call(evaluate, arguments, message, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        raise AssertionError("a model was asked")

    assert evaluate(*arguments, out=tmp_path / "out", engine=AnsweringEngine(fails)) == 2
    streams = capsys.readouterr()
    assert message in streams.err and streams.err.startswith("error: ") and streams.err.count("\n") == 1
    assert streams.out == ""
    assert not (tmp_path / "out").exists()


Harm = Callable[[Path], None]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:2000]), "is damaged"),
        (lambda path: path.write_bytes(b"not a database at all" * 99), "is damaged"),
    ],
    ids=["cut off", "no database"],
)
def test_a_damaged_journal_is_named(evaluate, harm: Harm, message, whole, capsys):
    harm(folder_of(whole) / "journal.sqlite")
    assert evaluate(*SYSTEMS, "--resume", out=whole) == 2
    assert message in capsys.readouterr().err


def test_hypotheses_are_carried_to_other_samples_and_domains(evaluate, tmp_path, capsys):
    words = ("--systems", "zero-shot", "--judges", "stylometric", "--transfer", "samples,domains")
    assert evaluate(*words, "--transfer-system", "uncompiled", "--samples", "3", "--json", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    systems = {row["system"] for row in printed["results"]} - {"ceiling", "floor"}
    assert systems == {
        *(f"uncompiled, {n} sample{'s' * (n > 1)}" for n in (1, 2, 3)),
        *(f"uncompiled, samples of {domain}" for domain in ("blog", "email")),
    }
    # Nobody has as many samples as some cells of that row want.
    assert "transfer from 5 and 7 samples was not tried: --samples is 3" in printed["about"]["notes"]


def test_a_shipped_version_with_candidates_is_a_system(evaluate, tmp_path, capsys):
    assert evaluate("--systems", "uncompiled*2,authorship*2", "--judges", "stylometric", "--json", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    systems = {row["system"] for row in printed["results"]}
    assert systems == {"uncompiled*2", "authorship*2", "ceiling", "floor"}


def test_a_registered_model_is_a_system_whose_authors_are_not_known(evaluate, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("programs.systems.load", lambda reference, root, tasks: load("authorship/default"))
    name = "models:/hyperalign-authorship@champion"
    assert evaluate("--systems", name, "--judges", "stylometric", "--json", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    assert name in {row["system"] for row in printed["results"]}
    assert any(name in note and "may know some" in note for note in printed["about"]["notes"])


def test_with_every_judge_left_out_there_is_no_result_and_the_ledger_stays(evaluate, tmp_path, capsys):
    path = tmp_path / "theirs.jsonl"
    path.write_text(json.dumps({"target_id": "of-another-split", "text": "Hello."}))
    words = ("--baseline", f"texts:{path}", "--systems", "zero-shot", "--judges", "stylometric,delta")
    assert evaluate(*words, out=tmp_path) == 2
    assert "none of the 8 targets has a text" in capsys.readouterr().err
    assert not (folder_of(tmp_path) / "ledger.parquet").exists()
