#!/usr/bin/env python3
"""Makes recorded_psbts.json: PSBTs that embit signed, and what BDK makes of them.

    record_psbts.py > recorded_psbts.json

Run it with the Python of the system tests (embit, bdkpython, py-bitcoinkernel). For each kind of
script that is spent by keys alone there is one payment of two inputs: `signed` (version 0),
`two` (embit's own version 2 of the same), `transaction` (as BDK finalizes it; Bitcoin Core's
engine found it valid before it was written) and `parts` (one PSBT for each of two or three signers). Keys come
from a counter, so the file is the same every time.
"""

import base64
import hashlib
import json
import pathlib
import sys

import bdkpython as bdk
from embit import ec, psbt, script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "SystemTests"))
import judge  # noqa: E402

INPUTS = 2


def key(name):
    return ec.PrivateKey(hashlib.sha256(name.encode()).digest())


def number(value):
    return bytes([0x50 + value]) if value <= 16 else bytes([1, value])


def multi(threshold, secrets):
    keys = b"".join(bytes([33]) + k.get_public_key().sec() for k in secrets)
    return script.Script(number(threshold) + keys + number(len(secrets)) + b"\xae")


def single(secret):
    return script.Script(b"\x21" + secret.get_public_key().sec() + b"\xac")


class Spend:
    """One input: the script paid to, the scripts behind it, and who signs."""

    def __init__(self, kind, place):
        form, _, rest = kind.partition(" ")
        threshold, count = (map(int, rest.split("of")) if "of" in rest else (1, 1))
        secrets = [key(f"{kind}/{place}/{n}") for n in range(count)]
        # The last ones sign, so that the order of the keys matters.
        self.signers = secrets[count - threshold:]
        public = secrets[0].get_public_key()
        inner = {"multi": lambda: multi(threshold, secrets), "pk": lambda: single(secrets[0]),
                 "pkh": lambda: script.p2pkh(public)}
        self.redeem = self.witness = None
        if form == "wpkh":
            self.script = script.p2wpkh(public)
        elif form == "tr":
            self.script = script.p2tr(public)
        elif form == "sh-wpkh":
            self.redeem = script.p2wpkh(public)
            self.script = script.p2sh(self.redeem)
        else:
            *outer, name = form.split("-")
            self.script = inner[name]()
            if "wsh" in outer:
                self.witness = self.script
                self.script = script.p2wsh(self.witness)
            if "sh" in outer:
                self.redeem = self.script
                self.script = script.p2sh(self.redeem)


KINDS = ["pk", "pkh", "wpkh", "sh-wpkh", "tr", "multi 1of2", "multi 2of3", "sh-pk", "sh-pkh",
         "sh-multi 1of1", "sh-multi 2of3", "sh-multi 11of15", "wsh-pk", "wsh-pkh",
         "wsh-multi 1of1", "wsh-multi 2of3", "wsh-multi 15of16", "wsh-multi 17of20",
         "sh-wsh-pk", "sh-wsh-pkh", "sh-wsh-multi 2of3", "sh-wsh-multi 3of5"]


def unsigned(kind, spends):
    parents = [Transaction(version=2, locktime=0, vin=[TransactionInput(
        hashlib.sha256(f"parent/{kind}/{n}".encode()).digest(), 0, sequence=0xFFFFFFFF)],
        vout=[TransactionOutput(50_000 + n, spend.script)]) for n, spend in enumerate(spends)]
    pay = script.p2wpkh(key(f"pay/{kind}").get_public_key())
    made = psbt.PSBT(Transaction(
        version=2, locktime=800_000,
        vin=[TransactionInput(p.txid(), 0, sequence=0xFFFFFFFD - n) for n, p in enumerate(parents)],
        vout=[TransactionOutput(60_000, pay), TransactionOutput(20_000, pay)]))
    for place, parent, spend in zip(made.inputs, parents, spends):
        place.non_witness_utxo = parent
        place.redeem_script, place.witness_script = spend.redeem, spend.witness
        if kind == "tr" or "w" in kind:
            place.witness_utxo = parent.vout[0]
    return made


def sign(made, secret):
    """Signs as embit does, but leaves a taproot signature unfinished, as BIP-371 has it."""
    made.sign_with(secret)
    for place in made.inputs:
        if place.is_taproot and place.final_scriptwitness:
            # A new dictionary: that of embit is shared between all PSBTs.
            place.unknown = {b"\x13": place.final_scriptwitness.items[0]}
            place.final_scriptwitness = None


def text(made):
    return base64.b64encode(made.serialize()).decode()


def record(kind):
    spends = [Spend(kind, n) for n in range(INPUTS)]
    parts = []
    for signer in range(len(spends[0].signers)):
        part = unsigned(kind, spends)
        for spend in spends:
            sign(part, spend.signers[signer])
        parts.append(text(part))
    signed = unsigned(kind, spends)
    for spend in spends:
        for signer in spend.signers:
            sign(signed, signer)
    one = text(signed)
    signed.version = 2
    two = text(signed)
    done = bdk.Psbt(one).finalize()
    assert done.could_finalize, (kind, done.errors)
    raw = bytes(done.psbt.extract_tx().serialize())
    spent = [(p.non_witness_utxo.vout[0].value, p.non_witness_utxo.vout[0].script_pubkey.data) for p in signed.inputs]
    assert judge.accepts(raw, spent), kind
    broken = bytearray(raw)
    broken[-5 if raw[4] == 0 else 60] ^= 1
    assert not judge.accepts(bytes(broken), spent), kind
    return {"kind": kind, "signed": one, "two": two, "parts": parts if len(parts) < 4 else [],
            "transaction": raw.hex()}


if __name__ == "__main__":
    print(json.dumps([record(kind) for kind in KINDS], indent=0))
