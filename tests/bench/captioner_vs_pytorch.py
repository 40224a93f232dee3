#!/usr/bin/env python3
"""A captioner of BLIP base's size with random weights: looking at a picture, weighing 12 phrases, writing a caption; against
transformers doing the same."""

import argparse
import os
import pathlib
import subprocess
import tempfile

import peer

peer.ensure_packages()

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: E402
from transformers import BlipConfig, BlipForConditionalGeneration  # noqa: E402
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil  # noqa: E402

THREADS = 2
LONGEST = 30
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VALUES = "teal rust plain gold".split()
PHRASES = [
    said
    for value in VALUES
    for said in (f"{value} background", f"a picture with {value} background", f"a drawing of a character with {value} background")
]


def build() -> pathlib.Path:
    command = ["cargo", "build", "--quiet", "--package", "salon-judge", "--example", "bench_captioner"]
    subprocess.run(command, cwd=peer.ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", peer.ROOT / "target")) / "debug" / "examples" / "bench_captioner"


def words() -> Tokenizer:
    """Whole words as BERT's tokenizer would have them."""
    known = sorted({word for phrase in PHRASES for word in phrase.split()})
    made = Tokenizer(models.WordPiece({word: number for number, word in enumerate([*MARKS, *known])}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(MARKS)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--program", type=pathlib.Path, help="a bench_captioner that is built already")
    arguments = parser.parse_args()
    program = arguments.program or build()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    # The sizes of the published base model, whose heads its configuration names.
    config = BlipConfig(text_config=dict(num_attention_heads=12, sep_token_id=MARKS.index("[SEP]")))
    model = BlipForConditionalGeneration(config).eval()
    tokenizer, processor = words(), BlipImageProcessorPil()
    begin = config.text_config.bos_token_id
    rows = [[begin, *tokenizer.encode(phrase, add_special_tokens=False).ids] for phrase in PHRASES]
    length = max(map(len, rows))
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        tokenizer.save(str(folder / "tokenizer.json"))
        picture = Image.effect_noise((512, 512), 60).convert("RGB")
        picture.save(folder / "picture.png")
        (folder / "phrases.txt").write_text("\n".join(PHRASES) + "\n")
        with torch.no_grad():
            look = lambda: model.vision_model(  # noqa: E731
                pixel_values=processor(picture, return_tensors="pt")["pixel_values"]
            ).last_hidden_state
            seen = look()
            once = torch.ones(seen.shape[:-1], dtype=torch.long)

            def ask():
                found = model.text_decoder(input_ids=ids, encoder_hidden_states=seen.expand(len(rows), -1, -1)).logits
                return torch.log_softmax(found, dim=-1)

            def write():
                return model.text_decoder.generate(
                    input_ids=torch.tensor([[begin]]),
                    eos_token_id=config.text_config.sep_token_id,
                    pad_token_id=0,
                    encoder_hidden_states=seen,
                    encoder_attention_mask=once,
                    max_new_tokens=LONGEST,
                    num_beams=1,
                    do_sample=False,
                )

            for what, step in (("look", look), ("ask", ask), ("write", write)):
                command = [program, folder, folder / "picture.png", what, folder / "phrases.txt"]
                ours, theirs = peer.take_turns(command, step, arguments.repeats, arguments.threads)
                print(
                    f"BLIP base, {what}: {ours.processor / theirs.processor:.2f} of PyTorch's processor time; "
                    f"wall {ours.wall:.0f} ms, {theirs.wall:.0f} ms",
                    flush=True,
                )


if __name__ == "__main__":
    main()
