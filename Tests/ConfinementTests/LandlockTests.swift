import CLinux
import Confinement
import TestSupport
import Testing

@Suite(
    "Landlock",
    .enabled(if: linux_landlock_abi() >= 6, "this kernel's Landlock is older than ABI 6"),
    .timeLimit(.minutes(1))
)
struct LandlockTests {
    /// What every profile is refused, with its errno: 13 EACCES, 1 EPERM.
    static let outside: [String: String] = [
        "open-null": "-13", "open-home": "-13", "make-home": "-13", "rename-out": "-13",
        "execute": "-13", "connect-abstract": "-1", "connect-tcp": "-13", "bind-tcp": "-13",
        "signal": "-1", "attach": "-1",
    ]
    /// What Landlock does not see; the filters must.
    static let unseen = ["stat": "0", "open-path": "0"]

    @Test(
        "Nothing outside a profile's folder can be opened, made, run, reached or signalled",
        arguments: ["signer-sealed", "gate", "front"]
    )
    func denied(name: String) throws {
        let found = try Self.probe(name)
        for (probe, wanted) in Self.outside {
            #expect(found[probe] == wanted, "\(probe)")
        }
        for (probe, wanted) in Self.unseen {
            #expect(found[probe] == wanted, "\(probe), which is known not to be covered")
        }
        #expect(found["listen-abstract"] == "0", "the control: it was allowed before")
    }

    @Test("Below its folder the gate may do all that a log needs")
    func gate() throws {
        let found = try Self.probe("gate")
        for name in [
            "read-inside", "make-inside", "truncate-inside", "mkdir-inside", "rename-inside",
            "remove-inside", "list-inside",
        ] {
            #expect(found[name] == "0", "\(name)")
        }
    }

    @Test("Below its folder the front may read, and the signer may nothing")
    func others() throws {
        let front = try Self.probe("front")
        #expect(front["read-inside"] == "0" && front["list-inside"] == "0")
        let signer = try Self.probe("signer-sealed")
        #expect(signer["read-inside"] == "-13" && signer["list-inside"] == "-13")
        for found in [front, signer] {
            for name in ["make-inside", "truncate-inside", "mkdir-inside"] {
                #expect(found[name] == "-13", "\(name)")
            }
        }
    }

    @Test("The rights that can be denied grow with the ABI as the kernel's page says")
    func rights() {
        let known: [(Int32, UInt64)] = [
            (0, 0), (1, 0x1FFF), (2, 0x3FFF), (3, 0x7FFF), (4, 0x7FFF), (5, 0xFFFF), (6, 0xFFFF),
            (7, 0xFFFF),
        ]
        for (abi, rights) in known { #expect(Landlock.fileRights(abi: abi) == rights) }
    }

    private static func probe(_ name: String) throws -> [String: String] {
        let home = try Home()
        var found: [String: String] = [:]
        for line in try Probe(["landlock", name, home.path]).answers() {
            let words = line.split(separator: " ").map(String.init)
            try #require(words.count == 2, "\(line)")
            found[words[0]] = words[1]
        }
        return found
    }
}
