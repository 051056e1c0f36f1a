#!/usr/bin/env python3
# examples/digits/train.py — makes the example's data and weights; run once by its authors, never needed to build or use STARK.
# Needs: pip install numpy scikit-learn safetensors. Writes digits.csv, digits.safetensors and predictions.csv beside itself.
"""Trains a network of two dense layers on 1,200 of the 1,797 handwritten digits and keeps 597 to judge it by."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
TRAINED_ON = 1200  # the images before this one; the rest is held out
HIDDEN = 48
EPOCHS = 400
BATCH = 50
RATE = 2e-3
DECAY = 2e-4


def write_csv(images, digits):
    header = ",".join([f"p{i}" for i in range(64)] + ["digit"])
    rows = np.concatenate([images, digits[:, None]], axis=1).astype(int)
    np.savetxt(HERE / "digits.csv", rows, fmt="%d", delimiter=",", header=header, comments="")


def shifted(images, rng):
    """Each image moved by at most one pixel in each direction, on a frame of zeros."""
    square = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    moved = [square[i, 1 + y : 9 + y, 1 + x : 9 + x] for i, (y, x) in enumerate(rng.integers(-1, 2, (len(images), 2)))]
    return np.stack(moved).reshape(-1, 64)


def scores(images, w):
    hidden = np.maximum(images / 16.0 @ w["hidden_weight"] + w["hidden_bias"], 0.0)
    return hidden @ w["output_weight"] + w["output_bias"], hidden


def gradients(images, digits, w):
    out, hidden = scores(images, w)
    chance = np.exp(out - out.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    chance[np.arange(len(digits)), digits] -= 1.0
    chance /= len(digits)
    back = chance @ w["output_weight"].T * (hidden > 0)
    return {
        "output_weight": hidden.T @ chance + DECAY * w["output_weight"],
        "output_bias": chance.sum(axis=0),
        "hidden_weight": (images / 16.0).T @ back + DECAY * w["hidden_weight"],
        "hidden_bias": back.sum(axis=0),
    }


def train(images, digits, rng):
    w = {
        "hidden_weight": rng.normal(0, np.sqrt(2 / 64), (64, HIDDEN)),
        "hidden_bias": np.zeros(HIDDEN),
        "output_weight": rng.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, 10)),
        "output_bias": np.zeros(10),
    }
    first = {k: np.zeros_like(v) for k, v in w.items()}
    second = {k: np.zeros_like(v) for k, v in w.items()}
    step = 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(images))
        seen = shifted(images, rng) if epoch % 2 else images
        for at in range(0, len(order), BATCH):
            chosen = order[at : at + BATCH]
            step += 1
            for k, g in gradients(seen[chosen], digits[chosen], w).items():  # Adam, Kingma and Ba 2015
                first[k] = 0.9 * first[k] + 0.1 * g
                second[k] = 0.999 * second[k] + 0.001 * g * g
                w[k] -= rate * (first[k] / (1 - 0.9**step)) / (np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)
    return w


def main():
    images, digits = load_digits(return_X_y=True)
    write_csv(images, digits)
    weights = train(images[:TRAINED_ON], digits[:TRAINED_ON], np.random.default_rng(8))
    save_file({k: v.astype(np.float32) for k, v in weights.items()}, HERE / "digits.safetensors")

    stored = {k: v.astype(np.float64) for k, v in load_file(HERE / "digits.safetensors").items()}
    out, _ = scores(images, stored)
    guesses = out.argmax(axis=1)
    np.savetxt(HERE / "predictions.csv", guesses, fmt="%d", header="digit", comments="")
    held = slice(TRAINED_ON, None)
    best = np.sort(out[held], axis=1)
    print(f"trained on: {np.mean(guesses[:TRAINED_ON] == digits[:TRAINED_ON]):.4f}")
    print(f"held out:   {np.mean(guesses[held] == digits[held]):.4f} ({np.sum(guesses[held] == digits[held])} of {len(digits) - TRAINED_ON})")
    print(f"closest decision: {np.min(best[:, -1] - best[:, -2]):.2e}")


if __name__ == "__main__":
    main()
