import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from programs.lms.grammar import grammar
from programs.lms.quotations import answer_schema
from programs.lms.wording import worded
from programs.traits import TRAITS, Check, holds, parse_check
from signatures.errors import SetupError
from signatures.generation import InferHypotheses, Sample
from signatures.hypotheses import Hypothesis


def claim(check: str = "") -> Hypothesis:
    return Hypothesis(dimension="writing style", aspect="punctuation", statement="Uses many commas.", check=check)


def test_a_check_holds_from_its_threshold_on():
    # Two commas in ten words.
    text = "Well, yes, he had some of them in the shed."
    assert holds(claim("commas>=20"), text) is True
    assert holds(claim("commas>=20.1"), text) is False
    assert holds(claim("commas<20"), text) is False
    assert holds(claim("commas<20.1"), text) is True


def test_without_a_check_only_a_reader_can_tell():
    assert holds(claim(), "Well, yes.") is None


@pytest.mark.parametrize("check", ["commas<5", "commas>=0"])
def test_a_text_without_a_word_meets_no_check(check: str):
    assert holds(claim(check), " … ") is False


@given(
    st.sampled_from(sorted(TRAITS)),
    st.sampled_from([">=", "<"]),
    st.floats(0, 1e4).map(lambda one: float(f"{one:.4g}")),
)
def test_a_check_comes_back_from_its_written_form(trait: str, sign, threshold: float):
    check = Check(trait, sign, threshold)
    assert parse_check(claim(str(check)).check) == check


@given(st.text(max_size=80), st.sampled_from(["commas<8.5", "questions>=0.1"]))
def test_the_same_text_always_gets_the_same_answer(text: str, check: str):
    assert holds(claim(check), text) is holds(claim(check), text)


def test_two_opposite_checks_never_agree():
    for text in ("One, two.", "One two."):
        assert holds(claim("commas>=3"), text) is not holds(claim("commas<3"), text)


@pytest.mark.parametrize("bad", ["commas", "commas>3", "commas>=", "commas>=x", "1>=2", "commas>=3\n", "commas >= 3"])
def test_a_hypothesis_refuses_what_is_no_check(bad: str):
    with pytest.raises(ValidationError, match="check"):
        claim(bad)
    with pytest.raises(SetupError, match="not a check"):
        parse_check(bad)


def test_an_unknown_trait_lists_the_known_ones():
    with pytest.raises(SetupError, match=r"unknown trait 'comas'; choose one of: .*commas"):
        holds(claim("comas>=3"), "One, two.")


def test_no_model_is_asked_for_a_check():
    inputs = {"samples": [Sample(text="I went to the river, slowly, and came back.")], "attributes": {}}
    schema = answer_schema(InferHypotheses, inputs)
    assert "check" not in json.dumps(schema)
    assert "check" not in (grammar(schema) or "check")


def test_a_hypothesis_without_a_check_is_written_as_before():
    assert set(claim().model_dump()) == {"dimension", "aspect", "statement", "evidence", "confidence"}
    assert claim("commas>=3").model_dump()["check"] == "commas>=3"
    assert Hypothesis.model_validate_json(claim("commas>=3").model_dump_json()) == claim("commas>=3")


def test_the_writing_step_reads_the_statement_and_not_the_check():
    assert worded([claim("commas>=3")]) == "- Uses many commas."
