"""HyPerAlign."""
