"""Makes a tiny model of every family, as whole diffusers folders with random weights, and what diffusers' networks make
of random inputs. Needs torch, diffusers and transformers. It rewrites the folders beside it, or those that are named:

    python make_families.py [FAMILY...]

| folder | like | what is special |
|---|---|---|
| `sd2` | Stable Diffusion 2.1 | v-prediction, linear projections, heads per level, GELU in the text encoder |
| `turbo` | SD-Turbo | the same networks for ε, trailing steps |
| `lcm` | LCM Dreamshaper | told the guidance scale (`time_cond_proj_dim`), LCM scheduler |
| `inpaint` | Stable Diffusion 1.5 inpainting | nine input channels |
| `sdxl` | Stable Diffusion XL | two text encoders, `text_time`, transformers of several layers, uneven ways down and up |
| `sdxl_inpaint` | SDXL inpainting 0.1 | nine input channels |
| `refiner` | the refiner of SDXL | the second text encoder alone, five time ids |
| `pruned` | SSD-1B, Segmind Vega | nested transformer depths, another way up, a middle without attention; networks only |
| `unusual` | nothing | `scale_shift`, `only_cross_attention`, no middle, `freq_shift`, latent means; networks only |

Weights are numbers that f16 holds exactly and are stored so; everything expected is computed in f32.
"""

import json
import pathlib
import shutil
import sys

import diffusers
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
LENGTH = 77
# Schedules of Stable Diffusion.
NOISE = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
# The classes that model_index.json names.
XL = "StableDiffusionXLPipeline"


def randomise(module: torch.nn.Module) -> torch.nn.Module:
    """Moves norms and biases away from one and zero, where a swapped or forgotten parameter would not show, and rounds
    all to what f16 holds."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return module.half().float().eval()


def vocabulary() -> dict:
    return json.loads((HERE / "tokenizer/vocab.json").read_text())


def text_encoder(width: int, heads: int, activation: str, projection: int | None = None):
    tokens = vocabulary()
    # The configurations of SDXL still name the end token that early versions of transformers had.
    end = tokens["<|endoftext|>"] if projection is None else 2
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=3,
        num_attention_heads=heads,
        max_position_embeddings=LENGTH,
        hidden_act=activation,
        projection_dim=projection or width,
        bos_token_id=tokens["<|startoftext|>"],
        eos_token_id=end,
        pad_token_id=1,
    )
    kind = transformers.CLIPTextModel if projection is None else transformers.CLIPTextModelWithProjection
    return randomise(kind(config))


def unet(channels: tuple, down: str, width: int, **more) -> diffusers.UNet2DConditionModel:
    """`down` says with a letter for each level whether it attends: x or -."""
    types = tuple(CROSS if letter == "x" else PLAIN for letter in down)
    settings = dict(
        sample_size=8,
        block_out_channels=channels,
        down_block_types=types,
        up_block_types=tuple(kind.replace("Down", "Up") for kind in reversed(types)),
        layers_per_block=1,
        cross_attention_dim=width,
        norm_num_groups=4,
    )
    return randomise(diffusers.UNet2DConditionModel(**(settings | more)))


def vae(**more) -> diffusers.AutoencoderKL:
    settings = dict(
        sample_size=64,
        block_out_channels=(4, 4, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    return randomise(diffusers.AutoencoderKL(**(settings | more)))


def family(name: str) -> dict:
    """The parts of a pipeline, and the class that model_index.json names."""
    stable = dict(_class="StableDiffusionPipeline", vae=vae)
    euler = diffusers.EulerDiscreteScheduler
    second = dict(
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
    )
    leading = NOISE | dict(timestep_spacing="leading", steps_offset=1)
    trailing = NOISE | dict(timestep_spacing="trailing")
    if name in ("sd2", "turbo"):
        velocity = dict(prediction_type="v_prediction") if name == "sd2" else {}
        scheduler = (
            diffusers.DDIMScheduler(**leading, **velocity, clip_sample=False, set_alpha_to_one=False)
            if name == "sd2"
            else euler(**trailing)
        )
        return stable | dict(
            text_encoder=text_encoder(16, 4, "gelu"),
            unet=unet((8, 12, 16), "xx-", 16, use_linear_projection=True, attention_head_dim=(1, 3, 4)),
            scheduler=scheduler,
        )
    if name == "lcm":
        return stable | dict(
            _class="LatentConsistencyModelPipeline",
            text_encoder=text_encoder(12, 2, "quick_gelu"),
            unet=unet((8, 12), "x-", 12, attention_head_dim=2, time_cond_proj_dim=32),
            scheduler=diffusers.LCMScheduler(
                **leading, clip_sample=False, set_alpha_to_one=True, original_inference_steps=50
            ),
        )
    if name == "inpaint":
        return stable | dict(
            _class="StableDiffusionInpaintPipeline",
            text_encoder=text_encoder(12, 2, "quick_gelu"),
            unet=unet((8, 12), "x-", 12, attention_head_dim=2, in_channels=9),
            scheduler=diffusers.DDIMScheduler(**leading, clip_sample=False, set_alpha_to_one=False),
        )
    if name in ("sdxl", "sdxl_inpaint"):
        told = dict(in_channels=9) if name == "sdxl_inpaint" else {}
        return dict(
            _class="StableDiffusionXLInpaintPipeline" if told else XL,
            vae=lambda: vae(scaling_factor=0.13025),
            text_encoder=text_encoder(12, 2, "quick_gelu"),
            text_encoder_2=text_encoder(20, 4, "gelu", projection=24),
            unet=unet(
                (8, 8, 16),
                "-xx",
                32,
                attention_head_dim=(1, 2, 4),
                transformer_layers_per_block=(1, 2, 3),
                projection_class_embeddings_input_dim=24 + 6 * 8,
                **told,
                **second,
            ),
            scheduler=euler(**leading),
            force_zeros_for_empty_prompt=True,
            **(dict(requires_aesthetics_score=False) if told else {}),
        )
    if name == "refiner":
        return dict(
            _class="StableDiffusionXLImg2ImgPipeline",
            vae=lambda: vae(scaling_factor=0.13025),
            text_encoder=None,
            text_encoder_2=text_encoder(20, 4, "gelu", projection=24),
            unet=unet(
                (8, 8, 16),
                "-x-",
                20,
                attention_head_dim=(1, 2, 4),
                transformer_layers_per_block=2,
                projection_class_embeddings_input_dim=24 + 5 * 8,
                **second,
            ),
            scheduler=euler(**leading),
            force_zeros_for_empty_prompt=False,
            requires_aesthetics_score=True,
        )
    if name == "pruned":
        return dict(
            unet=unet(
                (8, 8, 16),
                "-xx",
                12,
                attention_head_dim=(1, 2, 4),
                layers_per_block=(1, 2, 1),
                mid_block_type="UNetMidBlock2D",
                transformer_layers_per_block=[1, [2, 1], [3]],
                reverse_transformer_layers_per_block=[[1, 2], [2, 1, 3], 1],
                use_linear_projection=True,
            )
        )
    assert name == "unusual", name
    return dict(
        unet=unet(
            (8, 12),
            "xx",
            12,
            attention_head_dim=2,
            resnet_time_scale_shift="scale_shift",
            only_cross_attention=(True, False),
            mid_block_type=None,
            freq_shift=1,
            flip_sin_to_cos=False,
            center_input_sample=True,
            time_embedding_dim=20,
            norm_eps=1e-3,
            out_channels=8,
        ),
        vae=lambda: vae(
            block_out_channels=(4, 8),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latents_mean=[0.1, -0.2, 0.3, 0.0],
            latents_std=[1.5, 0.5, 1.0, 2.0],
            scaling_factor=0.5,
            use_quant_conv=False,
            use_post_quant_conv=False,
            mid_block_add_attention=False,
        ),
    )


FAMILIES = ("sd2", "turbo", "lcm", "inpaint", "sdxl", "refiner", "pruned", "unusual", "sdxl_inpaint")


def save_tokenizer(folder: pathlib.Path, pad: str) -> None:
    folder.mkdir(parents=True)
    for file in ("vocab.json", "merges.txt"):
        shutil.copy(HERE / "tokenizer" / file, folder / file)
    config = json.loads((HERE / "tokenizer/tokenizer_config.json").read_text())
    config |= dict(model_max_length=LENGTH, pad_token=pad)
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def save(folder: pathlib.Path, parts: dict) -> None:
    """Writes the folder as diffusers' save_pretrained does, but with tokenizers in CLIP's own two files."""
    shutil.rmtree(folder, ignore_errors=True)
    index = {}
    for name, part in parts.items():
        if isinstance(part, torch.nn.Module):
            part.half().save_pretrained(folder / name)
            part.float()
        elif hasattr(part, "save_pretrained"):
            part.save_pretrained(folder / name)
        elif not name.startswith("_"):
            index[name] = part if part is not None else [None, None]
            continue
        if not name.startswith("_"):
            library = "transformers" if name.startswith("text") else "diffusers"
            index[name] = [library, type(part).__name__]
    if "scheduler" not in parts:
        return
    for name in ("tokenizer", "tokenizer_2"):
        encoder = parts.get(name.replace("tokenizer", "text_encoder"))
        if encoder is not None:
            # Stable Diffusion 2 and the second encoder of SDXL are padded with exclamation marks.
            pad = "<|endoftext|>" if encoder.config.hidden_act == "quick_gelu" else "!"
            save_tokenizer(folder / name, pad)
            index[name] = ["transformers", "CLIPTokenizer"]
        elif name.replace("tokenizer", "text_encoder") in parts:
            index[name] = [None, None]
    if "XL" not in parts["_class"]:
        index |= dict(safety_checker=[None, None], feature_extractor=[None, None], requires_safety_checker=False)
    else:
        index["add_watermarker"] = None
    index = {"_class_name": parts["_class"], "_diffusers_version": diffusers.__version__} | dict(sorted(index.items()))
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def conditions(network: diffusers.UNet2DConditionModel) -> dict:
    """Random conditions for two pictures, by the names of the golden files."""
    config = network.config
    found = dict(context=torch.randn(2, 5, config.cross_attention_dim))
    if config.addition_embed_type:
        count = (config.projection_class_embeddings_input_dim - 24) // config.addition_time_embed_dim
        found["text_embeds"] = torch.randn(2, 24)
        found["time_ids"] = torch.tensor([[1024.0, 768, 0, 8, 512, 640], [512, 512, 16, 0, 1024, 1024]])[:, :count]
    if config.time_cond_proj_dim:
        found["guidance"] = torch.tensor([3.5, 7.0])
        found["guidance_embedding"] = diffusers.LatentConsistencyModelPipeline.get_guidance_scale_embedding(
            None, found["guidance"], config.time_cond_proj_dim
        )
    return found


def predict(network, sample, times, found: dict) -> torch.Tensor:
    added = {key: found[key] for key in ("text_embeds", "time_ids") if key in found}
    return network(
        sample,
        times,
        found["context"],
        timestep_cond=found.get("guidance_embedding"),
        added_cond_kwargs=added or None,
    ).sample


@torch.no_grad()
def make(name: str) -> None:
    torch.manual_seed(FAMILIES.index(name) + 1)
    parts = family(name)
    if "vae" in parts:
        parts["vae"] = parts["vae"]()
    folder = HERE / name
    save(folder, parts)
    network = parts["unet"]
    found = conditions(network)
    # The second size is no multiple of what the U-Net halves.
    for suffix, size in (("", (8, 8)), ("_odd", (5, 7))):
        sample = torch.randn(2, network.config.in_channels, *size)
        times = torch.tensor([7.0, 801.0])
        found |= {f"sample{suffix}": sample, f"prediction{suffix}": predict(network, sample, times, found)}
    found["times"] = times
    if "vae" in parts:
        autoencoder = parts["vae"]
        found["pictures"] = torch.randn(1, 3, 16, 24).clamp(-1, 1)
        moments = autoencoder.encode(found["pictures"]).latent_dist
        found |= dict(mean=moments.mean, logvar=moments.logvar, latents=torch.randn(1, 4, 2, 3))
        found["decoded"] = autoencoder.decode(found["latents"]).sample
    save_file({key: value.contiguous() for key, value in found.items()}, folder / "expected.safetensors")
    if "scheduler" in parts:
        diffusers.DiffusionPipeline.from_pretrained(folder)  # A folder that diffusers refuses proves nothing.


@torch.no_grad()
def make_tiled() -> None:
    """What `enable_tiling` of diffusers makes of latents that are larger than a tile, with the VAE of `sd1`."""
    torch.manual_seed(99)
    autoencoder = diffusers.AutoencoderKL.from_pretrained(HERE / "sd1/vae")
    autoencoder.enable_tiling()
    latents = torch.randn(1, 4, 11, 15)
    found = dict(latents=latents, decoded=autoencoder.decode(latents).sample)
    save_file({key: value.contiguous() for key, value in found.items()}, HERE / "sd1/tiled.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in sys.argv[1:] or FAMILIES:
        make(each)
    make_tiled()
