"""Every write, flush and answer of the running signer and gate, recorded by strace, and what a power cut would leave of them.

The disk is modelled below the file system: a sector of 512 bytes holds what was flushed for certain, or any later version that was
written and not flushed; every sector for itself. A write counts as begun when the call was entered, a flush as done when it returned.
"""
import ast
import collections
import re
import subprocess

SECTOR = 512
CALLS = "trace=pwrite64,fdatasync,write"
LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
PWRITE = re.compile(r'pwrite64\(\d+<([^>]*)>, ("[^"]*")(\.\.\.)?, (\d+), (\d+)')
SYNC = re.compile(r"fdatasync\(\d+<([^>]*)>")
WRITE = re.compile(r'write\(\d+<([^>]*)>, ("[^"]*")')

Write = collections.namedtuple("Write", "begun done file offset data")
Sync = collections.namedtuple("Sync", "begun done file")
Answer = collections.namedtuple("Answer", "begun kind frame")


def command(output):
    return ["strace", "-f", "-qq", "-y", "-ttt", "-T", "-xx", "-s", "70000", "-e", CALLS, "-e", "signal=none", "-o", str(output)]


def has_strace():
    try:
        return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def lines(path):
    """(begun, done or nothing, text) of every call; the two halves of an interrupted line are put together."""
    open_calls = {}
    with open(path) as file:
        for line in file:
            match = LINE.match(line)
            if not match:
                continue
            pid, stamp, text = match[1], float(match[2]), match[3]
            if text.endswith("<unfinished ...>"):
                open_calls[pid] = (stamp, text.removesuffix("<unfinished ...>"))
                continue
            if text.startswith("<... "):
                stamp, head = open_calls.pop(pid, (stamp, ""))
                text = head + text.split(" resumed>", 1)[1]
            took = re.search(r" = (-?\d+).*<(\d+\.\d+)>$", text)
            # A call in which the process was killed never returned.
            yield stamp, stamp + float(took[2]) if took and int(took[1]) >= 0 else None, text
    for stamp, text in open_calls.values():
        yield stamp, None, text


def events(path, names):
    """Writes and flushes of the files in `names` (by path), and frames that were sent, in the order of their beginning."""
    found = []
    #: By socket: when the frame under way began, and its bytes so far.
    unfinished = {}
    for begun, done, text in lines(path):
        if match := PWRITE.match(text):
            if name_in(match[1]) not in names:
                continue
            data = unescape(match[2])
            count = int(match[4])
            if match[3]:
                assert not any(data), "only zeros ahead are longer than what is recorded"
                data = bytes(count)
            assert len(data) == count
            found.append(Write(begun, done, names[name_in(match[1])], int(match[5]), data))
        elif match := SYNC.match(text):
            if name_in(match[1]) in names and done is not None:
                found.append(Sync(begun, done, names[name_in(match[1])]))
        elif match := WRITE.match(text):
            socket, sent = name_in(match[1]), unescape(match[2])
            if socket.startswith(("socket:", "UNIX")) and done is not None:
                count = int(re.search(r" = (\d+)", text)[1])
                # What is longer than what is recorded is no answer that we look into.
                found += frames(begun, sent[:count].ljust(count, b"\0"), unfinished.setdefault(socket, [begun, bytearray()]))
    return sorted(found, key=lambda event: event.begun)


def frames(begun, sent, pending):
    """The frames that end with what was sent now on a socket, each as of its first byte."""
    pending[0] = pending[0] if pending[1] else begun
    pending[1] += sent
    while len(pending[1]) >= 4:
        end = 4 + int.from_bytes(pending[1][:4], "little")
        if len(pending[1]) < end:
            return
        if end > 5:
            yield Answer(pending[0], pending[1][4], bytes(pending[1][:end]))
        del pending[1][:end]
        pending[0] = begun


def name_in(text):
    """The name of a descriptor, which strace escapes like everything else."""
    return unescape('"' + text + '"').decode()


def unescape(text):
    return ast.literal_eval("b" + text)


class Disk:
    """What a power cut may leave of one file; moments are asked about in order."""

    def __init__(self, before, events, name):
        self.durable = bytearray(before)
        #: By sector: the versions that may be there instead, oldest first, with when their write returned.
        self.open = {}
        steps = []
        for event in events:
            if isinstance(event, Write) and event.file == name:
                steps.append((event.begun, event))
            elif isinstance(event, Sync) and event.file == name:
                steps.append((event.done, event))
        self.steps = collections.deque(sorted(steps, key=lambda step: step[0]))

    def advance(self, moment):
        while self.steps and self.steps[0][0] <= moment:
            event = self.steps.popleft()[1]
            if isinstance(event, Write):
                self._write(event)
            else:
                self._flush(event)

    def _write(self, write):
        if write.offset >= len(self.durable) and not any(write.data):
            # Zeros ahead of the end: what is not there reads as such.
            return
        for sector in range(write.offset // SECTOR, (write.offset + len(write.data) - 1) // SECTOR + 1):
            start = sector * SECTOR
            versions = self.open.setdefault(sector, [])
            changed = bytearray(versions[-1][1] if versions else self.sector(sector))
            low, high = max(start, write.offset), min(start + SECTOR, write.offset + len(write.data))
            changed[low - start:high - start] = write.data[low - write.offset:high - write.offset]
            versions.append((write.done, bytes(changed)))

    def sector(self, number):
        return bytes(self.durable[number * SECTOR:(number + 1) * SECTOR]).ljust(SECTOR, b"\0")

    def _flush(self, sync):
        for sector, versions in list(self.open.items()):
            # A call in which the process was killed may still be writing.
            covered = [place for place, (done, _) in enumerate(versions) if done is not None and done <= sync.begun]
            if covered:
                put(self.durable, sector, versions[covered[-1]][1])
                self.open[sector] = versions[covered[-1] + 1:]
                if not self.open[sector]:
                    del self.open[sector]

    def image(self, chance):
        """One of the images that the cut may leave; `chance` decides about every open sector."""
        image = bytearray(self.durable)
        for sector, versions in sorted(self.open.items()):
            choice = chance.randrange(len(versions) + 1)
            if choice:
                put(image, sector, versions[choice - 1][1])
        return image


def put(image, sector, data):
    start = sector * SECTOR
    if len(image) < start + SECTOR:
        image.extend(bytes(start + SECTOR - len(image)))
    image[start:start + SECTOR] = data
