"""What people sign to approve a payment, rebuilt from the leaf and the bundle by docs/protocol.md alone, and who signs it: a key in a file, and
a FIDO2 authenticator in software (OpenSSH, PROTOCOL.sshsig and PROTOCOL.u2f). Nothing of the code under test is used, and no package but one for Ed25519."""
import base64
import datetime
import hashlib
import struct

from nacl.signing import SigningKey

NETWORKS = ["main", "test", "testnet4", "signet", "regtest"]
KINDS = {"approval": "portcullis-approval", "rejection": "portcullis-rejection"}
NAMED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
TYPES = ["NONE", "SINGLE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY", "SINGLE|ANYONECANPAY"]


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(tag, data):
    mark = sha256(tag.encode())
    return sha256(mark + mark + data)


# Addresses, from BIP-173, BIP-350 and the description of Base58Check.

def base58check(payload):
    data = payload + sha256(sha256(payload))[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= factor if top >> place & 1 else 0
    return check


def bech32(prefix, version, program):
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    values = [version] + [int(bits[at:at + 5], 2) for at in range(0, len(bits), 5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = polymod(expanded + values + [0] * 6) ^ (0x2BC830A3 if version else 1)
    values += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in values)


def address(script, network):
    main = network == 0
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return base58check((b"\x00" if main else b"\x6f") + script[3:23])
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22] == 0x87:
        return base58check((b"\x05" if main else b"\xc4") + script[2:22])
    if 4 <= len(script) <= 42 and script[1] == len(script) - 2:
        prefix = ["bc", "tb", "tb", "tb", "bcrt"][network]
        if script[0] == 0 and len(script) in (22, 34):
            return bech32(prefix, 0, script[2:])
        if 0x51 <= script[0] <= 0x60:
            return bech32(prefix, script[0] - 0x50, script[2:])
    return None


def pushed(script):
    """What one push after OP_RETURN pushes, or None."""
    if script[:1] != b"\x6a" or len(script) < 2:
        return None
    at, count = 2, script[1]
    if count == 76:
        at, count = 3, script[2] if len(script) > 2 else -1
    elif count == 77:
        at, count = 4, int.from_bytes(script[2:4], "little") if len(script) > 3 else -1
    elif count > 75:
        return None
    return script[at:] if len(script) == at + count else None


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.data), "cut short"
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def vector(self, size):
        return self.take(self.number(size))


class Bundle:
    """A bundle as section 4 lays it out; what no text names is passed over."""

    def __init__(self, data):
        self.hash = tagged("portcullis/bundle/1", data)
        reader = Reader(data)
        assert reader.take(8) == b"PCBUNDL1"
        version, self.network, self.epoch = reader.number(2), reader.number(1), reader.number(8)
        reader.take(32 + 32 + 8 + 1)
        for _ in range(reader.number(1)):
            reader.vector(2)
        self.wallets = {}
        for _ in range(reader.number(2)):
            name, start = reader.vector(1), reader.at
            self.pass_template(reader)
            self.wallets[tagged("portcullis/wallet/1", data[start:reader.at])] = name
            reader.vector(2)
        self.lists = [reader.vector(1) for _ in range(reader.number(2))]
        self.destinations = {}
        for _ in range(reader.number(4)):
            script = reader.vector(2)
            self.destinations[script] = reader.number(8)
        for _ in range(reader.number(2)):
            reader.vector(1)
            reader.take(19)
        self.rules = [self.rule(reader) for _ in range(reader.number(2))]
        self.shapes, self.persons, self.groups = [], [], []
        if version == 2:
            self.sections(reader)
        reader.vector(4)
        assert reader.at == len(data)

    @staticmethod
    def pass_template(reader):
        kind, _, keys = reader.number(1), reader.number(4), reader.number(1)
        for _ in range(keys):
            match reader.number(1):
                case 1: reader.take(4 * reader.number(1))
                case 2: reader.take(65)
                case 3: reader.take(33); continue
                case 4: reader.vector(1)
            count = reader.number(1)
            reader.take(4 * count if count != 255 else 0)
        for _ in range(reader.number(1) if kind >= 5 else 0):
            reader.take(6)
            reader.vector(2)
            reader.take(4 * reader.number(1))
            reader.take(2 * reader.number(1))

    @staticmethod
    def rule(reader):
        """Its name, and its condition about approvals."""
        name, effect, _ = reader.vector(1), reader.number(1), reader.number(8)
        if effect == 4:
            reader.take(10)
            reader.vector(1)
            return name, None
        if effect < 5:
            reader.take(33 + (effect == 3))
            return name, None
        conditions, found = Reader(reader.vector(2)), None
        while conditions.at < len(conditions.data):
            match conditions.number(1):
                case 1: conditions.take(17)
                case 2: conditions.take(8)
                case 3 | 5 | 6 | 7: conditions.take(1)
                case 4: conditions.take(2)
                case 8: conditions.take(4 * conditions.number(1))
                case 9: conditions.take(1); conditions.take(5 * conditions.number(1))
                case 11:
                    quorums = [tuple(conditions.take(2)) for _ in range(conditions.number(1))]
                    found = quorums, conditions.number(1), conditions.number(4), conditions.number(4)
        return name, found

    def sections(self, reader):
        for _ in range(reader.number(1)):
            reader.take(4)
            reader.take(18 * reader.number(1))
        for _ in range(reader.number(1)):
            lists, prefix = reader.number(8), reader.vector(1)
            self.shapes.append((lists, prefix, reader.number(2), reader.number(2)))
        assert reader.take(5) == bytes(5)
        for _ in range(reader.number(2)):
            assert reader.number(2) == 1
            reader.number(4)
            for _ in range(reader.number(1)):
                name = reader.vector(1)
                self.persons.append((name, [(reader.number(1), reader.vector(2)) for _ in range(reader.number(1))]))
            self.groups = [(reader.vector(1), reader.number(8)) for _ in range(reader.number(1))]

    def lists_of(self, script):
        bits, data = self.destinations.get(script, 0), b"" if script == b"\x6a" else pushed(script)
        for lists, prefix, least, most in self.shapes if data is not None else []:
            if data.startswith(prefix) and least <= len(data) <= most:
                bits |= lists
        return [name for place, name in enumerate(self.lists) if bits >> place & 1]


class Leaf:
    """A decision about a payment, as section 5 lays it out."""

    def __init__(self, data):
        reader = Reader(data)
        assert reader.take(2) == b"\x02\x01"
        reader.take(16)
        self.verdict = reader.number(1)
        reader.take(22)
        self.digest, self.bundle, self.network, bits = reader.take(32), reader.take(32), reader.number(1), reader.number(1)
        assert bits & 1
        self.sighashes = reader.number(1) if bits & 4 else 0
        self.replaced = reader.take(32) if bits & 16 else None
        reader.take(8 if bits & 16 else 0)
        assert bits & 32
        self.requester, self.asked = reader.number(4), reader.number(8)
        reader.take(2 + 32)
        self.outflow, self.fee, self.vsize = reader.number(8), reader.number(8), reader.number(4)
        reader.take(36 + 2 + 32)
        self.wallet, self.own_count, self.own_amount = reader.take(32), reader.number(2), reader.number(8)
        self.destinations = [(reader.number(8), reader.vector(2)) for _ in range(reader.number(2))]
        self.rules = []
        for _ in range(reader.number(2)):
            self.rules.append(reader.number(2))
            reader.take(10 * reader.number(1))


def name(data):
    return "".join(chr(byte) if chr(byte) in NAMED else f"\\x{byte:02x}" for byte in data)


def bitcoin(satoshi):
    return f"{satoshi // 10**8}.{satoshi % 10**8:08} BTC"


def utc(nanoseconds):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=nanoseconds // 10**9)
    return moment.isoformat() + "Z"


def duration(seconds):
    text = ""
    for letter, size in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]:
        count, seconds = divmod(seconds, size)
        text += f"{count}{letter}" if count else ""
    return text or "0s"


def text(kind, leaf, bundle, home, log):
    """Section 8, Approvals."""
    leaf, bundle = Leaf(leaf), Bundle(bundle)
    asked = leaf.asked
    assert leaf.bundle == bundle.hash and leaf.verdict == 3
    lines = [f"portcullis {kind}", f"network {NETWORKS[leaf.network]}", f"home {home.hex()} log {log}",
             f"policy {bundle.hash.hex()} epoch {bundle.epoch}", f"request {leaf.digest.hex()}", f"asked {utc(asked)} by uid {leaf.requester}",
             f"wallet {name(bundle.wallets[leaf.wallet])}"]
    for amount, script in leaf.destinations:
        data = pushed(script)
        to = address(script, leaf.network) or (f"data {data.hex()}" if data else f"script {script.hex()}")
        lists = ", ".join(map(name, bundle.lists_of(script)))
        lines.append(f"pays {bitcoin(amount)} to {to}" + (f" in {lists}" if lists else ""))
    rate = -(-leaf.fee * 1_000 // leaf.vsize)
    lines += [f"fee {bitcoin(leaf.fee)}, {rate // 1000}.{rate % 1000:03} sat/vB", f"leaves the wallet {bitcoin(leaf.outflow)}",
              f"returns to us {leaf.own_count} outputs, {bitcoin(leaf.own_amount)}"]
    if leaf.replaced:
        lines.append(f"replaces {leaf.replaced.hex()}")
    if leaf.sighashes:
        types = ", ".join(word for place, word in enumerate(TYPES) if leaf.sighashes >> place & 1)
        lines.append(f"others can change it by {types}: fee and what leaves are the most there can be")
    for place in leaf.rules:
        rule, approvals = bundle.rules[place]
        if not approvals:
            continue
        quorums, veto, wait, expiry = approvals
        needs = " and ".join(f"{count} of {name(bundle.groups[group][0])}" for group, count in quorums)
        against = f", veto {name(bundle.groups[veto][0])}" if veto != 255 else ""
        end = min(asked + expiry * 10**9, 2**64 - 1)
        lines.append(f"rule {name(rule)} needs {needs}{against}, waits {duration(wait)}, expires {utc(end)}")
    return "".join(line + "\n" for line in lines).encode()


# Who signs.

def string(data):
    return struct.pack(">I", len(data)) + data


def armour(blob):
    body = base64.b64encode(blob).decode()
    lines = [body[at:at + 70] for at in range(0, len(body), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


class Plain:
    """An Ed25519 key in a file."""
    type = b"ssh-ed25519"

    def __init__(self, seed):
        self.key = SigningKey(sha256(seed))

    @property
    def wire(self):
        return string(self.type) + string(bytes(self.key.verify_key))

    @property
    def line(self):
        return f"{self.type.decode()} {base64.b64encode(self.wire).decode()}"

    def signature(self, data):
        return string(self.type) + string(self.key.sign(data).signature)

    def sign(self, message, namespace=KINDS["approval"], algorithm="sha512"):
        """A blob as PROTOCOL.sshsig has it."""
        space, hashed = namespace.encode(), hashlib.new(algorithm, message).digest()
        tail = string(b"") + string(algorithm.encode())
        signed = b"SSHSIG" + string(space) + tail + string(hashed)
        return b"SSHSIG" + struct.pack(">I", 1) + string(self.wire) + string(space) + tail + string(self.signature(signed))


class Authenticator(Plain):
    """An Ed25519 key that an authenticator keeps: it signs SHA-256(application) | flags | counter | SHA-256(data)."""
    type = b"sk-ssh-ed25519@openssh.com"

    def __init__(self, seed, application="ssh:", flags=1, counter=0):
        super().__init__(seed)
        self.application, self.flags, self.counter = application.encode(), flags, counter

    @property
    def wire(self):
        return super().wire + string(self.application)

    def signature(self, data):
        self.counter += 1
        presence = struct.pack(">BI", self.flags, self.counter)
        made = self.key.sign(sha256(self.application) + presence + sha256(data)).signature
        return string(self.type) + string(made) + presence
