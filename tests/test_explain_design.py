"""Which texts an explanation writes, and whose hypotheses are swapped in."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from programs.explaining.design import cells_of, swappable
from signatures.hypotheses import Hypothesis
from signatures.records import Author, AuthorCase, Text

ASPECTS = ("rhythm", "punctuation", "vocabulary")


def said(statement: str, aspect: str = "rhythm", check: str = "") -> Hypothesis:
    return Hypothesis(dimension="writing style", aspect=aspect, statement=statement, check=check)  # pyright: ignore


def case(author: str, n_targets: int) -> AuthorCase:
    texts = tuple(Text(id=f"{author}-{n}", author=author, prompt="p", text=f"Text {n}.") for n in range(n_targets + 2))
    return AuthorCase(
        author=Author(id=author, texts=texts),
        samples=texts[:1],
        targets=texts[1 : n_targets + 1],
        references=texts[n_targets + 1 :],
    )


claims = st.builds(
    said,
    st.sampled_from([f"Claim {n}" for n in range(8)] + ["claim 1.", "CLAIM  2"]),
    st.sampled_from(ASPECTS),
    st.sampled_from(["", "commas>=2", "commas<3", "hedges>=1", "commas>=5"]),
)
sets = st.lists(claims, min_size=1, max_size=4, unique_by=lambda each: each.statement)


@given(sets, st.dictionaries(st.sampled_from("abc"), sets), st.integers(1, 3), st.integers(1, 3), st.integers(0, 9))
def test_every_set_differs_from_the_full_one_by_one_place_and_holds_nothing_of_the_authors_own_twice(
    own, others, n_targets, n_draws, seed
):
    made = cells_of(case("me", n_targets), own, others, n_draws, seed)
    assert made == cells_of(case("me", n_targets), own, others, n_draws, seed)
    assert len({cell.key for cell in made}) == len(made)
    arms = Counter(cell.arm for cell in made)
    n = n_targets * n_draws
    assert (arms["full"], arms["again"], arms["none"], arms["without"]) == (n, n, n, n * len(own))
    mine = {" ".join(each.statement.casefold().split()).rstrip(".") for each in own}
    habits = {(each.check[:6], each.check[6]) for each in own if each.check}
    for cell in made:
        if cell.arm in ("full", "again"):
            assert cell.hypotheses == tuple(own)
        elif cell.arm == "none":
            assert cell.hypotheses == ()
        else:
            assert cell.place is not None
            kept = [each for place, each in enumerate(own) if place != cell.place]
            assert [each for each in cell.hypotheses if each is not cell.swapped_in] == kept
        if cell.arm == "swapped":
            drawn = cell.swapped_in
            assert drawn is not None and cell.hypotheses[cell.place or 0] is drawn
            assert " ".join(drawn.statement.casefold().split()).rstrip(".") not in mine
            assert not drawn.check or (drawn.check[:6], drawn.check[6]) not in habits
            assert any(drawn in theirs for theirs in others.values())


def test_only_the_control_is_drawn_in_rollouts_of_its_own():
    made = cells_of(case("me", 2), [said("Own")], {"b": [said("Theirs")]}, 3, 0)
    # Three draws have rollouts 0 to 2, the controls 3 to 5.
    assert all(cell.rollout == cell.draw + (3 if cell.arm == "again" else 0) for cell in made)


def test_the_same_aspect_goes_before_the_same_dimension_and_that_before_any():
    own = [said("Own", "rhythm")]
    near, far = said("Near", "rhythm"), said("Far", "punctuation")
    away = Hypothesis(dimension="personality", aspect="openness", statement="Away")
    assert swappable(own, 0, {"b": [far, near, away], "c": [near]}) == (near,)
    assert swappable(own, 0, {"b": [away, far]}) == (far,)
    assert swappable(own, 0, {"b": [away]}) == (away,)
    assert swappable(own, 0, {"b": [said("own.")]}) == ()


def test_another_number_for_the_same_habit_is_not_swapped_in_but_its_opposite_is():
    own = [said("Many commas, 6", check="commas>=6")]
    more, fewer = said("Many commas, 9", check="commas>=9"), said("Few commas", check="commas<2")
    assert swappable(own, 0, {"b": [more, fewer]}) == (fewer,)


def test_swaps_go_through_all_there_are_before_one_comes_again():
    theirs = [said(f"Theirs {n}") for n in range(4)]
    made = cells_of(case("me", 2), [said("Own")], {"b": theirs}, 2, 0)
    drawn = [cell.swapped_in for cell in made if cell.arm == "swapped"]
    assert len(drawn) == 4 and {each.statement for each in drawn if each} == {each.statement for each in theirs}


def test_without_anybody_to_swap_from_there_is_no_swapped_text():
    made = cells_of(case("me", 1), [said("Own")], {}, 1, 0)
    assert [cell.arm for cell in made] == ["full", "again", "none", "without"]
