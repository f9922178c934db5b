"""BIP-322 written from its page, with embit for the bytes of transactions: what a signature says is made into the two virtual
transactions, and Bitcoin Core's engine is asked about the second. Nothing here is ours."""
import base64
import hashlib

from embit import compact, psbt
from embit.script import Script, Witness
from embit.transaction import Transaction, TransactionInput, TransactionOutput

import judge
from wire import u8, u16, u32, tagged, vec32


def to_spend(text, spk):
    """The transaction that does not exist, for an address's script."""
    script = Script(b"\x00\x20" + tagged("BIP0322-signed-message", text))
    nothing = TransactionInput(bytes(32), 0xFFFFFFFF, script_sig=script, sequence=0)
    return Transaction(version=0, vin=[nothing], vout=[TransactionOutput(0, Script(spk))], locktime=0)


def to_sign(text, spk, version=0, lock_time=0, sequence=0):
    spend = TransactionInput(to_spend(text, spk).txid(), 0, sequence=sequence)
    return Transaction(version=version, vin=[spend], vout=[TransactionOutput(0, Script(b"\x6a"))], locktime=lock_time)


def unsigned(data):
    """The unsigned transaction of a PSBT of version 0. embit's own `tx` takes a version or a sequence of 0 for none."""
    assert data[:8] == b"psbt\xff\x01\x00" + data[7:8]
    width = {0xFD: 3, 0xFE: 5}.get(data[7], 1)
    count = int.from_bytes(data[8:7 + width], "little") if width > 1 else data[7]
    return data[7 + width:7 + width + count]


def parse(signature, text, spk):
    """(to_sign as it was signed, the coins it spends after the first)."""
    kind, data = signature[:3], base64.b64decode(signature[3:], validate=True)
    if kind == "smp":
        made = to_sign(text, spk)
        made.vin[0].witness = Witness.parse(data)
        return made, []
    if kind == "ful":
        return Transaction.parse(data), []
    assert kind == "pof", signature[:10]
    proof = psbt.PSBT.parse(data)
    made = Transaction.parse(unsigned(data))
    for spend, scope in zip(made.vin, proof.inputs):
        spend.script_sig = scope.final_scriptsig or Script(b"")
        spend.witness = scope.final_scriptwitness or Witness([])
    coins = [scope.utxo for scope in proof.inputs[1:]]
    return made, [(coin.value, coin.script_pubkey.data) for coin in coins]


def question(signature, text, spk):
    """What the engine is to be asked, once the form is as BIP-322 has it; nothing where it is not."""
    made, coins = parse(signature, text, spk)
    first = made.vin[0]
    if (first.txid, first.vout) != (to_spend(text, spk).txid(), 0) or made.version not in (0, 2):
        return None
    if [(out.value, out.script_pubkey.data) for out in made.vout] != [(0, b"\x6a")]:
        return None
    return made.serialize(), [(0, spk)] + coins


def is_valid(signature, text, spk):
    asked = question(signature, text, spk)
    return asked is not None and judge.accepts(*asked)


def legacy_digest(text):
    data = b"\x18Bitcoin Signed Message:\n" + compact.to_bytes(len(text)) + text
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


class Request:
    """A request for a message as docs/protocol.md has it; every field may be changed before `encode`."""

    def __init__(self, wallet, text, format=1, branch=0, index=0):
        self.network, self.anti_exfil, self.format = 4, 0, format
        self.wallet, self.branch, self.index, self.selector, self.leaf = wallet, branch, index, 0, b""
        self.version, self.lock_time, self.sequence, self.text = 0, 0, 0, text
        self.inputs, self.parents, self.trailing = [], 0, b""

    def encode(self):
        return vec32(self.resolved()) + u16(self.parents) + self.trailing

    def resolved(self):
        data = u8(2) + u8(self.network) + u8(self.anti_exfil) + u8(self.format) + self.wallet + u8(self.branch)
        data += u32(self.index) + u8(self.selector) + self.leaf + u32(self.version) + u32(self.lock_time) + u32(self.sequence)
        return data + vec32(self.text) + u16(len(self.inputs)) + b"".join(self.inputs)


