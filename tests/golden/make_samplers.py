"""Makes the reference trajectories of the sampler tests: what the schedulers of diffusers make of a toy model.

Needs torch and diffusers (made with 0.42). Run it in this folder; it rewrites `samplers.json` and
`samplers.safetensors` beside it:

    python make_samplers.py

The toy model is a fixed function of latent and timestep, written in the same way in `tests/samplers.rs`. Every case
starts from the same latents; fresh noise that a sampler draws is the same list of tensors in every case. A case whose
trajectory is no number in diffusers must be refused by name in Rust.
"""

import json
import pathlib

import diffusers
import torch
from diffusers.schedulers import scheduling_euler_ancestral_discrete, scheduling_lcm
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
SHAPE = (1, 2, 2, 2)
STEPS = (1, 4, 20, 50)
# The step whose beginning `add_noise` is compared at, of 20.
MIDDLE = 7

SAMPLERS = {
    "ddim": (diffusers.DDIMScheduler, {}),
    "euler": (diffusers.EulerDiscreteScheduler, {}),
    "euler_ancestral": (diffusers.EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": False}),
    "dpmpp_2m_karras": (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "unipc": (diffusers.UniPCMultistepScheduler, {}),
    "lcm": (diffusers.LCMScheduler, {}),
}
STABLE_DIFFUSION = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def toy(sample: torch.Tensor, timestep: float) -> torch.Tensor:
    return 0.6 * sample + 0.4 * torch.sin(2.0 * sample + timestep / 250.0)


def cases():
    """(name, sampler, scheduler_config.json)"""
    for sampler in SAMPLERS:
        for prediction in ("epsilon", "v_prediction", "sample"):
            if (sampler, prediction) == ("euler_ancestral", "sample"):
                continue  # not in diffusers
            for spacing in ("leading", "trailing", "linspace"):
                for zero in (False, True):
                    config = STABLE_DIFFUSION | dict(
                        _class_name="DDIMScheduler",
                        clip_sample=False,
                        prediction_type=prediction,
                        timestep_spacing=spacing,
                        steps_offset=1,
                        set_alpha_to_one=False,
                        rescale_betas_zero_snr=zero,
                    )
                    yield f"{sampler}/{prediction}/{spacing}/{'zero' if zero else 'plain'}", sampler, config
        # A file of another class, which leaves everything to the sampler but the schedule.
        config = STABLE_DIFFUSION | {"_class_name": "PNDMScheduler", "skip_prk_steps": True}
        yield f"{sampler}/defaults", sampler, config
        config = {"_class_name": "DDPMScheduler", "beta_schedule": "squaredcos_cap_v2", "clip_sample": False}
        # Rounding decides here in diffusers: a root of what falls below zero, 998.9999 rounded down.
        if sampler not in ("euler_ancestral", "dpmpp_2m_karras"):
            yield f"{sampler}/cosine", sampler, config
        config = {"_class_name": "HeunDiscreteScheduler", "beta_start": 0.001, "beta_end": 0.01, "beta_schedule": "linear"}
        yield f"{sampler}/linear", sampler, config | {"clip_sample": True, "clip_sample_range": 0.7}
    karras = STABLE_DIFFUSION | {"_class_name": "LMSDiscreteScheduler", "use_karras_sigmas": True}
    ending = STABLE_DIFFUSION | {"_class_name": "DPMSolverMultistepScheduler", "final_sigmas_type": "sigma_min"}
    for sampler in ("euler", "dpmpp_2m", "unipc"):
        yield f"{sampler}/karras", sampler, karras
        yield f"{sampler}/sigma_min", sampler, ending
        if sampler != "euler":
            yield f"{sampler}/higher_order_final", sampler, ending | {"lower_order_final": False}
    yield "dpmpp_2m/euler_at_final", "dpmpp_2m", ending | {"lower_order_final": False, "euler_at_final": True}
    yield "ddim/to_one", "ddim", STABLE_DIFFUSION | {"_class_name": "DDIMScheduler", "set_alpha_to_one": True}
    distilled = {"_class_name": "LCMScheduler", "original_inference_steps": 60, "timestep_scaling": 0.002}
    yield "lcm/distilled", "lcm", distilled


def build(sampler: str, config: dict, steps: int):
    kind, choice = SAMPLERS[sampler]
    scheduler = kind.from_config(config, **choice)
    scheduler.set_timesteps(steps)
    return scheduler


def trajectory(sampler: str, config: dict, steps: int, latents: torch.Tensor, draw) -> torch.Tensor:
    scheduler = build(sampler, config, steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)  # else a timestep that comes twice makes it skip a step
    sample = latents * scheduler.init_noise_sigma
    seen = [sample]
    for index, timestep in enumerate(scheduler.timesteps):
        draw(index)
        output = toy(scheduler.scale_model_input(sample, timestep), timestep.float())
        sample = scheduler.step(output, timestep, sample).prev_sample
        seen.append(sample)
    return torch.stack(seen)


def middle(sampler: str, config: dict, clean: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    scheduler = build(sampler, config, 20)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(MIDDLE)
    return scheduler.add_noise(clean, noise, scheduler.timesteps[MIDDLE : MIDDLE + 1])


def main() -> None:
    torch.manual_seed(1)
    latents, clean, noise = torch.randn(SHAPE), torch.randn(SHAPE), torch.randn(SHAPE)
    fresh = torch.randn(max(STEPS), *SHAPE)
    drawn = 0

    def draw(index: int) -> None:
        nonlocal drawn
        drawn = index

    for module in (scheduling_euler_ancestral_discrete, scheduling_lcm):
        module.randn_tensor = lambda *_, **__: fresh[drawn]
    tensors, listed = {"latents": latents, "clean": clean, "noise": noise, "fresh": fresh}, []
    for name, sampler, config in cases():
        refused = []
        for steps in STEPS:
            points = trajectory(sampler, config, steps, latents, draw)
            if points.isfinite().all():
                tensors[f"{name}/{steps}"] = points
            else:
                refused.append(steps)
        tensors[f"{name}/middle"] = middle(sampler, config, clean, noise)
        listed.append({"name": name, "sampler": sampler, "config": config, "refused": refused})
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "samplers.safetensors")
    document = {"steps": STEPS, "middle": MIDDLE, "cases": listed}
    lines = ",\n".join("    " + json.dumps(case, sort_keys=True) for case in document.pop("cases"))
    text = json.dumps(document)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
    (HERE / "samplers.json").write_text(text)
    print(len(listed), "cases;", "refused:", [(case["name"], case["refused"]) for case in listed if case["refused"]])


if __name__ == "__main__":
    main()
