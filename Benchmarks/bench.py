#!/usr/bin/env python3
"""make bench: the rows of docs/numbers that exist by now, each as a ratio beside a peer or the physical limit, in one run.

Never a test: machines differ, ratios are what counts. `bench.py --quick` takes fewer rounds. A row that falls short is
printed as missed; only an error makes the exit status other than 0.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests" / "SystemTests"))

import appliance  # noqa: E402
import bitcoind  # noqa: E402
import large  # noqa: E402
import wallets  # noqa: E402
import wire  # noqa: E402

QUICK = "--quick" in sys.argv
TOOLS = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-bench-"))
rows = []


def row(what, value, reach, good):
    """One line of the table; `good` is None for a yardstick and for what was skipped."""
    if good is not None:
        good = bool(good)
    rows.append({"what": what, "value": str(value), "reach": reach, "good": good, "skipped": str(value).startswith("skipped")})
    mark = {True: "ok", False: "MISSED", None: "skip" if rows[-1]["skipped"] else "-"}[good]
    print(f"{mark:<7} {what}: {value}" + (f"   (to reach: {reach})" if reach else ""), flush=True)


def progress(words):
    print(f"  … {words}", file=sys.stderr, flush=True)


def compiled(name, *libraries):
    out = TOOLS / name
    source = REPOSITORY / "Benchmarks" / f"{name}.c"
    subprocess.run(["cc", "-O2", "-Wall", "-o", out, source, *[f"-l{x}" for x in libraries]], check=True)
    return str(out)


def numbers(*command, **options):
    run = subprocess.run(command, capture_output=True, check=False, **options)
    if run.returncode != 0:
        sys.exit(f"{command[0]}: {run.stderr.decode()}")
    return [float(x) for x in run.stdout.split()]


def own_lines():
    """What scripts/signer-lines.py counts on a build of the signer that kept its line table."""
    script = REPOSITORY / "scripts" / "signer-lines.py"
    if not script.exists():
        return None
    progress("building the signer with its line table, to count the lines in it")
    run = subprocess.run([sys.executable, script, "--json"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"signer-lines.py: {run.stderr[-2000:]}")
    return json.loads(run.stdout)["total"]


def static_rows():
    profile = REPOSITORY / "policies" / "sandbox" / "signer-ready.seccomp"
    calls = [line.split()[0] for line in profile.read_text().splitlines() if line.strip() and not line.startswith("#")]
    row("system calls that the ready signer may make", len(set(calls)), "5", len(set(calls)) <= 5)
    size = (appliance.BUILD / "portcullis-signer").stat().st_size
    row("signer binary, static", f"{size / 1e6:.2f} MB", "<= 3 MB", size <= 3_000_000)
    lines = own_lines()
    if lines is None:
        row("own lines of Swift and C in it", "skipped: scripts/signer-lines.py is not there", "<= 5,000", None)
    else:
        row(f"own lines of Swift and C in it: every line of every file that has code in it ({lines['compiled']:,} of them are code)",
            f"{lines['files']:,}", "<= 5,000", lines["files"] <= 5_000)


def inside():
    """Rows of the policy and the log, from Benchmarks/CoreBench."""
    tool = os.environ.get("PORTCULLIS_CORE_BENCH")
    if tool is None:
        sys.exit("bench.py: PORTCULLIS_CORE_BENCH is not set; run `make bench`")
    progress("evaluating a policy of 10,000 rules and 100,000 destinations")
    for line in subprocess.run([tool, "policy"], capture_output=True, text=True, check=True).stdout.splitlines():
        _, name, took = line.split("|")
        row(f"policy, 10,000 rules, 100,000 destinations, two outputs: {name}", f"{float(took):.0f} us", "<= 100 us", float(took) <= 100)
    progress("making entries of the log durable")
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-log-") as folder:
        made = subprocess.run([tool, "log", folder, "300" if QUICK else "2000"], capture_output=True, text=True, check=True).stdout
    single, grouped = made.splitlines()
    ours, disk = (float(x) for x in single.split("|")[2:])
    row("log, entries made durable one by one, over bare writes and flushes of as many bytes in turns with them",
        f"{ours:,.0f}/s / {disk:,.0f}/s = {ours / disk:.2f} x", ">= 0.8 x", ours / disk >= 0.8)
    rate = float(grouped.split("|")[2])
    row(f"log, entries made durable {grouped.split('|')[1]}", f"{rate:,.0f}/s", ">= 100,000/s", rate >= 100_000)


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
    count, rounds = 1_000, 3 if QUICK else 7
    progress("preparing requests of 1,000 inputs")
    made = []
    for turn in range(rounds):
        parents = []
        for group in range(4):
            # Each round has indices of its own, so that nothing is remembered of another.
            first = 10_000 * (turn + 1) + 250 * group
            scripts = [wallets.script_of("wpkh", 0, first + n) for n in range(250)]
            parent = wallets.funding(*[(spk, 10_000) for spk in scripts])
            parents += [wallets.Coin("wpkh", 10_000, 0, first + n, parent=parent, vout=n) for n in range(250)]
        made.append((parents, [(wallets.foreign_script(), 9_000_000)]))
    ours, alone = [], []
    with wire.Connection(running.home / "run" / "gate.sock") as connection:
        for coins, payments in made:
            payload = wire.Request(coins, payments).encode()
            start = time.monotonic()
            answer = wire.Answer(*connection.ask(wire.SIGN, payload))
            ours.append((time.monotonic() - start) * 1e3)
            assert answer.signed and len(answer.signatures) == count
            alone.append([took / 1e3 for took in numbers(bare, str(count))])
    derive, sign, verify, total, _, _ = (statistics.median(x) for x in zip(*alone))
    ratio = statistics.median(mine / other[3] for mine, other in zip(ours, alone))
    row("1,000 wpkh inputs at distinct indices, request to signatures, over bare libsecp256k1 "
        f"(derive {derive:.0f} ms, sign with low R {sign:.0f} ms, verify {verify:.0f} ms)",
        f"{statistics.median(ours):.0f} ms / {total:.0f} ms = {ratio:.2f} x", "<= 1.5 x", ratio <= 1.5)
    peers(running, *made[0])


def peers(running, coins, payments):
    """The same PSBT through the whole appliance and through each peer."""
    first = coins[0].index
    progress("the same PSBT through each peer")
    text = wallets.embit_psbt(coins, [(payments[0][0], 9_000_001)]).to_string()
    start = time.monotonic()
    running.sign(text)
    ours = time.monotonic() - start
    compare("embit, signing alone", ours, embit_signs(text, len(coins)))
    compare("BDK, signing alone", ours, bdk_signs(text, first + len(coins)))
    compare("Electrum, its start-up included", ours, electrum_signs(text), "no electrum")
    compare("Bitcoin Core, walletprocesspsbt alone", ours, bitcoind.signs(text, wallets), "BITCOIND names no bitcoind")


def compare(name, ours, took, reason=None):
    what = f"the same PSBT, command line to signed file, against {name}"
    if took is None:
        row(what, f"skipped: {reason}", "faster", None)
    else:
        row(what, f"{ours:.2f} s / {took:.2f} s", "faster", ours < took)


def embit_signs(text, count):
    parsed = wallets.psbt.PSBT.from_string(text)
    start = time.monotonic()
    assert parsed.sign_with(wallets.ROOT) == count
    return time.monotonic() - start


def bdk_signs(text, count):
    bdk = wallets.bdk
    network, kind = bdk.Network.REGTEST, bdk.NetworkKind.TEST
    xprv = wallets.ROOT.to_base58(wallets.NETWORKS["regtest"]["xprv"])
    wallet = bdk.Wallet(bdk.Descriptor(f"wpkh({xprv}/84'/1'/0'/0/*)", kind), bdk.Descriptor(f"wpkh({xprv}/84'/1'/0'/1/*)", kind),
                        network, bdk.Persister.new_in_memory(), 1)
    wallet.reveal_addresses_to(bdk.KeychainKind.EXTERNAL, count)
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
    """One client, its requests in turns with the bare flushes; what is left after those stands below as yardsticks."""
    flush, load, hops, bare = compiled("flush"), compiled("load"), compiled("hops"), compiled("bare", "secp256k1", "sodium")
    gate = str(running.home / "run" / "gate.sock")
    rounds, count = (4, 100) if QUICK else (10, 200)
    ratios, ours, flushes, highs = [], [], [], []
    for turn in range(rounds):
        progress(f"one-input requests, round {turn + 1} of {rounds}")
        single = prepare(count, kinds=("wpkh", "tr"))
        alone, _ = numbers(flush, str(running.home), str(count))
        _, refused, _, median, high = numbers(load, gate, "1", input=single)
        assert refused == 0
        ratios.append(median / alone)
        ours.append(median), flushes.append(alone), highs.append(high)
    ratio = statistics.median(ratios)
    row("one-input request, durable log included, over two bare flushes (medians of rounds in turns; 99th percentile "
        f"{statistics.median(highs):.0f} us, best round {min(ratios):.2f} x)",
        f"{statistics.median(ours):.0f} us / {statistics.median(flushes):.0f} us = {ratio:.2f} x", "<= 2 x", ratio <= 2)
    derive, sign, verify, _, checkpoint, checked = (x / count for x in numbers(bare, str(count)))
    trip, = numbers(hops, "3000")
    floor = statistics.median(flushes) + derive + sign + verify + checkpoint + 2 * trip
    row("  of it, bare: one input derived, signed with low R, verified", f"{derive:.0f} + {sign:.0f} + {verify:.0f} us", "", None)
    row("  of it, bare: the checkpoint signed; and verified, beside the signing of the input", f"{checkpoint:.0f} us; {checked:.0f} us", "", None)
    row("  of it, bare: three round trips between processes, client to gate and twice gate to signer", f"{3 * trip:.0f} us", "", None)
    floor += trip
    row("  the request over all of these in sequence", f"{statistics.median(ours):.0f} us / {floor:.0f} us = {statistics.median(ours) / floor:.2f} x", "", None)
    progress("preparing one-input requests for many clients")
    many = prepare(3_000 if QUICK else 10_000, kinds=("wpkh", "tr"))
    signed, refused, seconds, median, high = numbers(load, gate, "64", input=many)
    assert refused == 0
    row(f"64 clients, one-input requests, ten rules (median {median / 1e3:.1f} ms, 99th percentile {high / 1e3:.1f} ms)",
        f"{signed / seconds:,.0f}/s", ">= 5,000/s", signed / seconds >= 5_000)


def main():
    static_rows()
    inside()
    progress("starting an appliance under the policy of ten rules")
    with appliance.Appliance(str(REPOSITORY / "Benchmarks" / "ten-rules.toml")) as running:
        durable(running)
        thousand_inputs(running)
    large.rows(row, progress, compiled("bare", "secp256k1", "sodium"), TOOLS, QUICK)
    missed = sum(1 for made in rows if made["good"] is False)
    skipped = sum(1 for made in rows if made["skipped"])
    print(f"{len(rows)} rows: {missed} missed, {skipped} skipped", flush=True)
    (appliance.BUILD / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(TOOLS, ignore_errors=True)
