"""Acting from inside a running process, as whoever took it over would: system calls made by its own instruction, under its own
filter; and a look at the filters that the kernel holds for it. Root only, x86-64 only."""
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_ulong, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
libc.syscall.restype = ctypes.c_long

GETREGS, SETREGS, DETACH, CONT, SEIZE, INTERRUPT, GET_FILTER = 12, 13, 17, 7, 0x4206, 0x4207, 0x420C
SINGLESTEP = 9
KILLED = "killed"
X32, I386 = 0x40000000, 0x40000003
PR_SET_NO_NEW_PRIVS, SECCOMP, SET_MODE_FILTER = 38, 317, 1


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"
    ).split()]


def ptrace(request, pid, address=0, data=None):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")
    return result


class Stopped:
    """`with Stopped(pid) as it`: the process stands still in a system call, or just behind one."""

    def __init__(self, pid):
        self.pid, self.alive = pid, True

    def __enter__(self):
        ptrace(SEIZE, self.pid)
        ptrace(INTERRUPT, self.pid)
        os.waitpid(self.pid, 0x40000000)
        return self

    def __exit__(self, *_):
        if self.alive:
            ptrace(DETACH, self.pid)

    def filters(self):
        """The BPF programs in force, the oldest first."""
        found = []
        while True:
            try:
                count = ptrace(GET_FILTER, self.pid, len(found))
            except OSError:
                return found
            room = ctypes.create_string_buffer(8 * count)
            ptrace(GET_FILTER, self.pid, len(found), ctypes.cast(room, ctypes.c_void_p))
            found.append(room.raw)

    def call(self, number, *arguments, texts=()):
        """Makes one system call inside; its result, or KILLED. `texts` are put on the stack, None among the arguments is replaced
        by their addresses in order."""
        before = Registers()
        ptrace(GETREGS, self.pid, 0, ctypes.cast(ctypes.byref(before), ctypes.c_void_p))
        changed = Registers.from_buffer_copy(before)
        place, addresses = before.rsp - 4_096, []
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(before.rip - 2)
            assert memory.read(2) == b"\x0f\x05", "it does not stand behind a system call"
            for text in texts:
                memory.seek(place)
                memory.write(text)
                addresses.append(place)
                place += len(text) + 8
        values = [addresses.pop(0) if a is None else a for a in arguments] + [0] * 6
        for name, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), values):
            setattr(changed, name, value & (1 << 64) - 1)
        changed.rax, changed.orig_rax, changed.rip = number, (1 << 64) - 1, before.rip - 2
        ptrace(SETREGS, self.pid, 0, ctypes.cast(ctypes.byref(changed), ctypes.c_void_p))
        ptrace(SINGLESTEP, self.pid)
        _, status = os.waitpid(self.pid, 0x40000000)
        if os.WIFSIGNALED(status) or os.WIFEXITED(status):
            self.alive = False
            return KILLED if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else f"ended {status}"
        after = Registers()
        ptrace(GETREGS, self.pid, 0, ctypes.cast(ctypes.byref(after), ctypes.c_void_p))
        ptrace(SETREGS, self.pid, 0, ctypes.cast(ctypes.byref(before), ctypes.c_void_p))
        return ctypes.c_long(after.rax).value


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def lives(filters, number, arguments):
    """Whether a process of its own under these filters survives one call."""
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # All but the last are put under it, so that the last one need not permit this call itself.
        for program in filters:
            room = ctypes.create_string_buffer(program)
            made = Program(len(program) // 8, ctypes.cast(room, ctypes.c_void_p))
            if libc.syscall(SECCOMP, SET_MODE_FILTER, 0, ctypes.byref(made)) != 0:
                os._exit(9)
        libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a) for a in arguments])
        # Under these filters a process can do little but this.
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 9), "the filter was not taken"
    return not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS)
