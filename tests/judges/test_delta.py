import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import STYLES, references, texts

from programs.judges import fit_delta
from programs.judges.delta import Frequencies
from programs.judges.log_odds import EMPTY_SCORE
from programs.judges.profiles import ProfileJudge
from signatures.errors import SetupError

CCAT50 = Path(__file__).parents[2].parent / "shared" / "data" / "ccat50_dev.jsonl.gz"


@pytest.fixture(scope="module")
def judge() -> ProfileJudge:
    return fit_delta(references())


def test_z_scores_count_function_words_and_signs_as_shares_of_all_tokens():
    found = Frequencies({"one": ["the cat, the cat"], "two": ["the the the the."]})
    # Shares: the 2/5 and 4/5, "," 1/5 and 0, "." 0 and 1/5; content words are no feature.
    assert found.names == ["the", ",", "."]
    # Each mean lies halfway, and each spread is as large as the distance to it: z is -1 or 1.
    np.testing.assert_allclose(found(["the cat, the cat", "the the the the."]), [[-1, 1, -1], [1, -1, 1]])
    # The 0: (0 - 0.6) / 0.2 is -3, clamped to -2.5.
    np.testing.assert_allclose(found(["cat"]), [[-2.5, -1, -1]])


def test_every_author_weighs_the_same_however_many_texts_there_are():
    once = Frequencies({"one": ["the cat, the cat"], "two": ["the the the the."]})
    often = Frequencies({"one": ["the cat, the cat"], "two": ["the the the the."] * 5})
    np.testing.assert_allclose(once(["the cat sat."]), often(["the cat sat."]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_z_scores_are_bounded_whatever_is_read(written: list[str]):
    found = Frequencies(references())(written)
    assert found.shape[0] == len(written)
    assert np.all(np.abs(found) <= 2.5)


def test_other_content_words_change_nothing(judge: ProfileJudge):
    assert judge.score("loud", "Listen! You need it.") == judge.score("loud", "Carrots! You sell it.")


def test_the_score_is_a_log_odds_that_favours_the_true_author(judge: ProfileJudge):
    for author in STYLES:
        own = [judge.score(author, text) for text in texts(author, 5, seed=9)]
        others = [judge.score(author, text) for rival in STYLES if rival != author for text in texts(rival, 5, 9)]
        assert min(own) > 0 > max(others)
    assert judge.score("loud", " ") == EMPTY_SCORE


def test_the_reason_names_what_the_author_uses(judge: ProfileJudge):
    reason = judge.reason("winding", *(texts(style, 1, seed=5)[0] for style in ("winding", "terse")))
    assert reason.startswith("a: more of the author's ")
    assert "'as'" in reason or "','" in reason


def test_authors_who_write_alike_cannot_be_told_apart():
    judge = fit_delta({"one": ["Same, again.", "Yes."], "two": ["Same, again.", "Yes."]})
    assert judge.prefers("one", "Yes, again.", "No; never!") == "tie"


def test_references_without_a_function_word_tell_nobody_apart():
    judge = fit_delta({"one": ["cat"], "two": ["dog"]})
    assert judge.prefers("one", "cat", "dog") == "tie"


def test_references_it_cannot_use_are_named():
    with pytest.raises(SetupError, match="the delta judge tells 2 to 3000 authors apart and got references of 1"):
        fit_delta({"ann": ["Text."]})


@pytest.mark.skipif(not CCAT50.exists(), reason="the shared CCAT50 sample is not on this machine")
def test_news_by_ten_reporters_is_told_apart_by_function_words():
    with gzip.open(CCAT50, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    authors = sorted({row["author"] for row in rows})[:10]
    written = {
        (author, split): [row["text"] for row in rows if (row["author"], row["split"]) == (author, split)]
        for author in authors
        for split in ("train", "test")
    }
    judge = fit_delta({author: written[author, "train"][:25] for author in authors})
    pairs = [
        (author, own, other)
        for author in authors
        for rival in authors
        if rival != author
        for own, other in zip(written[author, "test"][:15], written[rival, "test"][:15], strict=True)
    ]
    right = np.mean([verdict == "a" for verdict in judge.prefer_many(*map(list, zip(*pairs, strict=True)))])
    # 25 authors with 50 references each reach 0.92; fewer references a little less. Chance is 0.5.
    assert right > 0.85
