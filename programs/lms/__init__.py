"""Models: one in this process, any other through litellm, and the adapters that suit them."""

from programs.lms.make import make_lm

__all__ = ["make_lm"]
