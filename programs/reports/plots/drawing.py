"""What all pictures share: colours that follow the page, panels laid out in inches, the same bytes every time."""

import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from programs.reports.headline import Headline
from programs.reports.wording import label

INK, MUTED, GRID, ACCENT, WARN, SURFACE = "#1b1f24", "#57606a", "#d0d7de", "#0b5cad", "#a84c06", "#ffffff"
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", ACCENT: "accent", WARN: "warn", SURFACE: "surface"}
"""Colours of the light page; in SVG each becomes the page's own, which is another on a dark page."""
WIDTH = 5.8
"""Inches; a phone then shows type of 9 points at 8."""
ROW = 0.24
"""Inches a row of names takes."""
_TITLE, _GAP, _AXIS, _RIGHT = 0.34, 0.2, 0.46, 0.2
_DPI = 144

_SETTINGS = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.facecolor": SURFACE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": SURFACE,
    "savefig.facecolor": SURFACE,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "svg.fonttype": "none",
    # Names are no formulas, whatever dollars they hold.
    "text.parse_math": False,
}
_LOCK = threading.Lock()
_COLOUR = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")
_ID = re.compile(r'( id="|xlink:href="#|url\(#)')
_HEAD = re.compile(r"<svg [^>]*viewBox=\"([^\"]*)\"[^>]*>")


@dataclass(frozen=True)
class Plot:
    """A figure and what it shows."""

    title: str
    alt: str
    """What a reader who cannot see it should know of it."""
    figure: Figure


@dataclass(frozen=True)
class Picture:
    """A plot as it stands in a page and as a file."""

    name: str
    title: str
    alt: str
    svg: str
    """An element without name spaces, identifiers of its own, and colours by variable."""
    png: bytes


@contextmanager
def settings(salt: str = "") -> Iterator[None]:
    """Sets what matplotlib comes with and ours for the block, whatever the user's are; one thread at a time."""
    with _LOCK, style.context(["default", {**_SETTINGS, "svg.hashsalt": salt}]), warnings.catch_warnings():
        # A name in a script that the font lacks becomes boxes in the PNG; browsers have further fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        yield


def panels(heights: Sequence[float], left: float, right: float = _RIGHT, xlabel: str = "") -> tuple[Figure, list[Axes]]:
    """Axes one below the other that share their x axis, with room for a title each; called within `settings`.

    Args:
        heights: Of each panel, in inches.
        left: Room for names, in inches.
        right: Room for more.
        xlabel: Below the last panel.
    """
    total = sum(heights) + len(heights) * (_TITLE + _GAP) + _AXIS
    figure, top, axes = Figure(figsize=(WIDTH, total)), total, []
    for height in heights:
        top -= _TITLE + height
        place = (left / WIDTH, top / total, (WIDTH - left - right) / WIDTH, height / total)
        axes.append(figure.add_axes(place, sharex=axes[0] if axes else None))
        top -= _GAP
    for each in axes[:-1]:
        each.tick_params(labelbottom=False)
    axes[-1].set_xlabel(xlabel)
    return figure, axes


def headed(axes: Axes, headline: Headline) -> None:
    """Writes above a panel which judge it is by and how far the judge may be believed."""
    trusted = headline.trust.level == "trusted"
    said = f"{label(headline.judge, 34)}: {label(headline.trust.in_brief(), 60)}"
    # From the left edge of the figure: a panel may be narrower than what is said of it.
    axes.set_title("")
    height = axes.get_position().y1
    axes.figure.text(0.02, height, said, color=INK if trusted else WARN, weight="bold", va="bottom", size=9)


def named_rows(axes: Axes, names: Sequence[str]) -> None:
    """One row a name, the first on top."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def rate_axis(axes: Axes) -> None:
    """An x axis for win rates."""
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    axes.axvline(0.5, color=MUTED, linewidth=0.8, zorder=0)


def left_for(names: Sequence[str]) -> float:
    """Inches that names need."""
    return 0.35 + 0.085 * max((len(name) for name in names), default=0)


def render(name: str, plot: Plot) -> Picture:
    """Draws a plot both ways."""
    with settings(name):
        svg, png = io.StringIO(), io.BytesIO()
        plot.figure.savefig(svg, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        plot.figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
    return Picture(name, plot.title, plot.alt, _inline(name, svg.getvalue()), png.getvalue())


def _inline(name: str, svg: str) -> str:
    """The svg element for a page that has others: coloured by variables, without style rules and name spaces."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style.*?</style>", "", svg, count=1, flags=re.DOTALL)
    svg = _HEAD.sub(r'<svg viewBox="\1" aria-hidden="true" focusable="false">', svg, count=1)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = _COLOUR.sub(lambda found: f"{found[1]}: var(--{_VARIABLES.get(found[2], 'ink')})", svg)
    svg = _ID.sub(rf"\g<1>{name}-", svg)
    return svg.replace("xlink:href=", "href=")
