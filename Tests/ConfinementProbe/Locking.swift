import CLinux
import CProbe
import Foundation
import SecretMemory

/// Nothing secret is in this process; it is only there to be looked at.
func answerLock(_ words: [String]) {
    let numbers = words.compactMap { UInt64($0) }
    guard let everything = numbers.first else { fail("how much everything is") }
    let result = linux_lock_memory(512 << 10, 128 << 10, everything)
    say("result \(result)")
    if result < 0 { linux_exit(0) }
    if numbers.count > 1 { _ = probe_use_stack(Int(numbers[1]) << 10) }
    do throws(SecretMemoryError) {
        let arena = try Arena(byteCount: 300 << 10)
        let place = unsafe arena.bytes.withUnsafeBufferPointer {
            UInt(bitPattern: $0.baseAddress)
        }
        report(arena: place)
    } catch {
        fail("\(error)")
    }
}

/// What every byte of the program's data belongs to: a variable that is not zero at first.
nonisolated(unsafe) private var inData: UInt64 = 0x6C6F_636B

private func report(arena: UInt) {
    let data = unsafe withUnsafePointer(to: &inData) { UInt(bitPattern: $0) }
    guard let smaps = FileHandle(forReadingAtPath: "/proc/self/smaps") else { fail("no smaps") }
    let file = smaps.readDataToEndOfFile()
    var name = ""
    var found: [String: [String: Int]] = [:]
    for line in String(decoding: file, as: UTF8.self).split(separator: "\n") {
        let parts = line.split(separator: " ")
        let ends = parts[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        if ends.count == 2, parts.count >= 5 {
            let range = ends[0]..<ends[1]
            name =
                range.contains(arena)
                ? "arena" : range.contains(data) ? "data" : String(parts.last ?? "")
        } else if parts.count == 3, let count = Int(parts[1]) {
            found[name, default: [:]][String(parts[0]), default: 0] += count
        }
    }
    for name in ["[stack]", "[heap]", "data", "arena"] {
        let keys = ["Size:", "Rss:", "Locked:"]
        let numbers = keys.map { "\(found[name]?[$0] ?? -1)" }
        say("\(name) \(numbers.joined(separator: " "))")
    }
}
