import json
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.request_sources import public
from data.requests import RequestCorpus, load_requests, split_requests
from signatures.errors import SetupError
from signatures.requests import Asker, Request, alternatives

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
Write = Callable[[str, str | bytes], Path]


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def made(groups: list[tuple[str, str]]) -> RequestCorpus:
    """Requests of these prompts and pairs."""
    return RequestCorpus("made", tuple(Request(id=f"r{n}", prompt=p, pair=pair) for n, (p, pair) in enumerate(groups)))


def on_hub(monkeypatch: pytest.MonkeyPatch, tables: dict[str, dict[str, list[dict[str, object]]]]) -> list[str]:
    """Puts tables by configuration and split where the hub is asked; returns what it is asked for."""
    asked: list[str] = []

    def fetch(repository: str, *, config: str | None = None, split: str | None = None) -> DatasetDict:
        asked.append(f"{repository} {config} {split}")
        return DatasetDict({name: Dataset.from_list(rows) for name, rows in tables[config or ""].items()})

    monkeypatch.setattr(public, "fetch", fetch)
    return asked


def test_xstest_is_read_from_the_hub_by_its_columns(monkeypatch: pytest.MonkeyPatch):
    rows: list[dict[str, object]] = [
        {"id": 1, "prompt": "Kill it?", "type": "homonyms", "label": "safe", "focus": "kill", "note": ""},
        {"id": 26, "prompt": "Kill him?", "type": "contrast_homonyms", "label": "unsafe", "focus": "Kill", "note": ""},
        {"id": 51, "prompt": "Her age?", "type": "privacy_fictional", "label": "safe", "focus": "age", "note": ""},
    ]
    asked = on_hub(monkeypatch, {"": {"train": rows}})
    corpus = load_requests("xstest")
    assert asked == ["Paul/XSTest None None"]
    assert [(one.id, one.label, one.type, one.pair) for one in corpus.requests] == [
        ("1", "safe", "homonyms", "homonyms/kill"),
        ("26", "unsafe", "contrast_homonyms", "homonyms/kill"),
        ("51", "safe", "privacy_fictional", "privacy/age"),
    ]


def test_xstest_without_labels_takes_them_from_the_types(written: Write):
    file = written("xs.csv", "id,type,prompt\n1,homonyms,Kill it?\n2,contrast_homonyms,Kill him?\n")
    corpus = load_requests(f"xstest:{file}")
    assert [one.label for one in corpus.requests] == ["safe", "unsafe"] and corpus.notes == ()


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs XSTest in ../shared/data")
def test_the_local_xstest_loads_whole_and_splits():
    corpus = load_requests(f"xstest:{SHARED / 'xstest_prompts_dev.jsonl'}")
    # 18 types of 13 prompts, 8 of them contrasts.
    assert len(corpus.requests) == 234
    assert sum(one.label == "unsafe" for one in corpus.requests) == 8 * 13
    assert len(split_requests(corpus).test) == 117


def test_the_answers_of_several_models_are_no_corpus_of_prompts(written: Write):
    file = written("answers.jsonl", lines([{"id": "1", "prompt": "a", "model": name} for name in "xy"]))
    with pytest.raises(SetupError, match="id '1' stands on several requests"):
        load_requests(f"xstest:{file}")


GOAL: dict[str, object] = {"Index": 7, "Goal": "g", "Target": "t", "Behavior": "b", "Category": "Fraud", "Source": "s"}


def test_jbb_labels_by_split_and_pairs_by_index(monkeypatch: pytest.MonkeyPatch):
    asked = on_hub(monkeypatch, {"behaviors": {"harmful": [GOAL], "benign": [GOAL | {"Goal": "h"}]}})
    requests = load_requests("jbb").requests
    assert asked == ["JailbreakBench/JBB-Behaviors behaviors None"]
    assert [(one.id, one.prompt, one.label, one.type, one.pair) for one in requests] == [
        ("harmful-7", "g", "unsafe", "Fraud", "jbb-7"),
        ("benign-7", "h", "safe", "Fraud", "jbb-7"),
    ]


def test_jbb_is_read_from_the_folder_of_its_files_without_the_table_of_judges(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    for kind in ("harmful", "benign"):
        header = "Index,Goal,Target,Behavior,Category,Source\n"
        (folder / f"{kind}-behaviors.csv").write_text(f"{header}0,{kind} goal,t,b,Fraud,s\n")
    (folder / "judge-comparison.csv").write_text("prompt,verdict\nx,1\n")
    requests = load_requests(f"jbb:{tmp_path}").requests
    assert {(one.id, one.label) for one in requests} == {("harmful-0", "unsafe"), ("benign-0", "safe")}


def test_jbb_in_a_file_that_says_nothing_has_no_labels_and_says_so(written: Write):
    file = written("goals.csv", "Index,Goal\n0,one\n1,two\n")
    corpus = load_requests(f"jbb:{file}")
    assert [one.label for one in corpus.requests] == [None, None]
    assert corpus.notes == ("2 requests without a label: rates of over-refusal and unsafe compliance leave them out",)


@pytest.mark.parametrize("column", ["prompt", "forbidden_prompt"])
def test_strongreject_is_forbidden_throughout(column: str, monkeypatch: pytest.MonkeyPatch):
    on_hub(monkeypatch, {"": {"train": [{column: "p", "category": "Violence"}]}})
    request = load_requests("strongreject").requests[0]
    assert (request.prompt, request.type, request.label, request.expected) == ("p", "Violence", "unsafe", "decline")


def test_or_bench_reads_hard_and_toxic_prompts_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch):
    row: dict[str, object] = {"prompt": "p", "category": "violence"}
    configs = ("or-bench-80k", "or-bench-hard-1k", "or-bench-toxic")
    on_hub(monkeypatch, {config: {"train": [row]} for config in configs})
    assert [(one.id, one.label) for one in load_requests("or-bench").requests] == [
        ("or-bench-hard-1k-1", "safe"),
        ("or-bench-toxic-1", "unsafe"),
    ]
    one = load_requests("or-bench:?config=or-bench-80k").requests
    assert [(request.id, request.label, request.type) for request in one] == [("or-bench-80k-1", "safe", "violence")]


def test_a_local_or_bench_is_labelled_by_its_name_or_by_what_is_said(tmp_path: Path):
    for name in ("or-bench-toxic.csv", "mine.csv"):
        (tmp_path / name).write_text("prompt,category\np,violence\n")
    assert load_requests(f"or-bench:{tmp_path / 'or-bench-toxic.csv'}").requests[0].label == "unsafe"
    assert load_requests(f"or-bench:{tmp_path}").requests[0].label == "unsafe"
    assert load_requests(f"or-bench:{tmp_path / 'mine.csv'}").requests[0].label is None
    assert load_requests(f"or-bench:{tmp_path / 'mine.csv'}?config=or-bench-hard-1k").requests[0].label == "safe"


def test_cosapien_brings_its_own_policies_and_decisions(monkeypatch: pytest.MonkeyPatch):
    kinds = ("allowed", "disallowed", "partial", "unheard of")
    rows: list[dict[str, object]] = [{"prompt": f"p{kind}", "scenario": "Be kind.", "type": kind} for kind in kinds]
    on_hub(monkeypatch, {"": {"game_development": rows}})
    corpus = load_requests("cosapien")
    assert [(one.label, one.expected) for one in corpus.requests] == [
        ("safe", "answer"),
        ("unsafe", "decline"),
        ("unsafe", "partly decline"),
        (None, None),
    ]
    assert {one.policy for one in corpus.requests} == {"Be kind."}
    assert corpus.notes[0].startswith("1 request without a label")


@pytest.mark.parametrize("name", ["xstest", "jbb", "strongreject", "or-bench", "cosapien"])
def test_a_table_without_prompts_is_refused_with_what_it_has(name: str, written: Write):
    file = written("t.csv", "question,answer\na,b\n")
    with pytest.raises(SetupError, match=f"corpus '{name}' has no column for its prompts.*found question, answer"):
        load_requests(f"{name}:{file}")


def test_a_hub_out_of_reach_points_to_a_local_copy(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise SetupError("cannot reach the Hugging Face hub")

    monkeypatch.setattr(public, "fetch", refuse)
    with pytest.raises(SetupError, match="cannot reach.*is read with xstest:PATH"):
        load_requests("xstest")


def test_a_file_of_ones_own_says_who_asks_and_what_is_expected(written: Write):
    rows = [
        {
            "prompt": "p",
            "label": "Unsafe",
            "expected": "partly_decline",
            "attributes": {"role": "nurse", "family": {"children": 2}},
            "earlier": ["Hello."],
            "contains": ["stop|end"],
        },
        {"prompt": "q", "attributes": {"role": None}},
    ]
    first, second = load_requests(f"jsonl:{written('own.jsonl', lines(rows))}").requests
    assert first.asker == Asker(attributes={"role": "nurse", "family": '{"children": 2}'}, earlier=("Hello.",))
    assert (first.label, first.expected, first.contains) == ("unsafe", "partly decline", ("stop|end",))
    assert (second.id, second.label, second.asker.earlier) == ("request-2", None, ())
    assert "role" not in second.asker.attributes


def test_a_csv_names_its_columns(written: Write):
    file = written("own.csv", "question,verdict,age\nWhy?,safe,12\n")
    request = load_requests(f"csv:{file}?prompt=question&label=verdict&attributes=age").requests[0]
    assert (request.prompt, request.label, request.asker.attributes) == ("Why?", "safe", {"age": "12"})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("csv:{file}", "has no column 'prompt'; found: 'question', 'verdict'"),
        ("csv:{file}?prompt=question&label=nope", "has no column 'nope'"),
        ("csv:{file}?prompt=question&colour=red", "unknown key .* 'colour'; choose one of"),
        ("csv:{file}?prompt=", "'prompt' of .* has no value"),
        ("csv:{file}?prompt=question&label=verdict", "labels a prompt 'maybe'; write safe or unsafe"),
        ("csv:{file}?prompt=question&expected=verdict", "expects 'maybe'; choose one of: answer, answer with care"),
        ("csv:{file}?prompt=question&contains=bad", "request 'request-1' of .*contains.0"),
        ("csv:", "name no file; write csv:PATH"),
        ("xstest:{file}?colour=red", "unknown option of corpus 'xstest' 'colour'; choose one of: config, split"),
        ("bundled:more", "take nothing after their name, not 'more'"),
        ("xtest", "unknown requests 'xtest'; choose one of: bundled, claims, cosapien or cosapien:PATH"),
        ("jbb:{folder}", "no table of corpus 'jbb' in"),
        ("xstest:{file}.gone", "cannot tell what|no file"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_remedy(name: str, message: str, written: Write):
    file = written("own.csv", "question,verdict,bad\nWhy?,maybe,||\n")
    with pytest.raises(SetupError, match=message):
        load_requests(name.format(file=file, folder=file.parent))


def test_blank_prompts_are_dropped_and_counted_and_ids_keep_their_place(written: Write):
    file = written("own.jsonl", lines([{"prompt": text} for text in ("a", "", "  \n", "b")]))
    corpus = load_requests(f"jsonl:{file}")
    assert [one.id for one in corpus.requests] == ["request-1", "request-4"]
    assert corpus.notes[0] == "dropped 2 rows without a prompt"


def test_a_corpus_of_blank_prompts_is_refused(written: Write):
    with pytest.raises(SetupError, match=r"hold no prompt \(dropped 2 rows without a prompt\)"):
        load_requests(f"jsonl:{written('own.jsonl', lines([{'prompt': ''}, {'prompt': ' '}]))}")


def test_long_prompts_and_other_languages_stay_whole(written: Write):
    prompts = ["why " * 25_000, "如何终止一个进程？", "كيف أنهي العملية؟", "Wie beende ich das? 🙂\nSofort!"]
    corpus = load_requests(f"jsonl:{written('own.jsonl', lines([{'prompt': text} for text in prompts]))}")
    assert [one.prompt for one in corpus.requests] == prompts and len(prompts[0]) == 100_000


def test_the_hash_sees_content_and_not_order_or_name(written: Write):
    rows: list[dict[str, object]] = [{"id": name, "prompt": f"p{name}"} for name in "abc"]
    first = load_requests(f"jsonl:{written('one.jsonl', lines(rows))}")
    second = load_requests(f"jsonl:{written('two.jsonl', lines(rows[::-1]))}")
    rows[0]["prompt"] = "other"
    third = load_requests(f"jsonl:{written('three.jsonl', lines(rows))}")
    assert first.hash == second.hash != third.hash


groups = st.lists(st.tuples(st.sampled_from("pqrstuvwxyz"), st.sampled_from(["", *"abcdef"])), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(groups, st.integers(0, 5))
def test_a_split_keeps_everything_once_and_what_belongs_together_together(held: list[tuple[str, str]], seed: int):
    corpus = made(held)
    try:
        parts = split_requests(corpus, seed)
    except SetupError as error:
        assert "need one each, 4 in all" in str(error)
        return
    placed = [parts.train, parts.val, parts.dev, parts.test]
    assert sorted(one.id for part in placed for one in part) == sorted(one.id for one in corpus.requests)
    assert all(placed)
    for field in ("prompt", "pair"):
        for value in {getattr(one, field) for one in corpus.requests} - {""}:
            assert sum(any(getattr(one, field) == value for one in part) for part in placed) == 1
    assert split_requests(corpus, seed) == parts


def test_chains_of_pairs_and_prompts_stay_together():
    # a and b share a pair, b and c a prompt: one group. With three more there are four, one for each part.
    corpus = made([("p", "x"), ("q", "x"), ("Q ", "y"), ("r", ""), ("s", ""), ("t", "")])
    parts = split_requests(corpus)
    assert sorted(len(part) for part in (parts.train, parts.val, parts.dev, parts.test)) == [1, 1, 1, 3]


def test_seed_and_share_decide_the_split():
    corpus = made([(f"prompt {n}", "") for n in range(40)])
    assert split_requests(corpus, 1).hash != split_requests(corpus, 2).hash
    assert len(split_requests(corpus, test_share=0.25).test) == 10
    with pytest.raises(SetupError, match="test_share must be between 0 and 1, not 1"):
        split_requests(corpus, test_share=1)


def test_a_request_without_words_or_with_a_stray_field_is_refused():
    with pytest.raises(ValidationError, match="blank prompt"):
        Request(id="a", prompt=" \n")
    with pytest.raises(ValidationError, match="extra"):
        Request.model_validate({"id": "a", "prompt": "p", "answer": "b"})


@pytest.mark.parametrize("point", ["|a b", "ab|", "ab||cd", " ab", "a\nb"])
def test_a_point_with_an_empty_phrase_is_refused(point: str):
    with pytest.raises(ValidationError):
        Request(id="a", prompt="p", contains=(point,))


def test_a_point_is_met_by_any_of_its_phrases():
    assert alternatives("stop|end it|terminate") == ("stop", "end it", "terminate")
