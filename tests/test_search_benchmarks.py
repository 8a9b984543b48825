"""The benchmarks of searches: the server that counts, kills, processes, memory, and races replayed from scores."""

import json
import random
import re
import socket
import threading
import time
import urllib.request
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import dspy
import pytest
from compiling_models import TeachableEngine, teachable_lm
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from benchmarks import processes, racing, study_memory
from benchmarks.killed import Kill, Moment, arrived, drawn_moments, verdict
from benchmarks.scored_programs import ScoredPrograms, drawn_programs, keep, read
from benchmarks.served import MODEL, reply, serving
from optimizers.joints.history import History
from optimizers.joints.space import Space, StepSpace
from programs import AuthorshipProgram
from programs.compiling.studies import Kept
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from programs.metering import Tally
from signatures.errors import SetupError
from signatures.generation import InferHypotheses

SAMPLES = (
    "Rain again, and the lower field is under water. We plant the upper one anyway, as we always have.",
    "No news from the harbour. The boat is mended, and the nets are dry, and nobody goes out before Friday.",
    "The well is low this year. My brother carries water from the mill, and he complains of it to everybody.",
)


def asked(content, **further):
    return {"model": "loopback", "messages": [{"role": "user", "content": content}], **further}


def posted(base, body):
    request = urllib.request.Request(
        f"{base}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


@given(st.text(min_size=1, max_size=300), st.integers(0, 9), st.integers(1, 3))
def test_the_same_question_has_the_same_answer_and_each_choice_a_text(content, seed, n):
    body = asked(content, seed=seed, n=n)
    found = reply(body)
    assert found == reply(body)
    assert [choice["index"] for choice in found["choices"]] == list(range(n))
    assert all(choice["message"]["content"] for choice in found["choices"])


def test_a_schema_is_answered_by_what_fits_it():
    kind = TypeAdapter(InferHypotheses.model_fields["hypotheses"].rebuild_annotation())
    schema = {"type": "object", "properties": {"hypotheses": kind.json_schema()}, "$defs": kind.json_schema()["$defs"]}
    body = asked("Who writes so?", response_format={"type": "json_schema", "json_schema": {"schema": schema}})
    said = json.loads(reply(body)["choices"][0]["message"]["content"])
    assert len(kind.validate_python(said["hypotheses"])) == 3


def test_the_server_serves_both_steps_of_the_program_and_counts_them(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with serving() as server:
        lm = make_lm(MODEL, api_base=server.base, cache=False)
        with dspy.context(lm=lm, adapter=FittingAdapter()):
            found = AuthorshipProgram()(samples=SAMPLES, prompt="Write of the harvest.")
        assert any(sentence in found.text for text in SAMPLES for sentence in re.split(r"(?<=\.) ", text))
        assert server.n_asked == 2 and server.n_open == 0
        assert server.arrivals() == sorted(server.arrivals())


def test_a_call_that_is_cut_off_while_it_is_sent_is_none(capsys):
    with serving() as server:
        address = urlsplit(server.base)
        with socket.create_connection((address.hostname, address.port)) as sender:
            sender.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
        assert posted(server.base, asked("Hello."))["choices"]
        assert server.n_asked == 1 and server.n_open == 0
    assert capsys.readouterr().err == ""


def test_a_call_is_open_until_it_is_answered():
    with serving((0.3, 0.3)) as server:
        asking = threading.Thread(target=posted, args=(server.base, asked("Say it.")))
        asking.start()
        while not server.n_asked:
            time.sleep(0.005)
        assert server.n_open == 1
        asking.join()
        assert server.n_open == 0


@given(st.lists(st.floats(0, 100), max_size=30).map(sorted), st.integers(0, 20), st.integers(0, 99))
def test_moments_are_where_they_were_drawn(arrivals, n, seed):
    moments = drawn_moments(arrivals, 120.0, n, random.Random(seed))
    # Calls and the seconds since the last of them give the drawn moment back.
    rng = random.Random(seed)
    drawn = sorted(rng.uniform(0, 120.0) for _ in range(n))
    found = [each.seconds + (arrivals[each.n_calls - 1] if each.n_calls else 0.0) for each in moments]
    assert found == pytest.approx(drawn)
    assert [each.n_calls for each in moments] == [sum(when <= at for when in arrivals) for at in drawn]


def test_a_moment_comes_with_its_calls_and_not_before():
    heard = iter([3, 4, 5])
    assert arrived(Moment(5, 0.0), lambda: False, lambda: next(heard))
    ended = iter([False, False, True])
    assert not arrived(Moment(5, 0.0), lambda: next(ended), lambda: 4)
    started = time.monotonic()
    assert arrived(Moment(2, 0.1), lambda: False, lambda: 2)
    assert time.monotonic() - started >= 0.1


def test_calls_that_kills_cost_are_held_against_an_undisturbed_run():
    # 1,030 calls are 3% more than 1,000, and 2.5% of them were in flight: half a percent was asked twice.
    lines, few = verdict(1000, 1030, [Kill(300, 5), Kill(700, 20)])
    assert not few
    assert "1030 calls, +3.0%" in lines[1] and "25 calls in all, 20 at most; without them +0.5%" in lines[2]
    assert verdict(1000, 1020, [Kill(300, 5)])[1]


def test_a_run_that_was_killed_before_its_search_can_be_gone_on_with(tmp_path):
    found = Kept(tmp_path / "studies" / "s.log", tmp_path / "studies" / "s.spent.json")
    assert not found.begun
    assert found.begin(resume=False) == "" and found.begun
    found.note(Tally(calls=3))
    assert found.begin(resume=True) == "" and found.spent_before(resume=True) == Tally(calls=3)
    # Without --resume it begins anew, and nothing is spent.
    assert found.begin(resume=False) == "" and found.spent_before(resume=True) == Tally()


def test_trials_a_minute_are_counted_from_the_first_start_to_the_last_end():
    begun = datetime(2026, 1, 1)
    rows = [
        {"started": (begun + timedelta(seconds=at)).isoformat(), "elapsed": until}
        for at, until in ((5, 3.0), (2, 30.0), (6, 24.0), (30, None))
    ]
    first, seconds, n_trials = processes.span(History(tuple(rows), {}))
    assert (first, seconds, n_trials) == (begun + timedelta(seconds=2), 30.0, 3)
    found = processes.Searched(2, n_trials, 40, seconds, before=8.0, whole=50.0)
    assert found.rate == 6.0
    # 50 - 8 - 30
    assert "2 processes: 3 trials in 30 s, 6.0 a minute; before 8 s, after 12 s, 40 calls" in processes.told(found)


def test_peak_memory_is_read_when_a_trial_is_told(tmp_path):
    status, heard = tmp_path / "status", []

    def said():
        for number, kib in enumerate((100, 200, 300)):
            status.write_text(f"Name:\tpython\nVmHWM:\t  {kib * 1024} kB\nVmRSS:\t 1 kB\n")
            yield f"  trial {number}: 0.5\n"
            yield "zero-shot texts: done, trial 1: no\n"

    assert study_memory.peaks(said(), status, [0, 2], heard.append) == {0: 100.0, 2: 300.0}
    assert len(heard) == 6


def scores_of(*rows, targets_each=1):
    authors = tuple(f"author {place // targets_each}" for place in range(len(rows[0])))
    return ScoredPrograms(
        about={"data": "made"}, authors=authors, space=Space(steps={}), programs=({},) * len(rows), scores=rows
    )


def test_a_race_that_leaves_no_doubt_scores_half():
    # Of four authors one is asked first, which tells nothing; the second shows the same gap, so that nothing varies
    # and the program has lost: 4 + 2 of 8 targets are scored.
    found = racing.raced(scores_of((0.5,) * 4, (0.25,) * 4), seed=0, risk=0.1)
    assert found == racing.Raced(chosen=0, best=0, saved=0.25, lost=0.0)


@settings(max_examples=8)
@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, 20).map(lambda points: points / 20), min_size=n, max_size=n).map(tuple),
            min_size=2,
            max_size=4,
        )
    ),
    st.integers(0, 5),
)
def test_without_risk_the_choice_is_the_best_and_nothing_is_saved(rows, seed):
    found = racing.raced(scores_of(*rows), seed=seed, risk=0.0)
    assert found.saved == 0.0 and found.lost == pytest.approx(0.0)
    assert sum(rows[found.chosen]) == pytest.approx(max(map(sum, rows)))


def test_what_a_wrong_choice_loses_is_told():
    # The third is best, by 0.5 to 0.625, and is stopped before it shows: it is behind on the authors asked first.
    rows = ((0.5,) * 4, (0.4,) * 4, (0.3, 0.3, 0.95, 0.95))
    races = [racing.raced(scores_of(*rows), seed, 0.1) for seed in range(12)]
    lost = [race.lost for race in races if race.chosen != 2]
    assert 0 < len(lost) < len(races) and lost == pytest.approx([0.125] * len(lost))
    lines, reached = racing.told(races)
    assert f"{12 - len(lost)} of 12 seeds" in lines[1] and "0.125 of the score are lost on average" in lines[1]
    assert not reached or len(lost) <= 2


def test_a_target_without_a_score_is_left_out_of_the_race():
    found = racing.raced(scores_of((0.5, 0.5, 0.5), (0.9, None, 0.9)), seed=0, risk=0.0)
    assert (found.chosen, found.lost) == (1, 0.0)


def test_scores_are_kept_whole_and_other_ones_refused(tmp_path):
    path = tmp_path / "deep" / "scores.json"
    found = scores_of((0.5, None), (0.25, 1.0))
    assert read(path, found.about) is None
    keep(path, found)
    assert read(path, found.about) == found
    assert found.first(1).scores == ((0.5, None),)
    with pytest.raises(SetupError, match="data 'made' there and 'mine' here"):
        read(path, {"data": "mine"})
    path.write_text("{}")
    with pytest.raises(SetupError, match="holds no scores"):
        read(path, found.about)


def test_more_programs_begin_with_the_same_ones():
    space = Space(
        steps={"say": StepSpace(instructions={"own": "Say.", "hand 1": "Say it."})}, settings={"n": ("1", "2", "3")}
    )
    few, many = drawn_programs(space, 3, seed=1), drawn_programs(space, 99, seed=1)
    assert many[:3] == few and few[0] == {}
    # Two instructions, three values: six programs are all there are.
    assert len({space.key(each) for each in many}) == len(many) == 6


def test_scores_come_from_the_model_once_and_from_the_file_then(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "cache"))
    engine = TeachableEngine()
    monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: teachable_lm(engine, settings))
    out = tmp_path / "scores.json"
    given = ["--targets", "1", "--threads", "4", "--seeds", "3", "--out", str(out)]
    assert racing.main([*given, "--programs", "2"]) in (0, 1)
    n_calls, kept = engine.n_calls, json.loads(out.read_text())
    assert n_calls and len(kept["scores"]) == 2 and "raced with a risk of 0.1" in capsys.readouterr().out
    assert racing.main([*given, "--programs", "2"]) in (0, 1)
    assert engine.n_calls == n_calls
    assert racing.main([*given, "--programs", "3"]) in (0, 1)
    assert json.loads(out.read_text())["scores"][:2] == kept["scores"]
    assert racing.main([*given, "--programs", "3", "--seed", "1"]) == 2
    assert "holds scores of something else: seed '0' there and '1' here" in capsys.readouterr().err
