"""Trains the tiny captioner of the tests, BLIP as transformers builds it, on drawings of the house, so that a test can ask whether
what it says of drawings that it never saw is right. It knows the words of five layers; in nine minutes on one thread of a busy
machine it learnt to see backgrounds and nothing else, so that a test can also ask whether it knows what it does not know.

Needs torch, transformers, tokenizers, pillow and safetensors, and drawings to learn from (seed 1; tests draw with others):

    salon layers render --art assets/house --out DRAWINGS --count 5000 --seed 1 --size 128
    python train_captioner.py DRAWINGS [MINUTES]

It rewrites `captions/house` beside it, in half precision.
"""

import json
import pathlib
import random
import sys
import time

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import BlipConfig, BlipForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

OUT = pathlib.Path(__file__).parent / "captions" / "house"
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LAYERS = ["Background", "Fur", "Species", "Headwear", "Accent"]
SIDE = 48
BLANK = 4
LONGEST = 24


def plain(words: str) -> str:
    return " ".join(words.replace("_", " ").replace("-", " ").split()).lower()


def said(traits: dict[str, str], luck: random.Random) -> str:
    """One thing that can be said of a drawing: of one trait or of two, as people write captions."""
    of = luck.choice(LAYERS)
    value, kind = plain(traits[of]), of.lower()
    if traits[of] == "None":
        return luck.choice([f"no {kind}", f"a picture without {kind}", f"a character without any {kind}"])
    if luck.random() < 0.2:
        other = luck.choice([layer for layer in LAYERS if layer != of and traits[layer] != "None"])
        return f"a picture with {value} {kind} and {plain(traits[other])} {other.lower()}"
    return luck.choice(
        [
            f"{value} {kind}",
            f"a picture with {value} {kind}",
            f"a character with {value} {kind}",
            f"a drawing of a character with {value} {kind}",
            f"the {kind} is {value}",
        ]
    )


def read(folder: pathlib.Path) -> tuple[torch.Tensor, list[dict[str, str]]]:
    """Drawings and their traits, as `salon layers render` writes them."""
    traits, pixels = [], []
    for line in (folder / "metadata.jsonl").read_text().splitlines():
        entry = json.loads(line)
        picture = Image.open(folder / entry["file_name"]).convert("RGB")
        pixels.append(np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)))
        traits.append({one["trait_type"]: one["value"] for one in entry["traits"]})
    return torch.from_numpy(np.stack(pixels)), traits


def tokenizer(traits: list[dict[str, str]]) -> Tokenizer:
    """Whole words: those that captions here are made of, and single letters for all others."""
    words = set("a picture with without and the is of character drawing any no none".split())
    for one in traits:
        for layer in LAYERS:
            words.update(plain(layer).split() + plain(one.get(layer, "None")).split())
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    pieces = [*letters, *(f"##{letter}" for letter in letters), *sorted(words - set(letters))]
    numbers = {piece: number for number, piece in enumerate([*MARKS, *pieces])}
    made = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(MARKS)
    return made


def main() -> None:
    folder, minutes = pathlib.Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 9.0
    torch.manual_seed(1)
    luck = random.Random(1)
    pictures, traits = read(folder)
    for one in traits:
        for layer in LAYERS:
            one.setdefault(layer, "None")
    words = tokenizer(traits)
    begin, end, pad = words.get_vocab_size(), words.token_to_id("[SEP]"), words.token_to_id("[PAD]")
    config = BlipConfig(
        vision_config=dict(
            hidden_size=72,
            intermediate_size=144,
            num_hidden_layers=3,
            num_attention_heads=4,
            image_size=SIDE,
            patch_size=8,
            initializer_range=0.02,
        ),
        text_config=dict(
            hidden_size=72,
            intermediate_size=144,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=LONGEST,
            vocab_size=begin + 1,
            bos_token_id=begin,
            sep_token_id=end,
            eos_token_id=end,
            pad_token_id=pad,
        ),
    )
    model = BlipForConditionalGeneration(config).train()
    processor = BlipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    mean, spread = torch.tensor(processor.image_mean), torch.tensor(processor.image_std)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    batch, began, step, losses = 64, time.monotonic(), 0, []
    while (spent := (time.monotonic() - began) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, step / 100) * (1 - spent) + 1e-5
        chosen = [luck.randrange(len(traits)) for _ in range(batch)]
        pixels = ((pictures[chosen].float() / 255 - mean) / spread).permute(0, 3, 1, 2)
        # Of pictures of nothing it learns what can be said at all, as a large model knows that.
        pixels[0] = 0
        pixels[1:BLANK] = torch.randn(pixels[1:BLANK].shape)
        # Three things are said of each: what is seen is seen once.
        seen = model.vision_model(pixel_values=pixels).last_hidden_state.repeat(3, 1, 1)
        texts = [[begin, *words.encode(said(traits[at], luck), add_special_tokens=False).ids, end] for at in chosen * 3]
        length = max(map(len, texts))
        ids = torch.tensor([text + [pad] * (length - len(text)) for text in texts])
        labels = torch.tensor([text + [-100] * (length - len(text)) for text in texts])
        loss = model.text_decoder(input_ids=ids, encoder_hidden_states=seen, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % 200 == 0:
            print(f"step {step}, loss {sum(losses[-200:]) / 200:.4f}", flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    model.eval().half().save_pretrained(OUT)
    processor.save_pretrained(OUT)
    words.save(str(OUT / "tokenizer.json"), pretty=False)
    # Written again with its tensors in the order of their names, so that the same training gives the same bytes.
    weights = OUT / "model.safetensors"
    save_file(dict(sorted(load_file(weights).items())), weights, {"format": "pt"})


if __name__ == "__main__":
    main()
