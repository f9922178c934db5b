"""A gate that was taken over, line by line through section 8 of docs/protocol.md, against the real signer.

Each case violates exactly one "must" and says what follows: a refusal by its stable name, or the end of the process with its
status. After a refusal nothing has changed, in the status as in the state file, and the honest release goes through.
"""
import pytest
from embit import script

import bare
import wallets
import wire
from bare import ADVANCE, ASSESS, RELEASE, RELEASED, RESUME, charge_leaf
from refusals import NAMES
from wire import u8, u16, u32, u64

BREACH, MALFORMED = 20, 21


def payment(number=0, kind="wpkh", amount=50_000):
    coin = wallets.Coin(kind, 100_000 + number, index=number)
    pay = script.Script(b"\x00\x14" + bytes([number]) * 20)
    change = (kind, 4, 100_000 + number - amount - 10_000, wallets.script_of(kind, 1, 4))
    return wire.Request([coin], [(pay, amount)], change)


class Scene:
    """An allowed request in slot 4 whose decision and charge stand in the log and were not shown yet."""

    def __init__(self, signer):
        self.signer, self.log, self.request = signer, bare.ready(signer), payment()
        self.assess()

    def assess(self, request=None, slot=4, **options):
        kind, payload = self.signer.ask(ASSESS, bare.assess(self.request if request is None else request, slot=slot, **options))
        assert kind == bare.ASSESSED
        answer = bare.Assessed(payload)
        if request is None:
            self.leaf, self.index = answer.leaf, len(self.log)
            self.charge = self.log.charge(answer.leaf)
        return answer

    def entry(self, slot=4, offset=0, charge=None, request=None):
        return bare.new_entry(request or self.request, slot, offset, self.charge if charge is None else charge)

    def shown(self, *leaves):
        """A release that shows these leaves instead of what the log has."""
        hashes = [bare.sha256(b"\x00" + leaf) for leaf in leaves]
        return u32(len(hashes)) + b"".join(hashes)

    def charged(self, charge):
        """A release over the decision and another charge leaf, which is shown as it is."""
        return bare.release(self.log, self.entry(charge=charge), hashes=self.shown(self.leaf, charge))

    def settle(self):
        """The decision and its charge go into the tree without a release: what is left is a retry."""
        assert self.signer.ask(ADVANCE, self.log.advance())[0] == bare.ADVANCED
        self.log.shown = len(self.log)

    def retry(self, index=None, **changes):
        index = self.index if index is None else index
        return bare.release(self.log, bare.retry_entry(self.log, self.request, 4, index, **changes))

    def snapshot(self):
        return vars(self.signer.status()), (self.signer.files.folder / "state").read_bytes()


def flip(data, place):
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def decision_of(scene, request):
    """The leaf of another decision, put into the tree with a charge of its own; its index."""
    answer = scene.assess(request, slot=9)
    index = len(scene.log)
    scene.log.charge(answer.leaf)
    return index


def other_verdict(scene):
    refused = payment(1)
    refused.network = 0
    return decision_of(scene, refused)


def again(scene, **changes):
    """A retry of the same decision, put into the tree once more with a charge that says something else."""
    index = len(scene.log)
    scene.log.charge(scene.leaf, **changes)
    scene.settle()
    return scene.retry(index=index)


NEW = {
    "the slot holds nothing": ("slot-empty", lambda s: bare.release(s.log, s.entry(slot=5))),
    "the slot holds a refusal": ("slot-empty", lambda s: (
        setattr(s, "bad", payment(1)), setattr(s.bad, "network", 0), s.assess(s.bad, slot=6),
        bare.release(s.log, s.entry(slot=6)))[-1]),
    "the slot was named again for another": ("slot-mismatch", lambda s: (
        s.assess(payment(1), slot=6), bare.release(s.log, s.entry(slot=6)))[-1]),
    "another request than the assessed one": ("slot-mismatch", lambda s: bare.release(
        s.log, s.entry(request=payment(2)))),
    "the decision is not among the new leaves": ("leaf-not-shown", lambda s: bare.release(
        s.log, s.entry(), hashes=s.shown())),
    "the decision is not at the offset": ("leaf-not-shown", lambda s: bare.release(s.log, s.entry(offset=1))),
    "the offset is past the end": ("leaf-not-shown", lambda s: bare.release(s.log, s.entry(offset=2**32 - 1))),
    "a leaf of the gate's own stands for it": ("leaf-not-shown", lambda s: bare.release(
        s.log, s.entry(), hashes=s.shown(flip(s.leaf, 50), s.charge))),
    "no charge after it": ("leaf-not-shown", lambda s: bare.release(s.log, s.entry(), hashes=s.shown(s.leaf))),
    "another leaf after it": ("charge-leaf-mismatch", lambda s: bare.release(
        s.log, s.entry(), hashes=s.shown(s.leaf, b"\x05" * 30, s.charge))),
    "the charge says limit exceeded": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, outcome=2))),
    "the charge says refused": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, outcome=3))),
    "the charge names another decision": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index + 1))),
    "the charge names a rule that is none": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, rule=1))),
    "the charge names no rule": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, rule=0xFFFF))),
    "the charge is of a version to come": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, version=2))),
    "the charge is of another kind": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, kind=4))),
    "the charge claims a witnessed clock": ("charge-leaf-mismatch", lambda s: s.charged(charge_leaf(s.index, sync=2))),
    "the charge is dated before the last time": ("time-went-back", lambda s: s.charged(charge_leaf(s.index, time=999))),
    "one good entry and a bad one": ("slot-empty", lambda s: bare.release(s.log, s.entry(), s.entry(slot=5))),
}

RETRY = {
    "the leaf has another tag": ("forged-leaf", lambda s: s.retry(leaf=flip(s.leaf, -1))),
    "the leaf has another byte": ("forged-leaf", lambda s: s.retry(leaf=flip(s.leaf, 60))),
    "the leaf is no decision": ("forged-leaf", lambda s: s.retry(leaf=s.charge)),
    "the leaf is a refusal": ("forged-leaf", lambda s: (
        setattr(s, "at", other_verdict(s)), s.settle(), s.retry(index=s.at))[-1]),
    "the leaf is of another request": ("forged-leaf", lambda s: (
        setattr(s, "at", decision_of(s, payment(3))), s.settle(), s.retry(index=s.at))[-1]),
    "the leaf is not where it is said to be": ("not-in-tree", lambda s: s.retry(
        index=0, leaf=s.leaf, charge=charge_leaf(0), proof=s.log.proof(s.index), charge_proof=s.log.proof(s.index + 1))),
    "the proof has another hash": ("not-in-tree", lambda s: s.retry(proof=flip(s.log.proof(s.index), -1))),
    "the proof is too short": ("not-in-tree", lambda s: s.retry(proof=u8(0))),
    "the proof is too long": ("not-in-tree", lambda s: s.retry(
        proof=u8(s.log.proof(s.index)[0] + 1) + s.log.proof(s.index)[1:] + bytes(32))),
    "the charge is not in the tree": ("not-in-tree", lambda s: s.retry(charge=charge_leaf(s.index, limit=7))),
    "the charge's proof has another hash": ("not-in-tree", lambda s: s.retry(
        charge_proof=flip(s.log.proof(s.index + 1), -1))),
    "the charge says limit exceeded": ("charge-leaf-mismatch", lambda s: s.retry(charge=charge_leaf(s.index, outcome=2))),
    "the charge names another decision": ("charge-leaf-mismatch", lambda s: s.retry(charge=charge_leaf(s.index + 2))),
    "the charge is no charge": ("charge-leaf-mismatch", lambda s: s.retry(charge=s.leaf)),
    "the charge names a rule that did not match": ("charge-leaf-mismatch", lambda s: again(s, rule=1)),
    "the charge names no rule": ("charge-leaf-mismatch", lambda s: again(s, rule=0xFFFF)),
}


def expect_refused(scene, payload, name):
    before = scene.snapshot()
    kind, answer = scene.signer.ask(RELEASE, payload)
    assert kind == wire.REFUSED
    assert NAMES[bare.Refusal(answer).code] == name
    assert scene.snapshot() == before


@pytest.mark.parametrize("case", NEW)
def test_release_of_new_leaves(signer, case):
    scene = Scene(signer)
    name, make = NEW[case]
    expect_refused(scene, make(scene), name)
    assert signer.ask(RELEASE, bare.release(scene.log, scene.entry()))[0] == RELEASED
    assert signer.status().spent == 60_000


@pytest.mark.parametrize("case", RETRY)
def test_release_of_what_the_log_had(signer, case):
    scene = Scene(signer)
    scene.settle()
    name, make = RETRY[case]
    payload = make(scene)
    expect_refused(scene, payload, name)
    assert signer.ask(RELEASE, scene.retry())[0] == RELEASED
    # Once more: signed alike, charged once.
    scene.signer.ask(ASSESS, bare.assess(scene.request, slot=4))
    assert signer.ask(RELEASE, scene.retry())[0] == RELEASED
    assert signer.status().spent == 60_000


def test_nothing_is_released_before_the_unlock_stands_in_the_log(signer):
    assert signer.unlock()[0] == wire.UNLOCKED
    log = bare.Log()
    kind, payload = signer.ask(RESUME, log.resume())
    assert kind == bare.RESUMED
    answer = bare.Assessed(signer.ask(ASSESS, bare.assess(payment()))[1])
    charge = log.charge(answer.leaf)
    entry = bare.new_entry(payment(), 0, 0, charge)
    kind, refused = signer.ask(RELEASE, bare.release(log, entry))
    assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "events-pending")
    # A leaf that only looks like the event does not do.
    log.forget()
    log.leaves.append(flip(bare.events_of(payload)[0], -1))
    assert signer.ask(ADVANCE, log.advance())[0] == bare.ADVANCED
    log.shown = len(log)
    log.charge(answer.leaf)
    kind, refused = signer.ask(RELEASE, bare.release(log, entry))
    assert NAMES[bare.Refusal(refused).code] == "events-pending"


def test_time_never_goes_back_in_assess_and_advance(signer):
    scene = Scene(signer)
    scene.settle()
    late = scene.assess(payment(1), slot=5, time=999)
    assert (late.verdict, NAMES[late.code], late.expected, late.found) == (2, "time-went-back", 1_000, 999)
    before = scene.snapshot()
    kind, refused = signer.ask(ADVANCE, u64(999) + u32(0))
    assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "time-went-back")
    assert scene.snapshot() == before
    assert signer.ask(ADVANCE, u64(1_000) + u32(0))[0] == bare.ADVANCED


def resumed_twice(home):
    """A log and the checkpoint over it, of a signer that has ended; the state file of before."""
    old = (home.folder / "state").read_bytes()
    with bare.Signer(home) as signer:
        log = bare.ready(signer)
        log.leaves.append(b"one more")
        checkpoint = signer.ask(ADVANCE, log.advance())[1]
        log.shown = len(log)
        signer.close()
    return old, log, checkpoint


RESUMES = {
    "of another log": ("frontier-mismatch", lambda log, c: setattr(log, "number", 1) or log.resume(c)),
    "with fewer leaves": ("log-behind-signer", lambda log, c: setattr(log, "shown", 1) or log.resume()),
    "with no leaves": ("log-behind-signer", lambda log, c: setattr(log, "shown", 0) or log.resume()),
    "with more leaves than were shown": ("frontier-mismatch", lambda log, c: (
        log.leaves.append(b"x"), setattr(log, "shown", 3), log.resume())[-1]),
    "with another leaf": ("frontier-mismatch", lambda log, c: log.leaves.__setitem__(1, b"else") or log.resume()),
    "with a checkpoint whose signature is wrong": ("checkpoint-forged", lambda log, c: log.resume(flip(c, -1))),
    "with a checkpoint of another root": ("checkpoint-forged", lambda log, c: log.resume(flip(c, 8))),
    "with a checkpoint of another size": ("checkpoint-forged", lambda log, c: log.resume(u64(3) + c[8:])),
    "with no checkpoint, but a root": ("checkpoint-forged", lambda log, c: log.resume(flip(bytes(104), 8))),
    "with no checkpoint, but a signature": ("checkpoint-forged", lambda log, c: log.resume(flip(bytes(104), 103))),
}


@pytest.mark.parametrize("case", RESUMES)
def test_resume(home, case):
    _, log, checkpoint = resumed_twice(home)
    name, make = RESUMES[case]
    honest = log.resume(checkpoint)
    with bare.Signer(home) as signer:
        assert signer.unlock()[0] == wire.UNLOCKED
        state = (home.folder / "state").read_bytes()
        kind, refused = signer.ask(RESUME, make(log, checkpoint))
        assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, name)
        assert (home.folder / "state").read_bytes() == state
        assert signer.status().phase == 1
        assert signer.ask(RESUME, honest)[0] == bare.RESUMED


def test_resume_shows_a_record_that_was_put_back(home):
    old, log, checkpoint = resumed_twice(home)
    (home.folder / "state").write_bytes(old)
    with bare.Signer(home) as signer:
        assert signer.unlock()[0] == wire.UNLOCKED
        kind, refused = signer.ask(RESUME, bare.Log().resume(checkpoint))
        assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "state-rolled-back")
    # The same number of leaves, but others: the log went another way since.
    (home.folder / "state").write_bytes(old)
    with bare.Signer(home) as signer:
        fork = bare.ready(signer)
        fork.leaves.append(b"another")
        assert signer.ask(ADVANCE, fork.advance())[0] == bare.ADVANCED
        fork.shown = len(fork)
    with bare.Signer(home) as signer:
        assert signer.unlock()[0] == wire.UNLOCKED
        kind, refused = signer.ask(RESUME, fork.resume(checkpoint))
        assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "state-rolled-back")


def frame_of(kind, payload=b""):
    return wire.frame(kind, payload)


SEALED = {hex(kind): frame_of(kind) for kind in (*range(0x02, 0x0A), 0x11, 0x12, 0x13, 0x14, 0x21, 0x81, 0xFF)}
UNRESUMED = {hex(kind): frame_of(kind) for kind in (0x03, 0x04, 0x05, 0x08, 0x09, 0x11, 0x12, 0x13, 0x14, 0x21, 0x82, 0xFF)}
ALLOWED = bare.assess(b"")
READY = {
    "resume again": (BREACH, frame_of(RESUME, bare.Log().resume())),
    "message, which is reserved": (BREACH, frame_of(0x08)),
    "attest, which is reserved": (BREACH, frame_of(0x09)),
    "unlock from the gate": (BREACH, frame_of(0x11, wire.vec16(b"correct horse"))),
    "refill from the gate": (BREACH, frame_of(0x13, u64(1) + u8(0))),
    "install": (BREACH, frame_of(0x12)),
    "a reply": (BREACH, frame_of(0x84)),
    "an unknown kind": (BREACH, frame_of(0x70)),
    "a length that leaves no room for a kind": (BREACH, u32(0) + u8(0x01)),
    "a length over every limit": (BREACH, b"\xff\xff\xff\xff\x03"),
    "a status with a payload": (BREACH, frame_of(0x01, b"\x00")),
    "an address of 64 bytes": (BREACH, frame_of(0x06, bytes(64))),
    "an advance over 4 MiB": (BREACH, u32((4 << 20) + 1) + u8(ADVANCE)),
    "a release over 8 MiB": (BREACH, u32((8 << 20) + 1) + u8(RELEASE)),
    "an assess over 64 MiB": (BREACH, u32((64 << 20) + 1) + u8(ASSESS)),
    "assess of a version to come": (MALFORMED, frame_of(ASSESS, u8(2) + ALLOWED[1:])),
    "assess with slot 1024": (MALFORMED, frame_of(ASSESS, u8(1) + u16(1_024) + ALLOWED[3:])),
    "assess with an approval": (MALFORMED, frame_of(ASSESS, bare.assess(b"", approvals=1))),
    "assess cut in its head": (MALFORMED, frame_of(ASSESS, ALLOWED[:16])),
    "release of no entry": (MALFORMED, frame_of(RELEASE, u32(0) + u16(0))),
    "release of 65 entries": (MALFORMED, frame_of(RELEASE, u32(0) + u16(65))),
    "release with fewer hashes than it says": (MALFORMED, frame_of(RELEASE, u32(2) + bytes(32) + u16(1))),
    "release with a mode to come": (MALFORMED, frame_of(RELEASE, u32(0) + u16(1) + u16(0) + u8(3) + bytes(40))),
    "release with a byte left over": (MALFORMED, frame_of(RELEASE, u32(0) + u16(1) + u16(0) + u8(1) + bytes(4 + 2 + 4 + 1))),
    "release of slot 1024": (MALFORMED, frame_of(RELEASE, u32(0) + u16(1) + u16(1_024) + u8(1) + bytes(4 + 2 + 4))),
    "advance with fewer hashes than it says": (MALFORMED, frame_of(ADVANCE, u64(5_000) + u32(1))),
    "advance with a byte left over": (MALFORMED, frame_of(ADVANCE, u64(5_000) + u32(0) + b"\x00")),
    "address cut short": (MALFORMED, frame_of(bare.ADDRESS, bytes(36))),
    "address with a byte left over": (MALFORMED, frame_of(bare.ADDRESS, bytes(38))),
    "xpub cut short": (MALFORMED, frame_of(bare.XPUB, bytes(31))),
}


def expect_end(signer, data, status):
    state = (signer.files.folder / "state").read_bytes()
    signer.gate.socket.sendall(data)
    with pytest.raises(EOFError):
        signer.gate.receive()
    assert signer.wait() == status
    assert (signer.files.folder / "state").read_bytes() == state


@pytest.mark.parametrize("kind", SEALED)
def test_a_sealed_signer_answers_the_gate_nothing_but_its_status(signer, kind):
    assert signer.status().phase == 0
    expect_end(signer, SEALED[kind], BREACH)


@pytest.mark.parametrize("kind", UNRESUMED)
def test_before_resume_nothing_is_assessed_or_released(signer, kind):
    assert signer.unlock()[0] == wire.UNLOCKED
    expect_end(signer, UNRESUMED[kind], BREACH)


@pytest.mark.parametrize("case", READY)
def test_a_frame_that_the_protocol_has_not_ends_the_session(signer, case):
    bare.ready(signer)
    status, data = READY[case]
    expect_end(signer, data, status)


@pytest.mark.parametrize("payload", [b"", u32(0) + u64(0) + u8(1) + bytes(32 + 104 + 4), u32(0) + u64(0) + u8(0) + bytes(104) + u32(1),
                                     bare.Log().resume() + b"\x00"])
def test_a_resume_that_is_not_of_its_form_ends_the_session(signer, payload):
    assert signer.unlock()[0] == wire.UNLOCKED
    expect_end(signer, frame_of(RESUME, payload), MALFORMED)


@pytest.mark.parametrize("cut", [1, 4, 5, 12])
def test_a_gate_that_hangs_up_within_a_frame_ends_the_session(signer, cut):
    bare.ready(signer)
    signer.gate.socket.sendall(frame_of(ADVANCE, u64(5_000) + u32(0))[:cut])
    signer.gate.close()
    assert signer.wait() in (BREACH, 22)


def test_a_gate_that_hangs_up_between_frames_is_the_ordinary_end(signer):
    bare.ready(signer)
    signer.gate.close()
    assert signer.wait() == 0


@pytest.mark.parametrize("kind, payload, name", [
    (bare.ADDRESS, bytes(32) + u8(0) + u32(0), "unknown-wallet"),
    (bare.ADDRESS, wire.wallet_id("wpkh") + u8(2) + u32(0), "branch-out-of-range"),
    (bare.ADDRESS, wire.wallet_id("tr") + u8(0) + u32(1_000_001), "index-out-of-range"),
    (bare.XPUB, bytes(33), "unknown-wallet"),
])
def test_keys_that_are_not_ours_are_refused_by_name(signer, kind, payload, name):
    bare.ready(signer)
    answer, refused = signer.ask(kind, payload)
    assert (answer, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, name)
    assert signer.status().phase == 2


def test_a_request_that_is_none_gets_a_leaf_and_the_session_goes_on(signer):
    scene = Scene(signer)
    for payload in (b"", bytes(3), u32(2**32 - 1), u32(4) + b"\x09\x00\x00\x00" + u16(0)):
        answer = scene.assess(payload, slot=8)
        assert (answer.verdict, answer.leaf[106]) == (2, 0)
    assert signer.ask(RELEASE, bare.release(scene.log, scene.entry()))[0] == RELEASED
