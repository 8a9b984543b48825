"""The win metric in every form that DSPy asks for, and what it says was wrong."""

import inspect

import dspy
import pytest

from programs.contest import WinMetric
from programs.feedback import TellingMetric
from programs.judges.judge import Preference
from programs.judges.opinions import NoVerdict, Opinion
from signatures.generation import Sample
from signatures.hypotheses import Hypothesis
from signatures.records import Text


class ByLength:
    """Scores a text by its number of characters."""

    name = version = "length"

    def score(self, author: str, text: str) -> float:
        return float(len(text))

    def prefers(self, author: str, a: str, b: str) -> Preference:
        return "tie" if len(a) == len(b) else "a" if len(a) > len(b) else "b"

    def prefer_many(self, authors, a, b) -> list[Preference]:
        return [self.prefers(*one) for one in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return f"{self.prefers(author, a, b)}: more of the author's 'x'; less of 'y'"


class Reader:
    """A judge that asks a model, as it were: opinions alone, each of which costs."""

    name = version = "reader"

    def __init__(self, opinion: Opinion):
        self.opinion = opinion
        self.n_asked = 0

    def opinions(self, authors, a, b, on_opinion) -> list[Opinion]:
        self.n_asked += len(a)
        return [self.opinion for _ in a]

    def prefers(self, author: str, a: str, b: str) -> Preference:
        self.n_asked += 1
        assert self.opinion.preference
        return self.opinion.preference

    def prefer_many(self, authors, a, b) -> list[Preference]:
        return [self.prefers(*one) for one in zip(authors, a, b, strict=True)]

    def reason(self, author: str, a: str, b: str) -> str:
        return self.opinion.reason


TARGETS = {"ann1": Text(id="ann1", author="ann", prompt="Write.", text="It began. Real words.", prefix="It began.")}
# Every sentence is a question of four words; the population asks in few of its sentences.
SAMPLES = ["Why is it so? " * 20, "Who went down there? " * 20, "What can one do? " * 20]
ASKED = dspy.Example(target_id="ann1", samples=[Sample(text=text.strip()) for text in SAMPLES])
FLAT = "The committee met on Monday and agreed on the plan that it had seen before. " * 6


def telling(judge=None, **fields) -> TellingMetric:
    return TellingMetric(WinMetric(judge or ByLength(), {"ann1": "xxxx"}, TARGETS), **fields)


def said(text: str, **fields) -> dspy.Prediction:
    return dspy.Prediction(text=text, **fields)


def test_each_form_that_dspy_asks_for_gives_what_it_wants():
    metric = telling()
    # A gap of 2 characters: 1 / (1 + e^-2) = 0.8808.
    assert metric(ASKED, said("xxxxxx")) == pytest.approx(0.8808, abs=1e-4)
    assert metric(ASKED, said("xxxxxx"), []) is True and metric(ASKED, said("x"), []) is False
    for told in (
        metric(ASKED, said("xxxxxx"), None, "write", None),
        metric(ASKED, said("xxxxxx"), [("write", {}, {})], "write", []),
        metric.told(ASKED, said("xxxxxx")),
        metric.told(ASKED, said("xxxxxx"), []),
    ):
        # GEPA compares the score with that of a search, so a trace does not make it a bool.
        assert isinstance(told, dspy.Prediction) and told.score == pytest.approx(0.8808, abs=1e-4)
        assert told.feedback == metric.feedback(ASKED, said("xxxxxx"))


def test_gepa_accepts_the_metric_and_scores_add_up_in_an_evaluation():
    metric = telling()
    for form in (metric, metric.told):
        inspect.signature(form).bind(None, None, None, None, None)

    class Echo(dspy.Module):
        def forward(self, **inputs):
            return said("xxxxxx")

    devset = [dspy.Example(target_id="ann1", prompt="Write.").with_inputs("prompt")] * 2
    result = dspy.Evaluate(devset=devset, metric=metric.told, num_threads=1, display_progress=False)(Echo())
    assert result.score == pytest.approx(88.08, abs=0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("xxxxxx", "The judge prefers this text, which it read first: more of the author's 'x'; less of 'y'."),
        ("x", "The judge prefers the other text, which it read second: more of the author's 'x'; less of 'y'."),
        ("xxxx", "The judge prefers neither text: more of the author's 'x'; less of 'y'."),
    ],
)
def test_it_says_what_the_judge_preferred_and_why(text, words):
    assert words in telling().feedback(ASKED, said(text)).splitlines()


def test_a_judge_that_asks_a_model_is_asked_once_for_score_and_reason():
    judge = Reader(Opinion("b", "b: It rambles.\nThe first is dull."))
    told = telling(judge).told(ASKED, said("x"))
    assert told.score == 0.0 and judge.n_asked == 1
    assert "which it read second: It rambles. The first is dull.\n" in told.feedback + "\n"
    assert telling(Reader(Opinion("tie", "tie:"))).told(ASKED, said("x")).score == 0.5
    assert telling(Reader(Opinion("a", ""))).told(ASKED, said("x")).score == 1.0


def test_a_judge_without_a_verdict_is_no_loss():
    with pytest.raises(NoVerdict, match="the server is away"):
        telling(Reader(Opinion(None, error="the server is away"))).told(ASKED, said("x"))


def test_it_names_the_habits_that_are_off_and_by_how_much():
    words = telling().feedback(ASKED, said(FLAT))
    assert "Off from how this author writes, by what is measured in the author's texts:" in words
    # Five of five sentences ask in each sample, none of FLAT's; a sample's sentence has 4 words, FLAT's 14 to 15.
    assert "- Ask questions: in no sentence in your text, in all sentences in this person's." in words.splitlines()
    assert 1 <= sum(line.startswith("- ") for line in words.splitlines()) <= 4


def test_a_text_that_shows_every_habit_is_told_so():
    words = telling().feedback(ASKED, said("Why is it so? Who went down there? What can one do? " * 7))
    assert "Off from" not in words and "Nothing that is measured of the author is off in this text." in words


def test_without_samples_or_habits_there_is_the_judge_alone():
    bare = dspy.Example(target_id="ann1")
    for words in (telling().feedback(bare, said(FLAT)), telling(n_habits=0).feedback(ASKED, said(FLAT))):
        assert "Off from" not in words and "Nothing" not in words and "The judge prefers this text" in words


def hypothesis(statement: str, check: str) -> Hypothesis:
    return Hypothesis(dimension="writing style", aspect="punctuation", statement=statement, confidence=0.7, check=check)


def test_it_names_the_hypotheses_that_the_text_ignored():
    claims = (
        hypothesis("Asks many questions.", "questions>=0.5"),
        hypothesis("Uses no emoji.", "emoji<0.01"),
        hypothesis("Is warm.", ""),
    )
    words = telling().feedback(ASKED, said(FLAT, hypotheses=claims, n_dropped=2))
    told = words.partition("Hypotheses about the author that this text ignores:\n")[2].splitlines()
    # The second holds, and the third can be measured by nobody.
    assert told[0].startswith('- "Asks many questions" (') and "found)" in told[0]
    assert not any("emoji" in line or "warm" in line for line in told)
    # A habit that a hypothesis has told of is not told again among those of the author.
    assert "Ask questions:" not in words and "Open with a question" in words
    assert "were dropped: 2." in words


def test_words_given_away_by_the_prompt_are_not_held_against_the_text():
    metric = telling()
    assert metric.feedback(ASKED, said(f"It began. {FLAT}")) == metric.feedback(ASKED, said(FLAT))


def test_the_same_samples_are_measured_once(monkeypatch):
    import programs.feedback as feedback

    n_measured = 0
    measured = feedback.measured_habits

    def counting(*arguments):
        nonlocal n_measured
        n_measured += 1
        return measured(*arguments)

    monkeypatch.setattr(feedback, "measured_habits", counting)
    metric = telling()
    for text in (FLAT, "x", FLAT):
        metric.feedback(ASKED, said(text))
    assert n_measured == 1
