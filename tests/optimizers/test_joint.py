"""The joint search beside what every optimizer promises: settings, racing, aims, resuming, sharing."""

import random
import tempfile
import threading
import time
from dataclasses import replace

import dspy
import pytest
from dspy.teleprompt import Teleprompter
from joint_toy import N_TRIALS, Chorus, Tally, chorus_material, chorus_metric, joint_search, tally_lm, told, worth

from optimizers.contract import OutOfBudgetError, Spent
from optimizers.joint import Joint, JointTeleprompter
from optimizers.joints.study import Study
from optimizers.scoring import fingerprint
from programs.lms.adapters import FittingAdapter
from signatures.errors import SetupError


class Killed(BaseException):
    """Stands for a SIGKILL: nothing may catch it."""


@pytest.fixture(scope="module")
def undisturbed():
    engine = Tally()
    return joint_search(engine=engine), engine.n_calls


def test_instructions_demos_and_settings_are_searched_together(undisturbed):
    compiled, _ = undisturbed
    chosen = compiled.trials[compiled.winner]
    assert compiled.trials[0].choices == {}
    student = {"instruction:say": "own", "n_demos:say": 0, "demos:say": "labelled 1", "setting:level": "1"}
    assert compiled.history.trials[0]["params"] == student
    # Level 2 and "loud" are worth a tenth each and every demo a twentieth, far above how people differ.
    assert chosen.choices["setting:level"] == "2" and compiled.program.settings.level == 2
    assert chosen.instructions["say"] == "Say it, loud."
    assert len(chosen.demos["say"]) >= 2
    assert compiled.score == max(trial.score for trial in compiled.trials) > compiled.trials[0].score


def test_the_winner_is_scored_on_every_target_by_its_true_mean(undisturbed):
    compiled, _ = undisturbed
    valset = chorus_material().valset
    with dspy.context(lm=tally_lm(), adapter=FittingAdapter()):
        scores = [worth(compiled.program(prompt=each.prompt).text, each.prompt) for each in valset]
    assert compiled.trials[compiled.winner].n_scored == len(valset)
    assert compiled.score == pytest.approx(sum(scores) / len(scores))


def test_a_stopped_trial_says_so_and_what_it_saved_is_counted(undisturbed):
    compiled, n_calls = undisturbed
    pruned = [trial for trial in compiled.trials if trial.pruned]
    assert pruned and all(trial.n_scored < 16 and trial.score < compiled.score for trial in pruned)
    assert compiled.n_scored == sum(trial.n_scored for trial in compiled.trials)
    assert compiled.n_full == 16 * len(compiled.trials)
    assert compiled.saved == 1 - compiled.n_scored / compiled.n_full > 0.2
    # Every scored target is one call, and the trainset was run once.
    assert n_calls == compiled.n_scored + 6


def test_without_risk_every_trial_is_scored_throughout():
    compiled = joint_search(Joint(risk=0), n_trials=4)
    assert compiled.saved == 0 and not any(trial.pruned for trial in compiled.trials)


def test_threads_do_not_change_the_joint_search(undisturbed):
    assert told(joint_search(n_threads=8)) == told(joint_search(n_threads=1)) == told(undisturbed[0])


def test_another_seed_tries_other_programs(undisturbed):
    assert told(joint_search(seed=1)) != told(undisturbed[0])


def test_no_program_is_tried_twice_and_a_small_space_is_searched_to_its_end():
    material = replace(chorus_material(), labelled=(), trainset=(), settings={})
    compiled = joint_search(material=material, n_trials=50)
    # Four instructions and nothing else.
    assert len(compiled.trials) == 4 and compiled.exhausted
    assert len({fingerprint(trial.program) for trial in compiled.trials}) == 4


def test_a_student_that_is_alone_is_the_result():
    material = replace(chorus_material(), labelled=(), trainset=(), settings={}, variants={})
    compiled = joint_search(material=material)
    assert len(compiled.trials) == 1 and compiled.exhausted and compiled.saved == 0


def test_a_setting_that_makes_no_sense_is_refused_before_the_first_call():
    engine = Tally()
    for settings, words in (
        ({"level": [1, 99]}, "setting level of program is '99'"),
        ({"volume": [1]}, "unknown setting of program 'volume'; choose one of: level"),
        ({"level": []}, "give a list of values"),
    ):
        with pytest.raises(SetupError, match=words):
            joint_search(engine=engine, material=replace(chorus_material(), settings=settings))
    assert engine.n_calls == 0


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(SetupError, match="unknown preference 'fast'; choose one of: balanced, cheap, win"):
        joint_search(Joint(prefer="fast"))  # type: ignore[arg-type]
    with pytest.raises(SetupError, match="risk is 1.5"):
        joint_search(Joint(risk=1.5))
    with pytest.raises(SetupError, match="joint takes no teacher"):
        JointTeleprompter(chorus_metric).compile(Chorus(), trainset=[], teacher=Chorus(), valset=[])


def test_it_is_a_teleprompter():
    material = chorus_material()
    teleprompter = JointTeleprompter(chorus_metric, n_trials=3, n_threads=2)
    assert isinstance(teleprompter, Teleprompter)
    with dspy.context(lm=tally_lm(), adapter=FittingAdapter()):
        program = teleprompter.compile(
            Chorus(), trainset=list(material.trainset), valset=list(material.valset), variants=material.variants
        )
    assert program is teleprompter.compiled.program and len(teleprompter.compiled.trials) == 4


def test_the_cheapest_program_that_is_not_worse_is_preferred_where_tokens_count():
    class Counted(Tally):
        """Every demo costs a hundred tokens."""

        def complete(self, request):
            response = super().complete(request)
            n_shown = sum(message.role == "assistant" for message in request.messages)
            usage = type(response.usage)(input_tokens=100 + 100 * n_shown, output_tokens=0)
            return replace(response, usage=usage)

    cheap = joint_search(Joint(prefer="cheap"), engine=Counted())
    win = joint_search(Joint(prefer="win"), engine=Counted())
    chosen = cheap.trials[cheap.winner]
    assert chosen.tokens == 100 and not chosen.demos["say"]
    assert cheap.trials[0].score <= cheap.score <= win.score
    assert (win.trials[win.winner].tokens or 0) > 100


def test_a_candidate_that_fails_is_given_up_and_counted():
    def quiet_only(example, prediction, trace=None, *_):
        if "loud" in prediction.text:
            raise RuntimeError("the judge covers its ears")
        return chorus_metric(example, prediction, trace)

    compiled = joint_search(metric=quiet_only)
    assert compiled.n_unscored > 0 and len(compiled.trials) == N_TRIALS + 1 - compiled.n_unscored
    assert "loud" not in compiled.trials[compiled.winner].instructions["say"]
    assert [each["state"] for each in compiled.history.trials].count("failed") == compiled.n_unscored


def test_a_student_that_failed_is_tried_again_by_the_next_call(tmp_path):
    def away(*_):
        raise RuntimeError("the judge is away")

    joint = Joint(study=tmp_path / "study.log")
    with pytest.raises(RuntimeError, match="all 16 valset examples failed"):
        joint_search(joint, metric=away)
    assert told(joint_search(joint)) == told(joint_search())


def test_history_is_plain_data_for_plots(undisturbed, tmp_path):
    path = tmp_path / "study.log"
    compiled = joint_search(Joint(study=path))
    history = Study.open(path).history()
    assert history == compiled.history
    assert [each["number"] for each in history.trials] == list(range(N_TRIALS + 1))
    best = [each["best"] for each in history.trials]
    assert best == sorted(best) and best[-1] == pytest.approx(compiled.score)
    assert sum(history.importance.values()) == pytest.approx(1)
    assert history.importance.keys() == history.trials[0]["params"].keys()
    first = history.trials[0]
    assert first["state"] == "complete" and len(first["blocks"]) == 4 and first["tokens"] == 2


def test_a_finished_study_is_read_and_not_paid_again(undisturbed, tmp_path):
    joint = Joint(study=tmp_path / "study.log")
    first, engine, seen = joint_search(joint), Tally(), []
    again = joint_search(joint, engine=engine, on_trial=seen.append)
    assert engine.n_calls == 0
    assert told(again) == told(first) == told(undisturbed[0])
    assert [trial.number for trial in seen] == list(range(N_TRIALS + 1))
    assert fingerprint(again.program) == fingerprint(first.program)


def test_a_study_is_extended_by_more_trials(undisturbed, tmp_path):
    joint = Joint(study=tmp_path / "study.log")
    joint_search(joint, n_trials=5)
    assert told(joint_search(joint)) == told(undisturbed[0])


def test_a_database_keeps_a_study_too(undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    joint = Joint(study=f"sqlite:///{tmp_path}/study.db")
    engine = Tally()
    first = joint_search(joint, engine=engine, n_trials=3)
    n_calls = engine.n_calls
    assert told(joint_search(joint, engine=engine, n_trials=3)) == told(first) == told(undisturbed[0])[:4]
    assert engine.n_calls == n_calls


def test_killed_at_any_call_and_resumed_it_ends_as_if_undisturbed(undisturbed, tmp_path):
    whole, n_whole = undisturbed
    rng = random.Random(0)
    joint = Joint(study=tmp_path / "study.log")
    n_calls, n_kills = 0, 0
    while n_kills < 20:
        left = rng.randint(1, n_whole // 5)

        def kill(n, left=left):
            if n >= left:
                raise Killed

        engine = Tally(kill)
        try:
            compiled = joint_search(joint, engine=engine, n_threads=1)
        except Killed:
            n_kills += 1
        else:
            break
        finally:
            n_calls += engine.n_calls
    else:
        engine = Tally()
        compiled = joint_search(joint, engine=engine, n_threads=1)
        n_calls += engine.n_calls
    assert n_kills >= 5
    assert told(compiled) == told(whole)
    assert fingerprint(compiled.program) == fingerprint(whole.program)
    # Each kill costs the call that it hit, and one while demos were made costs the up to six runs before it.
    assert n_calls <= n_whole + n_kills + 6


@pytest.mark.parametrize("at", [3, 18, 25, 40])
def test_ctrl_c_and_the_end_of_a_budget_leave_a_study_that_goes_on(at, undisturbed, tmp_path):
    whole, n_whole = undisturbed

    class Allowance:
        n_calls = 0

        def check(self):
            if self.n_calls >= at:
                raise OutOfBudgetError(f"{at} of {at} calls are made")

        def spent(self):
            return Spent(calls=self.n_calls)

    allowance = Allowance()

    def pay(_):
        allowance.check()
        allowance.n_calls += 1

    joint = Joint(study=tmp_path / "study.log")
    first = joint_search(joint, engine=Tally(pay), n_threads=1, budget=allowance)
    assert first.stopped == f"{at} of {at} calls are made" and first.spent == Spent(calls=at)
    assert told(first) == told(whole)[: len(first.trials)]

    def interrupt(_):
        raise KeyboardInterrupt

    assert joint_search(joint, engine=Tally(interrupt), n_threads=1).interrupted
    engine = Tally()
    assert told(joint_search(joint, engine=engine, n_threads=1)) == told(whole)
    # Only runs that make demos, six of them after the student's 16, may be paid twice.
    assert n_whole - at <= engine.n_calls <= n_whole - at + (at - 16 if 16 < at < 22 else 0)


@pytest.mark.parametrize(
    ("at", "done", "kept"),
    [
        # The student is scored throughout, in the order of the blocks: two authors' four targets, then two.
        (6, 0, [4, 1]),
        # After its 16 targets and 6 of the trainset comes the first block of the next trial.
        (25, 0, [2]),
        # The trial after it gets beyond its first block of four, and one of the next two is done.
        (32, 1, [4, 1]),
    ],
)
def test_scores_of_a_block_under_way_are_kept_when_it_is_broken_off(tmp_path, at, done, kept):
    def stop(n):
        if n == at:
            raise Killed

    path = tmp_path / "study.log"
    with pytest.raises(Killed):
        joint_search(Joint(study=path), engine=Tally(stop), n_threads=1)
    *_, record = Study.open(path).records()
    assert record.running and record.done == done
    assert [len(rows) for rows in record.rows.values()] == kept


def test_a_study_of_something_else_is_refused_and_both_are_shown(tmp_path):
    joint = Joint(study=tmp_path / "study.log", about={"judge": "stylometric"})
    joint_search(joint, n_trials=1)
    engine = Tally()
    with pytest.raises(SetupError, match=r"split '\w{16}' there and '\w{16}' here; name another study"):
        joint_search(joint, engine=engine, material=chorus_material(n_authors=7))
    with pytest.raises(SetupError, match="material '.*' there and '.*' here"):
        joint_search(joint, engine=engine, material=replace(chorus_material(), variants={}))
    with pytest.raises(SetupError, match="seed '0' there and '5' here"):
        joint_search(joint, engine=engine, seed=5)
    with pytest.raises(SetupError, match="judge 'stylometric' there and 'llm' here"):
        joint_search(replace(joint, about={"judge": "llm"}), engine=engine)
    assert engine.n_calls == 0


def test_no_prompts_are_held_in_memory():
    lm = tally_lm()
    joint_search(lm=lm, material=replace(chorus_material(), trainset=()), n_trials=2)
    assert lm.history == []


def test_one_author_is_enough_for_a_search_without_races():
    compiled = joint_search(material=chorus_material(n_authors=1), n_trials=3)
    assert compiled.saved == 0 and len(compiled.trials) == 4


def test_two_threads_share_a_study_and_end_with_the_same_program(tmp_path):
    engine, joint, found = Tally(lambda n: time.sleep(0.002)), Joint(study=tmp_path / "study.log"), []
    workers = [threading.Thread(target=lambda: found.append(joint_search(joint, engine=engine))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    first, second = found
    assert fingerprint(first.program) == fingerprint(second.program) and first.score == second.score
    assert len(first.trials) == len(second.trials) == N_TRIALS + 1
    # Nobody scores what the other does, and the trainset is run once.
    assert engine.n_calls == first.n_scored + 6
    assert len({(fingerprint(trial.program), trial.program.settings.level) for trial in first.trials}) == N_TRIALS + 1
