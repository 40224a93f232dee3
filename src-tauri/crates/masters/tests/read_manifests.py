"""Reads the manifests of picture files with C2PA's own reader, and fails unless every one is valid.

    python3 -m venv /tmp/c2pa && /tmp/c2pa/bin/pip install c2pa-python
    SALON_C2PA_PYTHON=/tmp/c2pa/bin/python cargo test -p salon-masters --test signing -- --ignored

A certificate that no list of trust names is told as untrusted; nothing else may be wrong.
"""

import json
import sys

import c2pa

KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def faults(path: str) -> list[str]:
    with open(path, "rb") as file:
        told = json.loads(c2pa.Reader(KINDS[path.rsplit(".", 1)[1]], file).json())
    state = told.get("validation_state")
    codes = [status["code"] for status in told.get("validation_status", [])]
    wrong = [code for code in codes if code != "signingCredential.untrusted"]
    manifest = told["manifests"][told["active_manifest"]]
    labels = sorted(assertion["label"] for assertion in manifest["assertions"])
    print(path, state, codes, manifest["signature_info"], labels)
    return wrong if state == "Valid" else [*wrong, f"state {state}"]


sys.exit(any([faults(path) for path in sys.argv[1:]]))
