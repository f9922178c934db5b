#!/usr/bin/env python3
"""Judges the judges: each must verify the golden log, and refuse it with any one byte changed.

    check.py VECTORS GO_VERIFIER [FLIPS]

VECTORS is the folder of shared test vectors, GO_VERIFIER the built sumdbverify. FLIPS bytes
(30 unless said) are changed one at a time in each of: entry bundles, tiles, the checkpoint and a
receipt; the places are random, from a seed that is printed. Run it with the Python that has the
packages of log_verify.py. It also makes a refill that admins signed, and changes each of its bytes.
"""

import base64
import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import log_verify

HERE = pathlib.Path(__file__).resolve().parent


def make_receipt(golden, vector):
    """A receipt of ours out of the golden log's proofs; the leaf is the golden one."""
    key = base64.b64decode(golden["vkey"].split("+", 2)[2])[1:]
    extra = b"\x01" + key + f"leaf {vector['Index']}".encode()
    # Without the cosignature: a verifier passes over signatures by keys it does not know.
    notes = {int(signed["size"]): signed["checkpoint"] for signed in golden["checkpoints"]}
    lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(extra).decode()]
    lines += [f"index {vector['Index']}", *(vector["Proof"] or []), "", notes[vector["Size"]]]
    return "\n".join(lines).encode()


def check_admins(randomness):
    """A refill signed by two of three admins, made here: the judge takes it, and not one byte of it changed."""
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3)]
    string = lambda data: len(data).to_bytes(4, "big") + data
    little = lambda value, count: value.to_bytes(count, "little")
    wire = lambda key: string(b"ssh-ed25519") + string(key.public_key().public_bytes_raw())
    admins = sorted(map(wire, keys))
    data = b"PCBUNDL1" + little(1, 2) + b"\x04" + little(1, 8) + bytes(64) + little(10**6, 8)
    data += bytes([2, 3]) + b"".join(little(len(admin), 2) + admin for admin in admins)
    bundle = log_verify.Bundle(data)
    home, root = bytes([7]) * 32, bytes([8]) * 32
    text = f"portcullis refill\nhome {home.hex()} log 0\nsize 41 root {root.hex()}\nepoch 1\nallowance 5000 sat\n"

    def sign(key):
        subject = string(b"portcullis-admin") + string(b"") + string(b"sha512")
        made = key.sign(b"SSHSIG" + subject + string(hashlib.sha512(text.encode()).digest()))
        return b"SSHSIG" + (1).to_bytes(4, "big") + string(wire(key)) + subject + string(string(b"ssh-ed25519") + string(made))

    def event(signers):
        leaf = b"\x06\x01" + bytes(16) + b"\x02" + home + little(0, 4) + little(41, 8) + root + little(1, 8)
        leaf += bundle.hash + little(5_000, 8) + little(100, 8) + little(0xFF, 4) + little(len(signers), 2)
        return leaf + b"".join(little(len(s), 2) + s for s in map(sign, signers)) + bytes(32)

    def takes(leaf):
        try:
            return log_verify.check_event(leaf, bundle) == "refill"
        except log_verify.Refused:
            return False

    good = event(keys[:2])
    wrong = 0 if takes(good) and takes(event(keys)) else 1
    stranger = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    for signers in ([], keys[:1], [keys[0], keys[0]], [keys[0], stranger], [*keys, stranger]):
        wrong += takes(event(signers))
    # All of it is signed but the salt, what was spent, the kernel's bits and the signer's tag.
    free = {*range(2, 18), *range(143, 155), *range(len(good) - 32, len(good))}
    for place in range(len(good)):
        changed = bytearray(good)
        changed[place] ^= 1 << randomness.randrange(8)
        wrong += takes(bytes(changed)) != (place in free)
    return wrong


class Judge:
    def __init__(self, name, command):
        self.name, self.command, self.counts = name, command, {}

    def accepts(self, mode, path, key):
        run = subprocess.run(
            [*self.command, mode, path, key], capture_output=True, text=True, check=False
        )
        lines = run.stdout.splitlines()
        verdict = lines[0].split(":")[0] if len(lines) == 1 else run.stdout + run.stderr
        expected = {0: "VERIFIED", 1: "REFUSED"}.get(run.returncode)
        if verdict != expected:
            raise SystemExit(f"{self.name}: exit {run.returncode} with {verdict!r}")
        return run.returncode == 0


def flip(data, randomness):
    changed = bytearray(data)
    changed[randomness.randrange(len(data))] ^= randomness.randrange(1, 256)
    return bytes(changed)


def main():
    vectors, go_verifier = pathlib.Path(sys.argv[1]), sys.argv[2]
    flips = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    seed = random.randrange(2**32)
    randomness = random.Random(seed)
    golden = json.loads((vectors / "transparency/golden/tlog-golden.json").read_text())
    key = golden["vkey"]
    judges = [
        Judge("sumdbverify", [go_verifier]),
        Judge("log_verify.py", [sys.executable, str(HERE / "log_verify.py")]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "log"
        shutil.copytree(vectors / "transparency/golden/tiles520", copy)
        receipt = pathlib.Path(folder) / "receipt"
        proven = [v for v in golden["inclusion"] if v["Size"] in (1, 5, 256, 257, 520)]
        classes = {
            "entries": [p for p in copy.glob("tile/entries/**/*") if p.is_file()],
            "tiles": [p for p in copy.glob("tile/[0-9]*/**/*") if p.is_file()],
            "checkpoint": [copy / "checkpoint"],
            "receipt": [receipt],
        }
        wrong = 0
        for judge in judges:
            wrong += not judge.accepts("log", copy, key)
            tessera = vectors / "transparency/tessera-testlog"
            wrong += not judge.accepts("log", tessera / "log", tessera / "vkey")
            wrong += judge.accepts("log", copy, golden["witness_vkey"])
            for vector in proven:
                receipt.write_bytes(make_receipt(golden, vector))
                wrong += not judge.accepts("receipt", receipt, key)
            for paths in classes.values():
                for _ in range(flips):
                    path = randomness.choice(paths)
                    good = path.read_bytes()
                    path.write_bytes(flip(good, randomness))
                    shown = ("receipt", receipt) if path == receipt else ("log", copy)
                    if judge.accepts(*shown, key):
                        print(f"{judge.name}: a changed byte in {path.name} went unseen")
                        wrong += 1
                    path.write_bytes(good)
            wrong += not judge.accepts("log", copy, key)
    wrong += check_admins(randomness)
    checked = len(judges) * len(classes) * flips
    summary = f"{len(judges)} judges, {checked} changed bytes, {len(proven)} receipts"
    print(f"{summary}, seed {seed}: {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
