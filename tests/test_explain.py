"""Whole explanations with a model that heeds one kind of hypothesis: what they find, keep and refuse."""

import csv
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import dspy
import pytest
from answering import answering_lm
from bundled_texts import write_bundled
from obeying import ObeyingEngine
from rich.console import Console
from scripted import lm

from data import load_corpus, split
from programs.entry import exit_code
from programs.explain import main
from programs.explaining.records import Explanation
from programs.explaining.table import show_explanation
from programs.explaining.writing import InRollout
from programs.systems import System
from signatures.hypotheses import Hypothesis

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    """Eight bundled authors with ten texts each."""
    return write_bundled(tmp_path_factory.mktemp("explained") / "texts.jsonl", 8, 10)


@pytest.fixture(scope="module")
def seed(texts) -> int:
    """One that puts carla-voss, who hedges, into the test part, which has four authors."""
    corpus = load_corpus(f"jsonl:{texts}")
    tests = ((n, split(corpus, seed=n, n_samples=2).test) for n in range(30))
    return next(n for n, cases in tests if "carla-voss" in {case.author.id for case in cases})


@pytest.fixture
def explain(texts, seed, mlflow_folder, monkeypatch):
    """Runs the command with an engine of ours; its exit code."""

    def run(*arguments: object, out: Path, engine: ObeyingEngine | None = None) -> int:
        engine = engine or ObeyingEngine()
        monkeypatch.setattr("programs.experiment.make_lm", lambda name, **settings: answering_lm(engine, **settings))
        small = [
            "--data",
            f"jsonl:{texts}",
            "--out",
            out,
            "--samples",
            "2",
            "--threads",
            "4",
            "--seed",
            seed,
        ]
        return exit_code(lambda: main([str(word) for word in (*small, "--version", "uncompiled", *arguments)]))

    return run


def kept(out: Path) -> tuple[Path, Explanation]:
    (folder,) = (out / "explanations").iterdir()
    return folder, Explanation.model_validate_json((folder / "explain.json").read_bytes())


ONE = ("--author", "carla-voss")


def test_the_hypothesis_that_the_model_heeds_is_found_and_stands_first(explain, mlflow_folder, tmp_path, capsys):
    engine = ObeyingEngine()
    assert explain(*ONE, "--judge", "stylometric", "delta", out=tmp_path, engine=engine) == 0
    folder, found = kept(tmp_path)
    (author,) = found.authors
    assert [each.statement.split()[0] for each in author.hypotheses].count("Hedges") == 1
    heeded = next(place for place, each in enumerate(author.hypotheses) if each.statement.startswith("Hedges"))
    for judge in ("stylometric", "delta"):
        single = [each for each in found.effects if each.judge == judge and each.scope == "hypothesis"]
        assert single[0].place == heeded
        by_it = {each.arm: each.main for each in single if each.place == heeded}
        assert all(main and main.clear and main.value > 0 for main in by_it.values()) and len(by_it) == 2
        assert by_it["without"]
        assert (
            max(each.main.value for each in single if each.main and each.place != heeded) < by_it["without"].value / 4
        )
    obeyed = next(each for each in found.obedience if each.place == heeded)
    assert (obeyed.with_it, obeyed.without_it) == (1.0, 0.0)
    # 5 targets, 2 draws, 3 hypotheses: 10 x (3 + 2 x 3) texts, and twice as many verdicts, by two judges.
    assert len(found.texts) == found.n_planned == 90 and len(found.judged) == 180
    # An inference each for the author and three donors, a text of the author's, then a call for each of the 90.
    assert engine.n_calls == 4 + 1 + 90
    own = {each.statement for each in author.hypotheses}
    swapped = [text for text in found.texts if text.arm == "swapped"]
    assert swapped and all(text.swapped_in and text.swapped_in.statement not in own for text in swapped)
    assert (folder / "effects.png").read_bytes().startswith(PNG)
    rows = list(csv.DictReader((folder / "explain.csv").read_text("utf-8").splitlines()))
    assert len(rows) == len(found.effects)
    assert float(rows[0]["score_value"]) == pytest.approx(found.effects[0].score.value)  # pyright: ignore
    told = capsys.readouterr().out
    assert told.index("Hedges with words") < told.index("no effect can be told from noise")
    assert "held with : without it: 100% : 0%" in told and str(folder / "effects.png") in told
    with sqlite3.connect(mlflow_folder / "mlflow.db") as database:
        assert ("explanation",) in database.execute("select value from tags where key = 'kind'").fetchall()
        metrics = {key for (key,) in database.execute("select key from metrics")}
    assert any(key.startswith("effect/delta/score/carla-voss/hypothesis/hypothesis 1/without") for key in metrics)


def test_over_authors_effects_stand_beside_those_of_each_with_authors_as_units(explain, tmp_path, capsys):
    assert explain("--author", "all-test", "--targets", "2", "--draws", "1", "--json", out=tmp_path) == 0
    printed = json.loads(capsys.readouterr().out)
    folder, found = kept(tmp_path)
    assert printed["folder"] == str(folder)
    assert Explanation.model_validate({name: value for name, value in printed.items() if name != "folder"}) == found
    assert len(found.authors) == 4 and {author.part for author in found.authors} == {"test"}
    over = [each for each in found.effects if not each.author]
    assert {each.scope for each in over} >= {"all hypotheses", "aspect", "the set", "noise"}
    assert {each.main.unit for each in over if each.main} == {"author"}
    whole = next(each for each in over if each.scope == "all hypotheses" and each.arm == "without")
    # 4 authors, 2 targets, 3 hypotheses each.
    assert (whole.n_pairs, whole.main and whole.main.n_units) == (24, 4)


def test_the_same_seed_gives_the_same_texts_and_numbers(explain, tmp_path):
    for name in ("one", "two"):
        assert explain(*ONE, "--targets", "2", out=tmp_path / name) == 0
    (_, one), (_, two) = kept(tmp_path / "one"), kept(tmp_path / "two")
    assert one.effects == two.effects
    assert [text.text for text in one.texts] == [text.text for text in two.texts]


def test_one_target_has_no_interval_and_that_is_said(explain, tmp_path, capsys):
    assert explain(*ONE, "--targets", "1", out=tmp_path) == 0
    told = capsys.readouterr().out
    assert "one target: there is no interval" in told and "Of one target no interval can be given" in told
    assert all(each.main and each.main.low is None for each in kept(tmp_path)[1].effects)


def test_failed_texts_are_counted_and_their_pairs_left_out(explain, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        if n_calls == 12:
            raise RuntimeError("the server hiccuped")

    arguments = (*ONE, "--targets", "2", "--draws", "1", "--donors", "2", "--threads", "1")
    assert explain(*arguments, out=tmp_path, engine=ObeyingEngine(fails)) == 0
    _, found = kept(tmp_path)
    # Two calls for the author and one for each of two donors; the eighth text after them fails.
    (broken,) = (text for text in found.texts if text.error)
    assert "hiccuped" in (broken.error or "") and found.authors[0].n_failed == 1
    hit = [each for each in found.effects if (each.arm, each.place) == (broken.arm, broken.place)]
    assert [(each.n_failed, each.n_pairs) for each in hit] == [(1, 1)]
    assert all(each.n_failed == 0 for each in found.effects if each not in hit)
    told = capsys.readouterr().out
    assert "1 of 18 texts failed" in told and "1 failed" in told


def test_a_model_that_always_fails_is_a_failure(explain, tmp_path, capsys):
    def fails(n_calls: int) -> None:
        raise dspy.utils.exceptions.LMTransportError("no route")

    assert explain(*ONE, out=tmp_path, engine=ObeyingEngine(fails)) == 1
    assert "the model failed" in capsys.readouterr().err
    assert not (tmp_path / "explanations").exists()


def test_interrupted_it_keeps_what_is_there_and_says_so(explain, tmp_path, capsys):
    class Interrupted(ObeyingEngine):
        def complete(self, request):
            if self.n_calls >= 30:
                raise KeyboardInterrupt
            return super().complete(request)

    assert explain(*ONE, "--threads", "1", out=tmp_path, engine=Interrupted()) == 130
    folder, found = kept(tmp_path)
    assert found.interrupted and 0 < len(found.texts) < found.n_planned == 90
    assert found.effects and found.judged
    streams = capsys.readouterr()
    assert str(folder) in streams.err and f"Interrupted: {len(found.texts)} of 90 texts" in streams.out


def test_interrupted_while_a_judge_reads_it_keeps_the_texts(explain, tmp_path, capsys, monkeypatch):
    def judged_by(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("programs.explaining.run.judged_by", judged_by)
    assert explain(*ONE, "--targets", "2", out=tmp_path) == 130
    _, found = kept(tmp_path)
    assert found.interrupted and len(found.texts) == found.n_planned and not found.effects
    assert "judge stylometric was interrupted" in capsys.readouterr().out


def test_a_rollout_has_a_seed_of_its_own_that_a_hosted_model_is_told_too():
    seen = []

    class Looks(dspy.Module):
        def forward(self):
            kwargs = dspy.settings.lm.kwargs
            seen.append((kwargs.get("seed"), kwargs.get("rollout_id")))
            return dspy.Prediction()

    model = lm([], seed=5)
    with dspy.context(lm=model):
        for rollout in (0, 1, 2):
            InRollout(Looks())(rollout=rollout)
    assert seen == [(5, None), (6, 1), (7, 2)]
    assert model.kwargs["seed"] == 5


def test_a_dry_run_says_what_it_would_cost_and_does_nothing(explain, tmp_path, capsys):
    engine = ObeyingEngine()
    few = (*ONE, "--targets", "2")
    assert explain(*few, "--dry-run", out=tmp_path / "out", engine=engine) == 0
    told = capsys.readouterr().out
    # 2 targets x 2 draws x (3 + 2 x 4) texts at most.
    assert "texts: at most 44 model calls" in told and "carla-voss" in told
    assert engine.n_calls == 0 and not (tmp_path / "out").exists()
    assert explain(*few, "--dry-run", "--json", out=tmp_path / "out") == 0
    plan = json.loads(capsys.readouterr().out)
    assert explain(*few, out=tmp_path / "out", engine=engine) == 0
    assert engine.n_calls <= sum(plan["calls"].values()) and plan["folder"] == str(kept(tmp_path / "out")[0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--author", "carla-vos"), "did you mean 'carla-voss'"),
        (("--author", "zzz"), "unknown author 'zzz'"),
        ((), "no author is named"),
        ((*ONE, "--version", "zero-shot"), "'zero-shot' takes no hypotheses"),
        ((*ONE, "--version", "99"), "unknown program 'authorship/99'"),
        ((*ONE, "--version", "champion"), "unknown program 'authorship@champion'"),
        ((*ONE, "--judge", "stylish"), "unknown judge 'stylish'"),
        ((*ONE, "--judge", "delta", "delta"), "judge 'delta' is named twice"),
        ((*ONE, "--task", "deliberative"), "task 'deliberative' has no authors"),
        ((*ONE, "--draws", "0"), "--draws is 0"),
        ((*ONE, "--donors", "-1"), "--donors is -1"),
    ],
)
def test_what_cannot_be_explained_is_refused_before_any_call(explain, tmp_path, capsys, arguments, told):
    engine = ObeyingEngine()
    assert explain(*arguments, out=tmp_path / "out", engine=engine) == 2
    assert told in capsys.readouterr().err
    assert engine.n_calls == 0 and not (tmp_path / "out").exists()


def test_an_author_without_references_cannot_be_judged(explain, tmp_path, capsys, monkeypatch):
    from programs.explaining import setup

    def bare(choices):
        experiment = prepare(choices)
        test = tuple(case.model_copy(update={"references": ()}) for case in experiment.splits.test)
        return replace(experiment, splits=replace(experiment.splits, test=test))

    prepare = setup.prepare
    monkeypatch.setattr(setup, "prepare", bare)
    assert explain("--author", "all-test", out=tmp_path) == 2
    assert "has no reference that a judge could read" in capsys.readouterr().err


class Plain(dspy.Module):
    """Infers what it was made with, and writes it down."""

    def __init__(self, hypotheses):
        super().__init__()
        self.own = hypotheses

    def forward(self, samples, prompt, attributes=None, hypotheses=None):
        used = self.own if hypotheses is None else hypotheses
        return dspy.Prediction(text=f"{prompt} {' '.join(each.statement for each in used)}", hypotheses=used)


def planted(monkeypatch, *hypotheses: Hypothesis) -> None:
    system = System("plain", Plain(hypotheses), None, "for a test")
    monkeypatch.setattr("programs.explaining.setup.find_system", lambda *_: system)


def test_without_a_hypothesis_there_is_nothing_to_explain_and_that_is_no_fault(explain, tmp_path, capsys, monkeypatch):
    planted(monkeypatch)
    assert explain(*ONE, out=tmp_path) == 0
    assert "carla-voss: the program inferred no hypothesis" in capsys.readouterr().out
    assert not (tmp_path / "explanations").exists()


def test_a_text_without_a_word_has_failed(explain, tmp_path, monkeypatch):
    class Mute(Plain):
        def forward(self, samples, prompt, attributes=None, hypotheses=None):
            written = super().forward(samples, prompt, attributes, hypotheses)
            return written if written.hypotheses else dspy.Prediction(text=" ", hypotheses=())

    own = (Hypothesis(dimension="writing style", aspect="rhythm", statement=f"Writes {word}.") for word in "ab")
    system = System("mute", Mute(tuple(own)), None, "for a test")
    monkeypatch.setattr("programs.explaining.setup.find_system", lambda *_: system)
    assert explain(*ONE, "--targets", "2", "--draws", "1", out=tmp_path) == 0
    _, found = kept(tmp_path)
    assert [(text.arm, text.error) for text in found.texts if text.error] == [("none", "wrote nothing")] * 2
    (against_none,) = (each for each in found.effects if each.scope == "the set")
    assert (against_none.n_failed, against_none.n_pairs, against_none.main) == (2, 0, None)


def test_where_everybody_has_the_same_hypothesis_nothing_is_swapped_and_that_is_said(
    explain, tmp_path, capsys, monkeypatch
):
    planted(monkeypatch, Hypothesis(dimension="writing style", aspect="rhythm", statement="Writes."))
    assert explain(*ONE, out=tmp_path) == 0
    _, found = kept(tmp_path)
    assert {text.arm for text in found.texts} == {"full", "again", "none", "without"}
    assert "carla-voss: no other author has one to swap for 1 hypothesis" in capsys.readouterr().out
    # A program that reads no chance writes the same again: no noise, and pairs of equal texts.
    (noise,) = (each for each in found.effects if each.scope == "noise")
    assert noise.n_same == noise.n_pairs == 10 and noise.main and noise.main.value == 0


def test_on_a_terminal_it_is_a_table_that_shows_no_control_characters(explain, tmp_path, monkeypatch):
    planted(monkeypatch, Hypothesis(dimension="writing style", aspect="rhythm", statement="Rings \x1b[31mbells\x07."))
    assert explain(*ONE, "--targets", "2", out=tmp_path) == 0
    console = Console(force_terminal=True, width=120, color_system=None, record=True, file=open("/dev/null", "w"))
    show_explanation(kept(tmp_path)[1], console)
    shown = console.export_text()
    assert "Rings [31mbells." in " ".join(shown.split()) and "\x07" not in shown
    assert "All, less" in shown and max(map(len, shown.splitlines())) <= 120
