"""Makes the reference data of the golden tests of text encoders: tiny random CLIP and SigLIP with tokenizers of their own, and
what transformers makes of some texts with them.

Needs torch, transformers, tokenizers, pillow and safetensors. It rewrites `texts` beside it:

    python make_texts.py
"""

import json
import pathlib
import shutil

import torch
import transformers
from make_encoders import TOWER, livelier
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

TEXTS = pathlib.Path(__file__).parent / "texts"
TOWER_OF_WORDS = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4)
CORPUS = [
    "a picture of a fox with a crown",
    "an owl wearing a top hat in front of a teal background",
    "a drawing of a cat with round glasses, looking left",
    "a portrait of a robot without any headwear",
]
SAID = [
    "a picture of a fox with a crown",
    "owl",
    "A drawing of Señor Fuchs, 3 top hats & a naïve scarf!",
    "",
    "a portrait of a robot without any headwear in front of a teal background with a crown and another crown and another",
]


def clip_tokenizer() -> Tokenizer:
    """As CLIP's: byte pairs of lower-cased words, a begin and an end."""
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=620,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    # Every byte can end a word, whether the corpus has it there or not; begin and end have the largest numbers.
    learnt = json.loads(tokenizer.to_str())["model"]
    letters = pre_tokenizers.ByteLevel.alphabet()
    words = sorted(set(letters) | {f"{letter}</w>" for letter in letters} | set(learnt["vocab"]))
    numbers = {word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    merges = [tuple(pair) for pair in learnt["merges"]]
    tokenizer.model = models.BPE(
        numbers, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""
    )
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    begin, end = (tokenizer.token_to_id(mark) for mark in ("<|startoftext|>", "<|endoftext|>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>",
        special_tokens=[("<|startoftext|>", begin), ("<|endoftext|>", end)],
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def siglip_tokenizer() -> Tokenizer:
    """As SigLIP's: pieces of lower-cased words without punctuation, and an end that also fills up."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    return tokenizer


def write(name: str, model, processor, tokenizer: Tokenizer, pad: bool, half: bool = False) -> None:
    folder = TEXTS / name
    (model.half() if half else model).save_pretrained(folder)
    processor.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    # What is read back is what counts, where the file is of less precision.
    model = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    longest = model.config.text_config.max_position_embeddings
    tokenizer.enable_truncation(longest)
    answer = {}
    for index, text in enumerate(SAID):
        ids = tokenizer.encode(text.lower() if pad else text).ids
        if pad:
            ids += [tokenizer.token_to_id("</s>")] * (longest - len(ids))
        with torch.no_grad():
            found = model.get_text_features(input_ids=torch.tensor([ids]))
        found = getattr(found, "pooler_output", found)
        answer[f"embedding.{index}"] = torch.nn.functional.normalize(found, dim=-1)[0].contiguous()
    answer["scale"] = model.logit_scale.detach().exp().reshape(1)
    save_file(answer, folder / "expected.safetensors")


def clip(tokenizer: Tokenizer, seed: int, **text) -> transformers.CLIPModel:
    config = transformers.CLIPConfig(
        vision_config=dict(TOWER, image_size=32, patch_size=8, projection_dim=20),
        text_config=dict(TOWER_OF_WORDS, vocab_size=tokenizer.get_vocab_size(), projection_dim=20, **text),
        projection_dim=20,
    )
    torch.manual_seed(seed)
    return livelier(transformers.CLIPModel(config), seed)


def main() -> None:
    shutil.rmtree(TEXTS, ignore_errors=True)
    TEXTS.mkdir()
    words = clip_tokenizer()
    begin, end = (words.token_to_id(mark) for mark in ("<|startoftext|>", "<|endoftext|>"))
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    marks = dict(bos_token_id=begin, eos_token_id=end, pad_token_id=end, max_position_embeddings=40)
    write("clip", clip(words, 21, **marks), processor, words, pad=False)
    # As configurations of the first years: an end token that no text has, and a plain GELU as in the H models.
    old = dict(marks, bos_token_id=0, eos_token_id=2, pad_token_id=1, hidden_act="gelu", max_position_embeddings=16)
    words.no_truncation()
    write("clip_old", clip(words, 22, **old), processor, words, pad=False, half=True)

    words = siglip_tokenizer()
    config = transformers.SiglipConfig(
        vision_config=dict(TOWER, image_size=32, patch_size=8),
        text_config=dict(
            TOWER_OF_WORDS,
            vocab_size=words.get_vocab_size(),
            projection_size=32,
            max_position_embeddings=24,
            pad_token_id=words.token_to_id("</s>"),
        ),
    )
    torch.manual_seed(23)
    model = livelier(transformers.SiglipModel(config), 23)
    write("siglip", model, SiglipImageProcessorPil(size={"height": 32, "width": 32}), words, pad=True)
    (TEXTS / "said.json").write_text(json.dumps(SAID, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
