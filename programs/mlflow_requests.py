"""A deliberative version as an MLflow model: this file is its code, program.json and card.json its artifacts.

`mlflow.pyfunc.load_model("models:/hyperalign-deliberative@champion").predict([{"prompt": "..."}])` returns one
`{"text": "...", "decision": "...", "reason": "...", "hypotheses": [...]}` for each row. Nothing is pickled.
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

    prompt: str
    """What is asked."""
    attributes: dict[str, str] | None = None
    """What the asker says of themselves."""
    earlier: list[str] | None = None
    """Their earlier messages, the oldest first."""
    policy: str | None = None
    """Name of a policy, or one in plain words; the version's own by default."""


class RequestModel(PythonModel):
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
        out = self.program(prompt=row.prompt, attributes=row.attributes, earlier=row.earlier or (), policy=row.policy)
        return {
            "text": out.text,
            "decision": out.decision,
            "reason": out.reason,
            "hypotheses": [each.model_dump(mode="json") for each in out.hypotheses],
        }


set_model(RequestModel())
