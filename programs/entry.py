"""What all commands share: one line for a fault, exit codes, quiet libraries, where results and progress go."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from dspy.utils.exceptions import (
    ContextWindowExceededError,
    DSPyError,
    LMAuthError,
    LMTransportError,
    LMUnsupportedModelError,
)
from rich.console import Console

from signatures.errors import SetupError

DONE, FAILED, USER_FAULT, INTERRUPTED = 0, 1, 2, 130
"""Exit codes of every command."""

NOISY = ("dspy", "LiteLLM", "httpx", "openai")
"""Loggers whose warnings tell a user nothing to act on; what fails arrives as an exception."""

LONGEST_FAULT = 400
"""Characters; some providers send their whole request back."""

REMEDIES: Mapping[type[DSPyError], str] = {
    LMAuthError: "check the provider's API key in your environment",
    LMTransportError: "check the network, or the server's address given with --api-base",
    LMUnsupportedModelError: "check the model's name given with --lm",
    ContextWindowExceededError: "shorten the prompt or the samples, or name a model that reads more with --lm",
}


class Parser(argparse.ArgumentParser):
    """A parser whose help opens with a command that works and whose faults are user faults of one line."""

    def __init__(self, prog: str, example: str, description: str) -> None:
        """Makes a parser for `prog`, such as `python -m programs.personalize`."""
        super().__init__(prog=prog, description=description, allow_abbrev=False)
        self.example = example

    def format_help(self) -> str:
        """The example, then argparse's help."""
        return f"{self.example}\n\n{super().format_help()}"

    def error(self, message: str) -> NoReturn:
        """Raises: SetupError with the message and where to look."""
        raise SetupError(f"{message}; see {self.prog} --help")


def add_model_options(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Adds `--lm` and `--api-base`, with HYPERALIGN_LM and HYPERALIGN_API_BASE as their defaults."""
    parser.add_argument(
        "--lm",
        default=environment.get("HYPERALIGN_LM") or "embedded",
        metavar="MODEL",
        help="embedded, embedded:/path/to/model.gguf, or a litellm model string such as openai/gpt-4o-mini "
        "(default: $HYPERALIGN_LM, else embedded)",
    )
    parser.add_argument(
        "--api-base",
        default=environment.get("HYPERALIGN_API_BASE") or None,
        metavar="URL",
        help="address of a hosted model's server (default: $HYPERALIGN_API_BASE, else the provider's own)",
    )


def run(main: Callable[[], int]) -> NoReturn:
    """Runs a command and ends the process with its exit code."""
    quiet_libraries()
    _write_utf8()
    sys.exit(exit_code(main))


def exit_code(main: Callable[[], int]) -> int:
    """Runs a command; user faults, failed models and Ctrl-C become one line on stderr and their exit code.

    Anything else is a fault of the program and keeps its traceback.
    """
    try:
        code = main()
        sys.stdout.flush()
        return code
    except SetupError as fault:
        return _fail(str(fault), USER_FAULT)
    except DSPyError as fault:
        setup = _setup_cause(fault)
        return _fail(str(setup), USER_FAULT) if setup else _fail(model_fault(fault), FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain of it once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def model_fault(fault: DSPyError) -> str:
    """What a model could not do, in one line, with the remedy where the kind of fault has one."""
    line = next(iter(str(fault).strip().splitlines()), type(fault).__name__).rstrip(" ;.")
    if len(line) > LONGEST_FAULT:
        line = line[:LONGEST_FAULT] + "…"
    remedy = next((text for kind, text in REMEDIES.items() if isinstance(fault, kind)), None)
    return "the model failed: " + "; ".join([line, *([remedy] if remedy else [])])


def quiet_libraries() -> None:
    """Keeps libraries' warnings off stderr, where progress is shown."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)


def results_console() -> Console:
    """Where results go: stdout; wide enough for a table where no terminal says how wide it is."""
    return Console(width=None if sys.stdout.isatty() else 120)


def progress_console() -> Console:
    """Where progress and notes to a watching person go: stderr, as it is now, even while libraries are silenced."""
    return Console(file=sys.stderr)


def _setup_cause(fault: BaseException | None) -> SetupError | None:
    """The user fault that a model's engine raised, which DSPy wraps in an error of its own."""
    while fault is not None:
        if isinstance(fault, SetupError):
            return fault
        fault = fault.__cause__
    return None


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code


def _write_utf8() -> None:
    """Texts hold any character; a stream that cannot encode one shows a mark in its place instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
