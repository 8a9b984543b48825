"""What every optimizer promises, whatever it searches, with a model that proposes instructions and without."""

import _thread
import random
from dataclasses import replace

import dspy
import numpy as np
import pytest
from toy import Allowance, Parrot, Proposer, Toy, example, metric, proposer_lm

from optimizers import OPTIMIZERS, OutOfBudgetError, find_optimizer
from optimizers.scoring import fingerprint
from programs.lms.adapters import FittingAdapter
from programs.lms.embedded_lm import EmbeddedLM
from programs.spending import SharedTracker, total
from signatures.errors import SetupError

pytestmark = pytest.mark.usefixtures("model")

PROPOSING = ("copro", "gepa", "miprov2", "simba")


@pytest.fixture(params=[*sorted(OPTIMIZERS), *(f"{name}, proposing" for name in PROPOSING)])
def case(request):
    """The name of an optimizer, and whether a proposer stands by."""
    name, _, proposing = request.param.partition(", ")
    return name, bool(proposing)


@pytest.fixture
def optimizer(case):
    return OPTIMIZERS[case[0]]


@pytest.fixture
def material(case, material):
    return replace(material, proposer=proposer_lm()) if case[1] else material


def run(optimizer, material, *, n_trials=6, seed=0, metric=metric, on_trial=lambda trial: None, student=None, **rest):
    return optimizer.compile(
        student or Toy(), material, metric, n_trials=n_trials, seed=seed, n_threads=2, on_trial=on_trial, **rest
    )


def choices(compiled):
    return [(t.score, t.instructions, t.demos, fingerprint(t.program)) for t in compiled.trials]


def test_the_result_is_the_best_trial_and_never_worse_than_the_student(optimizer, material):
    compiled = run(optimizer, material)
    scores = [trial.score for trial in compiled.trials]
    # The student says "hey", which scores 0.2; shown or told to shout it gives 0.6, and some trial does.
    assert scores[0] == pytest.approx(0.2)
    assert compiled.score == max(scores) >= 0.6
    assert 2 <= len(scores) <= 6 + 1
    assert [trial.number for trial in compiled.trials] == list(range(len(scores)))
    assert not compiled.interrupted and not compiled.stopped and compiled.spent is None


def test_the_same_seed_makes_the_same_choices(optimizer, material, case):
    # Whatever the dice of the process show.
    random.seed(7)
    np.random.seed(7)
    first = run(optimizer, material, seed=3)
    again = replace(material, proposer=proposer_lm()) if case[1] else material
    random.seed(8)
    np.random.seed(8)
    assert choices(run(optimizer, again, seed=3)) == choices(first)


def test_neither_the_student_nor_the_settings_are_changed(optimizer, material):
    student = Toy()
    student.say.demos = [example("mine", text="hey")]
    before, settings = student.dump_state(), dict(dspy.settings.config)
    run(optimizer, material, student=student)
    assert student.dump_state() == before
    assert vars(student).keys() == vars(Toy()).keys()
    assert dict(dspy.settings.config) == settings


def test_no_program_is_scored_twice(optimizer, material):
    programs = [fingerprint(trial.program) for trial in run(optimizer, material, n_trials=12).trials]
    assert len(set(programs)) == len(programs)


def test_a_failed_example_has_no_score_instead_of_zero(optimizer, material):
    broken = replace(material, valset=[*material.valset, example("broken 1")])
    compiled = run(optimizer, broken)
    # Five of six say "hey": their mean is 0.2; with a zero for the sixth it would be 0.167.
    assert compiled.trials[0].score == pytest.approx(0.2)
    assert len(compiled.trials) > 1
    # All that the toy can score: no mean with a zero in it is among these.
    assert {round(trial.score, 9) for trial in compiled.trials} <= {0.2, 0.6, 0.9}
    # A trial that was stopped early may not have come to it.
    assert compiled.trials[0].n_failures == 1
    assert max(trial.n_failures for trial in compiled.trials) == 1


def test_many_failures_end_no_search(optimizer, material):
    # DSPy gives up at the tenth.
    broken = replace(
        material,
        valset=[*material.valset, *(example(f"broken {i}") for i in range(15))],
        trainset=[*(example(f"broken {i}") for i in range(15)), *material.trainset],
    )
    with dspy.context(max_errors=2):
        compiled = run(optimizer, broken, n_trials=3)
    assert compiled.trials[0].score == pytest.approx(0.2)
    assert compiled.trials[0].n_failures == 15


def test_a_valset_that_fails_throughout_is_an_error_and_not_a_score(optimizer, material):
    with pytest.raises(RuntimeError, match="failed|no trial"):
        run(optimizer, replace(material, valset=[example(f"broken {i}") for i in range(3)]), n_trials=1)


def test_a_metric_that_always_raises_is_an_error_before_more_is_paid(optimizer, material, parrot):
    def away(*_):
        raise RuntimeError("the judge is away")

    with pytest.raises(RuntimeError, match="failed|no trial"):
        run(optimizer, material, metric=away)
    assert parrot.n_calls == len(material.valset)


def test_a_metric_that_always_ties_leaves_the_student(optimizer, material):
    student = Toy()
    compiled = run(optimizer, material, metric=lambda *_: 0.5, student=student)
    assert compiled.score == 0.5
    assert compiled.program.dump_state() == student.dump_state()


def test_an_empty_valset_is_refused_before_the_first_call(optimizer, material, parrot):
    with pytest.raises(SetupError, match="valset is empty"):
        run(optimizer, replace(material, valset=[]))
    assert parrot.n_calls == 0


def test_one_example_and_no_trials_are_enough(optimizer, material, parrot):
    compiled = run(optimizer, replace(material, valset=material.valset[:1]), n_trials=0)
    assert [trial.score for trial in compiled.trials] == [pytest.approx(0.2)]
    assert parrot.n_calls == 1
    assert run(optimizer, replace(material, valset=material.valset[:1])).score >= 0.6


def test_an_empty_trainset_is_refused_or_done_without(optimizer, material, parrot):
    try:
        compiled = run(optimizer, replace(material, trainset=[]))
    except SetupError as error:
        assert "trainset, which is empty" in str(error)
        assert parrot.n_calls == 0
    else:
        assert compiled.score >= 0.6


def test_ctrl_c_keeps_the_best_so_far(optimizer, material):
    def stop_after_one(trial):
        if trial.number == 1:
            raise KeyboardInterrupt

    compiled = run(optimizer, material, on_trial=stop_after_one)
    assert compiled.interrupted
    assert len(compiled.trials) == 2
    assert compiled.score == max(trial.score for trial in compiled.trials)


def test_a_ctrl_c_signal_in_the_middle_of_a_trial_keeps_the_trials_before_it(optimizer, material):
    n_scored = 0

    def interrupting(*arguments):
        nonlocal n_scored
        n_scored += 1
        # The student takes the first five; this falls into what comes next.
        if n_scored == 8:
            _thread.interrupt_main()
        return metric(*arguments)

    compiled = run(optimizer, material, metric=interrupting, n_trials=30)
    assert compiled.interrupted
    assert 1 <= len(compiled.trials) <= 2
    assert all(trial.n_failures == 0 for trial in compiled.trials)
    assert compiled.score == max(trial.score for trial in compiled.trials)


@pytest.mark.parametrize("most", [0, 3, 5, 9, 22])
def test_no_call_is_made_beyond_the_budget_and_the_best_so_far_is_kept(optimizer, material, case, most):
    allowance = Allowance(most)
    parrot = Parrot(allowance)
    if case[1]:
        material = replace(material, proposer=proposer_lm(Proposer(allowance=allowance)))
    with dspy.context(lm=EmbeddedLM("parrot", engine=parrot, cache=False), adapter=FittingAdapter()):
        compiled = run(optimizer, material, n_trials=50, budget=allowance)
    assert allowance.n_calls <= most
    assert compiled.spent is not None and compiled.spent.calls == allowance.n_calls
    # Whoever did not run out of calls ran out of programs to try.
    assert compiled.stopped == (f"{most} of {most} calls are made" if allowance.n_calls == most else "")
    # The student takes five calls: with fewer there is no trial, and with five the one that was paid for.
    assert len(compiled.trials) == (0 if most < 5 else 1) or most > 5
    assert all(trial.n_failures == 0 for trial in compiled.trials)
    if compiled.trials:
        assert compiled.score == max(trial.score for trial in compiled.trials)
    else:
        assert compiled.program.dump_state() == Toy().dump_state()


def test_the_end_of_the_budget_stops_the_search_though_a_program_takes_it_for_a_failure(optimizer, material):
    class Swallowing(Toy):
        def forward(self, prompt: str) -> dspy.Prediction:
            try:
                return super().forward(prompt)
            except BaseException as error:
                raise RuntimeError("the step failed") from error

    allowance = Allowance(12)
    with dspy.context(lm=EmbeddedLM("parrot", engine=Parrot(allowance), cache=False)):
        compiled = run(optimizer, material, n_trials=50, budget=allowance, student=Swallowing())
    assert compiled.stopped == "12 of 12 calls are made"
    assert 1 <= len(compiled.trials) <= 2
    assert all(trial.n_failures == 0 for trial in compiled.trials)


def test_a_judge_that_runs_out_of_budget_stops_the_search(optimizer, material):
    allowance = Allowance(11)

    def paid(*arguments):
        allowance.count()
        return metric(*arguments)

    compiled = run(optimizer, material, metric=paid, n_trials=50)
    assert compiled.stopped == "11 of 11 calls are made"
    assert 1 <= len(compiled.trials) <= 2
    assert compiled.spent is None


def test_every_call_is_counted_whichever_thread_makes_it(optimizer, material, parrot):
    # DSPy's executors copy a usage tracker for each thread.
    tracker = SharedTracker()
    with dspy.context(usage_tracker=tracker):
        run(optimizer, replace(material, proposer=None))
    assert total(tracker).n_calls == parrot.n_calls > 5


def test_nothing_is_written_to_stdout_nor_into_the_folder(optimizer, material, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(optimizer, material)
    assert capfd.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_compiled_program_answers_the_same_after_its_state_went_through_json(optimizer, material, tmp_path):
    compiled = run(optimizer, material)
    compiled.program.save(tmp_path / "program.json")
    fresh = Toy()
    fresh.load(tmp_path / "program.json")
    assert fresh(prompt="new").text == compiled.program(prompt="new").text != "hey"
    assert type(compiled.program) is Toy and vars(compiled.program).keys() == vars(fresh).keys()


def test_a_compiled_program_can_be_compiled_again_and_is_the_first_trial_as_it_is(optimizer, material):
    student = run(optimizer, material).program
    # As DSPy marks what it has compiled.
    student._compiled = True
    again = run(optimizer, material, student=student, seed=1)
    assert fingerprint(again.trials[0].program) == fingerprint(student)
    assert again.trials[0].score >= 0.6 and again.score >= again.trials[0].score


def test_a_predictor_keeps_the_model_it_was_given(optimizer, material):
    class Own(Parrot):
        def __deepcopy__(self, memo):
            return self

    own, shared = Own(), Own()
    student = Toy()
    student.say.lm = EmbeddedLM("own", engine=own, cache=False)
    with dspy.context(lm=EmbeddedLM("shared", engine=shared, cache=False), adapter=FittingAdapter()):
        compiled = run(optimizer, material, student=student)
    assert compiled.score >= 0.6
    assert own.n_calls > 5 and shared.n_calls == 0


def test_trials_say_which_instructions_and_demos_they_had(optimizer, material):
    trials = run(optimizer, material).trials
    changed = [t for t in trials if t.demos["say"] or t.instructions["say"] != "Say it."]
    assert trials[0] not in changed and len(changed) == len(trials) - 1
    # Labelled demos carry the ids of their targets; bootstrapped ones their prompts and a star.
    demos = {name for trial in trials for name in trial.demos["say"]}
    assert all(name.startswith("shown") or name.endswith("*") for name in demos)


def test_an_unknown_optimizer_lists_the_known_ones():
    with pytest.raises(SetupError, match="unknown optimizer 'gepo'; choose one of: bootstrap, copro, gepa"):
        find_optimizer("gepo")


def test_the_end_of_a_budget_passes_by_those_who_go_on_after_failures():
    assert not issubclass(OutOfBudgetError, Exception)
    assert OutOfBudgetError("600 of 600 calls are made").reason == "600 of 600 calls are made"
