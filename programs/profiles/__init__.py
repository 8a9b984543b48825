"""What is known of how a person writes, kept as a record: inferred, tested, saved, edited by hand, updated.

The public names are in `programs.profile`.
"""
