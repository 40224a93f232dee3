"""Makes the reference data of the golden tests of prompts: what transformers and diffusers make of some prompts with the
text encoders of the tiny models beside it, and CLIP's own numbers for them.

Needs torch, diffusers and transformers, the folders `sd2`, `lcm`, `sdxl` and `refiner` (make_families.py), and CLIP's
vocabulary as OpenAI and OpenCLIP publish it (`bpe_simple_vocab_16e6.txt.gz`, in the wheel open-clip-torch). It rewrites
`text` beside it:

    python make_text.py bpe_simple_vocab_16e6.txt.gz
"""

import gzip
import json
import pathlib
import shutil
import sys
import tempfile

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from make_tokens import PROMPTS, byte_letters

HERE = pathlib.Path(__file__).parent
OUT = HERE / "text"
FOLDERS = ("lcm", "sd2", "sdxl", "refiner")
PROMPT, NEGATIVE = "a fox with orange fur, star eyes", "crown 64"
LONG = "a fox with orange fur and star eyes " * 9
# transformers 5 has no `text_model` inside of the text model any more, which diffusers' clip skip still asks for.
if not hasattr(transformers.CLIPTextModel, "text_model"):
    transformers.CLIPTextModel.text_model = property(lambda model: model)
# The words of three textual inversions, one in each form of file.
PLAIN, TOKEN, PAIR = "orange-two", "cat-toy", "duo"


def pipeline(name: str):
    """Without the parts that prompts do not need."""
    folder = HERE / name
    parts = json.loads((folder / "model_index.json").read_text())
    found = {}
    for stage in ("", "_2"):
        if parts.get("text_encoder" + stage, [None])[0]:
            projected = parts["text_encoder" + stage][1].endswith("Projection")
            kind = transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel
            encoder = kind.from_pretrained(folder / ("text_encoder" + stage), dtype=torch.float32).eval()
            found["text_encoder" + stage] = encoder
            found["tokenizer" + stage] = transformers.CLIPTokenizer.from_pretrained(folder / ("tokenizer" + stage))
    rest = dict(vae=None, unet=None, scheduler=None)
    if "XL" in parts["_class_name"]:
        found = dict(text_encoder=None, tokenizer=None) | found
        kind = diffusers.StableDiffusionXLPipeline
        return kind(**found, **rest, force_zeros_for_empty_prompt=parts["force_zeros_for_empty_prompt"])
    extras = dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return diffusers.StableDiffusionPipeline(**found, **rest, **extras)


def encode(pipe, prompt: str, negative: str | None, skip: int | None) -> dict:
    """What `encode_prompt` gives, with both sides of guidance."""
    settings = dict(device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True, clip_skip=skip)
    if isinstance(pipe, diffusers.StableDiffusionXLPipeline):
        told = pipe.encode_prompt(prompt, negative_prompt=negative, **settings)
        return dict(zip(("context", "negative", "pooled", "negative_pooled"), told, strict=True))
    told = pipe.encode_prompt(prompt, negative_prompt=negative, **settings)
    return dict(zip(("context", "negative"), told, strict=True))


def weighed(states: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """A1111's emphasis: times the weights, and then with the mean that it had."""
    heavier = states * weights[None, :, None]
    return heavier * (states.mean() / heavier.mean())


def rows(tokenizer, pieces: list[tuple[str, float]]) -> list[tuple[list[int], torch.Tensor]]:
    """Chunks of token numbers with their weights."""
    size = tokenizer.model_max_length - 2
    tokens = [
        (number, weight)
        for text, weight in pieces
        for number in tokenizer(text, add_special_tokens=False).input_ids
    ]
    chunks = [tokens[at : at + size] for at in range(0, len(tokens), size)]
    found = []
    for chunk in chunks:
        padding = size - len(chunk)
        numbers = [tokenizer.bos_token_id, *(number for number, _ in chunk), tokenizer.eos_token_id]
        weights = [1.0, *(weight for _, weight in chunk), 1.0]
        found.append((numbers + [tokenizer.pad_token_id] * padding, torch.tensor(weights + [1.0] * padding)))
    return found


def chunked(pipe, pieces: list[tuple[str, float]]) -> torch.Tensor:
    """Chunks encoded one by one, weighed, behind each other; text encoders side by side."""
    xl = isinstance(pipe, diffusers.StableDiffusionXLPipeline)
    stages = [(pipe.tokenizer, pipe.text_encoder)]
    if xl:
        stages.append((pipe.tokenizer_2, pipe.text_encoder_2))
    sides = []
    for tokenizer, encoder in stages:
        if encoder is None:
            continue
        parts = []
        for numbers, weights in rows(tokenizer, pieces):
            states = encoder(torch.tensor([numbers]), output_hidden_states=True)
            states = states.hidden_states[-2] if xl else states.last_hidden_state
            parts.append(weighed(states, weights) if (weights != 1).any() else states)
        sides.append(torch.cat(parts, 1))
    return torch.cat(sides, 2)


def depths(pipe) -> dict:
    """Every hidden state and the pooled vectors of the last text encoder."""
    last = "_2" if isinstance(pipe, diffusers.StableDiffusionXLPipeline) else ""
    tokenizer, encoder = (getattr(pipe, part + last) for part in ("tokenizer", "text_encoder"))
    texts = [PROMPT, "", NEGATIVE]
    ids = tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    told = encoder(ids, output_hidden_states=True)
    found = {f"hidden_{index}": state for index, state in enumerate(told.hidden_states)}
    found["ids"] = ids.to(torch.int64)
    if hasattr(told, "last_hidden_state"):
        found["last"] = told.last_hidden_state
    found["pooled_rows"] = told.text_embeds if hasattr(told, "text_embeds") else told.pooler_output
    return found


def inversions() -> dict[str, dict[str, torch.Tensor]]:
    """Files of textual inversions by their names; widths as those of `lcm` and `sd2`, and of both encoders of `sdxl`."""
    return {
        PLAIN: {"emb_params": torch.randn(3, 12)},
        TOKEN: {f"<{TOKEN}>": torch.randn(16)},
        PAIR: {"clip_l": torch.randn(2, 12), "clip_g": torch.randn(2, 20)},
    }


def learnt(name: str, files: dict) -> torch.Tensor:
    """A prompt with the textual inversion that fits the model, read by diffusers."""
    pipe = pipeline(name)
    word = {"lcm": PLAIN, "sd2": TOKEN}.get(name, PAIR)
    if name == "sdxl":
        for key, stage in (("clip_l", ""), ("clip_g", "_2")):
            encoder, tokenizer = getattr(pipe, "text_encoder" + stage), getattr(pipe, "tokenizer" + stage)
            pipe.load_textual_inversion(files[word][key], token=word, text_encoder=encoder, tokenizer=tokenizer)
    else:
        vectors = list(files[word].values())[0]
        pipe.load_textual_inversion(vectors, token=word)
    return encode(pipe, f"a fox with {word} fur", "", None)["context"]


@torch.no_grad()
def make() -> None:
    torch.manual_seed(11)
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "embeddings").mkdir(parents=True)
    files = inversions()
    for name, tensors in files.items():
        save_file(tensors, OUT / "embeddings" / f"{name}.safetensors")
    for name in FOLDERS:
        pipe = pipeline(name)
        found = depths(pipe)
        for skip in (None, 1):
            suffix = "" if skip is None else f"_skip_{skip}"
            told = encode(pipe, PROMPT, NEGATIVE, skip)
            found |= {key + suffix: value for key, value in told.items()}
        told = encode(pipe, "", None, None)
        found |= {f"nothing_{key}": value for key, value in told.items()}
        found["long"] = chunked(pipe, [(LONG, 1.0)])
        found["weighed"] = chunked(pipe, [("a ", 1.0), ("fox", 1.4), (" with ", 1.0), ("fur", 1 / 1.1), (LONG, 1.0)])
        if name != "refiner":
            found["learnt"] = learnt(name, files)
        found = {key: value.contiguous().clone() for key, value in found.items()}
        save_file(found, OUT / f"{name}.safetensors")


def clip_numbers(vocabulary: pathlib.Path) -> None:
    """The numbers of CLIP's own tokenizer, made as transformers' files of it are."""
    lines = gzip.decompress(vocabulary.read_bytes()).decode().split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = byte_letters()
    # OpenAI numbers the visible bytes first.
    ordered = [letters[byte] for byte in visible]
    ordered += [letter for letter in letters if letter not in ordered]
    tokens = ordered + [letter + "</w>" for letter in ordered] + [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(tokens) == 49408, len(tokens)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
        tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
        prompts = [*PROMPTS, PROMPT, "a photograph of an astronaut riding a horse", "<start_of_text> !<end_of_text>"]
        cases = [
            {"prompt": prompt, "pieces": tokenizer(prompt, add_special_tokens=False).input_ids} for prompt in prompts
        ]
    (OUT / "clip_ids.json").write_text(json.dumps(cases, ensure_ascii=True, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    make()
    clip_numbers(pathlib.Path(sys.argv[1]))
