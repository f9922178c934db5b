package import LocalSocket
private import Policy

/// How the process ended, as its exit status says.
package enum GateExit: Int32, Sendable {
    case stopped = 0
    /// The arguments, descriptors or confinement were not what they must be.
    case notStarted = 1
    /// A new start would find the same, or must not be tried without a person: the log is damaged
    /// or behind, the bundle is another, or a write or a flush failed.
    case refused = 3
    /// The signer hung up.
    case signerGone = 4
    /// The signer broke the protocol.
    case signerFault = 5
}

/// The descriptors that the supervisor set up.
package struct GateDescriptors: ~Copyable {
    let signer: Descriptor
    let listener: Descriptor
    let local: Descriptor?
    let folder: Descriptor
    let bundle: Descriptor
    let readiness: Descriptor
    let signals: Descriptor

    /// `signals` is read for what asks the gate to stop, `readiness` written to.
    package init(
        signer: consuming Descriptor,
        listener: consuming Descriptor,
        local: consuming Descriptor?,
        folder: consuming Descriptor,
        bundle: consuming Descriptor,
        readiness: consuming Descriptor,
        signals: consuming Descriptor
    ) {
        self.signer = signer
        self.listener = listener
        self.local = local
        self.folder = folder
        self.bundle = bundle
        self.readiness = readiness
        self.signals = signals
    }
}

/// The gate's process behind its confinement.
package enum GateProcess {
    /// Runs until the end and says why on standard error. The process is confined already.
    package static func run(
        _ descriptors: consuming GateDescriptors,
        clock: SystemClock,
        clients: PermittedClients
    ) -> GateExit {
        do throws(GateError) {
            let configuration = try configuration(DiskFile(descriptors.bundle))
            let server = try GateServer(
                configuration,
                store: DiskLogStore(DiskFolder(descriptors.folder)),
                clock: clock
            )
            let readiness = descriptors.readiness
            // The supervisor lets the operator unlock as soon as there is a gate to serve.
            say("listening\n", to: readiness)
            let loop = try EventLoop(
                server,
                signer: descriptors.signer,
                listener: descriptors.listener,
                local: descriptors.local,
                signals: descriptors.signals,
                permitted: clients
            ) {
                say("gate: serving\n", to: Descriptor.standardError())
            }
            switch try loop.run() {
            case .stopped: return .stopped
            case .signerGone:
                say("gate: the signer is gone\n", to: Descriptor.standardError())
                return .signerGone
            }
        } catch {
            say("gate: \(error.words)\n", to: Descriptor.standardError())
            return error.exit
        }
    }

    /// What the gate needs of the policy: its hash, its limits, and how much the signer may answer.
    package static func configuration(
        _ file: any JournalFile
    ) throws(GateError) -> GateConfiguration {
        let count = try file.size()
        guard count <= BundleLayout.byteCountMax else { throw .bundleDamaged }
        return try configuration(try file.read(count, at: 0))
    }

    /// The same of a bundle's bytes.
    package static func configuration(_ bytes: [UInt8]) throws(GateError) -> GateConfiguration {
        let layout: BundleLayout
        do throws(BundleError) {
            layout = try CheckedBundle(checking: bytes.span).layout
        } catch {
            throw .bundleDamaged
        }
        guard layout.needs.isSubset(of: .enforced) else { throw .unsupportedPolicy }
        let hasEach = layout.needs.contains(.eachDestination)
        return configuration(
            CheckedBundle(reading: bytes.span, layout: layout),
            hasEach ? DestinationLists(bytes, layout) : .none
        )
    }

    private static func configuration(
        _ bundle: CheckedBundle,
        _ lists: DestinationLists
    ) -> GateConfiguration {
        var limits: [LimitCaps] = []
        for index in 0..<bundle.limitCount {
            let limit = bundle.limit(at: index)
            var list: Int?
            if case .each(let place) = limit.scope { list = place }
            limits.append(
                LimitCaps(
                    windowSeconds: limit.windowSeconds,
                    amountMax: limit.amountMax,
                    countMax: limit.countMax,
                    eachOf: list
                )
            )
        }
        var signatures: [HashKey: Int] = [:]
        var work: [HashKey: Int] = [:]
        for index in 0..<bundle.walletCount {
            let id = HashKey(bundle.walletID(at: index))
            let most = bundle.wallet(at: index).signaturesPerInputMax
            if most > 1 { signatures[id] = most }
            work[id] = bundle.wallet(at: index).addressWork
        }
        return GateConfiguration(
            bundleHash: bundle.hash,
            limits: limits,
            lists: lists,
            signaturesPerInputMax: signatures,
            addressWork: work
        )
    }

    private static func say(_ text: String, to descriptor: borrowing Descriptor) {
        do throws(SocketError) {
            try descriptor.writeAll(Array(text.utf8).span)
        } catch {
            // Nobody listens any more, which is no reason to stop.
        }
    }
}

extension Descriptor {
    /// Descriptor 2, which stays open.
    fileprivate static func standardError() -> Descriptor {
        var descriptor = Descriptor(adopting: 2)
        descriptor.pin()
        return descriptor
    }
}
