"""Random descriptors, small and up to the limits, that BDK calls sane, and others that are broken on purpose.

A script is grown: something is put around it or beside it, and BDK is asked whether the whole is still sane; what it is not, it keeps
apart for tests. In a form `@` stands for a key that stands nowhere else. Nothing here is ours.
"""
import hashlib
import re

import bdkpython as bdk
from embit import bip32, ec
from embit.descriptor import Descriptor
from embit.networks import NETWORKS

import kinds
import wallets
from templates import key_agg

CHANCE = kinds.CHANCE
XPUB = NETWORKS["regtest"]["xpub"]
#: Of the signer: keys of a wallet, keys in a script, and what BIP-342 leaves of a script in a leaf.
KEYS_MAX, HOLES_MAX = 32, 40
BYTES_MAX = {"wsh": 3_600, "tr": 10_000, "sh": 520}
#: Stand for the keys while a script grows.
SOME_KEYS = [ec.PrivateKey(hashlib.sha256(b"%d" % n).digest()).get_public_key().sec().hex() for n in range(80)]


def is_sane_for_bdk(text):
    """Whether BDK takes it as a descriptor and calls it sane. It gives no reasons."""
    try:
        bdk.Descriptor(text, bdk.NetworkKind.TEST).sanity_check()
    except bdk.DescriptorError:
        return False
    return True


def with_some_keys(form):
    """A form as a descriptor of keys that nobody uses."""
    count = iter(SOME_KEYS)
    return re.sub("@", lambda _: next(count), form)


def size(form):
    """About the bytes of its script."""
    hashes = len(re.findall(r"(?:sha|hash)256\(", form)), len(re.findall(r"(?:ripemd|hash)160\(", form))
    return 34 * form.count("@") + 39 * hashes[0] + 27 * hashes[1] + 2 * form.count("(")


class Grower:
    """Grows scripts for one kind of output; `rejected` are those that BDK did not call sane, for tests."""

    def __init__(self, is_tapscript):
        self.is_tapscript = is_tapscript
        # Mostly one kind of lock each, so that a script can have many.
        self.times = CHANCE.choice([(True,), (False,), (True,), (False,), (True, False)])
        self.rejected = []
        self.preimages = {}
        self.is_inner, self.checks = False, 150
        # Keys alone do not make the largest scripts: some have many hash locks.
        self.is_hashy, self.are_leaves_small = CHANCE.random() < 0.3, False

    def whole(self, form):
        return f"tr(@,{form})" if self.is_tapscript else f"wsh({form})"

    def is_sane(self, form):
        self.checks -= 1
        if form.count("@") > HOLES_MAX - 1:
            return False
        is_sane = is_sane_for_bdk(with_some_keys(self.whole(form)))
        if not is_sane:
            self.rejected.append(self.whole(form))
        return is_sane

    # MARK: Parts

    def multi(self, most=5):
        count = CHANCE.randint(1, most)
        return f"multi{'_a' if self.is_tapscript else ''}({CHANCE.randint(1, count)},{','.join('@' * count)})"

    def older(self):
        number = CHANCE.choice([1, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 65_535, CHANCE.randint(1, 65_535)])
        return f"older({number | (1 << 22 if CHANCE.choice(self.times) else 0)})"

    def after(self):
        if CHANCE.choice(self.times):
            return f"after({CHANCE.choice([500_000_000, 1_700_000_000, 0x7FFFFFFF, CHANCE.randint(500_000_000, 0x7FFFFFFF)])})"
        return f"after({CHANCE.choice([1, 16, 17, 840_000, 499_999_999, CHANCE.randint(1, 499_999_999)])})"

    def hash_lock(self):
        preimage = CHANCE.randbytes(32)
        one = hashlib.sha256(preimage).digest()
        ripemd = lambda data: hashlib.new("ripemd160", data).digest()
        name = CHANCE.choice(["sha256", "hash256", "ripemd160", "hash160"])
        digest = {"sha256": one, "hash256": hashlib.sha256(one).digest(), "ripemd160": ripemd(preimage), "hash160": ripemd(one)}[name]
        self.preimages[name, digest.hex()] = preimage
        return f"{name}({digest.hex()})"

    def signed(self):
        return CHANCE.choice(["pk(@)", "pk(@)", "pkh(@)", self.multi(), self.multi(3)])

    def atom(self):
        usual = [self.hash_lock] if self.is_hashy else [self.signed]
        return CHANCE.choice(usual * 3 + [self.signed, self.older, self.after, self.hash_lock])()

    def beside(self, room):
        """Something to put beside a script: small, or grown as well."""
        if not self.is_inner and CHANCE.random() < 0.2 and room > 80:
            self.is_inner = True
            found = self.grown(CHANCE.randint(40, min(room, 400)))
            self.is_inner = False
            return found
        return self.atom()

    # MARK: Growing

    def step(self, x, room):
        """A script with `x` in it, which may make no sense."""
        if self.is_hashy and CHANCE.random() < 0.3:
            for _ in range(CHANCE.randint(1, max(1, min(60, room // 40)))):
                x = f"and_v({wrapped('v', self.hash_lock())},{x})"
            return x
        y, z, sure = self.beside(room), self.beside(room // 2), self.signed()
        if CHANCE.random() < 0.5:
            x, y = y, x
        wrap, other = CHANCE.choice("as"), lambda form: wrapped(CHANCE.choice(["a", "a", "s"]), form)
        parts = [other(CHANCE.choice([self.signed, self.atom])()) for _ in range(CHANCE.randint(1, 4))]
        relative = CHANCE.choice([self.older, self.after])()
        return CHANCE.choice([
            lambda: f"and_v({wrapped('v', x)},{y})", lambda: f"and_v({wrapped('v', x)},{y})",
            lambda: f"and_b({x},{wrapped(wrap, y)})", lambda: f"or_b({x},{other(y)})",
            lambda: f"or_d({x},{y})", lambda: f"or_i({x},{y})", lambda: f"andor({x},{y},{z})", lambda: f"andor({sure},{x},{y})",
            lambda: f"and_n({x},{y})", lambda: f"and_n({sure},{x})", lambda: f"and_v(or_c({x},{wrapped('v', y)}),{z})",
            lambda: f"and_v(or_c({sure},{wrapped('v', y)}),{x})", lambda: f"t:or_c({sure},{wrapped('v', x)})",
            lambda: f"thresh({CHANCE.randint(1, 1 + len(parts))},{x},{','.join(parts)})",
            lambda: f"thresh({CHANCE.randint(1, 2 + len(parts))},{sure},{other(x)},{','.join(parts)})",
            lambda: f"thresh({CHANCE.randint(2, 3)},{sure},s:pk(@),{wrapped('sln', relative)})",
            lambda: f"or_d({sure},and_v({wrapped('v', x)},{relative}))", lambda: f"andor({sure},{relative},{x})",
            lambda: f"or_i({x},{wrapped(CHANCE.choice(['l', 'u', 'j', 'n', 't']), y)})",
            lambda: f"thresh(2,{sure},{wrapped('aj', x)},s:pk(@))", lambda: wrapped(CHANCE.choice(["l", "u", "j", "n"]), x),
        ])()

    def grown(self, target, most=10**9):
        """A sane script of about this size, or as large as it becomes."""
        form, failures = self.signed(), 0
        while size(form) < target and failures < 12 and self.checks > 0:
            larger = self.step(form, target - size(form))
            if size(larger) > most or size(larger) > 2 * target or not self.is_sane(larger):
                failures += 1
                continue
            form, failures = larger, 0
        return form


def wrapped(letters, form):
    """The form with wrappers around it."""
    head = form.split("(")[0]
    return letters + form if ":" in head else f"{letters}:{form}"


def most(numbers, kind):
    """The largest of those that are of one kind, or nothing."""
    if not numbers:
        return None
    chosen = kind(CHANCE.choice(numbers))
    return max(number for number in numbers if kind(number) == chosen)


# MARK: Descriptors


class Signer:
    """Who holds a key: the root to sign with, and how descriptors name the key."""

    def __init__(self, origin, root, key):
        self.origin, self.root, self.key = origin, root, key


def account(is_own, number):
    """A key of the appliance or of somebody new, with its origin (others may leave that out)."""
    if is_own:
        path = CHANCE.choice(["48h/1h/%dh/2h", "48h/1h/%dh", "45h/1h/%dh", "49h/1h/%dh/7", "9h/8h/7h/%dh/5/6"]) % number
        return Signer(f"[{wallets.FINGERPRINT.hex()}/{path}]", wallets.ROOT, wallets.ROOT.derive("m/" + path).to_public()), path
    root = bip32.HDKey.from_seed(CHANCE.randbytes(32), version=NETWORKS["regtest"]["xprv"])
    path = CHANCE.choice(["48h/1h/0h/2h", "84h/1h/3h", "86h/1h/0h", "0", "1/2/3"])
    child = root.derive("m/" + path)
    if CHANCE.random() < 0.15:
        child = bip32.HDKey.from_seed(CHANCE.randbytes(32), version=NETWORKS["regtest"]["xprv"])
        return Signer("", child, child.to_public()), ""
    return Signer(f"[{root.my_fingerprint.hex()}/{path}]", root, child.to_public()), path


class RandomDescriptor:
    """`text` is for us, in which own keys may be spelled `self`; `peers` for BDK and embit, which know neither that nor musig."""

    def __init__(self, form, number, preimages):
        self.form, self.number, self.preimages = form, number, preimages
        self.places = CHANCE.choice([2, 2, 2, 2, 2, 3, 1])
        self.signers, self.own, self.participants, self.internal = [], [], 0, None
        self.is_taproot, self.is_legacy = form.startswith("tr("), form.startswith("sh(") and not form.startswith("sh(wsh(")
        count = form.count("@")
        # An own key that can sign: not only in the place of the internal key of a tree.
        ours = {CHANCE.randrange(count)} | {place for place in range(count) if CHANCE.random() < 0.08}
        used, texts, peers = [], [], []
        for place in range(count):
            text, peer = self.key(place in ours, used)
            texts.append(text)
            peers.append(peer)
            if self.is_taproot and place == 0:
                # Nobody signs for it, so no other key is of the same account.
                self.internal = self.signers[0].root if self.signers else None
                used.clear()
        if not any("/*" in text for text in texts):
            # Without any index it would be one address.
            self.places = 1
        fill = lambda keys: re.sub("@", lambda _, key=iter(keys): next(key), form)
        self.text, self.peers, self.keys = fill(texts), fill(peers), texts
        self.is_known_to_bdk = "sortedmulti_a" not in form

    def branches(self):
        """Steps below a key: mostly the branches and the index."""
        some = CHANCE.sample(range(50), self.places)
        if self.places == 1:
            return CHANCE.choice(["/*", f"/{some[0]}/*", f"/7/{some[0]}/*"])
        usual = "<" + ";".join(map(str, range(self.places))) + ">"
        odd = "<" + ";".join(map(str, some)) + ">"
        return CHANCE.choice([f"/{usual}/*"] * 4 + [f"/{odd}/*", f"/7/{odd}/*", f"/{2**31 - 1}/{usual}/*"])

    def key(self, is_ours, used):
        """(for us, for the peers) of a key that stands nowhere else yet."""
        if is_ours:
            signer, path = account(True, 1_000 * self.number + len(self.own))
            steps = self.branches()
            self.own.append((path, steps))
            self.signers.append(signer)
            plain = f"{signer.origin}{signer.key.to_base58(XPUB)}{steps}"
            return (f"self/{path}{steps}" if CHANCE.random() < 0.5 else plain), plain
        if self.is_taproot and CHANCE.random() < 0.04:
            return self.aggregate()
        chance = CHANCE.random()
        if chance < 0.05:
            private = ec.PrivateKey(CHANCE.randbytes(32))
            sec = private.get_public_key().sec()
            text = sec[1:].hex() if self.is_taproot and chance < 0.03 else sec.hex()
            self.signers.append(Signer("", private, None))
            return text, text
        if chance < 0.1 and used and self.places > 1:
            # An account of somebody who is there already, with other branches.
            signer, taken = CHANCE.choice(used)
            taken[0] += self.places
            steps = "/<" + ";".join(str(100 + taken[0] + n) for n in range(self.places)) + ">/*"
        else:
            signer, _ = account(False, 0)
            self.signers.append(signer)
            used.append((signer, [0]))
            steps = "" if chance > 0.97 else "/*" if chance > 0.95 else self.branches()
        text = f"{signer.origin}{signer.key.to_base58(XPUB)}{steps}"
        return text, text

    def aggregate(self):
        """musig() of others; for the peers the extended key that BIP-328 makes of it."""
        signers = [account(False, 0)[0] for _ in range(CHANCE.randint(2, 4))]
        self.participants += len(signers)
        steps = "/<" + ";".join(map(str, range(self.places))) + ">/*" if self.places > 1 else "/0/*"
        point = ec.PublicKey.parse(key_agg([signer.key.key.sec() for signer in signers]))
        made = bip32.HDKey(point, hashlib.sha256(b"MuSig2" * 3).digest(), version=XPUB)
        names = ",".join(signer.origin + signer.key.to_base58(XPUB) for signer in signers)
        return f"musig({names}){steps}", made.to_base58(XPUB) + steps

    # MARK: For kinds.describe and for payments

    def own_keys(self, branch, index):
        """The derived own keys with their paths."""
        found = []
        for path, steps in self.own:
            steps = re.sub("<([0-9;]+)>", lambda branches: branches[1].split(";")[branch], steps).replace("*", str(index))
            numbers = bip32.parse_path("m/" + path + steps)
            found.append((wallets.ROOT.derive(numbers).key.get_public_key(), numbers))
        return found

    def others(self):
        """The roots of all others, each once, without the internal key's: embit would finish by it alone."""
        roots = {id(signer.root): signer.root for signer in self.signers
                 if signer.root is not wallets.ROOT and signer.root is not self.internal}
        return list(roots.values())

    def locks(self):
        """(sequence, lock time) that the locks of one kind each let through."""
        older = [int(n) for n in re.findall(r"older\((\d+)\)", self.form)]
        after = [int(n) for n in re.findall(r"after\((\d+)\)", self.form)]
        sequence = most(older, lambda n: n >> 22)
        lock_time = most(after, lambda n: n >= 500_000_000)
        return (CHANCE.choice([1, 2, 0xFFFFFFFD, 0xFFFFFFFE]) if sequence is None else sequence,
                CHANCE.choice([0, CHANCE.randrange(10**6)]) if lock_time is None else lock_time)

    # MARK: What the peers make of it

    def by_embit(self, places):
        """The scripts at (branch, index), or nothing where embit does not know the form."""
        try:
            descriptor = Descriptor.from_string(self.peers)
            return [descriptor.derive(index, branch_index=branch).script_pubkey().data for branch, index in places]
        except Exception:  # noqa: BLE001
            return None

    def opcodes(self):
        """The most that consensus can count in a spend: the opcodes of the script, and the keys of every multi as if all were run.
        Nothing for tapscript, which has no such limit, and where embit does not know the form. BDK calls a script sane of which
        only some spends run over 201; the compiler refuses it, as Core does."""
        try:
            output = Descriptor.from_string(self.peers).derive(0, branch_index=0)
            script = output.witness_script() or output.redeem_script()
        except Exception:  # noqa: BLE001
            return 0
        if output.is_taproot or script is None:
            return 0
        data, place, count, number = script.data, 0, 0, 0
        while place < len(data):
            opcode, place = data[place], place + 1
            if opcode <= 75:
                place += opcode
            elif 0x51 <= opcode <= 0x60:
                number = opcode - 0x50
            else:
                count += 1 + (number if opcode in (0xAE, 0xAF) else 0)
        return count

    def by_bdk(self, places):
        try:
            singles = bdk.Descriptor(self.peers, bdk.NetworkKind.TEST).to_single_descriptors()
        except Exception:  # noqa: BLE001
            return None
        found = []
        for branch, index in places:
            address = singles[branch if len(singles) > 1 else 0].derive_address(index, bdk.Network.REGTEST)
            found.append(bytes(address.script_pubkey().to_bytes()))
        return found


def tree(grower, leaves, depth):
    """A tree with this many leaves, of any shape."""
    if leaves == 1 or depth == 60:
        return leaf(grower)
    left = CHANCE.choice([1, 1, leaves // 2, leaves - 1, CHANCE.randint(1, leaves - 1)])
    left = min(max(left, 1), leaves - 1)
    return "{%s,%s}" % (tree(grower, left, depth + 1), tree(grower, leaves - left, depth + 1))


def leaf(grower):
    chance = CHANCE.random()
    if chance < 0.5 or grower.are_leaves_small:
        return CHANCE.choice(["pk(@)", "pk(@)", "pkh(@)"])
    if chance < 0.6:
        return "sorted" + grower.multi()
    return grower.grown(CHANCE.choice([40, 80, 150]))


def random_form():
    """(form, grower): a sane form of any size."""
    chance = CHANCE.random()
    if chance < 0.06:
        grower = Grower(False)
        return CHANCE.choice(["sh(%s)", "sh(sorted%s)"]) % grower.multi(8), grower
    if chance < 0.14:
        grower = Grower(False)
        return CHANCE.choice(["wsh(%s)", "wsh(sorted%s)", "sh(wsh(%s))", "sh(wsh(sorted%s))"]) % grower.multi(20), grower
    target = CHANCE.choice([60, 120, 250, 250, 500, 1_000, 1_000, 3_600])
    if chance < 0.6:
        grower = Grower(False)
        form = grower.grown(target, BYTES_MAX["wsh"] - 100)
        return CHANCE.choice(["wsh(%s)", "wsh(%s)", "sh(wsh(%s))"]) % form, grower
    grower = Grower(True)
    if chance < 0.8:
        return f"tr(@,{grower.grown(CHANCE.choice([target, 9_000]), BYTES_MAX['tr'] - 200)})", grower
    leaves = CHANCE.choice([2, 3, 4, 8, 16, 31])
    # Many leaves have room for a key each.
    grower.are_leaves_small = leaves > 12
    return f"tr(@,{tree(grower, leaves, 0)})", grower


def random_descriptor(number):
    """A sane descriptor, of any size up to the limits."""
    while True:
        form, grower = random_form()
        if form.count("@") > KEYS_MAX:
            continue
        found = RandomDescriptor(form, number, grower.preimages)
        if len(found.keys) + found.participants > KEYS_MAX:
            continue
        found.rejected = grower.rejected
        if found.opcodes() <= 201 and (not found.is_known_to_bdk or is_sane_for_bdk(found.peers)):
            return found
