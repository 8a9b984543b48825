"""Systems compared on a corpus: what is compared, what is kept while it runs, and what is made of it."""
