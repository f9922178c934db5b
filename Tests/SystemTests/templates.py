"""Wallets of any kind in a bundle of our own, written from docs/protocol.md, and how their coins are spent.

Keys come from embit, scripts are laid out here, and nothing of the code under test is used.
"""
import hashlib
import os
import pathlib
import subprocess
import tempfile

from embit import bip32, ec, script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from embit.util import secp256k1

import bare
import wire
from appliance import BUILD, PASSPHRASE, WORDS
from wallets import ROOT
from wire import tagged, u8, u16, u32, u64, vec16

HARD = 1 << 31
OTHERS = bip32.HDKey.from_seed(hashlib.sha256(b"cosigners").digest())
OWN, EXTENDED, FIXED, AGGREGATE = 1, 2, 3, 4
COMPRESSED, X_ONLY, HASH, X_ONLY_HASH = range(4)
SIZES = (33, 32, 20, 20)
PKH, SH_WPKH, SH, WSH, SH_WSH, TREE = 3, 4, 5, 6, 7, 8
WPKH, TR = 1, 2
ITSELF = None


def hash160(data):
    return hashlib.new("ripemd160", hashlib.sha256(data).digest()).digest()


def compact(count):
    return bytes([count]) if count < 253 else b"\xfd" + u16(count)


def children_bytes(children):
    """None: the key itself; []: the index alone; else the branches."""
    return b"\xff" if children is ITSELF else u8(len(children)) + b"".join(map(u32, children))


def key_agg(keys):
    """BIP-327 KeyAgg over KeySort."""
    keys = sorted(keys)
    listed = tagged("KeyAgg list", b"".join(keys))
    second = next((key for key in keys if key != keys[0]), None)
    terms = []
    for key in keys:
        point = secp256k1.ec_pubkey_parse(key)
        if key != second:
            secp256k1.ec_pubkey_tweak_mul(point, tagged("KeyAgg coefficient", listed + key))
        terms.append(point)
    return secp256k1.ec_pubkey_serialize(secp256k1.ec_pubkey_combine(*terms))


class Key:
    """A key of a wallet: `kind`, and the embit key that it derives from (for an aggregate the places)."""

    def __init__(self, kind, value, children=(0, 1)):
        self.kind, self.value, self.children = kind, value, ITSELF if children is ITSELF else list(children)

    def encode(self):
        match self.kind:
            case 1: body = u8(len(self.value)) + b"".join(map(u32, self.value))
            case 2: body = self.value.chain_code + self.value.key.sec()
            case 3: return u8(3) + self.value.key.sec()
            case 4: body = u8(len(self.value)) + bytes(self.value)
        return u8(self.kind) + body + children_bytes(self.children)

    def derive(self, branch, index, keys=()):
        """The compressed key; an aggregate's from those of the wallet."""
        if self.kind == FIXED:
            return self.value.key.sec()
        if self.kind == AGGREGATE:
            chain = hashlib.sha256(b"MuSig2" * 3).digest()
            node = bip32.HDKey(ec.PublicKey.parse(key_agg([keys[place] for place in self.value])), chain)
        else:
            node = ROOT.derive(self.value).to_public() if self.kind == OWN else self.value
        if self.children is ITSELF:
            return node.key.sec()
        steps = [self.children[branch if len(self.children) > 1 else 0]] if self.children else []
        return node.derive(steps + [index]).key.sec()


def own(account, children=(0, 1), purpose=48):
    return Key(OWN, [purpose | HARD, 1 | HARD, account | HARD, 2 | HARD], children)


def other(number, children=(0, 1)):
    return Key(EXTENDED, OTHERS.derive([number | HARD]).to_public(), children)


def fixed(number):
    return Key(FIXED, OTHERS.derive([1_000 + number | HARD]).to_public(), ITSELF)


class Leaf:
    """A script given as pieces: bytes, or (key, form) for a hole."""

    def __init__(self, *pieces, depth=0, version=0, weight=3_000, groups=()):
        self.pieces, self.depth, self.version, self.weight, self.groups = pieces, depth, version, weight, groups

    def holes(self):
        at, found = 0, []
        for piece in self.pieces:
            if not isinstance(piece, bytes):
                found.append((at, *piece))
            at += len(piece) if isinstance(piece, bytes) else SIZES[piece[1]]
        return found

    def encode(self):
        text = b"".join(p if isinstance(p, bytes) else bytes(SIZES[p[1]]) for p in self.pieces)
        holes = self.holes()
        return (u8(self.depth) + u8(self.version) + u32(self.weight) + vec16(text) + u8(len(holes))
                + b"".join(u16(at) + u8(key) + u8(form) for at, key, form in holes)
                + u8(len(self.groups)) + b"".join(u8(first) + u8(count) for first, count in self.groups))

    def order(self, keys):
        """The keys' places in the order of the script."""
        holes = self.holes()
        order = [key for _, key, _ in holes]
        for first, count in self.groups:
            skip = 1 if holes[first][2] == X_ONLY else 0
            order[first:first + count] = sorted(order[first:first + count], key=lambda k: keys[k][skip:])
        return order

    def filled(self, keys):
        order, out = iter(self.order(keys)), b""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                out += piece
                continue
            key = keys[next(order)]
            out += (key, key[1:], hash160(key), hash160(key[1:]))[piece[1]]
        return out


def multi(threshold, keys, groups=()):
    pieces = [u8(0x50 + threshold)]
    for key in keys:
        pieces += [b"\x21", (key, COMPRESSED)]
    return Leaf(*pieces, u8(0x50 + len(keys)) + b"\xae", groups=groups)


def multi_a(threshold, keys, depth, groups=()):
    pieces = []
    for place, key in enumerate(keys):
        pieces += [b"\x20", (key, X_ONLY), b"\xba" if place else b"\xac"]
    return Leaf(*pieces, u8(0x50 + threshold) + b"\x9c", depth=depth, version=0xC0, groups=groups)


def pk(key, depth, form=X_ONLY):
    pieces = [b"\x20", (key, form), b"\xac"] if form == X_ONLY else [b"\x76\xa9\x14", (key, form), b"\x88\xac"]
    return Leaf(*pieces, depth=depth, version=0xC0)


class Wallet:
    def __init__(self, kind, keys, leaves=(), index_max=1_000):
        self.kind, self.keys, self.leaves, self.index_max = kind, keys, list(leaves), index_max

    def encode(self):
        data = u8(self.kind) + u32(self.index_max) + u8(len(self.keys)) + b"".join(k.encode() for k in self.keys)
        return data + (u8(len(self.leaves)) + b"".join(leaf.encode() for leaf in self.leaves) if self.kind >= SH else b"")

    @property
    def id(self):
        return tagged("portcullis/wallet/1", self.encode())

    @property
    def is_taproot(self):
        return self.kind in (TR, TREE)

    def derived(self, branch, index):
        simple = [None if key.kind == AGGREGATE else key.derive(branch, index) for key in self.keys]
        return [found or key.derive(branch, index, simple) for key, found in zip(self.keys, simple)]

    def leaf_hash(self, place, keys):
        text = self.leaves[place].filled(keys)
        return tagged("TapLeaf", b"\xc0" + compact(len(text)) + text)

    def tree(self, keys):
        """The root, and for each leaf the way up to it."""
        rest = list(enumerate(self.leaves))

        def subtree(depth):
            if rest[0][1].depth == depth:
                place = rest.pop(0)[0]
                return self.leaf_hash(place, keys), {place: []}
            (left, left_paths), (right, right_paths) = subtree(depth + 1), subtree(depth + 1)
            paths = {p: way + [right] for p, way in left_paths.items()} | {p: way + [left] for p, way in right_paths.items()}
            return tagged("TapBranch", min(left, right) + max(left, right)), paths

        return subtree(0)

    def output(self, keys):
        """The x-only output key and the parity of its y."""
        root = self.tree(keys)[0] if self.kind == TREE else b""
        point = secp256k1.ec_pubkey_parse(b"\x02" + keys[0][1:])
        secp256k1.ec_pubkey_tweak_add(point, tagged("TapTweak", keys[0][1:] + root))
        key = secp256k1.ec_pubkey_serialize(point)
        return key[1:], key[0] & 1

    def script(self, branch, index):
        keys = self.derived(branch, index)
        match self.kind:
            case 1: return b"\x00\x14" + hash160(keys[0])
            case 3: return b"\x76\xa9\x14" + hash160(keys[0]) + b"\x88\xac"
            case 4: return b"\xa9\x14" + hash160(b"\x00\x14" + hash160(keys[0])) + b"\x87"
            case 2 | 8: return b"\x51\x20" + self.output(keys)[0]
        text = self.leaves[0].filled(keys)
        program = b"\x00\x20" + hashlib.sha256(text).digest()
        return {SH: b"\xa9\x14" + hash160(text) + b"\x87", WSH: program, SH_WSH: b"\xa9\x14" + hash160(program) + b"\x87"}[self.kind]

    def signers(self, leaf, keys):
        """The places of our keys in the order of their signatures."""
        if leaf is None:
            return [0]
        return [key for key in self.leaves[leaf].order(keys) if self.keys[key].kind == OWN]

    def satisfaction(self, leaf, keys, signatures, kind):
        """(scriptSig, witness) of a spend; `kind` is the byte of the sighash type."""
        push = lambda data: (bytes([len(data)]) if len(data) < 76 else b"\x4c" + u8(len(data))) + data
        if self.is_taproot:
            signed = [s + (u8(kind) if kind else b"") for s in signatures]
            if self.kind == TR or leaf is None:
                return b"", signed
            # A signature for each hole, the last key's first; nothing for a key of others.
            own = iter(signed)
            stack = [next(own) if self.keys[key].kind == OWN else b"" for key in self.leaves[leaf].order(keys)]
            form = self.leaves[leaf].holes()[0][2]
            stack = stack[::-1] + ([keys[self.leaves[leaf].order(keys)[0]][1:]] if form == X_ONLY_HASH else [])
            parity = self.output(keys)[1]
            control = u8(0xC0 | parity) + keys[0][1:] + b"".join(self.tree(keys)[1][leaf])
            return b"", stack + [self.leaves[leaf].filled(keys), control]
        der = [der_of(s) + u8(kind) for s in signatures]
        match self.kind:
            case 3: return push(der[0]) + push(keys[0]), []
            case 1: return b"", [der[0], keys[0]]
            case 4: return push(b"\x00\x14" + hash160(keys[0])), [der[0], keys[0]]
        text = self.leaves[0].filled(keys)
        if self.kind == SH:
            return b"\x00" + b"".join(map(push, der)) + push(text), []
        nested = push(b"\x00\x20" + hashlib.sha256(text).digest()) if self.kind == SH_WSH else b""
        return nested, [b"", *der, text]


def der_of(signature):
    parsed = secp256k1.ecdsa_signature_parse_compact(signature)
    return secp256k1.ecdsa_signature_serialize_der(parsed)


class Payment(wire.Request):
    """A payment from coins at (branch, index) of one wallet, with change to its last branch."""

    def __init__(self, wallet, claims, leaf=None, sighash=None, salt=b""):
        self.wallet, self.claims, self.leaf = wallet, claims, leaf
        self.version, self.network, self.anti_exfil, self.replaces = 1, 4, 0, 0
        self.wallets, self.transaction_version, self.lock_time = [wallet.id], 2, 0
        self.inputs, self.parents, self.trailing = [], [], b""
        for place, (branch, index) in enumerate(claims):
            source = hashlib.sha256(salt + u32(place)).digest()
            parent = Transaction(version=2, vin=[TransactionInput(source, 0, sequence=0xFFFFFFFF)], locktime=0, vout=[
                TransactionOutput(7_000, script.Script(b"\x00\x14" + bytes(20))),
                TransactionOutput(100_000, script.Script(wallet.script(branch, index)))])
            self.parents.append(wire.legacy(parent))
            self.inputs.append({
                "txid": bytes(reversed(parent.txid())), "vout": 1, "sequence": 0xFFFFFFFD, "amount": 100_000, "wallet": 0,
                "branch": branch, "index": index, "selector": 0 if leaf is None or wallet.kind != TREE else 1,
                "leaf": wallet.leaf_hash(leaf, wallet.derived(branch, index)) if wallet.kind == TREE and leaf is not None else b"",
                "sighash": sighash if sighash is not None else (0 if wallet.is_taproot else 1)})
        branch, index = claims[-1]
        self.outputs = [
            {"amount": 50_000, "script": b"\x00\x14" + bytes(20), "owner": None},
            {"amount": 100_000 * len(claims) - 60_000, "script": wallet.script(branch, index), "owner": (0, branch, index)}]

    def signed(self, signatures):
        """The final transaction and what its inputs spend."""
        rest, spends, prevouts = list(signatures), [], []
        for one in self.inputs:
            keys = self.wallet.derived(one["branch"], one["index"])
            leaf = self.leaf if self.wallet.kind >= SH else None
            count = len(self.wallet.signers(leaf, keys))
            mine, rest = rest[:count], rest[count:]
            text, stack = self.wallet.satisfaction(leaf, keys, mine, one["sighash"])
            spends.append(TransactionInput(bytes(reversed(one["txid"])), one["vout"], script.Script(text), one["sequence"],
                                           witness=script.Witness(stack)))
            prevouts.append((one["amount"], self.wallet.script(one["branch"], one["index"])))
        assert not rest
        pay = [TransactionOutput(o["amount"], script.Script(o["script"])) for o in self.outputs]
        made = Transaction(version=self.transaction_version, vin=spends, vout=pay, locktime=self.lock_time)
        return made.serialize(), prevouts


def bundle(wallets, version=1, lists=(), limits=b"", rules=(), behind=b"", is_open=True):
    """An allow-all policy for regtest over these wallets; `limits` with their count, more rules and what a version has behind them.

    Not open, it has these rules alone."""
    source = b"version = 1\n"
    key = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + b"\x07" * 32
    data = b"PCBUNDL1" + u16(version) + u8(4) + u64(1) + bytes(32) + hashlib.sha256(source).digest() + u64(10**12)
    data += u8(1) + u8(1) + vec16(key) + u16(len(wallets))
    for place, wallet in enumerate(wallets):
        name = b"wallet-%03d" % place
        data += u8(len(name)) + name + wallet.encode() + vec16(b"by hand")
    data += u16(len(lists)) + b"".join(u8(len(name)) + name for name in lists) + u32(0) + (limits or u16(0)) + u16(is_open + len(rules))
    if is_open:
        data += u8(4) + b"rule" + u8(1) + u64((1 << len(wallets)) - 1) + u64(2**64 - 1) * 3 + u8(0) + u64(0)
    return data + b"".join(rules) + behind + u32(len(source)) + source


class Reader:
    """Reads what is written above."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.data)
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "little")

    def numbers(self, size):
        return [self.number(size) for _ in range(self.number(1))]

    def key(self):
        kind = self.number(1)
        match kind:
            case 1: value = self.numbers(4)
            case 2:
                chain, point = self.take(32), self.take(33)
                value = bip32.HDKey(ec.PublicKey.parse(point), chain)
            case 3: return Key(kind, bip32.HDKey(ec.PublicKey.parse(self.take(33)), bytes(32)), ITSELF)
            case 4: value = self.numbers(1)
        count = self.number(1)
        return Key(kind, value, ITSELF if count == 255 else [self.number(4) for _ in range(count)])

    def leaf(self):
        depth, version, weight = self.number(1), self.number(1), self.number(4)
        text = self.take(self.number(2))
        holes = [(self.number(2), self.number(1), self.number(1)) for _ in range(self.number(1))]
        groups = [(self.number(1), self.number(1)) for _ in range(self.number(1))]
        pieces, end = [], 0
        for at, key, form in holes:
            assert at >= end and not any(text[at:at + SIZES[form]])
            pieces += [text[end:at], (key, form)]
            end = at + SIZES[form]
        return Leaf(*pieces, text[end:], depth=depth, version=version, weight=weight, groups=groups)

    def wallet(self):
        kind, most = self.number(1), self.number(4)
        keys = [self.key() for _ in range(self.number(1))]
        return Wallet(kind, keys, [self.leaf() for _ in range(self.number(1))] if kind >= SH else [], most)


def wallets_of(bundle_bytes):
    """The wallets of a bundle by their names."""
    reader = Reader(bundle_bytes)
    assert reader.take(8) == b"PCBUNDL1"
    reader.take(2 + 1 + 8 + 32 + 32 + 8 + 1)
    for _ in range(reader.number(1)):
        reader.take(reader.number(2))
    found = {}
    for _ in range(reader.number(2)):
        name = reader.take(reader.number(1)).decode()
        begin = reader.at
        found[name] = reader.wallet()
        assert found[name].encode() == bundle_bytes[begin:reader.at]
        reader.take(reader.number(2))
    return found


class Files(bare.Files):
    """A home over a bundle of these wallets, made by the signer's own init."""

    def __init__(self, wallets, policy=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-templates-"))
        contents = {"output": b"", "keystore": b"", "state": b"", "bundle.bin": policy or bundle(wallets), "passphrase": PASSPHRASE.encode(),
                    "mnemonic": WORDS.encode(), "empty": b"", "words": b""}
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        numbers = {1: "output", 3: "keystore", 4: "state", 5: "bundle.bin", 6: "passphrase", 7: "mnemonic", 8: "empty", 9: "words"}

        def arrange():
            high = {to: os.dup2(os.open(self.folder / name, os.O_RDWR), 100 + to) for to, name in numbers.items()}
            for to, fd in high.items():
                os.dup2(fd, to)

        run = subprocess.run([BUILD / "portcullis-signer", "init", "restore", "1", "8192"], preexec_fn=arrange, close_fds=False,
                             stderr=subprocess.PIPE, timeout=60)
        assert run.returncode == 0, run.stderr
        self.described = (self.folder / "output").read_bytes()
