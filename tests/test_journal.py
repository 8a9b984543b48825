"""What an evaluation keeps of a judge that asks a model: every opinion, those of its validation too."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from programs.evaluations.journal import open_journal
from programs.judges import Preference
from programs.judges.opinions import OnOpinion, Opinion
from programs.validated import judge_notes
from signatures.errors import SetupError
from signatures.records import Author, AuthorCase, Text

Asked = tuple[str, str, str]


class PaidJudge:
    """Prefers the text that opens with the author's name; is killed before one more answer than it may give."""

    name, version = "llm:paid", "llm:paid-1"

    def __init__(self, most: int = 1000, fails: Asked | None = None) -> None:
        self.asked: list[Asked] = []
        self.most, self.fails = most, fails

    def opinions(
        self, authors: Sequence[str], a: Sequence[str], b: Sequence[str], on_opinion: OnOpinion
    ) -> list[Opinion]:
        found = []
        for index, pair in enumerate(zip(authors, a, b, strict=True)):
            if len(self.asked) == self.most:
                raise KeyboardInterrupt
            self.asked.append(pair)
            found.append(Opinion(None, error="off schema") if pair == self.fails else Opinion(self.prefers(*pair)))
            on_opinion(index, found[-1])
        return found

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return "a" if a.startswith(author) else "b" if b.startswith(author) else "tie"

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        return [self.prefers(*pair) for pair in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return "a name"


def case(author: str) -> AuthorCase:
    targets = [
        Text(id=f"{author}/{n}", author=author, text=f"{author} wrote {n}", domain="news", prompt="Write.")
        for n in range(2)
    ]
    return AuthorCase(author=Author(id=author, texts=tuple(targets)), samples=(), targets=tuple(targets), references=())


CASES = [case("ann"), case("bob")]
PLAIN = ("model", {target.id: f"plain {target.id}" for each in CASES for target in each.targets})
N_ASKED = 2 * (2 * 2 * 2) + 2 * 4
"""Both orders of each author's 2 texts with the other's 2, and of 4 texts with the model's."""


def validated(judge: PaidJudge, folder: Path):
    with open_journal(folder, {}, resume=True) as journal:
        opine = partial(journal.opinions, references="these")
        return judge_notes(judge, CASES, CASES, PLAIN, np.random.default_rng(0), opine=opine)


def test_a_validation_that_was_interrupted_asks_only_for_what_is_left(tmp_path):
    undisturbed = PaidJudge()
    whole = validated(undisturbed, tmp_path / "whole")
    assert len(undisturbed.asked) == N_ASKED == 24
    first, second = PaidJudge(most=19), PaidJudge()
    with pytest.raises(KeyboardInterrupt):
        validated(first, tmp_path / "parts")
    assert validated(second, tmp_path / "parts") == whole
    assert (len(first.asked), len(second.asked)) == (19, 5)
    assert sorted(first.asked + second.asked) == sorted(undisturbed.asked)


def test_a_failed_opinion_is_the_only_one_that_is_asked_for_again(tmp_path):
    failed = ("ann", "ann wrote 0", "bob wrote 1")
    counted = validated(PaidJudge(fails=failed), tmp_path)
    assert [note.failures for note in counted] == [1, 0]
    again = PaidJudge()
    assert [note.failures for note in validated(again, tmp_path)] == [0, 0]
    assert again.asked == [failed]


def test_a_judge_with_other_references_is_asked_anew(tmp_path):
    pair = (["ann"], ["ann wrote"], ["bob wrote"])
    judge = PaidJudge()
    with open_journal(tmp_path, {}, resume=True) as journal:
        for references in ("these", "these", "those"):
            assert [each.preference for each in journal.opinions(judge, *pair, references)] == ["a"]
    assert len(judge.asked) == 2


def test_two_processes_do_not_make_everything_twice(tmp_path):
    with (
        open_journal(tmp_path, {}, resume=True),
        pytest.raises(SetupError, match="locked; end the process that uses it"),
        open_journal(tmp_path, {}, resume=True),
    ):
        pass


def test_a_journal_without_a_table_is_to_be_deleted(tmp_path):
    with open_journal(tmp_path, {}, resume=True):
        pass
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute("drop table opinions")
    with (
        pytest.raises(SetupError, match="no such table: opinions; delete it and begin again"),
        open_journal(tmp_path, {}, resume=True),
    ):
        pass
