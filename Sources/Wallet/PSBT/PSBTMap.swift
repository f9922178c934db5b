/// One map of a PSBT: every field in the order in which it was read, known or not.
package struct PSBTMap: Equatable, Sendable {
    package private(set) var fields: [PSBTField] = []

    package init() {}

    /// Of fields in their order, no two with the same key.
    package init(_ fields: [PSBTField]) {
        self.fields = fields
    }

    /// The value of the field of this type, for types whose key is nothing but the type.
    package func value(_ type: UInt64) -> [UInt8]? {
        for field in fields where field.type == type {
            return field.value
        }
        return nil
    }

    /// The value as a number of four bytes; nothing if there is none.
    package func number(_ type: UInt64) -> UInt32? {
        value(type).flatMap(UInt32.init(littleEndian:))
    }

    /// Every field of this type, in order.
    package func all(_ type: UInt64) -> [PSBTField] {
        fields.filter { $0.type == type }
    }

    package func has(_ type: UInt64) -> Bool {
        fields.contains { $0.type == type }
    }

    /// Puts a field in the place of the one with the same key, or else before the first greater
    /// key, so that a map in order stays in order.
    package mutating func set(_ field: PSBTField) {
        for index in fields.indices
        where fields[index].type == field.type && fields[index].keyData == field.keyData {
            fields[index] = field
            return
        }
        let key = field.key
        let next = fields.firstIndex { key.lexicographicallyPrecedes($0.key) }
        fields.insert(field, at: next ?? fields.endIndex)
    }

    /// Adds a field whose key is not there yet.
    mutating func append(_ field: PSBTField) {
        fields.append(field)
    }

    mutating func sortByKey() {
        fields.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Takes out every field of these types.
    package mutating func remove(_ types: Set<UInt64>) {
        fields.removeAll { types.contains($0.type) }
    }

    /// Adds the map with its separator.
    package func write(to bytes: inout [UInt8]) {
        for field in fields {
            bytes.append(vector: field.key)
            bytes.append(vector: field.value)
        }
        bytes.append(0)
    }
}
