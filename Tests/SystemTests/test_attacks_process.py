"""R46 … R53 of reference/refusals.md: the protocol between the processes, their memory, and what they read from files."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import bare
import judge
import mnemonic
import pytest
import wallets
import wire
from appliance import BUILD, PASSPHRASE, REPOSITORY, Refused, pipe_with, portcullis
from attacks import BOB, DESCRIPTORS, Box, box, changed, embit_payment, policy, refused_policy, xpub  # noqa: F401
from conftest import root_only
from embit import bip32, bip39, ec, finalizer, psbt
from embit.transaction import Transaction
from refusals import NAMES
from templates import other
from test_hostile_gate import Scene, payment
from wire import u8, u16, u32, vec16

OPEN = REPOSITORY / "policies/examples/regtest-open.toml"


def test_r46_request_rewritten_after_the_check(signer):
    """What is released is held against the digest of what was assessed: one other byte anywhere, and nothing is signed."""
    scene = Scene(signer)
    resolved = scene.request.resolved()
    before = scene.snapshot()

    def release(text):
        entry = u16(4) + u8(1) + u32(0) + vec16(scene.charge) + wire.vec32(text)
        return signer.ask(bare.RELEASE, bare.release(scene.log, entry))
    for place in [*range(0, len(resolved), 7), len(resolved) - 1]:
        spoiled = bytearray(resolved)
        spoiled[place] ^= 1
        kind, answer = release(bytes(spoiled))
        assert (kind, NAMES[bare.Refusal(answer).code]) == (wire.REFUSED, "slot-mismatch")
    for other in (resolved[:-1], resolved + b"\0", b"", payment(2).resolved()):
        kind, answer = release(other)
        assert (kind, NAMES[bare.Refusal(answer).code]) == (wire.REFUSED, "slot-mismatch")
    assert scene.snapshot() == before
    # Another request takes the slot between the two.
    scene.assess(payment(3), slot=4)
    kind, answer = release(resolved)
    assert (kind, NAMES[bare.Refusal(answer).code]) == (wire.REFUSED, "slot-mismatch")
    scene.assess(scene.request, slot=4)
    assert release(resolved)[0] == bare.RELEASED


def test_r46_file_that_changes_while_it_is_signed(box, tmp_path):
    """The command line reads a PSBT once: a pipe that would say something else the second time is never asked again."""
    made = embit_payment("wpkh")
    run = portcullis("sign", "/dev/stdin", "-o", tmp_path / "out.psbt", "--home", box.home, stdin=made.to_string().encode())
    assert psbt.PSBT.from_string(run["psbt"]).tx.txid() == made.tx.txid()


def test_r47_readback_of_staged_data(box):
    """No frame gives back what somebody sent, and who did not ask gets nothing."""
    request = box.payment("small")
    mark = request.resolved()[100:132]
    with wire.Connection(box.gate, timeout=1) as other:
        assert other.ask(wire.GATE_STATUS)[0] == 0xA2
        assert box.signs(request)
        with pytest.raises(TimeoutError):
            other.receive()
    for kind in range(256):
        if kind == wire.SIGN:
            continue
        with wire.Connection(box.gate, timeout=5) as connection:
            try:
                answer, payload = connection.ask(kind, request.digest())
            except EOFError:
                continue
            assert mark not in payload and answer != wire.SIGNED
    assert box.signs(request).seen_before


@root_only
def test_r48_the_signer_has_one_socket_and_nothing_else(box):
    pid = box.pids()["signer"]
    names = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    assert sum(name.startswith("socket:") for name in names.values()) == 1
    others = [name for name in names.values() if not name.startswith(("socket:", "pipe:")) and name != "/dev/null"]
    assert others == [str(box.home / "signer/state")]
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["Seccomp"] == "2" and int(status["Threads"]) == 1
    # The door for operators is shut as well.
    with pytest.raises((EOFError, OSError)):
        with wire.Connection(box.home / "run/operator.sock", timeout=2) as door:
            door.ask(wire.UNLOCK, vec16(PASSPHRASE.encode()))


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def bip340_nonce(key, digest):
    """The x of R as BIP-340 says, for a random part of zeros; `key` by its bytes."""
    private = ec.PrivateKey(key)
    point = private.get_public_key().sec()
    secret = int.from_bytes(key, "big") if point[0] == 2 else ORDER - int.from_bytes(key, "big")
    masked = secret ^ int.from_bytes(wire.tagged("BIP0340/aux", bytes(32)), "big")
    drawn = wire.tagged("BIP0340/nonce", masked.to_bytes(32, "big") + point[1:] + digest)
    return ec.PrivateKey((int.from_bytes(drawn, "big") % ORDER).to_bytes(32, "big")).get_public_key().sec()[1:]


def test_r49_nonces_leave_no_room(box):
    """Nothing in signing is random: programs that share no code with ours give the same bytes, so that none can carry a message."""
    made = embit_payment("wpkh", amounts=(50_000,) * 8)
    ours = bytes.fromhex(box.sign(made, "--finalize")["transaction"])
    assert made.sign_with(wallets.ROOT) == 8
    assert finalizer.finalize_psbt(made).serialize() == ours
    made = embit_payment("tr", amounts=(50_000,) * 8)
    final = Transaction.parse(bytes.fromhex(box.sign(made, "--finalize")["transaction"]))
    for place, spend in enumerate(final.vin):
        key = wallets.ROOT.derive(wallets.path("tr", 0, place)).key.taproot_tweak(b"").secret
        assert spend.witness.items[0][:32] == bip340_nonce(key, made.sighash(place, sighash=0))


def test_r50_a_refusal_gives_no_signature_at_all(box):
    """No mode answers with something unusable: a refusal is 23 bytes of which none is a signature's, and what is signed is valid."""
    honest = box.payment("small")
    for lie in (lambda r: r.inputs[0].update(amount=1), lambda r: r.outputs[0].update(amount=10**9), lambda r: r.parents.clear()):
        with wire.Connection(box.gate) as connection:
            kind, answer = connection.ask(wire.SIGN, changed(honest, lie).encode())
            assert kind == wire.GATE_REFUSED and len(answer) == 23
    signatures = box.signs(honest).signatures
    assert judge.accepts(*honest.signed(signatures))
    # There is no passphrase for duress: every other one is refused and opens nothing.
    box.run("lock")
    box.wait_for("sealed")
    for wrong in ("correct hors", "correct horse ", "Correct horse", "x"):
        with pytest.raises(Refused) as caught:
            box.run("unlock", secrets=[("--passphrase-fd", wrong)])
        assert caught.value.name == "wrong-passphrase"
        assert box.run("status")["state"] == "sealed" and not box.ask(honest).signed
    box.unlock()
    box.wait_for("ready")
    assert box.signs(honest).signatures == signatures


def fresh_home(folder):
    """A home with a new seed; its words."""
    read, write = os.pipe()
    descriptor = pipe_with(PASSPHRASE)
    command = [BUILD / "portcullis", "init", "--network", "regtest", "--policy", OPEN, "--home", folder, "--argon2-memory-mib", 8,
               "--argon2-passes", 1, "--words-out-fd", write, "--passphrase-fd", descriptor]
    try:
        subprocess.run(list(map(str, command)), pass_fds=(write, descriptor), capture_output=True, check=True, timeout=60)
    finally:
        os.close(write)
        os.close(descriptor)
    with os.fdopen(read) as words:
        return words.read().split()


def test_r51_weak_entropy(tmp_path):
    """Every seed is another, from 256 bits of the kernel's generator, which can be checked: the words lead any other program to the
    same keys. Who trusts dice more gives the words (`--mnemonic-fd`)."""
    homes = [tmp_path / f"home{number}" for number in range(6)]
    found = [fresh_home(home) for home in homes]
    assert len({tuple(words) for words in found}) == 6
    for home, words in zip(homes, found):
        assert len(words) == 24 and mnemonic.Mnemonic("english").check(" ".join(words))
        root = bip32.HDKey.from_seed(bip39.mnemonic_to_seed(" ".join(words)), version=wallets.NETWORKS["regtest"]["xprv"])
        shown = portcullis("wallet", "list", "--home", home)["wallets"][0]
        path = DESCRIPTORS["small"].removeprefix("wpkh(self/").split("/<")[0]
        assert shown["xpub"] == root.derive("m/" + path).to_public().to_base58(wallets.NETWORKS["regtest"]["xpub"])
    # Any two differ in about half of their 256 bits.
    bits = [int.from_bytes(mnemonic.Mnemonic("english").to_entropy(" ".join(words)), "big") for words in found]
    distances = [(a ^ b).bit_count() for n, a in enumerate(bits) for b in bits[:n]]
    assert all(70 < distance < 186 for distance in distances), distances


BOMBS = {
    "a deep miniscript": f"wsh({'and_v(v:pk(KEY),' * 3_000}pk(KEY){')' * 3_000})",
    "deep wrappers": f"wsh({'n' * 100_000}:pk(KEY))",
    "a deep tree": f"tr(KEY,{'{pk(KEY),' * 200}pk(KEY){'}' * 200})",
    "a tree without end": "tr(KEY," + "{" * 100_000,
    "brackets without end": "wsh(" * 100_000,
    "an overlong xpub": "wpkh(" + "x" * 200_000 + "/<0;1>/*)",
    "an overlong origin": f"wpkh([00000000{'/1h' * 50_000}]tpub/<0;1>/*)",
    "many branches": f"wpkh(self/84h/1h/0h/<{';'.join(map(str, range(50_000)))}>/*)",
    "many keys": "wsh(multi(1," + ",".join(["KEY"] * 5_000) + "))",
    "a great threshold": "wsh(multi(99999999999999999999999999,KEY))",
}


@pytest.mark.parametrize("name", BOMBS)
def test_r52_stack_and_recursion_bombs(name):
    """Refused in words, soon, by a program that did not fall."""
    text = BOMBS[name].replace("KEY", xpub(BOB))
    started = time.monotonic()
    refused_policy(policy().replace(DESCRIPTORS["rich"], text))
    assert time.monotonic() - started < 10


KEYS = [f"{xpub(other(number))}" for number in range(40)]


@pytest.mark.parametrize("text", [
    f"sh(multi(1,{','.join(KEYS[:16])}))", f"wsh(multi(1,{','.join(KEYS[:21])}))", f"sh(sortedmulti(1,{','.join(KEYS[:17])}))",
    f"wsh(and_v(v:multi(1,{','.join(KEYS[:20])}),multi(21,{','.join(KEYS[20:])})))",
    f"tr({KEYS[0]},multi_a(1,{','.join(KEYS[:1] * 1_000)}))",
])
def test_r52_oversized_scripts(text):
    """With an own key among them, so that it is the size that is refused: over 520 bytes, over 20 keys, a key a thousand times."""
    refused_policy(policy().replace(DESCRIPTORS["rich"], text.replace(KEYS[1], "self/48h/1h/9h/2h/<0;1>/*")))


def test_r52_control_as_large_as_may_be():
    for text in (f"sh(multi(1,{','.join(KEYS[:15])}))", f"wsh(multi(1,{','.join(KEYS[:20])}))"):
        with Box(policy().replace(DESCRIPTORS["rich"], text.replace(KEYS[1], "self/48h/1h/9h/2h/<0;1>/*"))) as largest:
            assert largest.run("wallet address", "rich")["verified"]


@pytest.mark.parametrize("address", ["bcrt1" + "q" * 100_000, "x" * 90 + "1" + "q" * 50, "1" * 100_000, "z" * 100_000])
def test_r52_overlong_addresses(address):
    lists = f'[destinations.far]\naddresses = ["{address}"]\n[limits.all]'
    refused_policy(policy().replace("[limits.all]", lists))


def test_r52_deep_toml():
    refused_policy(policy() + "x = " + "[" * 100_000)


def test_r52_counts_that_promise_too_much(box):
    """A PSBT and a request that say they are longer than they are: nothing is taken for them ahead."""
    made = embit_payment("wpkh").serialize()
    for bomb in (made[:5] + b"\x01\x00\xff" + b"\xff" * 8, made[:5] + b"\xfe\xff\xff\xff\x7f", made[:5] + b"\x01\x00\xfe\xff\xff\xff\xff"):
        run = box.run("sign", "-", stdin=bomb, check=False)
        assert run.returncode == 3 and json.loads(run.stdout)["error"]["name"] == "malformed-psbt"
    honest = box.payment("small").resolved()
    for bomb in (wire.vec32(honest) + u16(0xFFFF), wire.vec32(honest) + u16(1) + u32(0xFFFFFFFF), u32(0xFFFFFFFF) + honest,
                 wire.vec32(honest[:45] + u16(5_000) + honest[47:]) + u16(0), wire.vec32(honest[:45] + u16(0xFFFF) + honest[47:]) + u16(0)):
        box.refuses(bomb, "malformed-request", "request-too-large", "too-many-inputs", "malformed-parent", "missing-parent")
    assert box.signs(box.payment("small"))


@pytest.mark.parametrize("passes, memory", [(17, 8_192), (0xFFFFFFFF, 8_192), (1, (1 << 20) + 1), (1, 0xFFFFFFFF), (16, 0xFFFFFFFF),
                                            (0, 8_192), (1, 0)])
def test_r53_work_factor_bomb(files, passes, memory):
    """A keystore that asks for hours or for all memory is refused before any of it is done."""
    home = files.copy()
    keystore = bytearray((home.folder / "keystore").read_bytes())
    assert keystore[:8] == b"PCKEYS01"
    keystore[12:20] = u32(passes) + u32(memory)
    (home.folder / "keystore").write_bytes(keystore)
    started = time.monotonic()
    with bare.Signer(home) as running:
        try:
            kind, answer = running.unlock()
            assert (kind, NAMES[bare.Refusal(answer).code]) == (wire.REFUSED, "damaged-keystore")
        except (EOFError, ConnectionError):
            assert running.wait() != 0
    assert time.monotonic() - started < 2
    shutil.rmtree(home.folder)


def test_r53_control_the_keystore_opens(files):
    home = files.copy()
    with bare.Signer(home) as running:
        assert running.unlock()[0] == wire.UNLOCKED
    home.remove()
