"""Where a study lives: what a kill leaves behind, who works on it, what is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizers.joints.kept import Row
from optimizers.joints.storage import open_place, repair
from optimizers.joints.study import Study
from optimizers.joints.workers import Lock, Workers
from signatures.errors import SetupError


def filled(path):
    study = Study.open(path)
    study.claim({"split": "abc"})
    record = study.begin({}, None, 0)
    assert record
    study.keep(record.id, 0, [Row(0, 0.5, 10, 1.0)], done=True)
    study.finish(record.id, 0.5, pruned=False)
    return path.read_bytes()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_journal_cut_anywhere_opens_with_what_was_whole(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "study.log"
    content = filled(path)
    length = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:length])
    n_whole = content[:length].count(b"\n")
    study = Study.open(path)
    # Opening writes one line, the same study's name once more, which Optuna passes over.
    assert path.read_bytes().count(b"\n") == n_whole + 1
    assert path.read_bytes().startswith(content[: content[:length].rfind(b"\n") + 1])
    assert all(json.loads(line) for line in path.read_bytes().splitlines())
    study.claim({"split": "abc"})
    n_records = len(study.records())
    assert study.begin({}, None, n_records) is not None


def test_zeros_that_a_power_cut_left_are_dropped(tmp_path):
    path = tmp_path / "study.log"
    content = filled(path)
    path.write_bytes(content + b"\0" * 100)
    assert repair(path) == 100
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"Dear diary", b"a,b\n1,2\n", b'{"op_code": 0}\nbroken\n{"op_code": 4}\n', b"[1]\n{}\n"]
)
def test_a_file_that_is_no_journal_is_refused_and_left_alone(content, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(SetupError, match=r"notes.txt' is damaged, or no journal.*line \d is b'.*; name another file"):
        open_place(path)
    assert path.read_bytes() == content


def test_places_that_cannot_be_opened_say_what_to_do(tmp_path):
    with pytest.raises(SetupError, match="is a folder; name a file in it"):
        open_place(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(SetupError, match="cannot write"):
        open_place(tmp_path / "file" / "study.log")
    with pytest.raises(SetupError, match="study 'oracle9://host/db' cannot be opened"):
        open_place("oracle9://user:secret@host/db")


def test_a_study_tells_what_it_was_made_from(tmp_path):
    filled(tmp_path / "study.log")
    study = Study.open(tmp_path / "study.log")
    assert study.identity == {"split": "abc"}
    study.claim({"split": "abc"})
    with pytest.raises(SetupError, match="split 'abc' there and 'xyz' here; judge None there and 'llm' here"):
        study.claim({"split": "xyz", "judge": "llm"})


def test_a_trial_that_two_machines_began_at_once_is_scored_by_one(tmp_path):
    first, second = Study.open(tmp_path / "study.log"), Study.open(tmp_path / "study.log")
    assert first.begin({}, None, 0) is not None
    assert second.begin({}, None, 0) is None
    assert [record.number for record in first.records()] == [0]
    assert len(first.history().trials) == 1


def test_a_lock_has_one_holder_at_a_time(tmp_path):
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.take() and not second.take(wait=False)
    first.give()
    assert second.take(wait=False)
    second.give()
    second.give()


def test_workers_take_the_first_free_name_and_see_who_is_alive(tmp_path):
    first, second, third = (Workers(tmp_path / "locks") for _ in range(3))
    with first.joined() as one:
        with second.joined() as two:
            assert (one, two) == ("0", "1")
            assert first.alive("1") and second.alive("0") and not first.alive("0") and not first.alive("7")
        assert not first.alive("1")
        with third.joined() as again:
            assert again == "1"


def test_workers_of_other_machines_are_taken_to_be_alive(tmp_path):
    here = Workers(tmp_path / "locks", host="here:")
    with here.joined() as name:
        assert name == "here:0"
        assert here.alive("there:0") and not here.here("there:0")
        assert here.here("here:5") and not here.alive("here:5")
