// A process for the tests to confine and to attack. Every command answers on standard output.
//
//   as UID COMMAND...            gives up root first
//   memlock BYTES COMMAND...     lowers RLIMIT_MEMLOCK first
//   calls PROFILE                a line "NUMBER ARGUMENT*6" each on standard input; answers a
//                                status each
//   int80 PROFILE                one call by the 32-bit table; answers the status
//   report PROFILE               confines itself, answers what was read back, waits
//   landlock PROFILE             tries what Landlock should refuse, without the filter's help
//   memory                       one canary in a secret page, one in an arena; answers pid, both
//                                addresses, and how a fork fared that read them
//   lock EVERYTHING [KIB]        keeps its memory from swap as the signer does, then uses so much
//                                stack; answers what came of it and what the kernel says of stack,
//                                heap, data and an arena mapped later: KiB there, in memory, locked
//   self                         what it was started with; waits
//   attack PID ADDRESS           three ways of reading another process; answers an errno each
//
// A status is an exit status, 77 for a call that came back, or minus a signal.

import CLinux

run(arguments())

func arguments() -> [String] {
    (0..<linux_argument_count()).compactMap { place in
        unsafe linux_argument(place).map { unsafe String(cString: $0) }
    }
}

func run(_ all: [String]) {
    var words = all.dropFirst()
    if words.first == "as", let user = words.dropFirst().first.flatMap(UInt32.init) {
        guard linux_become(user, user) == 0 else { fail("become \(user)") }
        words = words.dropFirst(2)
    }
    if words.first == "memlock", let most = words.dropFirst().first.flatMap(UInt64.init) {
        guard linux_limit_set(LINUX_RLIMIT_MEMLOCK, most) == 0 else { fail("memlock \(most)") }
        words = words.dropFirst(2)
    }
    let rest = Array(words.dropFirst())
    switch words.first {
    case "calls": answerCalls(Subject(rest))
    case "int80": answerInt80(Subject(rest))
    case "report": answerReport(Subject(rest))
    case "landlock": answerLandlock(Subject(rest))
    case "memory": answerMemory()
    case "lock": answerLock(rest)
    case "self": answerSelf()
    case "attack": answerAttack(rest)
    default: fail("no such command")
    }
}

func fail(_ why: String) -> Never {
    print("failed: \(why)")
    linux_exit(2)
}
