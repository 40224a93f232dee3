"""Makes the reference data of whole pipelines: what diffusers' own pipelines paint with the models of
`make_families.py` from the same prompts and noise.

Needs numpy, pillow, torch, diffusers and transformers. It rewrites `pipelines` beside it:

    python make_pipelines.py

Noise is not stored but made here by the same generator as in Salon (`noise.rs`, `pipeline/draw.rs`), so that a test
asks for a picture as a user does, by prompt and seed.
"""

import functools
import json
import pathlib
import shutil
import sys

import diffusers
import make_families as families
import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "pipelines"
BEGIN, STEP, ENCODE, ENCODE_KEPT = range(4)
WIDTH, HEIGHT = 64, 96
SCHEDULERS = {
    "ddim": diffusers.DDIMScheduler,
    "euler": diffusers.EulerDiscreteScheduler,
    "euler_ancestral": diffusers.EulerAncestralDiscreteScheduler,
    "dpmpp_2m": diffusers.DPMSolverMultistepScheduler,
    "unipc": diffusers.UniPCMultistepScheduler,
    "lcm": diffusers.LCMScheduler,
}


def philox(counter: list, key: list[int]) -> list:
    """Philox 4x32-10 over arrays of counters."""
    mask = numpy.uint64(0xFFFFFFFF)
    half = numpy.uint64(32)
    for _ in range(10):
        left = counter[0] * numpy.uint64(0xD2511F53)
        right = counter[2] * numpy.uint64(0xCD9E8D57)
        counter = [
            (right >> half) ^ counter[1] ^ numpy.uint64(key[0]),
            right & mask,
            (left >> half) ^ counter[3] ^ numpy.uint64(key[1]),
            left & mask,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def noise(seed: int, purpose: int, step: int, shape) -> torch.Tensor:
    """Unit noise of the first pass of the picture with this seed."""
    stream = purpose << 32 | step
    count = int(numpy.prod(shape))
    blocks = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    high = numpy.full_like(blocks, stream >> 32)
    low = numpy.full_like(blocks, stream & 0xFFFFFFFF)
    words = philox([blocks, numpy.zeros_like(blocks), low, high], [seed & 0xFFFFFFFF, seed >> 32])
    unit = [(word.astype(numpy.float64) + 0.5) / 4294967296.0 for word in words]
    values = []
    for first, second in ((unit[0], unit[1]), (unit[2], unit[3])):
        radius = numpy.sqrt(-2.0 * numpy.log(first))
        values += [radius * numpy.cos(2 * numpy.pi * second), radius * numpy.sin(2 * numpy.pi * second)]
    flat = numpy.stack(values, 1).reshape(-1)[:count]
    return torch.from_numpy(flat.astype(numpy.float32)).reshape(tuple(shape))


def source() -> numpy.ndarray:
    """A picture of soft waves, [H, W, 3] bytes; the test makes the same."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [(x * 3 + y) % 256, (x * 2 + y * 2) % 256, (255 - x * 3) % 256]
    return numpy.stack(planes, 2).astype(numpy.uint8)


def mask() -> numpy.ndarray:
    """White in the left half and the lowest eighth."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    return (255 * ((x < WIDTH // 2) | (y >= HEIGHT * 7 // 8))).astype(numpy.uint8)


def write_plain_model() -> None:
    """What is like Stable Diffusion 1 in every respect; the other families are those of `make_families.py`."""
    torch.manual_seed(1)
    parts = dict(
        _class="StableDiffusionPipeline",
        vae=families.vae(),
        text_encoder=families.text_encoder(12, 2, "quick_gelu"),
        unet=families.unet((8, 12), "x-", 12, attention_head_dim=2),
        scheduler=diffusers.DDIMScheduler(
            **families.NOISE, timestep_spacing="leading", steps_offset=1, clip_sample=False, set_alpha_to_one=False
        ),
    )
    families.save(FOLDER / "sd1", parts)


FOX = dict(prompt="a fox with orange fur", negative_prompt="star crown")
EYES = dict(prompt="star eyes", negative_prompt="")
CASES = [
    dict(name="sd1", model="sd1", sampler="ddim", steps=6, guidance=7.5, **FOX),
    dict(name="sd1_plain", model="sd1", sampler="dpmpp_2m", steps=8, guidance=4.0, **EYES),
    dict(name="sd1_ancestral", model="sd1", sampler="euler_ancestral", steps=6, guidance=3.0, **FOX),
    dict(name="sd1_from_picture", model="sd1", sampler="euler", steps=8, guidance=3.0, strength=0.6, **FOX),
    dict(name="sd1_multistep_from_picture", model="sd1", sampler="unipc", steps=8, guidance=3.0, strength=0.8, **FOX),
    dict(name="sd1_masked", model="sd1", sampler="ddim", steps=6, guidance=3.0, strength=0.75, mask=True, **FOX),
    dict(name="sd1_repainted", model="sd1", sampler="euler", steps=6, guidance=3.0, strength=1.0, mask=True, **FOX),
    dict(name="sd2", model="sd2", sampler="ddim", steps=6, guidance=5.0, **FOX),
    dict(name="sd2_euler", model="sd2", sampler="euler", steps=6, guidance=5.0, **EYES),
    dict(name="turbo_1", model="turbo", sampler="euler", steps=1, guidance=0.0, **EYES),
    dict(name="turbo_4", model="turbo", sampler="euler", steps=4, guidance=0.0, **EYES),
    dict(name="lcm", model="lcm", sampler="lcm", steps=4, guidance=8.0, **FOX),
    dict(name="inpaint", model="inpaint", sampler="ddim", steps=6, guidance=4.0, strength=1.0, mask=True, **FOX),
    dict(name="inpaint_part", model="inpaint", sampler="euler", steps=6, guidance=4.0, strength=0.7, mask=True, **FOX),
    dict(name="sdxl_inpaint", model="sdxl_inpaint", sampler="euler", steps=6, guidance=4.0, strength=1.0, mask=True, **FOX),
    dict(name="sdxl_inpaint_part", model="sdxl_inpaint", sampler="ddim", steps=6, guidance=4.0, strength=0.7, mask=True, **FOX),
    dict(name="sdxl_masked", model="sdxl", sampler="euler", steps=6, guidance=4.0, strength=0.75, mask=True, **FOX),
    dict(name="sdxl", model="sdxl", sampler="euler", steps=6, guidance=5.0, **FOX),
    dict(name="sdxl_plain", model="sdxl", sampler="dpmpp_2m", steps=6, guidance=5.0, **EYES),
    dict(name="sdxl_from_picture", model="sdxl", sampler="euler", steps=6, guidance=5.0, strength=0.5, **FOX),
    dict(name="sdxl_refined", model="sdxl", sampler="euler", steps=8, guidance=5.0, refiner="refiner", switch_at=0.6, **FOX),
    dict(name="sdxl_unguided", model="sdxl", sampler="euler", steps=3, guidance=0.0, **EYES),
]
SEEDS = {"first": 11, "second": (5 << 32) + 7}


def patched(modules: list, draw) -> None:
    for module in modules:
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = lambda shape, *_, **__: draw(tuple(shape))


def replace_noise(pipe, case: dict, seed: int, first_step: int) -> None:
    """Makes diffusers draw our noise, whatever it draws it for."""
    steps = iter(range(first_step, 10_000))
    told = pipe.unet.config.in_channels == 9
    encodings = [ENCODE_KEPT] if told and case["strength"] == 1.0 else [ENCODE, ENCODE_KEPT]
    kinds = iter(encodings)
    patched([sys.modules[type(pipe).__module__]], functools.partial(noise, seed, BEGIN, 0))
    patched([sys.modules[type(pipe.scheduler).__module__]], lambda shape: noise(seed, STEP, next(steps), shape))
    patched([sys.modules["diffusers.models.autoencoders.vae"]], lambda shape: noise(seed, next(kinds), 0, shape))


def class_of(case: dict) -> type:
    xl = case["model"].startswith("sdxl")
    if case.get("mask"):
        return diffusers.StableDiffusionXLInpaintPipeline if xl else diffusers.StableDiffusionInpaintPipeline
    if "strength" in case:
        return diffusers.StableDiffusionXLImg2ImgPipeline if xl else diffusers.StableDiffusionImg2ImgPipeline
    return diffusers.StableDiffusionXLPipeline if xl else diffusers.StableDiffusionPipeline


def opened(kind: type, model: str, sampler: str):
    folder = FOLDER / model if model == "sd1" else HERE / model
    pipe = kind.from_pretrained(folder, torch_dtype=torch.float32)
    pipe.scheduler = SCHEDULERS[sampler].from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@torch.no_grad()
def painted(case: dict, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The final latent and the picture's bytes, [H, W, 3]."""
    pipe = opened(class_of(case), case["model"], case["sampler"])
    first = case["steps"] - int(case["steps"] * case.get("strength", 1.0))
    replace_noise(pipe, case, seed, first)
    asked = dict(
        prompt=case["prompt"],
        negative_prompt=case["negative_prompt"] or None,
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        output_type="latent",
    )
    if "strength" in case:
        asked |= dict(image=Image.fromarray(source()), strength=case["strength"])
    else:
        asked |= dict(width=WIDTH, height=HEIGHT)
    if case.get("mask"):
        asked |= dict(mask_image=Image.fromarray(mask()), width=WIDTH, height=HEIGHT)
    if "refiner" in case:
        asked |= dict(denoising_end=case["switch_at"])
    latents = pipe(**asked).images
    if "refiner" in case:
        refiner = opened(diffusers.StableDiffusionXLImg2ImgPipeline, case["refiner"], case["sampler"])
        asked = {name: asked[name] for name in asked if name not in ("width", "height", "denoising_end")}
        latents = refiner(**asked, image=latents, denoising_start=case["switch_at"]).images
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    picture = ((decoded / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return latents, picture[0].permute(1, 2, 0)


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    torch.set_num_threads(1)
    write_plain_model()
    expected = {}
    for case in CASES:
        for name, seed in SEEDS.items():
            latents, picture = painted(case, seed)
            assert torch.isfinite(latents).all(), case["name"]
            expected[f"{case['name']}.{name}.latents"] = latents.contiguous()
            expected[f"{case['name']}.{name}.picture"] = picture.contiguous()
        print(case["name"], float(latents.abs().max()), float(picture.float().std()))
    save_file(expected, FOLDER / "expected.safetensors")
    cases = [dict(strength=None, mask=False, refiner=None, switch_at=None) | case for case in CASES]
    (FOLDER / "cases.json").write_text(json.dumps(dict(seeds=SEEDS, cases=cases), indent=1) + "\n")


if __name__ == "__main__":
    main()
