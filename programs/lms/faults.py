"""What may go wrong when a model is asked: with one call, or with all of them."""

from dspy.utils.exceptions import (
    DSPyError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMUnsupportedModelError,
)

HOPELESS = (LMAuthError, LMBillingError, LMConfigurationError, LMUnsupportedModelError)
"""Faults of every call, which only the user can mend."""
CALL_FAULTS = (DSPyError, RuntimeError, ValueError, OSError)
"""Faults of one call, an answer off its type among them: counted, and never taken for an answer."""
