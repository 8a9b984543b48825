import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import texts_of

from programs.profile import Profile, ProfileHypothesis, infer_profile, update
from programs.profiles.measurements import measured_text
from programs.profiles.strangers import likeness_of
from programs.traits import default_population, population
from signatures.errors import SetupError

TEXTS = texts_of("edmund-leigh")
STRANGERS = texts_of("zoe-park")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return infer_profile(TEXTS[:8])


def kept(profile: Profile) -> dict[str, ProfileHypothesis]:
    return {each.trait: each for each in profile.hypotheses if each.used}


def test_new_texts_are_counted_and_what_they_confirm_is_told(profile: Profile):
    before = profile.model_dump_json()
    after = update(profile, TEXTS[8:10])
    assert profile.model_dump_json() == before
    assert after.held_back == () and after.profile.n_texts == 10
    for trait in kept(profile):
        # Each habit is tested on all ten texts, known and new.
        assert [one.n_tested for one in after.profile.hypotheses if one.trait == trait] == [10]
    told = {change.what: change for change in after.profile.history[len(profile.history) :]}
    assert told["confirmed"].n_texts == 10 and told["confirmed"].note == "by 2 new texts"


def test_traits_are_those_of_all_texts(profile: Profile):
    after = {trait.name: trait for trait in update(profile, TEXTS[8:10]).profile.traits}
    over = {trait.name: trait for trait in infer_profile(TEXTS[:10]).traits}
    assert after == over


def test_known_texts_change_nothing(profile: Profile):
    same = update(profile, [TEXTS[0], f" {TEXTS[3]}\n"])
    assert same.profile is profile
    assert same.notes == ("left out 2 texts: the profile knows it already",)


def test_what_the_new_texts_contradict_is_dropped_and_replaced():
    profile = infer_profile(TEXTS[:4], n=3)
    # A semicolon in no sentence any more, and every sentence a question.
    new = [text.replace(";", ",").replace(".", "?") for text in TEXTS[4:12]]
    after = update(profile, new, trust=True).profile
    asks = next(each for each in after.hypotheses if each.check.startswith("questions>="))
    assert asks.used and asks.evidence
    assert sum(each.used for each in after.hypotheses) == 3
    told = {change.what: change.statements for change in after.history[len(profile.history) :]}
    assert asks.statement in (*told.get("added", ()), *told.get("replaced", ())[1::2]) and told["dropped"]


def test_pinned_hypotheses_never_change_and_rejected_ones_never_come_back():
    profile = infer_profile(TEXTS[:8])
    first, second = profile.hypotheses[:2]
    marked = profile.marked(first.statement, "pinned").marked(second.statement, "rejected")
    pinned = marked.hypotheses[0]
    # Texts without any of the person's habits.
    after = update(marked, STRANGERS[:6], trust=True).profile
    assert pinned in after.hypotheses
    assert marked.hypotheses[1] in after.hypotheses
    again = update(marked, TEXTS[8:]).profile
    assert [each.state for each in again.hypotheses if each.trait == second.trait] == ["rejected"]
    assert pinned in again.hypotheses and again.hypotheses[0] == pinned


def test_a_rejected_statement_without_a_check_stays_rejected(profile: Profile):
    said = {"dimension": "personality", "aspect": "openness", "statement": "Likes puns.", "state": "rejected"}
    marked = profile.model_copy(update={"hypotheses": (*profile.hypotheses, ProfileHypothesis.model_validate(said))})
    assert marked.hypotheses[-1] in update(marked, TEXTS[8:]).profile.hypotheses


def test_a_claim_that_a_reader_tested_has_a_lift_and_is_no_habit_to_measure_new_texts_by(profile: Profile):
    said = {"dimension": "personality", "aspect": "openness", "statement": "Likes puns.", "confidence": 0.9}
    read = ProfileHypothesis.model_validate({**said, "others": 0.1, "n_tested": 4, "n_held": 4})
    assert read.lift == pytest.approx(0.8)
    assert ProfileHypothesis.model_validate(said).lift is None
    known = profile.model_copy(update={"hypotheses": (read, *profile.hypotheses)})
    assert update(known, TEXTS[8:9]).profile.n_texts == 9


def test_a_check_added_by_hand_is_tested_on_all_texts(profile: Profile):
    said = {"dimension": "writing style", "aspect": "punctuation", "statement": "Never shouts.", "check": "commas>=0"}
    added = profile.model_copy(update={"hypotheses": (ProfileHypothesis.model_validate(said), *profile.hypotheses)})
    after = next(each for each in update(added, TEXTS[8:9]).profile.hypotheses if each.statement == "Never shouts.")
    # Every text has 0 commas or more, and so have all other people's: it holds on all 9, and stays, being the person's.
    assert (after.n_held, after.n_tested, after.others) == (9, 9, 1.0)
    assert after.state == "active" and after.source == "person"


def test_somebody_elses_texts_are_held_back_until_the_person_says_otherwise(profile: Profile):
    asked = update(profile, [TEXTS[8], STRANGERS[0], TEXTS[9], STRANGERS[1]])
    assert asked.held_back == (1, 3)
    assert "text 2 reads unlike the 8 texts known" in asked.reason and "text 4" in asked.reason
    assert asked.profile.n_texts == 10 and asked.profile.history[-1].what == "held back"
    trusted = update(asked.profile, [STRANGERS[0]], trust=True)
    assert trusted.held_back == () and trusted.profile.n_texts == 11


def test_with_two_texts_known_nothing_is_held_back():
    assert update(infer_profile(TEXTS[:2]), [STRANGERS[0]]).held_back == ()


@pytest.mark.parametrize("author", ["annika-berg", "tom-harrow", "lucy-bell", "seamus-finn"])
def test_a_persons_own_texts_are_merged_and_other_peoples_are_not(author: str):
    own = [measured_text(text) for text in texts_of(author)]
    others = [measured_text(text) for text in STRANGERS[:10]]
    against = default_population()
    like = likeness_of(own[8:], own[:8], against)
    unlike = likeness_of(others, own[:8], against)
    assert like is not None and unlike is not None
    # Two in a hundred of the person's own are expected to fall below, and four in a hundred strangers not to.
    assert sum(score < -2 for score in like) <= 1
    assert sum(score < -2 for score in unlike) >= 9


def test_another_population_is_refused(profile: Profile):
    crowd = population({"a": TEXTS[:3], "b": STRANGERS[:3]}, "two")
    with pytest.raises(SetupError, match="compares with the population 'bundled', not 'two'"):
        update(profile, TEXTS[8:], population=crowd)


def test_nothing_new_is_nothing_changed(profile: Profile):
    assert update(profile, []).profile is profile
    assert update(profile, ["🎉"]).profile is profile


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([*TEXTS, *STRANGERS, "", "🎉", "One word", "日本語。"]), max_size=6), st.booleans())
def test_whatever_comes_counts_stay_sound(new: list[str], trust: bool):
    profile = infer_profile(TEXTS[:5])
    pinned = profile.marked(profile.hypotheses[0].statement, "pinned")
    after = update(pinned, new, trust=trust).profile
    assert Profile.model_validate_json(after.model_dump_json()) == after
    assert sum(each.state == "active" for each in after.hypotheses) <= after.n_hypotheses
    assert pinned.hypotheses[0] in after.hypotheses
    assert len({text.digest for text in after.texts}) == after.n_texts >= 5
    assert len({each.statement for each in after.hypotheses}) == len(after.hypotheses)
