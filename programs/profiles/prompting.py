"""A profile as a system prompt for any chat model (after Janus: preferences stated in the system message)."""

from programs.fencing import ABOUT_QUOTATIONS, defused, quoted
from programs.profiles.record import Profile
from signatures.hypotheses import Hypothesis

_TASK = (
    "You write as one particular person writes. Whatever you are asked to write, write it as this person would: keep "
    "to the habits below, and let them show only as often as they say. Write nothing but the text itself."
)
_UNKNOWN = "Nothing distinctive is known of how this person writes: write plainly."


def system_prompt(profile: Profile) -> str:
    """The prompt: the task, what is known of the person, then one habit a line with its quotations fenced."""
    parts = [_TASK]
    if profile.attributes:
        known = [f"- {_line(name)}: {_line(value)}" for name, value in profile.attributes.items()]
        parts.append("\n".join(["The person:", *known]))
    hypotheses = profile.usable()
    if not hypotheses:
        return "\n\n".join([*parts, _UNKNOWN])
    lines = ["How the person writes:", *(_habit(each) for each in hypotheses)]
    if any(each.evidence for each in hypotheses):
        parts.append(ABOUT_QUOTATIONS)
    return "\n\n".join([*parts, "\n".join(lines)])


def _habit(hypothesis: Hypothesis) -> str:
    shown = " ".join(quoted(span) for span in hypothesis.evidence)
    about = f"- {hypothesis.aspect}: {_line(hypothesis.statement)}"
    return f"{about}\n  <quotations>{shown}</quotations>" if shown else about


def _line(text: str) -> str:
    return defused(" ".join(text.split()))
