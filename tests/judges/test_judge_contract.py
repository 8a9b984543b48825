"""What every judge must do, whatever it is made of."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_voices import STYLES, references, texts

from programs.judges import JUDGES, Judge, make_judge
from signatures.errors import SetupError

OTHER = {"a": "b", "b": "a", "tie": "tie"}
any_text = st.text(max_size=200) | st.sampled_from([text for style in STYLES for text in texts(style, 2, seed=7)])


@pytest.fixture(scope="module", params=sorted(JUDGES))
def judge(request: pytest.FixtureRequest) -> Judge:
    return make_judge(request.param, references())


def test_a_judge_bears_its_name_and_a_version_that_says_it(judge: Judge):
    assert isinstance(judge, Judge)
    assert judge.version.startswith(judge.name)
    assert make_judge(judge.name, references()).version == judge.version


def test_a_judge_prefers_the_authors_own_text(judge: Judge):
    for author in STYLES:
        for rival in STYLES.keys() - {author}:
            for own, other in zip(texts(author, 4, seed=2), texts(rival, 4, seed=3), strict=True):
                assert judge.prefers(author, own, other) == "a"
                assert judge.prefers(author, other, own) == "b"


def test_identical_texts_tie(judge: Judge):
    text = texts("loud", 1, seed=4)[0]
    assert judge.prefers("terse", text, text) == "tie"


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_an_empty_text_loses_and_two_empty_ones_tie(judge: Judge, blank: str):
    worst = texts("loud", 1, seed=4)[0]
    assert judge.prefers("terse", blank, worst) == "b"
    assert judge.prefers("terse", "龘", blank) == "a"
    assert judge.prefers("terse", blank, "") == "tie"


def test_an_author_it_does_not_know_is_named_with_those_it_does(judge: Judge):
    with pytest.raises(SetupError, match="unknown author 'nobody'; choose one of: loud, terse, winding"):
        judge.prefers("nobody", "one", "two")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from(sorted(STYLES)), any_text, any_text), max_size=6))
def test_many_at_once_are_judged_like_one_by_one(judge: Judge, pairs: list[tuple[str, str, str]]):
    authors, a, b = [[pair[place] for pair in pairs] for place in range(3)]
    assert judge.prefer_many(authors, a, b) == [judge.prefers(*pair) for pair in pairs]


@settings(max_examples=60, deadline=None)
@given(author=st.sampled_from(sorted(STYLES)), a=any_text, b=any_text)
def test_the_slot_does_not_matter_to_judges_without_a_model(judge: Judge, author: str, a: str, b: str):
    assert judge.prefers(author, a, b) == OTHER[judge.prefers(author, b, a)]


@settings(max_examples=40, deadline=None)
@given(author=st.sampled_from(sorted(STYLES)), a=any_text, b=any_text)
def test_the_reason_is_one_line_that_states_the_verdict(judge: Judge, author: str, a: str, b: str):
    reason = judge.reason(author, a, b)
    assert reason.startswith(judge.prefers(author, a, b) + ": ")
    assert "\n" not in reason


def test_an_unknown_judge_is_answered_with_the_known_ones():
    with pytest.raises(SetupError, match="unknown judge 'stilometric'; choose one of: delta, "):
        make_judge("stilometric", references())


def test_the_list_of_judges_cannot_be_changed():
    with pytest.raises(TypeError):
        JUDGES["mine"] = JUDGES["stylometric"]  # pyright: ignore[reportIndexIssue]
