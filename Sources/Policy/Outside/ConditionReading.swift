/// What those who show or write a bundle again need of its conditions and sections.
extension RuleRecord {
    /// The conditions as bytes.
    package var conditionBytes: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(conditionsStart..<conditionsEnd) }
    }
}

extension ConditionRecord {
    /// Of a range: what it is about.
    package var numericFact: NumericFact {
        guard let fact = NumericFact(rawValue: fact) else {
            preconditionFailure("a fact that the checker knew")
        }
        return fact
    }
}

extension CheckedBundle {
    /// 1, or 2 with the sections behind the rules.
    package var version: UInt16 { bytes.littleEndian16(at: BundleHeader.versionOffset) }

    /// The sections of version 2 as bytes; none in version 1.
    package var extensionBytes: Span<UInt8> {
        @_lifetime(copy self) get {
            // The zones' count stands before the zones, the source's length before the source.
            let isThere = version == BundleHeader.versionWithExtensions
            let end = layout.source - 4
            return bytes.extracting((isThere ? layout.zones - 1 : end)..<end)
        }
    }

    /// Lends every shape of data.
    package func forEachShape(_ body: (DataShape) -> Void) {
        var start = layout.shapes
        for _ in 0..<layout.shapeCount {
            let shape = DataShape(bytes, at: start)
            body(shape)
            start = shape.end
        }
    }
}
