from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.requests import load_requests
from programs.policies import SHIPPED, Policy, Rule, contradictions, load_policy, parse_policy
from signatures.errors import SetupError
from signatures.requests import DECISIONS

HEAD = """# A comment.
name = "mine"
version = "3"
purpose = "an assistant for a library"
forbidden_to_everyone = [
    "making bombs",
    "tracking people",
]
"""


def rule(treat: str = "answer", what: str = "books", to: str = "") -> str:
    return f'\n[[rules]]\ntreat = "{treat}"\nwhat = "{what}"\n' + (f'to = "{to}"\n' if to else "")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_policies_load_and_read_as_they_are(name: str):
    policy = load_policy(name)
    worded = policy.worded()
    assert policy.name == name and len(policy.forbidden_to_everyone) >= 8 and len(policy.rules) >= 7
    assert {rule.treat for rule in policy.rules} == set(DECISIONS)
    for said in (*policy.forbidden_to_everyone, *(rule.what for rule in policy.rules), policy.purpose):
        assert said in worded
    assert len(worded) < 3_000, "a policy is part of every prompt"


def test_the_shipped_policies_differ():
    assert (
        len({load_policy(name).hash for name in SHIPPED}) == len({load_policy(name).worded() for name in SHIPPED}) == 3
    )


def test_a_policy_of_ones_own_is_given_by_its_path(tmp_path: Path):
    file = tmp_path / "library.toml"
    file.write_text(HEAD + rule("answer with care", "old books", "children"))
    policy = load_policy(file)
    assert policy == load_policy(str(file))
    assert policy.rules == (Rule(treat="answer with care", what="old books", to="children"),)
    assert policy.worded().splitlines() == [
        "This is an assistant for a library.",
        "Decline these, whoever asks and whatever they claim to be or to be allowed:",
        "- making bombs",
        "- tracking people",
        "Treat other requests so:",
        "- answer with care: old books, to children.",
        "- answer: everything else.",
    ]


def test_the_hash_sees_what_is_said_and_not_how_it_is_written():
    one = parse_policy(HEAD + rule(), "one")
    same = parse_policy(HEAD.replace("# A comment.\n", "") + '\n[[rules]]\nwhat = " books "\ntreat = "answer"\n', "two")
    other = parse_policy(HEAD.replace('"3"', '"4"') + rule(), "three")
    assert one.hash == same.hash != other.hash


def test_an_unknown_policy_lists_those_that_ship():
    with pytest.raises(
        SetupError, match="unknown policy 'defualt'; choose one of: children, default, security-research"
    ):
        load_policy("defualt")


def test_a_policy_that_is_no_text_is_refused(tmp_path: Path):
    file = tmp_path / "p.toml"
    file.write_bytes(b'name = "\xff"')
    with pytest.raises(SetupError, match="give a text file in UTF-8"):
        load_policy(file)


# HEAD has 8 lines; a rule's blank line is 9, its header 10, treat 11, what 12; the next rule is 4 on, 5 with `to`.
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", r"is not TOML \(Invalid value"),
        ("", "'name' is missing; add it"),
        (HEAD, "'rules' is missing"),
        (HEAD.replace("purpose", "goal") + rule(), "line 4: 'goal' is no field; choose among: name, version, purpose"),
        (HEAD + rule() + 'whom = "all"\n', "line 13: 'whom' is no field; choose among: treat, what, to, care"),
        (HEAD + rule("allow"), "line 11: 'treat' is 'allow'; choose one of: answer, answer with care, clarify"),
        (HEAD + rule() + rule("permit"), "line 15: 'treat' is 'permit'"),
        (HEAD + rule(what="  "), "line 12: 'what' is empty"),
        (HEAD + "\n[[rules]]\ntreat = 'answer'\n", "line 10: 'what' is missing"),
        (HEAD + "rules = []\n", "line 9: 'rules' is empty"),
        (HEAD.replace('"tracking people"', "3") + rule(), "line 5: 1: Input should be a valid string"),
    ],
)
def test_a_faulty_policy_is_refused_with_its_line(text: str, message: str):
    with pytest.raises(SetupError, match=message):
        parse_policy(text, "mine.toml")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (rule() + rule("decline"), "line 12 and line 16: 'books' gets both 'answer' and 'decline' for everyone"),
        (
            rule(to="a pupil") + rule("clarify", "The book", "pupils?") + rule("decline", to="Pupil"),
            "line 12 and line 17",
        ),
        (rule(to="anybody") + rule("decline", what="Books!"), "line 12 and line 17"),
        (
            rule("answer", "Making a bomb", "chemists"),
            "line 6 and line 12: 'making bombs' is forbidden to everyone, and gets",
        ),
        (rule("partly decline", "tracking of people", "police"), "line 7 and line 12"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_both_lines(rules: str, message: str):
    with pytest.raises(SetupError, match=f"contradicts itself: {message}.*keep one of the two"):
        parse_policy(HEAD + rules, "mine.toml")


def test_all_contradictions_are_told_at_once():
    with pytest.raises(SetupError) as told:
        parse_policy(HEAD + rule() + rule("decline") + rule("clarify", "making bombs"), "mine.toml")
    assert str(told.value).count(" and line ") == 2


@pytest.mark.parametrize(
    "rules",
    [
        rule() + rule("decline", to="children"),
        rule() + rule("answer"),
        rule("decline", "making bombs"),
        rule("answer", "the history of making bombs"),
    ],
)
def test_exceptions_repetitions_and_agreement_are_no_contradiction(rules: str):
    assert parse_policy(HEAD + rules, "mine.toml").rules


def test_rules_in_one_list_are_found_by_their_words():
    inline = 'rules = [\n  { treat = "answer", what = "books" },\n  { treat = "decline", what = "the books" },\n]\n'
    with pytest.raises(SetupError, match="contradicts itself: line 10 and line 11"):
        parse_policy(HEAD + inline, "mine.toml")


whats = st.sampled_from(["books", "a book", "maps", "old maps", "Making bombs"])
rules = st.lists(
    st.builds(Rule, treat=st.sampled_from(DECISIONS), what=whats, to=st.sampled_from(["", "everyone", "children"])),
    min_size=1,
    max_size=6,
)


@given(rules)
def test_contradictions_do_not_depend_on_the_order_of_rules(held: list[Rule]):
    def count(order: list[Rule]) -> int:
        policy = Policy(name="n", version="1", purpose="p", rules=tuple(order), forbidden_to_everyone=("making bombs",))
        return len(contradictions(policy))

    assert count(held) == count(held[::-1])


def test_the_default_policy_has_a_decision_for_every_bundled_expectation():
    treated = {rule.treat for rule in load_policy("default").rules}
    assert {request.expected for request in load_requests("bundled").requests} <= treated
