"""A text written as one person writes, with all that stands beside it: as data, as plain lines and as a table."""

import re

from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.table import Table
from rich.text import Text

from signatures.errors import counted
from signatures.hypotheses import Hypothesis

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class PersonalText(BaseModel):
    """A personalised text with what it was written from and by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hypotheses: tuple[Hypothesis, ...]
    """In the order the model gave them."""
    text: str
    notes: tuple[str, ...] = ()
    """What was cut or left out, in words."""
    n_dropped: int = Field(default=0, ge=0)
    """Quotations offered as evidence that occur in no sample."""
    n_samples: int = Field(ge=1)
    """Texts given; how many were used is in the notes."""
    program: str
    """The reference it was loaded by, such as `authorship@champion`."""
    version: str | None = None
    """Name of the version that the reference meant, where the program tells."""
    model: str
    """As given to `--lm`."""
    seed: int | None = None
    """None where the model's own default held."""

    def remarks(self) -> list[str]:
        """Everything a reader should know beside the text, one sentence each."""
        remarks = list(self.notes)
        if self.n_dropped:
            dropped = counted(self.n_dropped, "quotation or claim", "quotations or claims")
            remarks.append(f"dropped {dropped} found in none of the samples")
        if self.n_samples < 3:
            remarks.append(f"read {counted(self.n_samples, 'sample')}; 3 to 7 tell more")
        version = f" (version {self.version})" if self.version else ""
        remarks.append(f"written by program {self.program}{version} with model {self.model}")
        return remarks


def show(written: PersonalText, console: Console) -> None:
    """Prints the hypotheses with their evidence, the text, then the notes.

    A terminal gets a table; anything else gets plain lines that are neither wrapped nor coloured. Control characters
    of the samples or the model are left out, so that no text can steer the terminal.
    """
    if console.is_terminal:
        console.print(_table(written.hypotheses) if written.hypotheses else "No hypotheses.")
        console.print(Text("\nText", "bold"))
        console.print(Text(visible(written.text) + "\n"))
        for remark in written.remarks():
            console.print(Text(f"· {visible(remark)}", "dim"))
    else:
        console.file.write("\n".join(_lines(written)) + "\n")


def visible(text: str) -> str:
    """The text without control characters, other than line ends and tabs."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def _table(hypotheses: tuple[Hypothesis, ...]) -> Table:
    table = Table(title="How this person writes", title_justify="left", show_lines=True, expand=True)
    table.add_column("About", ratio=2, overflow="fold")
    table.add_column("Hypothesis", ratio=3, overflow="fold")
    table.add_column("Evidence", ratio=3, overflow="fold")
    table.add_column("Confidence", justify="right")
    for each in hypotheses:
        about = Text.assemble((each.dimension, "bold"), "\n", each.aspect)
        evidence = "\n".join(_quoted(span) for span in each.evidence) or "none"
        table.add_row(about, Text(visible(each.statement)), Text(evidence), f"{each.confidence:.0%}")
    return table


def _lines(written: PersonalText) -> list[str]:
    lines = ["How this person writes", ""]
    for number, each in enumerate(written.hypotheses, 1):
        lines.append(f"{number}. {each.dimension}, {each.aspect} ({each.confidence:.0%}): {_one_line(each.statement)}")
        lines += [f"   {_quoted(span)}" for span in each.evidence] or ["   no evidence"]
    if not written.hypotheses:
        lines.append("No hypotheses.")
    remarks = [f"- {visible(remark)}" for remark in written.remarks()]
    return [*lines, "", "Text", "", visible(written.text), "", "Notes", "", *remarks]


def _quoted(span: str) -> str:
    return f"“{_one_line(span)}”"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
