"""The joint search over several processes, over kills, and over many trials; slow."""

import random
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from joint_toy import N_TRIALS, Tally, chorus_material, joint_search, told

from optimizers.joint import Joint

WORKER = """
import sys, time
sys.path[:0] = {paths!r}
from joint_toy import Tally, joint_search
from optimizers.joint import Joint
engine = Tally(lambda n: time.sleep({seconds}))
compiled = joint_search(Joint(study={study!r}), engine=engine, n_trials={n_trials}, n_threads=1)
print(compiled.score, compiled.n_scored, engine.n_calls, compiled.program.say.signature.instructions)
"""


@pytest.fixture(scope="module")
def undisturbed():
    engine = Tally()
    return joint_search(engine=engine), engine.n_calls


def start(study, seconds, n_trials=N_TRIALS):
    root = Path(__file__).parents[2]
    paths = [str(root), str(root / "tests"), str(root / "tests" / "optimizers")]
    code = WORKER.format(paths=paths, seconds=seconds, study=str(study), n_trials=n_trials)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_share_a_study(tmp_path):
    workers = [start(tmp_path / "study.log", 0.02) for _ in range(2)]
    lines = [worker.communicate(timeout=200)[0].split(maxsplit=3) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    (score, n_scored, mine, words), (other_score, _, others, other_words) = lines
    assert (score, words) == (other_score, other_words)
    assert int(mine) + int(others) == int(n_scored) + 6
    assert min(int(mine), int(others)) > 10


@pytest.mark.slow
def test_a_process_that_is_killed_is_resumed_by_the_next(undisturbed, tmp_path):
    whole, n_whole = undisturbed
    study, rng = tmp_path / "study.log", random.Random(0)
    n_killed = 0
    for _ in range(4):
        worker = start(study, 0.05)
        n_before = study.stat().st_size if study.exists() else 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and worker.poll() is None:
            if study.exists() and study.stat().st_size > n_before:
                break
            time.sleep(0.05)
        time.sleep(rng.uniform(0.2, 1.0))
        n_killed += worker.poll() is None
        worker.kill()
        worker.wait()
    engine = Tally()
    assert n_killed
    assert told(joint_search(Joint(study=study), engine=engine)) == told(whole)
    assert engine.n_calls < n_whole


@pytest.mark.slow
def test_two_hundred_trials_take_little_memory(tmp_path):

    material = replace(chorus_material(), settings={"level": list(range(10))})
    joint_search(Joint(study=tmp_path / "warm.log"), material=material, n_trials=5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compiled = joint_search(Joint(study=tmp_path / "study.log"), material=material, n_trials=200)
    assert len(compiled.trials) == 201
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200
