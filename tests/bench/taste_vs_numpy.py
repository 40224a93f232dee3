#!/usr/bin/env python3
"""Refitting taste and scoring a pool, against numpy doing the same: prior by evidence, five folds, mean and interval."""

import argparse
import os
import pathlib
import subprocess
import tempfile

THREADS = 2
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(THREADS))

import numpy as np  # noqa: E402

import peer  # noqa: E402

COLUMNS, DECIDED = 77, 400
# (candidates, milliseconds aimed at)
CASES = [(10_000, 50), (100_000, 400)]


def build() -> pathlib.Path:
    command = ["cargo", "build", "--quiet", "--package", "salon-judge", "--example", "taste_bench"]
    subprocess.run(command, cwd=peer.ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", peer.ROOT / "target")) / "debug" / "examples" / "taste_bench"


def planted(count: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Features of a power-law spectrum with a total variance of 1, twelve technical ones, no generic score; verdicts."""
    scales = np.arange(1, 65) ** -0.75
    components = rng.normal(size=(count, 64)) * scales / np.sqrt((scales**2).sum())
    features = np.concatenate([components, rng.normal(size=(count, 12)), np.zeros((count, 1))], 1).astype(np.float32)
    utility = components @ rng.normal(size=64)
    utility /= utility.std()
    return features, rng.random(count) < 1 / (1 + np.exp(-2.6 * (utility - 0.57)))


def fit(x, y, mean, precision, start):
    """Newton's method to the mode: mean, curvature, evidence."""
    w = start.copy()
    for _ in range(60):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (p - y) + precision * (w - mean)
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        w = w - step
        if gradient @ step / 2 < 1e-6:
            break
    logits = x @ w
    misfit = np.logaddexp(0, logits).sum() - y @ logits + (precision * (w - mean) ** 2).sum() / 2
    evidence = (np.log(precision).sum() - np.linalg.slogdet(curvature)[1]) / 2 - misfit
    return w, curvature, evidence


def taste(features, accepted):
    """What one refit and one scoring compute."""
    x = np.concatenate([features[:DECIDED], np.ones((DECIDED, 1))], 1).astype(np.float64)
    y = accepted[:DECIDED].astype(np.float64)
    mean = np.zeros(COLUMNS + 1)
    mean[COLUMNS - 1] = 0.5

    def precision(components, technical):
        return 1 / np.concatenate([np.full(64, components), np.full(12, technical / 12), [0.25, 4.0]])

    best = None

    def consider(components, technical):
        nonlocal best
        prior = precision(components, technical)
        w, curvature, evidence = fit(x, y, mean, prior, mean if best is None else best[0])
        if best is None or evidence > best[2] + 1e-6:
            best = (w, curvature, evidence, prior, components)

    for components in (2.0, 0.5, 0.1, 8.0, 32.0):
        consider(components, 0.5)
    for technical in (0.1, 4.0):
        consider(best[4], technical)
    w, curvature, _, prior, _ = best
    unseen = np.zeros(DECIDED)
    for fold in range(5):
        held = np.arange(DECIDED) % 5 == fold
        part, bend, _ = fit(x[~held], y[~held], mean, prior, w)
        away = np.linalg.solve(np.linalg.cholesky(bend), x[held].T)
        unseen[held] = x[held] @ part / np.sqrt(1 + np.pi * (away**2).sum(0) / 8)
    line = np.stack([unseen, np.ones(DECIDED)], 1)
    (slope, offset), _, _ = fit(line, y, np.array([1.0, 0.0]), np.array([11.0, 11.0]), np.array([1.0, 0.0]))
    inverse = np.linalg.inv(np.linalg.cholesky(curvature)).astype(np.float32)
    away = features @ inverse[:, :-1].T + inverse[:, -1]
    deviation = np.sqrt((away**2).sum(1))
    logits = features @ w[:-1].astype(np.float32) + np.float32(w[-1])

    def chance(logit):
        return 1 / (1 + np.exp(-(slope * logit + offset)))

    return (
        chance(logits / np.sqrt(1 + np.pi * deviation**2 / 8)),
        chance(logits - 1.645 * deviation),
        chance(logits + 1.645 * deviation),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--program", type=pathlib.Path, help="a taste_bench that is built already")
    arguments = parser.parse_args()
    program = arguments.program or build()
    for count, aim in CASES:
        features, accepted = planted(count, np.random.default_rng(1))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            features.tofile(folder / "features.f32")
            accepted.astype(np.uint8).tofile(folder / "accepted.u8")
            command = [program, folder, str(COLUMNS), str(DECIDED)]
            step = lambda: taste(features, accepted)  # noqa: E731
            ours, theirs = peer.take_turns(command, step, arguments.repeats, THREADS)
            chances = np.fromfile(folder / "chances.f32", np.float32)
        apart = np.abs(chances - step()[0])
        verdict = "met" if ours.wall <= aim else "missed"
        print(f"refit on {DECIDED} decisions, {count} scored: {ours.wall:.0f} ms, aim <= {aim} ms, {verdict}", flush=True)
        peer.report("the same", ours, theirs, 1.0, THREADS, "numpy")
        # Only the folds differ, and with them the calibration.
        print(f"chances differ by {apart.mean():.4f} on average, {apart.max():.4f} at most", flush=True)
        if apart.mean() > 0.02:
            raise SystemExit("the chances are not those of numpy")


if __name__ == "__main__":
    main()
