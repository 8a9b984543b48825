"""Corpora of people's texts, and the splits that experiments run on; imports `signatures` only."""

from data.columns import ColumnMap
from data.corpus import Corpus
from data.load import load_corpus
from data.splits import Splits, split

__all__ = ["ColumnMap", "Corpus", "Splits", "load_corpus", "split"]
