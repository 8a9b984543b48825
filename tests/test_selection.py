"""Several candidates for one prompt, and the one that is kept."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from dspy.lm15 import Message, Request, Response, ServerError, TextPart, Usage
from rich.console import Console
from scripted import ScriptedEngine, lm, requests, turns
from tiny_task import draft

from benchmarks.selection import Drawn
from benchmarks.selection import main as benchmark
from programs import AuthorshipProgram, Hypothesis, load
from programs.authorship import AuthorshipSettings
from programs.card import read_card
from programs.entry import exit_code
from programs.ledger import write_ledger
from programs.lms.adapters import FittingAdapter
from programs.personal_text import PersonalText, show
from programs.personalize import main
from programs.references import SHIPPED
from programs.selection import MAX_CANDIDATES, neighbours
from programs.systems import find_system, without_candidates
from programs.tasks import find_task
from programs.versions import save_version
from signatures.errors import SetupError

TASK = find_task("authorship")
SAMPLES = [
    "OK!!! So — guess what?! I AM moving to the coast!!! Can you believe it?! Me neither!!!",
    "No way!!! You DID it?! I knew it — I KNEW it!!! Tell me everything, please, right NOW!!!",
]
LIKE = "So — are you READY?! We won!!! I knew it, I just KNEW we would!!! Come over!!!"
UNLIKE = [
    "The results were announced on Tuesday, and the members of the committee expressed satisfaction.",
    "In accordance with the schedule, the meeting will take place in the main hall next week.",
    "It is with great pleasure that the organisation reports the successful completion of the project.",
]
CLAIMS = [
    Hypothesis(dimension="writing style", aspect="rhythm", statement=f"Has the habit {name}.")
    for name in ("alpha", "beta", "gamma")
]


class Replying(AnsweringEngine):
    """Answers every request for a text with what a function makes of it."""

    def __init__(self, reply: Callable[[Request], str | Exception]):
        super().__init__()
        self.reply = reply
        self.seen: list[Request] = []

    def complete(self, request: Request) -> Response:
        if request.config.response_format:
            return super().complete(request)
        self.seen.append(request)
        text = self.reply(request)
        if isinstance(text, Exception):
            raise text
        message = Message(role="assistant", parts=(TextPart(text=text),))
        usage = Usage(input_tokens=10, output_tokens=5)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)


def left_out(request: Request) -> str:
    """Which of the claims a request does not show, "" if it shows them all."""
    told = turns(request)[0][1]
    return " ".join(name for name in ("alpha", "beta", "gamma") if name not in told)


REPLIES = {"": UNLIKE[0], "alpha": UNLIKE[1], "beta": LIKE, "gamma": UNLIKE[2]}
"""What is written without each claim, and with all."""


def replying(reply: Callable[[Request], str | Exception] = lambda request: REPLIES[left_out(request)], **settings: Any):
    """An engine, and the context in which programs ask it."""
    engine = Replying(reply)
    return engine, dspy.context(lm=answering_lm(engine, **{"temperature": 0.7, **settings}), adapter=FittingAdapter())


def written(context: Any, n: int | None, program: AuthorshipProgram | None = None, **inputs: Any) -> dspy.Prediction:
    with context:
        return (program or AuthorshipProgram())(
            **{"samples": SAMPLES, "prompt": "Of the game.", "hypotheses": CLAIMS, "n": n, **inputs}
        )


def test_the_candidate_most_like_the_samples_is_returned_with_all_scores():
    engine, context = replying()
    out = written(context, 4)
    assert out.text == LIKE
    assert [each.text for each in out.candidates] == [UNLIKE[0], UNLIKE[1], LIKE, UNLIKE[2]]
    assert [each.left_out for each in out.candidates] == [None, 0, 1, 2]
    assert out.chosen == 2 and out.candidates[2].score == max(each.score for each in out.candidates)
    assert out.n_failed == 0 and len(engine.seen) == 4
    assert out.hypotheses == tuple(CLAIMS)
    scores = sorted(each.score for each in out.candidates)
    assert out.notes == (
        f"picked from 4 candidates by likeness to the samples: {scores[3]:.1f}, "
        f"the others {scores[0]:.1f} to {scores[2]:.1f}",
    )


@pytest.mark.parametrize("n", [None, 1])
def test_one_candidate_is_the_plain_call_and_nothing_else(n):
    plain, several = (replying(seed=7) for _ in range(2))
    out = written(plain[1], n)
    assert (out.text, out.candidates, out.chosen, out.n_failed, out.notes) == (UNLIKE[0], (), None, 0, ())
    (request,) = plain[0].seen
    assert request.config.seed == 7
    # It is also the first of several, so that a cached text serves both.
    written(several[1], 3)
    assert request in several[0].seen


def test_calls_are_neighbours_each_with_a_chance_of_its_own():
    engine, context = replying(seed=7)
    written(context, 6)
    # Three claims: all, without each, then round again.
    assert sorted(map(left_out, engine.seen)) == ["", "", "alpha", "alpha", "beta", "gamma"]
    assert len({request.config.seed for request in engine.seen}) == 6
    again, context = replying(seed=7)
    written(context, 6)
    assert {(left_out(each), each.config.seed) for each in again.seen} == {
        (left_out(each), each.config.seed) for each in engine.seen
    }


def test_rollouts_of_a_caller_have_candidates_of_their_own():
    seeds = set()
    for rollout in (1, 2):
        engine, context = replying(seed=7, rollout_id=rollout)
        written(context, 4)
        seeds |= {request.config.seed for request in engine.seen}
    assert len(seeds) == 8


@pytest.mark.parametrize(("n_claims", "places"), [(0, [None] * 5), (1, [None] * 5), (2, [None, 0, 1, None, 0])])
def test_an_only_hypothesis_is_never_left_out(n_claims, places):
    assert neighbours(CLAIMS[:n_claims], 5) == places


def test_candidates_are_written_at_the_same_time():
    # Each call waits for the other seven; one after the other would break the barrier.
    barrier = threading.Barrier(8)

    def reply(request: Request) -> str:
        barrier.wait(20)
        return LIKE

    assert len(written(replying(reply)[1], 8).candidates) == 8


def test_hypotheses_are_inferred_once_for_all_candidates():
    engine, context = replying(lambda request: LIKE)
    written(context, 8, hypotheses=None)
    # Replying counts only requests that its base class answers: those with a schema.
    assert (engine.n_calls, len(engine.seen)) == (1, 8)


def test_candidates_that_fail_are_counted_and_the_rest_picked_from():
    def reply(request: Request) -> str | Exception:
        return ServerError("down") if left_out(request) in ("", "alpha") else REPLIES[left_out(request)]

    out = written(replying(reply)[1], 4)
    assert out.text == LIKE and [each.left_out for each in out.candidates] == [1, 2] and out.chosen == 0
    assert [each.call for each in out.candidates] == [2, 3]
    assert out.n_failed == 2 and out.notes[-1] == "2 of 4 candidates failed"


def test_one_text_left_is_returned_without_a_comparison():
    def reply(request: Request) -> str | Exception:
        return UNLIKE[0] if left_out(request) == "beta" else ServerError("down")

    out = written(replying(reply)[1], 4)
    assert (out.text, out.n_failed, out.notes) == (UNLIKE[0], 3, ("3 of 4 candidates failed",))


def test_the_first_fault_is_raised_where_all_candidates_fail():
    _, context = replying(lambda request: ServerError(f"down without {left_out(request) or 'nothing'}"))
    with pytest.raises(dspy.utils.exceptions.DSPyError, match="down without nothing"):
        written(context, 4)


def test_a_fault_of_the_users_ends_the_call():
    def reply(request: Request) -> str | Exception:
        return SetupError("no such model") if left_out(request) == "gamma" else LIKE

    with pytest.raises(SetupError, match="no such model"):
        written(replying(reply)[1], 4)


def test_a_copied_sample_or_a_loop_is_not_picked_where_there_is_another():
    faulty = {"": SAMPLES[0], "alpha": "I AM so happy!!! " * 20, "beta": UNLIKE[0], "gamma": "OK!!!"}
    out = written(replying(lambda request: faulty[left_out(request)])[1], 4)
    assert out.text == UNLIKE[0]
    faults = [each.faults for each in out.candidates]
    assert faults == [("copies the samples",), ("repeats itself",), (), ("far shorter than the samples",)]
    # The first two calls alone: one of the faulty texts must do, and a note says so.
    out = written(replying(lambda request: faulty[left_out(request)])[1], 2)
    assert out.notes[-1] == f"no candidate is without fault; this one: {out.candidates[out.chosen].faults[0]}"


def test_without_chance_no_call_is_paid_twice(caplog):
    engine, context = replying(temperature=0.0)
    with caplog.at_level(logging.WARNING):
        out = written(context, 8)
    assert sorted(map(left_out, engine.seen)) == ["", "alpha", "beta", "gamma"]
    assert "4 candidates instead of 8: at temperature 0 more would be the same texts" in out.notes
    assert caplog.text == ""


def test_the_trace_keeps_only_the_chosen_call():
    _, context = replying()
    with context, dspy.context(trace=[]):
        out = AuthorshipProgram()(samples=SAMPLES, prompt="Of the game.", hypotheses=CLAIMS, n=4)
        ((_, inputs, prediction),) = dspy.settings.trace
    assert out.text == prediction.text == LIKE
    assert inputs["hypotheses"] == [CLAIMS[0], CLAIMS[2]]


def test_tokens_of_all_candidates_are_counted():
    from dspy.utils.usage_tracker import track_usage

    _, context = replying()
    with track_usage() as tracker:
        written(context, 4)
    (usage,) = tracker.get_total_tokens().values()
    # Four calls that write 5 tokens each.
    assert usage["completion_tokens"] == 20


def test_any_model_writes_candidates():
    model = lm([f"[[ ## text ## ]]\n{text}\n\n[[ ## completed ## ]]" for text in [*UNLIKE, LIKE]], temperature=1.0)
    with dspy.context(lm=model, adapter=FittingAdapter()):
        out = AuthorshipProgram()(samples=SAMPLES, prompt="Of the game.", hypotheses=CLAIMS, n=4)
    assert out.text == LIKE and len(requests(model)) == 4


@pytest.mark.parametrize("n", [0, -1, MAX_CANDIDATES + 1, True, 2.0, "8"])
def test_a_number_of_candidates_that_is_none_is_refused_before_any_call(n):
    model = lm([], small=True)
    with dspy.context(lm=model, adapter=FittingAdapter()), pytest.raises(SetupError, match="number of candidates is"):
        AuthorshipProgram()(samples=SAMPLES, prompt="p", n=n)
    assert requests(model) == []


def test_the_argument_goes_before_the_setting():
    program = AuthorshipProgram(AuthorshipSettings(n_candidates=3))
    for n, expected in ((None, 3), (2, 2), (1, 1)):
        engine, context = replying()
        written(context, n, program)
        assert len(engine.seen) == expected


def test_versions_saved_before_there_were_candidates_write_one(tmp_path):
    program = AuthorshipProgram()
    old = {name: value for name, value in TASK.settings_of(program).items() if name != "n_candidates"}
    folder = save_version(
        program, draft(settings=old), lambda path: write_ledger(path, []), root=tmp_path / "artifacts"
    )
    loaded: Any = load(str(folder))
    assert loaded.settings.n_candidates == 1
    assert read_card(folder / "card.json").settings == old


def test_cards_say_how_many_candidates_a_program_writes():
    assert TASK.settings_of(AuthorshipProgram())["n_candidates"] == 1
    rebuilt: Any = TASK.build(TASK.settings_of(AuthorshipProgram(AuthorshipSettings(n_candidates=4))))
    assert rebuilt.settings.n_candidates == 4


def test_the_program_that_ships_takes_a_number_of_candidates():
    folder = next(each / "authorship" / "default" for each in SHIPPED if (each / "authorship" / "default").is_dir())
    program: Any = load(str(folder))
    assert program.settings.n_candidates == 1
    engine, context = replying(lambda request: LIKE)
    assert len(written(context, 5, program).candidates) == len(engine.seen) == 5


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        ("uncompiled*8", ("uncompiled", 8)),
        ("authorship@champion*16", ("authorship@champion", 16)),
        ("runs/authorship/3*2", ("runs/authorship/3", 2)),
        ("uncompiled", ("uncompiled", None)),
        ("texts:mine*2", ("texts:mine*2", None)),
        ("*8", ("*8", None)),
        ("a*8*2", ("a*8*2", None)),
    ],
)
def test_a_systems_name_may_end_with_its_number_of_candidates(reference, base):
    assert without_candidates(reference) == base


def test_a_folder_whose_name_ends_like_a_number_of_candidates_is_a_folder(tmp_path):
    folder = tmp_path / "run*8"
    folder.mkdir()
    assert without_candidates(str(folder)) == (str(folder), None)


def test_a_system_with_several_candidates_is_the_same_program_with_another_setting(tmp_path):
    program = AuthorshipProgram()
    save_version(program, draft(settings=TASK.settings_of(program)), lambda path: write_ledger(path, []), root=tmp_path)
    for base in ("uncompiled", "authorship/1"):
        one, many = find_system(base, TASK, tmp_path), find_system(f"{base}*8", TASK, tmp_path)
        assert isinstance(one.program, AuthorshipProgram) and isinstance(many.program, AuthorshipProgram)
        assert (one.program.settings.n_candidates, many.program.settings.n_candidates) == (1, 8)
        assert many.name == f"{base}*8" and many.about == f"{one.about}; of 8 candidates the likeliest"
        assert one.program.dump_state() == many.program.dump_state()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("zero-shot*8", "program 'zero-shot' writes one text for a prompt"),
        ("uncompiled*0", "the number of candidates is 0; give one from 1 to 64"),
        ("uncompiled*65", "the number of candidates is 65"),
        ("uncompild*8", "unknown system 'uncompild'; choose one of"),
        ("uncompiled*", r"unknown system 'uncompiled\*'"),
        ("uncompiled*8*8", r"unknown system 'uncompiled\*8\*8'"),
    ],
)
def test_candidates_that_no_system_writes_are_refused(reference, message):
    with pytest.raises(SetupError, match=message):
        find_system(reference, TASK)


@pytest.mark.parametrize(("option", "n"), [((), 1), (("--candidates", "3"), 3)])
def test_the_command_writes_as_many_candidates_as_it_is_told(option, n, tmp_path, capsys):
    mail = tmp_path / "mail.txt"
    mail.write_text(SAMPLES[0], "utf-8")
    engine, _ = replying(lambda request: LIKE)
    words = ["--samples", str(mail), "--prompt", "p", "--json", *option]
    code = exit_code(lambda: main(words, lambda name: AuthorshipProgram(), lambda name, **_: answering_lm(engine)))
    out = capsys.readouterr().out
    assert code == 0 and len(engine.seen) == n
    notes = PersonalText.model_validate_json(out).notes
    picked = [note for note in notes if note.startswith(f"picked from {n} candidates by likeness")]
    assert len(picked) == (n > 1)


@pytest.mark.parametrize(
    ("program", "n", "message"),
    [
        (AuthorshipProgram(), 0, "the number of candidates is 0"),
        (dspy.Predict("prompt -> text"), 2, "program 'authorship' writes one text"),
    ],
)
def test_the_command_refuses_candidates_that_cannot_be_written(program, n, message, tmp_path, capsys):
    mail = tmp_path / "mail.txt"
    mail.write_text(SAMPLES[0], "utf-8")
    model = dspy.LM("scripted", engine=ScriptedEngine([]), cache=False)
    words = ["--samples", str(mail), "--prompt", "p", "--candidates", str(n)]
    assert exit_code(lambda: main(words, lambda name: program, lambda name, **_: model)) == 2
    assert message in capsys.readouterr().err


def test_a_person_reads_how_the_text_was_picked(capsys):
    out = written(replying()[1], 4)
    shown = PersonalText(
        hypotheses=out.hypotheses, text=out.text, notes=out.notes, n_samples=3, program="authorship", model="embedded"
    )
    show(shown, Console())
    assert "- picked from 4 candidates by likeness to the samples" in capsys.readouterr().out


def test_each_number_of_candidates_is_read_off_the_same_texts():
    # The third call failed; scores rise with the letters but for the last.
    drawn = Drawn("me", "zero", texts=("a", "b", "d", "c"), scores=(1.0, 2.0, 9.0, 3.0), calls=(0, 1, 3, 4))
    assert [drawn.picked(n) for n in (1, 2, 3, 4, 5)] == ["a", "b", "b", "d", "d"]
    late = Drawn("me", "zero", texts=("x",), scores=(0.0,), calls=(4,))
    assert late.picked(1) == "x"


def test_the_benchmark_prints_a_row_for_each_judge_and_number(capsys):
    words = ["--limit-authors", "2", "--n", "1", "3", "--judges", "delta"]
    assert benchmark(words, lambda name, **_: answering_lm(temperature=0.7)) == 0
    out = capsys.readouterr().out
    assert "6 targets of\n2 test authors, 3 candidates each" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("delta")]
    assert [row[1] for row in rows] == ["1", "3"]
    # The answering model writes the same text whatever is left out: every pick ties with the first.
    assert [row[-3] for row in rows] == ["0.500", "0.500"]


@pytest.mark.parametrize("words", [["--n", "0", "8"], ["--system", "zero-shot"], ["--judges", "nobody"]])
def test_the_benchmark_refuses_what_it_cannot_measure(words, capsys):
    assert benchmark(words, lambda name, **_: answering_lm()) == 2
    assert capsys.readouterr().err.startswith("error: ")
