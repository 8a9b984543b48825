from collections.abc import Sequence

import numpy as np
import pytest
from made_voices import STYLES, references, texts

from programs.judges import Preference, fit_stylometric, validate, validate_against
from programs.judges.validation import Validation, answer
from signatures.errors import SetupError
from signatures.records import Author, AuthorCase, Text


class ScriptedJudge:
    """Decides by a rule on the two texts alone."""

    name = "scripted"
    version = "scripted-1"

    def __init__(self, rule) -> None:
        self.rule = rule
        self.read: list[str] = []

    def prefers(self, author: str, a: str, b: str) -> Preference:
        self.read += [a, b]
        return self.rule(author, a, b)

    def prefer_many(self, authors: Sequence[str], a: Sequence[str], b: Sequence[str]) -> list[Preference]:
        return [self.prefers(*items) for items in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return self.prefers(author, a, b)


def case(author: str, written: Sequence[str], prefix: str = "") -> AuthorCase:
    targets = tuple(
        Text(id=f"{author}/{n}", author=author, prompt="Write.", text=text, prefix=prefix)
        for n, text in enumerate(written)
    )
    return AuthorCase(author=Author(id=author, texts=targets), samples=(), targets=targets, references=())


def by_name(author: str, a: str, b: str) -> Preference:
    return "a" if a.startswith(author) else "b"


CASES = [case("ann", ["ann 1", "ann 2"]), case("bob", ["bob 1"]), case("cy", ["cy 1", "cy 2", "cy 3"])]


def test_a_judge_that_is_always_right_is_trusted_and_every_pair_of_authors_is_judged():
    # ann: 2 targets x 4 of others, bob: 1 x 5, cy: 3 x 3.
    found = validate(ScriptedJudge(by_name), CASES, np.random.default_rng(0))
    assert (found.accuracy, found.n_pairs, found.n_authors, found.trusted) == (1.0, 22, 3, True)
    assert found.low < 1.0


def test_a_judge_that_favours_a_slot_is_right_half_the_time():
    many = [case(author, [f"{author} {n}" for n in range(8)]) for author in "abcdef"]
    found = validate(ScriptedJudge(lambda *_: "a"), many, np.random.default_rng(0))
    # 6 x 8 x 40 pairs: one standard deviation is 0.011.
    assert found.accuracy == pytest.approx(0.5, abs=0.04)
    assert not found.trusted


def test_ties_count_half():
    assert validate(ScriptedJudge(lambda *_: "tie"), CASES, np.random.default_rng(0)).accuracy == 0.5


def test_the_cap_bounds_the_pairs_and_the_draw_is_seeded():
    first, second = (validate(ScriptedJudge(by_name), CASES, np.random.default_rng(3), max_pairs=10) for _ in range(2))
    assert first.n_pairs == 10
    assert first == second


def test_what_the_prompt_gave_away_is_not_judged():
    judge = ScriptedJudge(lambda *_: "tie")
    cases = [case("ann", ["Rain fell. I left."], "Rain fell."), case("bob", ["Rain fell. He stayed."], "Rain fell. ")]
    validate(judge, cases, np.random.default_rng(0))
    validate_against(judge, cases, {"ann/0": "Rain fell. We ran."}, np.random.default_rng(0))
    assert set(judge.read) == {"I left.", "He stayed.", "We ran."}


def test_a_text_that_does_not_repeat_the_opening_stays_whole():
    target = CASES[0].targets[0].model_copy(update={"text": "Rain fell. I left.", "prefix": "Rain fell."})
    assert answer(target, " Sun shone. ") == "Sun shone."


def test_real_against_model_texts_counts_the_targets_that_have_one():
    found = validate_against(
        ScriptedJudge(by_name), CASES, {"ann/1": "model", "cy/0": "model"}, np.random.default_rng(0)
    )
    assert (found.accuracy, found.n_pairs, found.n_authors) == (1.0, 2, 2)


def test_nothing_to_judge_is_an_error_and_not_a_number():
    with pytest.raises(SetupError, match="needs targets of two authors"):
        validate(ScriptedJudge(by_name), CASES[:1], np.random.default_rng(0))
    with pytest.raises(SetupError, match="none of the 6 targets has a text that the model wrote"):
        validate_against(ScriptedJudge(by_name), CASES, {"zoe/1": "text"}, np.random.default_rng(0))


def test_trust_begins_at_eighty_percent():
    assert Validation(0.80, 0.7, 0.9, 10, 2).trusted
    assert not Validation(0.799, 0.7, 0.9, 10, 2).trusted


def test_the_stylometric_judge_passes_on_voices_of_the_same_topics():
    cases = [case(style, texts(style, 3, seed=11)) for style in STYLES]
    assert validate(fit_stylometric(references()), cases, np.random.default_rng(0)).accuracy == 1.0
