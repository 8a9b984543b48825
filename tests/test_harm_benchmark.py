"""What the count of people who are served worse prints."""

import numpy as np
import pytest
from made_ledger import ledger

from benchmarks.harm import by_chance, main, rows
from programs.ledger import comparisons, write_ledger


def test_authors_who_lose_most_pairs_are_counted():
    # Two targets for each of four authors: both lost, one lost, both won, one failed and one lost.
    outcomes = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, None, 0.0)
    (line,) = rows(comparisons(ledger(outcomes)))
    assert "2 of 4 authors: 50%" in line


def test_chance_deals_the_outcomes_of_all_pairs():
    rng = np.random.default_rng(0)
    # All won, or all even: nobody loses. Half won, one pair each: half lose. Three of four won, two pairs
    # each: both are lost with probability 1/16.
    assert by_chance([1.0], [3, 3], rng) == by_chance([0.5], [3], rng) == 0.0
    assert by_chance([0.0, 1.0], [1] * 4, rng) == pytest.approx(0.5, abs=0.02)
    assert by_chance([0.0, 1.0, 1.0, 1.0], [2] * 4, rng) == pytest.approx(1 / 16, abs=0.01)


def test_a_file_that_is_no_ledger_is_named(tmp_path, capsys):
    (tmp_path / "x.parquet").write_text("no")
    assert main([str(tmp_path / "x.parquet")]) == 2
    assert "x.parquet" in capsys.readouterr().err
    write_ledger(tmp_path / "y.parquet", ledger((1.0,) * 8))
    assert main([str(tmp_path / "y.parquet")]) == 0
    assert "0 of 4 authors: 0%" in capsys.readouterr().out
