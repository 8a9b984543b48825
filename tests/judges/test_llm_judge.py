import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dspy
import numpy as np
import pytest
from dspy.utils.exceptions import LMServerError
from made_voices import STYLES, references, texts
from reading_engine import ReadingEngine, reading_lm

from data.sentences import count_words
from programs.judges import NoVerdict, Opinion, make_judge, opinions, validate
from programs.judges.judge_program import JudgeProgram, agrees, known_pairs
from programs.judges.llm import JUDGE_DECODING, LlmJudge
from programs.lms import make_lm
from programs.lms.adapters import FittingAdapter
from signatures.errors import SetupError
from signatures.judging import CompareTexts
from signatures.records import Author, AuthorCase, Text

OWN, OTHER = texts("terse", 1, seed=2)[0], texts("loud", 1, seed=3)[0]


def judge_by(engine: ReadingEngine, **settings: Any) -> LlmJudge:
    return LlmJudge("llm:reading", references(), reading_lm(engine), **settings)


def ask(judge: LlmJudge, a: str = OWN, b: str = OTHER) -> Opinion:
    return judge.opinions(["terse"], [a], [b])[0]


def test_an_opinion_carries_the_reason_and_what_it_took():
    found = ask(judge_by(ReadingEngine()))
    # 30 tokens read and 12 written, by one call; a model in this process is free.
    assert (found.preference, found.reason) == ("a", "a: The words are theirs.")
    assert (found.tokens, found.cost, found.error) == (42, 0.0, None)
    assert found.seconds > 0


def test_the_verdict_is_of_the_slot():
    judge = judge_by(ReadingEngine(lambda references, first, second: "second"))
    assert (ask(judge).preference, ask(judge, OTHER, OWN).preference) == ("b", "b")
    assert ask(judge_by(ReadingEngine(lambda *_: "tie"))).preference == "tie"


def test_identical_and_empty_texts_cost_no_call():
    engine = ReadingEngine()
    judge = judge_by(engine)
    assert [ask(judge, *pair).preference for pair in [(OWN, f" {OWN}\n"), ("", OWN), (OWN, " "), ("", "\n")]] == [
        "tie",
        "b",
        "a",
        "tie",
    ]
    assert engine.requests == []


def test_an_answer_beside_the_schema_is_asked_for_again_and_paid_for():
    engine = ReadingEngine(reply=lambda n_calls, answer: answer if n_calls > 2 else '{"verdict": "both"}')
    found = ask(judge_by(engine))
    assert found.preference == "a"
    # The adapter's own second try came first, then the judge's, at another temperature so that it may differ.
    assert len(engine.requests) == 3
    assert found.tokens == 3 * 42
    assert [request.config.temperature for request in engine.requests] == [0.0, 0.0, 0.7]


def test_a_judge_that_never_answers_properly_has_no_verdict_and_that_is_no_loss():
    engine = ReadingEngine(reply=lambda n_calls, answer: "I like both.")
    judge = judge_by(engine, n_tries=2)
    found = ask(judge)
    assert found.preference is None
    assert found.error is not None and found.error.startswith("no verdict in 2 tries; the last: AdapterParseError")
    # Two tries of the judge, in each two of the adapter.
    assert len(engine.requests) == 4
    with pytest.raises(NoVerdict, match="judge 'llm:reading': no verdict in 2 tries"):
        judge.prefers("terse", OWN, OTHER)
    with pytest.raises(NoVerdict):
        judge.reason("terse", OWN, OTHER)


def test_a_call_that_fails_fails_alone():
    def reply(n_calls: int, answer: str) -> str:
        if "NEED" in answer:
            raise LMServerError("down")
        return answer

    def rule(references: str, first: str, second: str) -> str:
        return "first" if "spoke" in first else "NEED"

    judge = judge_by(ReadingEngine(rule, reply), n_tries=2)
    told: list[int] = []
    found = judge.opinions(["terse"] * 4, [OWN, OTHER] * 2, [OTHER, OWN] * 2, lambda index, _: told.append(index))
    assert [opinion.preference for opinion in found] == ["a", None, "a", None]
    assert all("LMServerError: down" in str(found[index].error) for index in (1, 3))
    assert sorted(told) == [0, 1, 2, 3]


def test_many_calls_are_in_flight_at_once():
    together = threading.Barrier(4, timeout=20)

    def reply(n_calls: int, answer: str) -> str:
        together.wait()
        return answer

    judge = judge_by(ReadingEngine(reply=reply), n_threads=4)
    assert [found.preference for found in judge.opinions(["terse"] * 4, [OWN] * 4, [OTHER] * 4)] == ["a"] * 4


def test_the_callers_model_adapter_and_usage_tracker_stay_their_own():
    engine, task = ReadingEngine(), ReadingEngine()
    judge = judge_by(engine)
    with dspy.context(lm=reading_lm(task), adapter=dspy.ChatAdapter()), dspy.track_usage() as spent:
        assert ask(judge).preference == "a"
    assert (len(engine.requests), len(task.requests)) == (1, 0)
    # What the judge spends counts in the caller's purse too.
    assert spent.get_total_tokens()["reading"]["prompt_tokens"] == 30


def test_only_a_few_hundred_words_of_whole_sentences_are_shown():
    sentence = "The ferry came in late and no one on the quay said a word."
    long = {author: [f"{author.title()} spoke. " + " ".join([sentence] * 60)] * 2 for author in STYLES}
    engine = ReadingEngine(lambda *_: "first")
    LlmJudge("llm:reading", long, reading_lm(engine)).opinions(["loud"], ["One."], ["Two."])
    shown = str(engine.requests[0].messages[-1].text).split("\n\nFirst text:")[0]
    # One distinct text, of which a third of 300 words may show: 2 + 7 x 14 words.
    assert count_words(shown.removeprefix("References:\n- ")) == 100
    assert shown.endswith(sentence)


def test_a_long_text_is_cut_at_a_sentence():
    engine = ReadingEngine(lambda *_: "first")
    ask(judge_by(engine), "One two three. " * 400, "Short.")
    first = str(engine.requests[0].messages[-1].text).split("First text:\n")[1].split("\n\nSecond text:")[0]
    assert count_words(first) == 600


def test_the_reason_fits_a_line():
    engine = ReadingEngine(reply=lambda n_calls, answer: json.dumps({"reason": "So\n" * 500, "verdict": "second"}))
    found = ask(judge_by(engine))
    assert found.preference == "b"
    assert "\n" not in found.reason and len(found.reason) <= 203


def test_the_schema_lets_a_constrained_model_answer_nothing_else():
    engine = ReadingEngine()
    ask(judge_by(engine))
    response_format = engine.requests[0].config.response_format
    assert response_format is not None
    fields = json.loads(json.dumps(dict(response_format)))["schema"]["properties"]
    assert fields["verdict"]["enum"] == ["first", "second", "tie"]
    assert fields["reason"]["maxLength"] == 200


def test_the_version_changes_with_all_that_decides():
    compiled = JudgeProgram()
    compiled.compare.demos = [dspy.Example(references=["r"], first_text="x", second_text="y", verdict="first")]
    told = JudgeProgram()
    told.compare.signature = CompareTexts.with_instructions("Say who wrote it.")
    engine = ReadingEngine()
    versions = {
        judge_by(engine).version,
        judge_by(engine, program=compiled).version,
        judge_by(engine, program=told).version,
        judge_by(engine, n_words=100).version,
        LlmJudge("llm:reading", references(), reading_lm(engine, temperature=0.5)).version,
    }
    assert len(versions) == 5


def test_a_key_and_an_address_are_no_part_of_the_version():
    models = [make_lm("openai/m", api_key=key, api_base=f"http://{key}") for key in ("one", "two")]
    first, second = (LlmJudge("llm:openai/m", references(), lm) for lm in models)
    assert first.version == second.version


def test_references_are_needed():
    with pytest.raises(SetupError, match="judge 'llm:reading' got no references"):
        LlmJudge("llm:reading", {}, reading_lm(ReadingEngine()))
    with pytest.raises(SetupError, match="author 'ann' has no reference"):
        LlmJudge("llm:reading", {"ann": [" "]}, reading_lm(ReadingEngine()))


def test_an_unknown_author_is_found_before_anybody_is_paid():
    engine = ReadingEngine()
    with pytest.raises(SetupError, match="unknown author 'nobody'"):
        opinions(judge_by(engine), ["terse", "nobody"], [OWN, OWN], [OTHER, OTHER])
    assert engine.requests == []


def test_a_judge_program_is_compiled_against_pairs_with_a_known_answer():
    def by_style(references: str, first: str, second: str) -> str:
        own = "terse" if "no one spoke" in references.lower() else "loud"
        return "first" if ("spoke" in first) == (own == "terse") else "second"

    two = {style: references()[style] for style in ("terse", "loud")}
    pairs = known_pairs(two, 8, np.random.default_rng(0))
    with dspy.context(lm=reading_lm(ReadingEngine(by_style)), adapter=FittingAdapter()):
        optimizer = dspy.BootstrapFewShot(metric=agrees, max_bootstrapped_demos=2, max_labeled_demos=0)
        compiled = optimizer.compile(JudgeProgram(), trainset=pairs)
    demos = compiled.compare.demos
    assert [demo.verdict in ("first", "second") for demo in demos] == [True, True]
    assert all(demo.reason == "The words are theirs." for demo in demos)
    engine = ReadingEngine(by_style)
    judge = make_judge("llm:reading", two, reading_lm(engine), program=compiled)
    assert judge.prefers("terse", OWN, OTHER) == "a"
    # The two demos go before the question as turns of their own.
    assert [message.role for message in engine.requests[0].messages] == ["user", "assistant"] * 2 + ["user"]


def test_known_pairs_are_drawn_with_their_answer_and_keep_the_judged_text_from_the_references():
    pairs = known_pairs(references(), 40, np.random.default_rng(1))
    assert {pair.verdict for pair in pairs} == {"first", "second"}
    for pair in pairs:
        own = pair.first_text if pair.verdict == "first" else pair.second_text
        style = next(style for style, written in references().items() if own in written)
        assert own not in pair.references
        assert all(any(shown in text for text in references()[style]) for shown in pair.references)
    assert [pair.toDict() for pair in pairs] == [
        pair.toDict() for pair in known_pairs(references(), 40, np.random.default_rng(1))
    ]


def test_known_pairs_need_an_author_with_two_texts():
    with pytest.raises(ValueError, match="no author has two distinct texts"):
        known_pairs({"ann": ["One."], "bob": ["Two.", "Two."]}, 3, np.random.default_rng(0))


def test_a_judge_with_a_model_is_validated_on_few_pairs():
    cases = [
        AuthorCase(
            author=Author(id=style, texts=targets),
            samples=(),
            targets=targets,
            references=(),
        )
        for style in STYLES
        for targets in [
            tuple(
                Text(id=f"{style}/{n}", author=style, prompt="Write.", text=text)
                for n, text in enumerate(texts(style, 8, seed=5))
            )
        ]
    ]
    engine = ReadingEngine()
    # 3 authors with 8 targets make 3 x 8 x 16 pairs; 60 are asked about, in both orders.
    found = validate(judge_by(engine), cases, np.random.default_rng(0))
    assert (found.n_pairs, len(engine.requests), found.consistency, found.accuracy) == (60, 120, 1.0, 1.0)


class Provider:
    """The OpenAI chat protocol on this machine."""

    def __init__(self) -> None:
        self.status, self.content = 200, json.dumps({"reason": "Short.", "verdict": "first"})
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                choice = {"index": 0, "message": {"role": "assistant", "content": owner.content}}
                answer: dict[str, Any] = {
                    "id": "1",
                    "object": "chat.completion",
                    "model": "gpt-4o-mini",
                    "choices": [{**choice, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
                }
                content = json.dumps(answer if owner.status == 200 else {"error": {"message": "no"}}).encode()
                self.send_response(owner.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


def hosted_judge(provider: Provider) -> LlmJudge:
    base = f"http://127.0.0.1:{provider.http.server_port}/v1"
    lm = make_lm("openai/gpt-4o-mini", api_base=base, api_key="sk", cache=False, num_retries=0, **JUDGE_DECODING)
    return LlmJudge("llm:openai/gpt-4o-mini", references(), lm)


def test_a_hosted_judge_says_what_its_answer_cost(provider: Provider):
    found = ask(hosted_judge(provider))
    assert (found.preference, found.reason, found.tokens) == ("a", "a: Short.", 1100)
    # At 0.15 and 0.60 dollars a million tokens: 1,000 x 0.15e-6 + 100 x 0.60e-6.
    assert found.cost == pytest.approx(0.00021)


def test_a_hosted_judge_that_answers_off_the_schema_has_no_verdict(provider: Provider):
    provider.content = json.dumps({"reason": "Short.", "verdict": "neither"})
    found = ask(hosted_judge(provider))
    assert found.preference is None
    assert "no verdict in 3 tries" in str(found.error)


def test_a_refused_key_is_the_users_to_mend(provider: Provider):
    provider.status = 401
    with pytest.raises(SetupError, match="judge 'llm:openai/gpt-4o-mini' cannot ask its model .* check .* API key"):
        ask(hosted_judge(provider))
