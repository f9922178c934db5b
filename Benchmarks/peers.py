#!/usr/bin/env python3
"""A peer that signs a PSBT by itself, in a process that can be stopped: prints seconds by the clock and of the processor.

    peers.py embit|bdk|electrum KIND FILE COUNT
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "SystemTests"))

import wallets  # noqa: E402

# How the test seed's keys stand in a descriptor for BDK; B and C are the cosigners' keys, given behind the count.
BDK = {
    "wpkh": "wpkh(S/84'/1'/0'/N/*)", "pkh": "pkh(S/44'/1'/0'/N/*)", "tr": "tr(S/86'/1'/0'/N/*)",
    "multi": "wsh(sortedmulti(2,S/48'/1'/7'/2'/N/*,B/N/*,C/N/*))", "leaf": "tr(B/N/*,pk(S/48'/1'/8'/2'/N/*))",
}


def timed(work):
    begun, processor = time.monotonic(), time.process_time()
    work()
    print(f"{time.monotonic() - begun:.3f} {time.process_time() - processor:.3f}", flush=True)


def embit(kind, text, count):
    parsed = wallets.psbt.PSBT.from_string(text)
    done = []
    timed(lambda: done.append(parsed.sign_with(wallets.ROOT)))
    assert done == [count], done


def bdk(kind, text, count):
    api = wallets.bdk
    form = BDK[kind].replace("S", wallets.ROOT.to_base58(wallets.NETWORKS["regtest"]["xprv"]))
    for name, key in zip("BC", sys.argv[5:]):
        form = form.replace(f"{name}/", f"{key}/")
    pair = [api.Descriptor(form.replace("/N/", f"/{branch}/"), api.NetworkKind.TEST) for branch in (0, 1)]
    wallet = api.Wallet(*pair, api.Network.REGTEST, api.Persister.new_in_memory(), 1)
    wallet.reveal_addresses_to(api.KeychainKind.EXTERNAL, count)
    parsed = api.Psbt(text)
    options = api.SignOptions(trust_witness_utxo=True, assume_height=None, allow_all_sighashes=False, try_finalize=False,
                              sign_with_tap_internal_key=True, allow_grinding=True)
    timed(lambda: wallet.sign(parsed, options))
    for place in wallets.psbt.PSBT.from_string(parsed.serialize()).inputs:
        assert place.partial_sigs or place.taproot_sigs or b"\x13" in place.unknown or place.final_scriptwitness, "not signed"


def electrum(kind, text, count):
    """Its start-up is part of it: a program that signs and ends."""
    version, path = {"wpkh": ("045f18bc", "m/84h/1h/0h"), "pkh": ("04358394", "m/44h/1h/0h")}[kind]
    folder = tempfile.mkdtemp(prefix="electrum-")
    try:
        wallet = os.path.join(folder, "signing")
        key = wallets.ROOT.derive(path).to_base58(bytes.fromhex(version))
        wallets.electrum(folder, "restore", "-w", wallet, key)
        stored = json.loads(pathlib.Path(wallet).read_text())
        stored["keystore"] |= {"root_fingerprint": wallets.FINGERPRINT.hex(), "derivation": path}
        pathlib.Path(wallet).write_text(json.dumps(stored))
        command = [wallets.ELECTRUM, "--regtest", "--offline", "-D", folder, "signtransaction", "-w", wallet, "-"]
        begun, before = time.monotonic(), os.times()
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, env={**os.environ, "HOME": folder})
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        # What is complete it prints as a transaction.
        assert len(bytes.fromhex(done.stdout.strip())) > 100 * count
        print(f"{time.monotonic() - begun:.3f} {used:.3f}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    peer, kind, path, count = sys.argv[1:5]
    {"embit": embit, "bdk": bdk, "electrum": electrum}[peer](kind, pathlib.Path(path).read_text(), int(count))
