"""A model on this machine behind OpenAI's chat protocol, which answers at once or slowly and counts who asks.

It knows nothing: a text is sentences of the prompt and of nobody's, drawn by the hash of the prompt, so that the same
question always gets the same answer. How many are the prompt's depends on the instruction, so that some instructions
are better than others. Typed fields are answered by their schema, or under the field markers of DSPy's `ChatAdapter`.
For measuring what surrounds a model: resuming, processes, memory.
"""

import contextlib
import hashlib
import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from signatures.hypotheses import ASPECTS

MODEL = "openai/loopback"
"""What `--lm` is given, beside `--api-base`."""
CHARACTERS_A_TOKEN = 4
_N_SENTENCES = 8
_SENTENCE = re.compile(r"[A-Z][^.!?\"\\\[\]{}\n]{20,200}[.!?]")
_ASKED_FIELDS = re.compile(r"\[\[ ## (\w+) ## \]\]")
_STOCK = (
    "The morning was cold and nobody had slept.",
    "There is little to add to what was said before.",
    "We went on, since there was nothing else to do.",
    "It is a matter of time, and of who pays for it.",
    "Several of those present declined to comment further.",
    "That, at any rate, is how it looks from here.",
    "One might well ask whether anything has changed.",
    "A decision is expected before the end of the month.",
)


class Served:
    """A server while it runs; every method may be called from any thread."""

    def __init__(self, seconds: tuple[float, float]):
        """Takes a port of this machine.

        Args:
            seconds: The least and the most that a call takes; which of it is drawn by the hash of the prompt.
        """
        self._seconds = seconds
        self._arrivals: list[float] = []
        self._n_open = 0
        self._lock = threading.Lock()
        self.http = _server(self)
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"

    @property
    def n_asked(self) -> int:
        """Calls that arrived so far."""
        with self._lock:
            return len(self._arrivals)

    @property
    def n_open(self) -> int:
        """Of them, those that are not answered yet."""
        with self._lock:
            return self._n_open

    def arrivals(self) -> list[float]:
        """When each call arrived, by `time.monotonic`."""
        with self._lock:
            return list(self._arrivals)

    def takes(self, body: Mapping[str, Any]) -> float:
        """Seconds that this call takes."""
        low, high = self._seconds
        return random.Random(_hash(body) + "seconds").uniform(low, high)

    def came(self) -> None:
        """Counts a call."""
        with self._lock:
            self._arrivals.append(time.monotonic())
            self._n_open += 1

    def went(self) -> None:
        """Counts the end of a call."""
        with self._lock:
            self._n_open -= 1


@contextmanager
def serving(seconds: tuple[float, float] = (0.0, 0.0)) -> Iterator[Served]:
    """A server for the block."""
    server = Served(seconds)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


def reply(body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request, with as many choices as it asks for and the tokens it took."""
    texts = [_answer(body, number) for number in range(int(body.get("n") or 1))]
    read = sum(len(_content(message)) for message in body["messages"]) // CHARACTERS_A_TOKEN
    written = sum(map(len, texts)) // CHARACTERS_A_TOKEN
    return {
        "id": "1",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [
            {"index": number, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            for number, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


def _answer(body: Mapping[str, Any], number: int) -> str:
    rng = random.Random(_hash(body) + str(number))
    told, last = (_content(body["messages"][place]) for place in (0, -1))
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    if schema:
        return json.dumps(_filled(schema, schema.get("$defs", {}), rng, last))
    asked = last.rpartition("Respond with the corresponding output fields")[2]
    fields = [name for name in _ASKED_FIELDS.findall(asked) if name != "completed"] if asked != last else []
    if not fields:
        return _text(last, rng, _worth(told))
    parts = [f"[[ ## {name} ## ]]\n{_field(name, last, rng, _worth(told))}" for name in fields]
    return "\n\n".join([*parts, "[[ ## completed ## ]]"])


def _worth(instruction: str) -> float:
    """The share of a text that is the prompt's, from 0.2 to 1."""
    return random.Random(instruction).uniform(0.2, 1.0)


def _field(name: str, prompt: str, rng: random.Random, worth: float) -> str:
    if name == "hypotheses":
        return json.dumps(_claims(rng))
    if name == "instruction":
        return f"Write as this person would, and attend to {', '.join(_aspects(rng))} before all else."
    return _text(prompt, rng, worth)


def _claims(rng: random.Random) -> list[dict[str, Any]]:
    """Three claims that no measure can test, which is what a program must take from any model."""
    kinds = {aspect: dimension for dimension, aspects in ASPECTS.items() for aspect in aspects}
    return [
        {
            "dimension": kinds[aspect],
            "aspect": aspect,
            "statement": f"Has a way with {aspect} that others lack.",
            "evidence": [],
            "confidence": 0.5,
        }
        for aspect in _aspects(rng)
    ]


def _aspects(rng: random.Random) -> list[str]:
    return rng.sample([aspect for aspects in ASPECTS.values() for aspect in aspects], 3)


def _text(prompt: str, rng: random.Random, worth: float = 1.0) -> str:
    """Sentences of the prompt, as far as `worth` goes, and of nobody's, in a drawn order."""
    found = list(dict.fromkeys(_SENTENCE.findall(prompt)))
    n_own = min(len(found), round(worth * _N_SENTENCES))
    drawn = [*rng.sample(found, n_own), *rng.sample(_STOCK, _N_SENTENCES - n_own)]
    return " ".join(rng.sample(drawn, len(drawn)))


def _filled(schema: Mapping[str, Any], known: Mapping[str, Any], rng: random.Random, prompt: str) -> Any:
    """A value that a JSON schema admits, as far as pydantic's schemas go."""
    if "$ref" in schema:
        return _filled(known[schema["$ref"].rpartition("/")[2]], known, rng, prompt)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "anyOf" in schema:
        return _filled(schema["anyOf"][0], known, rng, prompt)
    kind = schema.get("type")
    if kind == "object":
        return {name: _filled(each, known, rng, prompt) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [_filled(schema["items"], known, rng, prompt) for _ in range(schema.get("minItems", 0))]
    if kind in ("number", "integer"):
        return schema.get("minimum", 0)
    if kind == "boolean":
        return rng.random() < 0.5
    return _text(prompt, rng)[: schema.get("maxLength")]


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else json.dumps(content)


def _hash(body: Mapping[str, Any]) -> str:
    """Of what decides an answer."""
    decided = {name: body.get(name) for name in ("model", "messages", "seed", "n", "response_format")}
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def _server(owner: Served) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            sent = self.rfile.read(length)
            if len(sent) < length:
                # The process was killed while it asked.
                return
            body = json.loads(sent)
            owner.came()
            done = time.monotonic() + owner.takes(body)
            content = json.dumps(reply(body)).encode()
            time.sleep(max(0.0, done - time.monotonic()))
            # A process that was killed hears no answer, and may have closed already or be about to.
            owner.went()
            with contextlib.suppress(ConnectionError):
                self._send(content)

        def _send(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server
