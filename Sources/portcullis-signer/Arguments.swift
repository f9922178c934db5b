import CLinux
import Signer

/// The arguments of this process; there is no CommandLine in Embedded Swift.
enum Arguments {
    /// Whether the first argument after the program's name is `text`.
    static func isFirst(_ text: StaticString) -> Bool {
        isArgument(1, text)
    }

    /// Whether the argument at a place is `text`.
    static func isArgument(_ place: Int32, _ text: StaticString) -> Bool {
        // SAFETY: NULL past the end, else a NUL-terminated text that lives as long as the process;
        // no byte after the first that differs is read, and a shorter argument differs at its NUL.
        guard let argument = unsafe linux_argument(place) else { return false }
        for index in 0..<text.utf8CodeUnitCount
        where unsafe UInt8(bitPattern: argument[index]) != text.utf8Start[index] {
            return false
        }
        return unsafe argument[text.utf8CodeUnitCount] == 0
    }

    /// The argument at a place as a decimal number of at most nine digits.
    static func number(_ place: Int32) -> UInt32? {
        // SAFETY: as above; reading stops at the NUL.
        guard let argument = unsafe linux_argument(place) else { return nil }
        var value: UInt32 = 0
        var count = 0
        while unsafe argument[count] != 0 {
            // SAFETY: no NUL was met so far.
            let digit = unsafe argument[count] - 0x30
            guard (0...9).contains(digit), count < 9 else { return nil }
            value = value * 10 + UInt32(digit)
            count += 1
        }
        return count > 0 ? value : nil
    }

    /// The arguments from a place on as steps of a path, such as `48h`: one to eight, the hardened
    /// ones first, and one of those at least.
    static func steps(from first: Int32) -> KeySteps? {
        var steps = KeySteps()
        var place = first
        // SAFETY: NULL past the end.
        while unsafe linux_argument(place) != nil {
            guard steps.count < KeySteps.countMax, let step = step(place) else { return nil }
            let isHardened = step >= hardened
            guard steps.count > 0 || isHardened else { return nil }
            guard !isHardened || steps.count == 0 || steps[steps.count - 1] >= hardened else {
                return nil
            }
            steps.append(step)
            place += 1
        }
        return steps.count > 0 ? steps : nil
    }

    private static let hardened: UInt32 = 0x8000_0000

    private static func step(_ place: Int32) -> UInt32? {
        // SAFETY: reading stops at the NUL, or at the first byte that is no digit.
        guard let argument = unsafe linux_argument(place) else { return nil }
        var value: UInt32 = 0
        var count = 0
        while unsafe (0x30...0x39).contains(argument[count]) {
            // SAFETY: this byte is a digit, so it is not the end.
            let digit = unsafe UInt32(argument[count] - 0x30)
            guard value <= (hardened - 1 - digit) / 10 else { return nil }
            value = value * 10 + digit
            count += 1
        }
        guard count > 0 else { return nil }
        // SAFETY: the byte behind the last digit; the one behind that only where this is no NUL.
        if unsafe argument[count] == 0 { return value }
        guard unsafe argument[count] == 0x68, unsafe argument[count + 1] == 0 else { return nil }
        return value | hardened
    }
}
