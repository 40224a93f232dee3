"""Makes the reference data of the golden tests of encoders and heads: tiny random networks as transformers writes them, and
what transformers and torch make of some pictures with them.

Needs torch, transformers, pillow and safetensors. It rewrites `encoders` and `heads` beside it:

    python make_encoders.py
"""

import json
import pathlib
import shutil

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

HERE = pathlib.Path(__file__).parent
ENCODERS, HEADS = HERE / "encoders", HERE / "heads"
TOWER = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4)
TEXT = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=32)


def pictures() -> list[Image.Image]:
    """Soft random pictures of several sizes and shapes."""
    random = np.random.default_rng(7)
    made = []
    for width, height in [(32, 32), (61, 40), (35, 90)]:
        coarse = random.integers(0, 256, (5, 5, 3), dtype=np.uint8)
        soft = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
        grain = random.integers(-12, 13, soft.shape)
        made.append(Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8)))
    return made


def livelier(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Weights, norms and biases far from their starting values, so that nothing cancels."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            spread = 0.3 if parameter.dim() < 2 else 1.0 / parameter[0].numel() ** 0.5
            parameter.add_(torch.randn(parameter.shape, generator=generator) * spread)
    return model.eval()


def write(name: str, model, processor, embed, **saving) -> None:
    folder = ENCODERS / name
    model.save_pretrained(folder, **saving)
    processor.save_pretrained(folder)
    # What is read back is what counts, where the file is of less precision.
    model = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    answer = {}
    for index, picture in enumerate(pictures()):
        pixels = processor(picture, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            embedding = embed(model, pixels)
        answer[f"pixels.{index}"] = pixels[0].contiguous()
        answer[f"embedding.{index}"] = torch.nn.functional.normalize(embedding, dim=-1)[0].contiguous()
    save_file(answer, folder / "expected.safetensors")


def features(method):
    def embed(model, pixels):
        found = getattr(model, method)(pixel_values=pixels) if method else model(pixel_values=pixels)
        for name in ("image_embeds", "pooler_output"):
            if getattr(found, name, None) is not None:
                return getattr(found, name)
        return found

    return embed


def encoders() -> None:
    shutil.rmtree(ENCODERS, ignore_errors=True)
    ENCODERS.mkdir()
    for index, picture in enumerate(pictures()):
        picture.save(ENCODERS / f"{index}.png")

    clip = transformers.CLIPConfig(
        vision_config=dict(TOWER, image_size=32, patch_size=8, projection_dim=20),
        text_config=dict(TEXT, projection_dim=20),
        projection_dim=20,
    )
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    write("clip", livelier(transformers.CLIPModel(clip), 1), processor, features("get_image_features"))

    # As the H models: a plain GELU, and the vision tower alone.
    plain = transformers.CLIPVisionConfig(**TOWER, image_size=28, patch_size=14, projection_dim=24, hidden_act="gelu")
    processor = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    model = livelier(transformers.CLIPVisionModelWithProjection(plain), 2).half()
    write("clip_gelu", model, processor, features(""))

    siglip = transformers.SiglipConfig(
        vision_config=dict(TOWER, image_size=32, patch_size=8), text_config=dict(TEXT, projection_size=32)
    )
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    write("siglip", livelier(transformers.SiglipModel(siglip), 3), processor, features("get_image_features"))

    # The published DINOv2 learnt its positions at 518 pixels and is shown 224.
    processor = BitImageProcessorPil(
        size={"shortest_edge": 32},
        crop_size={"height": 28, "width": 28},
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    )
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, mlp_ratio=2, image_size=70, patch_size=14)
    dino = transformers.Dinov2Config(**sizes)
    write("dinov2", livelier(transformers.Dinov2Model(dino), 4), processor, features(""), max_shard_size="40KB")
    registers = transformers.Dinov2WithRegistersConfig(**sizes, num_register_tokens=3)
    model = livelier(transformers.Dinov2WithRegistersModel(registers), 5).bfloat16()
    write("dinov2_registers", model, processor, features(""))


def heads() -> None:
    shutil.rmtree(HEADS, ignore_errors=True)
    HEADS.mkdir()
    torch.manual_seed(11)
    embeddings = torch.nn.functional.normalize(torch.randn(4, 24), dim=-1)
    answer = {"embeddings": embeddings}

    linear = torch.nn.Linear(24, 1)
    save_file(dict(linear.state_dict()), HEADS / "linear.safetensors", {"license": "MIT"})

    # The form of LAION's second head and of those on SigLIP.
    class Chain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            sizes, parts = [24, 40, 16, 8, 4, 1], []
            for inputs, outputs in zip(sizes, sizes[1:]):
                parts.append(torch.nn.Linear(inputs, outputs))
                if outputs in (40, 16, 8):
                    parts.append(torch.nn.Dropout(0.2))
            self.layers = torch.nn.Sequential(*parts)

        def forward(self, x):
            return self.layers(x)

    chain = Chain().eval()
    save_file(dict(chain.state_dict()), HEADS / "chain.safetensors")
    (HEADS / "chain.json").write_text(json.dumps({"license": "Apache-2.0"}) + "\n")
    with torch.no_grad():
        answer["linear"] = linear(embeddings)[:, 0].contiguous()
        answer["chain"] = chain(embeddings)[:, 0].contiguous()
    save_file(answer, HEADS / "expected.safetensors")


if __name__ == "__main__":
    encoders()
    heads()
