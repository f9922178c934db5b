"""What the attacks of reference/refusals.md (R1 … R73) have in common: an appliance with wallets of several kinds, and what must
hold after each attack: refused by a stable name, nothing signed, nothing charged.

The attacker is the front: requests go to gate.sock as it would send them, or, where the attack is in a PSBT, to the command line.
"""
import copy
import json
import os
import pathlib
import re
import shutil
import struct
import tempfile

import bare
import pytest
import templates
import wallets
import wire
from appliance import PASSPHRASE, WORDS, Appliance, Refused, portcullis
from embit.networks import NETWORKS
from refusals import NAMES
from templates import HARD, PKH, SH_WPKH, TR, TREE, WPKH, WSH, Key, Wallet, multi, other, own, pk
from wire import u32

MOST = 1_000_000


def account(purpose, number=0):
    return Key(1, [purpose | HARD, 1 | HARD, number | HARD])


def xpub(key):
    """A cosigner's key of `templates.other`, as a descriptor spells it."""
    return key.value.to_base58(NETWORKS["regtest"]["xpub"]) + "/<0;1>/*"


BOB, CAROL = other(1), other(2)
# What `init` is given, and the same wallets as templates of our own.
DESCRIPTORS = {
    "small": "wpkh(self/84h/1h/0h/<0;1>/*)",
    "rich": "wpkh(self/84h/1h/1h/<0;1>/*)",
    "taproot": "tr(self/86h/1h/0h/<0;1>/*)",
    "legacy": "pkh(self/44h/1h/0h/<0;1>/*)",
    "nested": "sh(wpkh(self/49h/1h/0h/<0;1>/*))",
    "vault": f"wsh(sortedmulti(2,self/48h/1h/7h/2h/<0;1>/*,{xpub(BOB)},{xpub(CAROL)}))",
    "tree": f"tr({xpub(BOB)},pk(self/48h/1h/8h/2h/<0;1>/*))",
}
TEMPLATES = {
    "small": Wallet(WPKH, [account(84)]), "rich": Wallet(WPKH, [account(84, 1)]), "taproot": Wallet(TR, [account(86)]),
    "legacy": Wallet(PKH, [account(44)]), "nested": Wallet(SH_WPKH, [account(49)]),
    "vault": Wallet(WSH, [own(7), BOB, CAROL], [multi(2, [0, 1, 2], [(0, 3)])]),
    "tree": Wallet(TREE, [BOB, own(8)], [pk(1, 0)]),
}
for wallet in TEMPLATES.values():
    wallet.index_max = MOST
ALLOWED = [name for name in DESCRIPTORS if name != "rich"]
POLICY = """
version = 1
network = "regtest"
allowance = "1000 BTC"
{wallets}
[limits.all]
scope = "global"
window = "1h"
transactions = 100000
amount = "1000 BTC"

# Nothing is said about the wallet "rich".
[[rules]]
name = "pay"
effect = "allow"
wallets = [{allowed}]
destinations = "any"
max_outflow = "100 BTC"
max_fee = "0.01 BTC"
max_feerate = "1000 sat/vB"
"""


def policy():
    lines = "".join(f'[wallets.{name}]\ndescriptor = "{text}"\n' for name, text in DESCRIPTORS.items())
    return POLICY.format(wallets=lines, allowed=", ".join(f'"{name}"' for name in ALLOWED))


def written(text):
    """A policy file of this text."""
    handle, path = tempfile.mkstemp(prefix="portcullis-attacks-", suffix=".toml")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    return path


class Box(Appliance):
    """An appliance, with the questions that an attacker has for it."""

    def __init__(self, text=None, **options):
        path = written(text or policy())
        try:
            super().__init__(path, **options)
        finally:
            os.unlink(path)

    @property
    def gate(self):
        return self.home / "run" / "gate.sock"

    def start(self, *arguments, **options):
        super().start(*arguments, **options)
        self.ids = {one["name"]: bytes.fromhex(one["id"]) for one in self.run("wallet list")["wallets"]}
        return self

    def used(self):
        """What is charged to the allowance and to each limit, as the gate and the signer say themselves."""
        with wire.Connection(self.gate) as connection:
            kind, payload = connection.ask(wire.GATE_STATUS)
        assert kind == 0xA2
        count = struct.unpack_from("<H", payload, 1)[0]
        signer, rest = bare.Status(payload[3:3 + count]), payload[3 + count:]
        limits = struct.unpack_from("<H", rest, 8)[0]
        return signer.spent, [struct.unpack_from("<QI", rest, 10 + 12 * n) for n in range(limits)]

    def ask(self, request):
        payload = request if isinstance(request, bytes) else request.encode()
        with wire.Connection(self.gate) as connection:
            return wire.Answer(*connection.ask(wire.SIGN, payload))

    def signs(self, request):
        answer = self.ask(request)
        assert answer.signed, (answer.stage, NAMES.get(answer.code), answer.index)
        return answer

    def refuses(self, request, *names):
        """Refused by one of these names (one, where the attack leaves no choice), with nothing signed and nothing charged."""
        before = self.used()
        answer = self.ask(request)
        assert not answer.signed, "signed"
        assert NAMES.get(answer.code) in names, (answer.stage, answer.code, NAMES.get(answer.code), answer.index)
        assert self.used() == before
        return answer

    def refuses_psbt(self, psbt, *names):
        """The same over the command line."""
        before = self.used()
        with pytest.raises(Refused) as caught:
            self.sign(psbt)
        assert caught.value.name in names, caught.value.error
        assert self.used() == before
        return caught.value.error

    def payment(self, name, claims=((0, 0), (0, 1)), salt=b"", **options):
        """A payment from that wallet; see `templates.Payment`. Every one has coins of its own."""
        Box.made += 1
        options.setdefault("leaf", 0 if TEMPLATES[name].kind == TREE else None)
        made = templates.Payment(TEMPLATES[name], list(claims), salt=salt or b"attack" + u32(Box.made), **options)
        made.wallets = [self.ids[name]]
        return made

    made = 0


def changed(request, change):
    """A copy of the request with something else in it."""
    made = copy.deepcopy(request)
    change(made)
    return made


def embit_payment(kind, amounts=(100_000, 100_000), pay=150_000, **options):
    """A PSBT by embit from fresh coins, with change; 5,000 sat of fee."""
    coins = [wallets.Coin(kind, amount, index=place) for place, amount in enumerate(amounts)]
    return wallets.embit_psbt(coins, [(wallets.foreign_script(), pay)], (kind, 3, sum(amounts) - pay - 5_000), **options)


def refused_policy(text, *words):
    """No home is made of this policy, and what is said has these words."""
    path = pathlib.Path(written(text))
    home = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-test-"))
    try:
        secrets = [("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE)]
        run = portcullis("init", "--network", "regtest", "--policy", path, "--argon2-passes", 1, "--argon2-memory-mib", 8,
                         "--home", home, secrets=secrets, check=False)
        error = json.loads(run.stdout)["error"]
        assert (run.returncode, error["name"]) == (3, "policy-invalid") and not list(home.iterdir()), run.stderr
    finally:
        path.unlink()
        shutil.rmtree(home)
    for word in words:
        assert re.search(word, error["message"]), error
    return error


@pytest.fixture(scope="module")
def box():
    with Box() as running:
        yield running
