"""Makes the reference data of the golden tests: tiny random diffusers pipelines, inputs, and what PyTorch makes of them.

Needs torch, diffusers and transformers. Run it in this folder; it rewrites `sd1` and `vpred` beside it:

    python make_golden.py

`sd1` is built like Stable Diffusion 1 (1x1 convolutions around transformers, attention in the VAE, quick GELU, epsilon
prediction); `vpred` like the house model (linear projections, v-prediction, zero terminal SNR), stored in f16.
"""

import pathlib

import diffusers
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def randomise(module: torch.nn.Module) -> None:
    """Moves norms and biases away from one and zero, where a swapped or forgotten parameter would not show."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))


def rounded_to_half(module: torch.nn.Module) -> torch.nn.Module:
    """Weights that f16 holds exactly, so that a file in f16 and the reference in f32 agree."""
    return module.half().float()


def networks(name: str):
    sd1 = name == "sd1"
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=64,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2 if sd1 else 4,
            max_position_embeddings=12,
            hidden_act="quick_gelu" if sd1 else "gelu",
            bos_token_id=62,
            eos_token_id=63,
            pad_token_id=63,
        )
    )
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 12, 16),
        layers_per_block=2 if sd1 else (1, 1, 2),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2 if sd1 else (2, 3, 4),
        transformer_layers_per_block=1 if sd1 else (1, 2, 1),
        cross_attention_dim=16,
        norm_num_groups=4,
        use_linear_projection=not sd1,
    )
    vae = diffusers.AutoencoderKL(
        sample_size=32,
        block_out_channels=(4, 8, 12),
        layers_per_block=2 if sd1 else 1,
        latent_channels=4,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        scaling_factor=0.18215 if sd1 else 0.7,
        shift_factor=None if sd1 else 0.1,
        use_quant_conv=sd1,
        use_post_quant_conv=sd1,
        mid_block_add_attention=sd1,
    )
    for module in (text, unet, vae):
        randomise(module)
    if not sd1:
        text, unet, vae = (rounded_to_half(module) for module in (text, unet, vae))
    return text.eval(), unet.eval(), vae.eval()


def schedulers(name: str):
    common = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    if name == "sd1":
        common |= dict(prediction_type="epsilon", timestep_spacing="leading", steps_offset=1)
        ddim = diffusers.DDIMScheduler(**common, clip_sample=False, set_alpha_to_one=False)
    else:
        common |= dict(prediction_type="v_prediction", timestep_spacing="trailing", rescale_betas_zero_snr=True)
        ddim = diffusers.DDIMScheduler(**common, clip_sample=False, set_alpha_to_one=True)
    return ddim, diffusers.EulerDiscreteScheduler(**common)


def trajectory(scheduler, unet, noise, prompt, empty, guidance: float, steps: int):
    """Classifier-free guidance from pure noise to the latent, as diffusers' pipeline does it."""
    scheduler.set_timesteps(steps)
    latents = noise * scheduler.init_noise_sigma
    for time in scheduler.timesteps:
        sample = scheduler.scale_model_input(torch.cat([latents, latents]), time)
        times = time.repeat(sample.shape[0])
        without, with_prompt = unet(sample, times, torch.cat([empty, prompt])).sample.chunk(2)
        latents = scheduler.step(without + guidance * (with_prompt - without), time, latents).prev_sample
    return latents


@torch.no_grad()
def make(name: str) -> None:
    torch.manual_seed(1)
    text, unet, vae = networks(name)
    ddim, euler = schedulers(name)
    folder = HERE / name
    for module, part in ((text, "text_encoder"), (unet, "unet"), (vae, "vae")):
        (module if name == "sd1" else module.half()).save_pretrained(folder / part)
        module.float()
    ddim.save_pretrained(folder / "scheduler")

    tokens = torch.randint(0, 62, (2, 12))
    tokens[:, 0], tokens[:, 9:] = 62, 63
    hidden = text(tokens).last_hidden_state
    empty = text(torch.tensor([[62] + [63] * 11] * 2)).last_hidden_state
    sample, times = torch.randn(2, 4, 8, 8), torch.tensor([7, 801])
    pictures, latents = torch.randn(2, 3, 32, 32).clamp(-1, 1), torch.randn(2, 4, 8, 8)
    moments = vae.encode(pictures).latent_dist
    noise = torch.randn(2, 4, 8, 8)
    expected = {
        "tokens": tokens.to(torch.int64),
        "hidden": hidden,
        "empty": empty,
        "sample": sample,
        "times": times.to(torch.int64),
        "prediction": unet(sample, times, hidden).sample,
        "pictures": pictures,
        "mean": moments.mean,
        "logvar": moments.logvar,
        "latents": latents,
        "decoded": vae.decode(latents).sample,
        "noise": noise,
        "ddim": trajectory(ddim, unet, noise, hidden, empty, 3.0, 8),
        "euler": trajectory(euler, unet, noise, hidden, empty, 3.0, 8),
    }
    save_file({key: value.contiguous() for key, value in expected.items()}, folder / "expected.safetensors")


if __name__ == "__main__":
    for each in ("sd1", "vpred"):
        make(each)
