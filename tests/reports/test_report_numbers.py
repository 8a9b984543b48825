import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_evaluation import JUDGES, Size, made_about, made_rows
from rich.console import Console

from programs.ledger import LedgerAbout
from programs.reports import wording
from programs.reports.headline import headlines
from programs.reports.markup import Markup, join, name, tag
from programs.reports.plots.authors import spread
from programs.reports.plots.costs import apart
from programs.reports.plots.lengths import binned
from programs.reports.tables import show_summary
from programs.summary import summarise

SMALL = Size(n_authors=4, n_targets=3, n_words=20)


def printed(about: LedgerAbout, size: Size = SMALL) -> str:
    console = Console(file=io.StringIO(), width=120)
    show_summary(console, summarise(made_rows(size), 0), about)
    return console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def test_trusted_judges_come_first_and_bounds_last():
    found = headlines(summarise(made_rows(SMALL), 0), made_about().judges)
    assert [each.judge for each in found] == list(JUDGES)
    turned = headlines(summarise(list(reversed(made_rows(SMALL))), 0), made_about().judges)
    assert turned[-1].judge == "llm:tiny"
    assert all({row.system for row in each.rows[-2:]} == {"ceiling", "floor"} for each in (*found, *turned))


def test_the_terminal_marks_each_number_of_an_untrusted_judge():
    words = printed(made_about())
    rates = [row.win_rate for row in summarise(made_rows(SMALL), 0).results if row.judge == "llm:tiny"]
    below = words[words.index("judge llm:tiny") : words.index("Not to be trusted")]
    assert len(rates) == 8
    for rate in rates:
        assert f"✗ {rate:.3f}" in below
    assert "✗" not in words[: words.index("judge llm:tiny")]


def test_the_terminal_marks_judges_that_nobody_validated():
    words = printed(LedgerAbout())
    assert words.count("Not validated: nothing says how often this judge is right") == len(JUDGES)


def test_the_terminal_shows_failures_with_reasons_and_denominators():
    words = printed(made_about(), Size(n_authors=4, n_targets=3, n_words=20, failures=1.0))
    assert "12 of 12" in words and "12 x the model failed" in words


def test_an_empty_ledger_says_that_there_is_no_win_rate():
    console = Console(file=io.StringIO(), width=120)
    show_summary(console, summarise([], 0), LedgerAbout(notes=("[bold]kept[/]",)))
    words = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert "there is no win rate" in words and "note: [bold]kept[/]" in words


@given(st.text())
def test_nothing_that_is_put_into_an_element_becomes_markup(text: str):
    made = tag("p", text, title=text)
    assert made.count("<") == 2 and made.startswith('<p title="') and made.endswith("</p>")
    assert made.count('"') - text.count('"') <= 2


def test_markup_is_kept_and_text_is_not():
    assert join("<", Markup("<br>"), ["&"]) == "&lt;<br>&amp;"
    assert tag("input", disabled=True, value=None, class_="a") == '<input disabled class="a">'
    assert name("") == '<bdi class="name">(no name)</bdi>'


@given(st.text())
def test_shown_text_holds_no_control_and_is_shown_the_same_twice(text: str):
    said = wording.shown(text)
    assert wording.shown(said) == said
    assert not any(ord(each) < 0x20 and each not in "\t\n" for each in said)
    assert not set(said) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.signed(-0.004), "0.00"),
        (wording.signed(-0.5), "−0.50"),
        (wording.signed(None), "–"),
        (wording.p_value(0.0004), "<0.001"),
        (wording.p_value(0.05), "0.050"),
        (wording.amount(0.00123), "0.00123"),
        (wording.amount(12345.6), "12,346"),
        (wording.dollars(0.000321), "$0.00032"),
        (wording.dollars(3.5), "$3.50"),
        (wording.interval(0.1, None), "–"),
        (wording.label("abcdefghij", 6), "ab…hij"),
    ],
)
def test_numbers_are_written_for_people(written: str, expected: str):
    assert written == expected


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.01, 0.2))
def test_labels_stand_apart_in_the_order_of_their_points(heights: list[float], gap: float):
    places = apart(heights, gap)
    ordered = [places[at] for at in sorted(range(len(heights)), key=lambda at: (heights[at], at))]
    assert all(b - a >= gap - 1e-9 for a, b in zip(ordered, ordered[1:], strict=False))
    # Least squares keeps the labels around their points as a whole.
    assert sum(places) == pytest.approx(sum(heights), abs=1e-6)


def test_labels_with_room_stay_at_their_points():
    assert apart([0.9, 0.1, 0.5], 0.1) == pytest.approx([0.9, 0.1, 0.5])


def test_equal_dots_stand_beside_each_other_and_within_their_row():
    # Three at 0.5, one step of 0.13 apart around the row; the lone one on it.
    assert spread([0.5, 0.5, 1.0, 0.5]) == pytest.approx([-0.13, 0.0, 0.0, 0.13])
    assert max(map(abs, spread([0.5] * 100))) <= 0.4 + 1e-9


def test_pairs_of_the_same_gap_are_averaged_together():
    # Six equal gaps cannot be parted: one group, mean outcome 3 of 6.
    gaps, outcomes = binned(np.zeros(6), np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))
    assert gaps.tolist() == [0.0] and outcomes.tolist() == [0.5]
    gaps, outcomes = binned(np.arange(12.0), np.repeat([0.0, 1.0], 6))
    # Twelve gaps in six groups of two: 0.5, 2.5, ... and the first three groups lost.
    assert gaps.tolist() == [0.5, 2.5, 4.5, 6.5, 8.5, 10.5]
    assert outcomes.tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
