"""Texts that were made elsewhere: what is read, and what is refused with which remedy."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.outside import missing, read_texts, surplus_note
from signatures.errors import SetupError


@pytest.fixture
def file(tmp_path):
    def write(content, name="texts.jsonl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def line(name="t1", text="Dry now.", **more):
    return json.dumps({"target_id": name, "text": text, **more}) + "\n"


def test_texts_are_read_by_target_in_the_files_order(file):
    path = file(line("b", "Two.", model="mine") + "\n  \n" + '{"id": "a", "text": ""}')
    assert list(read_texts(path).items()) == [("b", "Two."), ("a", "")]


def test_target_id_goes_before_the_number_that_a_table_gave_its_rows(file):
    assert read_texts(file('{"id": "7", "target_id": "t", "text": "x"}')) == {"t": "x"}


@pytest.mark.parametrize("name", ["texts.jsonl.gz", "texts.jsonl"])
def test_a_gzipped_file_is_read_whatever_its_name(file, name):
    assert read_texts(file(gzip.compress(line().encode()), name)) == {"t1": "Dry now."}


def test_a_byte_order_mark_and_windows_line_ends_are_read(file):
    assert read_texts(file(b"\xef\xbb\xbf" + (line("a") + line("b")).replace("\n", "\r\n").encode())) == {
        "a": "Dry now.",
        "b": "Dry now.",
    }


@given(st.dictionaries(st.text(min_size=1), st.text()).filter(bool), st.booleans())
def test_what_json_writes_is_what_is_read(tmp_path_factory, texts, ascii_only):
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    lines = (json.dumps({"target_id": name, "text": text}, ensure_ascii=ascii_only) for name, text in texts.items())
    path.write_text("\n".join(lines), "utf-8", errors="surrogatepass")
    assert read_texts(path) == texts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (line("a") + "\n" + line("a"), r"line 3 of '.*' repeats the target id 'a' of line 1; keep one"),
        (line("a") + "{'target_id': 1}", r"line 2 of '.*' is not JSON \(.*\); write one object a line"),
        (line("a") + line("b")[:20], r"line 2 of '.*' is not JSON"),
        ("[" * 100_000, r"line 1 of '.*' is not JSON"),
        ('[{"target_id": "a", "text": "x"}]', r"line 1 of '.*' holds a list; write one object a line"),
        ('{"target": "a", "text": "x"}', r"line 1 of '.*' has no 'target_id' \(it has 'target', 'text'\); write"),
        ('{"target_id": "a"}', r"line 1 of '.*' has no 'text' \(it has 'target_id'\)"),
        ("{}", r"line 1 of '.*' has no 'target_id' \(it has no fields\)"),
        ('{"target_id": "a", "text": null}', r"line 1 of '.*' has no 'text'"),
        ('{"target_id": 5, "text": "x"}', r"line 1 of '.*' gives 5 as 'target_id'; give a string"),
        ('{"target_id": "a", "text": ["x"]}', r"line 1 of '.*' gives \['x'\] as 'text'; give a string"),
        ('{"target_id": "", "text": "x"}', r"line 1 of '.*' gives an empty target id"),
        (b"\x00\x01\xff\xfe\n", r"line 1 of '.*' is not UTF-8 text; save the file as UTF-8"),
        (line().encode("utf-16"), r"line 1 of '.*' is not UTF-8 text"),
        ("", r"'.*' holds no texts; write one line for each target"),
        ("\n \n", r"'.*' holds no texts"),
        (gzip.compress(line().encode())[:-9], r"'.*' is not a whole gzip file"),
        (b"\x1f\x8bnothing of the kind", r"'.*' is not a whole gzip file"),
        (gzip.compress(b""), r"'.*' holds no texts"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_a_remedy(file, content, message):
    with pytest.raises(SetupError, match=message):
        read_texts(file(content))


def test_a_place_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(SetupError, match=r"no file '.*gone.jsonl'; give a file of JSON lines"):
        read_texts(tmp_path / "gone.jsonl")
    with pytest.raises(SetupError, match="is a folder; name the file"):
        read_texts(str(tmp_path))
    with pytest.raises(SetupError, match="cannot read"):
        read_texts("nul\0byte.jsonl")


def test_targets_without_a_text_are_named_in_order_and_an_empty_text_is_none():
    assert missing({"a": "x", "b": ""}, ["c", "a", "b", "d"]) == ["c", "d"]


def test_texts_of_other_splits_are_counted_and_the_first_is_named():
    texts = {"a": "x", "z": "y", "y": "z"}
    assert surplus_note(texts, ["a", "b"]) == "2 texts are of no targets here and not used (the first is of 'z')"
    assert surplus_note(texts, ["a", "y"]) == "1 text is of no target here and not used (the first is of 'z')"
    assert surplus_note(texts, ["a", "y", "z", "b"]) == ""
