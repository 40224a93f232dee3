#!/usr/bin/env python3
"""Stable Diffusion 1.5's shapes with random weights against PyTorch with diffusers: speed, then peak memory.

The U-Net at 32x32 and 64x64 latents, the VAE's decoder at 512x512 pixels, the U-Net's forward and backward pass (with
an optimiser, two such trainings would not fit), each on one thread and on two; then one
512x512 picture (one step with guidance, and the decoder), whose peak resident memory is the least that any number of
steps needs. Both sides read the same files. Takes 4 GB of disk, and about 12 GB of memory.

With --sdcpp, stable-diffusion.cpp takes its turns too, for batches of one: it is built from the sources that the crate
`diffusion-rs-sys` carries, in `.cache/sdcpp`, once; that needs the network and some minutes. It keeps f32 weights as they
are, computes convolutions with patches in f16, and attends without the score matrix.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import peer

# (part, batch, side of the latents, highest ratio aimed at)
CASES = [
    ("unet", 1, 32, 1.0),
    ("unet", 2, 32, 1.0),
    ("unet", 1, 64, 1.0),
    ("unet", 2, 64, 1.0),
    ("vae", 1, 64, 1.0),
    ("train", 1, 32, 1.2),
]
NAMES = {"unet": "U-Net", "vae": "VAE decode", "train": "U-Net, forward and backward pass"}
MEMORY_AIM = 1.0

# A package of our own for Cargo, to get at the sources that this crate carries.
SDCPP_PACKAGE = """[package]
name = "sources"
version = "0.0.0"
edition = "2024"
[lib]
path = "lib.rs"
[dependencies]
diffusion-rs-sys = "=0.1.20"
[workspace]
"""


def write_models(folder: pathlib.Path) -> None:
    """Random weights in the layout of diffusers, written once into `folder`."""
    import diffusers
    import torch

    torch.manual_seed(1)
    if not (folder / "unet" / "config.json").exists():
        unet = diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
        unet.save_pretrained(folder / "unet", max_shard_size="8GB")
    if not (folder / "vae" / "config.json").exists():
        vae = diffusers.AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            sample_size=512,
        )
        vae.save_pretrained(folder / "vae")


def write_text_encoder(folder: pathlib.Path) -> None:
    """A text encoder of random weights, without which stable-diffusion.cpp loads nothing."""
    import safetensors.torch
    import transformers

    path = folder / "text_encoder" / "model.safetensors"
    if not path.exists():
        config = transformers.CLIPTextConfig(
            hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12, vocab_size=49408
        )
        path.parent.mkdir(exist_ok=True)
        tensors = transformers.CLIPTextModel(config).state_dict()
        # The names under which published checkpoints store them, whatever this version of transformers calls them.
        named = {f"text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in tensors.items()}
        safetensors.torch.save_file(named, path)


def build_sdcpp(sources: pathlib.Path | None) -> pathlib.Path:
    """`sdcpp_speed`, linked with stable-diffusion.cpp from `sources`, or else from those of the crate."""
    cache = peer.ROOT / ".cache" / "sdcpp"
    cache.mkdir(parents=True, exist_ok=True)
    if sources is None:
        package = cache / "package"
        package.mkdir(exist_ok=True)
        (package / "Cargo.toml").write_text(SDCPP_PACKAGE)
        (package / "lib.rs").write_text("")
        metadata = ["cargo", "metadata", "--format-version", "1"]
        environment = {**os.environ, "CARGO_NET_OFFLINE": "false"}
        found = subprocess.run(metadata, cwd=package, env=environment, check=True, stdout=subprocess.PIPE).stdout
        [crate] = [each for each in json.loads(found)["packages"] if each["name"] == "diffusion-rs-sys"]
        sources = pathlib.Path(crate["manifest_path"]).parent / "stable-diffusion.cpp"
    tools = cache / "venv"
    if not tools.exists():
        subprocess.run([sys.executable, "-m", "venv", tools], check=True)
        subprocess.run([tools / "bin" / "pip", "install", "--quiet", "cmake==4.*", "ninja==1.*"], check=True)
    options = ["SD_BUILD_EXAMPLES=OFF", "SD_WEBP=OFF", "SD_WEBM=OFF", "GGML_OPENMP=OFF", "GGML_NATIVE=ON"]
    build, cmake, ninja = cache / "build", tools / "bin" / "cmake", tools / "bin" / "ninja"
    configure = [cmake, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}", "-DCMAKE_BUILD_TYPE=Release", "-S", sources, "-B", build]
    with open(cache / "build.log", "w") as log:
        for command in ([*configure, *(f"-D{option}" for option in options)], [cmake, "--build", build]):
            if subprocess.run(command, stdout=log, stderr=log).returncode:
                sys.exit(f"stable-diffusion.cpp does not build here: see {log.name}")
    program = build / "sdcpp_speed"
    libraries = sorted(build.rglob("*.a"))
    # In any order: they need each other.
    link = ["-Wl,--start-group", *libraries, "-Wl,--end-group", "-lstdc++", "-lm", "-lpthread", "-ldl"]
    source = pathlib.Path(__file__).with_name("sdcpp_speed.c")
    subprocess.run(["cc", "-O2", "-I", sources / "include", source, *link, "-o", program], check=True)
    return program


def reference_step(folder: pathlib.Path, part: str, batch: int, side: int):
    """A function that takes one step in PyTorch."""
    import diffusers
    import torch

    sample = torch.randn(batch, 4, side, side)
    if part == "vae":
        vae = diffusers.AutoencoderKL.from_pretrained(folder / "vae")

        def decode():
            with torch.no_grad():
                vae.decode(sample)

        return decode
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet")
    times, prompt = torch.arange(batch) * 31, torch.randn(batch, 77, 768)
    if part == "train":
        target = torch.randn(batch, 4, side, side)

        def backward():
            unet.zero_grad()
            torch.nn.functional.mse_loss(unet(sample, times, prompt).sample, target).backward()

        return backward

    def forward():
        with torch.no_grad():
            unet(sample, times, prompt)

    return forward


def picture(folder: str, side: str) -> None:
    """One picture by diffusers' pipeline in this process; prints the peak of its resident memory in MiB."""
    import diffusers
    import torch

    pipeline = diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL.from_pretrained(f"{folder}/vae"),
        unet=diffusers.UNet2DConditionModel.from_pretrained(f"{folder}/unet"),
        scheduler=diffusers.DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
        text_encoder=None,
        tokenizer=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    prompt, empty = torch.randn(1, 77, 768), torch.randn(1, 77, 768)
    pixels = 8 * int(side)
    pipeline(
        prompt_embeds=prompt,
        negative_prompt_embeds=empty,
        num_inference_steps=1,
        guidance_scale=7.5,
        width=pixels,
        height=pixels,
    )
    print(f"peak {peak_of_this_process():.0f} MiB")


def peak_of_this_process() -> float:
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    sys.exit("the kernel does not tell the peak of resident memory")


def peak(command: list) -> float:
    """Runs a program that prints `peak N MiB` last."""
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(output.split()[-2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--only", choices=[*NAMES, "memory"], help="one part of the whole")
    parser.add_argument("--side", type=int, help="only this side of the latents")
    parser.add_argument("--batch", type=int, help="only this batch")
    parser.add_argument("--folder", type=pathlib.Path, help="where the models are kept from one run to the next")
    parser.add_argument("--program", type=pathlib.Path, help="a net_speed that is built already")
    parser.add_argument(
        "--sdcpp",
        nargs="?",
        const="",
        metavar="SOURCES",
        help="stable-diffusion.cpp as a second peer, from the crate's sources or from those in this folder",
    )
    parser.add_argument("--picture", nargs=2, metavar=("FOLDER", "SIDE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    peer.ensure_packages()
    import torch

    if arguments.picture:
        torch.set_num_threads(1)
        picture(*arguments.picture)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        write_models(folder)
        program = arguments.program or peer.build("net_speed")
        sdcpp = None
        if arguments.sdcpp is not None:
            write_text_encoder(folder)
            sdcpp = build_sdcpp(pathlib.Path(arguments.sdcpp) if arguments.sdcpp else None)
        for part, batch, side, aim in CASES:
            if arguments.only not in (None, part):
                continue
            if arguments.side not in (None, side) or arguments.batch not in (None, batch):
                continue
            step = reference_step(folder, part, batch, side)
            for threads in arguments.threads:
                torch.set_num_threads(threads)
                network, mode = ("unet", "backward") if part == "train" else (part, "forward")
                commands = [[program, folder / network, mode, str(batch), str(side)]]
                if sdcpp and batch == 1 and part != "train":
                    commands.append([sdcpp, folder, part, str(side), str(threads), str(arguments.repeats + 1)])
                ours, *second, theirs = peer.in_turns(commands, step, arguments.repeats, threads)
                what = f"SD 1.5 {NAMES[part]}, {side}x{side} latents, batch {batch}"
                peer.report(what, ours, theirs, aim, threads)
                for time in second:
                    peer.report(what, ours, time, aim, threads, "stable-diffusion.cpp")
            del step
        if arguments.only in (None, "memory"):
            ours = peak([peer.build("picture_memory"), folder / "unet", folder / "vae", "64"])
            theirs = peak([sys.executable, __file__, "--picture", folder, "64"])
            verdict = "met" if ours / theirs <= MEMORY_AIM else "missed"
            print(
                f"SD 1.5, one picture of 512x512 pixels: ratio {ours / theirs:.2f} to diffusers in peak memory"
                f" ({ours:.0f} MiB to {theirs:.0f} MiB resident, aim <= {MEMORY_AIM}, {verdict})"
            )


if __name__ == "__main__":
    main()
