"""The page as Chromium shows it; skipped where Chromium or the package that drives it is missing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from made_evaluation import Size, made_about, made_rows

from programs.reports import write_report
from programs.summary import summarise

driver = pytest.importorskip(
    "playwright.sync_api", reason="the package playwright, which drives the browser, is missing"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

ROWS = made_rows(Size(n_authors=5, n_targets=3, n_words=40, failures=0.1))
SUMMARY = summarise(ROWS, 0)
ATTACK = "</script><img src=x onerror=alert(1)><script>alert(2)</script>\u202e\x00" + "long" * 2500
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with driver.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"), ROWS, made_about())


@pytest.fixture
def show(browser: Any) -> Iterator[Any]:
    """Opens a page; whatever it complains of or asks for must be nothing by the end of the test."""
    contexts, faults, requests = [], [], []

    def opened(path: Path, width: int = 1280, scheme: str = "light", fragment: str = "") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: requests.append(request.url.partition("#")[0]))
        page.goto(path.as_uri() + fragment)
        assert set(requests) == {path.as_uri()}
        requests.clear()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == [] and requests == []


def n_pairs(page: Any) -> int:
    return int(page.locator("#found strong").inner_text().split()[0].replace(",", ""))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_its_window_with_everything_open(width: int, scheme: str, report: Path, show: Any):
    page = show(report, width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.locator(".pairs .opened").nth(19).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_is_another_page_than_light_and_its_plots_follow(report: Path, show: Any):
    colours = []
    for scheme in ("light", "dark"):
        page = show(report, scheme=scheme)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        ink = page.evaluate("getComputedStyle(document.querySelector('.plot text')).fill")
        colours.append((ground, ink))
    (light, dark_ink), (dark, light_ink) = colours
    assert light != dark and dark_ink != light_ink


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(scheme: str, report: Path, show: Any):
    page = show(report, scheme=scheme)
    contrast = """([ink, ground]) => {
      const probe = document.createElement("i"); document.body.append(probe);
      const light = (name) => {
        probe.style.color = `var(--${name})`;
        const parts = getComputedStyle(probe).color.match(/[0-9]+/g).slice(0, 3).map((each) => each / 255)
          .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const [a, b] = [light(ink), light(ground)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }"""
    # 4.5 is what WCAG 2.2 asks of text (1.4.3).
    for ink in ("ink", "muted", "accent", "warn"):
        for ground in ("surface", "page", "row"):
            assert page.evaluate(contrast, [ink, ground]) >= 4.5, (ink, ground)
    assert page.evaluate(contrast, ["ink", "warn-page"]) >= 4.5


def test_a_click_on_a_row_of_the_headline_leads_to_its_pairs(report: Path, show: Any):
    page = show(report)
    first = SUMMARY.results[0]
    row = page.locator(".by-judge").first.locator("tbody tr").first
    row.locator("td").nth(7).click()
    assert page.url.partition("#pairs?")[2]
    n_failed = next((each.n_failures for each in SUMMARY.failures if each.system == first.system), 0)
    assert n_pairs(page) == first.n_pairs + n_failed
    assert f"win rate {first.win_rate:.3f}" in page.locator("#found").inner_text()
    assert page.evaluate("document.activeElement.id") == "pairs"


def test_the_filters_choose_pairs_and_stand_in_the_address(report: Path, show: Any):
    page = show(report)
    # 5 authors x 3 targets x 8 systems.
    assert n_pairs(page) == 120
    page.get_by_label("author", exact=True).select_option("author-03")
    assert n_pairs(page) == 24
    page.get_by_label("judge", exact=True).select_option("stylometric")
    page.get_by_label("outcome of the system").select_option("won")
    won = n_pairs(page)
    assert 0 < won < 24 and f"{won} won, 0 tied, 0 lost" in page.locator("#found").inner_text()
    assert parse_qs(page.url.partition("?")[2]) == {"judge": ["0"], "author": ["3"], "outcome": ["won"]}
    again = show(report, fragment="#" + page.url.partition("#")[2])
    assert n_pairs(again) == won
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('#found strong').textContent.startsWith('120 ')")


def test_agreement_of_two_judges_leads_to_its_pairs(report: Path, show: Any):
    found = SUMMARY.agreements[0]
    page = show(report)
    row = page.locator("#judges").locator("..").locator("table").nth(1).locator("tbody tr").first
    counts = []
    for at in (-2, -1):
        row.locator("td").nth(at).locator("a").click()
        # The page chooses its pairs when the browser tells it of the link, after the click.
        page.wait_for_timeout(200)
        counts.append(n_pairs(page))
    assert sum(counts) == found.n_pairs
    assert 100 * counts[0] / found.n_pairs == pytest.approx(found.percent)


def test_a_pair_opens_by_keyboard_with_texts_verdicts_reasons_and_hypotheses(report: Path, show: Any):
    page = show(report)
    page.get_by_label("system", exact=True).select_option("compiled")
    page.locator("#pairs-list summary").first.focus()
    page.keyboard.press("Enter")
    opened = page.locator(".opened").first
    opened.wait_for()
    row = next(row for row in ROWS if row.system == "compiled" and row.verdict)
    words = opened.inner_text()
    for said in (row.prompt, row.sample[:60], row.candidate_text[:60], row.baseline_text[:60]):
        assert said.split("\n")[0] in words
    assert "dashes stand where others put commas" in words and "less of 'because'" in words
    # Three judges, two orders.
    assert opened.locator("tbody tr").count() == 6


def test_more_pairs_come_when_asked_for(report: Path, show: Any):
    page = show(report)
    assert page.locator("#pairs-list > li").count() == 20
    page.locator("#more").click()
    assert page.locator("#pairs-list > li").count() == 40
    assert page.evaluate("document.activeElement === document.querySelectorAll('#pairs-list summary')[20]")


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, show: Any):
    names = dict.fromkeys(("candidate_text", "baseline_text", "prompt", "sample", "hypotheses", "reason"), ATTACK)
    rows = made_rows(Size(n_authors=2, n_targets=1, n_words=5, failures=0.0), systems=("few-shot",))
    rows = [row.model_copy(update={**names, "author": ATTACK + row.author, "domain": ATTACK}) for row in rows]
    rows = [row.model_copy(update={"system": ATTACK, "judge": ATTACK + row.judge}) for row in rows]
    about = made_about().model_copy(update={"notes": (ATTACK,), "task": ATTACK, "systems": {ATTACK: ATTACK}})
    page = show(write_report(tmp_path, rows, about), 390)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.locator(".opened").nth(1).wait_for()
    assert "<img src=x onerror=alert(1)>" in page.locator(".opened .text").first.inner_text()
    assert page.locator("img").count() == 0 and page.locator("script").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
