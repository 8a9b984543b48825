"""A second look at the best trial."""

import math
from dataclasses import replace

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy, example, metric

from optimizers import OPTIMIZERS, Compiled, Trial, confirm
from optimizers.confirm import paired_gain


def trial(number: int, score: float, program: dspy.Module) -> Trial:
    return Trial(number, score, 0, program, {}, {"say": ()})


def loud() -> Toy:
    program = Toy()
    program.say.signature = program.say.signature.with_instructions("Say it, loud.")  # type: ignore[union-attr]
    return program


@pytest.mark.usefixtures("model")
def test_a_trial_that_gains_on_new_answers_is_kept(material):
    student, best = Toy(), loud()
    compiled = Compiled(best, 0.6, (trial(0, 0.2, student), trial(1, 0.6, best)))
    found = confirm(student, compiled, material, metric, 2)
    # "hey" is worth 0.2 and "HEY" 0.6, for each of the 5 val and 4 train authors alike.
    assert found.program is best
    assert "for 9 targets of 9 authors it gained +0.400 (standard error 0.000): kept" in found.confirmation


@pytest.mark.usefixtures("model")
def test_a_trial_that_was_only_lucky_gives_way_to_the_student(material):
    student, same = Toy(), Toy()
    compiled = Compiled(same, 0.9, (trial(0, 0.2, student), trial(1, 0.9, same)))
    found = confirm(student, compiled, material, metric, 2)
    assert found.program is student and found.score == 0.2
    assert "gained +0.000 (standard error 0.000): the uncompiled program is kept" in found.confirmation


@pytest.mark.usefixtures("model")
def test_authors_who_are_shown_as_demos_are_not_asked_about(material):
    student, best = Toy(), loud()
    shown = replace(trial(1, 0.6, best), demos={"say": ("train 0*", "val 1")})
    found = confirm(student, Compiled(best, 0.6, (trial(0, 0.2, student), shown)), material, metric, 2)
    assert "for 7 targets of 7 authors" in found.confirmation


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_search_that_found_nothing_needs_no_second_look(name, material):
    compiled = OPTIMIZERS[name].compile(
        Toy(), material, metric, n_trials=0, seed=0, n_threads=2, on_trial=lambda trial: None
    )
    found = confirm(Toy(), compiled, material, metric, 2)
    assert found.confirmation == "no trial scored above the uncompiled program"
    assert found.program is compiled.program


def test_failed_examples_count_for_neither_side_and_authors_weigh_the_same():
    examples = [example(str(index), author=author) for index, author in enumerate("aabb")]
    gain = paired_gain(examples, {0: 0.2, 1: 0.2, 2: 0.2}, {0: 0.4, 1: 0.8, 2: 0.2, 3: 1.0})
    assert gain is not None
    # a gains 0.2 and 0.6, 0.4 on average; b gains 0, and its other text has one score only. Mean 0.2; the two means
    # differ from it by 0.2 each: standard deviation sqrt(0.08), standard error sqrt(0.08) / sqrt(2) = 0.2.
    assert (gain.mean, gain.error) == (pytest.approx(0.2), pytest.approx(0.2))
    assert (gain.n_authors, gain.n_examples, gain.convincing) == (2, 3, False)


def test_one_author_convinces_nobody_and_none_says_nothing():
    examples = [example("x", author="a")]
    lone = paired_gain(examples, {0: 0.0}, {0: 1.0})
    assert lone and math.isinf(lone.error) and not lone.convincing
    assert paired_gain(examples, {0: 0.0}, {}) is None


@pytest.mark.usefixtures("model")
def test_a_model_that_is_gone_by_now_costs_the_second_look_and_not_the_program(material):
    def gone(example, prediction, trace=None, *_):
        raise RuntimeError("the judge is away")

    student, best = Toy(), loud()
    compiled = Compiled(best, 0.6, (trial(0, 0.2, student), trial(1, 0.6, best)))
    found = confirm(student, compiled, material, gone, 2)
    assert found.program is best and found.confirmation.endswith("no target could be scored again: kept unconfirmed")


@given(st.dictionaries(st.integers(0, 9), st.floats(0, 1), min_size=1))
def test_exchanging_the_programs_turns_the_gain_around(scores):
    examples = [example(str(index), author=str(index % 3)) for index in range(10)]
    zeros = dict.fromkeys(scores, 0.5)
    gain, loss = paired_gain(examples, zeros, scores), paired_gain(examples, scores, zeros)
    assert gain and loss
    assert gain.mean == pytest.approx(-loss.mean) and gain.error == pytest.approx(loss.error)
