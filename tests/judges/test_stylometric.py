import gzip
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import STYLES, references, texts

from programs.judges import StylometricJudge, fit_stylometric
from programs.judges.log_odds import EMPTY_SCORE
from signatures.errors import SetupError

CCAT50 = Path(__file__).parents[2].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"


@pytest.fixture(scope="module")
def judge() -> StylometricJudge:
    return fit_stylometric(references())


def test_the_score_is_a_log_odds_that_favours_the_true_author(judge: StylometricJudge):
    for author in STYLES:
        own = np.mean([judge.score(author, text) for text in texts(author, 5, seed=9)])
        others = np.mean(
            [judge.score(author, text) for rival in STYLES if rival != author for text in texts(rival, 5, 9)]
        )
        assert own > 0 > others


def test_scores_of_many_are_those_of_each(judge: StylometricJudge):
    written = [text for style in STYLES for text in texts(style, 2, seed=3)] + ["", "unseen"]
    authors = [author for author in STYLES for _ in written]
    many = judge.score_many(authors, written * 3)
    np.testing.assert_allclose(
        many, [judge.score(*pair) for pair in zip(authors, written * 3, strict=True)], atol=1e-12
    )
    assert many.shape == (24,)


def test_unequal_lists_are_refused(judge: StylometricJudge):
    with pytest.raises(ValueError, match="1 authors for 2 texts"):
        judge.score_many(["terse"], ["one", "two"])
    with pytest.raises(ValueError, match="1 texts a for 2 texts b"):
        judge.prefer_many(["terse"], ["one"], ["two", "three"])


def test_an_empty_text_scores_below_any_other(judge: StylometricJudge):
    assert judge.score("terse", " \n") == EMPTY_SCORE
    assert min(judge.score("terse", text) for text in (*texts("loud", 5, 1), "龘", "x" * 10_000)) > EMPTY_SCORE


def test_topic_does_not_reach_the_blind_judge_but_does_reach_the_plain_one():
    # Both write alike; each has topic words of their own, of one shape.
    cats = [f"The kitten saw a {a} kitten." for a in ("small", "happy", "quiet", "angry")]
    cars = [f"The engine saw a {a} engine." for a in ("small", "happy", "quiet", "angry")]
    about = {"cats": cats, "cars": cars}
    pair = ("The kitten and the kitten.", "The engine and the engine.")
    assert fit_stylometric(about).prefers("cats", *pair) == "tie"
    assert fit_stylometric(about, blind=False).prefers("cats", *pair) == "a"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), author=st.sampled_from(sorted(STYLES)))
def test_other_content_words_of_the_same_shape_change_no_score(judge: StylometricJudge, seed: int, author: str):
    rng = random.Random(seed)
    text = texts(author, 1, seed)[0]
    swapped = re.sub(r"\b(bakery|museum|fossil)\b", lambda _: rng.choice(["planet", "garage", "walnut"]), text)
    assert judge.score(author, swapped) == judge.score(author, text)


def test_the_reason_names_what_sets_the_author_apart(judge: StylometricJudge):
    reason = judge.reason("loud", *(texts(style, 1, seed=5)[0] for style in ("loud", "terse")))
    assert reason.startswith("a: more of the author's ")
    assert "!" in reason


def test_the_same_references_give_the_same_judge():
    first, second = fit_stylometric(references()), fit_stylometric(references())
    assert [first.score("loud", text) for text in texts("loud", 3, 8)] == [
        second.score("loud", text) for text in texts("loud", 3, 8)
    ]


def test_the_version_tells_settings_apart():
    versions = {
        fit_stylometric(references(), blind=blind, n_words=n).version for blind in (True, False) for n in (None, 20)
    }
    assert len(versions) == 4


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (["😀😀!", "😀 😅"], ["🎉... 🎉", "🎉🎉"]),
        (["我喜欢猫。真的！", "他走了！"], ["我喜欢猫，他走了，真的", "你好，再见"]),
        (["Yes."], ["and no, and no, and no"]),
    ],
)
def test_two_authors_of_any_script_and_hardly_any_text_are_told_apart(one: list[str], two: list[str]):
    judge = fit_stylometric({"one": one, "two": two})
    assert judge.prefers("one", one[0], two[0]) == "a"
    assert judge.prefers("two", one[0], two[0]) == "b"


def test_authors_with_the_same_references_cannot_be_told_apart():
    judge = fit_stylometric({"one": ["Same, again.", "Yes."], "two": ["Same, again.", "Yes."]})
    assert judge.score("one", "Yes, again.") == pytest.approx(judge.score("two", "Yes, again."))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "tells 2 to 3000 authors apart and got references of 0"),
        ({"ann": ["Text."]}, r"references of 1 \('ann'\); add authors"),
        ({"ann": ["Text."], "bob": [" "]}, "author 'bob' has no reference with text in it; add one"),
        ({"ann": ["Text."], "bob": "Text."}, "author 'bob' are one string; give a list"),
        ({str(number): ["Text."] for number in range(3001)}, "leave out authors"),
    ],
)
def test_references_it_cannot_use_are_named_with_the_remedy(given: dict, message: str):
    with pytest.raises(SetupError, match=message):
        fit_stylometric(given)


def test_pieces_need_a_length():
    with pytest.raises(SetupError, match="n_words is 0"):
        fit_stylometric(references(), n_words=0)


def test_importing_judges_loads_no_learning_library():
    code = (
        "import sys, programs.judges; print([m for m in ('sklearn', 'scipy', 'pandas', 'mlflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not CCAT50.exists(), reason="the shared CCAT50 sample is not on this machine")
def test_news_by_ten_reporters_is_told_apart_without_its_topics():
    with gzip.open(CCAT50, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    authors = sorted({row["author"] for row in rows})[:10]
    written = {
        (author, split): [row["text"] for row in rows if (row["author"], row["split"]) == (author, split)]
        for author in authors
        for split in ("train", "test")
    }
    judge = fit_stylometric({author: written[author, "train"][:25] for author in authors})
    pairs = [
        (author, own, other)
        for author in authors
        for rival in authors
        if rival != author
        for own, other in zip(written[author, "test"][:20], written[rival, "test"][:20], strict=True)
    ]
    right = np.mean([verdict == "a" for verdict in judge.prefer_many(*map(list, zip(*pairs, strict=True)))])
    # 25 authors with 50 references each reach 0.98; fewer and shorter references a little less. Chance is 0.5.
    assert right > 0.93
