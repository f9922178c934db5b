import Bitcoin
import Testing
import Wallet

@Suite("Names of sighash types")
struct SighashNamesTests {
    @Test("Each type that a policy can permit has the name that PSBT tools give it")
    func names() {
        let names = [
            "NONE", "SINGLE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY", "SINGLE|ANYONECANPAY",
        ]
        for (place, name) in names.enumerated() {
            #expect(SighashPermission.names(1 << UInt8(place)) == [name])
        }
        #expect(SighashPermission.names(31) == names)
        #expect(SighashPermission.names(0) == [])
        #expect(SighashPermission.types.map(\.rawValue) == [2, 3, 0x81, 0x82, 0x83])
    }
}
