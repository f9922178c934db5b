"""Killing processes of an appliance at chosen moments, and bringing it back with the unlock alone."""
import os
import pathlib
import random
import signal
import socket
import struct
import time

import wire
from appliance import PASSPHRASE

FDATASYNC = "75 "
STATUS_REQUEST = b'{"status":{}}'


def children(pid):
    """The processes that the supervisor keeps, by name."""
    found = {}
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return found
    for child in text.split():
        try:
            line = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        name = pathlib.Path(line).name
        # Between fork and exec a child still has the supervisor's name.
        if name.startswith("portcullis-"):
            found[name.removeprefix("portcullis-")] = int(child)
    return found


def is_running(pid):
    """Neither gone nor dead and waiting to be collected."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid):
    """kill -9. True if a running process was hit."""
    if pid is None or not is_running(pid):
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def wait_gone(pid, seconds=10):
    end = time.monotonic() + seconds
    while pathlib.Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end, f"process {pid} does not end"
        time.sleep(0.0005)


def wait_for_child(appliance, name, not_pid, seconds=10):
    """The pid of a process that the supervisor has started anew."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid = children(appliance.supervisor.pid).get(name)
        if pid not in (None, not_pid):
            return pid
        assert appliance.supervisor.poll() is None, "".join(appliance.log)[-3000:]
        time.sleep(0.0005)
    raise AssertionError(f"no new {name}: {''.join(appliance.log)[-3000:]}")


def wait_for_flush(pid, seconds=0.25):
    """Returns true while the process sleeps inside fdatasync: its write is in the page cache, nobody was answered yet."""
    end = time.monotonic() + seconds
    try:
        with open(f"/proc/{pid}/syscall", "rb", buffering=0) as file:
            while time.monotonic() < end:
                file.seek(0)
                if file.read(3).decode() == FDATASYNC:
                    return True
    except OSError:
        pass
    return False


def phase_of(appliance, timeout=2):
    """(gate serves, signer is sealed), or nothing where the gate gave no answer."""
    try:
        with wire.Connection(appliance.home / "run" / "gate.sock", timeout) as connection:
            kind, payload = connection.ask(wire.GATE_STATUS)
            return (payload[0] == 1, payload[3] == 0) if kind == 0xA2 else None
    except (OSError, EOFError):
        return None


def front_answers(appliance):
    try:
        return ask_front(appliance.home, STATUS_REQUEST, timeout=2) is not None
    except (OSError, EOFError):
        return False


def ask_front(home, document, attachment=b"", timeout=20):
    """One JSON document to front.sock with the bytes behind it, and the same back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(home / "run" / "front.sock"))
        connection.sendall(struct.pack("<II", len(document), len(attachment)) + document + attachment)
        data = b""
        while len(data) < 8 or len(data) < 8 + sum(struct.unpack_from("<II", data)):
            piece = connection.recv(1 << 16)
            if not piece:
                raise EOFError("closed")
            data += piece
            # Frames without a document say that the front is at work.
            while data.startswith(bytes(8)):
                data = data[8:]
        count = struct.unpack_from("<I", data)[0]
        return data[8:8 + count], data[8 + count:]


def supply_unlock(appliance):
    """The unlock, over operators' socket; what comes of it shows in the status."""
    try:
        return wire.unlock(appliance.home / "run" / "operator.sock", PASSPHRASE)
    except (OSError, EOFError):
        return False


def come_back(appliance, deadline=30):
    """Supplies the unlock as soon as somebody listens, until gate and front serve; does nothing else."""
    end = time.monotonic() + deadline
    while True:
        assert appliance.supervisor.poll() is None, "".join(appliance.log)[-3000:]
        phase = phase_of(appliance)
        if phase is not None:
            serves, sealed = phase
            if serves and front_answers(appliance):
                return
            if sealed and not serves:
                supply_unlock(appliance)
        assert time.monotonic() < end, f"did not come back: {''.join(appliance.log)[-3000:]}"
        time.sleep(0.003)


def shortly(seconds):
    time.sleep(random.random() * seconds)
