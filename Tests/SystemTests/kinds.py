"""Wallets of every kind with fresh cosigners, and payments from them made by embit and BDK. Nothing here is ours.

A kind is a descriptor in which S stands for a key of the appliance's seed and B, C, D, E for keys of others.
"""
import hashlib
import os
import random
import re
import secrets
import subprocess
import sys

import bdkpython as bdk
from embit import bip32, finalizer, psbt
from embit.descriptor import Descriptor
from embit.networks import NETWORKS
from embit.transaction import Transaction, TransactionInput, TransactionOutput

import wallets

# Keys, locks, amounts, sequences and counts are other ones in every run; PORTCULLIS_SEED repeats a run.
SEED = os.environ.get("PORTCULLIS_SEED") or secrets.token_hex(8)
CHANCE = random.Random(SEED)


def begin(label):
    """From here on chance is that of this seed and label, whatever ran before: one case alone can be repeated."""
    CHANCE.seed(f"{SEED}/{label}")
    wallets.chance = CHANCE


UNSPENDABLE = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"
LEGACY = ("pkh(", "sh(multi", "sh(sortedmulti")


class Kind:
    """`others`: who has to sign beside us. `by`: who can make its payments. `older`, `after`: what it waits for.
    `finished`: whether BDK can finish it; where not, it aborts."""

    def __init__(self, form, others="", by=("embit", "bdk"), older=None, after=None, preimage=None, finished=True):
        self.form, self.others, self.by, self.preimage, self.finished = form, others, by, preimage, finished
        self.older, self.after = older, after
        self.roots = {name: bip32.HDKey.from_seed(CHANCE.randbytes(32)) for name in "BCDE"}

    def register(self, number):
        """Gives the kind its name and keys in a policy."""
        self.name = f"k{number:02}"
        self.path = f"48h/1h/{number}h/2h"
        if self.form in ("wpkh(S/<0;1>/*)", "tr(S/<0;1>/*)", "pkh(S/<0;1>/*)", "sh(wpkh(S/<0;1>/*))"):
            self.path = f"84h/1h/{number}h"
        return self

    def key(self, name, own="xpub"):
        root = wallets.ROOT if name == "S" else self.roots[name]
        if name == "S" and own == "self":
            return f"self/{self.path}"
        path = self.path if name == "S" else "48h/1h/0h/2h"
        account = root.derive("m/" + path).to_public()
        fingerprint = root.child(0).fingerprint.hex()
        return f"[{fingerprint}/{path}]{account.to_base58(NETWORKS['regtest']['xpub'])}"

    def text(self, own="xpub"):
        text = self.form.replace("UNSPENDABLE", UNSPENDABLE)
        if self.preimage:
            text = text.replace("DIGEST", hashlib.sha256(self.preimage).hexdigest())
        return re.sub(r"\b([SBCDE])/", lambda found: f"{self.key(found[1], own)}/", text)

    def script(self, branch, index):
        return Descriptor.from_string(self.text()).derive(index, branch_index=branch).script_pubkey()

    @property
    def is_legacy(self):
        return self.form.startswith(LEGACY)

    @property
    def is_taproot(self):
        return self.form.startswith("tr(")

    def own_keys(self, branch, index):
        """The derived own keys with their paths."""
        found = []
        for part in self.form.split("S/<")[1:]:
            step = int(part.split(">")[0].split(";")[branch])
            path = bip32.parse_path("m/" + self.path) + [step, index]
            found.append((wallets.ROOT.derive(path).key.get_public_key(), path))
        return found


# Locks are set when the kinds are made: `older` in blocks, `after` as a height or a time.
def kinds():
    """All kinds, with random locks and keys."""
    begin("kinds")
    older, height = CHANCE.randint(1, 0xFFFF), CHANCE.randint(1, 499_999_999)
    time = CHANCE.randint(500_000_000, 0x7FFFFFFF)
    embit = ("embit",)
    made = [
        Kind("pkh(S/<0;1>/*)"), Kind("sh(wpkh(S/<0;1>/*))"), Kind("wpkh(S/<0;1>/*)"), Kind("tr(S/<0;1>/*)"),
        Kind("sh(multi(2,B/<0;1>/*,S/<0;1>/*,C/<0;1>/*))", "B"),
        Kind("sh(sortedmulti(2,S/<0;1>/*,B/<0;1>/*,C/<0;1>/*))", "C"),
        Kind("wsh(multi(2,S/<0;1>/*,B/<0;1>/*))", "B"),
        Kind("wsh(sortedmulti(2,B/<0;1>/*,C/<0;1>/*,S/<0;1>/*))", "B"),
        Kind("sh(wsh(multi(1,S/<0;1>/*,B/<0;1>/*)))"),
        Kind("sh(wsh(sortedmulti(3,B/<0;1>/*,C/<0;1>/*,D/<0;1>/*,E/<0;1>/*,S/<0;1>/*)))", "BE"),
        Kind("wsh(pk(S/<0;1>/*))"), Kind("wsh(pkh(S/<0;1>/*))"),
        Kind("wsh(and_v(v:pk(S/<0;1>/*),pk(B/<0;1>/*)))", "B"),
        Kind("wsh(multi(2,S/<0;1>/*,S/<2;3>/*,B/<0;1>/*))"),
        Kind(f"wsh(or_d(pk(B/<0;1>/*),and_v(v:pkh(S/<0;1>/*),older({older}))))", by=embit, older=older),
        Kind(f"wsh(and_v(v:pk(S/<0;1>/*),after({height})))", by=embit, after=height),
        Kind(f"wsh(andor(pk(S/<0;1>/*),after({time}),pk(B/<0;1>/*)))", by=embit, after=time),
        Kind(f"wsh(thresh(2,pk(S/<0;1>/*),s:pk(B/<0;1>/*),sln:older({older})))", by=embit, older=older),
        Kind("wsh(and_v(v:pk(S/<0;1>/*),sha256(DIGEST)))", by=embit, preimage=CHANCE.randbytes(32)),
        Kind("sh(wsh(or_i(pk(S/<0;1>/*),pkh(B/<0;1>/*))))"),
        Kind("tr(B/<0;1>/*,pk(S/<0;1>/*))"),
        Kind("tr(S/<0;1>/*,{pk(B/<0;1>/*),pk(C/<0;1>/*)})"),
        Kind("tr(UNSPENDABLE,multi_a(2,S/<0;1>/*,B/<0;1>/*))", "B", by=embit),
        Kind("tr(UNSPENDABLE,sortedmulti_a(2,C/<0;1>/*,S/<0;1>/*,B/<0;1>/*))", "C", by=embit),
        Kind("tr(B/<0;1>/*,{{pk(C/<0;1>/*),pkh(D/<0;1>/*)},{pk(E/<0;1>/*),pkh(S/<0;1>/*)}})", by=embit, finished=False),
        Kind(f"tr(B/<0;1>/*,{{pk(C/<0;1>/*),and_v(v:pk(S/<0;1>/*),older({older}))}})", by=embit, older=older),
        Kind(f"tr(B/<0;1>/*,and_v(v:multi_a(1,S/<0;1>/*,C/<0;1>/*),after({height})))", by=embit, after=height),
        Kind("tr(B/<0;1>/*,and_v(v:pk(S/<0;1>/*),sha256(DIGEST)))", by=embit, preimage=CHANCE.randbytes(32)),
    ]
    return [kind.register(number) for number, kind in enumerate(made)]


def policy(all_kinds):
    """A policy that allows everything from all of them. Every other own key is spelled `self`."""
    lines = ["version = 1", 'network = "regtest"', f'fingerprint = "{wallets.FINGERPRINT.hex()}"']
    lines += ['allowance = "100000 BTC"', "[[rules]]", 'name = "all"', 'effect = "allow"', 'wallets = "any"']
    lines += ['destinations = "any"', 'max_outflow = "100 BTC"', 'max_fee = "1 BTC"']
    for number, kind in enumerate(all_kinds):
        own = "self" if number % 2 else "xpub"
        lines += [f"[wallets.{kind.name}]", f'descriptor = "{kind.text(own)}"', "index_max = 5000"]
    return "\n".join(lines) + "\n"


class Payment:
    """An unsigned PSBT, with what each of its inputs spends."""

    def __init__(self, text, prevouts):
        self.text, self.prevouts = text, prevouts

    def embit(self):
        return psbt.PSBT.from_string(self.text)


def sequence(kind):
    if kind.older:
        return kind.older + CHANCE.randint(0, 0xFFFF - kind.older)
    # Not 0, which embit takes for none.
    return CHANCE.choice([1, 2, 0xFFFFFFFD, 0xFFFFFFFE, CHANCE.getrandbits(31)])


def lock_time(kind):
    if kind.after:
        most = 499_999_999 if kind.after < 500_000_000 else 0xFFFFFFFF
        return CHANCE.randint(kind.after, most)
    return CHANCE.choice([0, CHANCE.randint(1, 499_999_999)])


def by_embit(kind, count):
    """Random amounts, places, sequences and lock time; a payment and change. Only our keys are told."""
    coins = []
    for _ in range(count):
        branch, index, amount = CHANCE.randrange(2), CHANCE.randrange(5_000), 20_000 + CHANCE.randrange(10**7)
        spk = kind.script(branch, index)
        coins.append((wallets.funding((spk, amount), filler=CHANCE.randrange(3)), spk, amount, branch, index))
    total = sum(coin[2] for coin in coins)
    place = CHANCE.randrange(5_000)
    pay = 1_000 + CHANCE.randrange(total // 2)
    outputs = [
        TransactionOutput(pay, wallets.foreign_script()),
        TransactionOutput(total - pay - 5_000, kind.script(1, place)),
    ]
    inputs = [TransactionInput(coin[0].txid(), 0, sequence=sequence(kind)) for coin in coins]
    made = psbt.PSBT(Transaction(version=2, vin=inputs, vout=outputs, locktime=lock_time(kind)))
    for scope, (parent, _, _, branch, index) in zip(made.inputs, coins):
        scope.non_witness_utxo = parent
        if not kind.is_legacy:
            scope.witness_utxo = parent.vout[0]
        describe(scope, kind, branch, index)
        if kind.preimage:
            # A dictionary of its own: embit gives all scopes the same one.
            scope.unknown = {b"\x0b" + hashlib.sha256(kind.preimage).digest(): kind.preimage}
    describe(made.outputs[1], kind, 1, place)
    return Payment(made.to_string(), [(coin[2], coin[1].data) for coin in coins])


def describe(scope, kind, branch, index):
    for key, path in kind.own_keys(branch, index):
        origin = psbt.DerivationPath(wallets.FINGERPRINT, path)
        if kind.is_taproot:
            scope.taproot_bip32_derivations[key] = ([], origin)
        else:
            scope.bip32_derivations[key] = origin


def by_bdk(kind, count):
    """A payment by BDK's wallet, with all the fields that it knows."""
    descriptor = bdk.Descriptor(kind.text(), bdk.NetworkKind.TEST)
    receive, change = descriptor.to_single_descriptors()
    network = bdk.Network.REGTEST
    wallet = bdk.Wallet(receive, change, network, bdk.Persister.new_in_memory())
    total = 0
    for _ in range(count):
        info = wallet.reveal_next_address(bdk.KeychainKind.EXTERNAL)
        value = 20_000 + CHANCE.randrange(10**7)
        spk = bytes(info.address.script_pubkey().to_bytes())
        parent = wallets.funding((wallets.script.Script(spk), value), filler=CHANCE.randrange(3))
        total += value
        wallet.apply_unconfirmed_txs([bdk.UnconfirmedTx(tx=bdk.Transaction(parent.serialize()), last_seen=1)])
    builder = bdk.TxBuilder().drain_wallet().nlocktime(bdk.LockTime.BLOCKS(height=CHANCE.randrange(10**6)))
    recipient = bdk.Script(wallets.foreign_script().data)
    builder = builder.add_recipient(recipient, bdk.Amount.from_sat(1_000 + CHANCE.randrange(total // 2)))
    builder = builder.fee_rate(bdk.FeeRate.from_sat_per_vb(1 + CHANCE.randrange(20))).set_exact_sequence(sequence(kind))
    text = builder.finish(wallet).serialize()
    parsed = psbt.PSBT.from_string(text)
    return Payment(text, [(scope.utxo.value, scope.utxo.script_pubkey.data) for scope in parsed.inputs])


MAKERS = {"embit": by_embit, "bdk": by_bdk}


def cosign(text, kind):
    """The signatures of the others, by embit."""
    signed = psbt.PSBT.from_string(text)
    for name in kind.others:
        count = signed.sign_with(kind.roots[name])
        assert count >= len(signed.inputs), f"embit signs {count} times for {name}"
    return signed.to_string()


FINISH = """
import sys
import bdkpython as bdk
done = bdk.Psbt(sys.stdin.read()).finalize()
assert done.could_finalize, done.errors
print(bytes(done.psbt.extract_tx().serialize()).hex())
"""


def finish_by_bdk(text):
    """BDK's own completion, by a child, because it aborts where it meets what it does not expect."""
    run = subprocess.run([sys.executable, "-c", FINISH], input=text, capture_output=True, text=True, timeout=60)
    if run.returncode < 0:
        return None
    assert run.returncode == 0, run.stderr[-1000:]
    return bytes.fromhex(run.stdout)


# What embit's own completion is made for; others it leaves alone.
EMBIT_FINISHES = re.compile(r"(pkh|wpkh|sh\(wpkh|wsh\((sorted)?multi|sh\(wsh\((sorted)?multi)\(")


def finish_by_embit(text, kind):
    """Embit's own completion, where it has one."""
    if not EMBIT_FINISHES.match(kind.form):
        return None
    return finalizer.finalize_psbt(psbt.PSBT.from_string(text)).serialize()
