#!/usr/bin/env python3
"""make bench: the rows of docs/numbers that exist by now, each as a ratio beside a peer or the physical limit, in one run.

Never a test: machines differ, ratios are what counts. `bench.py --quick` takes fewer rounds.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests" / "SystemTests"))

import appliance  # noqa: E402
import wallets  # noqa: E402
import wire  # noqa: E402

QUICK = "--quick" in sys.argv
LINKED = ["Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire", "SecretMemory", "Confinement",
          "LocalSocket", "Signer", "portcullis-signer", "CLinux", "CSecp256k1", "CSodium", "CSeccomp", "CCap"]
rows = []


def row(what, value, reach, good):
    rows.append((what, value, reach, good))
    print(f"{'ok  ' if good else 'MISS' if good is not None else '-   '} {what}: {value}   (to reach: {reach})", flush=True)


def compiled(name, *libraries):
    out = pathlib.Path(tempfile.mkdtemp()) / name
    source = REPOSITORY / "Benchmarks" / f"{name}.c"
    subprocess.run(["cc", "-O2", "-Wall", "-o", out, source, *[f"-l{x}" for x in libraries]], check=True)
    return str(out)


def numbers(*command, **options):
    run = subprocess.run(command, capture_output=True, check=False, **options)
    if run.returncode != 0:
        sys.exit(f"{command[0]}: {run.stderr.decode()}")
    return [float(x) for x in run.stdout.split()]


def own_lines():
    """Lines of Swift and C that are neither empty nor a comment, word list and generated tables aside."""
    total = 0
    for target in LINKED:
        for path in sorted((REPOSITORY / "Sources" / target).rglob("*")):
            if path.suffix not in (".swift", ".c", ".h") or "ordlist" in path.name.lower() or "profiles" in path.name.lower():
                continue
            lines = [line.strip() for line in path.read_text().splitlines()]
            total += sum(1 for line in lines if line and not line.startswith(("//", "/*", "*")))
    return total


def static_rows():
    size = (appliance.BUILD / "portcullis-signer").stat().st_size
    row("signer binary, static", f"{size / 1e6:.2f} MB", "3 MB", size <= 3_000_000)
    lines = own_lines()
    row("own lines of Swift and C in it", lines, "5,000", lines <= 5_000)
    profile = REPOSITORY / "policies" / "sandbox" / "signer-ready.seccomp"
    calls = [line.split()[0] for line in profile.read_text().splitlines() if line.strip() and not line.startswith("#")]
    row("system calls that the ready signer may make", len(set(calls)), "5", len(set(calls)) <= 5)


def prepare(count, amount=10_000, kinds=("wpkh",)):
    """Whole frames of one-input requests, with their length before each."""
    data = b""
    for number in range(count):
        coin = wallets.Coin(kinds[number % len(kinds)], amount, index=number % 200)
        payload = wire.frame(wire.SIGN, wire.Request([coin], [(wallets.foreign_script(), amount - 1_000)]).encode())
        data += wire.u32(len(payload)) + payload
    return data


def thousand_inputs(running):
    bare = compiled("bare", "secp256k1", "sodium")
    count, rounds = 1_000, 3 if QUICK else 5
    made = []
    for _ in range(rounds):
        parents = []
        for group in range(4):
            scripts = [wallets.script_of("wpkh", 0, 250 * group + n) for n in range(250)]
            parent = wallets.funding(*[(spk, 10_000) for spk in scripts])
            parents += [wallets.Coin("wpkh", 10_000, 0, 250 * group + n, parent=parent, vout=n) for n in range(250)]
        made.append((parents, [(wallets.foreign_script(), 9_000_000)]))
    ours = []
    with wire.Connection(running.home / "run" / "gate.sock") as connection:
        for coins, payments in made:
            payload = wire.Request(coins, payments).encode()
            start = time.monotonic()
            answer = wire.Answer(*connection.ask(wire.SIGN, payload))
            ours.append((time.monotonic() - start) * 1e6)
            assert answer.signed and len(answer.signatures) == count
    derive, sign, verify, total = (statistics.median(x) for x in zip(*[numbers(bare, str(count)) for _ in range(rounds)]))
    best = statistics.median(ours)
    row("1,000 wpkh inputs at distinct indices, request to signatures, against bare libsecp256k1 "
        f"(derive {derive / 1e3:.0f} ms, sign with low R {sign / 1e3:.0f} ms, verify {verify / 1e3:.0f} ms)",
        f"{best / 1e3:.0f} ms / {total / 1e3:.0f} ms = {best / total:.2f} x", "1.5 x", best / total <= 1.5)
    peers(running, *made[0])


def peers(running, coins, payments):
    """The same PSBT through the whole appliance and through each peer."""
    made = wallets.embit_psbt(coins, [(payments[0][0], 8_999_999)])
    text = made.to_string()
    start = time.monotonic()
    running.sign(text)
    ours = time.monotonic() - start
    start = time.monotonic()
    assert wallets.psbt.PSBT.from_string(text).sign_with(wallets.ROOT) == len(coins)
    took = time.monotonic() - start
    row("the same PSBT, command line to signed file, against embit", f"{ours:.2f} s / {took:.2f} s", "faster", ours < took)
    took = bdk_signs(text)
    row("the same against BDK", f"{ours:.2f} s / {took:.2f} s", "faster", ours < took)
    took = electrum_signs(text)
    if took is None:
        row("the same against Electrum", "skipped: no electrum", "faster", None)
    else:
        row("the same against Electrum (its start-up included)", f"{ours:.2f} s / {took:.2f} s", "faster", ours < took)
    row("the same against Bitcoin Core", "skipped: no BITCOIND", "faster", None)


def bdk_signs(text):
    bdk = wallets.bdk
    network, kind = bdk.Network.REGTEST, bdk.NetworkKind.TEST
    xprv = wallets.ROOT.to_base58(wallets.NETWORKS["regtest"]["xprv"])
    wallet = bdk.Wallet(bdk.Descriptor(f"wpkh({xprv}/84'/1'/0'/0/*)", kind), bdk.Descriptor(f"wpkh({xprv}/84'/1'/0'/1/*)", kind),
                        network, bdk.Persister.new_in_memory(), 1_100)
    wallet.reveal_addresses_to(bdk.KeychainKind.EXTERNAL, 1_050)
    psbt = bdk.Psbt(text)
    options = bdk.SignOptions(trust_witness_utxo=True, assume_height=None, allow_all_sighashes=False, try_finalize=False,
                              sign_with_tap_internal_key=True, allow_grinding=True)
    start = time.monotonic()
    wallet.sign(psbt, options)
    took = time.monotonic() - start
    assert all(i.partial_sigs for i in wallets.psbt.PSBT.from_string(psbt.serialize()).inputs)
    return took


def electrum_signs(text):
    if wallets.ELECTRUM is None:
        return None
    directory = tempfile.mkdtemp(prefix="electrum-")
    vprv = wallets.ROOT.derive("m/84h/1h/0h").to_base58(bytes.fromhex("045f18bc"))
    wallet = os.path.join(directory, "signing")
    wallets.electrum(directory, "restore", "-w", wallet, vprv)
    with open(wallet) as file:
        stored = json.load(file)
    stored["keystore"]["root_fingerprint"] = wallets.FINGERPRINT.hex()
    stored["keystore"]["derivation"] = "m/84h/1h/0h"
    with open(wallet, "w") as file:
        json.dump(stored, file)
    path = os.path.join(directory, "in.psbt")
    pathlib.Path(path).write_text(text)
    start = time.monotonic()
    run = subprocess.run([wallets.ELECTRUM, "--regtest", "--offline", "-D", directory, "signtransaction", "-w", wallet, "-"],
                         input=text, capture_output=True, text=True, timeout=600, env={**os.environ, "HOME": directory})
    took = time.monotonic() - start
    return took if run.returncode == 0 else None


def durable(running):
    flush, load = compiled("flush"), compiled("load")
    gate = str(running.home / "run" / "gate.sock")
    count = 300 if QUICK else 1_000
    single = prepare(count, kinds=("wpkh", "tr"))
    bare, _ = numbers(flush, str(running.home), str(count))
    _, refused, _, median, high = numbers(load, gate, "1", input=single)
    assert refused == 0
    row("one-input request, durable log included: median over two bare flushes (99th percentile "
        f"{high:.0f} us)", f"{median:.0f} us / {bare:.0f} us = {median / bare:.2f} x", "2 x", median / bare <= 2)
    many = prepare(3_000 if QUICK else 10_000, kinds=("wpkh", "tr"))
    signed, refused, seconds, median, high = numbers(load, gate, "64", input=many)
    assert refused == 0
    row(f"64 clients, one-input requests (median {median / 1e3:.1f} ms, 99th percentile {high / 1e3:.1f} ms)",
        f"{signed / seconds:,.0f}/s", "5,000/s", signed / seconds >= 5_000)


def main():
    static_rows()
    with appliance.Appliance(str(REPOSITORY / "Benchmarks" / "ten-rules.toml")) as running:
        durable(running)
        thousand_inputs(running)
    missed = [what for what, _, _, good in rows if good is False]
    print(f"{len(rows)} rows, {len(missed)} short of their mark")
    pathlib.Path(appliance.BUILD / "bench.json").write_text(json.dumps([{"what": w, "value": str(v), "reach": r, "good": g} for w, v, r, g in rows], indent=1))


if __name__ == "__main__":
    main()
