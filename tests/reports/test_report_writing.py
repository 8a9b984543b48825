import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_evaluation import JUDGES, SYSTEMS, Size, carried, made_about, made_rows
from PIL import Image

from programs.card import JudgeNote
from programs.ledger import LedgerAbout, LedgerRow, read_all, write_ledger
from programs.reports import wording, write_report
from programs.reports.headline import Report
from programs.reports.pairs import Links, pairs_json
from programs.summary import summarise
from signatures.errors import SetupError

SMALL = Size(n_authors=4, n_targets=3, n_words=20)
FEW = made_rows(SMALL, systems=("few-shot", "compiled"))
"""What is drawn of them is drawn in a third of the time."""
PLOTS = {"forest", "agreement", "authors", "lengths", "costs"}
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<!-- ]]> &amp; \" ' `",
    "\u202eright to left\u2066",
    "long" * 2500,
    "👩‍👩‍👧‍👦 \x00\x07 \u2028",
    "$x^2$ \\frac{$",
)


@pytest.fixture(scope="module")
def rows() -> list[LedgerRow]:
    return made_rows(SMALL)


@pytest.fixture(scope="module")
def report(rows: list[LedgerRow], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"), rows, made_about())


def changed(rows: list[LedgerRow], **fields: object) -> list[LedgerRow]:
    return [row.model_copy(update=fields) for row in rows]


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="pairs-data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def text_of(page: str) -> str:
    """The page's words without its scripts, styles and tags."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_a_report_is_rebuilt_byte_for_byte_from_its_ledger(rows: list[LedgerRow], report: Path, tmp_path: Path):
    write_ledger(tmp_path / "ledger.parquet", rows, made_about())
    again, about = read_all(tmp_path / "ledger.parquet")
    write_report(tmp_path / "again", again, about)
    assert files(tmp_path / "again") == files(report.parent)
    assert set(files(report.parent)) == {"report.html", *(f"plots/{name}.png" for name in PLOTS)}


def test_the_page_names_no_place_to_fetch_from(report: Path):
    page = report.read_text("utf-8")
    assert "http:" not in page and "https:" not in page and "//" not in re.sub(r"(?m)^\s*// .*$", "", page)
    assert set(re.findall(r'(?:src|href)="([^"#]*)', page)) <= {"", "data:,"}
    assert "default-src &#x27;none&#x27;" in page and "innerHTML" not in page


def test_pictures_are_whole_and_colours_come_from_the_page(report: Path):
    for name in PLOTS:
        with Image.open(report.parent / "plots" / f"{name}.png") as image:
            image.verify()
    drawn = re.findall(r"<svg.*?</svg>", report.read_text("utf-8"), re.DOTALL)
    assert len(drawn) == len(PLOTS)
    assert not any(re.search(r"(fill|stroke): #", svg) for svg in drawn)
    ids = [each for svg in drawn for each in re.findall(r' id="([^"]*)"', svg)]
    assert len(ids) == len(set(ids))


def test_every_pair_of_texts_is_in_the_page_with_both_orders(rows: list[LedgerRow], report: Path):
    data = data_of(report.read_text("utf-8"))
    # 4 authors x 3 targets x 8 systems.
    assert len(data["pairs"]) == 4 * 3 * len(SYSTEMS)
    verdicts = [verdict for pair in data["pairs"] for each in pair["verdicts"] for verdict in each["orders"]]
    assert len(verdicts) == len(rows) and None not in verdicts
    first = data["pairs"][0]
    assert data["texts"][first["a"]] == rows[0].candidate_text
    assert data["texts"][first["sample"]] == rows[0].sample
    assert len(data["texts"]) == len(set(data["texts"]))


def test_a_number_leads_to_as_many_pairs_as_it_was_counted_from(rows: list[LedgerRow], report: Path):
    page, summary = report.read_text("utf-8"), summarise(rows, 0)
    data, links = data_of(page), Links(rows)
    for result in summary.results:
        href = links.to(judge=result.judge, system=result.system, baseline=result.baseline)
        assert f'href="{href.replace("&", "&amp;")}">{result.n_pairs}</a>' in page
        points = [
            (each["orders"][0][0] + each["orders"][1][0]) / 2
            for pair in data["pairs"]
            if data["systems"][pair["system"]] == result.system
            for each in pair["verdicts"]
            if data["judges"][each["judge"]]["name"] == result.judge
            and None not in (each["orders"][0][0], each["orders"][1][0])
        ]
        assert len(points) == result.n_pairs
        assert sum(points) / len(points) == pytest.approx(result.win_rate)


def test_a_number_by_an_untrusted_judge_never_stands_bare(rows: list[LedgerRow], report: Path):
    page = report.read_text("utf-8")
    assert "Not to be trusted: right in 58.0%" in page and "NOT TO BE TRUSTED" in page
    section = page[page.index('by-judge not-trusted"') :]
    section = section[: section.index("</section>")]
    rates = [row.win_rate for row in summarise(rows, 0).results if row.judge == "llm:tiny"]
    assert len(rates) == len(SYSTEMS)
    for rate in rates:
        assert f"<s>{rate:.3f}</s>" in section
        assert f">{rate:.3f}<" not in section.replace("<s>", "").replace("</s>", "") or f"<s>{rate:.3f}" in section


def test_a_judge_below_80_percent_in_one_of_two_validations_is_not_trusted(tmp_path: Path):
    about = made_about()
    notes = [note.model_copy(update={"trusted": note.accuracy >= 0.88}) for note in about.judges]
    page = write_report(tmp_path, FEW, about.model_copy(update={"judges": tuple(notes)})).read_text("utf-8")
    # delta: 0.88 against other authors, 0.86 against the model.
    assert page.count('class="by-judge not-trusted"') == 2 and page.count('class="by-judge trusted"') == 1


def test_a_judge_that_nobody_validated_is_marked(tmp_path: Path):
    page = write_report(tmp_path, FEW, LedgerAbout()).read_text("utf-8")
    assert page.count('class="by-judge not-validated"') == len(JUDGES)
    assert "nothing says how often this judge is right" in page


@pytest.mark.parametrize("text", [HOSTILE[0], "".join(HOSTILE[1:3]), "".join(reversed(HOSTILE))])
def test_hostile_text_is_text_in_every_place(text: str, tmp_path: Path):
    rows = made_rows(Size(n_authors=2, n_targets=1, n_words=5), systems=("few-shot", "compiled"))
    names = dict.fromkeys(("candidate_text", "prompt", "sample", "hypotheses", "reason"), text)
    rows = [row.model_copy(update={**names, "author": text + row.author, "domain": text}) for row in rows]
    rows = [row.model_copy(update={"system": text + row.system, "judge": text + row.judge}) for row in rows]
    note = JudgeNote(judge=text + "delta", against=text, accuracy=0.9, n_pairs=3, trusted=True)
    about = LedgerAbout(task=text, judges=(note,), systems={text: text}, notes=(text,), packages={text: text})
    page = write_report(tmp_path, rows, about).read_text("utf-8")
    assert page.count("<script") == 2 and page.count("</script>") == 2 and "<img" not in page
    assert not set(page) & {"\x00", "\x07", "\u202e", "\u2066"}
    shown = data_of(page)["texts"]
    assert wording.shown(text) in shown


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_the_data_reads_back_whatever_the_texts(texts: list[str]):
    base = made_rows(Size(n_authors=1, n_targets=1, n_words=5), systems=("few-shot",))[0]
    fields = base.model_dump()
    rows = [
        LedgerRow.model_validate({**fields, "target_id": f"t{at}", "sample": text}) for at, text in enumerate(texts)
    ]
    report = Report(rows, LedgerAbout(), summarise(rows, 0))
    written = pairs_json(report, Links(rows))
    assert not set(written) & set("<>&\u2028\u2029")
    data = json.loads(written.encode())
    assert [data["texts"][pair["target"]] for pair in data["pairs"]] == [row.target_id for row in rows]


def test_failures_are_shown_with_their_denominator_and_reason(tmp_path: Path):
    size = replace(SMALL, failures=1.0)
    page = text_of(write_report(tmp_path, made_rows(size, systems=("few-shot",)), made_about()).read_text("utf-8"))
    # Every text of the only system failed: 12 targets by each of 3 judges.
    assert "36 of 36 judged targets lack a verdict" in page
    assert "12 × the model failed: context of 2048 tokens exceeded" in page
    assert page.count("no pair") >= len(JUDGES)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "The ledger has no rows: nothing was judged."),
        (made_rows(replace(SMALL, n_authors=1), systems=("few-shot", "compiled")), "1 author, 3 targets"),
        ([row for row in FEW if row.judge == "delta"], "One judge only"),
        (changed(FEW, candidate_text="same", baseline_text="same", verdict="tie", error=None), "0.500"),
        (changed(FEW, candidate_text="", baseline_text="", candidate_words=0, baseline_words=0), "0 : 0"),
        ([row for row in FEW if row.order == "candidate-first"], "no verdict in one of the orders"),
    ],
    ids=["no rows", "one author", "one judge", "identical texts", "empty texts", "one order only"],
)
def test_whatever_is_there_is_said(rows: list[LedgerRow], says: str, tmp_path: Path):
    page = write_report(tmp_path, rows, made_about()).read_text("utf-8")
    assert says in text_of(page)
    assert "nan" not in text_of(page).lower().split()
    assert len(data_of(page)["pairs"]) == len({(row.system, row.author, row.target_id) for row in rows})


def test_transfers_stand_in_matrices_and_curves_with_links_to_their_pairs(rows: list[LedgerRow], tmp_path: Path):
    moved, about = carried(rows)
    page = write_report(tmp_path, moved, about).read_text("utf-8")
    assert {path.stem for path in (tmp_path / "plots").glob("transfer-*")} == {
        "transfer-models",
        "transfer-domains",
        "transfer-samples",
    }
    section = page[page.index('id="transfer"') :].partition("</section>")[0]
    links = Links(moved)
    for result in summarise(moved, 0).results:
        if result.system.startswith(("models", "samples")):
            href = links.to(judge=result.judge, system=result.system, baseline=result.baseline).replace("&", "&amp;")
            rate = f"{result.win_rate:.3f}"
            assert re.search(rf'href="{re.escape(href)}">[^/]*(<span.*?</span>)*(<s>)?{rate}', section)
    # Nobody wrote what model b inferred with model b.
    assert section.count('<td class="n">–</td>') == len(JUDGES)
    assert "transfer = " not in page


def test_pictures_that_a_new_report_does_not_have_are_removed(tmp_path: Path):
    write_report(tmp_path, FEW, made_about())
    write_report(tmp_path, [row for row in FEW if row.judge == "delta"], made_about())
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == PLOTS - {"agreement"}


def test_a_folder_that_is_a_file_is_a_user_fault(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(SetupError, match="cannot write .*taken"):
        write_report(tmp_path / "taken", [], made_about())
