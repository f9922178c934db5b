"""Wallets of one policy that are not apart: init refuses them in words, and the signer refuses them by itself."""
import json

import pytest
from embit import bip32
from embit.networks import NETWORKS

import bare
import wire
from appliance import PASSPHRASE, REPOSITORY, WORDS, portcullis
from templates import COMPRESSED, WSH, Files, Key, Leaf, Wallet, hash160, multi, other
from wallets import ROOT
from wire import u32

HARD = 1 << 31
ACCOUNT = [48 | HARD, 1 | HARD, 0 | HARD, 2 | HARD]
POLICY = (REPOSITORY / "policies/examples/regtest-open.toml").read_text()
QUICK = ["--argon2-memory-mib", "8", "--argon2-passes", "1"]


def text(key):
    return key.to_base58(version=NETWORKS["regtest"]["xpub"])


OWN = ROOT.derive(ACCOUNT).to_public()
COSIGNER = bip32.HDKey.from_seed(bytes(range(64))).derive(ACCOUNT).to_public()
SELF = "self/48h/1h/0h/2h"


def refusal(tmp_path, *descriptors):
    """What init says of a policy with these wallets besides those of the example; nothing if it makes the home."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY + "".join(f'\n[wallets.w{n}]\ndescriptor = "{d}"\n' for n, d in enumerate(descriptors)))
    run = portcullis("init", "--network", "regtest", "--policy", policy, "--home", tmp_path / "home", *QUICK,
                     secrets=[("--mnemonic-fd", WORDS), ("--passphrase-fd", PASSPHRASE)], check=False)
    if run.returncode == 0:
        return None
    assert run.returncode == 3, run
    assert not (tmp_path / "home").exists()
    return json.loads(run.stdout)["error"]


DISGUISED = {
    "the account": (f"[00000001/48h/1h/0h/2h]{text(OWN)}/<0;1>/*", "is this signer's own"),
    "the account on other branches": (f"[00000001/48h/1h/0h/2h]{text(OWN)}/<4;5>/*", "is this signer's own"),
    "a child of it": (f"{text(OWN.child(0))}/*", "is another of its keys at some address"),
    "one of its addresses": (f"{OWN.child(1).child(40).key.serialize().hex()}", None),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_an_own_key_does_not_pass_for_a_cosigners(tmp_path, name):
    key, expected = DISGUISED[name]
    found = refusal(tmp_path, f"wsh(multi(2,{SELF}/<0;1>/*,{key}))")
    if expected is None:
        # Nobody can see it; the signer refuses that one address.
        assert found is None
        return
    assert found["name"] == "policy-invalid" and expected in found["message"], found
    # The control: a cosigner's key in the same place.
    assert refusal(tmp_path, f"wsh(multi(2,{SELF}/<0;1>/*,{text(COSIGNER)}/<0;1>/*))") is None


def test_two_wallets_do_not_share_an_address_by_a_disguised_key(tmp_path):
    """Neither policy line says so: each names one own key and one that looks like a cosigner's."""
    pair = (f"wsh(multi(1,{SELF}/<0;1>/*,{text(COSIGNER)}/<0;1>/*))",
            f"wsh(multi(1,{SELF}/<2;1>/*,{text(COSIGNER)}/<2;1>/*))")
    found = refusal(tmp_path, *pair)
    assert found["name"] == "policy-invalid", found
    found = refusal(tmp_path, f"wsh(pk({SELF}/<0;1>/*))", f"wsh(pk({SELF}/1/5))")
    assert found["name"] == "policy-invalid" and "address that wallet w0 has too" in found["message"], found
    assert refusal(tmp_path, f"wsh(pk({SELF}/<0;1>/*))", f"sh(wsh(pk({SELF}/1/5)))") is None


def range_key(branches=(0, 1)):
    return Key(1, ACCOUNT, list(branches))


def test_the_signer_alone_makes_no_home_for_wallets_that_are_one():
    """The bundle is laid out by hand: no compiler and no front stands between."""
    keys = [range_key(), other(2), other(3)]
    wallets = [Wallet(WSH, keys, [multi(2, [0, 1, 2], [(0, 3)])]), Wallet(WSH, keys, [multi(2, [2, 0, 1])])]
    for one in wallets:
        Files([one]).remove()
    with pytest.raises(AssertionError, match="two wallets share an address"):
        Files(wallets)
    # A group that no descriptor has: two of the three sorted, so half of the addresses are the other wallet's.
    with pytest.raises(AssertionError, match="two wallets share an address"):
        Files([Wallet(WSH, keys, [multi(2, [0, 1, 2], [(1, 2)])]), Wallet(WSH, keys, [multi(2, [0, 2, 1])])])


def test_the_signer_alone_takes_no_key_that_stands_among_the_bytes_of_a_script():
    """It would be compared with no other: the address is the other wallet's at one index, or we sign for two."""
    key = other(2).derive(0, 7)
    keyed = lambda *behind: Leaf(b"\x52\x21", (0, COMPRESSED), *behind)
    named = Wallet(WSH, [range_key(), other(2)], [keyed(b"\x21", (1, COMPRESSED), b"\x52\xae")])
    Files([named]).remove()
    hidden = Wallet(WSH, [range_key()], [keyed(b"\x21" + key + b"\x52\xae")])
    own = Wallet(WSH, [range_key()], [keyed(b"\x21" + range_key().derive(0, 7) + b"\x52\xae")])
    hashed = Wallet(WSH, [range_key()], [keyed(b"\x51\xae\x76\xa9\x14" + hash160(key) + b"\x88\xad")])
    for wallets in ([named, hidden], [hidden], [own], [hashed]):
        with pytest.raises(AssertionError, match="damaged or missing"):
            Files(wallets)
    # The control: a hash lock is no key.
    lock = b"\x51\xae\x82\x01\x20\x88\xa9\x14" + hash160(key) + b"\x88"
    Files([Wallet(WSH, [range_key()], [keyed(lock)])]).remove()


def test_the_signer_alone_refuses_the_address_that_is_another_wallets():
    wide = Wallet(WSH, [range_key()], [multi(1, [0])])
    narrow = Wallet(WSH, [Key(1, [*ACCOUNT, 1, 5], None)], [multi(1, [0])], index_max=0)
    assert wide.script(1, 5) == narrow.script(0, 0)
    files = Files([wide, narrow])
    with bare.Signer(files) as signer:
        bare.ready(signer)

        def address(wallet, branch, index):
            kind, reply = signer.ask(bare.ADDRESS, wallet.id + bytes([branch]) + u32(index))
            return bare.Refusal(reply).code if kind == wire.REFUSED else reply[2:]

        assert address(wide, 1, 5) == 58
        assert address(wide, 0, 5) == wide.script(0, 5) and address(wide, 1, 4) == wide.script(1, 4)
        assert address(narrow, 0, 0) == narrow.script(0, 0)
    files.remove()
