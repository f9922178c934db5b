import Bitcoin
import BitcoinCrypto
import Bytes
import SecretMemory
import Wire

/// The keys and scripts that the claims of one request's inputs lead to, each derived once.
struct InputScripts: ~Copyable {
    private var memory: Arena

    init() throws(SignerStop) {
        memory = try Arena(needing: ResolvedRequest.inputCountMax * DerivedKey.byteCount)
    }

    /// Derives for every input; the claims' branches and indexes were checked.
    mutating func load(
        _ request: borrowing ResolvedRequest,
        _ wallet: OwnWallet,
        _ keys: inout PublicKeys,
        _ curve: borrowing Curve
    ) throws(RefusalDetail) {
        for place in 0..<request.inputCount {
            let claim = request.input(at: place).claim
            do throws(CryptoError) {
                let derived = try keys.derive(claim, wallet, curve)
                derived.store(in: &memory, at: place * DerivedKey.byteCount)
            } catch {
                // One index in 2^127 has no key.
                throw RefusalDetail(.foreignInput, index: place)
            }
        }
    }

    /// The key and script of the input at a place.
    func key(at place: Int) -> DerivedKey {
        let start = place * DerivedKey.byteCount
        return DerivedKey(memory.bytes.extracting(start..<start + DerivedKey.byteCount))
    }

    /// The script that the input at a place must spend.
    @_lifetime(borrow self)
    func script(at place: Int) -> Span<UInt8> {
        let start = place * DerivedKey.byteCount
        let count = Int(memory.bytes[start + 33])
        return memory.bytes.extracting(start + 34..<start + 34 + count)
    }
}
