"""What every judge must do, whatever it is made of."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_encoder import write_encoder
from made_voices import STYLES, references, texts
from reading_engine import ReadingEngine, reading_lm

from programs.judges import FORMS, JUDGES, Judge, check_judge, known_judges, make_judge, opinions
from programs.judges.opinions import Opinion
from signatures.errors import SetupError

OTHER = {"a": "b", "b": "a", "tie": "tie"}
any_text = st.text(max_size=200) | st.sampled_from([text for style in STYLES for text in texts(style, 2, seed=7)])


KINDS = [*sorted(JUDGES), "llm", "embedding"]
BLIND_TO_SLOTS = [kind for kind in KINDS if kind != "llm"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def make(encoder: Path) -> Callable[[str], Judge]:
    def made(kind: str) -> Judge:
        if kind == "llm":
            return make_judge("llm:reading", references(), reading_lm(ReadingEngine()))
        return make_judge(f"embedding:{encoder}" if kind == "embedding" else kind, references())

    return made


@pytest.fixture(scope="module", params=KINDS)
def judge(request: pytest.FixtureRequest, make: Callable[[str], Judge]) -> Judge:
    return make(request.param)


@pytest.fixture(scope="module", params=BLIND_TO_SLOTS)
def judge_blind_to_slots(request: pytest.FixtureRequest, make: Callable[[str], Judge]) -> Judge:
    return make(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_a_judge_bears_its_name_and_a_version_that_says_it(make: Callable[[str], Judge], kind: str):
    judge = make(kind)
    assert isinstance(judge, Judge)
    assert judge.name.partition(":")[0] == kind
    assert judge.version.startswith(judge.name)
    assert make(kind).version == judge.version


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


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from(sorted(STYLES)), any_text, any_text), max_size=6))
def test_many_at_once_are_judged_like_one_by_one(judge: Judge, pairs: list[tuple[str, str, str]]):
    authors, a, b = [[pair[place] for pair in pairs] for place in range(3)]
    assert judge.prefer_many(authors, a, b) == [judge.prefers(*pair) for pair in pairs]


@settings(max_examples=40, deadline=None)
@given(author=st.sampled_from(sorted(STYLES)), a=any_text, b=any_text)
def test_the_slot_does_not_matter_to_judges_without_a_model(judge_blind_to_slots: Judge, author: str, a: str, b: str):
    assert judge_blind_to_slots.prefers(author, a, b) == OTHER[judge_blind_to_slots.prefers(author, b, a)]


@settings(max_examples=40, deadline=None)
@given(author=st.sampled_from(sorted(STYLES)), a=any_text, b=any_text)
def test_the_reason_is_one_line_that_states_the_verdict(judge: Judge, author: str, a: str, b: str):
    reason = judge.reason(author, a, b)
    assert reason.startswith(judge.prefers(author, a, b) + ": ")
    assert "\n" not in reason


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from(sorted(STYLES)), any_text, any_text), max_size=4))
def test_opinions_are_the_preferences_with_their_reasons_and_each_is_told_once(
    judge: Judge, pairs: list[tuple[str, str, str]]
):
    told: dict[int, Opinion] = {}
    authors, a, b = [[pair[place] for pair in pairs] for place in range(3)]
    found = opinions(judge, authors, a, b, lambda index, opinion: told.update({index: opinion}))
    assert [opinion.preference for opinion in found] == judge.prefer_many(authors, a, b)
    assert [opinion.reason for opinion in found] == [judge.reason(*pair) for pair in pairs]
    assert [told[index] for index in range(len(pairs))] == found
    assert len(told) == len(pairs)
    assert all(opinion.error is None and opinion.seconds >= 0 and opinion.cost == 0 for opinion in found)


def test_opinions_on_lists_of_different_lengths_are_refused(judge: Judge):
    with pytest.raises(ValueError, match="1 authors for 2 texts a and 1 texts b"):
        opinions(judge, ["terse"], ["one", "two"], ["three"])


@pytest.mark.parametrize("given_name", ["stilometric", "stilometric:x", ""])
def test_an_unknown_judge_is_answered_with_the_known_ones(given_name: str):
    known = "delta, embedding:PACKAGE_OR_PATH, llm:MODEL, stylometric, stylometric-plain"
    with pytest.raises(SetupError, match=f"unknown judge '{given_name}'; choose one of: {known}"):
        make_judge(given_name, references())


@pytest.mark.parametrize("given_name", ["llm", "llm:", "embedding", "embedding: "])
def test_a_kind_of_judge_without_its_model_is_told_the_form(given_name: str):
    with pytest.raises(SetupError, match=f"names no model; write it as {FORMS[given_name.partition(':')[0]]}"):
        check_judge(given_name)


def test_a_model_that_does_not_exist_is_found_before_anything_is_judged():
    with pytest.raises(SetupError, match="unknown model 'gpt'"):
        make_judge("llm:gpt", references())


def test_a_model_whose_key_is_missing_is_found_before_anything_is_judged(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SetupError, match="needs OPENAI_API_KEY in the environment"):
        make_judge("llm:openai/gpt-4o-mini", references())


def test_every_judge_is_known():
    assert {name.partition(":")[0] for name in known_judges()} == set(KINDS)


def test_the_list_of_judges_cannot_be_changed():
    with pytest.raises(TypeError):
        JUDGES["mine"] = JUDGES["stylometric"]  # pyright: ignore[reportIndexIssue]
