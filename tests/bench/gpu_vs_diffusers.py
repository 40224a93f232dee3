#!/usr/bin/env python3
"""U-Nets in the shapes of Stable Diffusion 1.5 and SDXL on a GPU, against PyTorch with diffusers on the same one.

Random weights in f16, written once and read by both. A picture is asked about twice, with and without its prompt, as
guidance does; iterations per second are of whole batches. Both sides take turns, the least of several repeats counts, by
the clock: on a GPU it is the card that works, not the processor. Before that their outputs are held against each other.

Ours is built by `.ci/cuda`. `--device cpu --tiny` runs all of this with a few channels in f32, as a test of itself.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import peer

# Largest difference of the outputs, as a share of their largest value.
AGREEMENT = {"cuda": 0.02, "cpu": 1e-4}

SD15 = {"sample_size": 64, "cross_attention_dim": 768}
SDXL = {
    "sample_size": 128,
    "cross_attention_dim": 2048,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 1280 + 6 * 256,
}
TINY_SD15 = {"sample_size": 8, "cross_attention_dim": 32, "block_out_channels": (32, 32, 64, 64), "attention_head_dim": 4}
TINY_SDXL = {
    **SDXL,
    "sample_size": 8,
    "cross_attention_dim": 32,
    "block_out_channels": (32, 32, 64),
    "attention_head_dim": (2, 4, 8),
    "transformer_layers_per_block": (1, 1, 2),
    "addition_time_embed_dim": 16,
    "projection_class_embeddings_input_dim": 40 + 6 * 16,
}


def build(device: str) -> pathlib.Path:
    if device == "cpu":
        return peer.build("device_speed")
    subprocess.run([peer.ROOT / ".ci" / "cuda", "device_speed"], cwd=peer.ROOT, check=True)
    return peer.ROOT / ".cache" / "cuda" / "target" / "release" / "examples" / "device_speed"


def random_inputs(config: dict, rows: int, device: str, precision) -> dict:
    import torch

    side = config["sample_size"]
    inputs = {
        "sample": torch.randn(rows, 4, side, side),
        "times": torch.arange(rows) * 31 + 1,
        "prompt": torch.randn(rows, 77, config["cross_attention_dim"]),
    }
    if "addition_embed_type" in config:
        pooled = config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"]
        inputs["text_embeds"] = torch.randn(rows, pooled)
        inputs["time_ids"] = torch.tensor([[1024.0, 1024, 0, 0, 1024, 1024]]).repeat(rows, 1)
    # Both sides are told the same numbers: those that f16 can hold.
    return {
        name: (value if name == "times" else value.to(precision)).to(device) for name, value in inputs.items()
    }


def forward(unet, inputs: dict):
    import torch

    added = {name: inputs[name] for name in ("text_embeds", "time_ids") if name in inputs}
    with torch.no_grad():
        return unet(inputs["sample"], inputs["times"], inputs["prompt"], added_cond_kwargs=added or None).sample


def measure(program: pathlib.Path, name: str, config: dict, arguments: argparse.Namespace, folder: pathlib.Path) -> bool:
    """Prints a line for every batch; whether the outputs agreed."""
    import diffusers
    import safetensors.torch
    import torch

    device = arguments.device
    precision = torch.float16 if device == "cuda" else torch.float32
    torch.manual_seed(1)
    with torch.device(device):
        unet = diffusers.UNet2DConditionModel(**config).to(precision).eval()
    unet.save_pretrained(folder / name, max_shard_size="40GB")
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    agreed = True
    for batch in arguments.batch:
        inputs = random_inputs(config, 2 * batch, device, precision)
        expected = {**inputs, "output": forward(unet, inputs)}
        told = {
            key: (value.cpu() if key == "times" else value.cpu().float()).contiguous() for key, value in expected.items()
        }
        safetensors.torch.save_file(told, folder / "inputs.safetensors")
        command = [program, folder / name, folder / "inputs.safetensors", device]
        ours, theirs = [], []
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            first = process.stdout.readline().split(maxsplit=2)
            if len(first) < 3:
                sys.exit(f"our program stopped with exit code {process.wait()}; its message is above")
            apart, largest, where = float(first[0]), float(first[1]), first[2].strip()
            for _ in range(arguments.repeats + 1):
                process.stdin.write("\n")
                process.stdin.flush()
                ours.append(float(process.stdout.readline()))
                wait()
                start = time.perf_counter()
                forward(unet, inputs)
                wait()
                theirs.append(1000 * (time.perf_counter() - start))
            process.stdin.close()
        # The first of each warms up.
        ours, theirs = min(ours[1:]), min(theirs[1:])
        fits = apart <= AGREEMENT[device] * largest
        agreed &= fits
        print(
            f"{name}, {8 * config['sample_size']} pixels, batch {batch}, on {where}: {1000 / ours:.2f} it/s,"
            f" diffusers {1000 / theirs:.2f} it/s, ratio of times {ours / theirs:.2f};"
            f" outputs {apart:.2g} apart of {largest:.2g} ({'agree' if fits else 'DISAGREE'})",
            flush=True,
        )
    return agreed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a few channels, as a test of this program")
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 8], help="pictures at once")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", choices=["sd15", "sdxl"])
    arguments = parser.parse_args()
    peer.ensure_packages()
    import torch

    if arguments.device == "cuda" and not torch.cuda.is_available():
        sys.exit(
            f"PyTorch {torch.__version__} finds no CUDA device here: run this on a machine with an NVIDIA GPU, or try the"
            " program itself with --device cpu --tiny"
        )
    shapes = {"sd15": TINY_SD15, "sdxl": TINY_SDXL} if arguments.tiny else {"sd15": SD15, "sdxl": SDXL}
    program = build(arguments.device)
    agreed = True
    for name, config in shapes.items():
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                agreed &= measure(program, name, config, arguments, pathlib.Path(folder))
    if not agreed:
        sys.exit("outputs disagree: one of the two is wrong, and its speed means nothing")


if __name__ == "__main__":
    main()
