"""What DSPy's own optimizers would do, and ours do not."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dspy
import pytest
from toy import Proposer, Toy, example, metric, proposer_lm
from tqdm import tqdm

from optimizers import OPTIMIZERS, Compiled, Material, confirm
from optimizers.contract import OutOfBudgetError
from optimizers.demos import one_an_author
from optimizers.reflecting import feedback
from signatures.errors import SetupError

pytestmark = pytest.mark.usefixtures("model")

REFUSAL = "I'm sorry, but I can't help with that."
FRENCH = "Je ne sais pas quoi proposer : dites-le, mais plus fort."
EMPTY_FIELDS = json.dumps(dict.fromkeys([*Proposer.fields], ""))
NO_VALUES = json.dumps(dict.fromkeys([*Proposer.fields]))
IN_FRENCH = json.dumps({**dict.fromkeys([*Proposer.fields], FRENCH), "module_advice": {"dire": FRENCH}})
PROPOSING = ("copro", "gepa", "miprov2", "simba")


class TwoSteps(dspy.Module):
    """Thinks, then says; only what is said has labels."""

    def __init__(self):
        super().__init__()
        self.think = dspy.Predict("prompt -> idea")
        self.say = dspy.Predict("prompt, idea -> text")

    def forward(self, prompt):
        return dspy.Prediction(text=self.say(prompt=prompt, idea=self.think(prompt=prompt).idea).text)


class Verbose:
    """A metric with words of its own."""

    def __init__(self):
        self.traces = []
        self._lock = threading.Lock()

    def __call__(self, example, prediction, trace=None, *_):
        with self._lock:
            self.traces.append(trace)
        return metric(example, prediction, trace)

    def feedback(self, example, prediction):
        return f"{prediction.text!r} at {example.prompt!r} is too quiet"


def demos(trial, step="say") -> list:
    return dict(trial.program.named_predictors())[step].demos


def run(name, material, *, n_trials=6, seed=0, metric=metric, student=None, n_threads=2) -> Compiled:
    return OPTIMIZERS[name].compile(
        student or Toy(),
        material,
        metric,
        n_trials=n_trials,
        seed=seed,
        n_threads=n_threads,
        on_trial=lambda trial: None,
    )


@pytest.mark.parametrize("name", PROPOSING)
@pytest.mark.parametrize(
    "reply", ["", REFUSAL, FRENCH, EMPTY_FIELDS, NO_VALUES, IN_FRENCH, "[]", RuntimeError("no credit")], ids=repr
)
def test_a_proposer_that_gives_nothing_of_use_costs_its_proposals_only(name, reply, material):
    compiled = run(name, replace(material, proposer=proposer_lm(Proposer(reply))), n_trials=4)
    assert compiled.score == max(trial.score for trial in compiled.trials) >= compiled.trials[0].score
    assert compiled.trials[0].score == pytest.approx(0.2)
    assert compiled.program(prompt="new").text in ("hey", "HEY", "HEY HEY")


@pytest.mark.parametrize("name", ["copro", "gepa"])
def test_without_a_proposer_and_instructions_it_is_said_which_optimizers_work(name, material, parrot):
    with pytest.raises(SetupError, match=r"too small to propose.*labeled, bootstrap, random-search, knn, miprov2"):
        run(name, replace(material, variants={}))
    assert parrot.n_calls == 0


def test_simba_without_a_proposer_and_instructions_adds_demos(material):
    compiled = run("simba", replace(material, variants={}))
    # Drawn hot, odd prompts are answered by shouting; shown one, the program shouts.
    assert compiled.score == pytest.approx(0.6)
    assert {trial.instructions["say"] for trial in compiled.trials} == {"Say it."}


@pytest.mark.parametrize("name", ["copro", "gepa", "miprov2", "simba"])
def test_hand_written_instructions_stand_in_for_a_proposer(name, material):
    tried = {trial.instructions["say"] for seed in range(3) for trial in run(name, material, seed=seed).trials}
    assert {"Say it.", "Say it, loud."} <= tried <= {"Say it.", "Say it, loud.", "Whisper it."}


@pytest.mark.parametrize("name", PROPOSING)
def test_instructions_of_a_proposer_are_tried(name, material):
    material = replace(material, proposer=proposer_lm(), variants={})
    runs = [run(name, material, seed=seed, n_trials=2) for seed in range(6)]
    tried = {trial.instructions["say"] for compiled in runs for trial in compiled.trials}
    assert tried & {"Say it, as loud as you can.", "Say it, really loud.", "Say it.\n\nBe loud."}


@pytest.mark.parametrize("name", ["bootstrap", "knn", "labeled", "random-search", "simba"])
def test_optimizers_of_demos_leave_instructions_alone(name, material):
    trials = run(name, replace(material, variants={}), n_trials=10).trials
    assert {trial.instructions["say"] for trial in trials} == {"Say it."}


@pytest.mark.parametrize("name", ["bootstrap", "knn", "labeled", "miprov2", "random-search"])
def test_labelled_examples_go_to_predictors_whose_outputs_they_have_with_their_fields_only(name, material):
    labelled = [
        example(f"shown {i}", idea="", text="HEY", author=f"author {i}", secret="hidden") for i in range(4)
    ]  # fmt: skip
    trials = run(name, replace(material, labelled=labelled), student=TwoSteps(), n_trials=8).trials
    shown = [demo for trial in trials for demo in demos(trial) if not demo.get("augmented")]
    assert shown and all(set(demo.keys()) <= {"prompt", "idea", "text", "target_id"} for demo in shown)
    thought = [demo for trial in trials for demo in demos(trial, "think")]
    assert all(demo.get("augmented") for demo in thought)


@pytest.mark.parametrize("name", ["bootstrap", "knn", "labeled", "miprov2", "random-search"])
def test_labelled_demos_of_one_set_come_from_different_authors(name, material):
    labelled = [example(f"shown {i}", text="HEY", author=f"author {i // 3}") for i in range(6)]
    for trial in run(name, replace(material, labelled=labelled), n_trials=10).trials:
        # Of the six, the first three are by one person.
        people = [int(each.split()[1]) // 3 for each in trial.demos["say"] if each.startswith("shown")]
        assert len(set(people)) == len(people)


def test_bootstrapped_demos_are_of_nobody_twice():
    made = [dspy.Example(prompt=str(i), text="HEY", augmented=True) for i in range(3)]
    assert one_an_author(made, 3) == made


def test_labeled_without_fitting_examples_names_an_optimizer_that_needs_none(material):
    with pytest.raises(SetupError, match=r"outputs of a step \(say\), and none of 1 has them; choose bootstrap"):
        run("labeled", replace(material, labelled=[example("shown 1", mood="good")]))


@pytest.mark.parametrize("name", ["labeled", "random-search"])
def test_another_seed_draws_other_labelled_examples(name, material):
    # DSPy's LabeledFewShot always draws by the seed 0.
    labelled = [example(f"shown {i}", text="HEY", author=f"author {i}") for i in range(20)]
    material = replace(material, labelled=labelled)
    drawn = {run(name, material, seed=seed, n_trials=1).trials[-1].demos["say"] for seed in range(4)}
    assert len(drawn) > 1


def test_random_search_runs_what_is_to_be_run_and_not_what_is_to_be_shown(material):
    asked = []

    class Noting(Toy):
        def forward(self, prompt):
            asked.append(prompt)
            return super().forward(prompt)

    run("random-search", material, student=Noting(), n_threads=1)
    assert any(prompt.startswith("train") for prompt in asked)
    assert not any(prompt.startswith("shown") for prompt in asked)


def test_random_search_bootstraps_what_the_metric_accepts(material):
    loud = Toy()
    loud.say.signature = loud.say.signature.with_instructions("Say it, loud.")  # type: ignore[union-attr]
    compiled = run("random-search", replace(material, labelled=()), student=loud)
    # "HEY" scores 0.6, above one half: accepted; with it shown the answer is "HEY HEY".
    assert compiled.score == pytest.approx(0.9)


def test_a_bootstrapped_demo_is_one_that_the_metric_accepts(material):
    loud = Toy()
    loud.say.signature = loud.say.signature.with_instructions("Say it, loud.")  # type: ignore[union-attr]
    compiled = run("bootstrap", replace(material, labelled=()), student=loud)
    # "HEY" scores 0.6, above one half: accepted; with it shown the answer is "HEY HEY".
    assert compiled.score == pytest.approx(0.9)


def test_knn_shows_the_nearest_and_the_program_needs_no_search_afterwards(material):
    words = ["rain and wind", "goals and fouls", "bread and butter", "shares and bonds"]
    labelled = [example(f"{word} again", text="HEY", author=word) for word in words]
    trainset = [example(word) for word in words]
    trials = run("knn", replace(material, labelled=labelled, trainset=trainset), n_trials=30).trials
    firsts = {demos(trial)[0].prompt for trial in trials if demos(trial)}
    # Whoever a trial is around, the demo with their own words is shown first: each of the four, in some trial.
    assert firsts == {f"{word} again" for word in words}
    assert all(type(trial.program) is Toy and "forward" not in vars(trial.program) for trial in trials)


def test_knn_is_content_with_a_single_labelled_example(material):
    compiled = run("knn", replace(material, labelled=material.labelled[:1]))
    assert compiled.score == pytest.approx(0.6)
    assert compiled.trials[1].demos["say"] == ("shown 0",)


def test_copro_is_told_scores_without_the_zeros_of_failures(material):
    engine = Proposer()
    broken = replace(material, proposer=proposer_lm(engine), valset=[*material.valset, example("broken 1")])
    run("copro", broken, n_trials=8)
    told = [request for request in engine.requests if "Resulting Score" in request]
    # The student's five "hey" make 0.2 and the louder ones 0.6; with a zero for the sixth it were 0.1667 and 0.5.
    assert told and "Resulting Score #1: 20.0" in told[0] and "Resulting Score #2: 60.0" in told[0]


def test_gepa_hands_the_proposer_the_words_of_the_metric_and_the_metric_no_trace(material):
    engine, verbose = Proposer(), Verbose()
    compiled = run("gepa", replace(material, proposer=proposer_lm(engine)), metric=verbose)
    assert compiled.score == pytest.approx(0.6)
    assert "is too quiet" in engine.requests[0]
    assert set(verbose.traces) == {None}


def test_gepa_takes_a_metric_of_three_arguments_without_words(material):
    engine = Proposer()
    run("gepa", replace(material, proposer=proposer_lm(engine)))
    assert "This scored 0.20, where 0 is worst" in engine.requests[0]


def test_gepa_makes_no_more_proposals_than_there_are_trials_though_none_is_accepted(material, parrot):
    engine = Proposer(json.dumps({"new_instruction": "Whisper it."}))
    compiled = run("gepa", replace(material, proposer=proposer_lm(engine)), n_trials=5)
    assert len(engine.requests) == 5
    # Student twice, without a cache; then parent and child of each proposal on three examples.
    assert parrot.n_calls <= 2 * 5 + 5 * 2 * 3
    assert compiled.score == pytest.approx(0.2)


def test_simba_hands_the_proposer_the_words_of_the_metric(material):
    engine = Proposer()
    material = replace(material, proposer=proposer_lm(engine))
    for seed in range(6):
        run("simba", material, metric=Verbose(), seed=seed, n_trials=1)
    assert engine.requests and all("is too quiet" in request for request in engine.requests)


def test_simba_draws_no_contrast_with_a_run_that_failed(material):
    def sometimes_away(example, prediction, trace=None, *_):
        if example.prompt == "train 1":
            raise RuntimeError("the judge is away")
        return metric(example, prediction, trace)

    engine = Proposer()
    trainset = [example("train 1"), example("broken 3"), example("train 5"), example("train 6")]
    material = replace(material, proposer=proposer_lm(engine), trainset=trainset)
    trials = [t for seed in range(6) for t in run("simba", material, metric=sometimes_away, seed=seed).trials]
    assert engine.requests and not any("train 1" in words or "broken 3" in words for words in engine.requests)
    assert {demo.prompt for trial in trials for demo in demos(trial)} == {"train 5"}


def test_mipro_starts_from_the_demos_of_the_student(material):
    student = Toy()
    student.say.demos = [dspy.Example(prompt="mine", text="HEY")]
    compiled = run("miprov2", material, student=student, n_trials=8)
    assert compiled.trials[0].score == pytest.approx(0.6)
    assert ("mine",) in {trial.demos["say"] for trial in compiled.trials[1:]}


@pytest.mark.parametrize("name", ["bootstrap", "knn", "labeled", "miprov2"])
def test_a_candidate_that_fails_throughout_is_counted_and_the_search_goes_on(name, material):
    def fails_when_loud(example, prediction, trace=None, *_):
        if trace is None and prediction.text == "HEY":
            raise RuntimeError("the judge is away")
        return metric(example, prediction, trace)

    compiled = run(name, replace(material, variants={}), metric=fails_when_loud)
    # Every candidate that shows a demo shouts, and has no score; the student has.
    assert compiled.n_unscored > 1
    assert len(compiled.trials) <= 6 + 1 - compiled.n_unscored
    assert compiled.score == pytest.approx(0.2)


def test_feedback_is_the_score_in_words_unless_the_metric_has_its_own():
    said = dspy.Prediction(text="HEY")
    assert feedback(metric, example("a"), said).startswith("This scored 0.60, where 0 is worst")
    assert feedback(Verbose(), example("a"), said) == "'HEY' at 'a' is too quiet"


def test_ctrl_c_while_a_progress_bar_is_drawn_does_not_block_the_next_one(material):
    def in_the_middle_of_a_bar(trial):
        tqdm.get_lock().acquire()
        raise KeyboardInterrupt

    optimizer = OPTIMIZERS["labeled"]
    compiled = optimizer.compile(
        Toy(), material, metric, n_trials=1, seed=0, n_threads=2, on_trial=in_the_middle_of_a_bar
    )
    assert compiled.interrupted
    with ThreadPoolExecutor() as pool:
        drawn = pool.submit(tqdm.get_lock().acquire, True, 5.0)
        drawn.result()
        pool.submit(tqdm.get_lock().release).result()


def test_a_budget_that_ends_before_the_second_look_costs_that_and_not_the_program(material: Material):
    def broke(*_):
        raise OutOfBudgetError("7 of 7 calls are made")

    compiled = run("labeled", material)
    found = confirm(Toy(), compiled, material, broke, 2)
    assert found.program is compiled.program
    assert found.stopped == "7 of 7 calls are made"
    assert found.confirmation.endswith("before a second look (7 of 7 calls are made): kept unconfirmed")


def test_there_is_no_second_look_where_nothing_was_scored(material):
    nothing = Compiled(Toy(), 0.0, (), stopped="0 of 0 calls are made")
    found = confirm(Toy(), nothing, material, metric, 2)
    assert found.confirmation == "the search ended before the uncompiled program was scored"
