"""The memory of a signer that derived and signed for wallets of every kind: nothing of a key is in what root can read."""
from embit.util import secp256k1

import bare
import memory
from appliance import WORDS
from conftest import figure, root_only
from templates import ITSELF, OWN, TREE, Files, Payment, Wallet, own, pk
from test_templates import ALL, SPENDS, pay
from wallets import ROOT
from wire import tagged

# Two that are signed by the key path, whose key is tweaked by the root of the tree.
WALLETS = {**ALL, "tr(own,{pk,pk})": Wallet(TREE, [own(40), own(41), own(42)], [pk(1, 1), pk(2, 1)])}
CLAIMS = [(0, 0), (1, 7)]


def node(path):
    """The private key and the chain code."""
    derived = ROOT.derive(path)
    return derived.key.secret, derived.chain_code


def secrets():
    """Of every own key of every wallet: each node from the master on, and the keys of the claims, tweaked as well."""
    found = {"seed": memory.pbkdf2_seed(WORDS.strip()), "m key": ROOT.key.secret}
    for name, wallet in WALLETS.items():
        for place, key in enumerate(wallet.keys):
            if key.kind != OWN:
                continue
            for depth in range(1, len(key.value) + 1):
                found[f"{key.value[:depth]}"] = node(key.value[:depth])[0]
            for branch, index in CLAIMS:
                path = key.value
                if key.children is not ITSELF:
                    branches = key.children[branch:branch + 1] or key.children[:1]
                    path = path + branches + [index]
                found[f"{path}"] = secret = node(path)[0]
                found[f"{path[:-1]}"] = node(path[:-1])[0]
                if wallet.is_taproot and place == 0:
                    keys = wallet.derived(branch, index)
                    root = wallet.tree(keys)[0] if wallet.kind == TREE else b""
                    even = secret if keys[0][0] == 2 else secp256k1.ec_privkey_negate(bytes(secret))
                    tweak = tagged("TapTweak", keys[0][1:] + root)
                    found[f"{path} tweaked"] = secp256k1.ec_privkey_add(bytes(even), tweak)
    return found


def written(pid):
    """Stack, heap and data: what signing writes besides its few large buffers, and small enough to look at each time."""
    data = b""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as opened:
        for start, end, mode, name in memory.mappings(pid):
            if "w" in mode and (name in ("[stack]", "[heap]") or name.endswith("portcullis-signer")):
                opened.seek(start)
                data += opened.read(end - start)
    assert len(data) > 300_000
    return data


@root_only
def test_nothing_of_a_key_stays_in_readable_memory():
    wanted = secrets()
    files = Files(list(WALLETS.values()))
    with bare.Signer(files) as signer:
        signer.log = bare.ready(signer)
        data, unreadable = memory.dump(signer.pid)
        assert len(data) > 100_000 and unreadable >= 1
        assert memory.hits(data, wanted) == [], "after the derivation"
        spends = [*SPENDS, ("tr(own,{pk,pk})", None), ("tr(own,{pk,pk})", 1)]
        for name, leaf in spends:
            pay(signer, Payment(WALLETS[name], CLAIMS, leaf, salt=f"{name}{leaf}".encode()))
            assert memory.hits(written(signer.pid), wanted) == [], f"after {name}, leaf {leaf}"
        data, _ = memory.dump(signer.pid)
        assert memory.hits(data, wanted) == []
        # The control: what the signer does hold in the open is found by the same search.
        public = {"a digest": Payment(WALLETS[name], CLAIMS, leaf, salt=f"{name}{leaf}".encode()).inputs[0]["txid"]}
        assert memory.hits(data, public) == ["a digest"]
        figure(f"traces: {len(wanted)} secrets of {len(WALLETS)} wallets, none in {len(data) >> 20} MiB after {len(spends)} payments")
    files.remove()
