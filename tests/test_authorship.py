"""What the authorship program and its baselines ask a model, and what they make of its answers."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import dspy
import pytest
from scripted import lm, requests, turns

from programs import AuthorshipProgram, FewShot, Hypothesis, ZeroShot
from programs.authorship import AuthorshipSettings
from programs.lms.adapters import FittingAdapter
from programs.samples import MAX_SAMPLES
from signatures.errors import SetupError
from signatures.generation import InferHypotheses, Sample

SAMPLES = ["We plant anyway. Rain or not.", "The boat is mended. Come and see."]
GIVEN = Hypothesis(dimension="personality", aspect="openness", statement="Likes what is new.")


def inferred(*evidence: list[str]) -> str:
    """An answer of the inferring step with one claim for each list of quotations."""
    claims = [
        {
            "dimension": "writing style",
            "aspect": "rhythm",
            "statement": f"Habit {number}.",
            "evidence": spans,
            "confidence": 0.8,
        }
        for number, spans in enumerate(evidence)
    ]
    return json.dumps({"hypotheses": claims})


PLAIN = inferred([], [], [])


def asked(model: dspy.LM) -> list[str]:
    """Every request as one text."""
    return ["\n".join(text for _, text in turns(request)) for request in requests(model)]


@pytest.fixture
def model():
    def use(*replies):
        scripted = lm(replies, small=True)
        return scripted, dspy.context(lm=scripted, adapter=FittingAdapter())

    return use


def test_a_prediction_has_hypotheses_text_and_notes(model):
    scripted, context = model(PLAIN, "Dry now.")
    with context:
        out = AuthorshipProgram()(samples=SAMPLES, prompt="Of the weather.")
    assert out.text == "Dry now."
    # 13 words: enough to write by, too few to trust all of it.
    assert [each.statement for each in out.hypotheses] == ["Habit 0.", "Habit 1."]
    assert [each.statement for each in out.considered[:3]] == ["Habit 0.", "Habit 1.", "Habit 2."]
    assert (out.personalization, out.n_dropped) == ("fewer hypotheses", 0)
    assert out.notes == ("fewer hypotheses: there are 13 words to go by",)
    assert len(requests(scripted)) == 2


def test_the_writing_step_sees_hypotheses_samples_attributes_and_prompt(model):
    scripted, context = model(PLAIN, "Dry now.")
    with context:
        AuthorshipProgram()(samples=SAMPLES, prompt="Of the weather.", attributes={"occupation": "boatbuilder"})
    infer, write = asked(scripted)
    assert "boatbuilder" in infer and all(sample in infer for sample in SAMPLES)
    assert "boatbuilder" in write and "Habit 1." in write and all(sample in write for sample in SAMPLES)
    assert turns(requests(scripted)[1])[-1] == ("user", "Of the weather.")


def test_hypotheses_of_an_author_are_inferred_once_for_all_prompts_and_threads(model):
    # One inference and eight texts: nine requests; a second inference would find the script ended.
    scripted, context = model(PLAIN, *["Dry now."] * 8)
    program = AuthorshipProgram()
    with context, ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(copy_context().run, program, samples=SAMPLES, prompt=f"Of day {number}.") for number in range(8)
        ]
        assert {job.result(20).text for job in jobs} == {"Dry now."}
    assert len(requests(scripted)) == 9


@pytest.mark.parametrize("change", ["nothing", "samples", "attributes", "instruction", "model"])
def test_hypotheses_are_inferred_anew_where_anything_that_decides_them_differs(model, change):
    first, context = model(PLAIN, "One.", PLAIN, "Two.")
    warmer = lm([PLAIN, "Two."], small=True, temperature=0.9)
    program = AuthorshipProgram()
    samples, attributes = list(SAMPLES), {"a": "1"}
    with context:
        program(samples=samples, prompt="p", attributes=attributes)
        if change == "samples":
            samples.pop()
        elif change == "attributes":
            attributes = {"a": "2"}
        elif change == "instruction":
            program.infer.signature = InferHypotheses.with_instructions("Look again.")
        with dspy.context(lm=warmer if change == "model" else first):
            program(samples=samples, prompt="p", attributes=attributes)
    n_inferences = sum(bool(request.config.response_format) for lm in (first, warmer) for request in requests(lm))
    assert n_inferences == (1 if change == "nothing" else 2)


def test_quotations_that_occur_in_no_sample_are_dropped_and_counted(model):
    # "We plant\nanyway" differs in white space only and stays; "never said" and "nor this" go: 2.
    _, context = model(inferred(["We plant\nanyway", "never said"], ["nor this"], []), "Dry now.")
    with context:
        out = AuthorshipProgram()(samples=SAMPLES, prompt="p")
    assert [each.evidence for each in out.considered[:3]] == [("We plant\nanyway",), (), ()]
    assert out.n_dropped == 2


def test_given_hypotheses_are_used_and_none_inferred(model):
    scripted, context = model("Dry now.", "Empty too.")
    with context:
        out = AuthorshipProgram()(samples=SAMPLES, prompt="p", hypotheses=[GIVEN])
        none = AuthorshipProgram()(samples=SAMPLES, prompt="p", hypotheses=[])
    assert out.hypotheses == (GIVEN,) and none.hypotheses == ()
    assert "Likes what is new." in asked(scripted)[0]
    assert len(requests(scripted)) == 2


def test_the_model_of_the_innermost_context_is_asked(model):
    outer, context = model()
    inner = lm([PLAIN, "Inner."], small=True)
    with context, dspy.context(lm=inner):
        assert AuthorshipProgram()(samples=SAMPLES, prompt="p").text == "Inner."
    assert requests(outer) == []


def test_strings_and_samples_may_be_mixed_and_a_samples_prompt_is_shown(model):
    scripted, context = model(PLAIN, "Dry now.")
    with context:
        AuthorshipProgram()(samples=[SAMPLES[0], Sample(text=SAMPLES[1], prompt="Of the boat.")], prompt="p")
    assert ("user", "Of the boat.") in turns(requests(scripted)[1])


def test_repeats_empties_and_samples_beyond_seven_are_left_out_with_a_note(model):
    scripted, context = model(PLAIN, "Dry now.")
    texts = [f"Text number {number}." for number in range(MAX_SAMPLES + 2)]
    with context:
        out = AuthorshipProgram()(samples=[*texts, texts[0], " ", ""], prompt="p")
    assert out.notes == (
        "2 empty samples left out",
        "1 repeated sample left out",
        "only the first 7 of 9 samples used",
        "fewer hypotheses: there are 21 words to go by",
    )
    assert texts[6] in asked(scripted)[0] and texts[7] not in asked(scripted)[0]


def test_a_long_sample_is_cut_at_a_sentence_end_with_a_note(model):
    scripted, context = model(PLAIN, "Dry now.")
    # Sentences of five words; twenty words hold four of them.
    long = " ".join(f"This is sentence number {number}." for number in range(30))
    with context:
        out = AuthorshipProgram(AuthorshipSettings(sample_words=20))(samples=[long], prompt="p")
    assert out.notes == ("1 sample cut at a sentence end within 20 words",)
    assert "number 3." in asked(scripted)[0] and "number 4." not in asked(scripted)[0]


def test_no_more_samples_are_shown_than_the_settings_say(model):
    scripted, context = model(PLAIN, "Dry now.")
    with context:
        AuthorshipProgram(AuthorshipSettings(n_shown=1))(samples=SAMPLES, prompt="p")
    assert SAMPLES[0] in asked(scripted)[1] and SAMPLES[1] not in asked(scripted)[1]


@pytest.mark.parametrize("text", ["😀🎉🔥 😀", "今天下雨了。我们还是种菜。", "a"])
def test_authors_without_latin_words_are_authors(model, text):
    _, context = model(PLAIN, "Dry now.")
    with context:
        assert AuthorshipProgram()(samples=[text], prompt="p").text == "Dry now."


@pytest.mark.parametrize("program", [AuthorshipProgram(), FewShot()], ids=lambda program: type(program).__name__)
@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"samples": [], "prompt": "p"}, "none of the 0 samples holds text"),
        ({"samples": ["", " \n"], "prompt": "p"}, "none of the 2 samples holds text"),
        ({"samples": "one text", "prompt": "p"}, "samples is one string; give a list"),
        ({"samples": SAMPLES, "prompt": " "}, "the prompt is ' '; say what to write"),
        ({"samples": SAMPLES, "prompt": None}, "the prompt is None"),
    ],
)
def test_inputs_without_text_are_refused_before_any_call(model, program, inputs, message):
    scripted, context = model()
    with context, pytest.raises(SetupError, match=message):
        program(**inputs)
    assert requests(scripted) == []


def test_zero_shot_sends_the_prompt_alone(model):
    scripted, context = model("Plain.")
    with context:
        assert ZeroShot()(samples=SAMPLES, prompt="Of the weather.", attributes={"a": "b"}).text == "Plain."
    assert turns(requests(scripted)[0]) == [("system", "You are a helpful assistant."), ("user", "Of the weather.")]


def test_few_shot_shows_samples_as_earlier_turns_and_nothing_else(model):
    scripted, context = model("Plain.")
    with context:
        FewShot(n_shown=1)(samples=SAMPLES, prompt="Of the weather.", attributes={"a": "b"})
    assert turns(requests(scripted)[0]) == [
        ("system", "You are a helpful assistant."),
        ("user", "Write a text."),
        ("assistant", SAMPLES[0]),
        ("user", "Of the weather."),
    ]


def test_all_systems_decode_alike(model):
    scripted, context = model("Zero.", "Few.", PLAIN, "Ours.")
    with context:
        for program in (ZeroShot(), FewShot(), AuthorshipProgram()):
            program(samples=SAMPLES, prompt="p")
    texts = [request.config for request in requests(scripted) if not request.config.response_format]
    assert len(texts) == 3
    assert len({(config.max_tokens, config.temperature, config.seed) for config in texts}) == 1
