#!/usr/bin/env python3
"""Writes the byte-level examples of protocol.md, from the page alone and with nothing of ours.

The tests read wire.txt, decode each line, and encode it again to the same bytes. Run it only when a format
gets a new version: `python3 docs/examples/make.py > docs/examples/wire.txt`.
"""
import hashlib
import hmac
import struct

u8 = lambda n: struct.pack("<B", n)
u16 = lambda n: struct.pack("<H", n)
u32 = lambda n: struct.pack("<I", n)
u64 = lambda n: struct.pack("<Q", n)
vec16 = lambda b: u16(len(b)) + b
vec32 = lambda b: u32(len(b)) + b
fill = lambda byte, count=32: bytes([byte]) * count


def tagged(tag, data):
    mark = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(mark + mark + data).digest()


def frame(kind, payload=b""):
    return u32(len(payload) + 1) + u8(kind) + payload


P2WPKH = bytes.fromhex("0014") + fill(0xAB, 20)
P2TR = bytes.fromhex("5120") + fill(0xCD)

first_input = fill(0x11) + u32(1) + u32(0xFFFFFFFD) + u64(150_000) + u8(0) + u8(0) + u32(7) + u8(1) + u8(0)
second_input = fill(0x10) + u32(0) + u32(0xFFFFFFFD) + u64(50_000) + u8(0) + u8(1) + u32(3) + u8(1) + u8(0)
payment = u64(120_000) + vec16(P2TR) + u8(0)
change = u64(79_000) + vec16(P2WPKH) + u8(1) + u8(0) + u8(1) + u32(4)
resolved = (
    u8(1) + u8(4) + u8(0) + u8(0) + u8(1) + fill(0x77) + u32(2) + u32(840_000)
    + u16(2) + first_input + second_input + u16(2) + payment + change
)
first_leaf, second_leaf = first_input[:-1] + u8(1) + fill(0x51), second_input[:-1] + u8(1) + fill(0x52)
resolved_leaves = (
    u8(1) + u8(4) + u8(0) + u8(0) + u8(1) + fill(0x77) + u32(2) + u32(1_700_000_000)
    + u16(2) + first_leaf + second_leaf + u16(2) + payment + change
)
# The same once more with a higher fee: that is a replacement.
bumped = u64(78_000) + change[8:]
resolved_replacing = (
    u8(1) + u8(4) + u8(0) + u8(1) + tagged("portcullis/request/1", resolved) + u8(1) + fill(0x77) + u32(2) + u32(840_000)
    + u16(2) + first_input + second_input + u16(2) + payment + bumped
)
parent = bytes.fromhex("02000000") + b"\x01" + fill(0x22) + u32(0) + b"\x00" + u32(0xFFFFFFFF) \
    + b"\x01" + u64(50_000) + b"\x16" + P2WPKH + u32(0)
request = vec32(resolved) + u16(1) + vec32(parent)
request_replacing = vec32(resolved_replacing) + u16(1) + vec32(parent) + vec32(resolved)

digest = tagged("portcullis/request/1", resolved)
detail = u16(23) + u32(1) + u64(50_000) + u64(60_000)
time = u64(1_790_000_000_000_000_000) + u64(1_790_000_000_000_000_000) + u64(987_654_321) + fill(0x5A, 16) + u8(1) + u32(1_500)
leaf_key = fill(0x42)
charges = lambda *pairs: u8(len(pairs)) + b"".join(u16(limit) + u64(amount) for limit, amount in pairs)
inputs_digest = hashlib.sha256(fill(0x11) + u32(1) + u64(150_000) + fill(0x10) + u32(0) + u64(50_000)).digest()


def salt(kind, verdict, code, of=digest):
    text = b"portcullis/salt/1" + u8(kind) + of + fill(0x99) + u8(verdict) + u16(code)
    return hmac.new(leaf_key, text, hashlib.sha256).digest()[:16]


def tag(untagged):
    return untagged + hmac.new(leaf_key, b"portcullis/leaf/1" + untagged, hashlib.sha256).digest()


allowed = tag(
    u8(2) + u8(1) + salt(2, 1, 0) + u8(1) + bytes(22) + digest + fill(0x99) + u8(4)
    + u8(3) + fill(0x33) + u64(121_000) + u64(1_000) + u32(209) + fill(0x10) + u32(0)
    + u16(2) + inputs_digest + fill(0x77) + u16(1) + u64(79_000)
    + u16(1) + u64(120_000) + vec16(P2TR)
    + u16(1) + u16(0) + charges((1, 121_000))
    + charges((0, 121_000))
)
# The same signed with SINGLE: outflow and fee are all that goes in.
open_outputs = tag(
    u8(2) + u8(1) + salt(2, 1, 0) + u8(1) + bytes(22) + digest + fill(0x99) + u8(4)
    + u8(7) + u8(2) + fill(0x33) + u64(200_000) + u64(200_000) + u32(169) + fill(0x10) + u32(0)
    + u16(2) + inputs_digest + fill(0x77) + u16(1) + u64(79_000)
    + u16(1) + u64(120_000) + vec16(P2TR)
    + u16(1) + u16(0) + charges((1, 200_000))
    + charges((0, 200_000))
)
replacing_digest = tagged("portcullis/request/1", resolved_replacing)
# The replacement of a payment of which 121,000 left.
replacing = tag(
    u8(2) + u8(1) + salt(2, 1, 0, replacing_digest) + u8(1) + bytes(22) + replacing_digest + fill(0x99) + u8(4)
    + u8(19) + digest + u64(121_000) + fill(0x34) + u64(122_000) + u64(2_000) + u32(209) + fill(0x10) + u32(0)
    + u16(2) + inputs_digest + fill(0x77) + u16(1) + u64(78_000)
    + u16(1) + u64(120_000) + vec16(P2TR)
    + u16(1) + u16(0) + charges((1, 122_000))
    + charges((0, 122_000))
)
# The first one under a bundle with conditions: who asked, when, a lock time that is a height, an input that signals.
asked = tag(
    u8(2) + u8(1) + salt(2, 1, 0) + u8(1) + bytes(22) + digest + fill(0x99) + u8(4)
    + u8(35) + u32(64103) + u64(1_790_000_000_000_000_000) + u8(2) + u8(2)
    + fill(0x33) + u64(121_000) + u64(1_000) + u32(209) + fill(0x10) + u32(0)
    + u16(2) + inputs_digest + fill(0x77) + u16(1) + u64(79_000)
    + u16(1) + u64(120_000) + vec16(P2TR)
    + u16(1) + u16(0) + charges((1, 121_000))
    + charges((0, 121_000))
)
refused = tag(u8(2) + u8(1) + salt(2, 2, 23) + u8(2) + detail + digest + fill(0x99) + u8(4) + u8(0))
charge = u8(3) + u8(1) + fill(0x01, 16) + u64(41) + u8(1) + u16(0) + u16(0xFFFF) + fill(0x10) + u32(0) + u32(64103) + time
coalesced = u8(4) + u8(1) + fill(0x02, 16) + u32(64103) + u16(23) + u64(990) + time
note = u8(5) + u8(1) + fill(0x03, 16) + u8(1) + vec16(b"") + time
event = tag(
    u8(6) + u8(1) + fill(0x04, 16) + u8(1) + fill(0x88) + u32(0) + u64(0) + hashlib.sha256(b"").digest() + u64(1)
    + fill(0x99) + u64(10_000_000_000_000) + u64(0) + u32(0xFF) + u16(0)
)
# Two signatures that are none; only their form is read here.
refill = tag(
    u8(6) + u8(1) + fill(0x05, 16) + u8(2) + fill(0x88) + u32(0) + u64(44) + fill(0x66) + u64(1)
    + fill(0x99) + u64(20_000_000_000_000) + u64(121_000) + u32(0xFF)
    + u16(2) + vec16(b"SSHSIG" + fill(0x0C, 20)) + vec16(b"SSHSIG" + fill(0x0D, 21))
)
head = u64(44) + fill(0x66) + fill(0x55, 64)
status = (
    u8(2) + u8(4) + fill(0x88) + u32(0) + u64(44) + fill(0x66) + u64(1) + fill(0x99) + u64(10_000_000_000_000)
    + u64(121_000) + u64(1_790_000_000_000_000_000) + fill(0x44) + u32(0xFF) + u32(1) + u32(7)
)
assess = u8(1) + u16(5) + u64(1_790_000_000_000_000_000) + u32(64103) + u16(0)
assessed = u16(5) + u8(1) + bytes(22) + digest + u32(len(resolved)) + vec16(allowed)
release_new = u16(5) + u8(1) + u32(0) + vec16(charge) + vec32(resolved)
proof = u8(2) + fill(0x0A) + fill(0x0B)
release_retry = u16(5) + u8(2) + u64(40) + vec16(allowed) + proof + vec16(charge) + proof + vec32(resolved)

for name, value in {
    "frame-status": frame(0x01),
    "frame-address": frame(0x06, fill(0x77) + u8(0) + u32(7)),
    "resolved-request": resolved,
    "resolved-request-leaves": resolved_leaves,
    "resolved-request-replacing": resolved_replacing,
    "request-digest": digest,
    "signing-request": request,
    "signing-request-replacing": request_replacing,
    "refusal-detail": detail,
    "leaf-decision-allowed": allowed,
    "leaf-decision-open": open_outputs,
    "leaf-decision-replacing": replacing,
    "leaf-decision-asked": asked,
    "leaf-decision-refused": refused,
    "leaf-charge": charge,
    "leaf-coalesced": coalesced,
    "leaf-note": note,
    "leaf-event": event,
    "leaf-event-refill": refill,
    "signed-head": head,
    "status-reply": status,
    "assess-head": assess,
    "assess-reply": assessed,
    "release-entry-new": release_new,
    "release-entry-retry": release_retry,
}.items():
    print(name, value.hex())
