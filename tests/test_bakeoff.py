"""Whole bake-offs with a model that answers at once, and what is counted of made-up ones."""

import json
import os
import signal
import sqlite3
from itertools import permutations
from pathlib import Path

import dspy
import pytest
from answering import AnsweringEngine, answering_lm
from bakeoff_cells import cell
from hypothesis import given
from hypothesis import strategies as st

from data import load_corpus
from programs.bakeoff import main
from programs.bakeoffs.apart import answers_apart
from programs.bakeoffs.files import write_results
from programs.bakeoffs.keeping import Kept
from programs.bakeoffs.records import Results
from programs.bakeoffs.setup import expected_bests
from programs.bakeoffs.standing import lead, rate, standings, tokens_to
from programs.bakeoffs.table import columns, markdown, rows
from programs.card import CorpusNote, LmNote
from programs.entry import exit_code
from programs.lms.answer_cache import AnswerCache
from signatures.errors import SetupError

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Eight bundled authors with eight texts each, and one MLflow store for all tests."""
    folder = tmp_path_factory.mktemp("baked")
    texts = [
        {"author": author.id, "text": text.text, "prompt": text.prompt, "domain": text.domain, "id": text.id}
        for author in load_corpus("bundled").authors[:8]
        for text in author.texts[:8]
    ]
    (folder / "texts.jsonl").write_text("\n".join(json.dumps(text) for text in texts), "utf-8")
    return folder


@pytest.fixture
def bake(place, tmp_path, monkeypatch):
    """Runs the command with an engine of ours; its exit code."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place / 'mlflow.db'}")
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "cache"))
    # The command makes a cache of its own this process's; the next test has the one before.
    monkeypatch.setattr(dspy, "cache", dspy.cache)

    def run(*arguments: object, engine: AnsweringEngine | None = None) -> int:
        engine = engine or AnsweringEngine()
        monkeypatch.setattr(
            "programs.experiment.make_lm", lambda name, **settings: answering_lm(engine, cache=True, **settings)
        )
        small = ["--data", f"jsonl:{place / 'texts.jsonl'}", "--out", tmp_path, "--samples", 2, "--targets", 2]
        return exit_code(lambda: main([str(word) for word in (*small, "--threads", 4, *arguments)]))

    return run


def folder_of(out: Path) -> Path:
    (folder,) = (out / "bakeoffs").iterdir()
    return folder


def results_of(out: Path) -> Results:
    return Results.model_validate_json((folder_of(out) / "bakeoff.json").read_bytes())


def test_a_bake_off_compares_keeps_and_goes_on(bake, place, tmp_path, capsys):
    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "3", "--json") == 0
    results = Results.model_validate_json(capsys.readouterr().out)
    assert results == results_of(tmp_path)
    assert {each.key for each in results.cells} == {("bootstrap", 3), ("miprov2", 3)}
    assert results.split_seed == 3 and results.corpus.authors["dev"] == 1
    for each in results.cells:
        # A val author with two targets: one inference and two texts. Neither what others paid for nor what a program
        # remembers of people makes it less.
        assert (each.trials[0].spent.calls, each.trials[0].spent.hits, each.trials[0].spent.tokens) == (3, 0, 45)
        assert [trial.number for trial in each.trials] == list(range(9))
        calls = [trial.spent.calls for trial in each.trials]
        assert calls == sorted(calls) and calls[-1] <= each.spent.calls
        assert (each.bests[0].trial, each.bests[0].spent.calls) == (0, 0)
        assert each.bests[-1].trial is None and each.bests[-1].spent == each.spent
        assert len(each.judged) == 2 and all(one.zero_shot is not None for one in each.judged)
        assert sum(one.zero_shot or 0 for one in each.judged) / 2 == each.bests[-1].win_rate
    with sqlite3.connect(place / "mlflow.db") as database:
        assert ("bakeoff",) in database.execute("select value from tags where key = 'kind'").fetchall()
        metrics = {key for (key,) in database.execute("select key from metrics")}
    assert {"win_rate/miprov2 vs uncompiled_low", "spent/bootstrap/tokens", "tokens to miprov2/bootstrap"} <= metrics

    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "3") == 2
    assert "holds 2 finished searches of this bake-off; go on with --resume" in capsys.readouterr().err
    engine = AnsweringEngine()
    assert bake("--optimizers", "labeled", "--seeds", "3", "--resume", engine=engine) == 0
    again = results_of(tmp_path)
    assert [each for each in again.cells if each.optimizer != "labeled"] == list(results.cells)
    # The texts that all searches share are there; what is asked is the new search, and its bests on the dev part.
    mine = next(each for each in again.cells if each.optimizer == "labeled")
    assert mine.spent.calls <= engine.n_calls <= mine.spent.calls + 4 * (len(mine.bests) - 1)
    told = capsys.readouterr().out
    assert "vs uncompiled" in told and "judge stylometric is right in" in told and "bakeoff.png" in told


def test_limits_end_each_search_and_are_told(bake, tmp_path, capsys):
    assert bake("--optimizers", "bootstrap,joint", "--seeds", "0", "--max-calls", 20) == 0
    results = results_of(tmp_path)
    # At most the calls in flight, of four threads, come on top.
    assert all(each.spent.calls <= 20 + 4 and "--max-calls 20" in each.stopped for each in results.cells)
    assert "limits of each search: calls 20; reached by searches of bootstrap (1), joint (1)" in capsys.readouterr().out


def test_ctrl_c_keeps_finished_searches_and_resuming_runs_only_the_rest(bake, tmp_path, capsys, monkeypatch):
    once = ["--optimizers", "labeled,bootstrap", "--seeds", "0", "--budget", "light"]

    class Interrupting(AnsweringEngine):
        """Presses Ctrl-C in the second search."""

        def complete(self, request):
            if (place := next(iter((tmp_path / "bakeoffs").glob("*/cells.jsonl")), None)) and place.exists():
                place = None
                if not self.pressed:
                    self.pressed = True
                    os.kill(os.getpid(), signal.SIGINT)
            return super().complete(request)

        pressed = False

    assert bake(*once, engine=Interrupting()) == 130
    streams = capsys.readouterr()
    assert "interrupted: 1 search left; go on with --resume" in streams.out
    first = results_of(tmp_path)
    assert first.interrupted and [each.key for each in first.cells] == [("labeled", 0)]
    assert bake(*once, "--resume") == 0
    second = results_of(tmp_path)
    assert [each.key for each in second.cells] == [("bootstrap", 0), ("labeled", 0)] and not second.interrupted
    assert second.cells[1] == first.cells[0]


def test_a_search_that_fails_leaves_the_others_and_is_tried_again(bake, tmp_path, capsys, monkeypatch):
    from optimizers.labeled import Labeled

    def broken(self, *_, **__):
        raise RuntimeError("no trial could be scored; the log says why")

    with monkeypatch.context() as patched:
        patched.setattr(Labeled, "compile", broken)
        assert bake("--optimizers", "labeled,bootstrap", "--seeds", "0") == 0
        assert "labeled seed 0 failed: no trial could be scored" in capsys.readouterr().out
        found = {each.optimizer: each for each in results_of(tmp_path).standings}
        assert (found["labeled"].n_broken, found["labeled"].zero_shot) == (1, None)
        assert bake("--optimizers", "labeled", "--seeds", "7") == 1
    assert bake("--optimizers", "labeled,bootstrap", "--seeds", "0", "--resume") == 0
    assert all(
        each.error is None
        for folder in (tmp_path / "bakeoffs").iterdir()
        for each in Results.model_validate_json((folder / "bakeoff.json").read_bytes()).cells
        if each.seed == 0
    )


def test_a_dry_run_counts_calls_and_writes_nothing(bake, tmp_path, capsys):
    engine = AnsweringEngine()
    assert bake("--optimizers", "bootstrap,miprov2", "--seeds", "0,1", "--dry-run", "--json", engine=engine) == 0
    plan = json.loads(capsys.readouterr().out)
    # Two train, one val and one dev author with two targets each: 8 zero-shot texts, and 1 + 2 calls for the dev part.
    assert plan["shared"] == 11
    # Nine programs on the val author, 3 calls each; two programs on 3 authors, 9 calls each: 45. Bootstrap runs its 4
    # training examples at most, miprov2 two, in 2 calls each.
    assert plan["searches"] == {"bootstrap": 53, "miprov2": 49}
    # 1/2 + ... + 1/9 = 1.829 programs are likely to be best in turn, 3 calls each.
    assert plan["dev"] == 5
    assert plan["calls"] == 11 + 2 * (53 + 5 + 49 + 5)
    folders = []
    for more in ([], ["--max-calls", "50"], ["--budget", "medium"], ["--seeds", "1,0"]):
        assert bake("--seeds", "0", *more, "--dry-run", "--json", engine=engine) == 0
        folders.append(json.loads(capsys.readouterr().out)["folder"])
    # Other optimizers and seeds can be compared; another budget or split (that of the first seed) cannot.
    assert folders[0] == plan["folder"] and len(set(folders)) == 4
    assert engine.n_calls == 0 and not (tmp_path / "bakeoffs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--optimizers", "magic"], "unknown optimizer 'magic'; choose one of: bootstrap"),
        (["--optimizers", "joint,joint"], "--optimizers names 'joint' twice"),
        (["--optimizers", ","], "--optimizers names nothing"),
        (["--seeds", "1,1"], "--seeds names 1 twice"),
        (["--seeds", "1,-2"], "--seeds has '-2'"),
        (["--seeds", ""], "--seeds names nothing"),
        (["--budget", "100"], "unknown budget '100'; choose light, medium, heavy; for a number of calls"),
        (
            ["--max-calls", "5"],
            "--max-calls 5 is too small: scoring the uncompiled program and one trial takes about 6",
        ),
        (["--max-tokens", "0"], "--max-tokens is 0"),
        (["--max-cost", "1"], "--max-cost 1 cannot be kept"),
        (["--task", "autorship"], "unknown task 'autorship'"),
        (["--judge", "vibes"], "unknown judge 'vibes'"),
    ],
)
def test_a_bad_choice_ends_in_one_line_before_any_call(bake, tmp_path, arguments, message, capsys):
    engine = AnsweringEngine()
    assert bake(*arguments, engine=engine) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert engine.n_calls == 0 and not (tmp_path / "bakeoffs").exists()


def test_what_one_search_paid_for_another_pays_for_too():
    engine = AnsweringEngine()
    lm = answering_lm(engine, cache=True)
    before = dspy.cache
    for _ in range(2):
        with answers_apart({}), dspy.context(lm=lm):
            assert isinstance(dspy.cache, AnswerCache)
            lm("Say it.")
            lm("Say it.")
    assert engine.n_calls == 2
    assert dspy.cache is before


def test_trials_that_are_the_best_so_far_are_as_many_as_expected_over_all_orders():
    for n_trials in (0, 1, 4):
        orders = list(permutations(range(n_trials + 1)))
        n_bests = sum(order[at] > max(order[:at]) for order in orders for at in range(1, n_trials + 1))
        assert expected_bests(n_trials) == pytest.approx(n_bests / len(orders))


def test_a_win_rate_counts_only_if_it_is_kept_to_the_end():
    # Above 0.6 by luck after 100 tokens, for good after 300.
    lucky = cell("joint", 0, {"ann": [1.0]}, [(0, 0.5), (100, 0.7), (200, 0.55), (300, 0.6), (400, 0.8)])
    assert tokens_to(lucky, 0.6) == 300
    assert tokens_to(lucky, 0.5) == 0
    assert tokens_to(lucky, 0.9) is None
    # A program without a verdict is not known to be as good.
    assert tokens_to(cell("joint", 0, {"ann": [1.0]}, [(0, 0.9), (100, None), (200, 0.9)]), 0.6) == 200


def test_tokens_to_the_goal_are_a_median_in_which_never_is_infinitely_many():
    outcomes: dict[str, list[float | None]] = {"ann": [1.0], "bob": [0.0]}
    goals = [cell("miprov2", seed, outcomes, [(0, 0.5), (1000, 0.6)]) for seed in range(3)]
    ways = [[(0, 0.5), (tokens, rate)] for tokens, rate in ((200, 0.7), (900, 0.6), (800, 0.55))]
    joints = [cell("joint", seed, outcomes, way) for seed, way in enumerate(ways)]
    alone = cell("gepa", 7, outcomes)
    found = {each.optimizer: each.goal for each in standings([*goals, *joints, alone], "miprov2")}
    assert found["miprov2"] and (found["miprov2"].tokens, found["miprov2"].n_reached) == (1000, 3)
    # 200, 900 and never.
    assert found["joint"] and (found["joint"].tokens, found["joint"].n_reached, found["joint"].n_seeds) == (900, 2, 3)
    assert found["gepa"] is None
    # 200 and never: one of the two never gets there.
    two = {each.optimizer: each.goal for each in standings([*goals, joints[0], joints[2]], "miprov2")}
    assert two["joint"] and (two["joint"].tokens, two["joint"].n_reached) == (None, 1)


def test_a_standing_has_means_over_seeds_and_counts_what_failed():
    one = cell("joint", 0, {"ann": [1.0, None], "bob": [0.5, 0.0]}, [(0, 0.5), (1000, 0.5)])
    two = cell("joint", 1, {"ann": [1.0, 1.0], "bob": [0.5, 0.5]}, [(0, 0.5), (3000, 0.75)])
    broken = replace_error(cell("joint", 2, {}), "the model failed")
    (found,) = standings([one, two, broken], "miprov2")
    assert (found.seeds, found.n_broken) == ((0, 1), 1)
    # (1 + 0.5 + 0 + 1 + 1 + 0.5 + 0.5) / 7, and all ties against the uncompiled program.
    assert found.zero_shot and found.zero_shot.value == pytest.approx(4.5 / 7) and found.zero_shot.n_pairs == 7
    assert found.uncompiled and found.uncompiled.value == 0.5
    assert found.by_seed == (0.5, 0.75)
    assert (found.calls, found.tokens, found.minutes, found.dollars) == (200, 2000, 2.0, 0)
    # A val target in each cell's only trial, and a dev target.
    assert found.n_failures == 3
    assert found.goal is None


def test_the_lead_is_paired_on_what_both_answered():
    first = cell("joint", 0, {"ann": [1.0, 1.0], "bob": [1.0, None], "cem": [1.0, 0.5]})
    second = cell("miprov2", 0, {"ann": [0.5, 0.0], "bob": [0.0, 0.0], "cem": [1.0, None]})
    order = standings([second, first], "miprov2")
    assert [each.optimizer for each in order] == ["joint", "miprov2"]
    found = lead([first, second], order)
    # 0.5, 1, 1 and 0 on the four common targets.
    assert found and (found.first, found.value, found.n_authors) == ("joint", 0.625, 3)
    assert found.low <= found.value <= found.high
    assert lead([first], standings([first], "miprov2")) is None
    elsewhere = cell("miprov2", 5, {"ann": [0.5, 0.0]})
    assert lead([first, elsewhere], standings([first, elsewhere], "miprov2")) is None


VALUES = st.lists(st.sampled_from([0.0, 0.5, 1.0, None]), min_size=1, max_size=3)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["joint", "miprov2", "gepa"]), st.integers(0, 2)),
        st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_results_do_not_depend_on_the_order_in_which_searches_finished(made, draw):
    cells = [cell(optimizer, seed, outcomes) for (optimizer, seed), outcomes in made.items()]
    shuffled = draw.sample(cells, len(cells))
    found, again = (sorted(standings(each, "miprov2"), key=lambda s: s.optimizer) for each in (cells, shuffled))
    assert found == again
    for standing in found:
        assert standing.zero_shot is None or (
            standing.zero_shot.low <= standing.zero_shot.value <= standing.zero_shot.high
        )
        own = [each for each in cells if each.optimizer == standing.optimizer]
        assert standing.zero_shot == rate(sorted(own, key=lambda each: each.seed), "zero_shot")


def test_the_table_has_a_cell_for_every_column_and_the_picture_is_drawn(tmp_path):
    outcomes: dict[str, list[float | None]] = {"ann": [1.0, 0.5], "bob": [0.0, 1.0]}
    cells = [cell("miprov2", 0, outcomes, [(0, 0.5), (500, None), (900, 0.6)]), cell("joint", 0, outcomes)]
    paid = cells[0].model_copy(update={"spent": cells[0].spent.model_copy(update={"dollars": 0.25})})
    for made in (cells, [paid, cells[1]], [cells[1]]):
        results = of(made)
        assert {len(row) for row in rows(results)} == {len(columns(results))}
        table = [line for line in markdown(results).splitlines() if line.startswith("|")]
        assert len(table) == 2 + len(made) and len({line.count("|") for line in table}) == 1
        assert ("$" in columns(results)) == (paid in made)
        assert ("to miprov2" in columns(results)) == (len(made) == 2)
        write_results(tmp_path, results)
        assert (tmp_path / "bakeoff.png").read_bytes().startswith(PNG)
    write_results(tmp_path, of([replace_error(cell("joint", 0, {}), "no")]))
    assert not (tmp_path / "bakeoff.png").exists()


def test_finished_searches_survive_and_bad_files_are_refused(tmp_path):
    header = {"split": "s1", "budget": 8}
    kept = Kept(tmp_path, header)
    made = [cell(name, seed, {"ann": [1.0]}) for name in ("joint", "gepa") for seed in (0, 1)]
    for each in made:
        kept.add(each)
    kept.add(replace_error(cell("simba", 0, {}), "broke"))
    assert list(Kept(tmp_path, header).cells.values()) == made
    path = tmp_path / "cells.jsonl"
    whole = path.read_bytes()

    path.write_bytes(whole[:-40])
    cut = Kept(tmp_path, header)
    assert list(cut.cells.values()) == made[:3] and "cut off" in cut.notes[0]
    path.write_bytes(whole.replace(b'"seed":1', b'"seed":"x"', 1))
    with pytest.raises(SetupError, match=r"line 3 .*is damaged; delete the line"):
        Kept(tmp_path, header)
    path.write_bytes(whole)
    with pytest.raises(SetupError, match="of another bake-off: split is 's1' there and 's2' here"):
        Kept(tmp_path, {**header, "split": "s2"})
    for content in (b"no json\n", b"\xff\xfe", b"[1]\n"):
        path.write_bytes(content)
        with pytest.raises(SetupError, match="cells.jsonl"):
            Kept(tmp_path, header)


@given(st.integers(0, 2000))
def test_a_file_cut_off_anywhere_gives_its_whole_lines_or_says_what_is_wrong(tmp_path_factory, at):
    folder = tmp_path_factory.mktemp("cut")
    kept = Kept(folder, {"split": "s"})
    made = [cell("joint", seed, {"ann": [1.0]}) for seed in range(2)]
    for each in made:
        kept.add(each)
    path = folder / "cells.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:at])
    if at < whole.index(b"\n"):
        with pytest.raises(SetupError):
            Kept(folder, {"split": "s"})
        return
    # A line counts from its last character on, with or without the newline.
    n_whole = (whole[: at + 1].count(b"\n") if at < len(whole) else 3) - 1
    assert list(Kept(folder, {"split": "s"}).cells.values()) == made[:n_whole]


def of(cells) -> Results:
    order = standings(cells, "miprov2")
    return Results(
        task="authorship",
        corpus=CorpusNote(name="bundled", sha256="c" * 64, split_sha256="d" * 64, authors={"dev": 2}),
        lm=LmNote(name="embedded"),
        judges=(),
        split_seed=0,
        budget="light",
        n_trials=8,
        limits={"max_calls": None},
        goal="miprov2",
        standings=order,
        lead=lead(cells, order),
        cells=tuple(cells),
        packages={},
    )


def replace_error(made, error):
    return made.model_copy(update={"error": error})
