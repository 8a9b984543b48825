"""What rival systems have in common: inputs, work done once an author, and that they compile as ours does."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import dspy
import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from dspy.utils.exceptions import LMUnexpectedError
from scripted import lm, requests, turns
from steps import BOAT, RAIN, SAMPLES, YES, conversations, small, told

from optimizers import OPTIMIZERS, Material
from programs.baselines import AttributesOnly, ZeroShot
from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM
from programs.rivals import Prose, ProseSettings, Ticl
from programs.rivals import prose as prose_steps
from programs.rivals import ticl as ticl_steps
from programs.versions import program_json
from signatures.errors import SetupError
from signatures.generation import Sample
from signatures.rivals import ExplainGap


def test_attributes_stand_in_the_system_message_and_samples_nowhere():
    scripted, context = small("Plain.")
    with context:
        out = AttributesOnly()(samples=SAMPLES, prompt="Of the weather.", attributes={"occupation": "boatbuilder"})
    assert (out.text, out.hypotheses, out.notes) == ("Plain.", (), ())
    assert told(scripted)[0].endswith("\n\nAttributes:\noccupation: boatbuilder")
    assert conversations(scripted) == [[("user", "Of the weather.")]]
    assert "Rain" not in str(turns(requests(scripted)[0]))


def test_a_person_without_attributes_is_noted():
    scripted, context = small("Plain.")
    with context:
        assert AttributesOnly()(samples=SAMPLES, prompt="p").notes == ("no attributes are known",)
    assert "Attributes:" not in told(scripted)[0]


def test_attributes_only_decodes_as_zero_shot_does():
    scripted, context = small("Zero.", "Attributes.")
    with context:
        for program in (ZeroShot(), AttributesOnly()):
            program(samples=SAMPLES, prompt="p", attributes={"a": "b"})
    first, second = (request.config for request in requests(scripted))
    assert first == second


@pytest.mark.parametrize(
    ("program", "learning"),
    [
        (Ticl(), ["Rain is water.", "Say we."]),
        (Prose(ProseSettings(n_steps=1)), ["Rain is water.", "Says we.", YES]),
    ],
    ids=["ticl", "prose"],
)
def test_an_author_is_learned_once_for_all_prompts_and_threads(program, learning):
    scripted, context = small(*learning, *["Dry now."] * 8)
    with context, ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(copy_context().run, program, samples=[RAIN], prompt=f"Of day {number}.") for number in range(8)
        ]
        assert {job.result(20).text for job in jobs} == {"Dry now."}
    assert len(requests(scripted)) == len(learning) + 8


@pytest.mark.parametrize("change", ["nothing", "samples", "instruction", "demos", "model"])
def test_an_author_is_learned_anew_where_anything_that_decides_it_differs(change):
    learned = ("Rain is water.", "Say we.", "One.")
    first, context = small(*learned, *learned)
    warmer = lm(learned, small=True, temperature=0.9)
    program = Ticl()
    with context:
        program(samples=[RAIN], prompt="p")
        if change == "instruction":
            program.explain.signature = ExplainGap.with_instructions("Look again.")
        if change == "demos":
            program.write.demos = [dspy.Example(prompt="Q", text="A", samples=[])]
        with dspy.context(lm=warmer if change == "model" else first):
            program(samples=[BOAT] if change == "samples" else [RAIN], prompt="p")
    n_calls = len(requests(first)) + len(requests(warmer))
    assert n_calls == (4 if change == "nothing" else 6)


def test_a_model_that_fails_while_an_author_is_learned_is_asked_again_for_the_next_prompt():
    scripted, context = small(RuntimeError("down"), "Rain is water.", "Say we.", "Dry now.")
    program = Ticl()
    with context:
        with pytest.raises(LMUnexpectedError, match="down"):
            program(samples=[RAIN], prompt="p")
        assert program(samples=[RAIN], prompt="p").text == "Dry now."


@pytest.mark.parametrize("program", [Ticl(), Prose(), AttributesOnly()], ids=lambda program: type(program).__name__)
def test_a_rival_without_a_prompt_is_refused_before_any_call(program):
    scripted, context = small()
    with context, pytest.raises(SetupError, match="the prompt is ' '"):
        program(samples=SAMPLES, prompt=" ")
    assert requests(scripted) == []


@pytest.mark.parametrize("program", [Ticl(), Prose()], ids=lambda program: type(program).__name__)
def test_a_rival_without_samples_is_refused_before_any_call(program):
    scripted, context = small()
    with context, pytest.raises(SetupError, match="none of the 1 samples holds text"):
        program(samples=[" "], prompt="p")
    assert requests(scripted) == []


@pytest.mark.parametrize("program", [Ticl(), Prose()], ids=lambda program: type(program).__name__)
def test_a_model_that_follows_formats_gets_dspys_own_prompts(program):
    fields = {"text": "Dry.", "explanation": "Say we.", "refined": "Says we. Is wry.", "verdict": "somewhat confirms"}
    replies = []

    class Engine:
        supports_response_schema = True
        supported_params = frozenset({"temperature", "max_tokens", "response_format"})

        def complete(self, request: Request) -> Response:
            replies.append(request)
            if request.config.response_format:
                return said(request, json.dumps({"verdict": fields["verdict"]}))
            return said(request, "".join(f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in fields.items()))

    with dspy.context(lm=dspy.LM("hosted", engine=Engine(), cache=False), adapter=FittingAdapter()):
        out = program(samples=SAMPLES, prompt="p")
    assert out.text == "Dry."
    assert out.shown in ("Not “Dry.”: Say we.\nNot “Dry.”: Say we.", "Says we.\nIs wry.")
    assert len(replies) > 4


class Learner:
    """A small model that says "HEY" in its texts once its instruction is to be loud, and answers every step."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "response_format"})

    def __init__(self) -> None:
        self.n_calls = 0
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Response:
        with self._lock:
            self.n_calls += 1
        if request.config.response_format:
            return said(request, YES)
        asked = request.messages[-1].text or ""
        if asked in (ticl_steps.QUESTION, prose_steps.QUESTION):
            return said(request, "Says hey. Is loud.")
        return said(request, "HEY you" if "loud" in str(request.system).split("Description:")[0] else "hey you")


def said(request: Request, text: str) -> Response:
    message = Message(role="assistant", parts=(TextPart(text=text),))
    usage = Usage(input_tokens=1, output_tokens=1)
    return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)


def example(name: str) -> dspy.Example:
    asked = dspy.Example(
        samples=[Sample(text=f"{name} text. Hey.", prompt="q")],
        attributes={"name": name},
        prompt=f"Of {name}.",
        text="HEY you",
        author=name,
        target_id=f"target of {name}",
    )
    return asked.with_inputs("samples", "attributes", "prompt")


def loudness(example, prediction, trace=None, *_):
    score = prediction.text.count("HEY") * 0.8
    return score if trace is None else score > 0.5


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("build", [Ticl, Prose, AttributesOnly])
def test_every_optimizer_compiles_a_rival_as_it_compiles_ours(optimizer, build):
    material = Material(
        trainset=[example(f"train {index}") for index in range(3)],
        valset=[example(f"val {index}") for index in range(2)],
        labelled=[example(f"shown {index}") for index in range(3)],
        variants={"write": ("Be loud.",)},
    )
    student = build()
    before = program_json(student)
    with dspy.context(lm=EmbeddedLM("learner", engine=Learner(), cache=False, num_retries=0), adapter=FittingAdapter()):
        compiled = optimizer.compile(
            student, material, loudness, n_trials=6, seed=0, n_threads=2, on_trial=lambda trial: None
        )
        asked = example("new").inputs()
        text = compiled.program(**asked).text
        fresh = build()
        fresh.load_state(json.loads(program_json(compiled.program)))
        assert fresh(**asked).text == text
    assert program_json(student) == before
    # No program is scored twice.
    assert 2 <= len(compiled.trials) <= 7
    assert compiled.score == max(trial.score for trial in compiled.trials)
    assert all(trial.n_failures == 0 for trial in compiled.trials)
    # The writing step gets labelled demos of authors, or the loud instruction, which scores 0.8; MIPROv2 tries both.
    shown = any(name.startswith("target of") for trial in compiled.trials for name in trial.demos["write"])
    assert shown or any(trial.instructions["write"] == "Be loud." for trial in compiled.trials)
    if optimizer.name == "miprov2":
        assert (compiled.score, text) == (0.8, "HEY you")


@pytest.mark.parametrize(
    ("program", "learning"),
    [
        (Ticl(), ["Draft.", "Say we.", "Answer."]),
        (Prose(ProseSettings(n_steps=1)), ["Draft.", "Says we.", YES, "Answer."]),
    ],
    ids=["ticl", "prose"],
)
def test_a_draft_is_never_recorded_as_something_to_learn_from(program, learning):
    _, context = small(*learning)
    with context, dspy.context(trace=[]):
        program(samples=[RAIN], prompt="p")
        written = [outputs.text for _, _, outputs in dspy.settings.trace if "text" in outputs]
        n_steps = len(dspy.settings.trace)
    assert written == ["Answer."]
    assert n_steps == len(learning) - 1
