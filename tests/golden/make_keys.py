"""Makes `keys.json.gz`: the tensors of the model families in the original layout, and their names in diffusers.

Needs torch, diffusers and transformers; downloads nothing. Run it in this folder:

    python make_keys.py

The names of the original layout are written down here as its networks are built (CompVis' and Stability's
`openaimodel.UNetModel`, `model.Encoder`/`Decoder`, OpenCLIP's text tower). What they are called in diffusers is what
diffusers' own converters make of them, and that must be exactly the names of diffusers' networks, built from the
families' configurations without weights.
"""

import gzip
import json
import pathlib

import diffusers
import torch
import transformers
from diffusers.loaders import single_file_utils as reference

HERE = pathlib.Path(__file__).parent


def both(name):
    return [f"{name}.weight", f"{name}.bias"]


def resnet(name, skips):
    inner = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]
    return [key for part in inner + ["skip_connection"] * skips for key in both(f"{name}.{part}")]


def transformer(name, depth):
    keys = [key for part in ("norm", "proj_in", "proj_out") for key in both(f"{name}.{part}")]
    for block in range(depth):
        base = f"{name}.transformer_blocks.{block}"
        for attention in ("attn1", "attn2"):
            keys += [f"{base}.{attention}.to_{letter}.weight" for letter in "qkv"]
            keys += both(f"{base}.{attention}.to_out.0")
        for part in ("ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3"):
            keys += both(f"{base}.{part}")
    return keys


def unet(multipliers, depths, middle, sized):
    """`depths` holds the transformer blocks of each level, 0 where it does not attend."""
    keys = both("time_embed.0") + both("time_embed.2") + both("input_blocks.0.0") + both("out.0") + both("out.2")
    if sized:
        keys += both("label_emb.0.0") + both("label_emb.0.2")
    index, channels, stack = 1, multipliers[0], [multipliers[0]]
    for level, multiplier in enumerate(multipliers):
        for _ in range(2):
            keys += resnet(f"input_blocks.{index}.0", channels != multiplier)
            if depths[level]:
                keys += transformer(f"input_blocks.{index}.1", depths[level])
            channels, index = multiplier, index + 1
            stack.append(channels)
        if level < len(multipliers) - 1:
            keys += both(f"input_blocks.{index}.0.op")
            index += 1
            stack.append(channels)
    keys += resnet("middle_block.0", 0) + transformer("middle_block.1", middle) + resnet("middle_block.2", 0)
    index = 0
    for level in reversed(range(len(multipliers))):
        for layer in range(3):
            stack.pop()
            keys += resnet(f"output_blocks.{index}.0", 1)
            if depths[level]:
                keys += transformer(f"output_blocks.{index}.1", depths[level])
            if level and layer == 2:
                keys += both(f"output_blocks.{index}.{2 if depths[level] else 1}.conv")
            index += 1
    return [f"model.diffusion_model.{key}" for key in keys]


def vae():
    keys = both("quant_conv") + both("post_quant_conv")
    channels = [128, 256, 512, 512]

    def block(name, skips):
        parts = ["norm1", "conv1", "norm2", "conv2"] + ["nin_shortcut"] * skips
        return [key for part in parts for key in both(f"{name}.{part}")]

    for coder in ("encoder", "decoder"):
        keys += both(f"{coder}.conv_in") + both(f"{coder}.norm_out") + both(f"{coder}.conv_out")
        keys += block(f"{coder}.mid.block_1", 0) + block(f"{coder}.mid.block_2", 0)
        keys += [key for part in ("norm", "q", "k", "v", "proj_out") for key in both(f"{coder}.mid.attn_1.{part}")]
    before = 128
    for level, width in enumerate(channels):
        for layer in range(2):
            keys += block(f"encoder.down.{level}.block.{layer}", before != width)
            before = width
        if level < 3:
            keys += both(f"encoder.down.{level}.downsample.conv")
    for level in reversed(range(4)):
        for layer in range(3):
            keys += block(f"decoder.up.{level}.block.{layer}", before != channels[level])
            before = channels[level]
        if level:
            keys += both(f"decoder.up.{level}.upsample.conv")
    return [f"first_stage_model.{key}" for key in keys]


def clip(prefix, layers):
    keys = ["embeddings.token_embedding.weight", "embeddings.position_embedding.weight"] + both("final_layer_norm")
    parts = [f"self_attn.{letter}_proj" for letter in ("q", "k", "v", "out")]
    parts += ["mlp.fc1", "mlp.fc2", "layer_norm1", "layer_norm2"]
    keys += [key for layer in range(layers) for part in parts for key in both(f"encoder.layers.{layer}.{part}")]
    return [f"{prefix}text_model.{key}" for key in keys]


def open_clip(prefix, layers):
    keys = ["positional_embedding", "token_embedding.weight", "text_projection"] + both("ln_final")
    for layer in range(layers):
        base = f"transformer.resblocks.{layer}"
        keys += [f"{base}.attn.in_proj_weight", f"{base}.attn.in_proj_bias"]
        for part in ("ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj", "attn.out_proj"):
            keys += both(f"{base}.{part}")
    return [f"{prefix}{key}" for key in keys]


def unet_config(**changes):
    down = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"]
    config = dict(
        sample_size=64,
        block_out_channels=[320, 640, 1280, 1280],
        down_block_types=down,
        up_block_types=[name.replace("Down", "Up") for name in reversed(down)],
        layers_per_block=2,
        cross_attention_dim=768,
        attention_head_dim=8,
        in_channels=4,
        out_channels=4,
        norm_num_groups=32,
        use_linear_projection=False,
        transformer_layers_per_block=1,
    )
    return config | changes


SIZES = dict(addition_embed_type="text_time", addition_time_embed_dim=256)
XL_DOWN = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
SDXL = unet_config(
    sample_size=128,
    block_out_channels=[320, 640, 1280],
    down_block_types=XL_DOWN,
    up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    cross_attention_dim=2048,
    attention_head_dim=[5, 10, 20],
    use_linear_projection=True,
    transformer_layers_per_block=[1, 2, 10],
    projection_class_embeddings_input_dim=2816,
    **SIZES,
)
REFINER = unet_config(
    sample_size=128,
    block_out_channels=[384, 768, 1536, 1536],
    down_block_types=XL_DOWN + ["DownBlock2D"],
    up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    cross_attention_dim=1280,
    attention_head_dim=[6, 12, 24, 24],
    use_linear_projection=True,
    transformer_layers_per_block=4,
    projection_class_embeddings_input_dim=2560,
    **SIZES,
)
SD2 = unet_config(cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True)


def vae_config(**changes):
    return (
        dict(
            block_out_channels=[128, 256, 512, 512],
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=512,
            scaling_factor=0.18215,
        )
        | changes
    )


def text_config(width, layers, act, pad):
    return dict(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        max_position_embeddings=77,
        hidden_act=act,
        projection_dim=width,
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=pad,
    )


CLIP_L, CLIP_H, CLIP_G = (
    text_config(768, 12, "quick_gelu", 49407),
    text_config(1024, 23, "gelu", 0),
    text_config(1280, 32, "gelu", 0),
)
LDM1, LDM2, LDM_XL, LDM_REFINER = (
    unet([1, 2, 4, 4], [1, 1, 1, 0], 1, False),
    unet([1, 2, 4, 4], [1, 1, 1, 0], 1, False),
    unet([1, 2, 4], [0, 2, 10], 10, True),
    unet([1, 2, 4, 4], [0, 4, 4, 0], 4, True),
)
XL_VAE = vae_config(sample_size=1024, scaling_factor=0.13025)
ONE, TWO = "text_encoder", "text_encoder_2"
FAMILIES = {
    "sd1": dict(unet=(unet_config(), LDM1), vae=vae_config(), text={ONE: (CLIP_L, "cond_stage_model.transformer.", 12)}),
    "sd1_inpaint": dict(
        unet=(unet_config(in_channels=9), LDM1),
        vae=vae_config(),
        text={ONE: (CLIP_L, "cond_stage_model.transformer.", 12)},
    ),
    "sd2": dict(unet=(SD2, LDM2), vae=vae_config(), text={ONE: (CLIP_H, "cond_stage_model.model.", 24)}),
    "sdxl": dict(
        unet=(SDXL, LDM_XL),
        vae=XL_VAE,
        text={
            ONE: (CLIP_L, "conditioner.embedders.0.transformer.", 12),
            TWO: (CLIP_G, "conditioner.embedders.1.model.", 32),
        },
    ),
    "sdxl_refiner": dict(
        unet=(REFINER, LDM_REFINER), vae=XL_VAE, text={TWO: (CLIP_G, "conditioner.embedders.0.model.", 32)}
    ),
}


def shapes(build):
    with torch.device("meta"):
        return {name: list(value.shape) for name, value in build().state_dict().items() if "position_ids" not in name}


def pairs(found, tokens, expected, what):
    """[(diffusers name, original name, third or None, original shape)] from what a converter made of numbered tensors."""
    assert set(found) == set(expected), (what, sorted(set(found) ^ set(expected))[:8])
    rows = []
    for name in sorted(expected):
        number = float(found[name].flatten()[0])
        original, third, shape = tokens[int(number)], round(number % 1 * 4), expected[name]
        fused = "in_proj" in original
        if fused:
            shape = [3 * shape[0], *shape[1:]]
        if original.endswith("text_projection"):
            shape = shape[::-1]
        if ".attn_1." in original and original.endswith("weight") and ".norm." not in original:
            shape = [*shape, 1, 1]
        rows.append([name, original, third if fused else None, shape])
    return rows


def numbered(keys, hidden=None):
    """A tensor for each key that says which it is; fused projections say in quarters which third."""
    assert len(set(keys)) == len(keys)
    tensors = {}
    for index, key in enumerate(keys):
        if "in_proj" in key:
            thirds = torch.tensor([index, index + 0.25, index + 0.5]).repeat_interleave(hidden)
            tensors[key] = thirds[:, None] if key.endswith("weight") else thirds
        elif key.endswith("text_projection"):
            tensors[key] = torch.full((hidden, 1), float(index))
        else:
            tensors[key] = torch.tensor([float(index)])
    return tensors


def family(parts):
    made = {}
    config, keys = parts["unet"]
    expected = shapes(lambda: diffusers.UNet2DConditionModel(**config))
    found = reference.convert_ldm_unet_checkpoint(numbered(keys), config)
    made["unet"] = dict(config=config, rows=pairs(found, keys, expected, "unet"))

    config, keys = parts["vae"], vae()
    expected = shapes(lambda: diffusers.AutoencoderKL(**config))
    found = reference.convert_ldm_vae_checkpoint(numbered(keys), config)
    made["vae"] = dict(config=config, rows=pairs(found, keys, expected, "vae"))

    for part, (config, prefix, layers) in parts["text"].items():
        cls = transformers.CLIPTextModel if part == ONE else transformers.CLIPTextModelWithProjection
        built = transformers.CLIPTextConfig(**config)
        expected = {
            # Transformers 5 leaves out the level that all published files have.
            name if name.startswith(("text_model.", "text_projection.")) else f"text_model.{name}": shape
            for name, shape in shapes(lambda: cls(built)).items()
        }
        if prefix.endswith("transformer."):
            keys = clip(prefix, layers)
            found = reference.convert_ldm_clip_checkpoint(numbered(keys))
        else:
            keys = open_clip(prefix, layers)

            class Holder:
                config = built

            found = reference.convert_open_clip_checkpoint(Holder, numbered(keys, config["hidden_size"]), prefix)
            found = {
                name if name.startswith(("text_model.", "text_projection.")) else f"text_model.{name}": value
                for name, value in found.items()
            }
        made[part] = dict(config=config, rows=pairs(found, keys, expected, part))
    return made


if __name__ == "__main__":
    text = json.dumps({name: family(parts) for name, parts in FAMILIES.items()}, separators=(",", ":"))
    with open(HERE / "keys.json.gz", "wb") as target, gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed:
        packed.write(text.encode())
    print(len(text), "bytes,", (HERE / "keys.json.gz").stat().st_size, "packed")
