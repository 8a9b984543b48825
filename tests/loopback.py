"""A server on this machine that speaks the OpenAI chat protocol, and counts what it is asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Loopback:
    """Answers every prompt with its name and the prompt after `seconds`.

    `usage` is what it reports, None for a server that does not. `asked` holds the prompts, in the order in which they
    came.
    """

    def __init__(self, name: str = "server", usage: tuple[int, int] | None = (10, 5), seconds: float = 0.0) -> None:
        self.asked: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                prompt = body["messages"][-1]["content"]
                owner.asked.append(prompt)
                time.sleep(seconds)
                content = json.dumps(reply(body["model"], f"{name} says {prompt}", usage)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"


def reply(model: str, text: str, usage: tuple[int, int] | None) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    answer = {"id": "1", "object": "chat.completion", "model": model, "choices": [choice]}
    if usage:
        read, written = usage
        answer["usage"] = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return answer


@contextmanager
def serving(name: str = "server", usage: tuple[int, int] | None = (10, 5), seconds: float = 0.0) -> Iterator[Loopback]:
    server = Loopback(name, usage, seconds)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()
