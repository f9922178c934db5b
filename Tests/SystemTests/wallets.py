"""Independent wallet programs that make PSBTs: BDK, embit and Electrum. Nothing here is ours.

All of them are watch-only: they know the account xpubs of the test seed and never a private key.
"""
import functools
import os
import random
import shutil
import subprocess
import tempfile

import bdkpython as bdk
from embit import bip32, bip39, ec, psbt, script
from embit.networks import NETWORKS
from embit.transaction import Transaction, TransactionInput, TransactionOutput

#: Where all that is made at random here comes from; a test that wants to be repeated seeds another.
chance = random.SystemRandom()

WORDS = "abandon " * 11 + "about"
ROOT = bip32.HDKey.from_seed(bip39.mnemonic_to_seed(WORDS), version=NETWORKS["regtest"]["xprv"])
FINGERPRINT = ROOT.child(0).fingerprint
ACCOUNTS = {"wpkh": "m/84h/1h/0h", "tr": "m/86h/1h/0h"}


def account(kind):
    """The account's public key."""
    return ROOT.derive(ACCOUNTS[kind]).to_public()


@functools.cache
def script_of(kind, branch, index):
    key = account(kind).derive([branch, index]).key
    return script.p2wpkh(key) if kind == "wpkh" else script.p2tr(key)


def funding(*outputs, filler=0):
    """A parent transaction with a random input and these (script, amount) outputs."""
    pay = [TransactionOutput(amount, spk) for spk, amount in outputs]
    pay += [TransactionOutput(1_000 + n, script.p2wpkh(random_key())) for n in range(filler)]
    spend = TransactionInput(chance.randbytes(32), 0, sequence=0xFFFFFFFF)
    return Transaction(version=2, vin=[spend], vout=pay, locktime=0)


def random_key():
    return ec.PrivateKey(chance.randbytes(32)).get_public_key()


def foreign_script():
    return script.p2wpkh(random_key())


def any_script():
    """A witness program that nobody has the key of: cheap to make."""
    return script.Script(b"\x00\x14" + chance.randbytes(20))


def path(kind, branch, index):
    return bip32.parse_path(ACCOUNTS[kind]) + [branch, index]


class Coin:
    """An output of a parent that belongs to the test seed."""

    def __init__(self, kind, amount, branch=0, index=0, filler=0, parent=None, vout=0):
        self.kind, self.amount, self.branch, self.index = kind, amount, branch, index
        self.script = script_of(kind, branch, index)
        self.parent = parent or funding((self.script, amount), filler=filler)
        self.vout = vout


def embit_psbt(coins, payments, change=None, with_parents=True, locktime=0, sequence=0xFFFFFFFD, version=2):
    """An unsigned PSBT of version 0 by embit. `payments`: (script, amount); `change`: (kind, index, amount)."""
    outputs = [TransactionOutput(amount, spk) for spk, amount in payments]
    if change:
        kind, index, amount = change
        outputs.append(TransactionOutput(amount, script_of(kind, 1, index)))
    inputs = [TransactionInput(c.parent.txid(), c.vout, sequence=sequence) for c in coins]
    made = psbt.PSBT(Transaction(version=version, vin=inputs, vout=outputs, locktime=locktime))
    for place, coin in zip(made.inputs, coins):
        place.witness_utxo = coin.parent.vout[coin.vout]
        if with_parents:
            place.non_witness_utxo = coin.parent
        describe(place, coin.kind, coin.branch, coin.index)
    if change:
        describe(made.outputs[-1], change[0], 1, change[1])
    return made


def describe(place, kind, branch, index):
    """Gives an input or output its key origin."""
    key = account(kind).derive([branch, index]).key
    origin = psbt.DerivationPath(FINGERPRINT, path(kind, branch, index))
    if kind == "wpkh":
        place.bip32_derivations[key] = origin
    else:
        place.taproot_bip32_derivations[key] = ([], origin)
        place.taproot_internal_key = key


def descriptor(kind, branch):
    origin = ACCOUNTS[kind].replace("m/", "").replace("h", "'")
    return f"{kind}([{FINGERPRINT.hex()}/{origin}]{account(kind).to_base58(NETWORKS['regtest']['xpub'])}/{branch}/*)"


def bdk_psbt(kind, amounts, recipient, amount, sat_per_vb=2):
    """An unsigned PSBT by BDK that spends fresh coins of `amounts`; returns base64 and the parents."""
    network = bdk.Network.REGTEST
    wallet = bdk.Wallet(
        bdk.Descriptor(descriptor(kind, 0), bdk.NetworkKind.TEST),
        bdk.Descriptor(descriptor(kind, 1), bdk.NetworkKind.TEST),
        network,
        bdk.Persister.new_in_memory(),
    )
    parents = []
    for value in amounts:
        info = wallet.reveal_next_address(bdk.KeychainKind.EXTERNAL)
        spk = script.Script(bytes(info.address.script_pubkey().to_bytes()))
        parent = funding((spk, value), filler=chance.randrange(3))
        parents.append(parent)
        wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=bdk.Transaction(parent.serialize()), last_seen=1)])
    builder = bdk.TxBuilder().add_recipient(bdk.Script(recipient.data), bdk.Amount.from_sat(amount))
    builder = builder.fee_rate(bdk.FeeRate.from_sat_per_vb(sat_per_vb))
    return builder.finish(wallet).serialize(), parents


def bdk_bump(kind, amounts, recipient, amount, sat_per_vb=2):
    """As `bdk_psbt`, with a function that makes of the final transaction BDK's own PSBT with a higher fee."""
    wallet = bdk.Wallet(
        bdk.Descriptor(descriptor(kind, 0), bdk.NetworkKind.TEST),
        bdk.Descriptor(descriptor(kind, 1), bdk.NetworkKind.TEST),
        bdk.Network.REGTEST,
        bdk.Persister.new_in_memory(),
    )
    for value in amounts:
        info = wallet.reveal_next_address(bdk.KeychainKind.EXTERNAL)
        parent = funding((script.Script(bytes(info.address.script_pubkey().to_bytes())), value))
        wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=bdk.Transaction(parent.serialize()), last_seen=1)])
    builder = bdk.TxBuilder().add_recipient(bdk.Script(recipient.data), bdk.Amount.from_sat(amount))
    made = builder.fee_rate(bdk.FeeRate.from_sat_per_vb(sat_per_vb)).finish(wallet)

    def bump(raw, sat_per_vb):
        final = bdk.Transaction(raw)
        wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=final, last_seen=2)])
        return bdk.BumpFeeTxBuilder(final.compute_txid(), bdk.FeeRate.from_sat_per_vb(sat_per_vb)).finish(wallet).serialize()

    return made.serialize(), bump


def bdk_finalize(signed):
    """BDK's own completion of a PSBT: the raw transaction."""
    done = bdk.Psbt(signed).finalize()
    assert done.could_finalize, done.errors
    return bytes(done.psbt.extract_tx().serialize())


ELECTRUM = shutil.which("electrum")


def electrum(directory, *arguments):
    run = subprocess.run(
        [ELECTRUM, "--regtest", "--offline", "-D", directory, *arguments],
        capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": directory},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


# What Electrum makes of an account key depends on the version bytes that it comes with.
ELECTRUM_VERSIONS = {"pkh": "043587cf", "sh(wpkh)": "044a5262", "wpkh": "045f1cf6"}


def electrum_psbt(amount_btc, recipient_address, fundings=(2_000_000,), kind="wpkh", path="m/84h/1h/0h", spk=None, locktime=None):
    """An unsigned PSBT by Electrum, from a watch-only wallet that knows its origin; base64 and the parents.

    `spk` is the first address of the account at `path`, as somebody else than Electrum derives it.
    """
    import json

    directory = tempfile.mkdtemp(prefix="electrum-")
    try:
        key = ROOT.derive(path).to_public().to_base58(bytes.fromhex(ELECTRUM_VERSIONS[kind]))
        wallet = os.path.join(directory, "watch")
        electrum(directory, "restore", "-w", wallet, key)
        with open(wallet) as file:
            stored = json.load(file)
        stored["keystore"]["root_fingerprint"] = FINGERPRINT.hex()
        stored["keystore"]["derivation"] = path
        with open(wallet, "w") as file:
            json.dump(stored, file)
        parents = [funding((spk or script_of("wpkh", 0, 0), amount)) for amount in fundings]
        for parent in parents:
            electrum(directory, "addtransaction", "-w", wallet, parent.serialize().hex())
        lock = [] if locktime is None else ["--locktime", str(locktime)]
        made = electrum(
            directory, "payto", "-w", wallet, "--unsigned", "-f", "0.00001", *lock, recipient_address, str(amount_btc)
        )
        return made.splitlines()[-1].strip(), parents
    finally:
        shutil.rmtree(directory, ignore_errors=True)
