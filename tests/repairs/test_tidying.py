import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programs.constraints import as_constraint
from programs.repairs.marks import Marks, marks_of
from programs.repairs.spelling import PAIRS, respelled
from programs.repairs.tidying import tidied, without_emoji
from programs.traits.lexicon import AMERICAN, BRITISH

PIECES = """word it's it’s " “ ” — – - -- 😀 ❤️ 👋🏽 :) ;-) <3 . , ! ( ) 1 colour Color organize Organise""".split()
PIECES += ["„", "'", "’", "你好", " ", " ", "\n", " - ", " — "]
WRITING = st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=30).map("".join)
MARKS = st.builds(
    Marks,
    apostrophe=st.sampled_from([None, "'", "’"]),
    quotation=st.sampled_from([None, "straight", "curly"]),
    dash=st.sampled_from([None, "—", " — ", " – ", "--", " -- ", " - "]),
    spelling=st.sampled_from([None, "British", "American"]),
)
ASKED = st.lists(st.sampled_from(["no emoji", "British spelling", "American spelling", "british>=0.5"]), max_size=3)


@given(WRITING, ASKED, MARKS)
@example("a 😀 “b” -- 😀", ["no emoji"], Marks(dash="—"))
def test_tidying_twice_is_tidying_once(text: str, asked: list[str], marks: Marks):
    constraints = [as_constraint(each) for each in asked]
    once, notes = tidied(text, constraints, marks)
    assert tidied(once, constraints, marks) == (once, ())
    assert bool(notes) is (once != text)


@given(st.text(st.sampled_from("abc ABC.,;:!?()\n123"), max_size=80), MARKS)
def test_a_text_without_such_marks_stays_as_it_is(text: str, marks: Marks):
    if ":)" in text or ";)" in text or ":(" in text or ";(" in text:
        return
    assert tidied(text, [as_constraint("no emoji"), as_constraint("British spelling")], marks) == (text, ())


@given(WRITING)
def test_nothing_changes_where_nothing_is_asked(text: str):
    assert tidied(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great news! 🎉 We won.", "Great news! We won."),
        ("See you soon 😀\nBye 👋🏽👋🏽!", "See you soon\nBye!"),
        ("🔥 One\n- 🔥 two", "One\n- two"),
        ("One.\n\n😀\n\nTwo.", "One.\n\nTwo."),
        ("So happy (really 😀) :)", "So happy (really)"),
        ("We won 😀 😀.", "We won."),
        ("We won.😀Come!", "We won. Come!"),
        ("Love you <3", "Love you"),
        ("👨‍👩‍👧 My family.", "My family."),
    ],
)
def test_emoji_beside_marks_and_at_ends_of_lines_go(text: str, expected: str):
    assert tidied(text, [as_constraint("no emoji")])[0] == expected


@pytest.mark.parametrize("text", ["I ❤️ Paris", "so happy 😀 see you", "a value x <3 years", "“😀” he said", "😀"])
def test_emoji_that_may_stand_for_words_stay(text: str):
    assert tidied(text, [as_constraint("no emoji")]) == (text, ())


def test_emoji_stay_where_nobody_minds():
    assert tidied("We won 😀", [as_constraint("no questions")]) == ("We won 😀", ())
    assert without_emoji("We won 😀") == ("We won", 1)


@pytest.mark.parametrize(
    ("marks", "text", "expected"),
    [
        (Marks(apostrophe="’"), "It's the dogs' own 'rock'n'roll'.", "It’s the dogs' own 'rock’n’roll'."),
        (Marks(apostrophe="'"), "It’s late.", "It's late."),
        (Marks(quotation="curly"), 'He said "no" ("never").', "He said “no” (“never”)."),
        (Marks(quotation="straight"), "He said “no”.", 'He said "no".'),
        (Marks(dash="—"), "It was - so he said -- late – and dark.", "It was—so he said—late—and dark."),
        (Marks(dash=" – "), "It was—well—late.", "It was – well – late."),
        (Marks(spelling="British"), "Organize the gray color.", "Organise the grey colour."),
    ],
)
def test_marks_become_the_persons_own(marks: Marks, text: str, expected: str):
    assert tidied(text, (), marks)[0] == expected


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        (Marks(quotation="curly"), 'A 5\'10" man and class="x" there'),
        (Marks(quotation="curly"), 'One " alone'),
        (Marks(quotation="straight"), "„Nein“, sagte er"),
        (Marks(dash="—"), "A well-known range 1990–2000 of 5 - 3 is 2"),
        (Marks(dash="—"), "Run it with --help\n- one\n- two\n---"),
        (Marks(spelling="British"), "The Labor Party met in the Pearl Harbor Center, see color.com and #color."),
        (Marks(spelling="British"), "A gas meter and a computer program."),
    ],
)
def test_what_is_not_certain_stays(marks: Marks, text: str):
    assert tidied(text, (), marks) == (text, ())


def test_a_constraint_on_spelling_goes_before_the_persons_own():
    text = "The colour was odd."
    assert tidied(text, [as_constraint("American spelling")], Marks(spelling="British"))[0] == "The color was odd."
    both = [as_constraint("American spelling"), as_constraint("British spelling")]
    assert tidied(text, both, Marks(spelling="American")) == (text, ())


def test_what_changed_is_told_with_its_number():
    _, notes = tidied("It's late - the color's gone. Don't. Gray gray 😀", [as_constraint("no emoji")],
                      Marks(apostrophe="’", dash="—", spelling="British"))  # fmt: skip
    assert notes == (
        "removed emoji in 1 place",
        "changed 1 word to British spelling",
        "changed 3 apostrophes to the person's own",
        "changed 1 dash to the person's own",
    )


def test_spellings_go_back_the_way_they_came():
    for british, american in PAIRS.items():
        assert respelled(british, "American") == (american, 1)
        assert respelled(american, "British") == (british, 1)
        assert respelled(british, "British") == (british, 0)


def test_no_spelling_is_listed_on_the_wrong_side():
    assert not set(PAIRS) & (set(PAIRS.values()) | AMERICAN)
    assert not set(PAIRS.values()) & BRITISH


def test_marks_are_read_from_three_uses_that_agree():
    samples = ["It’s late — and we’re “here” — now.", "Don’t go — “no”. The colour, the honour, the grey."]
    assert marks_of(samples) == Marks(apostrophe="’", quotation="curly", dash=" — ", spelling="British")
    # The first alone has two apostrophes, two dashes and two quotation marks: too few of each.
    assert marks_of(samples[:1]) == Marks()


def test_a_person_who_does_both_has_no_way():
    # Two of four apostrophes are curly.
    assert marks_of(["It’s late, it's dark. Don’t, don't."]) == Marks()
    assert marks_of([]) == Marks()
