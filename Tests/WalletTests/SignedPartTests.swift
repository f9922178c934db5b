import Bitcoin
import BitcoinCrypto
import Testing
import Wallet
import Wire

/// Payments to which others bring inputs; test_joint.py signs them.
@Suite("One input of ours beside those of others")
struct SignedPartTests {
    private static let (all, none, single) = (0x81 as UInt32, 0x82 as UInt32, 0x83 as UInt32)

    private let signer: TestSigner
    private let stranger: RegisteredWallet
    private let ours: [RegisteredWallet]

    init() throws {
        signer = try TestSigner(TestSigner.abandon)
        let other = try TestSigner(TestSigner.jade)
        stranger = try other.wallet("stranger", .p2wpkh, path: path("84h/1h/0h"))
        ours = [
            try signer.wallet("segwit", .p2wpkh, path: path("84h/1h/0h")),
            try signer.wallet("taproot", .p2tr, path: path("86h/1h/0h")),
        ]
    }

    private func request(_ psbt: PSBT) throws(RequestError) -> SigningRequest {
        var wallets = WalletSet(ours, searchWindow: 20)
        return try SigningRequest(psbt, wallets: &wallets, network: .test, curve: signer.curve)
    }

    /// Inputs of others, but for those of ours at these places; three outputs.
    private func fixture(_ places: [Int: (wallet: Int, type: UInt32?)]) -> PaymentFixture {
        let inputs = (0..<4).map { place in
            var input = PaymentFixture.Input(stranger, 0, UInt32(place))
            if let (wallet, type) = places[place] {
                input = PaymentFixture.Input(ours[wallet], 0, UInt32(place))
                input.sighashType = type
            }
            return input
        }
        var made = PaymentFixture(inputs: inputs)
        made.lockTime = 7
        made.outputs = (1...3).map {
            PaymentFixture.Output(script: PaymentFixture.foreign, amount: 50_000 + $0)
        }
        return made
    }

    private func failure(_ fixture: PaymentFixture) throws -> RequestError? {
        let psbt = try fixture.make(signer.curve)
        do throws(RequestError) {
            _ = try request(psbt)
            return nil
        } catch {
            return error
        }
    }

    @Test("It alone is asked for, with what its type fixes", arguments: [0, 1], [0, 1, 2])
    func alone(wallet: Int, place: Int) throws {
        let every = [0, 1, 2]
        for (type, outputs) in [(Self.all, every), (Self.none, every), (Self.single, [place])] {
            let psbt = try fixture([place: (wallet, type)]).make(signer.curve)
            let made = try request(psbt)
            #expect(made.part.inputs == [place] && made.part.outputs == outputs)
            let transaction = made.part.transaction
            #expect(transaction.inputs == [psbt.transaction.inputs[place]])
            #expect(transaction.outputs == outputs.map { psbt.transaction.outputs[$0] })
            #expect(transaction.lockTime == 7 && transaction.version == psbt.transaction.version)
            #expect(made.transactionID == transaction.id)
            #expect(made.psbtTransactionID == psbt.transaction.id)
            #expect(made.parents.count == (wallet == 1 ? 0 : 1))
            let resolved = try ResolvedRequest(checking: made.resolved.span)
            #expect(resolved.inputCount == 1 && resolved.outputCount == outputs.count)
        }
    }

    @Test("The same input without others makes the same request, but for SINGLE's other outputs")
    func same() throws {
        var one = fixture([0: (0, Self.all)])
        let joint = try request(one.make(signer.curve))
        one.inputs.removeLast(3)
        let single = try request(one.make(signer.curve))
        #expect(joint.bytes == single.bytes)
        #expect(joint.psbtTransactionID != single.psbtTransactionID)
    }

    @Test("Anything but one of ours with ANYONECANPAY is refused")
    func refused() throws {
        for type in [nil, 1, 2, 3] as [UInt32?] {
            guard case .notOurs(input: 0, _) = try failure(fixture([2: (0, type)])) else {
                Issue.record("type \(String(describing: type))")
                continue
            }
        }
        let two = fixture([1: (0, nil), 3: (1, Self.all)])
        #expect(try failure(two) == .severalAlone(input: 3, found: 2))
        let both = fixture([1: (0, Self.all), 2: (0, Self.single)])
        #expect(try failure(both) == .severalAlone(input: 1, found: 2))
        // No output at the place.
        let beyond = fixture([3: (0, Self.single)])
        #expect(try failure(beyond) == .singleWithoutOutput(input: 3, count: 3))
    }

    @Test("An input of somebody else that is not known, or has no parent, is judged as before")
    func unknown() throws {
        var made = fixture([1: (0, Self.all)])
        made.inputs[1].hasParent = false
        made.inputs[1].hasClaim = true
        #expect(try failure(made) == .parentMissing(input: 1))
        made.inputs[1].hasParent = true
        // Of others' coins no parent is needed, only what they hold.
        made.inputs[2].hasParent = false
        made.inputs[2].hasClaim = true
        #expect(try failure(made) == nil)
        made.inputs[2].hasClaim = false
        #expect(try failure(made) == .coinUnknown(input: 2))
    }
}
