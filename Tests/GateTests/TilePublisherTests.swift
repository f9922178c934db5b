import Bytes
import Foundation
import Gate
import TestSupport
import Testing
import Transparency

@Suite("The published tiles")
struct TilePublisherTests {
    private static func leaf(_ index: UInt64) -> [UInt8] { Array("leaf \(index)".utf8) }

    private static func tree(_ size: UInt64) -> Tree {
        var tree = Tree()
        for index in 0..<size {
            tree.append(leafHash: Merkle.leafHash(leaf(index).span))
        }
        return tree
    }

    private static func publish(
        _ publisher: inout TilePublisher,
        _ size: UInt64,
        _ tree: Tree,
        blocks: Int = 1_000
    ) throws -> Bool {
        try publisher.publish(size, of: tree, blocksMax: blocks) { leaf($0) }
    }

    private static func expectDone(
        _ publisher: inout TilePublisher,
        _ size: UInt64,
        _ tree: Tree
    ) throws {
        let isDone = try publish(&publisher, size, tree)
        #expect(isDone)
    }

    @Test(
        "The tree of 520 leaves has the very files of the golden log",
        .enabled(if: Vectors.present, Vectors.reason)
    )
    func golden() throws {
        let root = Vectors.root.appending(path: "transparency/golden/tiles520")
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path)
            .filter { $0.hasPrefix("tile/") }
            .filter { name in
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: root.appending(path: name).path
                )
                return attributes[.type] as? FileAttributeType == .typeRegular
            }
        let folder = MemoryFolder()
        var publisher = TilePublisher(folder)
        let tree = Self.tree(520)
        // The golden log kept the partial tiles of sizes 513 to 520; level 1 had one at 512 too.
        for size in [UInt64(300)] + Array(513...520) {
            try Self.expectDone(&publisher, size, tree)
        }
        var compared = 0
        for name in names {
            guard let ours = folder.files[name] else {
                // Partial tiles that a full one replaced are gone.
                #expect(name == "tile/1/000.p/1")
                continue
            }
            #expect(ours == [UInt8](try Data(contentsOf: root.appending(path: name))), "\(name)")
            compared += 1
        }
        #expect(compared >= 20)
    }

    @Test("A full tile takes the place of its partial ones, and is written once")
    func replaced() throws {
        let folder = MemoryFolder()
        var publisher = TilePublisher(folder)
        let tree = Self.tree(600)
        _ = try Self.publish(&publisher, 100, tree)
        #expect(folder.files["tile/entries/000.p/100"] != nil)
        _ = try Self.publish(&publisher, 256, tree)
        #expect(folder.files["tile/entries/000.p/100"] == nil)
        #expect(folder.files["tile/0/000.p/100"] == nil)
        #expect(folder.files["tile/1/000.p/1"]?.count == 32)
        let writes = folder.writes
        _ = try Self.publish(&publisher, 257, tree)
        #expect(folder.writes == writes + 2)
    }

    @Test("A few blocks at a time arrive at the same files; a restart writes nothing")
    func slices() throws {
        let (whole, sliced) = (MemoryFolder(), MemoryFolder())
        let tree = Self.tree(1_500)
        var publisher = TilePublisher(whole)
        try Self.expectDone(&publisher, 1_500, tree)
        var other = TilePublisher(sliced)
        var calls = 1
        while try !Self.publish(&other, 1_500, tree, blocks: 2) { calls += 1 }
        #expect(calls == 3)
        #expect(whole.files == sliced.files)
        #expect(other.publishedSize == 1_500)
        let writes = sliced.writes
        var restarted = TilePublisher(sliced)
        try Self.expectDone(&restarted, 1_500, tree)
        try restarted.removeStalePartials()
        #expect(sliced.writes == writes)
        #expect(whole.files == sliced.files)
        sliced.files["tile/0/002"]?[5] ^= 1
        sliced.files["tile/entries/001"] = nil
        var repairing = TilePublisher(sliced)
        try Self.expectDone(&repairing, 1_500, tree)
        #expect(whole.files == sliced.files)
    }

    @Test("What a power cut left of earlier partial tiles is gone after a restart")
    func stalePartials() throws {
        let (folder, control) = (MemoryFolder(), MemoryFolder())
        let tree = Self.tree(300)
        var publisher = TilePublisher(folder)
        try Self.expectDone(&publisher, 270, tree)
        try Self.expectDone(&publisher, 290, tree)
        for name in folder.files.keys { folder.files[name] = [] }
        #expect(folder.files["tile/entries/001.p/14"] == [])
        var restarted = TilePublisher(folder)
        try Self.expectDone(&restarted, 290, tree)
        try restarted.removeStalePartials()
        #expect(folder.files["tile/entries/001.p/14"] == nil)
        var alone = TilePublisher(control)
        try Self.expectDone(&alone, 290, tree)
        #expect(folder.files == control.files)
    }

    @Test("The tiles of the checkpoint in force stay until the next one is in place")
    func publishedPartials() throws {
        let folder = MemoryFolder()
        let tree = Self.tree(300)
        var publisher = TilePublisher(folder)
        try Self.expectDone(&publisher, 290, tree)
        let published = folder.files
        var restarted = TilePublisher(folder)
        try Self.expectDone(&restarted, 300, tree)
        for (name, bytes) in published { #expect(folder.files[name] == bytes, "\(name)") }
        try restarted.removeStalePartials()
        #expect(folder.files["tile/entries/001.p/34"] == nil)
        #expect(folder.files["tile/0/001.p/34"] == nil)
        #expect(folder.files["tile/entries/001.p/44"] != nil)
        #expect(folder.files["tile/0/001.p/44"] != nil)
        #expect(folder.files["tile/1/000.p/1"] != nil)
    }
}
