import pytest
from people import claim, stating, texts_of

from programs.authorship import AuthorshipProgram, AuthorshipSettings
from programs.leakage import leaked, without_leaks
from programs.profiles.asking import told_by
from programs.traits import distinctive
from signatures.dimensions import Dimensions
from signatures.hypotheses import Hypothesis

SAMPLES = (
    "On Monday we hauled the combine to Doncaster, 40 miles, for £300. The gearbox had seized.",
    "The harvester's gearbox is mended. Rain, we hear from Doncaster, and more combines seized.",
)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("Writes of trips to Doncaster.", ("doncaster",)),
        ("Doncaster is where this person lives.", ("doncaster",)),
        ("Explains how gearboxes work.", ()),
        ("Explains how a gearbox works.", ("gearbox",)),
        ("Speaks of combines and gearbox trouble.", ("combines", "gearbox")),
        ("Drives 40 miles to work.", ("40 miles",)),
        ("Counts every £300 spent.", ("£300",)),
        ("Writes short sentences, 8 words on average.", ()),
        ("Puts a comma before 'and', in 25% of sentences.", ()),
        ("Says 'seized' where others say 'stuck'.", ()),
        ("Says 'in Doncaster' again and again.", ("doncaster",)),
        ("Names the day of the week.", ()),
        ("Writes of Leeds and Hull.", ()),
    ],
)
def test_names_figures_and_rare_words_of_the_samples_leak(statement, words):
    assert leaked(statement, SAMPLES) == words


def test_nothing_leaks_from_no_samples():
    assert leaked("Writes of Doncaster, 40 miles away.", []) == ()


def test_leaking_hypotheses_are_told_apart():
    def says(statement: str) -> Hypothesis:
        return Hypothesis(dimension="writing style", aspect="rhythm", statement=statement)

    kept, leaks = without_leaks([says("Writes briefly."), says("Mends a gearbox.")], SAMPLES)
    assert [each.statement for each in kept] == ["Writes briefly."]
    assert [(leak.statement, leak.words) for leak in leaks] == [("Mends a gearbox.", ("gearbox",))]


@pytest.mark.parametrize("author", ["edmund-leigh", "zoe-park", "tom-harrow"])
def test_measured_statements_do_not_leak(author):
    samples = texts_of(author)[:5]
    assert [each.statement for each in distinctive(samples, n=30) if leaked(each.statement, samples)] == []


def test_words_of_configured_dimensions_speak_of_writing():
    statement = "Speaks of combines and gearbox trouble."
    # The aspect's singular covers the plural; "gearbox" is in no name.
    assert leaked(statement, SAMPLES, ["machinery", "the combine"]) == ("gearbox",)
    hypothesis = Hypothesis(dimension="writing style", aspect="rhythm", statement=statement)
    assert without_leaks([hypothesis], SAMPLES, ["combine", "gearbox"]) == ((hypothesis,), ())


def test_a_program_of_configured_dimensions_may_name_them_in_its_statements():
    told = [claim("Speaks of the harvester.", "Rain", dimension="farming", aspect="gearboxes and harvesters")]
    dimensions = Dimensions().extended({"farming": ("gearboxes and harvesters",)})

    def stated(program: AuthorshipProgram) -> list[str]:
        return [each.statement for each in told_by(program, stating(*told * 3), SAMPLES, {}).hypotheses]

    assert stated(AuthorshipProgram(AuthorshipSettings(dimensions=dimensions))) == ["Speaks of the harvester."]
    # Of another name the same statement is about the topic.
    other = Dimensions().extended({"farming": ("gearboxes",)})
    told[0]["aspect"] = "gearboxes"
    assert stated(AuthorshipProgram(AuthorshipSettings(dimensions=other))) == []
