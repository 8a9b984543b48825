"""The parts of a compile: what the user asks, what it will cost, the search, and what is kept of it.

The one package of programs that imports optimizers; entry points import it, and no library code does, so that an app
that loads a compiled program pays for none of it.
"""
