extension SSHSignature {
    /// The public key a signature names (51 bytes, wire form); it proves nothing by itself.
    @_lifetime(copy blob)
    package static func publicKey(in blob: Span<UInt8>) throws(SSHSignatureError) -> Span<UInt8> {
        try SSHSignatureParts(blob).publicKey
    }
}
