import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import dspy
import pytest
from dspy.lm15 import ContextLengthError, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tiny_task import REPLY, TASKS, ScriptedEngine, compiled, draft

from programs.authorship import AuthorshipProgram
from programs.entry import exit_code
from programs.lms import make_lm
from programs.personal_text import PersonalText, show, visible
from programs.personalize import EXAMPLE, main
from programs.reading import MOST_BYTES, read_texts
from programs.references import SHIPPED
from programs.shortening import cut
from programs.versions import load, save_version
from signatures.errors import SetupError
from signatures.hypotheses import Hypothesis

ROOT = Path(__file__).parents[1]

INFERRED = """[[ ## hypotheses ## ]]
[{"dimension": "writing style", "aspect": "rhythm", "statement": "Writes short sentences.",
  "evidence": ["We plant anyway.", "never written"], "confidence": 0.8},
 {"dimension": "personality", "aspect": "openness", "statement": "Likes the new."},
 {"dimension": "communication strategy", "aspect": "directness", "statement": "Says it at once."}]

[[ ## completed ## ]]"""
WRITTEN = "[[ ## text ## ]]\nDry now. ☀\n\n[[ ## completed ## ]]"

SCRIPT = (INFERRED, WRITTEN)


@pytest.fixture
def mail(tmp_path):
    path = tmp_path / "mail.txt"
    path.write_text("Rain again. We plant anyway. The mud takes a boot; I take it back.", "utf-8")
    return path


def asked(*arguments: object, engine: ScriptedEngine | None = None, seen: dict | None = None) -> int:
    """Runs the command with an uncompiled program and a model that follows a script."""

    def scripted(name: str, **settings: object) -> dspy.LM:
        if seen is not None:
            seen.update(name=name, **settings)
        return dspy.LM("scripted", engine=engine or ScriptedEngine(*SCRIPT), cache=False, num_retries=0)

    words = [str(argument) for argument in arguments]
    return exit_code(lambda: main(words, lambda reference: AuthorshipProgram(), scripted))


def fault(capsys, *arguments: object, code: int = 2) -> str:
    """The one line on stderr of a command that must fail with nothing on stdout."""
    assert asked(*arguments, engine=ScriptedEngine()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: [^\n]+\n", err), err
    return err


def test_hypotheses_text_and_notes_are_plain_lines_where_there_is_no_terminal(mail, capsys):
    assert asked("--samples", mail, "--prompt", "Of the weather.") == 0
    out, err = capsys.readouterr()
    assert err == "" and "\x1b" not in out
    lines = out.splitlines()
    assert "1. writing style, rhythm (80%): Writes short sentences." in lines
    assert "   “We plant anyway.”" in lines and "never written" not in out
    assert lines[lines.index("Text") + 2] == "Dry now. ☀"
    assert "- dropped 1 quotation or claim found in none of the samples" in lines
    assert "- read 1 sample; 3 to 7 tell more" in lines
    assert lines[-1] == "- written by program authorship with model embedded"


def test_json_is_the_only_thing_on_stdout_and_reads_back_as_the_record(mail, capsys):
    assert asked("--samples", mail, "--prompt", "Of the weather.", "--json", "--seed", 7) == 0
    found = PersonalText.model_validate_json(capsys.readouterr().out)
    assert found.text == "Dry now. ☀"
    assert (found.n_dropped, found.n_samples, found.seed, found.model) == (1, 1, 7, "embedded")
    # One short text: the two most telling of three are used.
    assert [each.evidence for each in found.hypotheses] == [("We plant anyway.",), ()]


def test_a_terminal_gets_a_table_with_markup_of_the_author_left_as_it_is():
    stream = io.StringIO()
    claim = Hypothesis(
        dimension="personality", aspect="openness", statement="Says [bold]so[/bold].", evidence=("[red]", "a\x1b[31mb")
    )
    written = PersonalText(hypotheses=(claim,), text="[/x]\x1b]0;owned\x07", n_samples=3, program="p", model="m")
    show(written, Console(file=stream, force_terminal=True, width=120, color_system=None))
    shown = stream.getvalue()
    assert "Says [bold]so[/bold]." in shown and "“[red]”" in shown and "[/x]]0;owned" in shown
    assert "━" in shown and "\x07" not in shown and "\x1b]" not in shown and "\x1b[31m" not in shown


@given(st.text())
def test_what_is_shown_holds_no_control_characters_and_everything_else(text):
    shown = visible(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert [c for c in text if c.isalnum()] == [c for c in shown if c.isalnum()]


def test_model_settings_and_attributes_reach_the_model(mail, capsys):
    class Recording(ScriptedEngine):
        requests: list[Request] = []

        def complete(self, request: Request) -> Response:
            self.requests.append(request)
            return super().complete(request)

    seen = {}
    prompt = ("--prompt", "x", "--attributes", "occupation=teacher", "motto=a=b")
    model = ("--lm", "openai/m", "--api-base", "http://h/v1", "--seed", "3")
    assert asked("--samples", mail, *prompt, *model, engine=Recording(*SCRIPT), seen=seen) == 0
    assert seen == {"name": "openai/m", "api_base": "http://h/v1", "seed": 3}
    assert '{"occupation": "teacher", "motto": "a=b"}' in str(Recording.requests[0].messages)


def test_options_take_their_defaults_from_the_environment(mail, monkeypatch, capsys):
    monkeypatch.setenv("HYPERALIGN_LM", "openai/env")
    monkeypatch.setenv("HYPERALIGN_API_BASE", "http://env/v1")
    seen = {}
    assert asked("--samples", mail, "--prompt", "x", seen=seen) == 0
    assert seen == {"name": "openai/env", "api_base": "http://env/v1"}


def test_a_saved_version_is_loaded_by_its_folder_and_named_in_the_notes(mail, tmp_path, capsys):
    folder = save_version(compiled(), draft(), lambda path: path.write_bytes(b"rows"), tmp_path / "artifacts")
    words = ["--samples", str(mail), "--prompt", "x", "--program", str(folder)]
    lm = dspy.LM("scripted", engine=ScriptedEngine(REPLY), cache=False)
    assert exit_code(lambda: main(words, lambda name: load(name, tasks=TASKS), lambda name, **_: lm)) == 0
    assert f"- written by program {folder} (version 1) with model embedded" in capsys.readouterr().out


def test_standard_input_is_a_sample_or_the_prompt_but_not_both(mail, monkeypatch, capsys):
    typed = io.TextIOWrapper(io.BytesIO("\ufeffBrief. Blunt.".encode()))
    monkeypatch.setattr(sys, "stdin", typed)
    assert asked("--samples", "-", mail, "--prompt", "x") == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Of the weather.")))
    assert asked("--samples", mail, "--prompt-file", "-") == 0
    capsys.readouterr()
    assert "both come from standard input" in fault(capsys, "--samples", "-", "--prompt-file", "-")
    assert "named 2 times" in fault(capsys, "--samples", "-", "-", "--prompt", "x")


def test_a_pattern_the_shell_left_alone_is_matched_in_order(tmp_path):
    for name in ("b", "a", "c[1]"):
        (tmp_path / f"{name}.txt").write_text(name, "utf-8")
    assert read_texts([str(tmp_path / "*.txt")]) == ["a", "b", "c[1]"]
    assert read_texts([str(tmp_path / "c[1].txt")]) == ["c[1]"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; give"),
        (b" \n\t", "is empty; give"),
        (b"\x89PNG\0\0", "is a binary file; give plain text"),
        ("caf\u00e9 au lait".encode("latin-1"), "is not UTF-8 (byte 3: b'\\xe9'); save it"),
        ("hello".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"x" * (MOST_BYTES + 1), "more than 1 MiB; give one text a file"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_its_fault_and_the_remedy(content, said, tmp_path, capsys):
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    assert f"'{path}' " in (line := fault(capsys, "--samples", path, "--prompt", "x")) and said in line
    assert said in fault(capsys, "--samples", __file__, "--prompt-file", path)


def test_files_that_cannot_be_read_are_named(tmp_path, mail, capsys):
    said = partial(fault, capsys, "--prompt", "x", "--samples")
    assert "no file 'absent.txt'" in said("absent.txt")
    assert f"is a folder; name the files in it, as in '{tmp_path}/*.txt'" in said(tmp_path)
    assert "no file matches" in said(tmp_path / "*.eml")
    assert "null byte" in said("a\0b")
    if os.geteuid() != 0:
        mail.chmod(0)
        assert "Permission denied" in said(mail)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required: --samples"),
        (("--samples", __file__), "one of the arguments --prompt --prompt-file is required"),
        (("--samples", __file__, "--prompt", " "), "the prompt is ' '; say what to write"),
        (("--samples", __file__, "--prompt", "\udcff"), "the prompt is not UTF-8"),
        (("--samples", __file__, "--prompt", "x", "--attributes", "tall"), "attribute 'tall' is not key=value"),
        (("--samples", __file__, "--prompt", "x", "--attributes", "=b"), "attribute '=b' is not key=value"),
        (("--samples", __file__, "--prompt", "x", "--attributes", "a=b", "a=c"), "attribute 'a' is given twice"),
        (("--samples", __file__, "--prompt", "x", "--seed", "one"), "invalid int value: 'one'"),
        (("--samples", __file__, "--prompt", "x", "--sed", "1"), "unrecognized arguments: --sed"),
    ],
)
def test_a_wrong_option_is_one_line(words, said, capsys):
    assert said in fault(capsys, *words)


def run_real(*words: object, lm: Callable[..., dspy.LM] = make_lm) -> int:
    arguments = [str(word) for word in words]
    return exit_code(lambda: main(arguments, lambda name: load(name, tasks=TASKS), lm))


def test_unknown_programs_and_models_are_user_faults_that_list_what_there_is(mail, tmp_path, capsys):
    folder = save_version(compiled(), draft(), lambda path: path.write_bytes(b"rows"), tmp_path / "artifacts")
    ask = ("--samples", mail, "--prompt", "x", "--program")
    assert run_real(*ask, "nobody") == 2
    assert "unknown task 'nobody'; choose one of: authorship" in capsys.readouterr().err
    assert run_real(*ask, tmp_path) == 2
    assert "holds no card.json" in capsys.readouterr().err
    assert run_real(*ask, folder, "--lm", "gpt") == 2
    assert "unknown model 'gpt'; choose 'embedded'" in capsys.readouterr().err


def test_a_hosted_model_that_cannot_be_reached_or_has_no_key_is_one_line(mail, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    folder = save_version(compiled(), draft(), lambda path: path.write_bytes(b"rows"), tmp_path / "artifacts")
    ask = ("--samples", mail, "--prompt", "x", "--program", folder, "--lm", "openai/gpt-4o-mini")
    capsys.readouterr()
    assert run_real(*ask) == 2
    needs = r"error: model 'openai/gpt-4o-mini' needs OPENAI_API_KEY in the environment; set it, or give --api-base\n"
    assert re.fullmatch(needs, capsys.readouterr().err)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    at_once = partial(make_lm, num_retries=0, cache=False)
    assert run_real(*ask, "--api-base", "http://127.0.0.1:9/v1", lm=at_once) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: the model failed: [^\n]*127.0.0.1:9[^\n]*--api-base\n", err)


def test_a_user_fault_inside_the_models_engine_is_still_the_users(mail, capsys):
    class Missing(ScriptedEngine):
        def complete(self, request: Request) -> Response:
            raise SetupError("the runtime is not installed; add it")

    assert asked("--samples", mail, "--prompt", "x", engine=Missing()) == 2
    assert capsys.readouterr().err == "error: the runtime is not installed; add it\n"


def test_ctrl_c_ends_with_130(capsys):
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert exit_code(interrupted) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


class Narrow(ScriptedEngine):
    """Reads a character no more than so many times."""

    def __init__(self, character: str, limit: int, *replies: str):
        super().__init__(*replies)
        self.character, self.limit = character, limit

    def complete(self, request: Request) -> Response:
        if sum((message.text or "").count(self.character) for message in request.messages) > self.limit:
            raise ContextLengthError("too long")
        return super().complete(request)


def test_samples_beyond_the_context_are_cut_with_a_note(tmp_path, capsys):
    # One "word" of 9000 characters, which no cut by words shortens; of the cuts, 2000 is the first within 3000.
    path = tmp_path / "emoji.txt"
    path.write_text("😀" * 9000, "utf-8")
    assert asked("--samples", path, "--prompt", "x", engine=Narrow("😀", 3000, *SCRIPT)) == 0
    assert "- cut 1 of 1 sample to 2000 characters, which is what the model reads" in capsys.readouterr().out


def test_a_prompt_beyond_the_context_fails_with_a_remedy(mail, capsys):
    assert asked("--samples", mail, "--prompt", "😀" * 9000, engine=Narrow("😀", 3000, INFERRED)) == 1
    assert "too long; shorten the prompt or the samples" in capsys.readouterr().err


def test_a_long_error_of_a_model_is_cut_to_a_line_that_can_be_read(mail, capsys):
    class Verbose(ScriptedEngine):
        def complete(self, request: Request) -> Response:
            raise ContextLengthError("far " * 500 + "too long")

    assert asked("--samples", mail, "--prompt", "x", engine=Verbose()) == 1
    err = capsys.readouterr().err
    assert len(err) < 600 and "…; shorten the prompt" in err


@pytest.mark.parametrize("text", ["😀🎉🔥 😀", "今天下雨了。我们还是种菜。", "a"])
def test_texts_without_latin_words_work(text, tmp_path, capsys):
    path = tmp_path / "text.txt"
    path.write_text(text, "utf-8")
    assert asked("--samples", path, "--prompt", "x") == 0


@given(st.text(alphabet=st.sampled_from("ab .!?\n。😀"), max_size=80), st.integers(1, 60))
def test_cutting_keeps_a_beginning_within_the_limit(text, limit):
    short = cut(text, limit)
    assert text.startswith(short) and len(short) <= limit
    assert short or not text
    assert (short == text) == (len(text) <= limit)


def test_a_cut_ends_where_a_sentence_does():
    # The second sentence ends at 27 characters, the third would end beyond 40.
    assert cut("We plant anyway. It rained. The boat is mended.", 40) == "We plant anyway. It rained."
    assert cut("no end in sight", 5) == "no en"


def python(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=text, capture_output=True, encoding="utf-8", timeout=120
    )


def test_importing_programs_loads_no_heavy_library_and_offers_the_public_names():
    heavy = ("mlflow", "litellm", "datasets", "sklearn", "optuna", "openvino_genai", "optimizers", "programs.compile")
    names = ("load", "make_lm", "AuthorshipProgram", "ZeroShot", "FewShot", "Hypothesis")
    code = f"from programs import {', '.join(names)}; import sys; print([m for m in {heavy} if m in sys.modules])"
    assert python("-c", code).stdout == "[]\n"


def test_help_opens_with_a_command():
    shown = python("-m", "programs.personalize", "--help")
    assert shown.returncode == 0 and shown.stderr == ""
    assert shown.stdout.startswith(EXAMPLE)


def ships() -> bool:
    return any((root / "authorship" / "default" / "card.json").is_file() for root in SHIPPED)


@pytest.mark.skipif(not ships(), reason="no compiled program lies under artifacts/authorship/default")
def test_the_command_in_the_help_works():
    first = EXAMPLE.splitlines()[0].partition(" --samples ")[::2]
    said = re.match(r'echo "(.*)" \| python -m (\S+)$', first[0])
    options = re.match(r'- --prompt "(.*)"$', first[1])
    assert said and options
    done = python("-m", said[2], "--samples", "-", "--prompt", options[1], "--json", text=said[1])
    assert done.returncode == 0 and done.stderr == ""
    found = json.loads(done.stdout)
    assert found["text"].strip() and found["hypotheses"]
