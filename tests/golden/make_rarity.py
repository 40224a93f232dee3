"""Makes `rarity.json.gz`: 1,000 random collections with the ranks that OpenRarity's reference package gives them.

Needs `pip install open-rarity==0.7.5 numpy`; asks no network. Run it in this folder:

    python make_rarity.py

A collection is a palette of [name, value] pairs and tokens of indices into it. Names and values come in mixed case and with
spaces around them, some say "None" or nothing, some tokens bring a trait count of their own, some collections hold numbers and
are refused. The first collections also have scores: OpenRarity's, and the package's sum and means over 1/p, with (`_n`) and
without normalisation.
"""

import gzip
import json
import pathlib
import random

from open_rarity import Collection, RarityRanker, Token
from open_rarity.scoring.handlers.arithmetic_mean_scoring_handler import ArithmeticMeanScoringHandler
from open_rarity.scoring.handlers.harmonic_mean_scoring_handler import HarmonicMeanScoringHandler
from open_rarity.scoring.handlers.sum_scoring_handler import SumScoringHandler

HERE = pathlib.Path(__file__).parent
COLLECTIONS = 1000
WITH_SCORES = 100
MEANS = {"sum": SumScoringHandler, "arithmetic": ArithmeticMeanScoringHandler, "harmonic": HarmonicMeanScoringHandler}
NAMES = ["Background", "Species", "Hat", "Eyes", "Mouth", "Fur", "Aura", "Tool", "ÉTOILE", "Straße"]


def disguised(draw, word):
    """The same word in another case, or with space around it."""
    return draw.choice([word, word, word, word.upper(), word.lower(), f" {word}", f"{word}\t"])


def collection(draw):
    """Tokens as lists of (name, value)."""
    types = draw.sample(NAMES, draw.randint(1, 7))
    values = {name: [f"v{number}" for number in range(draw.choice([1, 2, 3, 5, 9]))] for name in types}
    for name in types:
        if draw.random() < 0.15:
            values[name].append(draw.choice(["None", "", "null", "NONE "]))
    skew = draw.choice([0.0, 1.0, 2.5])
    lack = draw.choice([0.0, 0.1, 0.5])
    counted = draw.random() < 0.1
    numeric = draw.random() < 0.03
    tokens = []
    for _ in range(draw.choice([1, 2, 3, 5, 8, 13, 21, 34, 60])):
        token = {}
        for name in types:
            if draw.random() >= lack:
                weights = [(place + 1) ** -skew for place in range(len(values[name]))]
                value = draw.choices(values[name], weights)[0]
                token[disguised(draw, name)] = disguised(draw, value)
                if draw.random() < 0.02:
                    token[disguised(draw, name)] = draw.choice(values[name])
        if counted and draw.random() < 0.5:
            token["meta_trait:trait_count"] = draw.choice(["3", "none", "7"])
        if numeric and draw.random() < 0.5:
            token["Level"] = draw.randint(1, 99)
        tokens.append(token)
    return tokens


def reference(tokens):
    """A collection of the package; it changes its tokens, so each use builds its own."""
    return Collection([Token.from_erc721("0x0", number, dict(token)) for number, token in enumerate(tokens)])


def main():
    written = []
    for seed in range(COLLECTIONS):
        tokens = collection(random.Random(seed))
        palette = {}
        rows = [
            [palette.setdefault((name, str(value)), len(palette)) for name, value in token.items()] for token in tokens
        ]
        entry = {"palette": [list(pair) for pair in palette], "tokens": rows}
        if any(isinstance(value, int) for token in tokens for value in token.values()):
            entry["numeric"] = ["Level"]
            try:
                RarityRanker.rank_collection(reference(tokens))
                raise SystemExit("numbers must be refused")
            except ValueError:
                entry["refused"] = True
        else:
            ranked = {
                one.token.token_identifier.token_id: one for one in RarityRanker.rank_collection(reference(tokens))
            }
            entry["ranks"] = [ranked[number].rank for number in range(len(tokens))]
            if seed < WITH_SCORES:
                scores = {"open_rarity": [ranked[number].score for number in range(len(tokens))]}
                for name, handler in MEANS.items():
                    for suffix, normalized in (("", False), ("_n", True)):
                        whole = reference(tokens)
                        scores[name + suffix] = handler(normalized=normalized).score_tokens(whole, whole.tokens)
                entry["scores"] = {
                    name: [float(f"{float(score):.12g}") for score in found] for name, found in scores.items()
                }
        written.append(entry)
    text = json.dumps(written, separators=(",", ":"), ensure_ascii=False).encode()
    with open(HERE / "rarity.json.gz", "wb") as file:
        file.write(gzip.compress(text, mtime=0))


if __name__ == "__main__":
    main()
