import json
import socket
import time
from pathlib import Path

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets.exceptions import DatasetNotFoundError
from huggingface_hub import constants

from data import load_corpus
from data.sources import blogs, enron, hub
from data.sources.c50 import C50
from data.sources.enron import ENRON
from signatures.errors import SetupError

ARTICLE = "The bank said profit fell {n} percent. Analysts had hoped for more."
POST = "I went to the park on day {n} and it rained on all of us for hours. " * 4
MAIL = (
    "Please send me the curve for deal {n} before noon, since the desk needs it. We agreed on the price last week. "
    "I would like to see the volumes too, and whatever Kate has on storage.\n\nThanks,\nVince"
)


def parts(rows: list[dict[str, object]]) -> DatasetDict:
    return DatasetDict({"train": Dataset.from_list(rows)})


def test_c50_with_class_labels_gives_authors_by_name_and_parts_by_split():
    features = Features({"text": Value("string"), "label": ClassLabel(names=["AnnLee", "BobRay"])})
    dataset = DatasetDict(
        {
            name: Dataset.from_dict({"text": [f"{name} x. y.", f"{name} z. w."], "label": [0, 1]}, features=features)
            for name in ("train", "test")
        }
    )
    rows = C50.rows(dataset)
    assert list(zip(rows["author"], rows["part"], rows["domain"], strict=True)) == [
        ("AnnLee", "train", "news"),
        ("BobRay", "train", "news"),
        ("AnnLee", "test", "news"),
        ("BobRay", "test", "news"),
    ]


def test_c50_loads_from_a_file_and_from_the_folder_of_its_publisher(tmp_path: Path):
    for part in ("train", "test"):
        folder = tmp_path / "C50" / f"C50{part}" / "AnnLee"
        folder.mkdir(parents=True)
        (folder / "1newsML.txt").write_text(ARTICLE.format(n=part))
    file = tmp_path / "c50.jsonl"
    file.write_text("".join(json.dumps({"author": "AnnLee", "text": ARTICLE.format(n=n)}) + "\n" for n in range(3)))
    assert load_corpus(f"c50:{file}").n_texts == 3
    corpus = load_corpus(f"c50:{tmp_path / 'C50'}")
    assert [(text.id, text.part, text.domain) for text in corpus.authors[0].texts] == [
        ("test/1newsML", "test", "news"),
        ("train/1newsML", "train", "news"),
    ]
    with pytest.raises(SetupError, match="holds C50train and C50test"):
        load_corpus(f"c50:{tmp_path / 'C50' / 'C50test'}")


def test_blogs_load_from_the_published_csv_with_attributes(tmp_path: Path):
    lines = ["id,gender,age,topic,sign,date,text"]
    lines += [f'5001,male,33,Technology,Aquarius,"14,May,2004","   {POST.format(n=n)} urlLink "' for n in range(16)]
    lines += ['6001,female,17,Student,Leo,"14,May,2004","too short"']
    file = tmp_path / "blogtext.csv"
    file.write_text("\n".join(lines))
    corpus = load_corpus(f"blogs:{file}")
    author = corpus.authors[0]
    assert [author.id for author in corpus.authors] == ["5001"]
    assert author.attributes == {"gender": "male", "age": "33", "topic": "Technology", "sign": "Aquarius"}
    assert len(author.texts) == 16
    assert all(text.domain == "blog" and "urlLink" not in text.text for text in author.texts)


def test_a_blog_post_loses_link_marks_and_entities_but_no_words():
    assert blogs.tidy("1", "  Fish &amp; chips urlLink here&nbsp;  now \n\n\n\n end") == "Fish & chips here now\n\nend"


def test_enron_loads_from_a_file_and_keeps_what_the_sender_wrote(tmp_path: Path):
    rows = [{"Sender": "vince.kaminski@enron.com", "Subject": "s", "Body": MAIL.format(n=n)} for n in range(15)]
    file = tmp_path / "mails.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus = load_corpus(f"enron:{file}")
    assert (corpus.authors[0].id, len(corpus.authors[0].texts)) == ("vince.kaminski@enron.com", 15)
    text = corpus.authors[0].texts[0]
    assert text.text.endswith("Thanks,") and text.domain == "email"
    assert text.prompt.startswith("Write an email that starts with the following: Please send me")


@pytest.mark.parametrize(
    "tail",
    [
        "\n\n-----Original Message-----\nFrom: Kate\nSent: Monday\n\nWhere is it?",
        "\n---------------------- Forwarded by Vince J Kaminski/HOU/ECT on 01/02/2001 09:10 AM\n\nold",
        "\n\nOn Mon, 3 Jan 2001, Kate Lee wrote:\n> where is it\n> now",
        "\n> where is it\n> now\n",
        "\n\nFrom: Kate Lee\nTo: Vince\nSubject: it\n\nold",
        "\n\nKate Lee@ENRON on 01/02/2001 09:10 AM\nTo: Vince\n\nold",
        "\n\n\tKate Lee@ENRON\n\t01/02/2001 09:10 AM\n\t\t\n\t\t To: Vince\n\nold",
        "\n-- \nVince Kaminski\nEnron Corp.",
        "\n\nVince Kaminski\nEnron North America\n1400 Smith Street\nHouston, TX 77002\nphone 713-853-1234\nv@a.com",
        "\n\n**********************\nThis e-mail is the property of Enron Corp.",
        "\n\nVince J.",
    ],
)
def test_quoted_mail_and_signatures_go(tail: str):
    body = "Kate,\n\nPlease see me on 3/4/01 at the office. Call 713-853-1234 if you are late."
    assert enron.tidy("vince.kaminski@enron.com", body + tail) == body


def test_a_mail_without_quotes_and_signature_stays_as_it_is():
    body = "Kate,\n\nI heard it from: Jim.\nOn Monday we wrote it down - all of it.\n\nCheers"
    assert enron.tidy("vince.kaminski@enron.com", body) == body


def test_a_table_without_the_columns_is_refused_with_a_way_out():
    with pytest.raises(SetupError, match="'enron' has no column for its author.*found who, body; name it"):
        ENRON.rows(parts([{"who": "a", "body": "b"}]))


def test_a_hub_dataset_is_read_by_the_columns_that_its_name_gives(monkeypatch: pytest.MonkeyPatch):
    asked = {}

    def fetch(repository: str, **options: object) -> DatasetDict:
        asked.update(options, repository=repository)
        return parts([{"Sender": "a", "body": "One. Two.", "lang": "en"}])

    monkeypatch.setattr(hub, "fetch", fetch)
    corpus = load_corpus("hub:o/n?author=Sender&text=body&attributes=lang&config=c&split=train")
    assert asked == {"repository": "o/n", "config": "c", "split": "train"}
    assert corpus.authors[0].attributes == {"lang": "en"}
    assert corpus.authors[0].texts[0].part == "train"
    with pytest.raises(SetupError, match="dataset 'o/n' has no column 'author'; found: 'Sender', 'body', 'lang'"):
        load_corpus("hub:o/n")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (DatasetNotFoundError("gated"), "no dataset 'o/n' on the hub, or it is gated .* 'hf auth login'"),
        (ConnectionError("cut off"), "cannot reach the Hugging Face hub"),
        (ValueError("Unknown split 'x'"), "cannot load dataset 'o/n' .*Unknown split 'x'; name others"),
        (OSError(28, "No space left on device"), "cannot use the cache of datasets .*No space left"),
    ],
)
def test_what_the_hub_refuses_is_said_with_the_way_out(fault: Exception, message: str, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(hub, "_probe", lambda repository: None)
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(SetupError, match=message):
        load_corpus("hub:o/n?split=x")


@pytest.mark.parametrize("name", ["c50", "blogs", "enron", "hub:owner/name"])
def test_no_network_is_said_at_once_with_a_remedy(name: str, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, never listening: every connection is refused
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(SetupError, match="cannot reach the Hugging Face hub .* pass their path"):
            load_corpus(name)
    assert time.monotonic() - start < 5


def test_a_hub_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(hub, "PROBE_SECONDS", 0.2)
        start = time.monotonic()
        with pytest.raises(SetupError, match="cannot reach"):
            load_corpus("c50")
    assert time.monotonic() - start < 5


def test_an_ending_that_says_nothing_is_refused(tmp_path: Path):
    with pytest.raises(SetupError, match="cannot tell what .* is from its ending"):
        load_corpus(f"enron:{tmp_path / 'mails.mbox'}")
