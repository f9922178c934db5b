#!/usr/bin/env python3
"""Checks a log or a receipt of Portcullis. Shares no code with Portcullis.

    log_verify.py log DIR VKEY         a tlog-tiles folder: checkpoint, every tile, every bundle
    log_verify.py receipt FILE VKEY    one tlog-proof file
    log_verify.py admins DIR VKEY BUNDLE
                                       the same as log; then every refill and recovery in it must
                                       carry good signatures of enough admins of the bundle

VKEY is the verifier key or the name of a file that holds it. Signatures are checked by the
`cryptography` package, roots by `pymerkle`. One line is printed; the exit status is 0 for
verified, 1 for anything else.
"""

import base64
import hashlib
import os
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree

WIDTH = 256
NAME = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])((?:/x[0-9]{3})*/[0-9]{3})(?:\.p/([1-9][0-9]*))?"
)
LEAF_START = 33  # in a receipt's extra bytes, after version and audit public key


class Refused(Exception):
    """What was shown is not what was signed, or not in the form it should have."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def strict_base64(text):
    """Bytes of a base64 text that is the only spelling of them."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"bad base64: {error}") from error
    need(base64.b64encode(data) == text, "base64 is not canonical")
    return data


def decimal(text):
    need(re.fullmatch(rb"0|[1-9][0-9]{0,18}", text), f"bad number {text!r}")
    return int(text)


class Key:
    """An Ed25519 verifier key in the text form of a signed note."""

    def __init__(self, argument):
        if os.path.exists(argument):
            with open(argument, encoding="utf-8") as file:
                argument = file.read().removesuffix("\n")
        parts = argument.split("+", 2)
        need(len(parts) == 3, "bad verifier key")
        self.name = parts[0].encode()
        key = strict_base64(parts[2].encode())
        need(len(key) == 33 and key[0] == 1, "not an Ed25519 key")
        self.id = sha256(self.name, b"\n", key)[:4]
        need(self.id.hex() == parts[1], "wrong key identifier")
        self.public = key[1:]

    def verify(self, signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise Refused("checkpoint: bad signature") from error


def open_checkpoint(note, key):
    """The size and root of a signed checkpoint."""
    text, divider, lines = note.rpartition(b"\n\n")
    need(divider and lines.endswith(b"\n"), "checkpoint: no signatures")
    text += b"\n"
    found = False
    for line in lines[:-1].split(b"\n"):
        match = re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/=]+)".encode(), line)
        need(match, "checkpoint: malformed signature line")
        payload = strict_base64(match[2])
        need(len(payload) > 4, "checkpoint: malformed signature line")
        if match[1] == key.name and payload[:4] == key.id:
            key.verify(payload[4:], text)
            found = True
    need(found, "checkpoint: not signed by the key")
    parts = text.split(b"\n")
    need(len(parts) == 4, "checkpoint: not three lines")
    need(parts[0] == key.name, "checkpoint: the origin is not the key's name")
    root = strict_base64(parts[2])
    need(len(root) == 32, "checkpoint: bad root")
    return decimal(parts[1]), root


def entries(data):
    """The entries of a bundle: a big-endian length of two bytes before each."""
    found, at = [], 0
    while at < len(data):
        need(at + 2 <= len(data), "bundle cut short")
        length = int.from_bytes(data[at : at + 2], "big")
        need(at + 2 + length <= len(data), "bundle cut short")
        found.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def number(index):
    """A tile's index as its path has it."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


def find(directory, folder, index, width):
    """The name of the tile or bundle that has at least `width` items."""
    full = f"tile/{folder}/{number(index)}"
    names = [full] if width == WIDTH else [f"{full}.p/{width}", full]
    for name in names:
        if os.path.exists(os.path.join(directory, name)):
            return name
    raise Refused(f"{names[0]} is missing")


def items(count):
    """The index and width of each tile that holds `count` items."""
    for start in range(0, count, WIDTH):
        yield start // WIDTH, min(WIDTH, count - start)


def levels_of(leaves):
    """The items of every tile level: one item of a level is the root of 256 of the level below."""
    levels = [leaves]
    while len(levels[-1]) >= WIDTH:
        below, level = levels[-1], []
        for start in range(0, len(below) - WIDTH + 1, WIDTH):
            row = below[start : start + WIDTH]
            while len(row) > 1:
                row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
            level.append(row[0])
        levels.append(level)
    return levels


def file_names(directory):
    for folder, _, names in sorted(os.walk(os.path.join(directory, "tile"))):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), directory)


def verify_log(directory, key):
    size, root = open_checkpoint(read(directory, "checkpoint"), key)
    tree, all_entries = InmemoryTree(algorithm="sha256"), []
    for index, width in items(size):
        found = entries(read(directory, find(directory, "entries", index, width)))
        need(len(found) >= width, f"bundle {index} has too few entries")
        all_entries += found[:width]
    for entry in all_entries:
        tree.append_entry(entry)
    found_root = tree.get_root() if size else sha256()
    need(found_root == root, f"the root of {size} entries is not the checkpoint's")

    levels = levels_of([leaf_hash(entry) for entry in all_entries])
    for level, hashes in enumerate(levels):
        for index, width in items(len(hashes)):
            find(directory, str(level), index, width)
    tiles = bundles = ahead = 0
    for name in file_names(directory):
        match = NAME.fullmatch(name)
        need(match, f"{name} is not the name of a tile")
        index = int(re.sub("[/x]", "", match[2]))
        width = int(match[3] or WIDTH)
        need(number(index) == match[2][1:], f"{name} is not the name of a tile")
        need(width < WIDTH or match[3] is None, f"{name} is not the name of a tile")
        level = 0 if match[1] == "entries" else int(match[1])
        start, end = index * WIDTH, index * WIDTH + width
        # Tiles are written before the checkpoint that covers them: a live log may be ahead.
        if end * WIDTH**level > size:
            ahead += 1
        elif match[1] == "entries":
            bundles += 1
            need(entries(read(directory, name)) == all_entries[start:end], f"{name} differs")
        else:
            tiles += 1
            want = b"".join(levels[level][start:end])
            need(read(directory, name) == want, f"{name} differs from the entries")
    note = f"; {ahead} files are ahead of the checkpoint" if ahead else ""
    return f"{size} entries, {tiles} tiles, {bundles} bundles{note}"


def root_from_proof(index, size, proof, hash_):
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    last = size - 1
    for sibling in proof:
        need(last > 0, "the proof is too long")
        if index % 2 == 1 or index == last:
            hash_ = node_hash(sibling, hash_)
            while index % 2 == 0 and index > 0:
                index, last = index // 2, last // 2
        else:
            hash_ = node_hash(hash_, sibling)
        index, last = index // 2, last // 2
    need(last == 0, "the proof is too short")
    return hash_


def verify_receipt(path, key):
    head, divider, note = read("", path).partition(b"\n\n")
    lines = head.split(b"\n")
    need(divider and len(lines) >= 3, "not a tlog-proof")
    need(lines[0] == b"c2sp.org/tlog-proof@v1", "not a tlog-proof")
    need(lines[1].startswith(b"extra ") and lines[2].startswith(b"index "), "not a receipt")
    extra = strict_base64(lines[1].removeprefix(b"extra "))
    need(len(extra) > LEAF_START and extra[0] == 1, "unknown version of the receipt")
    need(extra[1:LEAF_START] == key.public, "the receipt names another audit key")
    index = decimal(lines[2].removeprefix(b"index "))
    proof = [strict_base64(line) for line in lines[3:]]
    need(all(len(hash_) == 32 for hash_ in proof), "a hash of the proof is not 32 bytes")
    size, root = open_checkpoint(note, key)
    need(index < size, f"index {index} in a log of {size} entries")
    found = root_from_proof(index, size, proof, leaf_hash(extra[LEAF_START:]))
    need(found == root, "the proof does not lead to the root")
    return f"entry {index} of {size}"


class Fields:
    """Reads a record front to back; numbers are little-endian unless said."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "a record is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count, order="little"):
        return int.from_bytes(self.take(count), order)

    def vector(self):
        return self.take(self.number(2))

    def string(self):
        return self.take(self.number(4, "big"))

    def finish(self):
        need(self.at == len(self.data), "bytes are left over")


class Bundle:
    """The admins of a compiled policy."""

    def __init__(self, data):
        mark = sha256(b"portcullis/bundle/1")
        self.hash = sha256(mark, mark, data)
        fields = Fields(data)
        need(fields.take(8) == b"PCBUNDL1" and fields.number(2) == 1, "not a bundle")
        fields.take(1)
        self.epoch = fields.number(8)
        fields.take(32 + 32 + 8)
        self.threshold, count = fields.number(1), fields.number(1)
        self.admins = [fields.vector() for _ in range(count)]


def signer_of(signature, text):
    """The public key (SSH wire form) that made an SSH signature of a text (PROTOCOL.sshsig)."""
    fields = Fields(signature)
    need(fields.take(6) == b"SSHSIG" and fields.number(4, "big") == 1, "not an SSH signature")
    public, namespace, reserved, method = (fields.string() for _ in range(4))
    inner = Fields(fields.string())
    fields.finish()
    need(namespace == b"portcullis-admin" and reserved == b"", "made for something else")
    need(method in (b"sha256", b"sha512"), "unknown hash")
    key = Fields(public)
    need(key.string() == b"ssh-ed25519" and inner.string() == b"ssh-ed25519", "not Ed25519")
    raw, sealed = key.string(), inner.string()
    need(len(raw) == 32, "not an Ed25519 key")
    key.finish()
    inner.finish()
    subject = b"SSHSIG"
    for part in (namespace, reserved, method, hashlib.new(method.decode(), text).digest()):
        subject += len(part).to_bytes(4, "big") + part
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(sealed, subject)
    except InvalidSignature as error:
        raise Refused("an admin's signature is not good") from error
    return public


def check_event(leaf, bundle):
    """What a tagged event is; a refill or recovery must be signed for by a quorum."""
    fields = Fields(leaf)
    need(fields.take(2) == b"\x06\x01", "not an event")
    fields.take(16)
    event, home, number = fields.number(1), fields.take(32), fields.number(4)
    size, root, epoch, policy = fields.number(8), fields.take(32), fields.number(8), fields.take(32)
    total = fields.number(8)
    fields.take(8 + 4)
    signatures = [fields.vector() for _ in range(fields.number(2))]
    fields.take(32)
    fields.finish()
    need(event in (1, 2, 3), "an unknown event")
    if event == 1:
        need(not signatures, "an unlock with signatures")
        return "unlock"
    name = {2: "refill", 3: "recover"}[event]
    need(policy == bundle.hash and epoch == bundle.epoch, f"a {name} under another policy")
    text = f"portcullis {name}\nhome {home.hex()} log {number}\nsize {size} root {root.hex()}\n"
    text += f"epoch {epoch}\n" + (f"allowance {total} sat\n" if event == 2 else "")
    signers = {signer_of(signature, text.encode()) for signature in signatures}
    need(signers <= set(bundle.admins), f"a {name} signed by somebody else")
    need(bundle.threshold > 0 and len(signers) >= bundle.threshold, f"a {name} without a quorum")
    return name


def verify_admins(directory, key, bundle):
    words = verify_log(directory, key)
    size, _ = open_checkpoint(read(directory, "checkpoint"), key)
    found = []
    for index, width in items(size):
        leaves = entries(read(directory, find(directory, "entries", index, width)))
        found += [check_event(leaf, bundle) for leaf in leaves[:width] if leaf[:1] == b"\x06"]
    return f"{words}; {found.count('refill')} refills, {found.count('recover')} recoveries"


def main():
    modes = {"log": verify_log, "receipt": verify_receipt, "admins": verify_admins}
    try:
        mode = sys.argv[1] if len(sys.argv) > 1 else ""
        count = 5 if mode == "admins" else 4
        need(len(sys.argv) == count and mode in modes, "usage: log|receipt PATH VKEY")
        more = [Bundle(read("", sys.argv[4]))] if mode == "admins" else []
        print("VERIFIED:", modes[mode](sys.argv[2], Key(sys.argv[3]), *more))
    except (Refused, OSError, ValueError) as error:
        print("REFUSED:", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
