# tests/bench/digits_numpy.py — the digits network in NumPy: images a second, a line for each round.
# Room: tests. In: CSV, safetensors, batch, rounds. Needs: numpy. Out: rates; the peer of digits.stark.
import json
import struct
import sys
import time
from pathlib import Path

import numpy as np


def weights(path):
    """Name to array, from a safetensors file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, row in header.items():
        if name == "__metadata__":
            continue
        begin, end = row["data_offsets"]
        found[name] = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype=np.float32).reshape(row["shape"])
    return found


def batches(path, size):
    rows = np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)[:, :64]
    return [np.ascontiguousarray(rows[i : i + size]) for i in range(0, len(rows), size)]


def measure(read, inputs, rounds):
    for _ in range(rounds):
        start = time.perf_counter()
        seen = sum_of_first = 0
        for images in inputs:
            guesses = read(images)
            sum_of_first += int(guesses[0])
            seen += len(guesses)
        print(f"{seen / (time.perf_counter() - start):.0f}")


def main():
    csv, tensors, size, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    w = weights(tensors)

    def read(images):
        hidden = np.maximum(images / np.float32(16) @ w["hidden_weight"] + w["hidden_bias"], 0)
        return (hidden @ w["output_weight"] + w["output_bias"]).argmax(axis=1)

    measure(read, batches(csv, size), rounds)


if __name__ == "__main__":
    main()
