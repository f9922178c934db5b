"""A signer by itself: the real executable on a home of its own, with the test as its gate and its operator."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import socket
import struct
import tempfile

import wire
from appliance import BUILD, PASSPHRASE, Appliance
from wire import u8, u16, u32, u64, vec16, vec32

STATUS, RESUME, ASSESS, RELEASE, ADVANCE, ADDRESS, XPUB = range(0x01, 0x08)
RESUMED, ASSESSED, RELEASED, ADVANCED = 0x82, 0x83, 0x84, 0x85
REFILL, RECOVER = 0x13, 0x14
NO_CHECKPOINT = bytes(104)


class Files:
    """The three files of a home, made once by `portcullis init` and copied for every signer."""

    def __init__(self, policy="regtest-open"):
        made = Appliance(policy)
        try:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-bare-"))
            for name in ("signer/keystore", "signer/state", "public/bundle.bin"):
                shutil.copy(made.home / name, self.folder / pathlib.Path(name).name)
        finally:
            shutil.rmtree(made.home, ignore_errors=True)

    def copy(self):
        other = object.__new__(Files)
        other.folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-bare-"))
        shutil.copytree(self.folder, other.folder, dirs_exist_ok=True)
        return other

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Signer:
    """A running signer. `gate` is the other end of its socket; `operator()` connects to the operators' one."""

    def __init__(self, files, program=BUILD / "portcullis-signer", arguments=("run",)):
        self.files = files
        self.path = files.folder / "operator.sock"
        self.path.unlink(missing_ok=True)
        ours, theirs = socket.socketpair()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(16)
        opened = [os.open(files.folder / name, flags) for name, flags in
                  (("keystore", os.O_RDONLY), ("state", os.O_RDWR), ("bundle.bin", os.O_RDONLY))]
        # Above the numbers they shall have, so that none is overwritten before it is moved.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in (theirs.fileno(), listener.fileno(), *opened)]
        actions = [(os.POSIX_SPAWN_DUP2, fd, 3 + place) for place, fd in enumerate(high)]
        self.pid = os.posix_spawn(str(program), [str(program), *map(str, arguments)], {}, file_actions=actions)
        for fd in (*high, *opened):
            os.close(fd)
        theirs.close()
        listener.close()
        self.gate = wire.Connection.over(ours)

    def operator(self):
        return wire.Connection(self.path)

    def unlock(self, passphrase=PASSPHRASE):
        """The answer of the operator's socket; where it opened, the greeting is read from the gate's."""
        with self.operator() as operator:
            answer = operator.ask(wire.UNLOCK, vec16(passphrase.encode()))
        if answer[0] == wire.UNLOCKED:
            self.greeting = self.gate.receive()
        return answer

    def ask(self, kind, payload=b""):
        return self.gate.ask(kind, payload)

    def status(self):
        return Status(self.ask(STATUS)[1])

    def wait(self):
        """How it ended."""
        pid, self.pid = self.pid, None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def close(self):
        self.gate.close()
        return self.wait() if self.pid else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Status:
    def __init__(self, payload):
        (self.phase, self.network, self.home, self.log, self.size, self.root, self.epoch, self.bundle, self.total,
         self.spent, self.time, self.audit_key, self.kernel, self.build, self.abi) = struct.unpack(
            "<BB32sIQ32sQ32sQQQ32sIII", payload)


class Refusal:
    """The payload of `refused`."""

    def __init__(self, payload):
        self.code, self.index, self.expected, self.found = struct.unpack("<HIQQ", payload)


class Assessed:
    def __init__(self, payload):
        self.slot, self.verdict, self.code, self.index, self.expected, self.found, self.digest, self.resolved = \
            struct.unpack_from("<HBHIQQ32sI", payload)
        self.leaf = payload[63:]
        assert len(self.leaf) == struct.unpack_from("<H", payload, 61)[0]


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(hashes):
    """RFC 6962, section 2.1, by the definition."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + root_of(hashes[:split]) + root_of(hashes[split:]))


def proof_of(index, hashes):
    if len(hashes) <= 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return proof_of(index, hashes[:split]) + [root_of(hashes[split:])]
    return proof_of(index - split, hashes[split:]) + [root_of(hashes[:split])]


class Log:
    """The gate's log, as far as a signer can see it: the leaves, and how many of them were shown."""

    def __init__(self, number=0):
        self.leaves, self.shown, self.number, self.time = [], 0, number, 1_000

    def __len__(self):
        return len(self.leaves)

    @property
    def hashes(self):
        return [sha256(b"\x00" + leaf) for leaf in self.leaves]

    def new(self):
        hashes = self.hashes[self.shown:]
        return u32(len(hashes)) + b"".join(hashes)

    def frontier(self):
        parts, start, size = [], 0, self.shown
        for bit in reversed(range(size.bit_length())):
            if size >> bit & 1:
                parts.append(root_of(self.hashes[start:start + (1 << bit)]))
                start += 1 << bit
        return u8(len(parts)) + b"".join(parts)

    def resume(self, checkpoint=NO_CHECKPOINT):
        return u32(self.number) + u64(self.shown) + self.frontier() + checkpoint + self.new()

    def advance(self):
        return u64(self.time) + self.new()

    def charge(self, decision, **changes):
        """Appends a decision and the gate's charge for it."""
        self.leaves.append(decision)
        self.leaves.append(charge_leaf(changes.pop("index", len(self.leaves) - 1), time=changes.pop("time", self.time), **changes))
        return self.leaves[-1]

    def forget(self):
        """What was not shown never was."""
        del self.leaves[self.shown:]

    def proof(self, index):
        path = proof_of(index, self.hashes)
        return u8(len(path)) + b"".join(path)


def charge_leaf(index, outcome=1, rule=0, limit=0xFFFF, time=1_000, sync=1, kind=3, version=1, requester=0):
    clock = u64(time) + u64(time) + u64(5) + bytes(16) + u8(sync) + u32(1)
    return u8(kind) + u8(version) + bytes(16) + u64(index) + u8(outcome) + u16(rule) + u16(limit) + bytes(36) + u32(requester) + clock


def assess(request, slot=0, time=1_000, approvals=0, version=1, requester=0):
    payload = request if isinstance(request, bytes) else request.encode()
    return u8(version) + u16(slot) + u64(time) + u32(requester) + u16(approvals) + payload


def new_entry(request, slot, offset, charge):
    return u16(slot) + u8(1) + u32(offset) + vec16(charge) + vec32(request.resolved())


def retry_entry(log, request, slot, index, leaf=None, charge=None, proof=None, charge_proof=None):
    leaf = log.leaves[index] if leaf is None else leaf
    charge = log.leaves[index + 1] if charge is None else charge
    proof = log.proof(index) if proof is None else proof
    charge_proof = log.proof(index + 1) if charge_proof is None else charge_proof
    return (u16(slot) + u8(2) + u64(index) + vec16(leaf) + proof + vec16(charge) + charge_proof
            + vec32(request.resolved()))


def release(log, *entries, hashes=None):
    return (log.new() if hashes is None else hashes) + u16(len(entries)) + b"".join(entries)


def events_of(payload):
    """The tagged events in an answer to `resume`."""
    count, at, found = struct.unpack_from("<H", payload, 104)[0], 106, []
    for _ in range(count):
        length = struct.unpack_from("<H", payload, at)[0]
        found.append(payload[at + 2:at + 2 + length])
        at += 2 + length
    assert at == len(payload)
    return found


def ready(signer, log=None):
    """Unlocks, resumes and shows the events; the log that the signer has now seen."""
    log = log or Log()
    assert signer.unlock()[0] == wire.UNLOCKED
    kind, payload = signer.ask(RESUME, log.resume())
    assert kind == RESUMED, Refusal(payload).code
    log.leaves += events_of(payload)
    assert signer.ask(ADVANCE, log.advance())[0] == ADVANCED
    log.shown = len(log)
    return log
