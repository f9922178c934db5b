// swift-tools-version: 6.3
import PackageDescription

// The whole appliance. The trusted part stands alone in Core/Package.swift, with the same targets
// and the tests of its own; here come the front, the command line and the packages they need.

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
    name: "portcullis",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
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
            name: "Wallet",
            dependencies: ["Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Wire"],
            swiftSettings: strict
        ),
        .target(
            name: "PolicyLanguage",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Wallet",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Front",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire",
                "LocalSocket", "Wallet", "CLinux",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "portcullis-front",
            dependencies: ["Front", "Confinement", "LocalSocket", "CLinux"],
            swiftSettings: strict
        ),
        .target(
            name: "Simulation",
            dependencies: ["Bytes", "Bitcoin", "Policy", "Wire", "Gate"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "portcullis",
            dependencies: [
                "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Transparency", "Wire",
                "Confinement", "LocalSocket", "Wallet", "PolicyLanguage", "Front", "Simulation",
                "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Bytes", "LocalSocket", "CLinux"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "WalletTests",
            dependencies: [
                "Wallet", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin", "Policy", "Wire",
            ],
            exclude: ["Recorded"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PolicyLanguageTests",
            dependencies: [
                "PolicyLanguage", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin", "Policy",
                "Wallet",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FrontTests",
            dependencies: [
                "Front", "TestSupport", "Bytes", "BitcoinCrypto", "Bitcoin", "Policy",
                "Transparency", "Wire", "LocalSocket", "Wallet", "CLinux",
            ],
            swiftSettings: strict
        ),
    ]
)

// This fuzz target needs Wallet; the others are in Core/Package.swift, with the reasons.
if Context.environment["WITH_FUZZERS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "FuzzPSBTRoundTrip",
            dependencies: ["Wallet"],
            path: "Fuzz/FuzzPSBTRoundTrip",
            swiftSettings: strict
        )
    )
}
