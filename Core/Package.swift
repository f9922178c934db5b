// swift-tools-version: 6.3
import PackageDescription

// The trusted part of Portcullis: the signer, the gate and all they rest on, with their tests,
// and not one third-party package. Sources and Tests are the folders of the repository's root.

/// Every Swift target builds with the same flags; nothing opts out.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "portcullis-core",
    targets: [
        .target(
            name: "CLinux"
        ),
        .target(
            name: "CSecp256k1",
            linkerSettings: [.linkedLibrary("secp256k1")]
        ),
        .target(
            name: "CSodium",
            linkerSettings: [.linkedLibrary("sodium")]
        ),
        .target(
            name: "CSeccomp",
            linkerSettings: [.linkedLibrary("seccomp")]
        ),
        .target(
            name: "CCap",
            linkerSettings: [.linkedLibrary("cap")]
        ),
        .target(
            name: "Bytes",
            swiftSettings: strict
        ),
        .target(
            name: "BitcoinCrypto",
            dependencies: ["CSecp256k1", "CSodium", "Bytes"],
            swiftSettings: strict
        ),
        .target(
            name: "Bitcoin",
            dependencies: ["Bytes", "BitcoinCrypto"],
            swiftSettings: strict
        ),
        .target(
            name: "Policy",
            dependencies: ["Bytes", "BitcoinCrypto", "Bitcoin"],
            swiftSettings: strict
        ),
        .target(
            name: "Transparency",
            dependencies: ["Bytes", "BitcoinCrypto"],
            swiftSettings: strict
        ),
        .target(
            name: "Wire",
            dependencies: ["Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency"],
            swiftSettings: strict
        ),
        .target(
            name: "SecretMemory",
            dependencies: ["CLinux"],
            swiftSettings: strict
        ),
        .target(
            name: "Confinement",
            dependencies: ["CLinux", "CSeccomp", "CCap"],
            swiftSettings: strict
        ),
        .target(
            name: "LocalSocket",
            dependencies: ["CLinux", "Bytes"],
            swiftSettings: strict
        ),
        .target(
            name: "Signer",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire",
                "SecretMemory", "LocalSocket", "CLinux", "CSodium",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Gate",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire",
                "LocalSocket", "CLinux",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "portcullis-signer",
            dependencies: ["Signer", "Confinement", "LocalSocket", "SecretMemory", "CLinux"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "portcullis-gate",
            dependencies: ["Gate", "Confinement", "LocalSocket", "CLinux"],
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Bytes", "LocalSocket", "CLinux"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "BytesTests",
            dependencies: ["Bytes", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BitcoinCryptoTests",
            dependencies: ["BitcoinCrypto", "TestSupport", "CSecp256k1", "CSodium", "Bytes"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BitcoinTests",
            dependencies: ["Bitcoin", "TestSupport", "Bytes", "BitcoinCrypto"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PolicyTests",
            dependencies: ["Policy", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin"],
            exclude: ["Recorded"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TransparencyTests",
            dependencies: ["Transparency", "TestSupport", "Bytes", "BitcoinCrypto"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "Wire", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin", "Policy",
                "Transparency",
            ],
            exclude: ["Recorded"],
            swiftSettings: strict
        ),
        .target(
            name: "CProbe",
            dependencies: ["CSeccomp"],
            path: "Tests/CProbe"
        ),
        .executableTarget(
            name: "confinement-probe",
            dependencies: [
                "CProbe", "Confinement", "LocalSocket", "SecretMemory", "CLinux", "CSeccomp",
            ],
            path: "Tests/ConfinementProbe",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SecretMemoryTests",
            dependencies: ["SecretMemory", "TestSupport", "CLinux", "CProbe"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConfinementTests",
            dependencies: [
                "Confinement", "TestSupport", "CLinux", "CSeccomp", "CCap", "CProbe",
                "confinement-probe",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LocalSocketTests",
            dependencies: ["LocalSocket", "TestSupport", "CLinux", "Bytes"],
            swiftSettings: strict
        ),
        // Held against the shipped signer by Tests/SystemTests/test_twin.py.
        .executableTarget(
            name: "signer-twin",
            dependencies: ["Signer", "LocalSocket", "CLinux"],
            path: "Tests/SignerTwin",
            swiftSettings: strict
        ),
        // The evaluator for Tests/SystemTests/test_policy_model.py, which asks it a million times.
        .executableTarget(
            name: "policy-driver",
            dependencies: ["Bytes", "Policy", "LocalSocket", "CLinux"],
            path: "Tests/PolicyDriver",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SignerTests",
            dependencies: [
                "signer-twin", "Signer", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin",
                "Policy",
                "Transparency", "Wire", "SecretMemory", "LocalSocket", "CLinux", "CSodium",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "GateTests",
            dependencies: [
                "Gate", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin", "Policy",
                "Transparency", "Wire", "LocalSocket", "CLinux",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TidyTests",
            dependencies: ["TestSupport"],
            swiftSettings: strict
        ),
    ]
)

// Fuzz targets stand in this package so that they see `package` API, and behind a variable so that
// no release or test builds them (scripts/fuzz-smoke.sh sets it).
if Context.environment["WITH_FUZZERS"] != nil {
    let fuzzers: [(name: String, dependencies: [Target.Dependency])] = [
        ("FuzzCanary", []),
        ("FuzzWireNeverTraps", ["Wire", "Bytes"]),
        ("FuzzTransactionReader", ["Bitcoin", "Bytes"]),
        ("FuzzBundleReader", ["Policy", "Bitcoin", "Bytes"]),
    ]
    for (name, dependencies) in fuzzers {
        package.targets.append(
            .executableTarget(
                name: name,
                dependencies: dependencies,
                path: "Fuzz/\(name)",
                swiftSettings: strict
            )
        )
    }
}

// The benchmark of what lies inside, likewise (scripts/bench.sh sets the variable).
if Context.environment["WITH_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "core-bench",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Policy", "Wire", "Gate", "LocalSocket", "CLinux",
            ],
            path: "Benchmarks/CoreBench",
            swiftSettings: strict
        )
    )
}
