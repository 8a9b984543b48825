import json
import subprocess
import sys
from pathlib import Path

import pytest

from programs.card import JudgeNote
from programs.entry import exit_code
from programs.ledger import LedgerAbout, LedgerRow, write_ledger
from programs.report import main

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "artifacts" / "authorship" / "default" / "ledger.parquet"


def rows() -> list[LedgerRow]:
    """Two authors, one target each: the first author's is won in both orders, the second's in one."""
    made = []
    for author, lost in (("ada", False), ("ben", True)):
        for order in ("candidate-first", "baseline-first"):
            verdict = "baseline" if lost and order == "baseline-first" else "candidate"
            made.append(
                LedgerRow(
                    run="r",
                    system="ours",
                    baseline="plain",
                    author=author,
                    domain="",
                    target_id=f"{author}-1",
                    candidate_text="One text.",
                    baseline_text="Another one.",
                    judge="delta",
                    judge_version="delta-1",
                    order=order,
                    verdict=verdict,
                    reason="",
                    candidate_words=2,
                    baseline_words=2,
                    seconds=1.0,
                    tokens=10,
                    cost=0.0,
                )
            )
    return made


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    note = JudgeNote(judge="delta", against="other authors", accuracy=0.9, n_pairs=10, trusted=True)
    write_ledger(tmp_path / "ledger.parquet", rows(), LedgerAbout(task="authorship", judges=(note,)))
    return tmp_path / "ledger.parquet"


def test_the_report_goes_beside_the_ledger(ledger: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(ledger)]) == 0
    assert (ledger.parent / "report.html").is_file() and (ledger.parent / "plots" / "forest.png").is_file()
    out = capsys.readouterr().out
    # A win and a tie: (1 + 0.5) / 2.
    assert "0.750" in out and "report.html" in out


def test_a_folder_with_a_ledger_will_do_and_json_is_all_that_is_printed(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([str(ledger.parent), "--out", str(tmp_path / "new" / "place"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["results"][0]["win_rate"] == 0.75 and printed["results"][0]["ties"] == 1
    assert printed["about"]["task"] == "authorship" and printed["detectable"][0]["n_pairs"] == 2
    assert Path(printed["report"]) == tmp_path / "new" / "place" / "report.html"
    assert Path(printed["report"]).is_file()


def test_the_ledger_that_ships_makes_a_report_that_says_how_its_judge_was_validated(tmp_path: Path):
    assert main([str(SHIPPED), "--out", str(tmp_path), "--json"]) == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Right in 100.0% (0.95–1.00) of 2160 pairs against other authors" in page
    assert "judge not validated" not in page


@pytest.mark.parametrize("fault", ["missing", "cut off", "no parquet", "two runs"])
def test_a_ledger_that_cannot_be_used_is_one_line_and_leaves_nothing(
    fault: str, ledger: Path, capsys: pytest.CaptureFixture[str]
):
    if fault == "missing":
        ledger.unlink()
    elif fault == "cut off":
        ledger.write_bytes(ledger.read_bytes()[:-40])
    elif fault == "no parquet":
        ledger.write_text("author,text\n")
    else:
        write_ledger(ledger, [*rows(), *(row.model_copy(update={"run": "s"}) for row in rows())])
    assert exit_code(lambda: main([str(ledger)])) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1
    assert not (ledger.parent / "report.html").exists()


def test_reading_tables_needs_no_matplotlib():
    code = "import sys, programs.reports, programs.reports.tables; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
