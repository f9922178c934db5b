"""A front of our own that says whatever a test wants: the protocol of docs/protocol.md, written from the page."""
import copy
import hashlib
import socket
import struct

u8 = lambda n: struct.pack("<B", n)
u16 = lambda n: struct.pack("<H", n)
u32 = lambda n: struct.pack("<I", n)
u64 = lambda n: struct.pack("<Q", n)
vec16 = lambda b: u16(len(b)) + b
vec32 = lambda b: u32(len(b)) + b

SIGN, GATE_STATUS, GATE_ADDRESS, GATE_XPUB, UNLOCK = 0x21, 0x22, 0x23, 0x24, 0x11
OPEN, SIGN_OPENED, OPENED = 0x25, 0x26, 0xA5
SIGNED, GATE_REFUSED, UNLOCKED, REFUSED = 0xA1, 0xAF, 0x91, 0xFF


def tagged(tag, data):
    mark = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(mark + mark + data).digest()


def wallet_id(kind):
    """The id of the example policies' wallets: the template's bytes, tagged."""
    purpose = {"wpkh": 84, "tr": 86}[kind]
    hard = 1 << 31
    steps = [purpose | hard, 1 | hard, 0 | hard]
    key = u8(1) + u8(len(steps)) + b"".join(map(u32, steps)) + u8(2) + u32(0) + u32(1)
    return tagged("portcullis/wallet/1", u8({"wpkh": 1, "tr": 2}[kind]) + u32(1_000_000) + u8(1) + key)


def legacy(transaction):
    """A transaction without its witness."""
    data = struct.pack("<i", transaction.version) + bytes([len(transaction.vin)])
    assert len(transaction.vin) < 253
    for spend in transaction.vin:
        data += bytes(reversed(spend.txid)) + u32(spend.vout) + b"\x00" + u32(spend.sequence)
    count = len(transaction.vout)
    data += bytes([count]) if count < 253 else b"\xfd" + u16(count)
    for pay in transaction.vout:
        script = pay.script_pubkey.data
        data += u64(pay.value) + bytes([len(script)]) + script
    return data + u32(transaction.locktime)


class Request:
    """A SigningRequest; every field may be changed before `encode`."""

    def __init__(self, coins, payments, change=None, sighash=None, network=4):
        self.version, self.network, self.anti_exfil, self.replaces = 1, network, 0, 0
        self.commitment = None
        self.kinds = list(dict.fromkeys(c.kind for c in coins))
        self.wallets = [wallet_id(kind) for kind in self.kinds]
        self.transaction_version, self.lock_time = 2, 0
        self.inputs = []
        for coin in coins:
            self.inputs.append({
                "txid": bytes(reversed(coin.parent.txid())), "vout": coin.vout, "sequence": 0xFFFFFFFD,
                "amount": coin.amount, "wallet": self.kinds.index(coin.kind), "branch": coin.branch,
                "index": coin.index, "selector": 0,
                "sighash": sighash if sighash is not None else (1 if coin.kind == "wpkh" else 0),
            })
        self.outputs = [{"amount": amount, "script": spk.data, "owner": None} for spk, amount in payments]
        if change:
            kind, index, amount, script = change
            self.outputs.append({"amount": amount, "script": script.data, "owner": (self.kinds.index(kind), 1, index)})
        self.parents = list({c.parent.txid(): legacy(c.parent) for c in coins}.values())
        self.trailing = b""

    def resolved(self):
        commitment = getattr(self, "commitment", None)
        anti_exfil = u8(self.anti_exfil) if commitment is None else u8(1) + commitment
        data = u8(self.version) + u8(self.network) + anti_exfil + u8(self.replaces) + getattr(self, "replaced_digest", b"")
        data += u8(len(self.wallets)) + b"".join(self.wallets)
        data += u32(self.transaction_version) + u32(self.lock_time) + u16(len(self.inputs))
        for i in self.inputs:
            data += i["txid"] + u32(i["vout"]) + u32(i["sequence"]) + u64(i["amount"])
            data += u8(i["wallet"]) + u8(i["branch"]) + u32(i["index"]) + u8(i["sighash"]) + u8(i["selector"]) + i.get("leaf", b"")
        data += u16(len(self.outputs))
        for o in self.outputs:
            data += u64(o["amount"]) + vec16(o["script"])
            data += u8(0) if o["owner"] is None else u8(1) + u8(o["owner"][0]) + u8(o["owner"][1]) + u32(o["owner"][2])
        return data

    def encode(self):
        parents = u16(len(self.parents)) + b"".join(map(vec32, self.parents))
        replaced = getattr(self, "replaced", None)
        return vec32(self.resolved()) + parents + (b"" if replaced is None else vec32(replaced)) + self.trailing

    def replacing(self, old):
        """The same as a replacement of another."""
        made = copy.deepcopy(self)
        made.replaces, made.replaced_digest, made.replaced = 1, old.digest(), old.resolved()
        return made

    def digest(self):
        return tagged("portcullis/request/1", self.resolved())


def frame(kind, payload=b""):
    return u32(len(payload) + 1) + u8(kind) + payload


class Connection:
    """A client of gate.sock or operator.sock."""

    def __init__(self, path, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    @classmethod
    def over(cls, connected, timeout=30):
        """The same on a socket that is connected already, such as one of a pair."""
        made = object.__new__(cls)
        made.socket = connected
        made.socket.settimeout(timeout)
        return made

    def send(self, kind, payload=b""):
        self.socket.sendall(frame(kind, payload))

    def receive(self):
        """(kind, payload); raises EOFError where the session was closed."""
        length, kind = struct.unpack("<IB", self._exactly(5))
        return kind, self._exactly(length - 1)

    def ask(self, kind, payload=b""):
        self.send(kind, payload)
        return self.receive()

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise EOFError("closed")
            data += piece
        return data

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Answer:
    """The reply to `sign`."""

    def __init__(self, kind, payload):
        self.signed = kind == SIGNED
        if self.signed:
            self.seen_before = bool(payload[0] & 1)
            count = struct.unpack_from("<H", payload, 1)[0]
            self.signatures = [payload[3 + 64 * n:67 + 64 * n] for n in range(count)]
            rest = payload[3 + 64 * count:]
            assert struct.unpack_from("<I", rest)[0] == len(rest) - 4
            self.receipt = rest[4:].decode()
        else:
            assert kind == GATE_REFUSED, hex(kind)
            self.stage, self.code, self.index, self.expected, self.found = struct.unpack("<BHIQQ", payload)


def unlock(path, passphrase, timeout=0.4):
    """Unlocks over operator.sock; true when it opened. A signer that is open already takes nobody in: that times out."""
    with Connection(path, timeout) as connection:
        kind, _ = connection.ask(UNLOCK, vec16(passphrase.encode()))
        return kind == UNLOCKED
