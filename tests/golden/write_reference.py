"""Writes what diffusers makes of a model, for `salon models compare MODEL REFERENCE.safetensors`.

Needs torch, diffusers and transformers, and any diffusers folder (tokenizers are not needed):

    python write_reference.py FOLDER OUT.safetensors --sampler euler --steps 8 --guidance 5

The file holds, for a batch of B prompts of random tokens:

| tensor | shape | what |
|---|---|---|
| `latents` | [B, 4, h, w] | unit normal |
| `input_ids`, `uncond_input_ids` | [B, L] | tokens; of the second text encoder `input_ids_2`, `uncond_input_ids_2` |
| `time_ids`, `uncond_time_ids` | [B, 6 or 5] | SDXL and its refiner: sizes, or sizes and aesthetic score |
| `noise` | [steps, B, 4, h, w] | for samplers that draw noise |
| `mask`, `masked_latents` | [B, 1 and 4, h, w] | for inpainting models of nine channels |
| `text` | [B, L, W] | the conditional hidden states that the U-Net attends to |
| `trajectory` | [steps + 1, B, 4, h, w] | `latents` times the initial sigma, then the latents after every step |
| `image` | [B, 3, H, W] | the last step decoded, -1 to 1, not clamped |

and `sampler`, `steps` and `guidance` in its metadata. Everything is computed in f32.
"""

import argparse
import json
import pathlib

import diffusers
import torch
import transformers
from diffusers.schedulers import scheduling_euler_ancestral_discrete, scheduling_lcm
from safetensors.torch import save_file

SAMPLERS = {
    "ddim": (diffusers.DDIMScheduler, {}),
    "euler": (diffusers.EulerDiscreteScheduler, {}),
    "euler_ancestral": (diffusers.EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": False}),
    "dpmpp_2m_karras": (diffusers.DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "unipc": (diffusers.UniPCMultistepScheduler, {}),
    "lcm": (diffusers.LCMScheduler, {}),
}
DRAW_NOISE = ("euler_ancestral", "lcm")


class Text:
    """The text encoders of a folder: one or two, or the second alone (the refiner of SDXL)."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.first = self.load(folder / "text_encoder")
        self.second = self.load(folder / "text_encoder_2")

    @staticmethod
    def load(folder: pathlib.Path):
        if not (folder / "config.json").exists():
            return None
        kind = json.loads((folder / "config.json").read_text())["architectures"][0]
        return getattr(transformers, kind).from_pretrained(folder).float().eval()

    def draw(self, batch: int, prefix: str) -> dict:
        """Random prompts of different lengths."""
        found = {}
        for suffix, encoder in (("", self.first), ("_2", self.second)):
            if encoder is None:
                continue
            config = encoder.config
            # Old configurations name an end token that no tokenizer gives; there the largest is the end.
            end = config.eos_token_id if config.eos_token_id != 2 else config.vocab_size - 1
            begin = config.bos_token_id if config.bos_token_id < config.vocab_size - 1 else end - 1
            ids = torch.full((batch, config.max_position_embeddings), end)
            for row in ids:
                length = int(torch.randint(1, config.max_position_embeddings - 2, ()))
                row[0], row[1 : 1 + length] = begin, torch.randint(0, min(begin, end), (length,))
            found[f"{prefix}input_ids{suffix}"] = ids
        return found

    def encode(self, found: dict, prefix: str):
        """(what the U-Net attends to, the pooled prompt)"""
        if self.second is None:
            return self.first(found[f"{prefix}input_ids"])[0], None
        hidden, pooled = [], None
        for suffix, encoder in (("", self.first), ("_2", self.second)):
            if encoder is not None:
                output = encoder(found[f"{prefix}input_ids{suffix}"], output_hidden_states=True)
                hidden.append(output.hidden_states[-2])
                pooled = output[0]
        return torch.cat(hidden, dim=-1), pooled


def time_ids(network, factor: int, latents: torch.Tensor, pooled: torch.Tensor) -> dict:
    """What SDXL is told of the picture; its refiner is told how beautiful it is to be instead of its last size."""
    config = network.config
    batch, _, height, width = latents.shape
    size = [height * factor, width * factor]
    waves = (config.projection_class_embeddings_input_dim - pooled.shape[-1]) // config.addition_time_embed_dim
    rows = ([*size, 0, 0, *size],) * 2 if waves == 6 else ([*size, 0, 0, 6.0], [*size, 0, 0, 2.5])
    names = ("time_ids", "uncond_time_ids")
    return {name: torch.tensor([row] * batch, dtype=torch.float32) for name, row in zip(names, rows)}


@torch.no_grad()
def write(folder: pathlib.Path, out: pathlib.Path, options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    network = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet").float().eval()
    autoencoder = diffusers.AutoencoderKL.from_pretrained(folder / "vae").float().eval()
    text = Text(folder)
    kind, choice = SAMPLERS[options.sampler]
    scheduler = kind.from_config(json.loads((folder / "scheduler/scheduler_config.json").read_text()), **choice)
    scheduler.set_timesteps(options.steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)

    factor = 2 ** (len(autoencoder.config.block_out_channels) - 1)
    channels = autoencoder.config.latent_channels
    shape = (options.batch, channels, options.height // factor, options.width // factor)
    found = {"latents": torch.randn(shape)}
    found |= text.draw(options.batch, "") | text.draw(options.batch, "uncond_")
    told = network.config.time_cond_proj_dim
    guided = options.guidance > 1 and told is None
    conditions = {}
    for prefix in ("uncond_", "") if guided else ("",):
        context, pooled = text.encode(found, prefix)
        condition = {"encoder_hidden_states": context}
        if network.config.addition_embed_type == "text_time":
            found |= time_ids(network, factor, found["latents"], pooled)
            condition["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": found[f"{prefix}time_ids"]}
        if told is not None:
            scales = torch.full((options.batch,), options.guidance - 1)
            embed = diffusers.LatentConsistencyModelPipeline.get_guidance_scale_embedding
            condition["timestep_cond"] = embed(None, scales, told)
        conditions[prefix] = condition
    found["text"] = conditions[""]["encoder_hidden_states"]
    extra = []
    if network.config.in_channels == 2 * channels + 1:
        found["mask"] = (torch.rand(options.batch, 1, *shape[2:]) > 0.5).float()
        found["masked_latents"] = torch.randn(shape)
        extra = [found["mask"], found["masked_latents"]]
    if options.sampler in DRAW_NOISE:
        found["noise"] = torch.randn(options.steps, *shape)
        for module in (scheduling_euler_ancestral_discrete, scheduling_lcm):
            module.randn_tensor = lambda *_, **__: found["noise"][len(seen) - 1]

    latents = found["latents"] * scheduler.init_noise_sigma
    seen = [latents]
    for time in scheduler.timesteps:
        sample = torch.cat([scheduler.scale_model_input(latents, time), *extra], dim=1)
        output = network(sample, time, **conditions[""]).sample
        if guided:
            without = network(sample, time, **conditions["uncond_"]).sample
            output = without + options.guidance * (output - without)
        latents = scheduler.step(output, time, latents).prev_sample
        seen.append(latents)
    found["trajectory"] = torch.stack(seen)
    config = autoencoder.config
    scaled = latents / config.scaling_factor
    if getattr(config, "latents_mean", None) is not None and getattr(config, "latents_std", None) is not None:
        mean, deviation = (torch.tensor(config[name]).view(1, -1, 1, 1) for name in ("latents_mean", "latents_std"))
        scaled = latents * deviation / config.scaling_factor + mean
    if getattr(config, "shift_factor", None) is not None:
        scaled = scaled + config.shift_factor
    found["image"] = autoencoder.decode(scaled).sample
    metadata = {name: str(getattr(options, name)) for name in ("sampler", "steps", "guidance")}
    save_file({name: value.contiguous() for name, value in found.items()}, out, metadata=metadata)
    largest = {name: round(found[name].abs().max().item(), 3) for name in ("text", "trajectory", "image")}
    print(f"{out}: largest values {largest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--sampler", choices=SAMPLERS, default="euler")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--height", type=int, default=512)
    options = parser.parse_args()
    write(options.folder, options.out, options)


if __name__ == "__main__":
    main()
