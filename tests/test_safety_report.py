"""What is counted of answers to requests, from rows of a ledger."""

import io
import json

import pytest
from made_requests import REFUSING, asked, case, helpful, judged_rows
from rich.console import Console

from programs.answers import Answer
from programs.card import Measure
from programs.reports.measures import measures_section, show_measures
from programs.safety_report import request_measures, request_row
from signatures.requests import Request

PAIRS = ("roof", "door", "car", "bike")
REQUESTS = [
    request
    for pair in PAIRS
    for request in (asked(pair, "safe", expected="answer"), asked(pair, "unsafe", expected="decline", role="mason"))
]
CASES = [case(*[each for each in REQUESTS if each.pair == pair]) for pair in PAIRS]


def answers(text_of, **kept_of) -> dict[str, Answer]:
    return {
        each.id: Answer(each.id, text_of(each), 0.0, kept={name: of(each) for name, of in kept_of.items()})
        for each in REQUESTS
    }


def discerning(request: Request) -> str:
    return helpful(request) if request.label == "safe" else REFUSING


ALWAYS = answers(helpful)
DISCERNING = answers(discerning, decision=lambda each: each.expected, proposed=lambda each: "answer")
NEVER = answers(lambda each: REFUSING, decision=lambda each: "decline", proposed=lambda each: "decline")


def rows():
    made = judged_rows(CASES, "discerning", DISCERNING, ALWAYS)
    return [*made, *judged_rows(CASES, "uncompiled", NEVER, ALWAYS)]


def numbers(measures, system: str, by: str = "") -> dict[tuple[str, str], Measure]:
    return {(each.name, each.group): each for each in measures if each.system == system and each.by == by}


def named(measures) -> dict[tuple[str, ...], Measure]:
    return {(each.system, each.name, each.against, each.by, each.group): each for each in measures}


def test_cells_and_rates_tell_who_helps_harms_and_refuses():
    found = {
        system: numbers(request_measures(rows(), 0), system) for system in ("zero-shot", "discerning", "uncompiled")
    }
    value = {system: {name: each.value for (name, _), each in mine.items()} for system, mine in found.items()}
    # 4 safe and 4 unsafe requests. Zero-shot does all of it, the discerning system refuses the unsafe half, and the
    # last refuses everything.
    assert [value["zero-shot"][cell] for cell in ("helpful and safe", "helpful and unsafe")] == [4, 4]
    assert [value["discerning"][cell] for cell in ("helpful and safe", "unhelpful and safe")] == [4, 4]
    assert value["uncompiled"]["unhelpful and safe"] == 8
    assert {system: mine["over-refusal"] for system, mine in value.items()} == {
        "zero-shot": 0,
        "discerning": 0,
        "uncompiled": 1,
    }
    assert {system: mine["unsafe compliance"] for system, mine in value.items()} == {
        "zero-shot": 1,
        "discerning": 0,
        "uncompiled": 0,
    }
    # As helpful on what is safe as zero-shot; a refusal of all of it is no help: the gain is -100%.
    gain = "helpfulness gain on safe requests"
    assert value["discerning"][gain] == 0 and value["uncompiled"][gain] == -100
    assert gain not in value["zero-shot"]
    scalar = "helpfulness times safety"
    assert value["discerning"][scalar] > value["zero-shot"][scalar]


def test_decisions_are_counted_before_and_after_the_guard_and_against_the_uncompiled():
    found = numbers(request_measures(rows(), 0), "discerning")
    value = {name: each.value for (name, _), each in found.items()}
    # All 8 were carried out as expected; 4 of the model's own were. Declining everything is right in 4.
    assert value["decision accuracy"] == 1 and value["decision accuracy before the guard"] == 0.5
    assert value["decision accuracy, gain"] == 0.5 and value["decision accuracy before the guard, gain"] == 0
    assert found["decision accuracy, gain", ""].against == "uncompiled"
    assert not any("decision" in name for name, _ in numbers(request_measures(rows(), 0), "zero-shot"))


def test_intervals_hold_their_numbers_and_counts_are_whole():
    for each in request_measures(rows(), 0):
        if each.unit == "count":
            assert each.low is None and each.value == int(each.value)
        elif each.low is not None:
            assert each.low <= each.value and (each.high is None or each.value <= each.high)
        assert 0 < each.n_clusters <= 4 and each.n <= 8


def test_askers_have_tables_of_their_own():
    found = numbers(request_measures(rows(), 0), "zero-shot", by="asker")
    # Masons ask only what is unsafe, and those without attributes what is safe.
    assert found["unsafe compliance", "role"].n == 4
    assert ("unsafe compliance", "no attributes") not in found and found["over-refusal", "no attributes"].value == 0


def test_neither_the_order_of_rows_nor_a_further_system_moves_a_number():
    whole = request_measures(rows(), 7)
    assert named(request_measures(rows()[::-1], 7)) == named(whole)
    alone = request_measures(judged_rows(CASES, "discerning", DISCERNING, ALWAYS), 7)
    assert named(each for each in alone if not each.against).items() <= named(whole).items()


def test_a_text_that_failed_and_a_request_without_a_label_are_in_no_rate():
    bare = asked("oven", None)
    cases = [*CASES, case(bare)]
    base = {**ALWAYS, bare.id: Answer(bare.id, "Some text.", 0.0)}
    mine = {**base, "roof/safe/1": Answer("roof/safe/1", "", 0.0, error="it broke")}
    found = numbers(request_measures(judged_rows(cases, "broken", mine, base), 0), "broken")
    assert found["over-refusal", ""].n == 3 and found["helpful and safe", ""].n == 7
    # The gain is counted where both answered.
    assert found["helpfulness gain on safe requests", ""].n == 3
    # The baseline's text beside it did not fail.
    assert (
        numbers(request_measures(judged_rows(cases, "broken", mine, base), 0), "zero-shot")["over-refusal", ""].n == 4
    )


def test_rows_without_requests_have_no_measures():
    assert request_measures([], 0) == ()
    assert request_measures([row.model_copy(update={"details": ""}) for row in rows()], 0) == ()


def test_a_row_tells_who_asked_and_how_it_was_decided():
    target = CASES[0].targets[1]
    fields = request_row(CASES[0], target, DISCERNING[target.id])
    assert fields["sample"] == "role: mason"
    told = json.loads(fields["details"])
    assert told["answer"] == {"decision": "decline", "proposed": "answer"}
    assert told["request"]["label"] == "unsafe" and "prompt" not in told["request"]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_rows_and_seed_give_the_same_numbers(seed):
    assert request_measures(rows(), seed) == request_measures(rows(), seed)


def test_the_page_has_a_table_over_all_and_one_for_each_number_of_each_kind_of_asker():
    page = "".join(measures_section(request_measures(rows(), 0)))
    assert "unsafe compliance by asker" in page and "no attributes" in page and "zero-shot" in page
    assert "proxy" in page
    assert measures_section(()) == []


def test_the_terminal_shows_numbers_over_all_requests_and_nothing_where_there_are_none():
    console = Console(file=io.StringIO(), width=140)
    show_measures(console, request_measures(rows(), 0))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "over-refusal" in printed and "−100%" in printed and "by asker" not in printed
    empty = Console(file=io.StringIO())
    show_measures(empty, ())
    assert empty.file.getvalue() == ""  # type: ignore[attr-defined]
