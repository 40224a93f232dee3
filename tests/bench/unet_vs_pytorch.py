#!/usr/bin/env python3
"""A small U-Net's forward pass and training step against PyTorch with diffusers: same weights, same inputs' shapes."""

import argparse
import pathlib
import tempfile

import peer

# (mode, batch, side of the latents, highest ratio aimed at)
CASES = [("forward", 16, 16, 1.0), ("train", 16, 16, 1.2), ("forward", 4, 32, 1.0), ("train", 4, 32, 1.2)]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--program", type=pathlib.Path, help="a net_speed that is built already")
    arguments = parser.parse_args()
    peer.ensure_packages()
    import diffusers
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    program = arguments.program or peer.build("net_speed")
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
            command = [program, folder, mode, str(batch), str(side)]
            step = reference_step(unet, mode, batch, side)
            ours, theirs = peer.take_turns(command, step, arguments.repeats)
            peer.report(f"small U-Net, {mode}, {side}x{side} latents, batch {batch}", ours, theirs, aim)


if __name__ == "__main__":
    main()
