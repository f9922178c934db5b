// The evaluator alone, for a judge that asks millions of times (Tests/Judges/policy_cases.py):
//
//   policy-driver        worlds on standard input, answers on standard output, until the end
//
//   world    u32 byteCount | u16 count | (vec16 request)* | u16 count | (vec32 bundle)*
//   answers  u32 byteCount | for each bundle a line of what the checker said, "bundle" where it
//            took it, and then one for each request under it
//
// A request says facts as the signer has verified them. It is never installed.

import Bytes
import CLinux
import LocalSocket
import Policy

_ = linux_ignore_sigpipe()
linux_exit(serve())

/// Until the other end closes.
func serve() -> Int32 {
    let input = Descriptor(adopting: 0)
    let output = Descriptor(adopting: 1)
    do throws(SocketError) {
        while true {
            var head = [UInt8](repeating: 0, count: 4)
            try read(&head, input)
            let count = (0..<4).reduce(0) { $0 | Int(head[$1]) << (8 * $1) }
            var world = [UInt8](repeating: 0, count: count)
            try read(&world, input)
            let text = answers(to: world)
            let size = (0..<4).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
            try output.writeAll(size.span)
            try output.writeAll(text.span)
        }
    } catch .ended(got: 0) {
        return 0
    } catch {
        return 1
    }
}

func read(_ bytes: inout [UInt8], _ input: borrowing Descriptor) throws(SocketError) {
    var room = bytes.mutableSpan
    try input.readExactly(into: &room)
}

func answers(to world: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    do throws(ByteError) {
        var reader = ByteReader(world.span)
        var requests: [[UInt8]] = []
        for _ in 0..<(try reader.readUInt16()) { requests.append(copy(of: try reader.readVec16())) }
        for _ in 0..<(try reader.readUInt16()) {
            try evaluate(requests, under: try reader.readVec32(limit: 1 << 24), &text)
        }
        try reader.finish()
    } catch {
        preconditionFailure("a world that cannot be read: \(error)")
    }
    return text
}

func evaluate(
    _ requests: [[UInt8]],
    under bytes: Span<UInt8>,
    _ text: inout [UInt8]
) throws(ByteError) {
    let bundle: CheckedBundle
    do throws(BundleError) {
        bundle = try CheckedBundle(checking: bytes)
    } catch {
        text += Array("fault \(error)\n".utf8)
        return
    }
    text += Array("bundle\n".utf8)
    for request in requests {
        var line = Line()
        let verdict = try AskedRequest(reading: request, under: bundle).evaluate(bundle, &line)
        line.end(verdict)
        text += line.text
    }
}

func copy(of bytes: Span<UInt8>) -> [UInt8] {
    var copied: [UInt8] = []
    copied.reserveCapacity(bytes.count)
    for index in bytes.indices { copied.append(bytes[index]) }
    return copied
}
