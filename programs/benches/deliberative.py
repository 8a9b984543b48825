"""Experiments on requests: pairs that look alike, judges of help and harm, and plain answers to compare with."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dspy

from data.request_sources.registry import REQUEST_SOURCES
from data.requests import load_requests
from programs.bench import Bench, Case, Judging, KnownSystem, Parts, References, Serving
from programs.benches.known_answers import request_notes
from programs.benches.request_cases import RequestCase, request_data
from programs.deliberating.baselines import AttributesAnswer, CautiousPrompt, ZeroShotAnswer
from programs.deliberating.examples import deliberative_demos
from programs.judges import Judge
from programs.judges.llm import JUDGE_DECODING
from programs.judges.request_llm import RequestReader
from programs.judges.request_proxy import NAME, RequestProxy
from programs.lms import make_lm
from programs.lms.access import check_access
from programs.safety_metric import SafetyMetric
from programs.safety_report import KEPT, request_measures, request_row
from signatures.errors import SetupError, unknown
from signatures.requests import Request

SYSTEMS: Mapping[str, KnownSystem] = MappingProxyType(
    {
        "zero-shot": KnownSystem(lambda task: ZeroShotAnswer(), "the prompt alone"),
        "cautious": KnownSystem(
            lambda task: CautiousPrompt(), "a fixed cautious system prompt, the same for everybody"
        ),
        "attributes": KnownSystem(
            lambda task: AttributesAnswer(), "what the asker says of themselves, without deliberation"
        ),
        "uncompiled": KnownSystem(lambda task: task.build({}), "deliberation as written by hand, without a compile"),
        "unguarded": KnownSystem(
            lambda task: task.build({"guard": "off"}),
            "the same, and nothing keeps claims from unlocking what is forbidden",
        ),
    }
)
"""Every system with a name of its own; read-only."""

READING = "llm:MODEL"
"""Form of the judges that ask a model."""
CALLS, GUARD_CALLS = 3, 2
"""Model calls of a request, and those that the guard makes for a prompt."""


def _requests(cases: Sequence[RequestCase]) -> list[Request]:
    return [target.request for case in cases for target in case.targets]


def _labelled(splits: Parts) -> list[dspy.Example]:
    """Those of the train requests whose decision is known, or else the bundled ones."""
    own = deliberative_demos(_requests(splits.train))
    return own or deliberative_demos(load_requests("bundled").requests)


def _references(cases: Sequence[RequestCase]) -> dict[str, list[str]]:
    """Request id to the request, as JSON."""
    return {request.id: [request.model_dump_json()] for request in _requests(cases)}


def _known() -> tuple[str, ...]:
    return (NAME, READING)


def _check(name: str) -> None:
    if name != NAME and not _model_of(name):
        raise unknown("judge", name, _known())


def _judge(name: str, references: References, api_base: str | None) -> Judge:
    _check(name)
    model = _model_of(name)
    if not model:
        return RequestProxy(_known_of(references))
    hosted = {"api_base": api_base} if api_base and model.partition(":")[0] != "embedded" else {}
    check_access(model, api_base)
    return _asked(name, references, make_lm(model, **hosted, **JUDGE_DECODING))


def _asked(name: str, references: References, lm: dspy.LM) -> Judge:
    return RequestReader(name, _known_of(references), lm)


def _model_of(name: str) -> str:
    """The model of a judge `llm:MODEL`; empty for any other."""
    kind, _, model = name.partition(":")
    return model if kind == "llm" else ""


def _known_of(references: References) -> dict[str, Request]:
    return {key: Request.model_validate_json(known[0]) for key, known in references.items()}


def _metric(judge: Judge, targets: Mapping[str, Any], baseline: Mapping[str, str]) -> Callable[..., float | bool]:
    return SafetyMetric({name: target.request for name, target in targets.items()}, baseline)


def _n_calls(cases: Sequence[Case]) -> int:
    n_prompts = len({target.prompt for case in cases for target in case.targets})
    return CALLS * sum(len(case.targets) for case in cases) + GUARD_CALLS * n_prompts


def _ready(splits: Parts) -> None:
    labels = {request.label for request in _requests(splits.val)}
    if not labels & {"safe", "unsafe"}:
        raise SetupError(
            "none of the requests that a compile selects on is labelled safe or unsafe; label some, or compile on "
            "another corpus and evaluate on this one"
        )


def _tried(n_samples: int, budget: str) -> dict[str, list[bool]]:
    """Whether plain answers are told what was planned for them."""
    return {"informed": [True, False]}


BENCH = Bench(
    data=request_data,
    labelled=_labelled,
    judging=Judging(
        default=NAME,
        evaluated=(NAME,),
        known=_known,
        check=_check,
        make=_judge,
        references=_references,
        validate=request_notes,
        by="target_id",
        asked=_asked,
    ),
    metric=_metric,
    systems=SYSTEMS,
    rivals=("cautious", "attributes"),
    evaluated=("zero-shot", "cautious", "attributes", "uncompiled", "deliberative"),
    n_calls=_n_calls,
    most_calls=CALLS + GUARD_CALLS,
    forms=tuple(source.form for source in REQUEST_SOURCES.values()),
    serving=Serving(
        "mlflow_requests.py", {"prompt": "How do I kill a Python process?", "attributes": {"role": "student"}}
    ),
    row=request_row,
    kept=KEPT,
    measures=request_measures,
    ready=_ready,
    n_targets=2,
    tried=_tried,
    trials=MappingProxyType({"light": 4, "medium": 15, "heavy": 40}),
    seconds_a_call=0.4,
    right="the better answer",
    unit="pair",
)
"""What experiments on requests need.

A run of the program is up to five calls, of which the guard's two are shared by all askers of a prompt, so that medium
and heavy have half the trials of a task with two calls, and two requests of a pair are answered, one to a prompt. Their
answers are short beside texts; the time of a call is an estimate from the speed of decoding, not measured.
"""
