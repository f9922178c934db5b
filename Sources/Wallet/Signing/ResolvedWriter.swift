import Bitcoin
import Bytes
import Wire

/// Writes the resolved request, with its table of wallets in the order of first use.
struct ResolvedWriter {
    private let wallets: [RegisteredWallet]
    /// For each wallet its place in the table, once it has one.
    private var places: [Int?]
    private var table: [Int] = []

    init(_ wallets: [RegisteredWallet]) {
        self.wallets = wallets
        places = Array(repeating: nil, count: wallets.count)
    }

    mutating func write(
        _ transaction: Transaction,
        network: Network,
        coins: [Coin],
        plans: [InputPlan],
        outputOwners: [Owner?],
        sighashTypes: [SighashType],
        commitment: Bytes32?,
        replacing: Bytes32?
    ) throws(RequestError) -> [UInt8] {
        var inputs: [UInt8] = []
        inputs.append(number: UInt16(transaction.inputs.count))
        for (index, input) in transaction.inputs.enumerated() {
            inputs.append(fixed: input.previous.txid.bytes)
            inputs.append(number: input.previous.vout)
            inputs.append(number: input.sequence)
            inputs.append(number: coins[index].amount.satoshis)
            append(plans[index].owned.owner, to: &inputs)
            inputs.append(UInt8(sighashTypes[index].rawValue))
            switch plans[index].selector {
            case .only: inputs.append(0)
            case .leaf(_, let hash):
                inputs.append(1)
                inputs.append(fixed: hash)
            }
        }
        var outputs: [UInt8] = []
        outputs.append(number: UInt16(transaction.outputs.count))
        for (index, output) in transaction.outputs.enumerated() {
            outputs.append(number: output.amount.satoshis)
            outputs.append(number: UInt16(output.script.count))
            outputs += output.script
            outputs.append(outputOwners[index] == nil ? 0 : 1)
            if let owner = outputOwners[index] { append(owner, to: &outputs) }
        }
        guard table.count <= ResolvedRequest.walletCountMax else {
            let most = ResolvedRequest.walletCountMax
            throw .count(.wallets, found: table.count, least: 1, most: most)
        }
        var bytes: [UInt8] = [1, network.rawValue, commitment == nil ? 0 : 1]
        if let commitment { bytes.append(fixed: commitment) }
        bytes.append(replacing == nil ? 0 : 1)
        if let replacing { bytes.append(fixed: replacing) }
        bytes.append(UInt8(table.count))
        for wallet in table {
            bytes.append(fixed: wallets[wallet].id)
        }
        bytes.append(number: transaction.version)
        bytes.append(number: transaction.lockTime)
        bytes += inputs
        bytes += outputs
        guard bytes.count <= ResolvedRequest.byteCountMax else {
            let most = ResolvedRequest.byteCountMax
            throw .count(.resolvedBytes, found: bytes.count, least: 1, most: most)
        }
        return bytes
    }

    private mutating func append(_ owner: Owner, to bytes: inout [UInt8]) {
        let place: Int
        if let known = places[owner.wallet] {
            place = known
        } else {
            place = table.count
            places[owner.wallet] = place
            table.append(owner.wallet)
        }
        // A table of more than 255 wallets is refused by its count, before anyone reads this.
        bytes.append(UInt8(truncatingIfNeeded: place))
        bytes.append(owner.place.branch)
        bytes.append(number: owner.place.index)
    }
}
