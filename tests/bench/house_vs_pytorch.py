#!/usr/bin/env python3
"""The house model: pictures per minute of processor time against diffusers' own pipeline on the same folder."""

import argparse

import peer

MODEL = peer.ROOT / "models" / "house"
BATCH, STEPS, GUIDANCE = 8, 20, 3.0


def reference_batch():
    """A function that makes one batch with diffusers."""
    import diffusers
    import torch

    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
        MODEL, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    diffusers.utils.logging.set_verbosity_error()
    pipeline.set_progress_bar_config(disable=True)

    def make():
        with torch.no_grad():
            pipeline(
                ["a fox with orange fur, star eyes and a gold crown"] * BATCH,
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                output_type="np",
            )

    return make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    arguments = parser.parse_args()
    peer.ensure_packages()
    import torch

    program, step = peer.build("house_speed"), reference_batch()
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        ours, theirs = peer.take_turns([program, MODEL], step, arguments.repeats, threads)
        peer.report(f"house model, a batch of {BATCH}, {STEPS} steps", ours, theirs, 1.0, threads)
        rates = [60_000 * BATCH / milliseconds for milliseconds in (ours, theirs)]
        print(f"  pictures per minute of processor time: {rates[0]:.0f}, PyTorch {rates[1]:.0f}")


if __name__ == "__main__":
    main()
