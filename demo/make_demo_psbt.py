"""Makes the demonstration PSBTs with BDK, a wallet that shares no code with Portcullis.

usage: python demo/make_demo_psbt.py   (bdkpython from scripts/peers.txt; writes beside itself)

The wallet watches: it is made from account xpubs of the well-known BIP-39 test words, on regtest. The coins
are made up, so the payments can be signed and judged but spend nothing on any network. What is paid:
two coins of the wallet in, 0.3 BTC to a stranger, the rest back as change.
"""

import pathlib
import struct

import bdkpython as bdk

WORDS = "abandon " * 11 + "about"
STRANGER = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
PAID_SATOSHI = 30_000_000
HERE = pathlib.Path(__file__).parent


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
    """An unsigned PSBT that spends two coins, with their parents."""
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
    builder = builder.add_utxos([bdk.OutPoint(txid=c.compute_txid(), vout=1) for c in coins])
    return builder.finish(watch)


for name, wrap, purpose in (("segwit", "wpkh", 84), ("taproot", "tr", 86)):
    psbt = payment(wrap, purpose)
    (HERE / f"payment-{name}.psbt").write_text(psbt.serialize() + "\n")
    print(name, psbt.extract_tx().compute_txid(), psbt.fee())
