/// Which text may stand in a bundle: strict UTF-8 that shows on a screen as what it is.
///
/// Names exclude controls, line and paragraph separators, every invisible or direction-changing
/// character and private use, so that two names that differ also look different in length at
/// least, and no name can rewrite the line it is printed in.
package enum PrintableText {
    /// Whether `bytes` may be a name (strict UTF-8, printable throughout).
    package static func isName(_ bytes: Span<UInt8>) -> Bool {
        var offset = 0
        while offset < bytes.count {
            guard let scalar = scalar(in: bytes, at: &offset), isPrintable(scalar) else {
                return false
            }
        }
        return true
    }

    /// The place of the first byte that is not strict UTF-8 text, or nil when all of it is.
    ///
    /// Text is what names may hold, and tab, line feed and carriage return.
    package static func firstFault(in bytes: Span<UInt8>) -> Int? {
        var offset = 0
        while offset < bytes.count {
            let start = offset
            guard let scalar = scalar(in: bytes, at: &offset) else { return start }
            let layout = scalar == 0x09 || scalar == 0x0A || scalar == 0x0D
            guard layout || isPrintable(scalar) else { return start }
        }
        return nil
    }

    /// The place of the first byte that is not strict UTF-8 text as a message may hold it, or nil.
    ///
    /// That is what names may hold, tab and line feed, but no format characters at all: what the
    /// log shows of a message must be what was signed.
    package static func firstMessageFault(in bytes: Span<UInt8>) -> Int? {
        var offset = 0
        while offset < bytes.count {
            let start = offset
            guard let scalar = scalar(in: bytes, at: &offset) else { return start }
            if scalar == 0x09 || scalar == 0x0A { continue }
            guard isPrintable(scalar), !isFormat(scalar) else { return start }
        }
        return nil
    }

    /// Invisible characters that names were not forbidden when their rules were fixed.
    private static func isFormat(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x13430...0x1345F, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A: true
        default: false
        }
    }

    /// Decodes one scalar (RFC 3629: shortest form, no surrogates, at most U+10FFFF).
    private static func scalar(in bytes: Span<UInt8>, at offset: inout Int) -> UInt32? {
        let lead = UInt32(bytes[offset])
        offset += 1
        let more: Int
        let least: UInt32
        var scalar: UInt32
        switch lead {
        case 0x00...0x7F: return lead
        case 0xC2...0xDF: (more, least, scalar) = (1, 0x80, lead & 0x1F)
        case 0xE0...0xEF: (more, least, scalar) = (2, 0x800, lead & 0x0F)
        case 0xF0...0xF4: (more, least, scalar) = (3, 0x1_0000, lead & 0x07)
        default: return nil
        }
        guard more <= bytes.count - offset else { return nil }
        for _ in 0..<more {
            let next = UInt32(bytes[offset])
            guard next & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | next & 0x3F
            offset += 1
        }
        let surrogate = (0xD800...0xDFFF).contains(scalar)
        return scalar >= least && scalar <= 0x10_FFFF && !surrogate ? scalar : nil
    }

    private static func isPrintable(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x00...0x1F, 0x7F...0x9F: false  // controls
        case 0xAD, 0x034F, 0x061C, 0x115F...0x1160, 0x17B4...0x17B5: false  // invisible
        case 0x180B...0x180F, 0x3164, 0xFFA0: false  // invisible
        case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F: false  // separators, direction
        case 0xE000...0xF8FF, 0xF0000...0x10_FFFF: false  // private use
        case 0xFDD0...0xFDEF, 0xFE00...0xFE0F, 0xFEFF: false  // not characters, variants, BOM
        case 0xFFF0...0xFFFF: false  // specials
        case 0xE0000...0xE0FFF: false  // tags
        default: scalar & 0xFFFE != 0xFFFE
        }
    }
}
