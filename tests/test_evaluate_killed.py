"""An evaluation on a model behind HTTP, killed again and again, and what is left of it."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from answering import CLAIMS

from data import load_corpus
from programs.ledger import LedgerRow, read_all

ROOT = Path(__file__).parents[1]
SECONDS_PER_ANSWER = 0.15


class Server:
    """Speaks the OpenAI chat protocol; the same request has the same answer."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        owner, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(SECONDS_PER_ANSWER)
                asked = json.dumps(body["messages"], sort_keys=True)
                content = json.dumps(reply(body, asked)).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:  # whoever asked was killed
                    return
                with lock:
                    owner.answered[asked] += 1

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}/v1"


def reply(body: dict[str, Any], asked: str) -> dict[str, Any]:
    if "[[ ## hypotheses ## ]]" in asked and "[[ ## text ## ]]" not in asked:
        content = f"[[ ## hypotheses ## ]]\n{json.dumps(CLAIMS)}\n\n[[ ## completed ## ]]"
    else:
        words = hashlib.sha256(asked.encode()).hexdigest()
        content = f"[[ ## text ## ]]\nIt is {words[:6]}, and then {words[6:12]}; so be it.\n\n[[ ## completed ## ]]"
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}


@pytest.fixture
def server() -> Iterator[Server]:
    """A model on this machine."""
    running = Server()
    thread = threading.Thread(target=running.http.serve_forever, daemon=True)
    thread.start()
    yield running
    running.http.shutdown()
    running.http.server_close()


def rows_of(out: Path) -> list[dict[str, Any]]:
    (ledger,) = out.glob("evaluations/authorship-*/ledger.parquet")
    spent = {"seconds", "judge_seconds", "tokens"}
    return [LedgerRow.model_dump(row, exclude=spent) for row in read_all(ledger)[0]]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_ten_times_an_evaluation_ends_with_the_rows_of_an_undisturbed_one(server, tmp_path):
    path = tmp_path / "texts.jsonl"
    lines = [
        # Prompts of their own, so that no two targets ask for the same.
        {"author": author.id, "text": text.text, "prompt": f"{text.prompt} ({text.id})", "id": text.id}
        for author in load_corpus("bundled").authors[:8]
        for text in author.texts[:9]
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    command = [sys.executable, "-m", "programs.evaluate", "--data", f"jsonl:{path}", "--samples", "2", "--threads", "2"]
    command += ["--systems", "zero-shot,few-shot,uncompiled", "--judges", "stylometric", "--json"]
    command += ["--lm", "openai/made-up", "--api-base", server.base]

    def begin(out: Path, *more: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "OPENAI_API_KEY": "sk-x", "DSPY_CACHEDIR": str(out / "cache")}
        environment.pop("MLFLOW_TRACKING_URI", None)
        return subprocess.Popen(
            [*command, "--out", str(out), *more],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    whole = begin(tmp_path / "whole")
    _, told = whole.communicate(timeout=300)
    assert whole.returncode == 0, told
    once = Counter(server.answered)
    # 4 test authors with 3 targets, 3 systems: 36 texts, and one inference an author.
    assert sum(once.values()) == len(once) == 36 + 4
    server.answered.clear()
    rng, n_kills, out = random.Random(7), 0, tmp_path / "parts"
    while n_kills < 10:
        before = sum(server.answered.values())
        running = begin(out, "--resume")
        # A few answers later, at any moment of the next one.
        goal = before + rng.randint(1, 3)
        while sum(server.answered.values()) < goal and running.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.random() * SECONDS_PER_ANSWER)
        assert running.poll() is None, running.communicate()
        running.kill()
        running.communicate()
        n_kills += 1
    last = begin(out, "--resume")
    _, told = last.communicate(timeout=300)
    assert last.returncode == 0, told
    assert rows_of(out) == rows_of(tmp_path / "whole")
    assert set(server.answered) == set(once)
    # Asked for again is at most what was on its way when a process was killed: one answer for each of two threads.
    assert sum(server.answered.values()) - len(once) <= 2 * n_kills
