"""The compare command as a test runs it, and what it prints."""

import json

import pytest

from programs.compare import main
from programs.entry import exit_code


def told(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    assert main([*(str(word) for word in words), "--json"]) == 0
    streams = capsys.readouterr()
    assert streams.err == ""
    return json.loads(streams.out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert exit_code(lambda: main([str(word) for word in words])) == 2
    streams = capsys.readouterr()
    assert streams.out == "" and streams.err.count("\n") == 1
    return streams.err
