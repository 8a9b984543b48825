"""A version as an MLflow model: this file is its code, program.json and card.json its artifacts; nothing is pickled.

`mlflow.pyfunc.load_model("models:/hyperalign-authorship@champion").predict([{"samples": [...], "prompt": "..."}])`
returns one `{"hypotheses": [...], "text": "..."}` for each row.
"""

from pathlib import Path
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from pydantic import BaseModel, ConfigDict

CARD = "card"
"""Name of the artifact card.json; program.json lies beside it."""


class Ask(BaseModel):
    """One row of a request; MLflow makes the model's schema of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: list[str]
    """Texts of the author, 3 to 7 work best."""
    prompt: str
    """What to write about."""
    attributes: dict[str, str] | None = None
    """What is known of the author, such as occupation."""


class VersionModel(PythonModel):
    """Answers each row with the version's program."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the program, once for all predictions. Raises: SetupError as `load_folder` does."""
        from programs.tasks import TASKS
        from programs.versions import load_folder

        self.program = load_folder(Path(context.artifacts[CARD]).parent, TASKS)

    def predict(self, model_input: list[Ask]):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Runs the program on each row, with its `default_lm` unless `dspy.context` names another model.

        MLflow allows leaving out the context, and warns of a return type that it cannot make a schema of.
        """
        return [self._answer(row) for row in model_input]

    def _answer(self, row: Ask) -> dict[str, Any]:
        out = self.program(samples=row.samples, prompt=row.prompt, attributes=row.attributes or {})
        return {"hypotheses": [each.model_dump(mode="json") for each in out.hypotheses], "text": out.text}


set_model(VersionModel())
