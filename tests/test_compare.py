import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from comparisons import refused, told
from hypothesis import given
from hypothesis import strategies as st
from made_ledger import HALF, WINS, corpus, ledger, save

from programs.aliases import promote
from programs.card import JudgeNote, LmNote
from programs.compare import main
from programs.comparing import compare, rivals_among
from programs.contenders import Contender, Source
from programs.ledger import LedgerRow, write_ledger
from programs.references import SHIPPED


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No version that ships, no store from outside, an empty current directory."""
    monkeypatch.setattr("programs.references.SHIPPED", ())
    monkeypatch.setattr("programs.compare.SHIPPED", ())
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


def test_versions_stand_side_by_side_with_their_paired_difference(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"), lm=LmNote(name="embedded"))
    promote(root, "authorship", "2", "champion")
    found = told(capsys, "--out", root)
    first, second = found["contenders"]
    assert (first["name"], second["name"]) == ("1", "2 (champion)")
    assert (first["lm"], first["made_by"], first["seed"]) == ("embedded", "miprov2", 7)
    (verdicts,) = found["verdicts"]
    assert [(row["system"], row["win_rate"], row["n_pairs"]) for row in verdicts["standings"]] == [
        ("1", 0.5, 8),
        ("2 (champion)", 1.0, 8),
    ]
    (gap,) = verdicts["differences"]
    # Each of 4 authors is 1 ahead: of 16 flips of signs, all + and all - are as far. 4 of 8 pairs differ by 1.
    assert (gap["a"], gap["b"], gap["value"], gap["p_value"]) == ("2 (champion)", "1", 0.5, 2 / 16)
    assert (gap["n_authors"], gap["n_pairs"], gap["n_baselines_differ"]) == (4, 8, 0)
    assert gap["low"] <= 0.5 <= gap["high"]
    assert (found["baseline"], found["split_sha256"], found["part"]) == ("zero-shot", "d" * 64, "test")
    assert (verdicts["judge"], verdicts["trusted"], found["left_out"], found["notes"]) == ("stylometric", True, [], [])


def source(name: str, rows: Sequence[LedgerRow]) -> Source:
    return Source(name, name, tuple(rows), (), corpus(), "test", True, "embedded", 0, {}, 5, "2026-01-01 00:00")


def contender(name: str, rows: Sequence[LedgerRow]) -> Contender:
    return Contender(name, "compiled", source(name, rows), tuple(rows))


points = st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=8, max_size=8)


@given(points, points)
def test_a_difference_is_that_of_the_rates_beside_it_and_turns_with_the_order(left, right):
    a, b = contender("a", ledger(left)), contender("b", ledger(right, run="r2"))
    gaps = []
    for pair in ((a, b), (b, a)):
        (verdicts,) = compare("authorship", [pair]).verdicts
        (gap,) = verdicts.differences
        rates = {row.system: row.win_rate for row in verdicts.standings}
        assert gap.value == pytest.approx(rates[gap.a] - rates[gap.b])
        assert -1 <= gap.low <= gap.value + 1e-12 and gap.value - 1e-12 <= gap.high <= 1 and 0 < gap.p_value <= 1
        gaps.append(gap)
    assert gaps[0].value == pytest.approx(-gaps[1].value)
    assert gaps[0].p_value == gaps[1].p_value


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0, None)), min_size=8, max_size=8), points)
def test_every_target_is_counted_as_compared_failed_or_left_out(left, right):
    a, b = contender("a", ledger([*left[:7], 1.0])), contender("b", ledger(right, run="r2"))
    (verdicts,) = compare("authorship", [(a, b)]).verdicts
    for row in verdicts.standings:
        assert row.n_pairs + row.failures + row.n_left_out == 8


def test_rows_in_another_order_change_no_number(root, capsys):
    rows = ledger((0.5, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.5))
    shuffled = [rows[int(i)] for i in np.random.default_rng(3).permutation(len(rows))]
    found = []
    for each in (rows, shuffled):
        (verdicts,) = compare("authorship", [(contender("a", each), contender("b", ledger(WINS)))]).verdicts
        found.append((verdicts.standings, verdicts.differences))
    assert found[0] == found[1]


def test_only_targets_that_all_have_are_compared_and_the_others_counted(root, capsys):
    save(root, ledger((None, *HALF[1:])))
    save(root, ledger((*WINS[:6], None, None), run="r2"))
    (verdicts,) = told(capsys, "--out", root)["verdicts"]
    first, second = verdicts["standings"]
    # Of 8 targets t0 failed for the one, t6 and t7 for the other: 5 are common, of which the first won t2 and t4.
    assert (first["win_rate"], first["n_pairs"], first["failures"], first["n_left_out"]) == (0.4, 5, 1, 2)
    assert (second["win_rate"], second["n_pairs"], second["failures"], second["n_left_out"]) == (1.0, 5, 2, 1)
    assert verdicts["differences"][0]["n_pairs"] == 5
    assert verdicts["differences"][0]["n_authors"] == 3


def test_versions_of_other_splits_are_refused_by_their_hashes(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"), split="e" * 64)
    save(root, ledger(WINS, run="r3"))
    said = refused(capsys, "--out", root, "--versions", 1, 2, 3)
    assert "split hashes differ" in said
    assert f"'1', '3' on split {'d' * 12}" in said and f"'2' on split {'e' * 12}" in said
    assert "only '1', '3' can be compared with each other" in said
    assert "no two of them can be compared" in refused(capsys, "--out", root, "--versions", 1, 2)
    assert told(capsys, "--out", root, "--versions", 1, 3)["verdicts"]


def test_by_default_what_shares_a_split_is_compared_and_the_rest_named_with_its_reason(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"), split="e" * 64)
    save(root, [], results=(), judges=())
    save(root, ledger(WINS, run="r4"))
    found = told(capsys, "--out", root)
    assert [each["name"] for each in found["contenders"]] == ["1", "4"]
    unscored, other = found["left_out"]
    assert unscored["name"] == "3" and "was not scored" in unscored["reason"]
    assert other["name"] == "2" and "e" * 12 in other["reason"] and "d" * 12 in other["reason"]


def test_by_default_versions_of_splits_of_their_own_are_refused(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"), split="e" * 64)
    assert "split hashes differ" in refused(capsys, "--out", root)


def test_the_program_that_ships_is_compared_too(root, tmp_path, capsys, monkeypatch):
    shipped = tmp_path / "shipped"
    save(shipped, ledger(WINS, run="r0"), version="default")
    for place in ("programs.references.SHIPPED", "programs.compare.SHIPPED"):
        monkeypatch.setattr(place, (shipped,))
    save(root, ledger(HALF))
    assert [each["name"] for each in told(capsys, "--out", root)["contenders"]] == ["1", "default"]
    named = told(capsys, "--out", root, "--versions", "default", 1)
    assert [each["name"] for each in named["contenders"]] == ["default", "1"]


def test_the_shipped_ledger_is_of_a_kind_that_can_be_compared(root, capsys):
    folder = Path(SHIPPED[0]) / "authorship" / "default"
    named = str(folder)
    found = told(capsys, "--out", root, "--versions", named, "--system", "compiled", "few-shot")
    first, second = found["verdicts"][0]["standings"]
    assert {first["system"], second["system"]} == {named, f"few-shot of {named}"}
    card = json.loads((folder / "card.json").read_text("utf-8"))
    rates = {row["system"]: row["win_rate"] for row in card["results"] if row["baseline"] == "zero-shot"}
    assert second["win_rate"] == rates["compiled"] and first["win_rate"] == rates["few-shot"]


def test_other_texts_of_the_baseline_are_counted_and_warned_of(root, capsys):
    save(root, ledger(HALF))
    rows = ledger(WINS, run="r2")
    # Three of eight targets, two rows each.
    save(root, [row.model_copy(update={"baseline_text": "anew"}) for row in rows[:6]] + rows[6:])
    found = told(capsys, "--out", root)
    assert found["verdicts"][0]["differences"][0]["n_baselines_differ"] == 3
    (note,) = found["notes"]
    assert "zero-shot wrote anew" in note and "programs.evaluate --systems" in note
    assert main(["--out", str(root)]) == 0
    assert "3 of 8" in capsys.readouterr().out


def test_texts_by_different_models_are_warned_of(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"), lm=LmNote(name="openai/x"))
    assert "different models (embedded, openai/x)" in told(capsys, "--out", root)["notes"][0]


def test_a_judge_in_two_versions_is_two_judges(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2", judge_version="v2"))
    said = refused(capsys, "--out", root)
    assert "no version of a judge" in said and "--rejudge" in said and "(v1)" in said and "(v2)" in said


def test_a_judge_of_some_only_says_whom_it_did_not_judge(root, capsys):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2") + ledger(WINS, run="r2", judge="delta"))
    found = told(capsys, "--out", root)
    assert [verdicts["judge"] for verdicts in found["verdicts"]] == ["stylometric"]
    assert found["notes"] == ["judge delta (v1) did not judge 1"]


@pytest.mark.parametrize(
    "judges",
    [(), (JudgeNote(judge="stylometric", against="other authors", accuracy=0.6, n_pairs=40, trusted=False),)],
    ids=["not validated", "below 80%"],
)
def test_numbers_of_a_judge_that_is_not_to_be_trusted_stand_nowhere_bare(root, capsys, judges):
    save(root, ledger(HALF), judges=judges)
    save(root, ledger(WINS, run="r2"), judges=judges)
    assert not told(capsys, "--out", root)["verdicts"][0]["trusted"]
    assert main(["--out", str(root)]) == 0
    printed = capsys.readouterr().out
    assert "(0.500)" in printed and "(+0.500)" in printed and printed.count("NOT TO BE TRUSTED") == 3


def test_tables_keep_their_numbers_beside_long_names_and_names_with_markup(root, tmp_path, capsys):
    first = save(root, ledger(HALF))
    folder = tmp_path / f"[bold]{'long' * 30}[" / "authorship" / "1"
    shutil.copytree(first, folder)
    write_ledger(folder / "ledger.parquet", ledger(WINS, run="r2"))
    assert main(["--out", str(root), "--versions", "1", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 120
    assert [line for line in lines if "+0.500" in line and "0.125" in line and "0 of 8" in line]
    assert [line for line in lines if "…" in line and "1.000" in line]


BAD = {
    "an unknown version": (["--versions", "1", "9"], "unknown program 'authorship/9'; there are: 'authorship/1'"),
    "an alias without a version": (["--versions", "1", "champion"], "unknown program 'authorship@champion'"),
    "one version": (["--versions", "1"], "nothing to compare: there is '1'"),
    "a version twice": (["--versions", "1", "1"], "'1' holds the same verdicts as '1'"),
    "an unscored version": (["--versions", "1", "3"], "'3' was not scored.*programs.evaluate --systems authorship/3"),
    "a system that is not there": (
        ["--versions", "1", "2", "--system", "ticl"],
        "'1' has no verdicts on 'ticl'; choose with --system from: compiled",
    ),
    "a baseline that is not there": (["--baseline", "prose"], "not all were judged against 'prose': '1' against zero-"),
    "an unknown task": (["--task", "autorship"], "unknown task 'autorship'; choose one of: authorship"),
    "no store": (["--runs", "miprov2 light seed 0"], "no MLflow database at"),
    "no such option": (["--version", "1"], "see python -m programs.compare --help"),
}


@pytest.mark.parametrize(("words", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_with_its_remedy(root, capsys, words, message):
    save(root, ledger(HALF))
    save(root, ledger(WINS, run="r2"))
    save(root, [])
    said = refused(capsys, "--out", root, *words)
    assert re.search(message, said), said


@pytest.mark.parametrize("n_versions", [0, 1])
def test_fewer_than_two_versions_is_one_line(root, capsys, n_versions):
    for _ in range(n_versions):
        save(root, ledger(HALF))
    said = refused(capsys, "--out", root)
    assert "not two scored versions" in said and "programs.compile --task authorship" in said


def test_a_ledger_that_mixes_runs_or_is_cut_off_is_one_line(root, capsys):
    save(root, ledger(HALF))
    folder = save(root, ledger(WINS[:4], run="r2") + ledger(WINS, run="r3")[8:])
    assert "mixes verdicts of several runs" in refused(capsys, "--out", root)
    path = folder / "ledger.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert "cut off" in refused(capsys, "--out", root, "--versions", 1, 2)


def test_targets_that_nobody_shares_are_one_line(root, capsys):
    save(root, ledger((1.0, None) * 4))
    save(root, ledger((None, 1.0) * 4, run="r2"))
    assert "no target has verdicts of stylometric on all of '1', '2'" in refused(capsys, "--out", root)


def test_everything_is_compared_with_a_compiled_program_and_like_with_like():
    evaluations = [
        Contender(f"{system} {i}", system, source, ())
        for i in range(2)
        for source in [Source(f"run {i}", "", (), (), corpus(), "test", False, "", 0, {}, None, "")]
        for system in ("few-shot", "ticl")
    ]
    names = [(a.name, b.name) for a, b in rivals_among(evaluations)]
    assert names == [("few-shot 0", "few-shot 1"), ("ticl 0", "ticl 1")]
    made = contender("3", ())
    # Two of like name as before, and the compiled one with each of four.
    assert len(rivals_among([*evaluations, made])) == 6
    assert len(rivals_among(evaluations, all_with_all=True)) == 6
