import BitcoinCrypto
import Bytes

extension HostNonce {
    /// 32 bytes of the kernel's randomness.
    static func random() -> HostNonce {
        var generator = SystemRandomNumberGenerator()
        var bytes = Bytes32.zero
        for index in 0..<32 {
            bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
        }
        return HostNonce(bytes)
    }
}
