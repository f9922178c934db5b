"""Hundreds of fresh random descriptors in every run: our compiler's templates, as the shipped signer fills them and as they are filled
here, give the scripts of BDK and embit; what is broken is refused as they refuse it; and coins of some are spent.

The seed stands among the figures; PORTCULLIS_SEED repeats a run, PORTCULLIS_DESCRIPTORS makes it longer (192).
"""
import collections
import copy
import json
import os
import pathlib
import re

import bare
import descriptors
import kinds
import pytest
import templates
import wallets
import wire
from appliance import Failed, portcullis
from conftest import figure
from descriptors import CHANCE, is_sane_for_bdk, random_descriptor, with_some_keys
from wire import u8, u32

COUNT = int(os.environ.get("PORTCULLIS_DESCRIPTORS", "192"))
#: The most wallets of one policy.
HOME = 64
LAST = 2**31 - 1
counted = collections.Counter()


def policy(texts):
    lines = ["version = 1", 'network = "regtest"', f'fingerprint = "{wallets.FINGERPRINT.hex()}"', 'allowance = "100000 BTC"']
    lines += ["[[rules]]", 'name = "all"', 'effect = "allow"', 'wallets = "any"', 'destinations = "any"']
    lines += ['max_outflow = "1000 BTC"', 'max_fee = "10 BTC"']
    for name, text in texts.items():
        lines += [f"[wallets.{name}]", f'descriptor = "{text}"', f"index_max = {LAST}"]
    return "\n".join(lines) + "\n"


def questions(one):
    """Every branch at two indexes, or more of them."""
    return [(branch, index) for branch in range(one.places) for index in
            {CHANCE.choice([0, 1, LAST]), CHANCE.randrange(2**31)}]


def asked(signer, id, branch, index):
    """The script that the shipped signer fills in."""
    kind, payload = signer.ask(bare.ADDRESS, id + u8(branch) + u32(index))
    assert kind == 0x86, bare.Refusal(payload).code
    return payload[2:]


def differences(signer, filled, made, expected):
    """The names of wallets of which the signer, or the template filled in here, gives another script than the peers."""
    found = set()
    for name, one in made.items():
        for (branch, index), script in expected[name].items():
            if asked(signer, filled[name].id, branch, index) != script or filled[name].script(branch, index) != script:
                found.add(name)
    return found


def by_peers(one):
    """{(branch, index): script}: what BDK and embit say, who must agree; None where neither knows the form."""
    places = questions(one)
    by_bdk, by_embit = one.by_bdk(places), one.by_embit(places)
    counted.update(bdk=by_bdk is not None, embit=by_embit is not None, scripts=len(places))
    assert by_bdk is None or by_embit is None or by_bdk == by_embit, one.peers
    assert by_bdk or not one.is_known_to_bdk, one.peers
    found = by_bdk or by_embit
    return dict(zip(places, found)) if found else None


def shifted(wallet):
    """The wallet with one hole a byte earlier."""
    made = copy.deepcopy(wallet)
    leaf = CHANCE.choice(made.leaves)
    pieces = list(leaf.pieces)
    place = CHANCE.choice([place for place, piece in enumerate(pieces) if not isinstance(piece, bytes)])
    pieces[place - 1], moved = pieces[place - 1][:-1], pieces[place - 1][-1:]
    pieces[place + 1] = moved + pieces[place + 1]
    leaf.pieces = tuple(pieces)
    return made


def crossed(wallet):
    """The wallet with the keys of two holes of one form exchanged, or nothing where there are no two."""
    made = copy.deepcopy(wallet)
    for leaf in made.leaves:
        pieces = list(leaf.pieces)
        holes = [place for place, piece in enumerate(pieces) if not isinstance(piece, bytes)]
        pairs = [(a, b) for a in holes for b in holes if a < b and pieces[a][1] == pieces[b][1] and pieces[a] != pieces[b]]
        if pairs and not leaf.groups:
            a, b = CHANCE.choice(pairs)
            pieces[a], pieces[b] = pieces[b], pieces[a]
            leaf.pieces = tuple(pieces)
            return made
    return None


@pytest.mark.parametrize("home", range((COUNT + HOME - 1) // HOME))
def test_templates_of_random_descriptors_give_the_scripts_of_bdk_and_embit(tmp_path, home):
    kinds.begin(f"descriptors/{home}")
    made, expected = {}, {}
    for number in range(min(HOME, COUNT - home * HOME)):
        one = random_descriptor(number)
        found = by_peers(one)
        if found is not None:
            made[f"w{number:02}"], expected[f"w{number:02}"] = one, found
        REJECTED.extend(CHANCE.sample(one.rejected, min(4, len(one.rejected))))
        SANE.append(one)
    source = tmp_path / "policy.toml"
    source.write_text(policy({name: one.text for name, one in made.items()}))
    files = bare.Files(str(source))
    try:
        filled = templates.wallets_of((files.folder / "bundle.bin").read_bytes())
        with bare.Signer(files) as signer:
            assert signer.unlock()[0] == wire.UNLOCKED
            wrong = differences(signer, filled, made, expected)
            assert not wrong, [(made[name].text, made[name].peers, kinds.SEED) for name in wrong]
    finally:
        files.remove()
    for one in made.values():
        counted.update(descriptors=1, keys=len(one.keys), musig=one.text.count("musig("))
    for name, wallet in filled.items():
        sizes = [len(leaf.filled(wallet.derived(0, 0))) for leaf in wallet.leaves]
        for what, value in (("bytes", max(sizes)), ("leaves", len(sizes)), ("depth", max(leaf.depth for leaf in wallet.leaves)),
                            ("keys", len(wallet.keys)), ("holes", max(len(leaf.holes()) for leaf in wallet.leaves))):
            MOST[what] = max(MOST[what], value)
    if home == 0:
        one_hole_off(filled, made, expected)


def one_hole_off(filled, made, expected):
    """The negative control: some templates with two keys exchanged, and just these are found; one with a hole a byte off is found by
    whoever fills it, and the signer makes no home of it."""
    names = sorted(filled)[:20]
    changed = {name: filled[name] for name in names}
    spoiled = {name: found for name in names if (found := crossed(filled[name]))}
    spoiled = {name: spoiled[name] for name in CHANCE.sample(sorted(spoiled), 3)}
    changed |= spoiled
    files = templates.Files(list(changed.values()))
    try:
        with bare.Signer(files) as signer:
            assert signer.unlock()[0] == wire.UNLOCKED
            assert differences(signer, changed, {name: made[name] for name in names}, expected) == set(spoiled)
            # And not only because they are filled in here as well.
            for name in names:
                (branch, index), script = next(iter(expected[name].items()))
                assert (asked(signer, changed[name].id, branch, index) == script) == (name not in spoiled)
    finally:
        files.remove()
    for name in names[:3]:
        odd = shifted(filled[name])
        (branch, index), script = next(iter(expected[name].items()))
        assert filled[name].script(branch, index) == script != odd.script(branch, index)
        with pytest.raises(AssertionError):
            templates.Files([odd]).remove()


# MARK: What is broken

OWN = "48h/1h/0h/2h"
# What is broken, by the words of our sentence.
REASONS = {
    "no signature": "without any signature", "malleable": "without keys can change", "timelock mix": "never fit together",
    "key twice": "stands twice|is another of its keys|has one key twice", "branches overlap": "shares branches",
    "meaningless older": "consensus ignores, or waits", "opcodes": "opcodes; consensus", "witness items": "witness items;",
    "unspendable": "cannot be spent at all", "too long": r"bytes; (at most|expected)|characters; at most", "hardened": "hardened",
    "too many": r"\d+ (keys|scripts|levels|branches)[^;]*; at most", "no own key": "none of the keys is the signer's own",
    "key path": "has no path of an own key|for coins of another network", "form": "cannot be a wallet|cannot stand here",
    "branch sets": "of different lengths|no set of branches", "lock number": "below 2147483648", "private key": "private key", "origin": "of the origin|the origin of", "type": "type|expected [BKVW] |is not [a-z]", "text": "",
}
# What we refuse and BDK does not judge: limits of the signer, what only a signer needs to know, and an after() from 2^31 on (BIP-379).
OURS_ALONE = {"lock number", "branches overlap", "branch sets", "meaningless older", "hardened", "too many", "no own key", "key path", "origin", "private key", "form"}


def our_reason(text):
    """Nothing where the compiler takes it as a wallet; else what is wrong with it, and the sentence."""
    source = policy({"w": text})
    run = portcullis("policy", "check", "-", "--network", "regtest", stdin=source.encode(), check=False)
    document = json.loads(run.stdout)
    if run.returncode == 0:
        return None, None
    assert (run.returncode, document["error"]["name"]) == (3, "policy-invalid"), (run.returncode, document, text)
    words = document["error"]["message"].replace(text, "")
    return next(name for name, pattern in REASONS.items() if re.search(pattern, words)), words


def with_own(form):
    """A form of keys that nobody uses, the first one ours: for us, and for BDK."""
    text = with_some_keys(form)
    own = wallets.ROOT.derive("m/" + OWN).to_public().to_base58(descriptors.XPUB)
    steps, first = "/<0;1>/*", descriptors.SOME_KEYS[0]
    return (text.replace(first, f"self/{OWN}{steps}"),
            text.replace(first, f"[{wallets.FINGERPRINT.hex()}/{OWN}]{own}{steps}"))


def around(x):
    """Forms around a sane script of P2WSH that break something; the reasons that we may give."""
    v = descriptors.wrapped("v", x)
    digest, first = CHANCE.randbytes(32).hex(), "%"
    many = "".join(f"and_v(v:sha256({CHANCE.randbytes(32).hex()})," for _ in range(70))
    yield f"and_v({v},and_v(v:older(5),older(4194309)))", {"timelock mix"}
    yield f"and_v({v},and_v(v:after(5),after(500000005)))", {"timelock mix"}
    yield f"and_v({v},or_d(sha256({digest}),older(5)))", {"malleable", "timelock mix"}
    yield f"or_i({x},sha256({digest}))", {"no signature", "malleable"}
    yield f"or_i(older(9),{x})", {"no signature", "malleable"}
    yield f"and_v({v},older(65536))", {"meaningless older", "timelock mix"}
    yield f"and_v({v},older({CHANCE.choice([0x400000, 0x10000 | 5, 0x800005])}))", {"meaningless older", "timelock mix"}
    yield f"{many}{x}" + 70 * ")", {"opcodes", "too long"}
    yield f"and_v({v},pk({first}))", {"key twice", "branches overlap"}
    yield f"and_v({v},0)", {"unspendable", "malleable", "no signature"}
    for broken in (f"and_v({x},{x})", f"and_b({x},pk(@))", f"or_d(older(5),{x})", v, descriptors.wrapped("s", x), f"thresh(3,{x},s:pk(@))",
                   f"thresh(0,{x},s:pk(@))", f"and_v({v},older(0))", f"and_v({v},older(2147483648))", f"and_v({v},after(0))",
                   f"and_v({v},sha256({digest[2:]}))", f"and_v({v},hash160({digest}))", f"and_v({v},multi_a(1,@))", f"{x})",
                   f"and_v({v},multi(0,@,@))", f"and_v({v},multi(3,@,@))", f"and_v({v},pk(02{digest[:-2]}))", f"({x}",
                   f"and_v({v},unknown(@))", f"and_v({v},pk(@),pk(@))", f"and_v({v})", descriptors.wrapped("x", x), f"and_v({v},older(1x))"):
        yield broken, None


def of_key(key, other):
    """Descriptors with something wrong with a key; with the reasons that we may give."""
    bare_key = key.split("/<")[0].rpartition("/")[0] if "/7/" in key else key.split("/<")[0]
    yield f"wsh(multi(1,{key},{bare_key}/<1;2>/*))", {"branches overlap", "key twice"}
    yield f"wsh(multi(1,{key},{key}))", {"key twice"}
    yield f"wsh(multi(1,{key},{other}/*h))", {"hardened"}
    yield f"wsh(multi(1,{key},{other}/5h/*))", {"hardened"}
    yield f"wsh(multi(1,{key},{other}/<0;1;2>/*))", None
    yield f"wsh(multi(1,{key},{other}/<0;1>/<2;3>/*))", None
    yield f"wsh(multi(1,{key},{other}/<0;0>/*))", None
    yield f"wsh(multi(1,{key},{descriptors.SOME_KEYS[3][2:]}))", None
    yield f"wsh(multi(1,{key},04{descriptors.SOME_KEYS[3][2:]}{descriptors.SOME_KEYS[4][2:]}))", None
    yield f"wsh(musig({key},{other}/<0;1>/*))", None
    yield f"wsh(multi(1,{key},{other}x/<0;1>/*))", None
    yield f"wsh(multi(1,{key},{other[:-1]}/<0;1>/*))", None
    yield f"wsh(multi(1,{other}/<0;1>/*))", {"no own key"}
    yield f"wsh(wsh(pk({key})))", None
    yield f"sh(tr({key}))", None
    yield f"combo({key})", {"form"}
    yield f"rawtr({key})", {"form"}
    yield f"wsh(multi(21,{key},{','.join(descriptors.SOME_KEYS[:20])}))", None
    yield f"wsh(multi(1,{key},{','.join(descriptors.SOME_KEYS[:20])}))", None
    yield f"tr({key},{'{pk(' * 64}{key}{'),pk(%s)}' % descriptors.SOME_KEYS[1] * 64})", None
    yield f"wsh(pk({key}))#aaaaaaaa", None


def mutated(text):
    """The text with some letters other ones, gone, or there twice."""
    letters = list(text)
    for _ in range(CHANCE.randint(1, 2)):
        at = CHANCE.randrange(len(letters))
        digits = [at for at, letter in enumerate(letters) if letter.isdigit()]
        if digits and CHANCE.random() < 0.5:
            letters[CHANCE.choice(digits)] = CHANCE.choice("0123456789")
            continue
        CHANCE.choice([lambda: letters.__setitem__(at, CHANCE.choice("0123456789abcdefjlnstuvx(){},:@")),
                       lambda: letters.pop(at), lambda: letters.insert(at, letters[at])])()
    return "".join(letters)


def test_what_is_broken_is_refused_as_bdk_refuses_it():
    kinds.begin("descriptors/broken")
    questions, differences, agreed = [], [], collections.Counter()
    for _ in range(max(1, COUNT // 96)):
        grower = descriptors.Grower(False)
        x = grower.grown(CHANCE.choice([40, 120, 400]))
        for form, reasons in around(x):
            questions.append((*with_own(f"wsh({form.replace('%', descriptors.SOME_KEYS[0])})"), reasons))
    for form in CHANCE.sample(REJECTED, min(len(REJECTED), COUNT // 3)):
        questions.append((*with_own(form), None))
    own, own_plain = with_own("@")
    other = next(one for one in (descriptors.account(False, 0)[0] for _ in range(99)) if one.origin)
    for (ours, reasons), (theirs, _) in zip(*[of_key(key, other.origin + other.key.to_base58(descriptors.XPUB)) for key in (own, own_plain)]):
        questions.append((ours, theirs, reasons))
    for ours, theirs, reasons in questions:
        reason, words = our_reason(ours)
        assert reason is not None, ("taken", ours)
        assert reasons is None or reason in reasons, (reason, words, ours)
        agreed[reason] += 1
        if is_sane_for_bdk(theirs):
            differences.append((reason, words, theirs))
    ours_alone = collections.Counter(reason for reason, _, _ in differences)
    assert set(ours_alone) <= OURS_ALONE, [one[1] for one in differences if one[0] not in OURS_ALONE]
    figure(f"descriptors: {len(questions)} broken ones refused: " + ", ".join(f"{n} {name}" for name, n in agreed.most_common()))
    figure("descriptors: of these BDK takes " + (", ".join(f"{n} {name}" for name, n in ours_alone.most_common()) or "none"))


def test_misspelt_descriptors_are_taken_or_refused_as_bdk_does():
    kinds.begin("descriptors/misspelt")
    both = collections.Counter()
    forms = [one.form for one in SANE if one.is_known_to_bdk] or [random_descriptor(0).form]
    for _ in range(COUNT // 2):
        text, peers = with_own(mutated(CHANCE.choice(forms)))
        (reason, words), theirs = our_reason(text), is_sane_for_bdk(peers)
        assert reason is None or not theirs or reason in OURS_ALONE, (reason, words, text)
        # What they refuse we refuse.
        assert theirs or reason is not None, ("taken", text)
        both[reason is None, theirs] += 1
    figure(f"descriptors: {COUNT // 2} misspelt: {both[True, True]} taken by both, {both[False, False]} refused by both, "
           f"{both[False, True]} by us alone")


def test_the_figures():
    if SANE:
        assert counted["descriptors"] >= COUNT * 9 // 10 and counted["bdk"] >= COUNT * 3 // 4
    figure(f"descriptors: {counted['descriptors']} random wallets of {counted['keys']} keys, {counted['scripts']} scripts as BDK ({counted['bdk']}) and "
           f"embit ({counted['embit']}) make them; seed {kinds.SEED}")
    figure("descriptors: the largest have " + ", ".join(f"{value} {name}" for name, value in MOST.items()))


# What the first test made, for those behind it.
REJECTED, SANE, MOST = [], [], collections.Counter()
