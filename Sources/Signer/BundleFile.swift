package import LocalSocket
package import Policy
import SecretMemory
import Wire

/// The policy in force: read and checked once, before any key is there.
package struct BundleFile: ~Copyable {
    private var memory: Arena
    private let layout: BundleLayout
    package let identity: PolicyIdentity

    /// Reads the file whole.
    package init(_ descriptor: borrowing Descriptor) throws(SignerStop) {
        let size = try SignerStop.using(descriptor.fileSize())
        guard size > 0, size <= BundleLayout.byteCountMax else { throw .home(.damagedBundle) }
        var memory = try Arena(needing: size)
        do throws(SocketError) {
            var room = memory.mutableBytes
            try descriptor.readExactly(into: &room, at: 0)
        } catch {
            throw .home(.damagedBundle)
        }
        (layout, identity) = try Self.check(memory.bytes)
        self.memory = memory
    }

    private static func check(
        _ bytes: Span<UInt8>
    ) throws(SignerStop) -> (BundleLayout, PolicyIdentity) {
        let layout: BundleLayout
        do throws(BundleError) {
            layout = try CheckedBundle(checking: bytes).layout
        } catch {
            throw .home(.damagedBundle)
        }
        // A condition that nobody holds a payment to would be worse than none.
        guard layout.needs.isSubset(of: .enforced) else { throw .unsupportedPolicy }
        return (layout, PolicyIdentity(CheckedBundle(reading: bytes, layout: layout)))
    }

    /// The bundle.
    package var bundle: CheckedBundle {
        @_lifetime(borrow self) get { CheckedBundle(reading: memory.bytes, layout: layout) }
    }
}
