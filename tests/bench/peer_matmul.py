"""Squares in torch.matmul, float32 without TF32: python3 tests/bench/peer_matmul.py SIZE...

Prints GFLOP/s by size as a line of JSON, a multiply-add counted as two operations.
"""

import json
import sys
import time

import torch

ROUNDS = 5
SECONDS = 0.2


def gflops(size, device):
    """The median over rounds of about SECONDS each."""
    a, b = (torch.rand(size, size, device=device) for _ in range(2))
    out = torch.empty(size, size, device=device)

    def seconds(count):
        start = time.perf_counter()
        for _ in range(count):
            torch.matmul(a, b, out=out)
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds(3)
    count = max(1, round(SECONDS / (seconds(10) / 10)))
    rounds = sorted(seconds(count) / count for _ in range(ROUNDS))
    return 2 * size**3 / rounds[ROUNDS // 2] / 1e9


def main(sizes):
    torch.backends.cuda.matmul.allow_tf32 = False
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(json.dumps({str(size): gflops(size, device) for size in sizes}))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
