"""R12 … R22 of reference/refusals.md: change, ownership, registration."""
import json

import kinds
import pytest
import templates
import wallets
from appliance import Refused, portcullis
from attacks import (BOB, CAROL, DESCRIPTORS, MOST, TEMPLATES, Box, box, changed, embit_payment, policy,  # noqa: F401
                     refused_policy, xpub)
from embit import bip32, psbt, script
from templates import SH, SH_WSH, WSH, Wallet, hash160, multi, other, own

VAULT = DESCRIPTORS["vault"]


def to(place, **fields):
    return lambda request: request.outputs[place].update(fields)


def policy_with(descriptor, name="vault"):
    """The policy with another descriptor for one of its wallets."""
    text = policy()
    assert DESCRIPTORS[name] in text
    return text.replace(DESCRIPTORS[name], descriptor)


@pytest.mark.parametrize("name", DESCRIPTORS.keys() - {"rich"})
def test_r12_address_of_an_attacker_as_change(box, name):
    honest = box.payment(name)
    box.refuses(changed(honest, to(1, script=wallets.foreign_script().data)), "fraudulent-change")
    # Of the right form and nearly right.
    near = bytearray(honest.outputs[1]["script"])
    near[-3] ^= 1
    box.refuses(changed(honest, to(1, script=bytes(near))), "fraudulent-change")
    # The payment itself is said to be ours.
    box.refuses(changed(honest, to(0, owner=(0, 1, 4))), "fraudulent-change")
    assert box.signs(honest)


def test_r12_address_of_an_attacker_as_change_in_a_psbt(box):
    for kind in ("wpkh", "tr"):
        made = embit_payment(kind)
        box.refuses_psbt(changed(made, lambda p: wallets.describe(p.outputs[0], kind, 1, 9)), "fraudulent-change")
        assert box.sign(made)


@pytest.mark.parametrize("name", ["small", "taproot", "legacy", "vault", "tree"])
def test_r13_change_that_nobody_finds_again(box, name):
    """At an index beyond the wallet's, hardened, or on a branch that it has not, though the script would be ours."""
    honest = box.payment(name)
    wallet = TEMPLATES[name]
    for index in (MOST + 1, (1 << 31) - 1):
        box.refuses(changed(honest, to(1, owner=(0, 1, index), script=wallet.script(1, index))), "index-out-of-range")
    for index in (1 << 31, (1 << 32) - 1):
        box.refuses(changed(honest, to(1, owner=(0, 1, index))), "index-out-of-range")
    for branch in (2, 3, 255):
        box.refuses(changed(honest, to(1, owner=(0, branch, 4))), "branch-out-of-range")
    honest.outputs[1].update(owner=(0, 1, MOST), script=wallet.script(1, MOST))
    assert box.signs(honest)


@pytest.mark.parametrize("path", ["m/84h/1h/0h/2/0", "m/84h/1h/0h/1/1000001", "m/84h/1h/0h/0h/1", "m/84h/1h/2147483646h/1/0",
                                  "m/84h/1h/0h/1", "m/84h/1h/0h/1/0/0", "m/0/0", "m/84h/0h/0h/1/0"])
def test_r13_change_on_an_odd_path_in_a_psbt(box, path):
    """Our own key, but where no wallet looks: refused, or paid away and charged as such; never change."""
    made = embit_payment("wpkh")
    key = wallets.ROOT.derive(path).key.get_public_key()

    def odd(made):
        made.outputs[1].bip32_derivations.clear()
        made.outputs[1].bip32_derivations[key] = psbt.DerivationPath(wallets.FINGERPRINT, bip32.parse_path(path))
        made.outputs[1].script_pubkey = script.p2wpkh(key)
    made = psbt.PSBT.from_string(changed(made, odd).to_string())
    before, _ = box.used()
    try:
        box.sign(made)
    except Refused as refused:
        assert refused.name in ("fraudulent-change", "index-out-of-range", "branch-out-of-range")
        assert box.used()[0] == before
    else:
        assert box.used()[0] - before == 200_000


def test_r14_another_index_for_each_cosigner(box):
    """Change of a 2-of-3 whose keys stand at different indices or branches, which only the attacker can find again."""
    wallet, honest = TEMPLATES["vault"], box.payment("vault")
    places = [[(1, 4), (1, 5), (1, 4)], [(1, 5), (1, 4), (1, 4)], [(1, 4), (1, 4), (0, 4)], [(1, 4), (1, 4), (1, MOST)]]
    for mixed in places:
        keys = [key.derive(*place) for key, place in zip(wallet.keys, mixed)]
        text = script.p2wsh(script.Script(wallet.leaves[0].filled(keys))).data
        box.refuses(changed(honest, to(1, owner=(0, 1, 4), script=text)), "fraudulent-change")
    honest.outputs[1].update(owner=(0, 1, 4), script=wallet.script(1, 4))
    assert box.signs(honest)


def test_r14_change_of_another_cosigner_set(box):
    """The same keys in another order or under another threshold, one key exchanged, one left out: each pays somebody else."""
    wallet, honest = TEMPLATES["vault"], box.payment("vault")
    own_key, bob, carol = wallet.keys
    others = {
        "another threshold": Wallet(WSH, wallet.keys, [multi(1, [0, 1, 2], [(0, 3)])]),
        "as written, not sorted": Wallet(WSH, sorted(wallet.keys, key=lambda k: k.derive(1, 4), reverse=True), [multi(2, [0, 1, 2])]),
        "a cosigner exchanged": Wallet(WSH, [own_key, bob, other(66)], wallet.leaves),
        "ours exchanged": Wallet(WSH, [own(9), bob, carol], wallet.leaves),
        "a cosigner left out": Wallet(WSH, [own_key, bob], [multi(2, [0, 1], [(0, 2)])]),
        "one key twice": Wallet(WSH, [own_key, bob, bob], wallet.leaves),
        "wrapped": Wallet(SH_WSH, wallet.keys, wallet.leaves), "bare in p2sh": Wallet(SH, wallet.keys, wallet.leaves),
    }
    for name, lied in others.items():
        made = changed(honest, to(1, owner=(0, 1, 4), script=lied.script(1, 4)))
        assert lied.script(1, 4) != wallet.script(1, 4), name
        box.refuses(made, "fraudulent-change")
        # And a coin there is not ours to spend.
        coin = templates.Payment(lied, [(0, 0)], salt=name.encode())
        coin.wallets, coin.outputs = [box.ids["vault"]], coin.outputs[:1]
        box.refuses(coin, "foreign-input", "script-mismatch")
    assert box.signs(honest)


def families(digest):
    """One hash as every kind of address that has twenty bytes."""
    return {"p2pkh": b"\x76\xa9\x14" + digest + b"\x88\xac", "p2sh": b"\xa9\x14" + digest + b"\x87", "p2wpkh": b"\x00\x14" + digest}


@pytest.mark.parametrize("name", ["small", "legacy", "nested"])
def test_r12_address_family_confusion(box, name):
    """Our own hash in an address of another kind: not our change, and a coin there is not this wallet's."""
    wallet, honest = TEMPLATES[name], box.payment(name)
    mine = wallet.script(1, 4)
    digest = next(digest for digest in (mine[2:22], mine[3:23]) if mine in families(digest).values())
    for text in set(families(digest).values()) - {mine}:
        box.refuses(changed(honest, to(1, owner=(0, 1, 4), script=text)), "fraudulent-change")
    key = wallet.derived(0, 0)[0]
    by_key = {**families(hash160(key)), "p2sh-p2wpkh": b"\xa9\x14" + hash160(b"\x00\x14" + hash160(key)) + b"\x87",
              "p2tr": b"\x51\x20" + TEMPLATES["taproot"].script(0, 0)[2:]}
    for text in set(by_key.values()) - {wallet.script(0, 0)}:
        class Lied(Wallet):
            def script(self, branch, index):
                return text
        coin = templates.Payment(Lied(wallet.kind, wallet.keys), [(0, 0)], salt=text)
        coin.wallets, coin.outputs = [box.ids[name]], coin.outputs[:1]
        box.refuses(coin, "foreign-input", "script-mismatch")
    assert box.signs(honest)


def test_r21_listed_addresses_are_of_their_kind():
    """A list names one address; the same hash in an address of another kind is not in it."""
    digest = wallets.foreign_script().data[2:]
    address = script.Script(families(digest)["p2wpkh"]).address(wallets.NETWORKS["regtest"])
    text = policy().replace("[limits.all]", f'[destinations.friends]\naddresses = ["{address}"]\n[limits.all]')
    with Box(text.replace('destinations = "any"', 'destinations = ["friends"]')) as box:
        honest = changed(box.payment("small"), to(0, script=families(digest)["p2wpkh"]))
        for kind in ("p2pkh", "p2sh"):
            box.refuses(changed(honest, to(0, script=families(digest)[kind])), "destination-not-listed")
        box.refuses(changed(honest, to(0, script=b"\x00\x20" + digest + bytes(12))), "destination-not-listed")
        assert box.signs(honest)


def of_two(box, first, second):
    """One transaction of coins of two wallets, which says so."""
    made, slipped = box.payment(first), box.payment(second)
    made.wallets.append(box.ids[second])
    made.inputs.append(dict(slipped.inputs[0], wallet=1))
    made.parents.append(slipped.parents[0])
    return made, slipped


@pytest.mark.parametrize("first, second", [("small", "rich"), ("small", "taproot"), ("vault", "small"), ("small", "vault")])
def test_r15_r16_inputs_of_two_wallets(box, first, second):
    """Accounts, and a multisig with a single key, in one transaction: refused whichever is named first."""
    made, _ = of_two(box, first, second)
    box.refuses(made, "mixed-wallets")

    def reverse(request):
        """The table names wallets in the order of their first use."""
        request.inputs.reverse()
        request.wallets.reverse()
        for one in (*request.inputs, request.outputs[1]):
            field = one.get("wallet")
            if field is not None:
                one["wallet"] = 1 - field
        request.outputs[1]["owner"] = (1, 1, 4)
    box.refuses(changed(made, reverse), "mixed-wallets")
    # Named but not used, and the change said to be the other's.
    honest = box.payment(first)
    both = changed(honest, lambda r: r.wallets.append(box.ids[second]))
    box.refuses(both, "mixed-wallets", "non-canonical-request")
    theirs = TEMPLATES[second].script(1, 4)
    box.refuses(changed(both, to(1, owner=(1, 1, 4), script=theirs)), "mixed-wallets")
    box.refuses(changed(honest, to(1, owner=(0, 1, 4), script=theirs)), "fraudulent-change")
    assert box.signs(honest)


def test_r15_inputs_of_two_accounts_in_a_psbt(box):
    coins = [wallets.Coin("wpkh", 100_000), wallets.Coin("tr", 100_000)]
    made = wallets.embit_psbt(coins, [(wallets.foreign_script(), 190_000)])
    box.refuses_psbt(made, "mixed-wallets")
    assert box.sign(embit_payment("tr"))


def test_r16_change_of_the_other_kind_in_a_psbt(box):
    """Spending the multisig with change to the single key of ours: never silently change."""
    kind = kinds.Kind(VAULT.replace("self/48h/1h/7h/2h", "S").replace(xpub(BOB), "B/<0;1>/*").replace(xpub(CAROL), "C/<0;1>/*"))
    kind.path, kind.roots = "48h/1h/7h/2h", {"B": BOB.value, "C": CAROL.value}
    kind.key = lambda name, own="xpub": xpub(BOB)[:-8] if name == "B" else xpub(CAROL)[:-8] if name == "C" else (
        f"[{wallets.FINGERPRINT.hex()}/{kind.path}]"
        + wallets.ROOT.derive("m/" + kind.path).to_public().to_base58(wallets.NETWORKS["regtest"]["xpub"]))
    payment = kinds.by_embit(kind, 1)
    total = payment.prevouts[0][0]

    def other_kind(made):
        made.outputs[1].script_pubkey = wallets.script_of("wpkh", 1, 4)
        made.outputs[1].bip32_derivations.clear()
        wallets.describe(made.outputs[1], "wpkh", 1, 4)
    made = psbt.PSBT.from_string(changed(payment.embit(), other_kind).to_string())
    before, _ = box.used()
    try:
        box.sign(made)
    except Refused as refused:
        assert refused.name in ("mixed-wallets", "fraudulent-change") and box.used()[0] == before
    else:
        assert box.used()[0] - before == total
    assert box.sign(payment.text)


def test_r17_cosigner_key_swapped_at_registration(tmp_path):
    """The ceremony is `init`: what it registers can be read back word for word, a swapped key makes another hash, and what was
    registered cannot be swapped afterwards."""
    swapped = VAULT.replace(xpub(CAROL), xpub(other(66)))
    with Box() as honest, Box(policy_with(swapped)) as other_one:
        assert honest.created["policyHash"] != other_one.created["policyHash"]
        shown, lied = (one.run("wallet show", "vault") for one in (honest, other_one))
        for made, key, absent in ((shown, CAROL, other(66)), (lied, other(66), CAROL)):
            assert xpub(key) in made["descriptor"] and xpub(absent) not in made["descriptor"]
        assert shown["id"] != lied["id"]
        # The other's bundle is put into the home.
        honest.stop()
        (honest.home / "public/bundle.bin").write_bytes((other_one.home / "public/bundle.bin").read_bytes())
        with pytest.raises(Exception, match="bundle-mismatch|exit"):
            honest.start(timeout=20)
        assert "bundle-mismatch" in "".join(honest.log)


def test_r17_keys_that_are_one_key():
    """Twice the same cosigner, our key twice, and ours dressed as somebody else's."""
    mine = wallets.ROOT.derive("m/48h/1h/7h/2h").to_public().to_base58(wallets.NETWORKS["regtest"]["xpub"]) + "/<0;1>/*"
    for swapped in (xpub(BOB), "self/48h/1h/7h/2h/<0;1>/*"):
        refused_policy(policy_with(VAULT.replace(xpub(CAROL), swapped)))
    # That a cosigner's key is ours is known only where the seed is: no home is made, and it is said why.
    for dressed in (mine, f"[deadbeef/48h/1h/7h/2h]{mine}"):
        refused_policy(policy_with(VAULT.replace(xpub(CAROL), dressed)), "this signer's own")
    # Two wallets of one name, and names that look like another.
    for name in ("small", "sm\u200ball", "small\\n", "small\u202e"):
        refused_policy(policy().replace("[wallets.rich]", f'[wallets."{name}"]'))


def test_r18_duplicate_keys_and_overlapping_branches():
    first = "self/48h/1h/7h/2h"
    for branches in ("<1;2>", "<2;1>", "<0;1>", "<1;0>"):
        refused_policy(policy_with(f"wsh(sortedmulti(2,{first}/<0;1>/*,{first}/{branches}/*,{xpub(BOB)}))"))
    for branches in ("<0;0>", "<0;1;0>"):
        refused_policy(policy_with(f"wsh(sortedmulti(2,{first}/{branches}/*,{xpub(BOB)}))"))
    refused_policy(policy_with(f"tr({xpub(BOB)},{{pk({first}/<0;1>/*),pk({xpub(BOB)})}})"))
    # The control: branches apart are two keys.
    with Box(policy_with(f"wsh(sortedmulti(2,{first}/<0;1>/*,{first}/<2;3>/*,{xpub(BOB)}))")) as box:
        assert box.run("wallet show", "vault")


def test_r19_miniscript_traps():
    mine = "self/48h/1h/7h/2h/<0;1>/*"
    for number in (0, 1 << 16, 1 << 22, (1 << 22) + (1 << 16), 1 << 31):
        refused_policy(policy_with(f"wsh(and_v(v:pk({mine}),older({number})))"))
    refused_policy(policy_with(f"wsh(or_i(pk({mine}),older(10)))"), "without any signature|signature")
    refused_policy(policy_with(f"wsh(and_v(v:pk({mine}),and_v(v:after(100),after(500000000))))"))
    refused_policy(policy_with(f"wsh({'or_i(0,' * 500}pk({mine}){')' * 500})"))
    # The odd one that is sound has the address that embit gives it.
    kind = kinds.Kind("wsh(thresh(1,pk(S/<0;1>/*)))")
    kind.path = "48h/1h/7h/2h"
    unspendable = f"tr({kinds.UNSPENDABLE},pk({mine}))"
    with Box(policy_with(f"wsh(thresh(1,pk({mine})))").replace(DESCRIPTORS["tree"], unspendable.replace("7h/2h", "8h/2h"))) as box:
        for index in (0, 77):
            assert box.run("wallet address", "vault", "--index", index)["script"] == kind.script(0, index).data.hex()
        assert kinds.UNSPENDABLE in box.run("wallet show", "tree")["descriptor"]


def test_r20_too_many_change_outputs(box):
    for name in ("small", "vault"):
        honest = box.payment(name)
        wallet = TEMPLATES[name]

        def change(count):
            def shred(request):
                request.outputs[1:] = [{"amount": 1_000, "owner": (0, 1, n), "script": wallet.script(1, n)} for n in range(count)]
                request.outputs[0]["amount"] = 180_000 - 1_000 * count
            return shred
        for count in (11, 12, 100):
            box.refuses(changed(honest, change(count)), "too-many-change-outputs")
        assert box.signs(changed(honest, change(10)))


LISTED = """
[destinations.friends]
addresses = ["{friend}", "{own}"]
"""


def test_r21_listed_addresses_are_never_ours():
    """Two signers, each of which has the other's address and its own in a list: what goes there leaves, by both accounts."""
    network = wallets.NETWORKS["regtest"]
    friend, mine = wallets.foreign_script(), wallets.script_of("wpkh", 1, 4)
    text = policy().replace("[limits.all]", LISTED.format(friend=friend.address(network), own=mine.address(network)) + "[limits.all]")
    with Box(text.replace('destinations = "any"', 'destinations = ["friends"]')) as box:
        for target in (friend, mine):
            spent, limits = box.used()
            made = box.payment("small")
            made.outputs[1].update(script=target.data, owner=None)
            made.outputs.pop(0)
            box.signs(made)
            assert box.used()[0] - spent == 200_000 and box.used()[1][0][0] - limits[0][0] == 200_000
        # Nor does the list make an output ours that says so.
        made = box.payment("small")
        made.outputs[1].update(script=friend.data)
        box.refuses(made, "fraudulent-change")
        box.refuses(box.payment("small"), "destination-not-listed")


def test_r22_another_account_spent_silently(box):
    """Coins of the account that no rule allows, said to be those of the small one."""
    honest = box.payment("small")
    rich = box.payment("rich")

    def slip(request, claim):
        request.inputs.append(dict(rich.inputs[0], **claim))
        request.parents.append(rich.parents[0])
    for claim in ({}, {"branch": 1}, {"index": 7}):
        box.refuses(changed(honest, lambda r: slip(r, claim)), "foreign-input")
    box.refuses(rich, "no-rule-for-wallet")
    box.refuses(changed(rich, lambda r: setattr(r, "wallets", [box.ids["small"]])), "foreign-input", "fraudulent-change")
    box.refuses(changed(rich, lambda r: r.wallets.append(box.ids["small"])), "mixed-wallets", "non-canonical-request")
    assert box.signs(honest)


def test_the_wallets_are_what_the_templates_say(box):
    """The control of all of these: the ids that the appliance shows lead to the scripts that the templates fill."""
    for name, wallet in TEMPLATES.items():
        if wallet.kind < 5:
            assert box.ids[name] == wallet.id
        found = portcullis("wallet", "address", name, "--index", 9, "--home", box.home)
        assert found["script"] == wallet.script(0, 9).hex(), json.dumps(found)
    assert own(7).derive(0, 0) == TEMPLATES["vault"].derived(0, 0)[0]
