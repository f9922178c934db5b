package import Bitcoin
private import Bytes

/// Addresses as strings.
package enum AddressText {
    /// The address of a script, or nothing if it has none.
    package static func write(_ script: [UInt8], network: Network) -> String? {
        var text = [UInt8](repeating: 0, count: Address.textByteCountMax)
        var room = text.mutableSpan
        var writer = ByteWriter(&room)
        do throws(BitcoinError) {
            try Address.write(script: script.span, network: network, to: &writer)
        } catch {
            return nil
        }
        let count = writer.count
        return String(decoding: text[..<count], as: UTF8.self)
    }

    /// The script of an address of this network.
    package static func read(
        _ text: String,
        network: Network
    ) throws(BitcoinError) -> [UInt8] {
        let characters = Array(text.utf8)
        var script = [UInt8](repeating: 0, count: Address.scriptByteCountMax)
        var room = script.mutableSpan
        var writer = ByteWriter(&room)
        try Address.readScript(characters.span, network: network, to: &writer)
        let count = writer.count
        return Array(script[..<count])
    }
}
