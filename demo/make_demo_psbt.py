"""Makes the demonstration PSBTs with BDK and embit, wallets that share no code with Portcullis.

usage: python demo/make_demo_psbt.py [FOLDER]   (bdkpython and embit from scripts/peers.txt)

It writes beside itself unless another folder is named; the same versions write the same bytes.

The wallet watches: it is made from account xpubs of the well-known BIP-39 test words, on regtest. The coins
are made up, so the payments can be signed and judged but spend nothing on any network. What is paid:
two coins of the wallet in, 0.3 BTC to a stranger, the rest back as change.

BDK makes the payments. For taproot it leaves the parents out (non_witness_utxo), as BIP-371 permits; embit then adds
them, as an updater (BIP-174), so that both payments come with what proves their amounts.
"""

import pathlib
import struct
import sys

import bdkpython as bdk
from embit import psbt as embit_psbt
from embit import transaction as embit_transaction

WORDS = "abandon " * 11 + "about"
STRANGER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
PAID_SATOSHI = 30_000_000
PLACE = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent


def account(purpose):
    """The account xpub of m/purpose'/1'/0' with its origin, and the master fingerprint."""
    root = bdk.DescriptorSecretKey(bdk.NetworkKind.TEST, bdk.Mnemonic.from_string(WORDS), None)
    node = root.derive(bdk.DerivationPath(f"m/{purpose}'/1'/0'"))
    return str(node.as_public()).removesuffix("/*")


def wallet(wrap, purpose):
    """A watch-only wallet with an external and an internal chain."""
    xpub = account(purpose)
    receive, change = (
        bdk.Descriptor(f"{wrap}({xpub}/{branch}/*)", bdk.NetworkKind.TEST) for branch in (0, 1)
    )
    return bdk.Wallet(receive, change, bdk.Network.REGTEST, bdk.Persister.new_in_memory())


def funding(script, satoshi, number):
    """A made-up transaction that pays the script in its second output; its input is nobody's."""
    legacy = struct.pack("<I", 2) + b"\x01" + bytes([number]) * 32 + struct.pack("<I", 0) + b"\x00"
    legacy += struct.pack("<I", 0xFFFFFFFD) + b"\x02"
    legacy += struct.pack("<Q", 1_000) + b"\x16\x00\x14" + bytes(20)
    legacy += struct.pack("<Q", satoshi) + bytes([len(script)]) + script + struct.pack("<I", 0)
    return bdk.Transaction(legacy)


def payment(wrap, purpose):
    """BDK's unsigned PSBT that spends two coins, as base64, and their parents."""
    watch = wallet(wrap, purpose)
    coins = []
    for number, satoshi in ((1, 20_000_000), (2, 25_000_000)):
        script = watch.reveal_next_address(bdk.KeychainKind.EXTERNAL).address.script_pubkey()
        coins.append(funding(bytes(script.to_bytes()), satoshi, number))
    watch.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=coin, last_seen=1) for coin in coins])
    stranger = bdk.Address(STRANGER, bdk.Network.REGTEST).script_pubkey()
    builder = bdk.TxBuilder()
    builder = builder.add_recipient(stranger, bdk.Amount.from_sat(PAID_SATOSHI))
    builder = builder.fee_rate(bdk.FeeRate.from_sat_per_vb(5)).nlocktime(bdk.LockTime.BLOCKS(1))
    builder = builder.ordering(bdk.TxOrdering.UNTOUCHED)
    builder = builder.add_utxos([bdk.OutPoint(txid=c.compute_txid(), vout=1) for c in coins])
    return builder.finish(watch).serialize(), [bytes(coin.serialize()) for coin in coins]


def with_parents(text, parents):
    """The PSBT with the parent of every input, added by embit where it was missing."""
    psbt = embit_psbt.PSBT.from_string(text)
    known = {tx.txid(): tx for tx in map(embit_transaction.Transaction.parse, parents)}
    for place in psbt.inputs:
        place.non_witness_utxo = place.non_witness_utxo or known[place.txid]
        spent = place.non_witness_utxo.vout[place.vout]
        assert spent.serialize() == place.witness_utxo.serialize(), "BDK and embit see the same coin"
    return psbt.to_string()


for name, wrap, purpose in (("segwit", "wpkh", 84), ("taproot", "tr", 86)):
    made = with_parents(*payment(wrap, purpose))
    (PLACE / f"payment-{name}.psbt").write_text(made + "\n")
    checked = bdk.Psbt(made)
    print(name, checked.extract_tx().compute_txid(), checked.fee())
