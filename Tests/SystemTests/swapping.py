"""A swap area of the test's own, and the call that makes the kernel swap a process out. Needs root."""
import ctypes
import mmap
import os
import pathlib
import re
import subprocess
import tempfile
import time

import memory

SIZE = 256 << 20
BLOCK = 1 << 20
EMPTY = bytes(mmap.PAGESIZE)
MADV_PAGEOUT = 21
PROCESS_MADVISE, PIDFD_OPEN = 440, 434
ZSWAP = pathlib.Path("/sys/module/zswap/parameters/enabled")

libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    pass


class Area:
    """A file that the kernel swaps to, before any other area."""

    def __init__(self):
        # Not /tmp, which may be memory itself.
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-swap-", dir="/var/tmp")) / "area"
        self.zswap = ZSWAP.read_text() if ZSWAP.exists() else "N"
        subprocess.run(["dd", "if=/dev/zero", f"of={self.path}", f"bs={BLOCK}", f"count={SIZE // BLOCK}", "oflag=direct"],
                       check=True, capture_output=True)
        os.chmod(self.path, 0o600)
        try:
            for command in (["mkswap", str(self.path)], ["swapon", "-p", "32767", str(self.path)]):
                run = subprocess.run(command, capture_output=True, text=True)
                if run.returncode != 0:
                    raise Unavailable(run.stderr.strip())
            if self.zswap.startswith("Y"):
                ZSWAP.write_text("N")
        except (OSError, Unavailable) as error:
            self.close()
            raise Unavailable(str(error)) from None

    def read(self):
        """All pages of the area that hold something, past the page cache. Writing goes on in the background: it is awaited."""
        time.sleep(1)
        os.sync()
        room, found = mmap.mmap(-1, BLOCK), bytearray()
        file = os.open(self.path, os.O_RDONLY | os.O_DIRECT)
        try:
            while count := os.readv(file, [room]):
                for start in range(0, count, mmap.PAGESIZE):
                    if (page := room[start:start + mmap.PAGESIZE]) != EMPTY:
                        found += page
        finally:
            os.close(file)
        return bytes(found)

    def close(self):
        subprocess.run(["swapoff", str(self.path)], capture_output=True)
        if self.zswap.startswith("Y"):
            ZSWAP.write_text("Y")
        self.path.unlink(missing_ok=True)
        self.path.parent.rmdir()


class Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("count", ctypes.c_size_t)]


def push_out(pid):
    """Asks for every mapping of a process to be swapped out; what may not be is left."""
    descriptor = libc.syscall(PIDFD_OPEN, pid, 0)
    assert descriptor >= 0, os.strerror(ctypes.get_errno())
    try:
        for start, end, _, _ in memory.mappings(pid):
            libc.syscall(PROCESS_MADVISE, descriptor, ctypes.byref(Range(start, end - start)), ctypes.c_size_t(1), MADV_PAGEOUT, 0)
    finally:
        os.close(descriptor)


class Mapping:
    """One of /proc/PID/smaps; `size`, `rss`, `locked` and `swap` are KiB."""

    def __init__(self, text):
        head = text.split("\n", 1)[0].split()
        self.mode, self.name = head[1], head[5] if len(head) > 5 else ""
        for key in ("Size", "Rss", "Locked", "Swap"):
            setattr(self, key.lower(), int(re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE).group(1)))

    def __repr__(self):
        return f"{self.mode} {self.name} size {self.size} rss {self.rss} locked {self.locked} swap {self.swap}"

    def is_kept(self):
        """Nothing of it can be on the disk, now or later."""
        return self.locked == self.rss and self.swap == 0


def smaps(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text()
    return [Mapping(part) for part in re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", text)]


def named(pid, name):
    """The only mapping of that name."""
    [one] = [mapping for mapping in smaps(pid) if mapping.name == name]
    return one


def kept(pid):
    """What a signer's secrets pass through: stack, heap and data, each one mapping, whole in memory and locked."""
    stack, heap, program = named(pid, "[stack]"), named(pid, "[heap]"), os.readlink(f"/proc/{pid}/exe")
    data = [mapping for mapping in smaps(pid) if mapping.name == program and "w" in mapping.mode]
    assert stack.size == 512 and data, (stack, data)
    for mapping in (stack, heap, *data):
        assert mapping.size == mapping.rss and mapping.is_kept(), mapping
