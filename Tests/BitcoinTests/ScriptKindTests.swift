import Bitcoin
import Bytes
import TestSupport
import Testing

@Suite("Script kinds")
struct ScriptKindTests {
    private static let hash20 = String(repeating: "11", count: 20)
    private static let hash32 = String(repeating: "22", count: 32)

    private func kind(_ hex: String) -> ScriptKind {
        ScriptKind(of: [UInt8](hex: hex).span)
    }

    @Test("Every standard form is recognized by its bytes")
    func forms() {
        #expect(kind("76a914\(Self.hash20)88ac") == .p2pkh)
        #expect(kind("a914\(Self.hash20)87") == .p2sh)
        #expect(kind("0014\(Self.hash20)") == .p2wpkh)
        #expect(kind("0020\(Self.hash32)") == .p2wsh)
        #expect(kind("5120\(Self.hash32)") == .p2tr)
        #expect(kind("6a") == .opReturn)
    }

    @Test("One byte more, less or different is another script")
    func nearMisses() {
        #expect(kind("") == .unknown)
        #expect(kind("76a914\(Self.hash20)88ac00") == .unknown)
        #expect(kind("76a914\(Self.hash20)88ad") == .unknown)
        #expect(kind("a914\(Self.hash20)88") == .unknown)
        #expect(kind("0014\(Self.hash20)00") == .unknown)
        #expect(kind("0114\(Self.hash20)") == .unknown)
        #expect(kind("0015\(Self.hash20)") == .unknown)
        #expect(kind("5114\(Self.hash20)") == .unknown)
        #expect(kind("5220\(Self.hash32)") == .unknown)
        #expect(kind("51024e73") == .unknown)
        #expect(kind("21\(Self.hash32)02ac") == .unknown)
    }

    @Test("OP_RETURN with whole plain pushes is data; anything else after it is unknown")
    func data() {
        #expect(kind("6a0b68656c6c6f20776f726c64") == .opReturn)
        #expect(kind("6a004f5160") == .opReturn)
        #expect(kind("6a4c0101") == .opReturn)
        #expect(kind("6a4d010001") == .opReturn)
        #expect(kind("6a4e0100000001") == .opReturn)
        #expect(kind("6a4e00000000") == .opReturn)
        #expect(kind("6a01") == .unknown)
        #expect(kind("6a4c") == .unknown)
        #expect(kind("6a4c0201") == .unknown)
        #expect(kind("6a4d0100") == .unknown)
        #expect(kind("6a4effffffff00") == .unknown)
        #expect(kind("6a50") == .unknown)
        #expect(kind("6a61") == .unknown)
        #expect(kind("6a6a") == .unknown)
    }
}
