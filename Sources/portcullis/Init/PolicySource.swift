import Front

/// The policy that a new home is made for.
struct PolicySource {
    let path: String
    let network: NetworkName
    let text: [UInt8]

    /// The most bytes of a policy.
    static let byteCountMax = 16 << 20

    init(path: String, network: NetworkName) throws(FrontError) {
        self.path = path
        self.network = network
        text = try Files.read(path, limit: Self.byteCountMax)
    }

    /// Compiles it into the home; whether an admin key had to be made.
    func compile(into home: Home) throws(FrontError) -> Bool {
        throw .failed("later")
    }
}
