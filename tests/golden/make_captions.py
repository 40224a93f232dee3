"""Makes the reference data of the golden tests of captioners: tiny random BLIP with tokenizers of their own, and what
transformers makes of some pictures and texts with them.

Needs torch, transformers, tokenizers, pillow and safetensors. It rewrites `captions/blip` and `captions/blip_old`:

    python make_captions.py
"""

import json
import pathlib
import shutil

import torch
from make_encoders import livelier, pictures
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import BlipConfig, BlipForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

CAPTIONS = pathlib.Path(__file__).parent / "captions"
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CORPUS = [
    "a picture of a fox with a crown",
    "an owl wearing a top hat in front of a teal background",
    "a drawing of a cat with round glasses, looking left",
    "a portrait of a robot without any headwear",
]
SAID = [
    "teal background",
    "a picture of a fox with a crown",
    "owl",
    "A drawing of a Fuchs, 3 top hats & a naïve scarf!",
    "a portrait of a robot without any headwear in front of a teal background",
]
LONGEST = 30


def tokenizer() -> Tokenizer:
    """As BERT's: pieces of lower-cased words."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    trainer = trainers.WordPieceTrainer(
        vocab_size=260, special_tokens=MARKS, initial_alphabet=letters, show_progress=False
    )
    made.train_from_iterator(CORPUS * 3, trainer)
    return made


def write(name: str, config: BlipConfig, words: Tokenizer, seed: int, half: bool, listed: bool) -> None:
    folder = CAPTIONS / name
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    model = livelier(BlipForConditionalGeneration(config), seed)
    (model.half() if half else model).save_pretrained(folder)
    side = config.vision_config.image_size
    processor = BlipImageProcessorPil(size={"height": side, "width": side})
    processor.save_pretrained(folder)
    if listed:
        vocabulary = sorted(words.get_vocab().items(), key=lambda entry: entry[1])
        (folder / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in vocabulary))
    else:
        words.save(str(folder / "tokenizer.json"), pretty=False)
    # What is read back is what counts, where the file is of less precision.
    model = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    begin = config.text_config.bos_token_id
    tensors, facts = {}, {"texts": SAID, "tokens": [], "likelihoods": [], "captions": []}
    facts["tokens"] = [words.encode(text, add_special_tokens=False).ids for text in SAID]
    for index, picture in enumerate(pictures()):
        pixels = processor(picture, return_tensors="pt")["pixel_values"]
        tensors[f"pixels.{index}"] = pixels[0].contiguous()
        with torch.no_grad():
            seen = model.vision_model(pixel_values=pixels).last_hidden_state
            sums = []
            for number, tokens in enumerate(facts["tokens"]):
                ids = torch.tensor([[begin, *tokens]])
                logits = model.text_decoder(input_ids=ids, encoder_hidden_states=seen).logits[0]
                tensors[f"logits.{index}.{number}"] = logits.contiguous()
                chances = torch.log_softmax(logits.double(), dim=-1)
                sums.append(sum(chances[at, token].item() for at, token in enumerate(tokens)))
            facts["likelihoods"].append(sums)
            written = model.generate(pixel_values=pixels, max_new_tokens=LONGEST, num_beams=1, do_sample=False)[0]
        written = written.tolist()[1:]
        if config.text_config.sep_token_id in written:
            written = written[: written.index(config.text_config.sep_token_id)]
        facts["captions"].append({"tokens": written, "text": words.decode(written, skip_special_tokens=True)})
    save_file(tensors, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n")


def main() -> None:
    for name in ("blip", "blip_old"):
        shutil.rmtree(CAPTIONS / name, ignore_errors=True)
    words = tokenizer()
    end, pad = words.token_to_id("[SEP]"), words.token_to_id("[PAD]")
    size = words.get_vocab_size()
    marks = dict(bos_token_id=size, sep_token_id=end, eos_token_id=end, pad_token_id=pad, vocab_size=size + 2)
    config = BlipConfig(
        vision_config=dict(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8
        ),
        text_config=dict(
            hidden_size=24,
            intermediate_size=40,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=64,
            **marks,
        ),
    )
    write("blip", config, words, 31, half=False, listed=False)
    # As the first files: half precision, words as a list, and a matrix of its own that chooses them.
    config = BlipConfig(
        vision_config=dict(
            hidden_size=24,
            intermediate_size=40,
            num_hidden_layers=1,
            num_attention_heads=3,
            image_size=28,
            patch_size=14,
            hidden_act="quick_gelu",
        ),
        text_config=dict(
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=48,
            layer_norm_eps=1e-6,
            tie_word_embeddings=False,
            **marks,
        ),
        tie_word_embeddings=False,
    )
    write("blip_old", config, words, 32, half=True, listed=True)


if __name__ == "__main__":
    main()
