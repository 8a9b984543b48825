"""Any model behind the OpenAI chat protocol, spoken to over real HTTP on this machine."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import LMAuthError, LMNotConfiguredError, LMServerError, LMTransportError

from programs.authorship import AuthorshipProgram
from programs.baselines import ZeroShot
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from signatures.errors import SetupError

KEY = "sk-made-up"
SAMPLES = ["Up early. Tea, then the bus.", "Rain again. Good for the beans."]
HYPOTHESIS = {
    "dimension": "writing style",
    "aspect": "rhythm",
    "statement": "They write in short bursts.",
    "evidence": ["Up early.", "Never written."],
    "confidence": 0.75,
}
Answer = Callable[[dict[str, Any]], "tuple[int, Any]"]


def by_protocol(body: dict[str, Any]) -> tuple[int, Any]:
    """JSON where a schema asks for it, else the fields in the form of DSPy's chat adapter."""
    if "response_format" in body:
        content = json.dumps({"hypotheses": [HYPOTHESIS] * 3})
    elif "[[ ## samples ## ]]" in json.dumps(body) and "[[ ## text ## ]]" not in json.dumps(body):
        content = f"[[ ## hypotheses ## ]]\n{json.dumps([HYPOTHESIS] * 3)}\n\n[[ ## completed ## ]]"
    else:
        content = "[[ ## text ## ]]\nEvening. Soup. Bed.\n\n[[ ## completed ## ]]"
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return 200, {"id": "1", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}


class Server:
    def __init__(self) -> None:
        self.answer: Answer = by_protocol
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.asked.append((self.path, self.headers["Authorization"], body))
                status, answer = owner.answer(body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def model(server: Server, name: str = "some-model", **settings: Any) -> dspy.LM:
    return make_lm(f"openai/{name}", api_base=server.base, api_key=KEY, cache=False, **settings)


@pytest.mark.parametrize(("name", "takes_schema"), [("gpt-4o-mini", True), ("some-model", False)])
def test_a_program_infers_and_writes_with_a_model_behind_http(server: Server, name: str, takes_schema: bool):
    with dspy.context(lm=model(server, name), adapter=FittingAdapter()):
        made = AuthorshipProgram()(samples=SAMPLES, prompt="Write about your evening.")
    assert made.text == "Evening. Soup. Bed."
    # Three times the same statement is one, and of its two quotations one occurs.
    assert [each.evidence for each in made.considered if each.source == "model"] == [("Up early.",)]
    assert made.n_dropped == 3
    paths, keys, bodies = zip(*server.asked, strict=True)
    assert set(paths) == {"/v1/chat/completions"}
    assert set(keys) == {f"Bearer {KEY}"}
    assert [body["model"] for body in bodies] == [name] * 2
    assert ("response_format" in bodies[0]) == takes_schema
    assert "Write about your evening." in json.dumps(bodies[1]["messages"])


def test_settings_and_usage_pass_through(server: Server):
    lm = model(server, temperature=0.25, max_tokens=33)
    with dspy.context(lm=lm, adapter=FittingAdapter()):
        ZeroShot()(prompt="Write.")
    body = server.asked[0][2]
    assert (body["temperature"], body.get("max_tokens", body.get("max_completion_tokens"))) == (0.25, 33)
    assert lm.history[0]["usage"]["completion_tokens"] == 7


def test_a_key_comes_from_the_environment_and_stands_nowhere_else(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    lm = make_lm("openai/some-model", api_base=server.base, cache=False)
    with dspy.context(lm=lm, adapter=FittingAdapter()):
        ZeroShot()(prompt="Write.")
    assert server.asked[0][1] == f"Bearer {KEY}"
    given = model(server)
    assert KEY not in repr(lm) + repr(given) + json.dumps([lm.dump_state(), given.dump_state()]) + repr(lm.history)


def test_a_missing_key_is_said_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(LMNotConfiguredError, match="OPENAI_API_KEY"):
        make_lm("openai/some-model", cache=False)("Hello.")


def test_a_refused_key_is_said_after_one_call(server: Server):
    server.answer = lambda body: (401, {"error": {"message": "Incorrect API key provided", "type": "auth"}})
    with pytest.raises(LMAuthError, match="Incorrect API key"):
        model(server)("Hello.")
    assert len(server.asked) == 1


def test_a_failing_server_is_asked_as_often_as_told(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    server.answer = lambda body: (500, {"error": {"message": "broken"}})
    with pytest.raises(LMServerError, match="broken"):
        model(server, num_retries=2)("Hello.")
    assert len(server.asked) == 3


def test_a_refused_connection_ends_and_names_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lm = make_lm("openai/some-model", api_base=f"http://127.0.0.1:{port}/v1", api_key=KEY, cache=False, num_retries=0)
    with pytest.raises(LMTransportError, match=f"127.0.0.1:{port}"):
        lm("Hello.")


@pytest.mark.parametrize("name", ["", "gpt-4o", "openai/", "/model", "Embedded"])
def test_a_name_that_is_no_model_lists_what_is(name: str):
    with pytest.raises(SetupError, match=f"unknown model '{name}'; choose 'embedded', .*'openai/gpt-4o-mini'"):
        make_lm(name)
