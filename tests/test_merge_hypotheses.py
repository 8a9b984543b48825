"""Each claim once, and none that another denies."""

import dspy
import pytest
from dspy.teleprompt import BootstrapFewShot, LabeledFewShot
from hypothesis import given
from hypothesis import strategies as st
from refining_models import answering_in_fields, by_request, plain, standing

from programs.hypothesising import Merge, merged
from programs.hypothesising.merge import joined_pairs
from programs.hypothesising.sameness import overlap, says_the_same
from programs.profiles.record import ProfileHypothesis
from signatures.refining import SamePair

LONG = "Writes long sentences, 25 words on average"
SHORT = "Writes short sentences, 9 words on average"


def many(statement=LONG, **fields):
    return standing(statement, **{"check": "sentence_words>=20", **fields})


def few(**fields):
    return standing(SHORT, check="sentence_words<12", **fields)


def statements(hypotheses):
    return [each.statement for each in hypotheses]


def pair(first: int, second: int) -> dict[str, int]:
    return {"first": first, "second": second}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Uses semicolons.", "uses  SEMICOLONS"),
        ("Often opens paragraphs with a short question", "Opens its paragraphs with short questions."),
        ("Uses semicolons to link clauses", "The author links clauses with semicolons"),
        ("😀", "😀"),
        ("喜欢用短句。", "喜欢用短句"),
    ],
)
def test_statements_in_the_same_words_say_the_same(one, other):
    assert says_the_same(plain(one), plain(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Opens its paragraphs with a short question", "Opens its paragraphs with a long question"),
        ("Closes every letter to readers with warm thanks", "Never closes a letter to readers with warm thanks"),
        ("Greets readers with formal words and titles", "Greets readers with informal words and titles"),
        ("Leans on the word 'which'", "Leans on the word 'that'"),
        ("Gives exact sums in 40% of sentences", "Gives exact sums in 4% of sentences"),
        ("Uses semicolons", "Uses dashes"),
        ("常常用很长的句子来开头", "常常用很短的句子来开头"),
        ("😀", "🔥"),
    ],
)
def test_statements_that_differ_in_what_matters_do_not(one, other):
    assert not says_the_same(plain(one), plain(other))


def test_measured_claims_are_told_apart_by_their_checks_alone():
    assert says_the_same(many(), many(check="sentence_words>=22", statement="Is long-winded"))
    assert not says_the_same(many(), many(check="paragraph_words>=20"))


WORDS = st.text(alphabet="ab short long never uses 你 'é,1.", max_size=40).filter(str.strip)


@given(WORDS, WORDS)
def test_sameness_does_not_depend_on_the_order(one, other):
    assert says_the_same(plain(one), plain(other)) == says_the_same(plain(other), plain(one))
    assert overlap(one, other) == overlap(other, one)
    assert 0.0 <= overlap(one, other) <= 1.0
    assert says_the_same(plain(one), plain(one))


def test_of_duplicates_the_one_with_more_lift_stays_and_takes_quotations():
    weak = many(statement="Is long-winded", confidence=0.6, others=0.5, evidence=("and then, and then", "on and on"))
    strong = many(confidence=0.8, others=0.2, evidence=("which, as it was",))
    kept, notes = merged([weak, strong])
    assert kept == [strong.model_copy(update={"evidence": ("which, as it was", "and then, and then")})]
    assert notes == (f"left out 'Is long-winded': says the same as {LONG!r}",)


def test_without_figures_a_check_then_quotations_then_confidence_decide():
    checked = plain("Uses semicolons", check="semicolons>=1")
    quoted = plain("uses semicolons.", evidence=("rain; again",))
    sure = plain("Uses semicolons!", confidence=0.9)
    assert merged([sure, quoted, checked]).kept == [checked.model_copy(update={"evidence": ("rain; again",)})]
    assert merged([sure, quoted]).kept == [quoted]
    assert merged([plain("Uses semicolons"), sure]).kept == [sure]


def test_what_contradicts_goes_both_ways_with_a_note():
    other = plain("Is wry")
    kept, notes = merged([many(), other, few()])
    assert kept == [other]
    assert notes == (f"{LONG!r} and {SHORT!r} contradict each other: left out both",)


@pytest.mark.parametrize(
    ("held", "tested", "against", "n_kept"),
    [
        (3, 3, (0, 0), 1),  # (3 + 1) / 5 = 0.80 against (0 + 1) / 2 = 0.50: clear by 0.30
        (3, 3, (2, 3), 0),  # 0.80 against 0.60
        (1, 1, (0, 1), 1),  # 0.67 against 0.33
        (0, 0, (0, 0), 0),
    ],
)
def test_of_a_contradiction_what_has_clearly_more_support_stays(held, tested, against, n_kept):
    supported = many(n_tested=tested, n_held=held)
    doubtful = few(n_tested=against[1], n_held=against[0])
    for order in ([supported, doubtful], [doubtful, supported]):
        assert merged(order).kept == [supported][:n_kept]


def test_a_pinned_hypothesis_wins_unchanged_whatever_contradicts_or_repeats_it():
    pinned = many(state="pinned")
    stronger = many(confidence=0.9, others=0.1, evidence=("on and on",))
    assert merged([stronger, few(n_tested=5, n_held=5), pinned]).kept == [pinned]
    both = [pinned, few(state="pinned")]
    assert merged(both).kept == both
    assert merged(both).notes[0].endswith("kept both, pinned")


def test_what_repeats_a_rejected_hypothesis_goes_and_what_was_dropped_stays_as_it_is():
    rejected, dropped = many(state="rejected"), standing("Is wry", state="dropped")
    kept, notes = merged([many(statement="Is long-winded"), rejected, dropped, standing("is wry")])
    assert kept == [rejected, dropped, standing("is wry")]
    assert notes == ("left out 'Is long-winded': says what was rejected",)


def test_none_and_one_hypothesis_stay_as_they_are():
    assert merged([]) == ([], ())
    assert merged([many()]) == ([many()], ())


CLAIMS = st.builds(
    standing,
    st.sampled_from(
        [LONG, SHORT, "Is wry", "is WRY.", "Opens letters with a wry joke", "Opens a letter with wry jokes"]
    ),
    check=st.sampled_from(["", "sentence_words>=20", "sentence_words<12", "commas>=3"]),
    state=st.sampled_from(["active", "active", "active", "pinned", "rejected", "dropped"]),
    confidence=st.sampled_from([0.2, 0.5, 0.9]),
    others=st.sampled_from([None, 0.1, 0.6]),
    evidence=st.lists(st.sampled_from(["so, yes", "rain; again", "on and on"]), max_size=2, unique=True).map(tuple),
    n_tested=st.just(3),
    n_held=st.integers(0, 3),
)


@given(st.lists(CLAIMS, max_size=7))
def test_merging_leaves_what_is_settled_alone_and_twice_is_once(claims):
    kept = merged(claims).kept
    assert merged(kept).kept == kept
    order = iter(claims)
    assert all(any(_is(each, one) for one in order) for each in kept)
    for state in ("pinned", "dropped", "rejected"):
        assert [each for each in kept if each.state == state] == [each for each in claims if each.state == state]
    active = [each for each in kept if each.state == "active"]
    used = [each for each in kept if each.used]
    assert not any(says_the_same(one, other) for one in active for other in used if one is not other)
    spans = {span for each in claims for span in each.evidence}
    assert all(len(each.evidence) <= 2 and set(each.evidence) <= spans for each in kept)


def _is(kept: ProfileHypothesis, given_: ProfileHypothesis) -> bool:
    return kept.model_copy(update={"evidence": ()}) == given_.model_copy(update={"evidence": ()})


@given(
    st.lists(st.builds(SamePair, first=st.integers(-2, 9), second=st.integers(-2, 9)), max_size=10), st.integers(0, 7)
)
def test_pairs_make_groups_of_places_in_range_each_at_most_once(pairs, n):
    joined = joined_pairs(pairs, n)
    places = [place for group in joined.groups for place in group]
    assert len(set(places)) == len(places) and all(0 <= place < n for place in places)
    assert all(len(group) > 1 for group in joined.groups)
    # A forest: each pair that counts joins two groups, so that groups of n places hold n - 1 pairs.
    assert joined.n_refused == len(pairs) - sum(len(group) - 1 for group in joined.groups)
    for one in pairs:
        if 1 <= one.first <= n and 1 <= one.second <= n and one.first != one.second:
            assert any({one.first - 1, one.second - 1} <= set(group) for group in joined.groups)


WRY = [
    plain("Is wry about trouble", evidence=("a fine mess",)),
    plain("Addresses the reader as a friend"),
    plain("Meets hardship with dry jokes", evidence=("splendid timing",), confidence=0.4),
    plain("Ends on a plan"),
]


def merge(hypotheses, answer):
    engine, context = by_request(lambda asked: answer)
    with context:
        return Merge()(hypotheses=hypotheses), engine.asked


def test_a_model_finds_the_same_in_other_words():
    out, asked = merge(WRY, {"same": [pair(3, 1)]})
    assert statements(out.hypotheses) == statements([WRY[0], WRY[1], WRY[3]])
    assert out.hypotheses[0].evidence == ("a fine mess", "splendid timing")
    assert out.notes == ("left out 'Meets hardship with dry jokes': says the same as 'Is wry about trouble'",)
    assert (out.n_failed, out.n_refused) == (0, 0)
    assert asked[0].endswith(
        "- 1. Is wry about trouble\n- 2. Addresses the reader as a friend\n"
        "- 3. Meets hardship with dry jokes\n- 4. Ends on a plan"
    )


def test_only_what_has_no_check_is_asked_about_after_the_mechanical_pass():
    measured = [many(), many(statement="Is long-winded"), plain("Is wry"), plain("is WRY."), plain("Ends on a plan")]
    out, asked = merge(measured, {"same": []})
    assert asked[0].endswith("Statements:\n- 1. Is wry\n- 2. Ends on a plan")
    assert statements(out.hypotheses) == [LONG, "Is wry", "Ends on a plan"]


@pytest.mark.parametrize("claims", [[], WRY[:1], [many(), WRY[0]], [WRY[0], standing("Is kind", state="pinned")]])
def test_fewer_than_two_statements_to_compare_cost_no_call(claims):
    out, asked = merge(claims, "unused")
    assert list(out.hypotheses) == claims and asked == []


@pytest.mark.parametrize(
    ("pairs", "n_refused"),
    [
        ([pair(0, 1), pair(2, 5), pair(-1, 3), pair(1, 99)], 4),
        ([pair(2, 2)], 1),
        ([pair(1, 2), pair(2, 3), pair(3, 4)], 3),  # would leave 1 of 4
        ([], 0),
    ],
    ids=["out of range", "itself", "nearly all the same", "none"],
)
def test_pairs_that_cannot_be_meant_change_nothing_and_are_counted(pairs, n_refused):
    out, _ = merge(WRY, {"same": pairs})
    assert list(out.hypotheses) == WRY
    assert out.n_refused == n_refused and bool(out.notes) == bool(n_refused)


def test_a_cycle_joins_no_more_than_its_pairs_do():
    # 1-3 and 2-4 leave 2 of 4; 3-1 and 4-2 say so again.
    out, _ = merge(WRY, {"same": [pair(1, 3), pair(3, 1), pair(2, 4), pair(4, 2)]})
    assert statements(out.hypotheses) == statements(WRY[:2]) and out.n_refused == 2


def test_statements_of_different_dimensions_are_not_merged():
    bold = plain("Is bold", dimension="personality", aspect="openness")
    out, _ = merge([bold, plain("Writes boldly"), plain("Ends on a plan")], {"same": [pair(1, 2)]})
    assert len(out.hypotheses) == 3 and out.n_refused == 1


@pytest.mark.parametrize(
    "answer", ["", "I cannot compare people.", {"gleich": [[1, 3]]}, {"same": [{"first": "eins", "second": 3}]}]
)
def test_an_unusable_answer_leaves_the_mechanical_pass_and_says_so(answer):
    out, _ = merge([*WRY, plain("ends on a plan.")], answer)
    assert list(out.hypotheses) == WRY and out.n_failed == 1
    assert out.notes[-1].startswith("compared mechanically only: the model gave no usable answer (AdapterParseError")


def test_a_large_model_answers_in_its_own_format():
    _, context = answering_in_fields({"same": [pair(1, 3)]})
    with context:
        assert len(Merge()(hypotheses=WRY).hypotheses) == 3


def test_its_state_is_saved_and_loaded(tmp_path):
    step = Merge()
    step.merge.demos = [dspy.Example(statements=["1. Is wry", "2. Is dry"], same=[pair(1, 2)])]
    step.save(tmp_path / "merge.json")
    again = Merge()
    again.load(tmp_path / "merge.json")
    assert again.dump_state() == step.dump_state() != Merge().dump_state()


def test_labeled_few_shot_compiles_it():
    shown = dspy.Example(statements=["1. Is kind", "2. Is warm"], same=[pair(1, 2)]).with_inputs("statements")
    compiled = LabeledFewShot(k=1).compile(Merge(), trainset=[shown])
    engine, context = by_request(lambda asked: {"same": [pair(1, 3)]})
    with context:
        assert len(compiled(hypotheses=WRY).hypotheses) == 3
    assert compiled.merge.demos == [shown] and len(engine.asked) == 1


def test_bootstrapping_shows_what_the_metric_accepts():
    example = dspy.Example(hypotheses=WRY).with_inputs("hypotheses")
    optimizer = BootstrapFewShot(
        metric=lambda example, prediction, trace=None: len(prediction.hypotheses) == 3,
        max_bootstrapped_demos=1,
        max_labeled_demos=0,
    )
    _, context = by_request(lambda asked: {"same": [pair(1, 3)]})
    with context:
        (demo,) = optimizer.compile(Merge(), trainset=[example]).merge.demos
    assert demo["same"] == [SamePair(first=1, second=3)]
