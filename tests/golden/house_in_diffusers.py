#!/usr/bin/env python3
"""Does Python's diffusers load models/house, and does it paint the same picture from the same noise?

Paints one prompt with the `paint` example of salon-diffusion and with StableDiffusionPipeline, both from the noise that
Salon's generator makes of the seed, and prints the differences. Needs torch, diffusers and transformers.

usage: house_in_diffusers.py [MODEL [PROMPT [SEED]]]
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS, GUIDANCE = 20, 3.0
# Levels of 256. Two orders of summing f32 stay well below this over 20 steps.
LARGEST_MEAN_DIFFERENCE = 0.5


def philox(block: np.ndarray, seed: int) -> np.ndarray:
    """Philox 4x32-10 in stream 0: four words for every block."""
    word = np.uint64(0xFFFFFFFF)
    counter = [block & word, block >> np.uint64(32), np.zeros_like(block), np.zeros_like(block)]
    key = [np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)]
    for _ in range(10):
        left, right = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [
            (right >> np.uint64(32)) ^ counter[1] ^ key[0],
            right & word,
            (left >> np.uint64(32)) ^ counter[3] ^ key[1],
            left & word,
        ]
        key = [(key[0] + np.uint64(0x9E3779B9)) & word, (key[1] + np.uint64(0xBB67AE85)) & word]
    return np.stack(counter, axis=1)


def normals(seed: int, count: int) -> np.ndarray:
    """Standard normal values as `noise::Noise::normals` makes them."""
    words = philox(np.arange((count + 3) // 4, dtype=np.uint64), seed).reshape(-1, 2).astype(np.float64)
    unit = (words + 0.5) / 2.0**32
    radius, angle = np.sqrt(-2.0 * np.log(unit[:, 0])), 2.0 * np.pi * unit[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count].astype(np.float32)


def ours(model: pathlib.Path, prompt: str, seed: int, side: int) -> np.ndarray:
    """The picture that Salon paints."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "picture.ppm"
        command = ["cargo", "run", "--quiet", "-p", "salon-diffusion", "--example", "paint", "--"]
        subprocess.run([*command, model, str(seed), str(STEPS), str(GUIDANCE), out, prompt], check=True, cwd=ROOT)
        return np.frombuffer(out.read_bytes()[-side * side * 3 :], np.uint8).reshape(side, side, 3)


def theirs(model: pathlib.Path, prompt: str, seed: int) -> np.ndarray:
    """The picture that diffusers paints, in f32."""
    pipeline = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32, safety_checker=None)
    config = pipeline.unet.config
    shape = (1, config.in_channels, config.sample_size, config.sample_size)
    noise = torch.from_numpy(normals(seed, int(np.prod(shape)))).reshape(shape)
    picture = pipeline(prompt, latents=noise, num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="np")
    return np.round(picture.images[0] * 255.0).astype(np.uint8)


def main() -> None:
    arguments = sys.argv[1:] + [None] * 3
    model = pathlib.Path(arguments[0] or ROOT / "models/house").resolve()
    prompt = arguments[1] or "an orange fox with star eyes and a smile, wearing a gold crown, teal hills background"
    seed = int(arguments[2] or 7)
    reference = theirs(model, prompt, seed)
    difference = np.abs(reference.astype(int) - ours(model, prompt, seed, reference.shape[0]).astype(int))
    print(f"house model in diffusers: mean difference {difference.mean():.4f}, largest {difference.max()}, of 255")
    if difference.mean() > LARGEST_MEAN_DIFFERENCE:
        sys.exit("the two pictures differ: schedule, weights or tokens are not read alike")


if __name__ == "__main__":
    main()
