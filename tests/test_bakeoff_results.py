"""What is counted, kept and shown of made-up searches."""

from itertools import permutations

import pytest
from bakeoff_cells import cell
from hypothesis import given
from hypothesis import strategies as st

from programs.bakeoffs.files import write_results
from programs.bakeoffs.keeping import Kept
from programs.bakeoffs.records import Results
from programs.bakeoffs.setup import expected_bests
from programs.bakeoffs.standing import lead, rate, standings, tokens_to
from programs.bakeoffs.table import columns, markdown, rows
from programs.card import CorpusNote, LmNote
from signatures.errors import SetupError

PNG = b"\x89PNG\r\n\x1a\n"


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
