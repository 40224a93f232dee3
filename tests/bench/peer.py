"""What the benchmarks against PyTorch share: an interpreter that has it, our programs, and taking turns.

Both sides compute the same shapes one step after the other in one run; processor time counts, and the least of several
repeats, so that other work on the machine disturbs both alike.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["torch==2.15.*", "diffusers==0.42.*", "transformers==5.*", "accelerate==1.*"]


def ensure_packages() -> None:
    """Starts the script again under an interpreter that has the packages, made in `.cache/bench-venv` if need be."""
    if all(importlib.util.find_spec(name) for name in ("torch", "diffusers", "transformers")):
        return
    if os.environ.get("SALON_BENCH_STARTED"):
        sys.exit("the interpreter for the benchmark lacks torch, diffusers or transformers; set SALON_BENCH_PYTHON to one that has them")
    interpreter = os.environ.get("SALON_BENCH_PYTHON")
    if not interpreter:
        folder = ROOT / ".cache" / "bench-venv"
        interpreter = folder / "bin" / "python"
        if not interpreter.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    os.execve(interpreter, [str(interpreter), *sys.argv], {**os.environ, "SALON_BENCH_STARTED": "1"})


def build(example: str) -> pathlib.Path:
    """One of our example programs, built like everything else that runs and is tested."""
    command = ["cargo", "build", "--quiet", "--package", "salon-diffusion", "--example", example]
    subprocess.run(command, cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples" / example


class Times(NamedTuple):
    """Milliseconds of one step."""

    processor: float
    wall: float


def least(times: list[Times]) -> Times:
    """The least of several, but for the first, which warms up, unless it is the only one."""
    rest = times[1:] or times
    return Times(min(time.processor for time in rest), min(time.wall for time in rest))


def take_turns(command: list, step, repeats: int, threads: int = 1) -> tuple[Times, Times]:
    """The least time that one step takes: of `net_speed` called with `command`, and of `step()`."""
    ours, theirs = in_turns([command], step, repeats, threads)
    return ours, theirs


def in_turns(commands: list[list], step, repeats: int, threads: int = 1) -> list[Times]:
    """The least time that one step takes: of each program, which takes one and prints its processor time for every line
    that it reads, then of `step()`."""
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    pipe = subprocess.PIPE
    programs = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) for command in commands]

    def asked(program) -> Times:
        wall = time.perf_counter()
        program.stdin.write("\n")
        program.stdin.flush()
        answer = program.stdout.readline().split()
        if not answer:
            sys.exit(f"{program.args[0]} stopped with exit code {program.wait()}; its message is above")
        return Times(float(answer[0]), 1000 * (time.perf_counter() - wall))

    try:
        rounds = []
        for _ in range(repeats + 1):
            row = [asked(program) for program in programs]
            before, wall = time.process_time(), time.perf_counter()
            step()
            row.append(Times(1000 * (time.process_time() - before), 1000 * (time.perf_counter() - wall)))
            rounds.append(row)
    finally:
        for program in programs:
            program.stdin.close()
            program.wait()
    return [least(list(times)) for times in zip(*rounds, strict=True)]


def report(what: str, ours: Times, theirs: Times, aim: float, threads: int = 1, whose: str = "PyTorch f32") -> None:
    """One line with the ratio, ours to theirs; with several threads, that of wall time, too."""
    ratio = ours.processor / theirs.processor
    verdict = "met" if ratio <= aim else "missed"
    thread, wall = "1 thread", ""
    if threads > 1:
        thread = f"{threads} threads"
        wall = f"; {ours.wall / theirs.wall:.2f} in wall time ({ours.wall:.0f} ms to {theirs.wall:.0f} ms)"
    print(
        f"{what}, {thread}: ratio {ratio:.2f} to {whose}"
        f" ({ours.processor:.0f} ms to {theirs.processor:.0f} ms of processor time, aim <= {aim}, {verdict}){wall}",
        flush=True,
    )
