"""Marks are put right in prose and nowhere else."""

import pytest

from programs.repairs.marks import with_apostrophes, with_dashes


@pytest.mark.parametrize(
    "text", ["Run `git checkout -- file.txt` first.", "See http://x.com/a'b--c for more.", "`a -- b` and `don't`"]
)
def test_code_and_addresses_stay(text):
    assert with_dashes(text, "—") == (text, 0)
    assert with_apostrophes(text, "’") == (text, 0)


def test_prose_beside_code_is_put_right():
    # One apostrophe of two changes: the other stands between backticks.
    assert with_apostrophes("I don't run `don't`.", "’") == ("I don’t run `don't`.", 1)
