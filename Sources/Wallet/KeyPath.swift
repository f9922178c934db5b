/// BIP-32 steps as text: `84h/1h/0h`. `'` and `h` mark hardened steps.
package enum KeyPath {
    package static let hardened: UInt32 = 0x8000_0000

    /// One step, or nothing if the text is none. Leading zeros are refused: one step, one spelling.
    package static func step(_ text: Substring) -> UInt32? {
        guard let last = text.last else { return nil }
        let isHardened = last == "h" || last == "'"
        guard let number = number(isHardened ? text.dropLast() : text) else { return nil }
        return isHardened ? number | hardened : number
    }

    /// A number below 2^31 in decimal digits.
    package static func number(_ text: Substring) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.count == 1 || text.first != "0", let number = UInt32(text), number < hardened
        else { return nil }
        return number
    }

    package static func text(_ path: [UInt32]) -> String {
        path.map(text(step:)).joined(separator: "/")
    }

    package static func text(step: UInt32) -> String {
        step < hardened ? "\(step)" : "\(step - hardened)h"
    }
}
