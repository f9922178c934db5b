import Bitcoin
private import BitcoinCrypto
private import Bytes
import Front
import Wallet

/// The parts of a transaction as they are written on the command line.
enum PSBTParts {
    static let inputForm = "TXID:VOUT or TXID:VOUT:SEQUENCE"
    static let outputForm = "ADDRESS:AMOUNT, script:HEX:AMOUNT or data:HEX"

    /// `TXID:VOUT[:SEQUENCE]`, the id as explorers print it.
    static func input(_ text: String) throws(FrontError) -> PSBTNewInput {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts[0].utf8.count == 64,
            let id = [UInt8](hexDigits: parts[0]), let vout = number(parts[1])
        else { throw .usage("--input \(text): expected \(inputForm)") }
        let bytes = [UInt8](id.reversed())
        let previous = OutPoint(txid: TransactionID(.init(copying: bytes.span)), vout: vout)
        guard parts.count == 3 else { return PSBTNewInput(previous: previous) }
        guard let sequence = number(parts[2]) else {
            throw .usage("--input \(text): the sequence is a number below 2^32")
        }
        return PSBTNewInput(previous: previous, sequence: sequence)
    }

    /// Outputs to addresses that some one network has all of.
    static func outputs(
        _ texts: [String],
        _ named: NetworkName?
    ) throws(FrontError) -> [Coin] {
        let networks: [Network] =
            if let named, let network = WalletKeys.network(named: named.rawValue) {
                [network]
            } else {
                [.main, .test, .regtest]
            }
        var failure = FrontError.usage("")
        for network in networks {
            do throws(FrontError) {
                var coins: [Coin] = []
                for text in texts { coins.append(try output(text, network)) }
                return coins
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func output(_ text: String, _ network: Network) throws(FrontError) -> Coin {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, parts[0] == "data" {
            guard let data = [UInt8](hexDigits: parts[1]), data.count <= 80 else {
                throw .usage("--output \(text): data is up to 80 bytes in hexadecimal")
            }
            let push = data.count > 75 ? [0x4C, UInt8(data.count)] : [UInt8(data.count)]
            return Coin(amount: .zero, script: [0x6A] + push + data)
        }
        if parts.count == 3, parts[0] == "script" {
            guard let script = [UInt8](hexDigits: parts[1]) else {
                throw .usage("--output \(text): the script is not hexadecimal")
            }
            return Coin(amount: try amount(parts[2], text), script: script)
        }
        guard parts.count == 2 else { throw .usage("--output \(text): expected \(outputForm)") }
        let script: [UInt8]
        do throws(BitcoinError) {
            script = try AddressText.read(parts[0], network: network)
        } catch {
            throw .usage(
                "--output \(text): \(parts[0]) is no address of "
                    + "\(network.name), or of another network than the others"
            )
        }
        return Coin(amount: try amount(parts[1], text), script: script)
    }

    /// Satoshi as digits, or `0.25BTC`.
    private static func amount(_ text: String, _ whole: String) throws(FrontError) -> Amount {
        let form = "an amount is satoshi in digits, or bitcoin such as 0.25BTC"
        var digits = Substring(text)
        var places = 0
        if text.hasSuffix("BTC") {
            digits = text.dropLast(3)
            places = 8
        }
        if digits.hasSuffix(" ") { digits = digits.dropLast() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...(places > 0 ? 2 : 1)).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            parts.dropFirst().allSatisfy({ $0.utf8.count <= places })
        else { throw .usage("--output \(whole): \(form)") }
        let fraction = parts.count == 2 ? parts[1] : ""
        let zeros = String(repeating: "0", count: places - fraction.utf8.count)
        guard let satoshi = UInt64(parts[0] + fraction + zeros) else {
            throw .usage("--output \(whole): \(form)")
        }
        do throws(BitcoinError) {
            return try Amount(satoshis: satoshi)
        } catch {
            throw .usage("--output \(whole): over 21 million bitcoin")
        }
    }

    private static func number(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(text)
    }

    /// A transaction from a file, binary or hexadecimal.
    static func transactionBytes(_ path: String) throws(FrontError) -> [UInt8] {
        let content = try Files.read(path, limit: 2 * PSBTFile.byteCountMax)
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        let digits = content.filter { !blanks.contains($0) }
        return [UInt8](hexDigits: String(decoding: digits, as: UTF8.self)) ?? content
    }

    /// A descriptor of whichever network its keys are of.
    static func descriptor(_ text: String) throws(FrontError) -> OutputDescriptor {
        let curve = try WalletKeys.curve()
        do throws(DescriptorError) {
            do throws(DescriptorError) {
                return try OutputDescriptor(text, network: .main, curve: curve)
            } catch {
                guard error == .otherNetwork else { throw error }
                return try OutputDescriptor(text, network: .regtest, curve: curve)
            }
        } catch {
            throw .usage("--descriptor \(text): \(error)")
        }
    }
}
