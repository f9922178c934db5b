import CLinux
import CProbe
import CSeccomp
import Confinement
import Foundation
import LocalSocket

/// A profile with the descriptors it needs, at fixed numbers far from those a test tries.
struct Subject {
    enum Name: String {
        case signerSealed = "signer-sealed", signerReady = "signer-ready", gate, front
    }

    static let gate: Int32 = 10
    static let state: Int32 = 11
    static let listener: Int32 = 12
    static let folder: Int32 = 13

    let name: Name
    let home: String

    /// The words are a profile and a folder that is there, with the subfolders `log` and `public`.
    init(_ words: [String]) {
        guard words.count == 2, let name = Name(rawValue: words[0]) else { fail("no such profile") }
        self.name = name
        self.home = words[1]
        open()
    }

    private func open() {
        do {
            let pair = try DescriptorPair.make()
            var other: Descriptor?
            let first = pair.separate(other: &other)
            place(first.release(), at: Self.gate)
            if let second = consume other { place(second.release(), at: 14) }
            let state = home + "/state"
            try Data(count: 8_192).write(to: URL(fileURLWithPath: state))
            place(try unsafe Descriptor.open(state, writing: true).release(), at: Self.state)
            let socket = home + "/socket"
            let listener = try Descriptor.listen(at: Array(socket.utf8).span, mode: 0o600)
            try listener.setNonblocking(true)
            place(listener.release(), at: Self.listener)
            let folder = home + (name == .front ? "/public" : "/log")
            place(try unsafe Descriptor.open(folder, writing: false).release(), at: Self.folder)
        } catch {
            fail("setup: \(error)")
        }
    }

    private func place(_ number: Int32, at wanted: Int32) {
        guard dup2(number, wanted) == wanted else { fail("descriptor \(number)") }
    }

    var profileNumber: Int32 {
        switch name {
        case .signerSealed: SANDBOX_SIGNER_SEALED
        case .signerReady: SANDBOX_SIGNER_READY
        case .gate: SANDBOX_GATE
        case .front: SANDBOX_FRONT
        }
    }

    /// Confines this process; ends it when a measure does not take.
    func confine() -> ConfinementReport {
        do throws(ConfinementError) {
            let report = try Confinement.apply(plan)
            guard name == .signerReady else { return report }
            return try Confinement.lockDown(
                gate: Self.gate,
                state: Self.state,
                stateBytes: 8_192,
                after: report
            )
        } catch {
            fail("\(error)")
        }
    }

    private var plan: ConfinementPlan {
        let profile: SandboxProfile =
            switch name {
            case .signerSealed, .signerReady:
                .signerSealed(state: Self.state, operator: Self.listener)
            case .gate: .gate(log: Self.folder)
            case .front: .front(public: Self.folder)
            }
        return ConfinementPlan(
            profile: profile,
            descriptorsMax: 64,
            fileBytesMax: name == .signerSealed || name == .signerReady ? 8_192 : nil
        )
    }

    /// Runs `body` in a confined child of its own and returns the child's status.
    func inChild(_ body: () -> Never) -> Int32 {
        let child = probe_fork()
        guard child >= 0 else { fail("fork") }
        if child == 0 {
            probe_alarm(2)  // a call that is allowed may wait for ever
            _ = confine()
            body()
        }
        var status: Int32 = 0
        guard unsafe linux_wait(child, 0, &status) == child else { fail("wait") }
        return status
    }
}
