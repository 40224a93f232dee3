#!/usr/bin/env python3
"""U-Net forward pass and training step against PyTorch with diffusers: same weights, same inputs' shapes, one thread.

Prints one line per case: the ratio of processor times, ours to PyTorch's. The two take turns, and the least of several
repeats counts, so that other work on the machine disturbs both alike.

Needs torch and diffusers. Where this interpreter lacks them it makes a virtual environment in `.cache/bench-venv`, or
uses the interpreter that SALON_BENCH_PYTHON names.
"""

import argparse
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ["torch==2.15.*", "diffusers==0.42.*", "transformers==5.*", "accelerate==1.*"]

# (mode, batch, side of the latents, highest ratio aimed at)
CASES = [("forward", 16, 16, 1.15), ("train", 16, 16, 1.4), ("forward", 4, 32, 1.6), ("train", 4, 32, 2.0)]


def ensure_packages() -> None:
    """Starts this script again under an interpreter that has the packages."""
    if all(importlib.util.find_spec(name) for name in ("torch", "diffusers")):
        return
    if os.environ.get("SALON_BENCH_STARTED"):
        sys.exit("the interpreter for the benchmark lacks torch or diffusers; set SALON_BENCH_PYTHON to one that has both")
    interpreter = os.environ.get("SALON_BENCH_PYTHON")
    if not interpreter:
        folder = ROOT / ".cache" / "bench-venv"
        interpreter = folder / "bin" / "python"
        if not interpreter.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    os.execve(interpreter, [str(interpreter), *sys.argv], {**os.environ, "SALON_BENCH_STARTED": "1"})


def build() -> pathlib.Path:
    command = ["cargo", "build", "--quiet", "--package", "salon-diffusion", "--example", "net_speed"]
    subprocess.run(command, cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "examples" / "net_speed"


def reference_step(unet, mode: str, batch: int, side: int):
    """A function that takes one step in PyTorch."""
    import torch

    sample, target = torch.randn(batch, 4, side, side), torch.randn(batch, 4, side, side)
    times, prompt = torch.arange(batch) * 31, torch.randn(batch, 77, 128)
    if mode == "forward":

        def forward():
            with torch.no_grad():
                unet(sample, times, prompt).sample

        return forward
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-4)

    def train():
        loss = torch.nn.functional.mse_loss(unet(sample, times, prompt).sample, target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()

    return train


def measure(program: pathlib.Path, folder: str, unet, mode: str, batch: int, side: int, repeats: int) -> tuple[float, float]:
    """Least milliseconds of processor time: ours, PyTorch's."""
    command = [program, folder, mode, str(batch), str(side)]
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    step = reference_step(unet, mode, batch, side)
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
    # The first step of each warms up.
    return min(ours[1:]), min(theirs[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--program", type=pathlib.Path, help="a net_speed that is built already")
    arguments = parser.parse_args()
    ensure_packages()
    import diffusers
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    program = arguments.program or build()
    with tempfile.TemporaryDirectory() as folder:
        for mode, batch, side, aim in CASES:
            unet = diffusers.UNet2DConditionModel(
                sample_size=16,
                block_out_channels=(64, 128, 256),
                down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
                attention_head_dim=4,
                cross_attention_dim=128,
            )
            unet.save_pretrained(folder)
            ours, theirs = measure(program, folder, unet, mode, batch, side, arguments.repeats)
            verdict = "met" if ours / theirs <= aim else "missed"
            print(
                f"unet {mode} {side}x{side} batch {batch}: ratio {ours / theirs:.2f} to PyTorch f32"
                f" ({ours:.0f} ms to {theirs:.0f} ms of processor time, aim <= {aim}, {verdict})",
                flush=True,
            )


if __name__ == "__main__":
    main()
