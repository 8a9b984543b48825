"""How like a person's samples a text reads, and which texts no likeness makes up for."""

import json
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import load_corpus, split
from programs.background import SHIPPED_WRITERS, Background, shipped_background
from programs.degenerate import Degeneration, looping
from programs.likeness import FAULT, MOST, likeness
from signatures.errors import SetupError

PLAIN = [
    "We mended the boat on Monday, and the rain came in before the paint was dry. Nobody said a word about it.",
    "The road is closed again, and we walk to the shop in the wet. I bring the dog, and the dog brings the mud.",
    "My sister wrote to say that she is well. The hens are well too, though one of them sits under the cart all day.",
]
LOUD = [
    "OK!!! So — guess what?! I AM moving to the coast!!! Can you believe it?! Me neither!!!",
    "No way!!! You DID it?! I knew it — I KNEW it!!! Tell me everything, please, right NOW!!!",
    "Cake!!! Who wants cake?! Come over — all of you!!! Bring plates, bring forks, bring CANDLES!!!",
]
OTHERS = Background({"plain": PLAIN, "loud": LOUD})


@pytest.fixture(scope="module")
def texts():
    """Author to texts, of the bundled authors who are not in the shipped background."""
    return {
        author.id: [text.text for text in author.texts]
        for author in load_corpus("bundled").authors
        if author.id not in SHIPPED_WRITERS
    }


def test_a_persons_own_next_text_reads_liker_than_anybody_elses(texts):
    n_samples, wins, pairs = 5, 0, 0
    for writer, own in texts.items():
        like = likeness(own[:n_samples])
        others = [each[n_samples] for name, each in texts.items() if name != writer]
        score = like.score(own[n_samples])
        wins += sum(score > like.score(other) for other in others)
        pairs += len(others)
    # 16 writers against 15 others each; the designed voices of this corpus are told apart nearly always.
    assert pairs == 240
    assert wins / pairs > 0.9


def test_texts_of_the_background_read_0_on_average(texts):
    like = likeness(texts["hana-mori"][:5])
    scores = [like.score(text) for own in shipped_background().texts.values() for text in own]
    # Each reading is counted from its mean over these very texts, so that its z-scores sum to 0, and their mean too.
    assert np.mean(scores) == pytest.approx(0, abs=1e-6)


def test_words_of_the_same_shape_are_all_the_same(texts):
    like = likeness(texts["hana-mori"][:5])
    # Both pairs of words are lower case, of 5 to 8 letters, and end alike; no background writer needs them daily.
    cats = "Yesterday the rabbit jumped over a trumpet, and I forgot my violin.\n\nAgain."
    dogs = "Yesterday the giraffe climbed over a cabinet, and I forgot my turnip.\n\nAgain."
    assert like.score(cats) == like.score(dogs)
    assert like.score(cats) != like.score(cats.replace("\n\n", " "))


def test_signs_and_casing_tell_people_apart():
    like = likeness(["Hi!!! It is ME again — guess where I am?! In the garden!!! Come and SEE!!!"], OTHERS)
    loud = "So — are you READY for the news?! We won!!! We really WON!!!"
    quiet = "So are you ready for the news? We won. We really won."
    assert like.best([quiet, loud]) == 1


def test_curly_and_straight_apostrophes_are_alike():
    like = likeness(["I don't know. It isn't here."], OTHERS)
    assert like.score("I don’t think that it isn’t so.") == like.score("I don't think that it isn't so.")


def test_the_shipped_background_is_whom_the_default_split_reports_nothing_on():
    parts = split(load_corpus("bundled"))
    assert sorted(case.author.id for case in (*parts.train, *parts.val)) == list(SHIPPED_WRITERS)
    assert {writer: len(own) for writer, own in shipped_background().texts.items()} == dict.fromkeys(
        SHIPPED_WRITERS, 15
    )


def test_nobody_is_set_against_themselves():
    background = Background({"plain": PLAIN, "loud": LOUD})
    rest = background.without(["  " + PLAIN[1].replace(" ", "\n") + " "])
    assert set(rest.texts) == {"loud"}
    assert background.without([PLAIN[1]]) is rest
    assert background.without(["Never seen."]) is background
    assert likeness(PLAIN, background).score("Nobody said so.") == likeness(PLAIN, Background({"l": LOUD})).score(
        "Nobody said so."
    )


def test_a_background_of_nobody_else_is_refused():
    with pytest.raises(SetupError, match="a background of 0 texts says nothing"):
        likeness(PLAIN, Background({"me": PLAIN}))
    with pytest.raises(SetupError, match="a background of 1 texts"):
        Background({"a": ["One text.", " "], "b": []})


@pytest.mark.parametrize("samples", [[], ["", " \n"], "one text"])
def test_samples_without_text_are_refused(samples):
    with pytest.raises(SetupError, match="give a list with at least one text"):
        likeness(samples)


def test_no_text_to_pick_from_is_an_error():
    with pytest.raises(ValueError, match="no text to pick from"):
        likeness(PLAIN, OTHERS).best([])


def test_the_first_of_equals_is_picked():
    assert likeness(PLAIN, OTHERS).best(["", "Same here, and well.", "Same here, and well."]) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=4), st.text(max_size=200))
def test_any_text_has_a_score_within_bounds_and_the_best_has_the_highest(candidates, sample):
    like = likeness([sample, PLAIN[0]], OTHERS)
    scores = [like.score(text) for text in candidates]
    assert scores == [like.score(text) for text in candidates]
    for text, score in zip(candidates, scores, strict=True):
        assert -MOST <= score + FAULT * len(like.faults(text)) <= MOST
    assert scores[like.best(candidates)] == max(scores)


@pytest.mark.parametrize("text", ["今天下雨了。我们还是种菜。明天再说。", "😀🎉🔥 😀 ok", "…", "Все хорошо."])
def test_texts_in_any_script_are_compared(text):
    like = likeness([text, text + text[::-1]], OTHERS)
    assert np.isfinite(like.score(text[::-1]))


def copies(text: str) -> bool:
    return "copies the samples" in Degeneration(PLAIN).faults(text)


def test_a_copied_sample_loses_to_a_text_of_ones_own(texts):
    own = texts["tom-harrow"]
    like = likeness(own[:5])
    half = " ".join(own[0].split()[:60]) + " " + " ".join(own[6].split()[:60])
    for copied in (own[0], own[1].upper(), half, f"Here you are:\n{own[2]}"):
        assert like.best([copied, own[7]]) == 1
        assert like.faults(copied) == ("copies the samples",)
    assert like.faults(own[7]) == ()


def test_a_fifth_of_all_runs_of_six_words_may_stand_in_a_sample():
    # Seven words in a row of the first sample are 2 runs of six. 15 words have 10 runs: 2 of 10 is still a fifth.
    taken, rest = "the rain came in before the paint", "is what he told them last week"
    assert Degeneration(PLAIN).copying(f"{taken} {rest} yes") == pytest.approx(0.2)
    assert not copies(f"{taken} {rest} yes")
    assert Degeneration(PLAIN).copying(f"{taken} {rest}") == pytest.approx(2 / 9)
    assert copies(f"{taken} {rest}")


def test_a_short_sample_is_copied_as_a_whole_or_not_at_all():
    finder = Degeneration(["See you soon."])
    assert finder.faults("see you SOON!") == ("copies the samples",)
    assert finder.faults("See you there.") == ()


def test_a_loop_loses():
    # 12 tokens ("I like it ." three times) have 9 runs of four, of which 4 differ: 5 of 9 stood there before.
    assert looping("I like it. I like it. I like it.") == pytest.approx(5 / 9)
    like = likeness(PLAIN, OTHERS)
    loop = "And the rain came in. " * 20
    assert like.faults(loop) == ("repeats itself",)
    assert like.faults("!" * 30 + " and a few words more than nothing at all")[-1] == "repeats itself"
    assert like.best([loop, LOUD[0]]) == 1


def test_real_texts_have_no_fault(texts):
    for own in texts.values():
        finder = Degeneration(own[:5])
        assert [finder.faults(text) for text in own[5:]] == [()] * 10


def test_far_fewer_words_than_the_samples_have_lose():
    # The samples have 22, 24 and 24 words; a fifth of the median is 4.8.
    finder = Degeneration(PLAIN)
    assert finder.faults("The road is shut") == ("far shorter than the samples",)
    assert finder.faults("The road is shut again") == ()


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_loses_to_any_other(text):
    like = likeness(PLAIN, OTHERS)
    assert like.faults(text) == ("empty",)
    assert like.best([text, "The road is closed, so we wait for the bus."]) == 1


def test_no_learning_library_is_loaded():
    # A process of its own: other tests load what this must not.
    code = (
        "import sys; from programs.likeness import likeness; likeness(['We plant anyway.']).score('So do we.');"
        "print([name for name in ('sklearn', 'scipy', 'pandas', 'datasets', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_shipped_texts_are_those_of_the_bundled_corpus():
    lines = (files("data") / "bundled" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    own = [row["text"] for row in rows if row["author"] == "zoe-park"]
    assert list(shipped_background().texts["zoe-park"]) == own
