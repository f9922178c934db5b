/// What a bundle of version 2 has behind its rules.
extension BundleChecker {
    mutating func checkExtensions() throws(BundleError) {
        if version == BundleHeader.versionWithExtensions {
            layout.needs.formUnion(.extensions)
            try checkZones()
            try checkShapes()
            try checkReserved()
            try checkKinds()
        }
        if let (zone, item) = zoneNeeded, zone >= layout.zoneCount {
            throw .unknownZone(item: item, found: UInt8(zone))
        }
        if layout.needs.contains(.approvals) { try checkGroupsOfRules() }
    }

    private mutating func checkZones() throws(BundleError) {
        let count = Int(try cursor.readUInt8())
        let limit = ZoneRecord.countMax
        try require(count <= limit, .tooMany(section: .zones, found: count, limit: limit))
        layout.zones = cursor.offset
        layout.zoneCount = count
        var previous: ByteRange?
        for item in 0..<count {
            let start = cursor.offset
            _ = try cursor.skip(ZoneRecord.shortByteCount)
            let zone = ZoneRecord(cursor.bytes, at: start)
            let daylight = cursor.bytes[start + 4]
            try require(daylight <= 1, .wrongZone(item: item))
            if zone.hasDaylight { _ = try cursor.skip(ZoneRecord.daylightByteCount) }
            try require(Self.isValid(zone), .wrongZone(item: item))
            let range = ByteRange(start: start, count: cursor.offset - start)
            try requireOrder(previous, range, .zones, item)
            previous = range
        }
    }

    private static func isValid(_ zone: ZoneRecord) -> Bool {
        let limit = UInt32(ZoneRecord.offsetMax)
        guard zone.standardOffset.magnitude <= limit else { return false }
        guard zone.hasDaylight else { return true }
        return zone.daylightOffset.magnitude <= limit && zone.daylightBegin.isValid
            && zone.daylightEnd.isValid
    }

    private mutating func checkShapes() throws(BundleError) {
        let bytes = cursor.bytes
        let count = Int(try cursor.readUInt8())
        let limit = DataShape.countMax
        try require(count <= limit, .tooMany(section: .shapes, found: count, limit: limit))
        layout.shapes = cursor.offset
        layout.shapeCount = count
        let known = CheckedBundle.mask(ofLowest: layout.listCount)
        var previous = 0
        for item in 0..<count {
            let start = try cursor.skip(8)
            let prefixCount = Int(try cursor.readUInt8())
            _ = try cursor.skip(prefixCount + 4)
            let shape = DataShape(bytes, at: start)
            guard shape.lists != 0, shape.lists & ~known == 0 else {
                throw .unknownLists(section: .shapes, item: item, found: shape.lists)
            }
            let isShape = prefixCount <= shape.lengthMin && shape.lengthMin <= shape.lengthMax
            try require(isShape, .wrongShape(item: item))
            if item > 0, !DataShape(bytes, at: previous).precedes(shape) {
                throw .outOfOrder(section: .shapes, item: item)
            }
            previous = start
        }
    }

    /// Ageing, which this version would not enforce, so nothing may stand there.
    private mutating func checkReserved() throws(BundleError) {
        let aged = Int(try cursor.readUInt8())
        let since = Int(try cursor.readUInt32())
        try require(aged + since == 0, .unknownExtension(count: aged + since))
    }

    /// `u16 kind | u32 byteCount | bytes`, each kind once, and only approvers are known.
    private mutating func checkKinds() throws(BundleError) {
        let count = try cursor.readUInt16()
        try require(count <= 1, .unknownExtension(count: Int(count)))
        guard count > 0 else { return }
        let kind = try cursor.readUInt16()
        try require(kind == BundleHeader.approvers, .wrongExtension(kind: kind))
        let byteCount = Int(try cursor.readUInt32())
        let start = cursor.offset
        try checkApprovers()
        try require(cursor.offset == start + byteCount, .wrongExtension(kind: kind))
    }
}
