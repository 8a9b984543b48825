"""Reports of evaluations: tables for a terminal, a page with every pair, pictures; all from a ledger alone."""

from programs.reports.writing import write_report

__all__ = ["write_report"]
