"""A gate that was taken over, and rules about who asks and when: what it says in `assess` it has to say in the log as well.

The signer is the real one, the bundle is laid out by hand, and the leaf is read from docs/protocol.md, section 5.
"""
import struct

import pytest

import bare
import wire
from bare import ADVANCE, ASSESS, RELEASE, RELEASED
from refusals import NAMES
from templates import HARD, Files, Key, Payment, Wallet, bundle
from wire import u8, u16, u32, u64

WALLET = Wallet(1, [Key(1, [84 | HARD, 1 | HARD, HARD])])
MINUTE = 60 * 10**9
# 2026-11-23 is a Monday, 08:00 UTC is 09:00 in Berlin.
NINE = 1_795_420_800 * 10**9
LAST = NINE + 8 * 60 * MINUTE - 1


def rule(name, effect, *conditions):
    body = b"".join(conditions)
    return u8(len(name)) + name + u8(effect) + u64(1) + u16(len(body)) + body


CAPS = u8(1) + u8(1) + u64(0) + u64(10**6) + u8(1) + u8(2) + u64(0) + u64(10**5)
requesters = lambda *uids: u8(8) + u8(len(uids)) + b"".join(map(u32, uids))
OFFICE = u8(9) + u8(0) + u8(1) + u8(31) + u16(540) + u16(1_019)
BERLIN = struct.pack("<iBi", 3_600, 1, 7_200) + struct.pack("<BBBi", 3, 5, 0, 7_200) + struct.pack("<BBBi", 10, 5, 0, 10_800)
SECTIONS = u8(1) + BERLIN + u8(0) + u8(0) + u32(0) + u16(0)
POLICY = bundle([WALLET], version=2, behind=SECTIONS, is_open=False, rules=[
    rule(b"seven", 5, CAPS, requesters(7), OFFICE), rule(b"eight", 5, CAPS, requesters(8)), rule(b"never", 6, requesters(9))])


@pytest.fixture(scope="module")
def files():
    made = Files([WALLET], POLICY)
    yield made
    made.remove()


class Scene:
    """A request that uid 7 asked for at nine, charged in the log and not shown yet."""

    def __init__(self, signer):
        self.signer, self.log = signer, bare.ready(signer)
        self.request = Payment(WALLET, [(0, 0), (0, 1)])
        self.answer = self.assess(NINE, 7)
        assert self.answer.verdict == 1, NAMES[self.answer.code]
        self.log.time = NINE

    def assess(self, time, requester, slot=4, request=None):
        kind, payload = self.signer.ask(ASSESS, bare.assess(request or self.request, slot=slot, time=time, requester=requester))
        assert kind == bare.ASSESSED
        return bare.Assessed(payload)

    def release(self, slot=4, answer=None, **charge):
        """Charges as told and releases; the name of the refusal, after which nothing has changed, or nothing."""
        self.log.forget()
        before = self.snapshot()
        charge = self.log.charge((answer or self.answer).leaf, **{"requester": 7, **charge})
        kind, payload = self.signer.ask(RELEASE, bare.release(self.log, bare.new_entry(self.request, slot, 0, charge)))
        if kind == RELEASED:
            self.log.shown = len(self.log)
            return None
        assert kind == wire.REFUSED and self.snapshot() == before
        return NAMES[bare.Refusal(payload).code]

    def snapshot(self):
        return vars(self.signer.status()), (self.signer.files.folder / "state").read_bytes()


def name(answer):
    return NAMES[answer.code] if answer.verdict == 2 else None


CHARGES = {
    "for somebody else, whom another rule permits": ("charge-leaf-mismatch", {"requester": 8}),
    "for nobody": ("charge-leaf-mismatch", {"requester": 0}),
    "for somebody else, by the rule of theirs": ("charge-leaf-mismatch", {"requester": 8, "rule": 1}),
    "by the rule of somebody else": ("charge-leaf-mismatch", {"rule": 1}),
    "by the rule that denies": ("charge-leaf-mismatch", {"rule": 2}),
    "dated before it was asked": ("time-went-back", {"time": NINE - 1}),
    "dated as the log was before": ("time-went-back", {"time": 1_000}),
}


@pytest.mark.parametrize("case", CHARGES)
def test_a_charge_that_says_else_than_assess_is_refused_and_the_honest_one_is_not(signer, case):
    scene = Scene(signer)
    refusal, charge = CHARGES[case]
    assert scene.release(**charge) == refusal
    assert scene.release(time=NINE) is None
    assert signer.status().spent == 60_000


def test_a_time_that_the_gate_makes_up_moves_the_log_on_for_good(signer):
    """It is Sunday; the gate says Monday in assess. It must say so in the log as well, and then no earlier time is taken."""
    scene = Scene(signer)
    assert scene.release(time=NINE - 12 * 60 * MINUTE) == "time-went-back"
    assert scene.release(time=NINE) is None
    assert signer.status().time == NINE
    for late in (NINE - 1, 1_000, 0):
        assert name(scene.assess(late, 7)) == "time-went-back"
    kind, refused = signer.ask(ADVANCE, u64(NINE - 1) + u32(0))
    assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "time-went-back")
    assert name(scene.assess(NINE, 7)) is None


def test_the_window_is_judged_by_the_time_of_assess_to_the_nanosecond(signer):
    scene = Scene(signer)
    for time, refusal in ((NINE, None), (LAST, None), (LAST + 1, "outside-time"), (NINE + 5 * 24 * 60 * MINUTE, "outside-time"),
                          (NINE + 24 * 60 * MINUTE - 1, "outside-time"), (NINE + 24 * 60 * MINUTE, None)):
        assert name(scene.assess(time, 7, slot=9)) == refusal, time
    # Who asks is judged before the time, and uid 8 may at any.
    for uid, refusal in ((8, None), (9, "denied-by-rule"), (0, "requester"), (2**32 - 1, "requester")):
        assert name(scene.assess(LAST + 1, uid, slot=9)) == refusal, uid


def test_asked_within_the_window_it_is_released_after_it_and_a_retry_is_a_new_question(signer):
    scene = Scene(signer)
    answer = scene.assess(LAST, 7)
    assert scene.release(answer=answer, time=LAST + 60 * MINUTE) is None
    assert signer.status().spent == 60_000
    index = len(scene.log) - 2
    retry = lambda: signer.ask(RELEASE, bare.release(scene.log, bare.retry_entry(scene.log, scene.request, 4, index)))
    late = scene.assess(LAST + 60 * MINUTE, 7)
    assert (name(late), late.found) == ("outside-time", (LAST + 60 * MINUTE) // 10**9)
    kind, refused = retry()
    assert (kind, NAMES[bare.Refusal(refused).code]) == (wire.REFUSED, "slot-empty")
    # The next morning it is free.
    assert name(scene.assess(NINE + 24 * 60 * MINUTE, 7)) is None
    assert retry()[0] == RELEASED
    assert signer.status().spent == 60_000


def test_a_made_up_time_moves_the_log_on_by_a_retry_as_well(signer):
    """The gate says Monday at nine, lets the charge stand in the log with the true date, and fetches the signatures as a retry.
    It gets them, once: from then on no earlier time is taken."""
    scene = Scene(signer)
    scene.log.forget()
    index = len(scene.log)
    scene.log.time = 1_000
    scene.log.charge(scene.answer.leaf, requester=8)
    assert signer.ask(ADVANCE, scene.log.advance())[0] == bare.ADVANCED
    scene.log.shown = len(scene.log)
    assert signer.status().time < NINE
    retry = lambda: signer.ask(RELEASE, bare.release(scene.log, bare.retry_entry(scene.log, scene.request, 4, index)))
    assert retry()[0] == RELEASED
    assert signer.status().time == NINE
    for back in (NINE - 1, NINE - 24 * 60 * MINUTE, 1_000):
        assert name(scene.assess(back, 7)) == "time-went-back"
    # The same moment again is none before it, and the control: the next day is taken and moves it on.
    assert name(scene.assess(NINE, 7)) is None
    assert name(scene.assess(NINE + 24 * 60 * MINUTE, 7)) is None and retry()[0] == RELEASED
    assert signer.status().time == NINE + 24 * 60 * MINUTE and signer.status().spent == 60_000


def test_the_leaf_says_who_when_and_what_holds_it_back(signer):
    scene = Scene(signer)
    read = lambda answer: struct.unpack_from("<BIQBB", answer.leaf, 106)
    assert read(scene.answer) == (35, 7, NINE, 1, 2)
    changed = Payment(WALLET, [(0, 0), (0, 1)], salt=b"locked")
    changed.lock_time, changed.inputs[1]["sequence"] = 499_999_999, 0x40_0001
    assert read(scene.assess(NINE + 5, 8, 9, changed)) == (35, 8, NINE + 5, 2 | 8, 2)
    for one in changed.inputs:
        one["sequence"] = 0xFFFFFFFE
    assert read(scene.assess(NINE + 5, 8, 9, changed)) == (35, 8, NINE + 5, 2, 1)
    # A refusal by the policy says it too, and the facts follow where they always did.
    refused = scene.assess(NINE, 9, 9)
    assert read(refused) == (35, 9, NINE, 1, 2) and name(refused) == "denied-by-rule"
    outflow, fee = struct.unpack_from("<QQ", refused.leaf, 107 + 14 + 32)
    assert (outflow, fee) == (60_000, 10_000)
    # It is authenticated as all of the leaf is: put into the tree with another uid it proves nothing.
    forged = bytearray(scene.answer.leaf)
    forged[107] = 8
    assert scene.release(time=NINE, answer=type("Forged", (), {"leaf": bytes(forged)})) == "leaf-not-shown"
    assert scene.release(time=NINE) is None


def test_the_control_a_policy_without_conditions_has_the_leaves_that_it_had():
    files = Files([WALLET])
    try:
        with bare.Signer(files) as signer:
            bare.ready(signer)
            request = Payment(WALLET, [(0, 0), (0, 1)])
            leaf = bare.Assessed(signer.ask(ASSESS, bare.assess(request, time=NINE, requester=7))[1]).leaf
            assert leaf[106] == 3
            # Up to the destinations, one of them of 22 bytes, one rule without charges, none in common, the tag.
            assert len(leaf) == 107 + 164 + 2 + 8 + 2 + 22 + 2 + 3 + 1 + 32
    finally:
        files.remove()
