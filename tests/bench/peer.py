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


def take_turns(command: list, step, repeats: int, threads: int = 1) -> tuple[float, float]:
    """Least milliseconds of processor time of one step: of `net_speed` called with `command`, and of `step()`."""
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    pipe = subprocess.PIPE
    ours, theirs = [], []
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        for _ in range(repeats + 1):
            process.stdin.write("\n")
            process.stdin.flush()
            ours.append(float(process.stdout.readline().split()[0]))
            before = time.process_time()
            step()
            theirs.append(1000 * (time.process_time() - before))
        process.stdin.close()
    # The first step of each warms up, unless it is the only one.
    return min(ours[1:] or ours), min(theirs[1:] or theirs)


def report(what: str, ours: float, theirs: float, aim: float, threads: int = 1) -> None:
    """One line with the ratio, ours to theirs."""
    verdict = "met" if ours / theirs <= aim else "missed"
    thread = "1 thread" if threads == 1 else f"{threads} threads"
    print(
        f"{what}, {thread}: ratio {ours / theirs:.2f} to PyTorch f32"
        f" ({ours:.0f} ms to {theirs:.0f} ms of processor time, aim <= {aim}, {verdict})",
        flush=True,
    )
