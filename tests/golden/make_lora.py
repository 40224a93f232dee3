"""Makes the LoRA fixtures in `lora/`: a small file of every format, and the weights that a model has with it.

Needs torch, diffusers, transformers and peft. Run it in this folder, after `make_families.py`:

    python make_lora.py

The formats that diffusers reads are merged by diffusers (`load_lora_weights`, `fuse_lora`); the decompositions of
LyCORIS are computed from their published formulas, in numpy and f64. The files belong to the models in `sd1` and
`sdxl`; `*.expected.safetensors` holds the changed weights as `part/name`, merged at the weight in its metadata.
"""

import json
import pathlib

import diffusers
import numpy
import peft
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
OUT = HERE / "lora"
WEIGHT = 0.7


def parts(family):
    """The networks of a golden model that LoRAs change."""
    folder = HERE / family
    found = {"unet": diffusers.UNet2DConditionModel.from_pretrained(folder / "unet").float()}
    found["text_encoder"] = transformers.CLIPTextModel.from_pretrained(folder / "text_encoder").float()
    if (folder / "text_encoder_2").exists():
        cls = transformers.CLIPTextModelWithProjection
        found["text_encoder_2"] = cls.from_pretrained(folder / "text_encoder_2").float()
    return found


def pipeline(family):
    networks = parts(family)
    scheduler = diffusers.DDIMScheduler()
    if "text_encoder_2" in networks:
        return diffusers.StableDiffusionXLPipeline(
            vae=None, tokenizer=None, tokenizer_2=None, scheduler=scheduler, **networks
        )
    return diffusers.StableDiffusionPipeline(
        vae=None,
        tokenizer=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        scheduler=scheduler,
        **networks,
    )


def states(networks):
    return {
        f"{part}/{name.replace('.base_layer', '')}": value.clone()
        for part, network in networks.items()
        for name, value in network.state_dict().items()
        if "lora_" not in name
    }


def save_expected(name, before, after, weight=WEIGHT, family="sd1"):
    assert before.keys() == after.keys(), sorted(before.keys() ^ after.keys())[:5]
    changed = {key: value.contiguous() for key, value in after.items() if not torch.equal(value, before[key])}
    assert changed, name
    save_file(changed, OUT / f"{name}.expected.safetensors", metadata={"weight": str(weight), "family": family})
    print(f"{name}: {len(changed)} weights changed")


def merged_by_diffusers(name, family="sd1"):
    pipe = pipeline(family)
    networks = {part: getattr(pipe, part) for part in parts(family)}
    before = states(networks)
    pipe.load_lora_weights(str(OUT), weight_name=f"{name}.safetensors")
    pipe.fuse_lora(lora_scale=WEIGHT, components=list(networks))
    save_expected(name, before, states(networks), family=family)


def modules(network, wanted):
    """(path, shape) of the layers whose path ends with one of these."""
    return [
        (path, tuple(layer.weight.shape))
        for path, layer in network.named_modules()
        if hasattr(layer, "weight") and path.endswith(tuple(wanted))
    ]


def low_rank(shape, rank):
    """down and up for a linear layer or a convolution."""
    down = 0.3 * torch.randn(rank, *shape[1:])
    up = 0.3 * torch.randn(shape[0], rank, *[1] * (len(shape) - 2))
    return down, up


ATTENTION = ["attn1.to_q", "attn1.to_v", "attn2.to_k", "attn2.to_out.0"]
UNET = ATTENTION + ["ff.net.0.proj", "ff.net.2", "proj_in", "resnets.0.conv1", "resnets.1.time_emb_proj"]
TEXT = ["q_proj", "out_proj", "mlp.fc1"]


def kohya(name, family, spell, wanted=UNET):
    """`spell(part, path)` gives the beginning of a key. All modules share one alpha: diffusers 0.42 takes the commonest
    for all attention layers. `lycoris` below has an alpha for each."""
    tensors = {}
    for part, network in parts(family).items():
        for index, (path, shape) in enumerate(modules(network, wanted if part == "unet" else TEXT)[::2]):
            rank = 2 + index % 3
            key = spell(part, path)
            tensors[f"{key}.lora_down.weight"], tensors[f"{key}.lora_up.weight"] = low_rank(shape, rank)
            tensors[f"{key}.alpha"] = torch.tensor(1.5)
    save_file({key: value.contiguous() for key, value in tensors.items()}, OUT / f"{name}.safetensors", METADATA)


METADATA = {
    "ss_base_model_version": "sd_v1",
    "ss_tag_frequency": json.dumps({"10_portraits": {"portrait": 12, "red hat": 30}, "5_more": {"red hat": 1, "owl": 13}}),
}
TE_PREFIX = {"text_encoder": "lora_te", "text_encoder_2": "lora_te2"}


def text_path(path):
    return path if path.startswith("text_model.") else f"text_model.{path}"


def kohya_key(part, path):
    if part == "unet":
        return f"lora_unet_{path.replace('.', '_')}"
    return f"{TE_PREFIX[part]}_{text_path(path).replace('.', '_')}"


def original_xl_key(part, path):
    """kohya's keys for SDXL: the text encoders numbered, the U-Net by the blocks of the original layout."""
    if part != "unet":
        prefix = {"text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[part]
        return f"{prefix}_{text_path(path).replace('.', '_')}"
    config = json.loads((HERE / "sdxl/unet/config.json").read_text())
    layers = config["layers_per_block"]
    layers = layers if isinstance(layers, int) else layers[0]
    names = path.split(".")
    inner = {"conv1": "in_layers.2", "time_emb_proj": "emb_layers.1"}
    if names[0] == "mid_block":
        block = f"middle_block.{1 if names[1] == 'attentions' else 2 * int(names[2])}"
        rest = names[3:]
    else:
        level, kind, layer, rest = int(names[1]), names[2], int(names[3]), names[4:]
        place = 0 if kind == "resnets" else 1
        if names[0] == "down_blocks":
            block = f"input_blocks.{1 + level * (layers + 1) + layer}.{place}"
        else:
            block = f"output_blocks.{level * (layers + 1) + layer}.{place}"
    rest = ".".join(rest)
    return f"lora_unet_{block}.{inner.get(rest, rest)}".replace(".", "_")


def old_diffusers(name):
    """`.lora.down`, `.lora_linear_layer.down` in the text encoder, and no alpha."""
    tensors = {}
    for part, network in parts("sd1").items():
        middle = "lora" if part == "unet" else "lora_linear_layer"
        wanted = ATTENTION if part == "unet" else ["q_proj", "out_proj"]
        for path, shape in modules(network, wanted):
            path = path if part == "unet" else text_path(path)
            down, up = low_rank(shape, 3)
            tensors[f"{part}.{path}.{middle}.down.weight"] = down
            tensors[f"{part}.{path}.{middle}.up.weight"] = up
    save_file({key: value.contiguous() for key, value in tensors.items()}, OUT / f"{name}.safetensors")


def processors(name):
    """Diffusers before 0.22: keys of attention processors, U-Net only."""
    tensors = {}
    for path, shape in modules(parts("sd1")["unet"], ATTENTION):
        attention, projection = path.rsplit(".to_", 1)
        down, up = low_rank(shape, 2)
        key = f"unet.{attention}.processor.to_{projection.removesuffix('.0')}_lora"
        tensors[f"{key}.down.weight"], tensors[f"{key}.up.weight"] = down, up
    save_file({key: value.contiguous() for key, value in tensors.items()}, OUT / f"{name}.safetensors")


def saved_by_peft(name, family="sd1"):
    """What diffusers writes today: `lora_A`, `lora_B`, and alpha in the metadata."""
    pipe = pipeline(family)
    layers, metadata = {}, {}
    for part, wanted in (("unet", ["to_q", "to_out.0", "ff.net.2"]), ("text_encoder", ["q_proj", "mlp.fc1"])):
        config = peft.LoraConfig(
            r=4,
            lora_alpha=6,
            target_modules=wanted,
            init_lora_weights=False,
            alpha_pattern={"ff.net.2": 2} if part == "unet" else {},
        )
        network = getattr(pipe, part)
        network.add_adapter(config)
        adapter = network.peft_config["default"]
        layers[part] = peft.utils.get_peft_model_state_dict(network)
        metadata[part] = adapter.to_dict()
    diffusers.StableDiffusionPipeline.save_lora_weights(
        OUT,
        unet_lora_layers=layers["unet"],
        text_encoder_lora_layers=layers["text_encoder"],
        weight_name=f"{name}.safetensors",
        unet_lora_adapter_metadata=metadata["unet"],
        text_encoder_lora_adapter_metadata=metadata["text_encoder"],
    )


def tucker(core, rows, columns):
    """Σ core[r,s,k,l] rows[o,r] columns[i,s]."""
    return numpy.einsum("rskl,or,is->oikl", core, rows, columns)


def lycoris(name):
    """LoHa, LoKr, Tucker convolutions and whole differences in one file of kohya's keys, merged by the formulas."""
    networks = parts("sd1")
    before = states(networks)
    after = {key: value.clone() for key, value in before.items()}
    tensors = {}
    random = numpy.random.default_rng(3)

    def put(key, value):
        value = (0.4 * random.standard_normal(value) if isinstance(value, tuple) else value).astype(numpy.float32)
        tensors[key] = torch.from_numpy(value)
        return value.astype(numpy.float64)

    def add(path, change, scale, what="weight"):
        key = f"unet/{path}.{what}"
        value = after[key]
        change = torch.from_numpy(numpy.asarray(change) * scale * WEIGHT).reshape(value.shape)
        after[key] = (value.double() + change).float()

    every = modules(networks["unet"], [""])
    linear = [(path, shape) for path, shape in every if len(shape) == 2]
    conv = [(path, shape) for path, shape in every if len(shape) == 4 and shape[2] == 3]
    norm = [(path, shape) for path, shape in every if len(shape) == 1]
    rank, alpha = 3, 1.25

    # LoRA with an alpha of its own.
    path, (o, i) = linear[3]
    key = kohya_key("unet", path)
    up, down = put(f"{key}.lora_up.weight", (o, rank)), put(f"{key}.lora_down.weight", (rank, i))
    put(f"{key}.alpha", numpy.array(2.5))
    add(path, up @ down, 2.5 / rank)

    # LoRA of a 3x3 convolution with a Tucker core (LoCon).
    path, (o, i, k, l) = conv[1]
    key = kohya_key("unet", path)
    up, down = put(f"{key}.lora_up.weight", (o, rank, 1, 1)), put(f"{key}.lora_down.weight", (rank, i, 1, 1))
    mid = put(f"{key}.lora_mid.weight", (rank, rank, k, l))
    put(f"{key}.alpha", numpy.array(alpha))
    add(path, tucker(mid, up[:, :, 0, 0], down[:, :, 0, 0].T), alpha / rank)

    # LoHa of a linear layer and of a convolution, plain and with cores.
    for path, shape in (linear[5], conv[2]):
        key, columns = kohya_key("unet", path), int(numpy.prod(shape[1:]))
        factors = [put(f"{key}.hada_w{n}_{ab}", (shape[0], rank) if ab == "a" else (rank, columns)) for n in "12" for ab in "ab"]
        put(f"{key}.alpha", numpy.array(alpha))
        add(path, (factors[0] @ factors[1]) * (factors[2] @ factors[3]), alpha / rank)
    path, (o, i, k, l) = conv[3]
    key = kohya_key("unet", path)
    products = []
    for n in "12":
        core = put(f"{key}.hada_t{n}", (rank, rank, k, l))
        a, b = put(f"{key}.hada_w{n}_a", (rank, o)), put(f"{key}.hada_w{n}_b", (rank, i))
        products.append(tucker(core, a.T, b.T))
    add(path, products[0] * products[1], 1.0)

    # LoKr: whole factors, a decomposed inner one, both decomposed, and convolutions with and without a core.
    path, (o, i) = linear[7]
    key = kohya_key("unet", path)
    add(path, numpy.kron(put(f"{key}.lokr_w1", (2, 2)), put(f"{key}.lokr_w2", (o // 2, i // 2))), 1.0)
    put(f"{key}.alpha", numpy.array(1e8))
    path, (o, i) = linear[9]
    key = kohya_key("unet", path)
    first = put(f"{key}.lokr_w1", (4, 2))
    second = put(f"{key}.lokr_w2_a", (o // 4, rank)) @ put(f"{key}.lokr_w2_b", (rank, i // 2))
    put(f"{key}.alpha", numpy.array(alpha))
    add(path, numpy.kron(first, second), alpha / rank)
    path, (o, i) = linear[11]
    key = kohya_key("unet", path)
    first = put(f"{key}.lokr_w1_a", (2, rank)) @ put(f"{key}.lokr_w1_b", (rank, 4))
    second = put(f"{key}.lokr_w2_a", (o // 2, rank)) @ put(f"{key}.lokr_w2_b", (rank, i // 4))
    put(f"{key}.alpha", numpy.array(alpha))
    add(path, numpy.kron(first, second), alpha / rank)
    path, (o, i, k, l) = conv[4]
    key = kohya_key("unet", path)
    first, second = put(f"{key}.lokr_w1", (2, 2)), put(f"{key}.lokr_w2", (o // 2, i // 2, k, l))
    add(path, numpy.kron(first[:, :, None, None], second), 1.0)
    path, (o, i, k, l) = conv[5]
    key = kohya_key("unet", path)
    first, core = put(f"{key}.lokr_w1", (2, 2)), put(f"{key}.lokr_t2", (rank, rank, k, l))
    a, b = put(f"{key}.lokr_w2_a", (rank, o // 2)), put(f"{key}.lokr_w2_b", (rank, i // 2))
    put(f"{key}.alpha", numpy.array(alpha))
    add(path, numpy.kron(first[:, :, None, None], tucker(core, a.T, b.T)), alpha / rank)

    # Whole differences, of a weight, its bias and a norm.
    path, shape = conv[6]
    key = kohya_key("unet", path)
    add(path, put(f"{key}.diff", shape), 1.0)
    add(path, put(f"{key}.diff_b", shape[:1]), 1.0, "bias")
    path, shape = norm[2]
    key = kohya_key("unet", path)
    add(path, put(f"{key}.w_norm", shape), 1.0)
    add(path, put(f"{key}.b_norm", shape), 1.0, "bias")

    save_file(tensors, OUT / f"{name}.safetensors")
    save_expected(name, before, after)


if __name__ == "__main__":
    torch.manual_seed(5)
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    kohya("kohya", "sd1", kohya_key)
    old_diffusers("diffusers")
    processors("processors")
    saved_by_peft("peft")
    kohya("kohya_xl", "sdxl", original_xl_key)
    for each in ("kohya", "diffusers", "processors", "peft"):
        merged_by_diffusers(each)
    merged_by_diffusers("kohya_xl", "sdxl")
    lycoris("lycoris")
