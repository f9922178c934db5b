"""Rows of large transactions: time and memory of all processes at 1,000 and 5,000 inputs for five kinds of wallets, beside bare
libsecp256k1 and beside the peers on the same PSBT. Time is the processor's, so that other work on the machine counts for little;
the clock's stands beside it."""
import os
import pathlib
import subprocess
import sys
import time

import appliance
import attacks
import bitcoind
import templates
import wallets
from embit import ec, psbt, script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

#: The name of each kind's wallet in `attacks.DESCRIPTORS`, and what it is called here.
KINDS = {"wpkh": "small", "tr": "taproot", "multi": "vault", "leaf": "tree", "pkh": "legacy"}
WORDS = {"wpkh": "wpkh", "tr": "tr, key path", "multi": "wsh 2-of-3", "leaf": "tapscript", "pkh": "pkh"}
COIN, COINS_EACH = 10_000, 50
#: Seconds after which a peer is stopped.
PATIENCE = 180
#: A peer that needs less than `BRIEF` seconds runs `TURNS` times, in turns with us, and medians are compared: one short run
#: says more of the machine than of the programs.
BRIEF, TURNS = 3, 5


def coins(name, count):
    """Parents of fifty coins each, and (parent, vout, index) of every coin."""
    wallet, found = attacks.TEMPLATES[name], []
    for first in range(0, count, COINS_EACH):
        indices = range(first, min(first + COINS_EACH, count))
        parent = wallets.funding(*[(script.Script(wallet.script(0, n)), COIN) for n in indices])
        found += [(parent, vout, n) for vout, n in enumerate(indices)]
    return found


def payment(kind, count):
    """A PSBT with all that any peer wants to know, as base64."""
    wallet, spent = attacks.TEMPLATES[KINDS[kind]], coins(KINDS[kind], count)
    inputs = [TransactionInput(parent.txid(), vout, sequence=0xFFFFFFFD) for parent, vout, _ in spent]
    pay = [TransactionOutput(count * COIN - 900_000, wallets.foreign_script())]
    made = psbt.PSBT(Transaction(version=2, vin=inputs, vout=pay, locktime=0))
    own = next(place for place, key in enumerate(wallet.keys) if key.kind == templates.OWN)
    for scope, (parent, vout, index) in zip(made.inputs, spent):
        scope.non_witness_utxo = parent
        if kind != "pkh":
            scope.witness_utxo = parent.vout[vout]
        keys = wallet.derived(0, index)
        origin = psbt.DerivationPath(wallets.FINGERPRINT, [*wallet.keys[own].value, 0, index])
        public = ec.PublicKey.parse(keys[own])
        if kind in ("tr", "leaf"):
            scope.taproot_internal_key = ec.PublicKey.parse(keys[0])
            scope.taproot_bip32_derivations[public] = ([wallet.leaf_hash(0, keys)] if kind == "leaf" else [], origin)
        else:
            scope.bip32_derivations[public] = origin
        if kind == "leaf":
            control = bytes([0xC0 | wallet.output(keys)[1]]) + keys[0][1:]
            scope.taproot_scripts[control] = wallet.leaves[0].filled(keys) + b"\xc0"
        if kind == "multi":
            scope.witness_script = script.Script(wallet.leaves[0].filled(keys))
    return made.to_string()


def ticks(pid):
    """Seconds of the processor that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1_024 for line in lines if line.startswith("VmHWM"))


class Run:
    """The PSBT through an appliance of its own, from the command line to the signed file."""

    def __init__(self, path):
        with attacks.Box() as box:
            pids = box.pids()
            before = {name: ticks(pid) for name, pid in pids.items()}
            out = path.with_suffix(".signed")
            command = [appliance.BUILD / "portcullis", "sign", path, "-o", out, "--home", box.home, "--timeout", "600"]
            begun = time.monotonic()
            child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            words = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.clock = time.monotonic() - begun
            used = {name: ticks(pid) - before[name] for name, pid in pids.items()}
            self.signed, self.words = child.returncode == 0, words.decode()
            self.kernel = used["signer"] + used["gate"]
            self.processor = sum(used.values()) + usage.ru_utime + usage.ru_stime
            self.memory = sum(map(peak, pids.values())) + usage.ru_maxrss * 1_024
            out.unlink(missing_ok=True)


def peer(name, kind, path, count):
    """(seconds by the clock, of the processor), or the reason why there is none."""
    if name == "electrum":
        if wallets.ELECTRUM is None:
            return "no electrum"
        if kind not in ("wpkh", "pkh"):
            return "Electrum has no such wallet that a command line could make"
    command = [sys.executable, pathlib.Path(__file__).with_name("peers.py"), name, kind, path, count]
    keys = [attacks.xpub(key).removesuffix("/<0;1>/*") for key in (attacks.BOB, attacks.CAROL)]
    try:
        run = subprocess.run([*map(str, command), *keys], capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return PATIENCE, PATIENCE
    if run.returncode != 0:
        return f"{name} failed: {run.stderr.strip().splitlines()[-1][:120]}"
    return tuple(float(word) for word in run.stdout.split())


def median(values, key):
    return sorted(values, key=key)[len(values) // 2]


def signed(path):
    run = Run(path)
    assert run.signed, run.words
    return run


def in_turns(kind, count, path):
    """Our run, and of each peer (seconds by the clock, of the processor) or the reason why there are none."""
    runs = [signed(path)]
    names = ("embit", "bdk", "electrum") if count >= 1_000 else ()  # below, a start-up is most of it
    took = {name: [peer(name, kind, path, count)] for name in names}
    brief = [name for name, (first, *_) in took.items() if not isinstance(first, str) and first[1] < BRIEF]
    for _ in range(TURNS - 1 if brief else 0):
        runs.append(signed(path))
        for name in brief:
            took[name].append(peer(name, kind, path, count))
    return (median(runs, lambda run: run.processor),
            {name: found[0] if isinstance(found[0], str) else median(found, lambda one: one[1]) for name, found in took.items()})


def compare(row, kind, count, ours, peers, path):
    for name, took in peers.items():
        what = f"{WORDS[kind]}, {count:,} inputs, command line to signed file, against {name} signing alone"
        if isinstance(took, str):
            row(what, f"skipped: {took}", "faster", None)
            continue
        more = "> " if took[0] >= PATIENCE else ""
        row(what, f"{ours.clock:.2f} s / {more}{took[0]:.2f} s ({ours.processor:.2f} s / {more}{took[1]:.2f} s of the processor)",
            "faster", ours.processor < took[1])
    if kind == "wpkh" and peers:
        took = bitcoind.signs(path.read_text(), wallets)
        what = f"{WORDS[kind]}, {count:,} inputs, command line to signed file, against Bitcoin Core, walletprocesspsbt alone"
        row(what, "skipped: BITCOIND names no bitcoind" if took is None else f"{ours.clock:.2f} s / {took:.2f} s", "faster",
            None if took is None else ours.clock < took)


def one(row, kind, count, folder, bare, reach="<= 1.5 x"):
    """The rows of one kind at one size; the run."""
    path = folder / f"{kind}-{count}.psbt"
    path.write_text(payment(kind, count))
    ours, peers = in_turns(kind, count, path)
    alone = float(subprocess.run([bare, str(count), kind], capture_output=True, text=True, check=True).stdout.split()[3]) / 1e6
    row(f"{WORDS[kind]}, {count:,} inputs, command line to signed file, all processes",
        f"{ours.clock:.2f} s, {ours.processor:.2f} s of the processor, {ours.memory / 1e6:.0f} MB at the peak", "", None)
    row(f"{WORDS[kind]}, {count:,} inputs, signer and gate over bare libsecp256k1 doing the same curve operations",
        f"{ours.kernel:.2f} s / {alone:.2f} s = {ours.kernel / alone:.2f} x", reach, ours.kernel / alone <= 1.5 if reach else None)
    compare(row, kind, count, ours, peers, path)
    path.unlink()
    return ours


def ratio(row, kind, small, large, few, many):
    """Linear: as many times the work as inputs, a quarter more at most; memory no more than that."""
    times, wanted = large.processor / small.processor, many / few
    more = large.memory / small.memory
    row(f"{WORDS[kind]}, {many:,} over {few:,} inputs, all processes", f"time {times:.2f} x, memory {more:.2f} x",
        f"<= {1.25 * wanted:.2f} x", times <= 1.25 * wanted and more <= 1.25 * wanted)


def legacy(row, folder, bare):
    """Quadratic by consensus, so there is a cap: what is over it is refused, and the ratio below it is told."""
    half, whole, over = 500, 1_000, 5_000
    high = one(row, "pkh", whole, folder, bare, reach="")
    path = folder / "legacy.psbt"
    path.write_text(payment("pkh", half))
    low = signed(path)
    row(f"pkh, {whole:,} over {half:,} inputs, signer and gate; the digests alone take 4 times as much",
        f"{high.kernel / low.kernel:.2f} x", "<= 4 x", high.kernel <= 4 * low.kernel)
    path.write_text(payment("pkh", over))
    refused = Run(path)
    assert not refused.signed and "legacy-too-large" in refused.words, refused.words
    row(f"pkh, {over:,} inputs: refused by its name before any digest is made",
        f"{refused.clock:.2f} s, {refused.kernel:.2f} s of the processor in signer and gate, {refused.memory / 1e6:.0f} MB at the peak", "", None)
    path.unlink()


def rows(row, progress, bare, folder, quick):
    """All rows. `row` and `progress` are those of bench.py, `bare` the compiled yardstick."""
    sizes = (200, 1_000) if quick else (1_000, 5_000)
    for kind in ("wpkh", "tr", "multi", "leaf"):
        runs = []
        for count in sizes:
            progress(f"{WORDS[kind]}, {count:,} inputs")
            runs.append(one(row, kind, count, folder, bare))
        ratio(row, kind, *runs, *sizes)
    progress("pkh")
    legacy(row, folder, bare)
