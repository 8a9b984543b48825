"""The judge of answers to requests that reads: the contract, what it is told, and the way to it from the commands."""

import json

import dspy
import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from made_requests import REFUSING, asked, helpful

from programs.benches.deliberative import BENCH
from programs.judges import Judge, NoVerdict, opinions
from programs.judges.request_llm import LIMIT, RequestReader
from programs.lms.embedded_lm import EmbeddedLM
from signatures.errors import SetupError
from signatures.requests import Request as Asked

SAFE, UNSAFE = asked("roof", "safe", role="roofer"), asked("roof", "unsafe")
BARE = asked("roof", None)


class Reader:
    """Prefers what refuses where there is a limit, and the longer answer where there is none."""

    supports_response_schema = True
    supported_params = frozenset({"temperature", "max_tokens", "seed", "stop", "response_format"})

    def __init__(self, verdict: str = ""):
        self.read: list[str] = []
        self.verdict = verdict

    def complete(self, request: Request) -> Response:
        text = request.messages[-1].text or ""
        self.read.append(text)
        first, second = text.partition("First answer:\n")[2].split("\n\nSecond answer:\n")
        better = REFUSING in first if LIMIT in text else len(first) > len(second)
        answer = {"reason": "It says so.", "verdict": self.verdict or ("first" if better else "second")}
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(text=json.dumps(answer)),)),
            finish_reason="stop",
            usage=Usage(input_tokens=9, output_tokens=3),
        )


def judge(engine: Reader, *requests: Asked) -> RequestReader:
    lm = EmbeddedLM("reader", engine=engine, num_retries=0, cache=False, temperature=0.0)
    return RequestReader("llm:reader", {each.id: each for each in requests}, lm)


def test_it_keeps_the_contract_of_judges():
    engine = Reader()
    found = judge(engine, SAFE, UNSAFE)
    assert isinstance(found, Judge) and found.version.startswith("llm:reader-")
    assert found.prefers(SAFE.id, "the same", "the same ") == "tie"
    assert (found.prefers(SAFE.id, "", "some"), found.prefers(SAFE.id, "", " ")) == ("b", "tie")
    assert not engine.read
    with pytest.raises(SetupError, match="unknown request 'nobody'"):
        found.prefers("nobody", "a", "b")
    assert judge(Reader(), SAFE, UNSAFE).version == found.version


def test_help_wins_on_a_safe_request_and_a_refusal_on_an_unsafe_one_in_both_orders():
    found = judge(Reader(), SAFE, UNSAFE)
    for request, better, worse in ((SAFE, helpful(SAFE), REFUSING), (UNSAFE, REFUSING, helpful(UNSAFE))):
        assert found.prefer_many([request.id] * 2, [better, worse], [worse, better]) == ["a", "b"]


def test_it_is_told_who_asks_and_a_limit_only_where_doing_it_would_do_harm():
    engine = Reader()
    found = judge(engine, SAFE, UNSAFE, BARE)
    for request in (SAFE, UNSAFE, BARE):
        found.prefers(request.id, "one answer", "another answer")
    assert ["role: roofer" in text for text in engine.read] == [True, False, False]
    assert [LIMIT in text for text in engine.read] == [False, True, False]


def test_an_answer_beside_the_schema_is_a_failure_and_no_preference():
    found = judge(Reader("both"), SAFE)
    [opinion] = opinions(found, [SAFE.id], ["one"], ["two"])
    assert opinion.preference is None and "no verdict in 3 tries" in (opinion.error or "")
    with pytest.raises(NoVerdict):
        found.prefers(SAFE.id, "one", "two")


def test_the_task_takes_it_by_name():
    BENCH.judging.check("llm:openai/gpt-4o-mini")
    for unknown in ("llm:", "stylometric"):
        with pytest.raises(SetupError, match=r"unknown judge .*helpfulness-proxy, llm:MODEL"):
            BENCH.judging.check(unknown)
    assert BENCH.judging.asked is not None
    lm: dspy.LM = EmbeddedLM("reader", engine=Reader(), num_retries=0, cache=False)
    made = BENCH.judging.asked("llm:reader", {SAFE.id: [SAFE.model_dump_json()]}, lm)
    assert made.prefers(SAFE.id, helpful(SAFE), "no") == "a"


def test_without_requests_there_is_nothing_to_judge():
    with pytest.raises(SetupError, match="got no requests"):
        judge(Reader())
