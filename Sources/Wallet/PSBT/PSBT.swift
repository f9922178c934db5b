private import Bytes

/// A partially signed transaction: version 0 (BIP-174) or 2 (BIP-370), with the fields of taproot
/// (BIP-371) and MuSig2 (BIP-373).
///
/// Reading is strict: every known field has its form and belongs to the version, no key stands
/// there twice, nothing follows the end, and every previous transaction is the one that is spent.
/// Every field is kept, so writing gives back what was read, byte for byte.
package struct PSBT: Equatable, Sendable {
    /// The most bytes of one PSBT in its binary form.
    package static let byteCountMax = 64 * 1024 * 1024
    /// The most fields of one PSBT: a field costs more memory than it has bytes.
    package static let fieldCountMax = 500_000

    static let magic: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]

    package let version: PSBTVersion
    package var global: PSBTMap
    /// The transaction without signatures; of version 2, as the fields say it.
    package internal(set) var transaction: Transaction
    package var inputs: [PSBTInput]
    package var outputs: [PSBTOutput]
    /// The previous transactions that are given, each once.
    package internal(set) var parents: ParentTable

    /// Reads a PSBT in its binary form or as base64, with white space around it.
    package init(_ bytes: [UInt8]) throws(PSBTError) {
        if bytes.starts(with: Self.magic) {
            try self.init(binary: bytes)
        } else {
            try self.init(binary: try Self.decodeBase64(bytes))
        }
    }

    package init(base64 text: String) throws(PSBTError) {
        try self.init(binary: try Self.decodeBase64(Array(text.utf8)))
    }

    /// Of parts that fit together already.
    init(
        version: PSBTVersion,
        global: PSBTMap,
        transaction: Transaction,
        inputs: [PSBTInput],
        outputs: [PSBTOutput],
        parents: ParentTable
    ) {
        self.version = version
        self.global = global
        self.transaction = transaction
        self.inputs = inputs
        self.outputs = outputs
        self.parents = parents
    }

    /// The binary form.
    package var bytes: [UInt8] {
        var bytes = Self.magic
        global.write(to: &bytes)
        for input in inputs {
            input.map.write(to: &bytes)
        }
        for output in outputs {
            output.map.write(to: &bytes)
        }
        return bytes
    }

    /// The base64 form.
    package var base64: String {
        let bytes = bytes
        var text = [UInt8](repeating: 0, count: Base64.encodedCount(bytes.count))
        var room = text.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try Base64.encode(bytes.span, into: &writer)
        } catch {
            preconditionFailure("the room was measured")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension PSBT {
    private static func decodeBase64(_ text: [UInt8]) throws(PSBTError) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0d).contains(byte) }
        guard let first = text.firstIndex(where: { !isSpace($0) }),
            let last = text.lastIndex(where: { !isSpace($0) })
        else { throw PSBTError(.whole, .notPSBT) }
        let limit = Base64.encodedCount(byteCountMax)
        guard last - first < limit else {
            throw PSBTError(.whole, .tooLong(count: last - first + 1, limit: limit))
        }
        var bytes = [UInt8](repeating: 0, count: (last - first + 1) / 4 * 3 + 3)
        var room = bytes.mutableSpan
        var writer = ByteWriter(&room)
        do throws(ByteError) {
            try Base64.decode(text.span.extracting(first...last), into: &writer)
        } catch {
            throw PSBTError(.whole, .notBase64(error))
        }
        let count = writer.count
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
