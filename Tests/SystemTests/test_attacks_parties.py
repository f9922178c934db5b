"""R32 and R41 … R45 of reference/refusals.md: replacements, transactions with others, nonces and schemes of one key."""
import bare
import templates
import wallets
from attacks import BOB, TEMPLATES, Box, box, changed, embit_payment, policy  # noqa: F401
from refusals import NAMES
from templates import AGGREGATE, TREE, Key, Wallet, own, pk

LIMITED = policy().replace('amount = "1000 BTC"\n\n#', 'amount = "150_000 sat"\n\n#')


def paying(request, amount, change):
    """The same coins for another payment; what is left is the fee."""
    return changed(request, lambda r: (r.outputs[0].update(amount=amount), r.outputs[1].update(amount=change)))


def charge(box):
    return box.used()[1][0][0]


def test_r32_replacement_is_charged_the_most_not_the_sum():
    """A bump that also pays more is charged what it takes more, whichever comes first; the allowance, which knows no replacement,
    is charged each time."""
    assert LIMITED != policy()
    with Box(LIMITED) as box:
        first = box.payment("small")
        box.signs(first)
        assert charge(box) == 60_000
        box.signs(paying(first, 50_000, 130_000))
        assert charge(box) == 70_000
        # Less again: what was signed can still confirm.
        box.signs(paying(first, 50_000, 149_000))
        assert charge(box) == 70_000
        # "Only a fee bump" that empties the wallet: over the limit by what it adds, and by its name.
        drain = paying(first, 140_000, 1_000)
        assert box.refuses(drain, "limit-exceeded").found == 199_000
        drain.outputs[1]["owner"] = None
        assert box.refuses(drain, "limit-exceeded").found == 200_000
        # Up to the limit it is permitted, and then nothing else is.
        box.signs(paying(first, 140_000, 50_000))
        assert charge(box) == 150_000
        box.refuses(box.payment("taproot"), "limit-exceeded")
        assert box.used()[0] == 60_000 + 70_000 + 51_000 + 150_000
        # Replaced or not, the first is what it was.
        assert box.signs(first).seen_before and charge(box) == 150_000


def test_r32_replacement_that_drops_the_original_inputs():
    """Then both can confirm, and both are charged in full; one input that stays makes them exclude one another."""
    with Box(LIMITED) as box:
        first = box.payment("small")
        box.signs(first)
        by_outpoint = sorted((one["txid"], place) for place, one in enumerate(first.inputs))
        anchor, dropped = first.inputs[by_outpoint[0][1]], first.inputs[by_outpoint[1][1]]
        fresh = box.payment("small", [(0, 5)])

        def swapped(kept):
            def change(request):
                request.inputs = [kept, fresh.inputs[0]]
                request.parents = [first.parents[first.inputs.index(kept)], fresh.parents[0]]
            return changed(first, change)
        box.signs(swapped(anchor))
        assert charge(box) == 60_000
        # Without the coin that the group is known by: charged beside it, which is more than can leave, never less.
        box.signs(swapped(dropped))
        assert charge(box) == 120_000
        both_new = box.payment("small")
        assert box.refuses(both_new, "limit-exceeded").found == 180_000


def test_r32_replacement_rules_are_the_policys_rules(box):
    """Outputs added or rearranged, another lock time, a note: every replacement is assessed like any other payment."""
    first = box.payment("small")
    box.signs(first)
    box.refuses(paying(first, 190_001, 10_000), "outputs-exceed-inputs")
    box.refuses(changed(first, lambda r: setattr(r, "lock_time", 500_000_000)), "time-lock")
    box.refuses(changed(first, lambda r: r.outputs[0].update(script=r.outputs[1]["script"], owner=(0, 1, 2))), "fraudulent-change")
    # A kind of replacement by which a front might hope for other rules.
    for number in (2, 255):
        box.refuses(changed(first, lambda r: setattr(r, "replaces", number)), "unsupported-replacement")


def bumped(request, fee, change=lambda request: None):
    """Honest so far: that much more fee out of the change, and the claim to replace; then what the attacker does to it."""
    made = changed(request, lambda r: r.outputs[1].update(amount=r.outputs[1]["amount"] - fee)).replacing(request)
    change(made)
    return made


def test_r32_replacement_that_says_so_is_held_to_the_first(box):
    """"Only a fee bump": each of the invariants broken, over the gate, after the first was signed."""
    first = box.payment("small", [(0, 0), (0, 1), (0, 2)])
    box.signs(first)
    fresh, taproot = box.payment("small", [(0, 5)]), box.payment("taproot")

    def out(place, **fields):
        return lambda r: r.outputs[place].update(fields)

    def other_coin(request):
        request.inputs[1], request.parents[1] = fresh.inputs[0], fresh.parents[0]

    def dropped(place):
        def drop(request):
            del request.inputs[place], request.parents[place]
            request.outputs[1]["amount"] -= 100_000
        return drop

    def more_inputs(request):
        """A coin more, of which nothing is for the fee: it pays somebody else."""
        request.inputs.append(fresh.inputs[0])
        request.parents.append(fresh.parents[0])
        request.outputs.append({"amount": 100_000, "script": bytes.fromhex("0014") + b"\x66" * 20, "owner": None})
    strange = bytes.fromhex("0014") + b"\x55" * 20
    for fee, change, name in (
            (5_000, out(0, amount=50_001), "replacement-output"),
            (5_000, out(0, script=strange), "replacement-output"),
            (5_000, lambda r: r.outputs.append({"amount": 1_000, "script": strange, "owner": None}), "replacement-output"),
            (5_000, lambda r: r.outputs.append({"amount": 0, "script": b"\x6a\x01\x07", "owner": None}), "replacement-output"),
            (5_000, more_inputs, "replacement-output"),
            (5_000, lambda r: r.outputs.reverse(), "replacement-output"),
            (5_000, lambda r: r.outputs.pop(0), "replacement-output"),
            # Change that is ours, and valid, but at another address than people saw.
            (5_000, out(1, script=first.wallet.script(0, 9), owner=(0, 0, 9)), "replacement-output"),
            (5_000, out(1, owner=None), "replacement-output"),
            (5_000, dropped(0), "replacement-input"),
            (5_000, dropped(2), "replacement-input"),
            (5_000, other_coin, "replacement-input"),
            (5_000, lambda r: r.inputs.reverse() or r.parents.reverse(), "replacement-input"),
            (5_000, lambda r: r.inputs[1].update(sequence=0xFFFFFFFF), "replacement-input"),
            (5_000, lambda r: setattr(r, "lock_time", 7), "replacement-lock-time"),
            (5_000, lambda r: setattr(r, "transaction_version", 1), "replacement-lock-time"),
            (5_000, lambda r: [one.update(sighash=2) for one in r.inputs], "replacement-sighash"),
            (0, lambda r: None, "replacement-fee"),
            (-5_000, lambda r: None, "replacement-fee"),
            # A higher fee, with more for us: both out of what others were to get.
            (-1_000, out(0, amount=40_000), "replacement-fee"),
            # Not what was signed, though the digest is of something that was.
            (5_000, lambda r: setattr(r, "replaced", r.replaced[:-1] + b"\x01"), "replaced-mismatch"),
            (5_000, lambda r: setattr(r, "replaced", fresh.resolved()), "replaced-mismatch"),
            (5_000, lambda r: setattr(r, "replaced", b""), "replaced-mismatch"),
            (5_000, lambda r: setattr(r, "replaced", None), "malformed-request"),
            (5_000, lambda r: setattr(r, "trailing", b"\x00"), "trailing-bytes"),
            # What was never signed.
            (5_000, lambda r: r.__dict__.update(vars(r.replacing(fresh))), "replaced-not-recent"),
            (5_000, lambda r: setattr(r, "replaced_digest", bytes(32)), "replaced-not-recent")):
        box.refuses(bumped(first, fee, change), name)
    # What was signed by another wallet, or was refused.
    box.signs(taproot)
    box.refuses(bumped(first, 5_000).replacing(taproot), "replacement-input")
    box.refuses(paying(fresh, 90_001, 10_000), "outputs-exceed-inputs")
    box.refuses(fresh.replacing(paying(fresh, 90_001, 10_000)), "replaced-not-recent")
    # The control, with less for somebody else and a coin more for the fee.
    before = box.used()[0]

    def wider(request):
        request.inputs.insert(1, fresh.inputs[0])
        request.parents.append(fresh.parents[0])
        request.outputs[1]["amount"] += 90_000
        request.outputs[0]["amount"] -= 20_000
    box.signs(bumped(first, 5_000, wider))
    assert box.used()[0] == before + 15_000


def test_r32_replacement_is_charged_to_the_allowance_what_it_takes_more():
    """By many steps of one satoshi or by one of all, in a chain or each from the first: never less than the largest."""
    with Box(LIMITED) as box:
        first = box.payment("small")
        box.signs(first)
        assert (box.used()[0], charge(box)) == (60_000, 60_000)
        last = first
        for step in range(1, 6):
            last = bumped(last, 1)
            box.signs(last)
            assert (box.used()[0], charge(box)) == (60_000 + step, 60_000 + step)
        box.signs(bumped(first, 40_000))
        assert (box.used()[0], charge(box)) == (100_005, 100_000)
        # Nothing is charged where a destination pays for it, and the limit knows the largest still.
        box.signs(bumped(first, 0, lambda r: r.outputs[0].update(amount=1_000)))
        assert (box.used()[0], charge(box)) == (100_005, 100_000)
        # Over the limit is over the limit.
        assert box.refuses(bumped(first, 90_001), "limit-exceeded").found == 150_001


def test_r41_coinjoin_double_claim(box):
    """Two rounds of one transaction, each with the other input as somebody else's: refused both times."""
    for kind in ("wpkh", "tr"):
        made = embit_payment(kind)
        for foreign in (0, 1):
            def hide(psbt):
                psbt.inputs[foreign].bip32_derivations.clear()
                psbt.inputs[foreign].taproot_bip32_derivations.clear()
                psbt.inputs[foreign].taproot_internal_key = None
                parent = wallets.funding((wallets.foreign_script(), 100_000))
                psbt.inputs[foreign].txid, psbt.inputs[foreign].vout = parent.txid(), 0
                psbt.inputs[foreign].non_witness_utxo, psbt.inputs[foreign].witness_utxo = parent, parent.vout[0]
            box.refuses_psbt(changed(made, hide), "foreign-input")
        assert box.sign(made)
    # At the gate there is no way to say that an input is not ours; a claim is held against the coin, with parents or without.
    for name in ("small", "taproot"):
        honest = box.payment(name)
        strange = box.payment("rich", [(0, 0)])
        for place in (0, 1):
            def theirs(request):
                request.inputs[place].update({key: strange.inputs[0][key] for key in ("txid", "vout", "amount")})
                request.parents[place] = strange.parents[0]
            box.refuses(changed(honest, theirs), "foreign-input", "script-mismatch")


def test_r42_unattended_coinjoin_drain(box):
    """Rounds with others, many of them, each a little too dear: there are none, so nothing is charged or signed."""
    made = embit_payment("wpkh")
    strangers = [wallets.funding((wallets.foreign_script(), 100_000)) for _ in range(3)]
    for parent in strangers:
        def join(psbt):
            psbt.inputs[1].bip32_derivations.clear()
            psbt.inputs[1].txid, psbt.inputs[1].vout = parent.txid(), 0
            psbt.inputs[1].non_witness_utxo, psbt.inputs[1].witness_utxo = parent, parent.vout[0]
        box.refuses_psbt(changed(made, join), "foreign-input")


def test_r44_musig2_has_no_partial_signatures():
    """No nonce is ever given out, so none can be used twice: the key path of an aggregate is refused, its leaves are signed."""
    wallet = Wallet(TREE, [Key(AGGREGATE, [1, 2], None), own(1), BOB], [pk(1, 1), pk(2, 1)])
    files = templates.Files([wallet])
    with bare.Signer(files) as signer:
        bare.ready(signer)
        for leaf, verdict, name in ((None, 2, "cannot-sign-key-path"), (0, 1, None), (1, 2, "cannot-sign-leaf")):
            for sighash in (0, 1):
                request = templates.Payment(wallet, [(0, 0), (1, 1)], leaf, sighash)
                answer = bare.Assessed(signer.ask(bare.ASSESS, bare.assess(request))[1])
                assert (answer.verdict, NAMES.get(answer.code)) == (verdict, name)
    files.remove()


def test_r44_no_nonce_is_used_twice(box):
    """One key, many messages, of which some differ in one bit: as many nonces; and one message has one signature."""
    for name in ("small", "legacy", "nested", "taproot", "vault", "tree"):
        nonces, count = set(), 0
        first = box.payment(name, [(0, 0), (0, 0)])
        requests = [first] + [paying(first, 50_000 + (1 << bit), 80_000) for bit in range(12)]
        requests += [changed(first, lambda r: setattr(r, "lock_time", lock)) for lock in (1, 2, 3)]
        for request in requests:
            signatures = box.signs(request).signatures
            count += len(signatures)
            nonces |= {signature[:32] for signature in signatures}
            assert box.signs(request).signatures == signatures
        assert len(nonces) == count == 32


def test_r45_one_key_in_two_schemes(box):
    """A wallet's signatures are of its own scheme: a request cannot have those of the other from the same key."""
    for first, second in (("small", "taproot"), ("vault", "tree")):
        honest = box.payment(first)
        crossed = changed(honest, lambda r: setattr(r, "wallets", [box.ids[second]]))
        box.refuses(crossed, "script-mismatch", "foreign-input", "fraudulent-change", "sighash-not-permitted", "cannot-sign-key-path")
        claimed = box.payment(second)
        claimed.wallets = [box.ids[first]]
        box.refuses(claimed, "script-mismatch", "foreign-input", "fraudulent-change", "sighash-not-permitted", "unsupported-selector")
    assert TEMPLATES["small"].keys[0].value != TEMPLATES["taproot"].keys[0].value
