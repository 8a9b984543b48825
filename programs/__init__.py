"""Programs that write as a person writes, and what loads them: `load("authorship")(samples=[...], prompt="...")`.

Importing this costs what DSPy costs; MLflow, litellm, datasets, the optimizers and what profiles measure by stay
outside until they are needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from programs.authorship import AuthorshipProgram
from programs.baselines import FewShot, ZeroShot
from programs.lms import make_lm
from programs.versions import load
from signatures.hypotheses import Hypothesis

if TYPE_CHECKING:
    from programs.profile import Profile, infer_profile, load_profile

__all__ = [
    "AuthorshipProgram",
    "FewShot",
    "Hypothesis",
    "Profile",
    "ZeroShot",
    "infer_profile",
    "load",
    "load_profile",
    "make_lm",
]

_LATE = ("Profile", "infer_profile", "load_profile")


def __getattr__(name: str) -> Any:
    """The names of `programs.profile`, imported when they are first asked for. Raises: AttributeError."""
    if name in _LATE:
        return getattr(import_module("programs.profile"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
