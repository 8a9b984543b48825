from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_judges import CASES, ScriptedJudge, by_name

from programs.judges import Validation, ValidationCache, validate
from programs.judges.validation import KnownPair
from signatures.errors import SetupError

PAIRS = [KnownPair("ann", "one", "two \ud800")]
FOUND = Validation(0.75, 0.5, 0.9, n_pairs=8, n_authors=2, consistency=0.875)


class CountingJudge(ScriptedJudge):
    """Counts the comparisons it is asked for."""

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]):
        self.n_asked = getattr(self, "n_asked", 0) + len(authors)
        return super().prefer_many(authors, a, b)


def cached(folder: Path, references: dict[str, list[str]] | None = None) -> ValidationCache:
    return ValidationCache(folder, references or {"ann": ["A."], "bob": ["B."]})


def test_what_is_kept_is_found_by_judge_references_pairs_and_seed_alone(tmp_path: Path):
    kept = cached(tmp_path)
    assert kept.find("j-1", PAIRS, 3) is None
    kept.keep("j-1", PAIRS, 3, FOUND)
    assert cached(tmp_path).find("j-1", PAIRS, 3) == FOUND
    assert kept.find("j-2", PAIRS, 3) is None
    assert kept.find("j-1", PAIRS * 2, 3) is None
    assert kept.find("j-1", PAIRS, 4) is None
    assert cached(tmp_path, {"ann": ["A."], "bob": ["C."]}).find("j-1", PAIRS, 3) is None


def test_a_second_validation_asks_the_judge_nothing_and_draws_the_same(tmp_path: Path):
    first, second, uncached = (CountingJudge(by_name) for _ in range(3))
    draws = [np.random.default_rng(5) for _ in range(3)]
    found = [
        validate(judge, CASES, rng, cache=cache)
        for judge, rng, cache in zip(
            (first, second, uncached), draws, (cached(tmp_path), cached(tmp_path), None), strict=True
        )
    ]
    # 22 pairs in two orders.
    assert (first.n_asked, getattr(second, "n_asked", 0), uncached.n_asked) == (44, 0, 44)
    assert found[0] == found[1] == found[2]
    assert len({rng.random() for rng in draws}) == 1


@given(damage=st.binary(max_size=40), cut=st.integers(0, 200))
def test_a_damaged_entry_counts_as_none(tmp_path_factory: pytest.TempPathFactory, damage: bytes, cut: int):
    folder = tmp_path_factory.mktemp("cache")
    kept = cached(folder)
    kept.keep("j-1", PAIRS, 3, FOUND)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole[:cut] + damage)
    assert kept.find("j-1", PAIRS, 3) is None
    kept.keep("j-1", PAIRS, 3, FOUND)
    assert kept.find("j-1", PAIRS, 3) == FOUND


@pytest.mark.parametrize("change", [(b"0.75", b"7.5"), (b'"n_pairs": 8', b'"n_pairs": 0'), (b'"key": "', b'"key": "x')])
def test_an_entry_that_no_validation_gives_counts_as_none(tmp_path: Path, change: tuple[bytes, bytes]):
    kept = cached(tmp_path)
    kept.keep("j-1", PAIRS, 3, FOUND)
    (entry,) = tmp_path.iterdir()
    assert change[0] in entry.read_bytes()
    entry.write_bytes(entry.read_bytes().replace(*change))
    assert kept.find("j-1", PAIRS, 3) is None


def test_pairs_that_failed_are_asked_for_again(tmp_path: Path):
    kept = cached(tmp_path)
    kept.keep("j-1", PAIRS, 3, Validation(0.75, 0.5, 0.9, 8, 2, n_failures=1))
    assert kept.find("j-1", PAIRS, 3) is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="cannot write"):
        cached(tmp_path / "file").keep("j-1", PAIRS, 3, FOUND)
