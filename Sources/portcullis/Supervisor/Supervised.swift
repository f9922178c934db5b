private import CLinux
import Front
import LocalSocket

/// How the three programs are started: who holds which descriptor, and as whom they run. The
/// numbers are a contract with each program (docs/operations.md).
struct Supervised {
    let home: Home
    let users: HomeFacts.Users?
    let signerProgram: String
    let gateProgram: String
    let frontProgram: String

    let acceptsWeakerKernel: Bool
    let patience: Patience
    /// What all three have as their standard error.
    private let standardError: Int32

    init(
        home: Home,
        facts: HomeFacts,
        standardError: Int32,
        acceptsWeakerKernel: Bool,
        patience: Patience
    ) throws(FrontError) {
        self.acceptsWeakerKernel = acceptsWeakerKernel
        self.patience = patience
        self.standardError = standardError
        self.home = home
        users = Processes.isRoot ? facts.users : nil
        signerProgram = try Environment.program("portcullis-signer")
        gateProgram = try Environment.program("portcullis-gate")
        frontProgram = try Environment.program("portcullis-front")
        if Processes.isRoot, users == nil {
            throw .failed(
                "this home was made without root, so all its files belong to one user; run `up` as"
                    + " that user"
            )
        }
        if let users { try LogOwner(home: home, gate: users.gate).check() }
    }

    /// The signer: 3 the gate, 4 the operators' listener, 5 keystore, 6 state, 7 policy.
    func startSigner(
        gate: borrowing Descriptor,
        operators: borrowing Descriptor
    ) throws(FrontError) -> Int32 {
        let keystore = try Files.open(home.keystore, flags: LINUX_O_RDONLY)
        let state = try Files.open(home.state, flags: LINUX_O_RDWR)
        let bundle = try Files.open(home.bundle, flags: LINUX_O_RDONLY)
        var program = ChildProgram(
            signerProgram,
            acceptsWeakerKernel ? ["run", "weaker"] : ["run"],
            descriptors: [
                -1, -1, standardError, gate.number, operators.number, keystore.number, state.number,
                bundle.number,
            ]
        )
        program.user = users?.signer
        program.locksMemory = true
        return try program.start()
    }

    /// The gate: 3 the signer, 4 gate.sock, 5 its folder, 6 policy, 7 readiness, 8 clients.sock.
    func startGate(
        signer: borrowing Descriptor,
        listeners: borrowing Listeners,
        readiness: borrowing Descriptor
    ) throws(FrontError) -> Int32 {
        let folder = try Files.open(home.gateFolder, flags: LINUX_O_RDONLY | LINUX_O_DIRECTORY)
        let bundle = try Files.open(home.bundle, flags: LINUX_O_RDONLY)
        var allowed = acceptsWeakerKernel ? ["weaker"] : []
        allowed += ["local", String(Processes.user)]
        if let users { allowed.append(String(users.front)) }
        var program = ChildProgram(
            gateProgram,
            allowed,
            descriptors: [
                -1, -1, standardError, signer.number, listeners.gate.number, folder.number,
                bundle.number, readiness.number, listeners.clients.number,
            ]
        )
        program.user = users?.gate
        // The log is for everybody: a file server or an auditor needs no rights.
        program.sharesFiles = true
        return try program.start()
    }

    /// The front: 3 the clients' listener, 4 public/, 5 run/, 6 readiness.
    func startFront(
        clients: borrowing Descriptor,
        readiness: borrowing Descriptor
    ) throws(FrontError) -> Int32 {
        let place = LINUX_O_DIRECTORY | LINUX_O_RDONLY
        let publicFolder = try Files.open(home.publicFolder, flags: place)
        let runFolder = try Files.open(home.runFolder, flags: place)
        var arguments = ["timeout=\(patience.seconds)"]
        if let users { arguments.append("own-user=\(users.front)") }
        if acceptsWeakerKernel { arguments.append("weaker") }
        var program = ChildProgram(
            frontProgram,
            arguments,
            descriptors: [
                -1, -1, standardError, clients.number, publicFolder.number, runFolder.number,
                readiness.number,
            ]
        )
        program.user = users?.front
        return try program.start()
    }
}
