"""Parts of the joint search: the front, the space, demos, proposals of programs and of instructions."""

import json
import random
from dataclasses import replace
from typing import Any

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joint_toy import Author, Chorus, chorus_material, chorus_metric, joint_search, tally_lm
from toy import Toy, example

from optimizers.joints.imagined import imagined_trials
from optimizers.joints.pareto import Point, choose, front
from optimizers.joints.pools import demo_orders, diverse_orders, run_trainset
from optimizers.joints.proposals import Seen, propose, seed_of
from optimizers.joints.proposing import failure_words, propose_instructions, summary, unusable
from optimizers.joints.space import Space, StepSpace, setting_choices
from programs.lms.adapters import FittingAdapter

POINTS = st.lists(
    st.tuples(st.sampled_from([0.2, 0.4, 0.6]), st.sampled_from([None, 10.0, 20.0]), st.sampled_from([1.0, 2.0])),
    min_size=1,
    max_size=8,
).map(lambda rows: [Point(number, *row) for number, row in enumerate(rows)])


@given(POINTS)
def test_no_point_of_the_front_is_beaten_and_every_other_is(points):
    kept = front(points)
    known = all(point.tokens is not None for point in points)

    def beats(a, b):
        pairs = [(a.score, b.score), (b.seconds, a.seconds), *([(b.tokens, a.tokens)] if known else [])]
        return all(x >= y for x, y in pairs) and any(x > y for x, y in pairs)

    assert kept
    for point in points:
        assert (point in kept) == (not any(beats(other, point) for other in points))


@given(POINTS, st.sampled_from(["win", "cheap", "balanced"]))
def test_no_preference_chooses_a_program_worse_than_the_student(points, prefer):
    chosen = choose(points, prefer)
    assert chosen.score >= points[0].score
    assert choose(list(reversed(points)), prefer) == chosen
    if prefer == "win":
        assert chosen.score == max(point.score for point in points)


def test_preferences_differ_where_wins_cost_tokens():
    points = [Point(0, 0.5, 100, 1.0), Point(1, 0.8, 900, 1.0), Point(2, 0.75, 200, 1.0), Point(3, 0.4, 10, 1.0)]
    # Number 3 is cheapest but worse than the student. Number 2 gives up 0.05 of 0.3, and 700 of 800 tokens.
    assert [choose(points, prefer).number for prefer in ("win", "cheap", "balanced")] == [1, 0, 2]


def test_the_student_is_kept_among_equals_and_must_be_there():
    assert choose([Point(0, 0.5, 9.0, 2.0), Point(1, 0.5, 1.0, 1.0)], "win").number == 0
    with pytest.raises(ValueError, match="student"):
        choose([Point(1, 0.5, 1.0, 1.0)], "win")


DEMOS = tuple({"prompt": f"p{n}", "text": f"t{n}", "target_id": f"p{n}"} for n in range(3))


def space(**rest):
    step = StepSpace(
        instructions={"own": "Say it.", "hand 1": "Say it, loud."},
        demos={"labelled 1": DEMOS, "labelled 2": (DEMOS[0], DEMOS[2]), **rest},
    )
    return Space(steps={"say": step}, settings={"level": ("1", "2")})


def test_the_students_own_choices_give_the_student():
    student = Chorus()
    program = space().program(student, space().student())
    assert program.dump_state() == student.dump_state() and program is not student


def test_choices_make_the_program_and_leave_the_student():
    student = Chorus()
    before = student.dump_state()
    params = {"instruction:say": "hand 1", "n_demos:say": 2, "demos:say": "labelled 2", "setting:level": "2"}
    program = space().program(student, params)
    assert isinstance(program, Chorus) and program.settings.level == 2
    assert program.say.signature.instructions == "Say it, loud."  # type: ignore[union-attr]
    assert [demo["target_id"] for demo in program.say.demos] == ["p0", "p2"]
    assert student.dump_state() == before and student.settings.level == 1


def test_the_first_setting_at_its_last_value_is_tried_before_demos():
    both = Space(steps=space().steps, settings={"level": ("1", "2", "3"), "tone": ('"low"', '"high"')})
    starts = [{**both.student(), **start} for start in both.starts()]
    assert [(start["setting:level"], start["setting:tone"], start["n_demos:say"]) for start in starts] == [
        ("3", '"low"', 0),
        ("1", '"low"', 3),
    ]


def test_choices_that_come_to_the_same_program_are_the_same():
    same = space()
    assert same.key({"n_demos:say": 0, "demos:say": "labelled 2"}) == same.key({})
    # Both orders begin with the same demo.
    assert same.key({"n_demos:say": 1, "demos:say": "labelled 1"}) == same.key(
        {"n_demos:say": 1, "demos:say": "labelled 2"}
    )
    assert same.key({"n_demos:say": 2, "demos:say": "labelled 1"}) != same.key(
        {"n_demos:say": 2, "demos:say": "labelled 2"}
    )


def test_the_demos_that_a_student_came_with_can_be_kept():
    own = space(own=DEMOS[1:2])
    assert own.student()["n_demos:say"] == 1 and own.student()["demos:say"] == "own"


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 14))
def test_proposals_are_new_until_the_space_is_exhausted(seed, n_seen):
    whole, seen = space(), [Seen({}, 0.5)]
    for number in range(1, 30):
        params = propose(whole, seen, seed_of(seed, number, 0))
        if params is None:
            break
        assert propose(whole, seen, seed_of(seed, number, 0)) == params
        seen.append(Seen(params, None if number == n_seen else number / 30))
    keys = [whole.key(each.params) for each in seen]
    # Demos: none, p0, p0 p1, p0 p1 p2, or p0 p2: five; with two instructions and two levels 20 programs.
    assert len(keys) == len(set(keys)) == 20


def drawn(program: Any) -> tuple[int, str, int]:
    return program.settings.level, program.say.signature.instructions, len(program.say.demos)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_until_scores_count_a_search_tries_what_was_imagined(seed):
    # The student and four more: the estimator learns from six scores on. No run of the student is a demo here.
    material = chorus_material()
    compiled = joint_search(material=material, n_trials=4, seed=seed)
    settings = setting_choices(Chorus(), material.settings)
    imagined = imagined_trials(Chorus(), material, settings, 4, seed, with_made=False)
    assert [drawn(program) for program in imagined] == [drawn(trial.program) for trial in compiled.trials[1:]]


def test_a_search_that_runs_out_of_programs_is_imagined_to_its_end():
    # Levels 1, 2 and 3, the student's instruction, and no examples: two programs beside the student.
    material = replace(chorus_material(), variants={}, labelled=())
    settings = setting_choices(Chorus(), {"level": [1, 2, 3]})
    imagined = imagined_trials(Chorus(), material, settings, 9, 0, with_made=True)
    assert sorted(drawn(program)[0] for program in imagined) == [2, 3]


def test_a_space_survives_being_written_down():
    assert Space.model_validate(json.loads(space().model_dump_json())) == space()


def test_values_of_a_setting_begin_with_the_students():
    assert setting_choices(Chorus(), {"level": [2, 3, 2]}) == {"level": ("1", "2", "3")}


def test_each_next_demo_is_of_a_new_author_and_unlike_those_before():
    pool = [
        example("0", author="a", text="cats and dogs"),
        example("1", author="a", text="rain over the sea"),
        example("2", author="b", text="cats and dogs again"),
        example("3", author="c", text="taxes, bills and banks"),
    ]
    for order in diverse_orders(pool, 3, 4, random.Random(0)):
        assert sorted(demo.author for demo in order) == ["a", "b", "c"]
        if order[0].prompt == "0":
            # The bills share only "and" with the cats; b's cats share three words.
            assert [demo.prompt for demo in order] == ["0", "3", "2"]
    assert diverse_orders([], 3, 4, random.Random(0)) == []


def test_demos_are_plain_data_of_the_predictors_own_fields():
    student = Toy()
    orders = demo_orders(student.say, chorus_material(), [], random.Random(0))
    assert set(orders) == {"labelled 1", "labelled 2", "labelled 3", "labelled 4"}
    for order in orders.values():
        assert len(order) == 3
        assert all(set(demo) == {"prompt", "text", "target_id"} for demo in order)


def test_runs_that_the_metric_accepts_become_demos_and_the_others_failures():
    student = Chorus()
    with dspy.context(lm=tally_lm(), adapter=FittingAdapter()):
        runs = run_trainset(
            student, chorus_material(), lambda e, p, trace=None: "t1" in e.prompt, n_threads=2, rng=random.Random(0)
        )
    (demo,) = runs.demos["say"]
    assert demo.target_id == "train t1 0" and demo.augmented and demo.text == "shown 0 told as is"
    assert len(runs.failures) == 4 and "t1" not in str(runs.failures)
    assert "forward" not in vars(student)
    words = failure_words(chorus_metric, runs.failures[:1])[0]
    assert "Answered:" in words and "shown 0 told as is" in words and "scored 0." in words


def written(instruction):
    return f"[[ ## instruction ## ]]\n{instruction}\n\n[[ ## completed ## ]]"


def proposed(*replies):
    proposer = dspy.LM("author", engine=Author(*replies), cache=False, num_retries=0)
    material = replace(chorus_material(), proposer=proposer)
    return propose_instructions("say", Toy().say, material, ["It was dull."], 3, random.Random(0))


def test_a_proposer_writes_new_instructions():
    texts = ["Say it as the person would, with their own words.", "Say it in the voice that they are known for."]
    # One comes twice, and one is there already.
    assert proposed(written(texts[0]), written(texts[1]), written(texts[0])) == texts
    assert proposed(*[written("Say it, loud.")] * 3) == []


@pytest.mark.parametrize(
    "reply",
    ["", "...", "I'm sorry, but I can't help with that.", "Как скажешь, так и пиши, но громко и ясно.", "word " * 1000],
)
def test_a_proposer_that_gives_nothing_of_use_is_done_without(reply):
    assert proposed(*[written(reply)] * 3) == []


def test_a_proposer_that_fails_is_done_without():
    assert proposed(*[ValueError("the server is away")] * 9) == []


def test_an_instruction_in_another_language_is_left_out():
    own = "Write as the author of these texts would write."
    assert (
        unusable("Schreibe so, wie dieser Mensch schreiben würde, mit seinen Worten.", own) == "is in another language"
    )
    assert (
        unusable("Écrivez comme cette personne écrit, avec les mots de la personne.", own) == "is in another language"
    )
    assert unusable("Write with the words that this author would choose.", own) == ""
    assert unusable("Match rhythm, vocabulary, punctuation, sentence length.", own) == ""
    assert unusable("Schreibe laut.", "Schreibe, was du hörst.") == ""


def test_a_summary_counts_examples_and_people_and_cuts_long_inputs():
    text = summary([example("word " * 200, author="a"), example("short", author="b")])
    assert text.startswith("2 examples by 2 people.") and len(text) < 600
    assert summary([]) == "No examples are known."
