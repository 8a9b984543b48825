import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from datasets import config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import ColumnMap, load_corpus
from data.cleaning import Limits, build_authors
from data.rows import Row
from signatures.errors import SetupError

Write = Callable[[str, str | bytes], Path]
SHARED = Path(__file__).parents[3] / "shared" / "data"

TWO = '{"author": "a", "text": "One two. Three."}\n{"author": "b", "text": "Four. Five six."}\n'


def jsonl(*rows: Mapping[str, object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_a_jsonl_file_with_two_columns_loads_and_gets_its_prompts(written: Write):
    corpus = load_corpus(f"jsonl:{written('t.jsonl', TWO)}")
    assert [author.id for author in corpus.authors] == ["a", "b"]
    text = corpus.authors[0].texts[0]
    assert (text.prefix, text.prompt) == ("One two.", "Write an article that starts with the following: One two.")
    assert corpus.notes == ("made the prompts of 2 texts from their first sentences",)


def test_optional_columns_are_used(written: Write):
    row = {"author": "a", "text": "Hi. Yes.", "prompt": "Say yes.", "domain": "email", "split": "test", "id": "t9"}
    text = load_corpus(f"jsonl:{written('t.jsonl', jsonl(row))}").authors[0].texts[0]
    assert (text.prompt, text.prefix, text.domain, text.part, text.id) == ("Say yes.", "", "email", "test", "t9")


def test_a_prompt_that_gives_the_first_sentence_away_is_known_to_do_so(written: Write):
    row = {"author": "a", "text": "Hi there you. Yes.", "prompt": "Go on from: Hi there you."}
    assert load_corpus(f"jsonl:{written('t.jsonl', jsonl(row))}").authors[0].texts[0].prefix == "Hi there you."


def test_csv_jsonl_and_gzip_of_the_same_rows_are_the_same_corpus(written: Write):
    csv = 'author,text\na,"One two. Three."\nb,"Four. Five six."\n'
    turned = "\n".join(reversed(TWO.splitlines()))
    files: dict[str, str | bytes] = {
        "t.csv": csv,
        "bom.csv": b"\xef\xbb\xbf" + csv.encode(),
        "t.csv.gz": gzip.compress(csv.encode()),
        "t.jsonl": TWO,
        "t[1] *.jsonl": TWO,
        "t.jsonl.gz": gzip.compress(TWO.encode()),
        "turned.jsonl": turned,
    }
    names = [f"{'csv' if '.csv' in name else 'jsonl'}:{written(name, content)}" for name, content in files.items()]
    assert len({load_corpus(name).hash for name in names}) == 1


def test_csv_values_stay_text(written: Write):
    file = written("t.csv", 'author,text,id\n007,NA. So.,1\nNA,"x, y. z",2\n')
    corpus = load_corpus(f"csv:{file}")
    assert [(author.id, author.texts[0].text) for author in corpus.authors] == [("007", "NA. So."), ("NA", "x, y. z")]


def test_a_changed_file_is_read_anew(written: Write):
    first = load_corpus(f"jsonl:{written('t.jsonl', TWO)}").hash
    time.sleep(0.02)  # past the granularity of file times
    assert load_corpus(f"jsonl:{written('t.jsonl', TWO.replace('Five', 'Nine'))}").hash != first


def test_columns_are_named_in_the_name_or_as_an_argument(written: Write):
    file = written("t.csv", "Sender,body,age\na,Hi. Yes.,30\n")
    named = load_corpus(f"csv:{file}?author=Sender&text=body&attributes=age")
    given_ = load_corpus(f"csv:{file}", columns=ColumnMap(author="Sender", text="body", attributes=("age",)))
    assert named.hash == given_.hash
    assert named.authors[0].attributes == {"age": "30"}


def test_what_is_dropped_is_counted(written: Write):
    rows: list[dict[str, object]] = [
        {"author": "a", "text": "One. Two."},
        {"author": "a", "text": " One. Two.\n"},
        {"author": "a", "text": ""},
        {"author": "a", "text": "?! ..."},
        {"author": "a", "text": "Both. Say."},
        {"author": "b", "text": "Both. Say."},
        {"author": "b", "text": "Only this."},
        {"author": "b", "text": "Keep. Me."},
        {"author": None, "text": "Who. Knows."},
    ]
    corpus = load_corpus(f"jsonl:{written('t.jsonl', jsonl(*rows))}")
    assert [text.text for author in corpus.authors for text in author.texts] == ["One. Two.", "Keep. Me."]
    assert set(corpus.notes) == {
        "dropped 1 repeated text of one author",
        "dropped 1 empty text",
        "dropped 1 text without a letter, number or symbol",
        "dropped 2 texts that more than one author claims",
        "dropped 1 text of one sentence without a prompt (nothing left to write)",
        "dropped 1 row without an author",
        "made the prompts of 2 texts from their first sentences",
    }


def test_emoji_and_chinese_authors_keep_their_texts(written: Write):
    rows: list[dict[str, object]] = [
        {"author": "e", "text": "😀😀😀", "prompt": "Be glad."},
        {"author": "e", "text": "😀\n🎉🎉"},
        {"author": "中", "text": "今天很好。我们走吧。"},
    ]
    corpus = load_corpus(f"jsonl:{written('t.jsonl', jsonl(*rows))}")
    assert [(author.id, len(author.texts)) for author in corpus.authors] == [("e", 2), ("中", 1)]
    assert corpus.authors[1].texts[0].prefix == "今天很好。"


def test_limits_draw_by_seed_and_say_so(written: Write):
    rows = [{"author": f"a{i}", "text": f"Text {j} of {i}. End."} for i in range(6) for j in range(i + 1)]
    name = f"jsonl:{written('t.jsonl', jsonl(*rows))}"
    corpus = load_corpus(name, min_texts=3, max_authors=2, max_texts=3)
    assert [len(author.texts) for author in corpus.authors] == [3, 3]
    assert "drew 2 of 4 authors with seed 0" in corpus.notes  # a2 to a5 have three texts or more
    draws = {tuple(a.id for a in load_corpus(name, min_texts=3, max_authors=2, seed=seed).authors) for seed in range(6)}
    assert len(draws) > 1
    assert "dropped 2 authors with fewer than 3 usable texts" in load_corpus(name, min_texts=3).notes


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.jsonl", b"", "is empty"),
        ("t.jsonl", b"\n\n", "no rows|cannot read"),
        ("t.jsonl", b'{"author": "a", "text": "x. y."}\n{"author": \n', "row 2 .* is not JSON"),
        ("t.jsonl", b'{"author": "a", "text": "x. y."}\n["a"]\n', "row 2 .* is not a JSON object"),
        (
            "t.jsonl",
            b'{"author": "a", "text": "x. y."}\n{"author": 3, "text": "x. z."}\n',
            "row 2 .* holds 3 in 'author'",
        ),
        ("t.jsonl", b'{"author": "a", "text": ["x"]}\n', "row 1 .* in 'text'; write text"),
        ("t.jsonl", b'{"author": "a", "text": "\\ud800. x"}\n', "row 1 .* half a character"),
        ("t.jsonl", b'{"author": "a"}\n', "no column 'text'; found: 'author'"),
        ("t.jsonl", '{"author": "a", "text": "é. è."}'.encode("latin-1"), "row 1 .* not UTF-8"),
        ("t.jsonl", b'{"author": "a\0"}', "binary .*row 1"),
        ("t.jsonl.gz", b"no gzip", "not a whole gzip file"),
        ("t.jsonl.gz", gzip.compress(TWO.encode())[:-9], "not a whole gzip file"),
        ("t.csv", b"author,text\n", "no rows|cannot read"),
        ("t.csv", b"who,text\na,b\n", "no column 'author'; found: 'who', 'text'"),
        ("t.csv", b"author,text\na,b. c\na,b,c,d\n", "line 3"),
        ("t.csv", b"author,text,text\na,b,c\n", "column 'text' twice"),
        ("t.csv", b"author,text\na,b. c\na,\xff\n", "row 3 .* not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_row(written: Write, name: str, content: bytes, message: str):
    file = written(name, content)
    with pytest.raises(SetupError, match=message):
        load_corpus(f"{'csv' if '.csv' in name else 'jsonl'}:{file}")


def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(written: Write, monkeypatch: pytest.MonkeyPatch):
    file = written("t.jsonl", TWO)
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", file / "no_folder")
    with pytest.raises(SetupError, match="cannot use the cache of datasets .* set HF_HOME"):
        load_corpus(f"jsonl:{file}")


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(SetupError, match="no file"):
        load_corpus(f"jsonl:{tmp_path / 'none.jsonl'}")
    with pytest.raises(SetupError, match="is a folder"):
        load_corpus(f"csv:{tmp_path}")


def test_an_unknown_name_lists_the_known_ones_and_knows_a_file_when_it_sees_one(written: Write):
    with pytest.raises(SetupError, match="unknown corpus 'bundeld'; choose one of: .*bundled"):
        load_corpus("bundeld")
    file = written("t.csv", "author,text\n")
    with pytest.raises(SetupError, match=f"for this file write csv:{file}"):
        load_corpus(str(file))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("jsonl:", "names no source; write jsonl:PATH"),
        ("hub", "names no source; write hub:ID"),
        ("bundled:x", "takes nothing after its name"),
        ("hub:a/b?autor=x", "unknown key 'autor'"),
        ("hub:a/b?author=", "'author' .* has no value"),
        ("hub:a b", "is not a dataset id"),
    ],
)
def test_a_malformed_name_is_refused(name: str, message: str):
    with pytest.raises(SetupError, match=message):
        load_corpus(name)


def test_settings_that_make_no_sense_are_refused(written: Write):
    file = written("t.jsonl", TWO)
    with pytest.raises(SetupError, match="max_authors and max_texts must be at least 1"):
        load_corpus(f"jsonl:{file}", max_authors=0)
    with pytest.raises(SetupError, match="columns are given twice"):
        load_corpus(f"jsonl:{file}?author=author", columns=ColumnMap(text="text"))
    with pytest.raises(SetupError, match="knows its columns"):
        load_corpus("bundled", columns=ColumnMap())
    with pytest.raises(SetupError, match="no usable text"):
        load_corpus(f"jsonl:{file}", min_texts=5)
    repeated = jsonl({"author": "a", "text": "Yes. No.", "id": "1"}, {"author": "a", "text": "No. Yes.", "id": "1"})
    with pytest.raises(SetupError, match="id '1' stands on several texts"):
        load_corpus(f"jsonl:{written('r.jsonl', repeated)}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", " "]), st.text(max_size=30), st.sampled_from(["", "Say it."])))
)
def test_any_rows_become_sound_authors_whatever_their_order(rows: list[tuple[str, str, str]]):
    made = [Row(author, text, prompt) for author, text, prompt in rows]
    authors, _ = build_authors(made, limits=Limits())
    texts = [" ".join(text.text.split()) for author in authors for text in author.texts]
    assert len(set(texts)) == len(texts)
    assert [author.id for author in authors] == sorted({author.id for author in authors})
    assert all(text.text.startswith(text.prefix) for author in authors for text in author.texts)
    again, _ = build_authors(sorted(made), limits=Limits())
    assert again == authors


def test_importing_data_does_not_import_datasets():
    code = "import sys, data; print([m for m in ('datasets', 'pandas', 'huggingface_hub') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "datasets" not in done.stdout and "pandas" not in done.stdout


@pytest.mark.skipif(not (SHARED / "ccat50_dev.jsonl.gz").exists(), reason="CCAT50 is not at ../shared/data")
def test_ccat50_loads_in_seconds():
    start = time.monotonic()
    corpus = load_corpus(f"jsonl:{SHARED / 'ccat50_dev.jsonl.gz'}")
    assert time.monotonic() - start < 20
    assert len(corpus.authors) == 25
    # 2,500 articles, of which 8 stand twice under one author.
    assert corpus.n_texts == 2492
    assert {text.part for author in corpus.authors for text in author.texts} == {"train", "test"}
