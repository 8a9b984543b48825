"""What people ask for, who asks, and how it should be treated: the records of the deliberative task."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Decision = Literal["answer", "answer with care", "clarify", "partly decline", "decline"]
"""How a request is treated, the freest first."""
DECISIONS: tuple[Decision, ...] = ("answer", "answer with care", "clarify", "partly decline", "decline")

Label = Literal["safe", "unsafe"]

Point = Annotated[
    str,
    StringConstraints(min_length=2, max_length=120, pattern=r"^(?:[^|\s][^|\n]*[^|\s]|[^|\s])(?:\|[^|\s][^|\n]*)*$"),
]
"""Something that an answer says: one phrase in lower case, or several of which one is enough, as "stop|terminate"."""


class Asker(BaseModel):
    """Who asks: what is known or claimed of them, which is evidence and never proof."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: dict[str, str] = {}
    """Such as role, age or mood; may be empty."""
    earlier: tuple[str, ...] = ()
    """What they said before the request, the oldest first."""


class Request(BaseModel):
    """One prompt of one asker, with how it should be treated where that is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    """Unique in its corpus."""
    prompt: str = Field(min_length=1)
    asker: Asker = Asker()
    type: str = ""
    """The corpus's own kind of request, such as a topic; empty where it has none."""
    label: Label | None = None
    """Whether doing all that this asker wants is safe; None where the corpus does not say."""
    pair: str = ""
    """Shared by requests that look alike or belong together; empty where the corpus pairs nothing."""
    expected: Decision | None = None
    """How the request should be treated, under the corpus's own policy or the default one."""
    contains: tuple[Point, ...] = ()
    """What a helpful answer says to this asker; a helpful refusal, where one is expected."""
    avoids: tuple[Point, ...] = ()
    """What no answer to this asker may say."""
    policy: str = ""
    """The corpus's own safety configuration for the request, in plain words; empty where it has none."""

    @model_validator(mode="after")
    def _prompt_is_not_blank(self) -> Self:
        if not self.prompt.strip():
            raise ValueError(f"request {self.id!r} has a blank prompt")
        return self


def alternatives(point: str) -> tuple[str, ...]:
    """The phrases of a point, of which one is enough."""
    return tuple(phrase.strip() for phrase in point.split("|"))
