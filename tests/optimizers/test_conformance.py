"""What every optimizer promises, whatever it searches."""

import signal
from dataclasses import replace

import dspy
import pytest
from toy import Toy, example, metric

from optimizers import OPTIMIZERS, find_optimizer
from signatures.errors import SetupError

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture(params=sorted(OPTIMIZERS))
def optimizer(request):
    return OPTIMIZERS[request.param]


def run(optimizer, material, *, n_trials=6, seed=0, metric=metric, on_trial=lambda trial: None, student=None):
    return optimizer.compile(
        student or Toy(), material, metric, n_trials=n_trials, seed=seed, n_threads=2, on_trial=on_trial
    )


def test_the_result_is_the_best_trial_and_never_worse_than_the_student(optimizer, material):
    compiled = run(optimizer, material)
    scores = [trial.score for trial in compiled.trials]
    # The student says "hey", which scores 0.2; shown shouting alone gives 0.6, and some trial shows it.
    assert scores[0] == pytest.approx(0.2)
    assert compiled.score == max(scores) >= 0.6
    assert len(scores) == 6 + 1
    assert [trial.number for trial in compiled.trials] == list(range(7))


def test_the_same_seed_makes_the_same_choices(optimizer, material):
    first, second = run(optimizer, material, seed=3), run(optimizer, material, seed=3)
    assert [(t.instructions, t.demos) for t in first.trials] == [(t.instructions, t.demos) for t in second.trials]


def test_the_student_is_not_changed(optimizer, material):
    student = Toy()
    before = student.dump_state()
    run(optimizer, material, student=student)
    assert student.dump_state() == before


def test_a_failed_example_has_no_score_instead_of_zero(optimizer, material):
    broken = replace(material, valset=[*material.valset, example("broken 1")])
    compiled = run(optimizer, broken, n_trials=0)
    # Five of six say "hey": their mean is 0.2; with a zero for the sixth it would be 0.167.
    assert compiled.trials[0].score == pytest.approx(0.2)
    assert compiled.trials[0].n_failures == 1


def test_a_valset_that_fails_throughout_is_an_error_and_not_a_score(optimizer, material):
    with pytest.raises(RuntimeError, match="failed|no trial"):
        run(optimizer, replace(material, valset=[example(f"broken {i}") for i in range(3)]), n_trials=1)


def test_a_candidate_that_fails_throughout_is_counted_and_the_search_goes_on(material):
    def fails_when_loud(example, prediction, trace=None, *_):
        if trace is None and prediction.text == "HEY":
            raise RuntimeError("the judge is away")
        return metric(example, prediction, trace)

    compiled = run(OPTIMIZERS["bootstrap"], material, metric=fails_when_loud)
    # Every candidate that shows a demo shouts, and has no score; the student and those without demos have.
    assert compiled.n_unscored > 0
    assert len(compiled.trials) == 6 + 1 - compiled.n_unscored
    assert compiled.score == pytest.approx(0.2)


def test_ctrl_c_keeps_the_best_so_far(optimizer, material):
    def stop_after_three(trial):
        if trial.number == 2:
            raise KeyboardInterrupt

    compiled = run(optimizer, material, on_trial=stop_after_three)
    assert compiled.interrupted
    assert len(compiled.trials) == 3
    assert compiled.score == max(trial.score for trial in compiled.trials)


def test_a_ctrl_c_signal_in_the_middle_of_a_trial_keeps_the_trials_before_it(optimizer, material):
    n_scored = 0

    def interrupting(*arguments):
        nonlocal n_scored
        n_scored += 1
        # The student takes the first five, and bootstrapping a few more; this falls into a later trial.
        if n_scored == 20:
            signal.raise_signal(signal.SIGINT)
        return metric(*arguments)

    compiled = run(optimizer, material, metric=interrupting, n_trials=30)
    assert compiled.interrupted
    assert 1 <= len(compiled.trials) <= 4
    assert all(trial.n_failures == 0 for trial in compiled.trials)
    assert compiled.score == max(trial.score for trial in compiled.trials)


def test_nothing_is_written_to_stdout(optimizer, material, capsys):
    run(optimizer, material)
    assert capsys.readouterr().out == ""


def test_a_compiled_program_answers_the_same_after_its_state_went_through_json(optimizer, material, tmp_path):
    compiled = run(optimizer, material)
    compiled.program.save(tmp_path / "program.json")
    fresh = Toy()
    fresh.load(tmp_path / "program.json")
    assert fresh(prompt="new").text == compiled.program(prompt="new").text != "hey"


def test_trials_say_which_instructions_and_demos_they_had(optimizer, material):
    demos = {name for trial in run(optimizer, material).trials for name in trial.demos["say"]}
    # Labelled demos carry the ids of their targets; bootstrapped ones their prompts and a star.
    assert any(name.startswith("shown") for name in demos)
    assert all(name.startswith("shown") or name.endswith("*") for name in demos)


def test_only_mipro_changes_instructions(material):
    texts = {
        name: {t.instructions["say"] for t in run(OPTIMIZERS[name], material, n_trials=12).trials}
        for name in OPTIMIZERS
    }
    assert texts["bootstrap"] == {"Say it."}
    assert texts["miprov2"] >= {"Say it.", "Say it, loud."}


def test_demos_of_one_set_come_from_different_authors(material):
    for trial in run(OPTIMIZERS["bootstrap"], material, n_trials=10).trials:
        assert len(set(trial.demos["say"])) == len(trial.demos["say"])


def test_an_unknown_optimizer_lists_the_known_ones():
    with pytest.raises(SetupError, match="unknown optimizer 'gepo'; choose one of: bootstrap, miprov2"):
        find_optimizer("gepo")


def test_a_bootstrapped_demo_is_one_that_the_metric_accepts(material):
    loud = Toy()
    loud.say.signature = loud.say.signature.with_instructions("Say it, loud.")  # type: ignore[union-attr]
    compiled = run(OPTIMIZERS["bootstrap"], replace(material, labelled=()), student=loud)
    # "HEY" scores 0.6, above one half: accepted; with it shown the answer is "HEY HEY".
    assert compiled.score == pytest.approx(0.9)
    assert isinstance(compiled.program, dspy.Module)
