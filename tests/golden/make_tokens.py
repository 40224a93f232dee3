"""Makes the reference data of the tokenizer's golden test: a small vocabulary in CLIP's files, and what transformers'
CLIPTokenizer makes of some prompts. Needs transformers. It rewrites `tokenizer` beside it:

    python make_tokens.py
"""

import json
import pathlib

import transformers

HERE = pathlib.Path(__file__).parent / "tokenizer"
LENGTH = 16
WORDS = ["a", "fox", "with", "orange", "fur", "star", "eyes", "don't", "64", "naïve", "crown", "!!!", "日本"]
PROMPTS = [
    "",
    "a fox with orange fur",
    "  A FOX,\twith\n\nstar-eyes!!! ",
    "don't we'll they'd I'm you've it's 're ''s",
    "64 foxes, 1984 stars, ½ ² Ⅷ",
    "naïve naïve NAÏVE Straße İstanbul",
    "日本の狐 🦊🦊 café\u00a0bar\u200bzero",
    "a fox <|endoftext|> with <|startoftext|> fur",
    "<|ENDOFTEXT|> fox<|endoftext|>",
    "((orange:1.2)) [fur|eyes] {crown} \\ / ~`^_",
    "orange " * 40,
    "\u0000\u0007 control \ufeff",
]


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for bytes, in the order of the bytes."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = iter(range(256, 512))
    return [chr(byte if byte in visible else next(hidden)) for byte in range(256)]


def main() -> None:
    letters = byte_letters()
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        symbols = [letters[byte] for byte in word.encode()]
        symbols[-1] += "</w>"
        left = symbols[0]
        for right in symbols[1:]:
            if (left, right) not in merges:
                merges.append((left, right))
            left += right
    tokens = letters + [letter + "</w>" for letter in letters] + [left + right for left, right in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    HERE.mkdir(exist_ok=True)
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (HERE / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (HERE / "merges.txt").write_text("\n".join(lines) + "\n")
    config = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "!",
        "model_max_length": LENGTH,
        "tokenizer_class": "CLIPTokenizer",
    }
    (HERE / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer = transformers.CLIPTokenizer.from_pretrained(HERE)
    encoded = tokenizer(PROMPTS, padding="max_length", truncation=True, max_length=LENGTH).input_ids
    whole = tokenizer(PROMPTS).input_ids
    cases = [
        {"prompt": prompt, "ids": ids, "tokens": len(all_ids) - 2}
        for prompt, ids, all_ids in zip(PROMPTS, encoded, whole, strict=True)
    ]
    (HERE / "expected.json").write_text(json.dumps(cases, ensure_ascii=True, indent=1) + "\n")
    tokenizer.backend_tokenizer.save(str(HERE / "tokenizer.json"), False)


if __name__ == "__main__":
    main()
