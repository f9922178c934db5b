import Bytes

/// A text as it is shown, byte by byte.
package struct ShownText: TextSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func put(_ byte: UInt8) { bytes.append(byte) }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
