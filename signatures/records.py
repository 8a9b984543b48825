"""The records that corpora, programs and judges exchange: texts, authors, samples, targets."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from signatures.hypotheses import GoldHypothesis


class Text(BaseModel):
    """One text that an author wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    """Unique in its corpus."""
    author: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    """What the text answers: content, not style."""
    text: str = Field(min_length=1)
    """The author's words, whole."""
    prefix: str = ""
    """Opening words of `text` that the prompt gives away; cut from every answer before it is judged."""
    domain: str = "text"
    """Kind of writing, such as news, blog or email."""
    part: str = ""
    """The corpus's own split of the text ("train", "test"), empty where it has none."""

    @model_validator(mode="after")
    def _prefix_opens_text(self) -> Self:
        if not self.text.startswith(self.prefix):
            raise ValueError(f"text {self.id!r} does not start with its prefix {self.prefix!r}")
        return self


class Author(BaseModel):
    """One person: attributes and texts, with gold hypotheses where the voice is designed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    attributes: dict[str, str] = {}
    """What is known of the person, such as occupation or region; may be empty."""
    texts: tuple[Text, ...] = Field(min_length=1)
    gold: tuple[GoldHypothesis, ...] = ()
    """Hypotheses that the voice was written to fit; empty for real authors."""


class AuthorCase(BaseModel):
    """One author as an experiment uses them: what is shown, what is asked, what only judges see.

    The three tuples are disjoint (DESIGN, splits).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: Author
    samples: tuple[Text, ...]
    """Shown to the program."""
    targets: tuple[Text, ...]
    """Prompts to answer, with the author's real text for the ceiling row."""
    references: tuple[Text, ...]
    """Seen by judges only."""
