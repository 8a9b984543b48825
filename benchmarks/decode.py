"""How much faster the embedded model decodes with many requests in flight.

    uv run python -m benchmarks.decode [--tokens 128]

Asks for long texts from distinct short prompts, 1, 4, 8, 16 and 32 at a time, in one process and without a cache, and
prints tokens per second of decoding and reading together. The lone requests run before and after the others, so
that a machine that slows down meanwhile shows.
"""

import argparse
import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from dspy.lm15 import Config, Message, Request

from programs.lms.embedded import EmbeddedEngine, engine_for

IN_FLIGHT = (1, 4, 8, 16, 32)
TARGET = 5.0
"""Times the speed of one request that 32 must reach."""

_numbers = itertools.count()


class Speed(NamedTuple):
    """What one level of concurrency did."""

    n_requests: int
    n_tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.n_tokens / self.seconds


def measure(engine: EmbeddedEngine, in_flight: int, n_requests: int, n_tokens: int) -> Speed:
    """Runs `n_requests` of at most `n_tokens` each, `in_flight` at a time."""

    def ask(number: int) -> int:
        prompt = Message.user(f"Write a very long story with many chapters about the number {number}.")
        config = Config(max_tokens=n_tokens, temperature=0.7, top_p=0.9, seed=number)
        return engine.complete(Request("embedded", messages=(prompt,), config=config)).usage.output_tokens or 0

    numbers = [next(_numbers) for _ in range(n_requests)]
    started = time.perf_counter()
    with ThreadPoolExecutor(in_flight) as pool:
        tokens = sum(pool.map(ask, numbers))
    return Speed(n_requests, tokens, time.perf_counter() - started)


def main() -> int:
    """Prints the figures; 1 if the ratio is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decode", description=__doc__)
    parser.add_argument("--tokens", type=int, default=128, help="length of each answer (default: %(default)s)")
    options = parser.parse_args()
    engine = engine_for()
    measure(engine, 4, 4, 16)
    before = measure(engine, 1, 3, options.tokens)
    many = {n: measure(engine, n, max(2 * n, 8), options.tokens) for n in IN_FLIGHT[1:]}
    after = measure(engine, 1, 3, options.tokens)
    engine.close()
    alone = Speed(6, before.n_tokens + after.n_tokens, before.seconds + after.seconds)
    print(f"{engine.file.name}, prompts of about 50 tokens, answers of up to {options.tokens}")
    print(f"{'in flight':>9} {'requests':>9} {'tokens':>7} {'seconds':>8} {'tokens/s':>9} {'against 1':>10}")
    for n, speed in {1: alone, **many}.items():
        ratio = speed.rate / alone.rate
        print(f"{n:9} {speed.n_requests:9} {speed.n_tokens:7} {speed.seconds:8.1f} {speed.rate:9.0f} {ratio:9.1f}x")
    print(f"alone: {before.rate:.0f} tokens/s before the others, {after.rate:.0f} after")
    ratio = many[IN_FLIGHT[-1]].rate / alone.rate
    print(f"32 in flight against 1: {ratio:.1f} times (target: {TARGET:.0f})")
    return int(ratio < TARGET)


if __name__ == "__main__":
    sys.exit(main())
