"""How a report writes names, texts and numbers: any text becomes one that no page, plot or terminal stumbles over."""

MISSING = "–"
"""Stands where a number is not defined."""

_SHOWN: dict[int, str] = {
    # Controls become their pictures, except tab and newline, which every reader draws as space.
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "\u2421",
    **{code: "\ufffd" for code in range(0x80, 0xA0)},
    # Marks that turn the direction of what follows would reorder the page around them.
    **{code: f"⟦U+{code:04X}⟧" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    **{code: "\ufffd" for code in range(0xD800, 0xE000)},
}


def shown(text: str) -> str:
    """The text with its control characters made visible and lines ended by newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SHOWN)


def label(name: str, longest: int = 26) -> str:
    """A name in one line of at most `longest` characters, for plots and narrow tables; a long one loses its middle."""
    line = " ".join(shown(name).split()) or "(no name)"
    if len(line) <= longest:
        return line
    kept = longest // 3
    return f"{line[:kept]}…{line[kept + 1 - longest :]}"


def against(system: str, baseline: str) -> str:
    """How a comparison is called."""
    return f"{system} against {baseline}"


def share(value: float | None) -> str:
    """A fraction in [0, 1] with three digits."""
    return MISSING if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """A difference or correlation in [-1, 1] with its sign; zero has none."""
    if value is None:
        return MISSING
    written = f"{value:+.2f}"
    return "0.00" if float(written) == 0 else written.replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval of fractions."""
    return MISSING if low is None or high is None else f"{low:.2f}–{high:.2f}"


def signed_interval(low: float, high: float) -> str:
    """Both ends of an interval of differences."""
    return f"{signed(low)} to {signed(high)}"


def percent(value: float | None) -> str:
    """A fraction in [0, 1] as a percentage."""
    return MISSING if value is None else f"{value:.1%}"


def p_value(value: float) -> str:
    """A p-value with three digits."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def amount(value: float) -> str:
    """A mean of seconds or tokens: three significant digits, thousands apart."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def dollars(value: float) -> str:
    """US dollars a text; fractions of a cent in full."""
    return "$0" if value == 0 else f"${value:.2f}" if value >= 1 else f"${value:.2g}"


def words(candidate: float | None, baseline: float | None) -> str:
    """Mean lengths of both sides, candidate first."""
    return " : ".join(MISSING if mean is None else f"{mean:.0f}" for mean in (candidate, baseline))
