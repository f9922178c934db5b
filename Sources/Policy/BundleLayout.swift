/// Where the sections of a checked bundle lie; made only by checking.
///
/// It is an ordinary value of about 1 KiB, so that whoever keeps the bytes can keep it beside them
/// and look at them again (`CheckedBundle.init(reading:layout:)`) without checking again.
package struct BundleLayout: Sendable {
    /// The most bytes a bundle may have, its source included.
    package static let byteCountMax = 32 << 20
    /// The most wallets: a rule names them as bits of a `u64`.
    package static let walletCountMax = 64
    /// The most destination lists: a destination names them as bits of a `u64`.
    package static let listCountMax = 64
    /// The most different lengths of destination scripts; all kinds of address together have 41.
    package static let scriptLengthCountMax = 64
    /// The most limits: few enough that every charge of a decision can be reported.
    package static let limitCountMax = 1_024

    /// The bytes of the whole bundle, to recognise the bytes this layout belongs to.
    var byteCount = 0
    var adminKeys = 0
    var wallets = InlineArray<64, UInt32>(repeating: 0)
    var walletCount = 0
    var lists = 0
    var listCount = 0
    var scriptGroups = InlineArray<64, ScriptGroup>(repeating: ScriptGroup())
    var scriptGroupCount = 0
    var destinationCount = 0
    var limits = 0
    var limitCount = 0
    var rules = 0
    var ruleCount = 0
    var allowRules = RuleRun()
    var denyRules = RuleRun()
    var zones = 0
    var zoneCount = 0
    var shapes = 0
    var shapeCount = 0
    var persons = 0
    var personCount = 0
    var groups = 0
    var groupCount = 0
    var source = 0
    var sourceCount = 0
    /// What must be enforced beside what every version of the bundle asked for.
    package internal(set) var needs = BundleNeeds.none

    init() {}

    /// Keeps where the rules of each side begin and end, so that no walk passes over all.
    mutating func note(_ rule: RuleRecord, _ item: Int) {
        if rule.isDeny { denyRules.add(item, at: rule.start) }
        if rule.allowsPayments { allowRules.add(item, at: rule.start) }
    }
}

/// A run of destinations whose scripts have the same length, so that their records do too.
struct ScriptGroup: Sendable {
    var length: UInt16 = 0
    var start: UInt32 = 0
    var count: UInt32 = 0

    /// The bytes of one record: `u16` length, script, `u64` lists.
    var stride: Int { Int(length) + 10 }
}

/// From the first rule of some effects to the last, those of others between them included.
struct RuleRun: Sendable {
    private(set) var start = 0
    private(set) var first = 0
    private(set) var end = 0

    mutating func add(_ index: Int, at offset: Int) {
        if end == 0 { (start, first) = (offset, index) }
        end = index + 1
    }
}

/// The fixed places of the header, before the admin keys.
enum BundleHeader {
    static let magic: StaticString = "PCBUNDL1"
    static let version: UInt16 = 1
    /// With the sections behind the rules.
    static let versionWithExtensions: UInt16 = 2
    /// The kind of the one extension there is.
    static let approvers: UInt16 = 1
    static let versionOffset = 8
    static let networkOffset = 10
    static let epochOffset = 11
    static let parentOffset = 19
    static let sourceHashOffset = 51
    static let allowanceOffset = 83
    static let adminThresholdOffset = 91
    static let adminCountOffset = 92
    static let byteCount = 93
}
