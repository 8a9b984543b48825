import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from answering import answering_lm
from bundled_texts import write_bundled
from comparisons import refused, told
from made_ledger import HALF, WINS, corpus, ledger, save

from programs.card import JudgeNote, LmNote
from programs.compile import main as compile_main
from programs.ledger import LedgerAbout, LedgerRow, write_ledger
from programs.summary import summarise
from programs.tracking import TrackedRun, tracked_run
from programs.tracking_evaluation import log_evaluation
from programs.tracking_store import tracking_store


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No version that ships, no store from outside, an empty current directory."""
    monkeypatch.setattr("programs.references.SHIPPED", ())
    monkeypatch.setattr("programs.compare.SHIPPED", ())
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stored(migrated: Path, tmp_path: Path) -> Path:
    """A root with an MLflow store that holds a run without a ledger."""
    root = tmp_path / "artifacts"
    root.mkdir()
    shutil.copy(migrated, root / "mlflow.db")
    with tracked_run(tracking_store(root), "authorship", "broke off", tags={"kind": "evaluation"}):
        pass
    return root


ABOUT = LedgerAbout(
    task="authorship",
    corpus=corpus(),
    part="test",
    lm=LmNote(name="embedded"),
    seed=3,
    judges=(JudgeNote(judge="stylometric", against="other authors", accuracy=0.95, n_pairs=40, trusted=True),),
    systems={"few-shot": "samples as earlier turns"},
)


def evaluated(root: Path, title: str, rows: Sequence[LedgerRow], about: LedgerAbout = ABOUT) -> TrackedRun:
    folder = root.parent / title
    write_ledger(folder / "ledger.parquet", rows, about)
    (folder / "report.html").write_text("<!doctype html>")
    with tracked_run(tracking_store(root), "authorship", title, tags={"kind": "evaluation"}) as run:
        log_evaluation(run, about, summarise(rows), folder)
    return run


def compiled_run(root: Path, folder: Path, title: str) -> TrackedRun:
    with tracked_run(tracking_store(root), "authorship", title, tags={"kind": "compile"}) as run:
        run.log_version(folder)
    return run


def systems(outcomes: Mapping[str, Sequence[float | None]], run: str) -> list[LedgerRow]:
    return [row for name, points in outcomes.items() for row in ledger(points, system=name, run=run)]


def test_evaluations_are_compared_system_by_system(stored, capsys):
    one = evaluated(stored, "one", systems({"few-shot": HALF, "ticl": WINS, "ceiling": WINS}, "r1"))
    two = evaluated(stored, "two", systems({"few-shot": WINS, "prose": HALF, "ceiling": WINS}, "r2"))
    found = told(capsys, "--out", stored, "--runs", "one", two.run_id)
    a, b = f"few-shot of run {one.run_id[:8]}", f"few-shot of run {two.run_id[:8]}"
    (gap,) = found["verdicts"][0]["differences"]
    assert (gap["a"], gap["b"], gap["value"]) == (b, a, 0.5)
    assert [(made["lm"], made["seed"], made["made_by"]) for made in found["contenders"]] == [
        ("embedded", 3, "samples as earlier turns")
    ] * 2
    assert one.run_id in found["contenders"][0]["origin"]
    assert [each["name"].split(" of ")[0] for each in found["left_out"]] == ["ticl", "prose"]
    chosen = told(capsys, "--out", stored, "--runs", "one", "two", "--system", "ticl", "prose")
    (gap,) = chosen["verdicts"][0]["differences"]
    assert gap["a"].startswith("prose") and gap["value"] == -0.5


def test_a_compiles_run_is_compared_with_versions_and_evaluations(stored, capsys):
    first, second = save(stored, ledger(HALF)), save(stored, ledger(WINS, run="r2"))
    run = compiled_run(stored, second, "miprov2 light seed 7")
    evaluated(stored, "evaluation", systems({"few-shot": HALF}, "r3"))
    found = told(capsys, "--out", stored, "--versions", "1", "--runs", "miprov2 light seed 7", "evaluation")
    names = [made["name"] for made in found["contenders"]]
    assert names[:2] == ["1", f"2 (run {run.run_id[:8]})"] and names[2].startswith("few-shot of run")
    by_version = told(capsys, "--out", stored, "--versions", "1", "2")["verdicts"][0]["differences"][0]
    by_run = found["verdicts"][0]["differences"][0]
    assert {**by_run, "a": "2"} == by_version
    assert first.name == "1"
    assert "holds the same verdicts as '2'" in refused(capsys, "--out", stored, "--versions", 2, "--runs", run.run_id)


def test_evaluations_of_other_splits_are_refused(stored, capsys):
    evaluated(stored, "one", systems({"few-shot": HALF}, "r1"))
    other = ABOUT.model_copy(update={"corpus": corpus("e" * 64)})
    evaluated(stored, "two", systems({"few-shot": WINS}, "r2"), other)
    said = refused(capsys, "--out", stored, "--runs", "one", "two")
    assert "d" * 12 in said and "e" * 12 in said
    evaluated(stored, "three", systems({"few-shot": WINS}, "r3"), ABOUT.model_copy(update={"part": "dev"}))
    said = refused(capsys, "--out", stored, "--runs", "one", "three")
    assert "other authors or texts of the split" in said and "(dev, " in said and "(test, " in said


def test_bad_runs_are_one_line_with_their_remedy(stored, capsys):
    run = evaluated(stored, "one", systems({"few-shot": HALF}, "r1"))
    assert f"no run 'nine' of task 'authorship' in sqlite:///{stored}" in (
        said := refused(capsys, "--out", stored, "--runs", "nine")
    )
    assert run.run_id in said and "'broke off'" in said
    assert "is FINISHED and left no ledger" in refused(capsys, "--out", stored, "--runs", "one", "broke off")
    same = evaluated(stored, "one", systems({"few-shot": WINS}, "r2"))
    said = refused(capsys, "--out", stored, "--runs", "one")
    assert "2 runs are called 'one'" in said and run.run_id in said and same.run_id in said
    assert "no two of one system" in refused(capsys, "--out", stored, "--runs", run.run_id)
    evaluated(stored, "no split", systems({"few-shot": WINS}, "r3"), LedgerAbout())
    assert "does not say on which split" in refused(capsys, "--out", stored, "--runs", run.run_id, "no split")


def test_two_compiles_of_a_whole_are_compared_by_version_and_by_run(stored, tmp_path, capsys, monkeypatch):
    path = write_bundled(tmp_path / "texts.jsonl", 8, 7)
    monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: answering_lm(**settings))
    common = [
        "--data",
        f"jsonl:{path}",
        "--out",
        str(stored),
        "--samples",
        "2",
        "--targets",
        "1",
        "--budget",
        "52",
        "--json",
    ]
    for optimizer in ("miprov2", "bootstrap"):
        assert compile_main([*common, "--optimizer", optimizer]) == 0
    capsys.readouterr()
    by_version = told(capsys, "--out", stored)
    assert [made["made_by"] for made in by_version["contenders"]] == ["miprov2 52", "bootstrap 52"]
    by_run = told(capsys, "--out", stored, "--runs", "miprov2 52 seed 0", "bootstrap 52 seed 0")
    numbers = [
        [{k: v for k, v in gap.items() if k not in "ab"} for gap in found["verdicts"][0]["differences"]]
        for found in (by_version, by_run)
    ]
    # Half of eight authors are test authors, with a target each.
    assert numbers[0] == numbers[1] and numbers[0][0]["n_pairs"] == 4
