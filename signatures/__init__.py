"""Typed signatures and the records they exchange; imports dspy and pydantic only."""
