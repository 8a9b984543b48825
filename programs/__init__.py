"""Programs that write as a person writes, and what loads them: `load("authorship")(samples=[...], prompt="...")`.

Importing this costs what DSPy costs; MLflow, litellm, datasets and the optimizers stay outside until they are needed.
"""

from programs.authorship import AuthorshipProgram
from programs.baselines import FewShot, ZeroShot
from programs.lms import make_lm
from programs.versions import load
from signatures.hypotheses import Hypothesis

__all__ = ["AuthorshipProgram", "FewShot", "Hypothesis", "ZeroShot", "load", "make_lm"]
