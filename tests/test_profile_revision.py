import json

import pytest
from dspy.lm15 import Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from people import claim, stating, texts_of
from scripted import ScriptedEngine, requests, turns

from programs.authorship import AuthorshipProgram
from programs.lms.embedded_lm import EmbeddedLM
from programs.profile import Profile, ProfileHypothesis, infer_profile, update
from programs.profiles.measurements import measured_text
from programs.profiles.ranking import habit_of
from programs.profiles.revision import NO_LONGER_TELLS, News, revised
from programs.profiles.verifying import measured_hypotheses
from programs.traits import default_population
from programs.traits.claims import Amounts, claims

AUTHORS = ("edmund-leigh", "zoe-park", "tom-harrow", "ingrid-solberg", "lucy-bell")
TEXTS = texts_of("edmund-leigh")
AGAINST = default_population()


def told_of(profile: Profile) -> list[tuple[object, ...]]:
    """What a profile says of its used habits, but for quotations."""
    return [
        (each.check, each.statement, each.confidence, each.n_held, each.n_tested, each.others, each.state)
        for each in profile.hypotheses
        if each.used
    ]


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(AUTHORS), st.integers(1, 11), st.integers(1, 3), st.sampled_from([1, 4, 8]))
def test_an_update_leaves_what_starting_over_would(author: str, n_known: int, n_new: int, n: int):
    texts = texts_of(author)[: n_known + n_new]
    after = update(infer_profile(texts[:n_known], n=n), texts[n_known:], trust=True).profile
    over = infer_profile(texts, n=n)
    assert told_of(after) == told_of(over)
    assert after.traits == over.traits and after.texts == over.texts


def test_updating_text_by_text_ends_where_starting_over_does():
    profile = infer_profile(TEXTS[:3])
    for text in TEXTS[3:8]:
        profile = update(profile, [text], trust=True).profile
    assert told_of(profile) == told_of(infer_profile(TEXTS[:8]))


def test_claims_need_no_text_once_it_is_measured():
    read = [measured_text(text) for text in TEXTS[:6]]
    with_texts, without = (measured_hypotheses(texts, read, AGAINST) for texts in (TEXTS[:6], ()))
    assert [each.model_copy(update={"evidence": ()}) for each in with_texts] == list(without)
    assert any(each.evidence for each in with_texts)
    assert measured_hypotheses((), (), AGAINST) == ()


def test_a_trait_that_no_text_was_measured_in_is_not_claimed():
    read = [measured_text(text) for text in TEXTS[:6]]
    first = claims(read, AGAINST)[0].check.trait
    part = [Amounts(text.n_words, {k: v for k, v in text.values.items() if k != first}) for text in read]
    assert first not in {claim.check.trait for claim in claims(part, AGAINST)}
    assert {each.check.trait for each in claims([*read[:3], *part[3:]], AGAINST)} >= {first}


def test_quotations_that_are_known_stay_and_new_habits_are_quoted_from_the_new_texts():
    before = infer_profile(TEXTS[:6])
    after = update(before, TEXTS[6:9]).profile
    known = {habit_of(each): each.evidence for each in before.hypotheses if each.evidence}
    new = " ".join(TEXTS[6:9])
    for each in after.hypotheses:
        expected = known.get(habit_of(each))
        assert each.evidence == expected if expected else all(span in new for span in each.evidence)


def test_a_habit_that_stands_out_no_more_is_dropped_with_the_reason():
    before = infer_profile(TEXTS[:4])
    loud = [text.replace(";", ",").replace(",", "").replace(".", "!") for text in texts_of("tom-harrow")[:9]]
    after = update(before, loud, trust=True).profile
    gone = [each for each in after.hypotheses if each.note == NO_LONGER_TELLS]
    assert gone and all(each.state == "dropped" and each.n_tested == 13 for each in gone)
    # It is listed, so that its quotations are there when it comes back.
    assert {each.statement for each in gone} <= {each.statement for each in before.hypotheses}


def test_one_habit_in_place_of_much_the_same_is_told_as_a_replacement():
    before = infer_profile(TEXTS[:8])
    after = update(before, [texts_of("zoe-park")[0]], trust=True).profile
    told = {change.what: change.statements for change in after.history[len(before.history) :]}
    old, new = told["replaced"]
    checks = {each.statement: each for each in (*before.hypotheses, *after.hypotheses)}
    assert AGAINST.related(checks[old].trait, checks[new].trait)
    assert new not in told.get("added", ()) and old not in told.get("dropped", ())


def test_a_rejected_habit_does_not_come_back_as_a_sibling_but_its_opposite_may():
    profile = infer_profile(TEXTS[:8])
    related = [
        (one, other)
        for one in profile.hypotheses
        for other in profile.hypotheses
        if one.used and one is not other and AGAINST.related(one.trait, other.trait)
    ]
    assert related == []
    first = profile.hypotheses[0]
    after = update(profile.marked(first.statement, "rejected"), TEXTS[8:10]).profile
    assert not [each for each in after.hypotheses if each.used and AGAINST.related(each.trait, first.trait)]
    opposite = first.model_copy(
        update={"check": "passives<0.1", "statement": "Avoids the passive.", "state": "rejected"}
    )
    assert first.check.startswith("passives>=")
    opposed = profile.model_copy(update={"hypotheses": (opposite, *profile.hypotheses)})
    assert first.check in [each.check for each in update(opposed, TEXTS[8:9]).profile.hypotheses if each.used]


def test_the_same_habit_as_a_pinned_one_is_not_said_twice():
    profile = infer_profile(TEXTS[:8])
    pinned = profile.marked(profile.hypotheses[0].statement, "pinned")
    after = update(pinned, TEXTS[8:10]).profile
    same = [each for each in after.hypotheses if each.trait == profile.hypotheses[0].trait]
    assert [each.state for each in same] == ["pinned"]
    assert sum(each.state == "active" for each in after.hypotheses) == 8


def test_words_that_a_person_put_in_place_of_measured_ones_stay():
    profile = infer_profile(TEXTS[:8])
    mine = profile.hypotheses[0].model_copy(update={"statement": "Likes to hide who did it."})
    edited = profile.model_copy(update={"hypotheses": (mine, *profile.hypotheses[1:])})
    after = update(edited, TEXTS[8:10]).profile
    now = [each for each in after.hypotheses if each.trait == mine.trait]
    assert [(each.statement, each.n_tested) for each in now] == [("Likes to hide who did it.", 10)]


def test_edits_decide_when_two_more_speak_for_or_against_a_habit():
    profile = infer_profile(TEXTS[:8])
    used, spare = profile.hypotheses[0], next(each for each in profile.hypotheses if each.note == "others tell more")
    for votes, habit, expected in ((-1, used, True), (-2, used, False), (1, spare, False), (2, spare, True)):
        changed = tuple(
            each.model_copy(update={"edits": votes}) if each is habit else each for each in profile.hypotheses
        )
        after = revised(profile.model_copy(update={"hypotheses": changed}), News((), ()), AGAINST)
        assert [each.used for each in after.hypotheses if each.check == habit.check] == [expected]
        assert sum(each.used for each in after.hypotheses) == 8


class CountingEngine(ScriptedEngine):
    """A scripted engine that counts words for tokens."""

    n_words = 0

    def complete(self, request: Request) -> Response:
        answer = super().complete(request)
        self.n_words += sum(len(words.split()) for _, words in turns(request)) + len(
            (answer.message.text or "").split()
        )
        return answer


ANSWER = json.dumps(
    {"hypotheses": [claim("Speaks with courtesy."), claim("Keeps calm."), claim("Explains at length.")]}
)


class TestWithAModel:
    def test_a_text_that_confirms_what_is_known_costs_nothing(self):
        profile = infer_profile(TEXTS[:9], stating(claim("Speaks with courtesy.")), program=AuthorshipProgram())
        checks = {each.trait for each in profile.hypotheses if each.used}
        for text in TEXTS[9:]:
            plain = update(profile, [text], trust=True).profile
            if {each.trait for each in plain.hypotheses if each.used} == checks:
                model = stating()
                assert update(profile, [text], model, program=AuthorshipProgram(), trust=True).profile == plain
                assert requests(model) == []
                return
        raise AssertionError("every text changes what stands")

    def test_where_something_changes_the_new_texts_alone_are_read(self):
        profile = infer_profile(TEXTS[:5])
        model = stating(claim("Speaks with courtesy.", TEXTS[5][:30], TEXTS[0][:30]))
        after = update(profile, TEXTS[5:6], model, program=AuthorshipProgram(), trust=True).profile
        (request,) = requests(model)
        asked = "\n".join(words for _, words in turns(request))
        assert TEXTS[5][:60] in asked and not [text for text in TEXTS[:5] if text[:60] in asked]
        said = next(each for each in after.hypotheses if "courtesy" in each.statement)
        # Only what stands in the new text is quoted.
        assert said.used and said.source == "model" and said.evidence == (TEXTS[5][:30],)
        assert [change for change in after.history if change.what == "added"][0].statements[-1] == said.statement

    def test_what_it_said_without_a_check_stays_and_leaves_no_room_for_ever_more(self):
        said = [claim(f"Speaks with {manner}.") for manner in ("courtesy", "care", "patience", "reserve")]
        profile = infer_profile(TEXTS[:5], stating(*said), program=AuthorshipProgram())
        model = stating(claim("Speaks with scorn."), claim("Speaks with courtesy."))
        after = update(profile, texts_of("zoe-park")[:3], model, program=AuthorshipProgram(), trust=True).profile
        assert len(requests(model)) == 1
        used = [each.statement for each in after.hypotheses if each.used and each.source == "model"]
        assert sorted(used) == sorted(each["statement"] for each in said)

    def test_a_rejected_statement_is_not_taken_from_a_model_again(self):
        profile = infer_profile(TEXTS[:5], stating(claim("Speaks with courtesy.")), program=AuthorshipProgram())
        rejected = profile.marked("Speaks with courtesy.", "rejected")
        model = stating(claim("Speaks with Courtesy."), claim("Speaks with care."))
        after = update(rejected, TEXTS[5:6], model, program=AuthorshipProgram()).profile
        assert [each.statement for each in after.hypotheses if each.state == "rejected"] == ["Speaks with courtesy."]
        assert [each.statement for each in after.hypotheses if each.used and each.source == "model"] == [
            "Speaks with care."
        ]

    def test_an_update_after_many_texts_costs_under_a_tenth_of_starting_over(self):
        # Of single texts after fourteen; what is read for those that change the habits used counts too.
        spent = over = 0
        for author in AUTHORS:
            texts = texts_of(author)
            engines = [CountingEngine([ANSWER]) for _ in range(2)]
            first, again = (EmbeddedLM("scripted", engine=each, cache=False, num_retries=0) for each in engines)
            profile = infer_profile(texts[:14], first, program=AuthorshipProgram())
            over += engines[0].n_words
            update(profile, texts[14:], again, program=AuthorshipProgram(), trust=True)
            spent += engines[1].n_words
        assert spent < 0.1 * over

    def test_without_one_no_program_is_asked(self):
        assert update(infer_profile(TEXTS[:3]), TEXTS[3:5], program=object()).profile.n_texts == 5


def test_a_profile_written_before_edits_were_counted_can_be_revised(tmp_path):
    content = json.loads(infer_profile(TEXTS[:4]).model_dump_json())
    for each in content["hypotheses"]:
        del each["edits"]
    old = Profile.model_validate(content)
    assert told_of(update(old, TEXTS[4:6]).profile) == told_of(infer_profile(TEXTS[:6]))


@pytest.mark.parametrize("state", ["pinned", "rejected", "active"])
def test_a_persons_own_hypothesis_keeps_its_state(state):
    said = {"dimension": "personality", "aspect": "openness", "statement": "Asks a lot.", "check": "questions>=0.9"}
    mine = ProfileHypothesis.model_validate({**said, "state": state})
    profile = infer_profile(TEXTS[:5])
    after = update(profile.model_copy(update={"hypotheses": (mine, *profile.hypotheses)}), TEXTS[5:7]).profile
    now = next(each for each in after.hypotheses if each.statement == "Asks a lot.")
    assert now.state == state
    # Nothing but the counts of an active one changes: it holds on none of the seven texts.
    assert (now.n_held, now.n_tested) == ((0, 7) if state == "active" else (0, 0))
