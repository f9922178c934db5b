import Bitcoin
import BitcoinCrypto
import Bytes
import Policy
import Testing
import Wallet

/// The filler that the signer uses, on what the compiler makes: a third opinion beside the
/// descriptor and the naive filler.
@Suite("The signer's filler on compiled templates")
struct SignerFillerTests {
    private struct Laid {
        let script: [UInt8]
        let holes: [UInt8]
        let groups: [UInt8]

        init(_ leaf: WalletTemplate.Leaf) {
            script = leaf.script
            holes = leaf.holes.flatMap { hole in
                [
                    UInt8(hole.offset & 0xff), UInt8(hole.offset >> 8), UInt8(hole.key),
                    hole.form.rawValue,
                ]
            }
            groups = leaf.groups.flatMap { [UInt8($0.lowerBound), UInt8($0.count)] }
        }
    }

    @Test(
        "Scripts, leaf hashes and roots are those of the other two",
        arguments: TemplateCompilerTests.forms
    )
    func filled(form: String) throws {
        let curve = try Curve()
        let signer = try TestSigner(TestSigner.abandon)
        var known: [[UInt32]: ExtendedPublicKey] = [:]
        for text in ["86h/1h/3h", "48h/1h/1h/2h", "48h/1h/1h/3h"] {
            known[path(text)] = try signer.extended(path(text))
        }
        let found = try TemplateCompilerTests.Case(
            TemplateCompilerTests.text(form),
            own: TemplateCompilerTests.ownFingerprint,
            curve,
            keys: known
        )
        for branch in 0..<found.filler.branchCount {
            for index: UInt32 in [0, 1, 2, 3, 77, 0x7fff_ffff] {
                let naive = try found.filler.fill(branch: branch, index: index, curve: curve)
                let keys = try found.filler.keys(branch: branch, index: index, curve: curve)
                let script = try self.script(found.template, keys, naive, curve)
                #expect(script == naive.scriptPubKey)
            }
        }
    }

    private func script(
        _ template: WalletTemplate,
        _ keys: [Bytes33],
        _ naive: NaiveFiller.Filled,
        _ curve: borrowing Curve
    ) throws -> [UInt8] {
        let joined = keys.flatMap { $0.array }
        var tree = TapTree()
        for (place, leaf) in template.leaves.enumerated() {
            let laid = Laid(leaf)
            let blank = LeafTemplate(
                script: laid.script.span,
                holes: laid.holes.span,
                groups: laid.groups.span
            )
            let filled = FilledLeaf(blank, keys: joined.span)
            let expected = naive.scripts[place]
            let isSame = filled.sha256 == SHA256.hash(expected.span)
            #expect(isSame)
            // With one bit of every key changed it is another script.
            let spoiled = joined.enumerated().map {
                $0.offset % 33 == 32 ? $0.element ^ 1 : $0.element
            }
            let isOther = FilledLeaf(blank, keys: spoiled.span).sha256 != filled.sha256
            #expect(isOther)
            guard template.kind == .p2trTree else {
                let made = ScriptTemplate.script(template.kind, paying: filled)
                return [UInt8](copying: made.bytes)
            }
            tree.add(filled.tapLeafHash(version: leaf.version), depth: Int(leaf.depth))
        }
        guard template.kind == .p2trTree else {
            let made = try ScriptTemplate.script(template.kind, publicKey: keys[0], curve: curve)
            return [UInt8](copying: made.bytes)
        }
        #expect(tree.root == naive.merkleRoot)
        let output = try curve.taprootOutputKey(internalKey: keys[0], merkleRoot: tree.root)
        return [UInt8](copying: ScriptTemplate.p2tr(outputKey: output).bytes)
    }
}
