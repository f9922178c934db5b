import Bytes

/// Which texts a note and a key name may have (C2SP signed-note).
enum NoteText {
    static let newline: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let plus: UInt8 = 0x2B

    /// Whether the bytes are UTF-8 without a control character other than the newline.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            guard let scalar = nextScalar(bytes, &index) else { return false }
            guard scalar >= 0x20 || scalar == UInt32(newline) else { return false }
        }
        return true
    }

    /// Whether the bytes may name a key: not empty, no Unicode space, no plus sign.
    static func isKeyName(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, isValid(bytes) else { return false }
        var index = 0
        while index < bytes.count {
            guard let scalar = nextScalar(bytes, &index) else { return false }
            guard !isSpace(scalar), scalar != UInt32(plus) else { return false }
        }
        return true
    }

    /// Unicode's White_Space property.
    private static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A: true
        case 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// The scalar at `index`, which moves past it; nil where the bytes are not UTF-8 (RFC 3629:
    /// shortest form, no surrogates, nothing over 0x10FFFF).
    private static func nextScalar(_ bytes: Span<UInt8>, _ index: inout Int) -> UInt32? {
        let first = bytes[index]
        let width: Int
        var scalar: UInt32
        switch first {
        case 0x00...0x7F: (width, scalar) = (1, UInt32(first))
        case 0xC2...0xDF: (width, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (width, scalar) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (width, scalar) = (4, UInt32(first & 0x07))
        default: return nil
        }
        guard width <= bytes.count - index else { return nil }
        for place in 1..<max(width, 1) {
            let next = bytes[index + place]
            guard next & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        switch width {
        case 3: guard scalar >= 0x800, !(0xD800...0xDFFF).contains(scalar) else { return nil }
        case 4: guard (0x1_0000...0x10_FFFF).contains(scalar) else { return nil }
        default: break
        }
        index += width
        return scalar
    }
}

/// Takes a text apart into lines; a line is what stands before a newline.
struct LineReader: ~Escapable {
    private var rest: Span<UInt8>

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) {
        rest = text
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// What was not read yet.
    var remaining: Span<UInt8> {
        @_lifetime(copy self) get { rest }
    }

    /// The next line without its newline, or nil if there is none that ends.
    @_lifetime(copy self)
    mutating func next() -> Span<UInt8>? {
        for index in rest.indices where rest[index] == NoteText.newline {
            let line = rest.extracting(0..<index)
            rest = rest.extracting((index + 1)...)
            return line
        }
        return nil
    }
}

extension Span<UInt8> {
    /// Whether the bytes begin with those of `prefix`.
    func starts(with prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        return extracting(0..<prefix.utf8CodeUnitCount).equals(prefix)
    }

    /// The place of the first `byte`, or nil.
    func firstIndex(of byte: UInt8) -> Int? {
        for index in indices where self[index] == byte {
            return index
        }
        return nil
    }
}
