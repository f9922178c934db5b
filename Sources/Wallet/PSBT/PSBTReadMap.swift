private import Bitcoin
import Bytes

/// A map as it was read, with the place of each field among all bytes, for messages.
struct PSBTReadMap {
    let map: PSBTMap
    let scope: PSBTScope
    let place: PSBTPlace
    /// Where the key of each field begins.
    private let offsets: [Int]

    /// Reads up to the map's separator. A key that stands there twice is refused, and so is one
    /// field more than `fieldsLeft`, before there is room made for it.
    init(
        _ bytes: [UInt8],
        reading reader: inout ByteReader,
        scope: PSBTScope,
        place: PSBTPlace,
        fieldsLeft: inout Int
    ) throws(PSBTError) {
        var map = PSBTMap()
        var offsets: [Int] = []
        var keys: Set<ArraySlice<UInt8>> = []
        while true {
            let offset = reader.position
            guard let (key, value) = try Self.readPair(reading: &reader, place: place) else {
                break
            }
            guard fieldsLeft > 0 else {
                throw PSBTError(place, .tooManyFields(limit: PSBT.fieldCountMax), at: offset)
            }
            fieldsLeft -= 1
            let type = try Self.readType(bytes, key, place: place)
            guard keys.insert(bytes[key]).inserted else {
                let name = PSBTFieldName(scope, type.value)
                throw PSBTError(place, .duplicateKey(name), at: offset)
            }
            map.append(
                PSBTField(
                    type.value,
                    keyData: Array(bytes[(key.lowerBound + type.width)..<key.upperBound]),
                    value: Array(bytes[value])
                )
            )
            offsets.append(offset)
        }
        self.map = map
        self.scope = scope
        self.place = place
        self.offsets = offsets
    }

    /// Holds every field to its rule, and the map to the fields that the version demands.
    func check(_ version: PSBTVersion) throws(PSBTError) {
        for (field, offset) in zip(map.fields, offsets) {
            do throws(PSBTError) {
                try PSBTFieldRules.check(field, scope, version, place: place)
            } catch {
                throw error.at(offset)
            }
        }
        for type in PSBTFieldRules.required(scope, version) where !map.has(type) {
            throw PSBTError(place, .missingField(PSBTFieldName(scope, type)))
        }
    }

    /// Where the field of this type begins, for types whose key is nothing but the type.
    func offset(of type: UInt64) -> Int? {
        for (field, offset) in zip(map.fields, offsets) where field.type == type {
            return offset
        }
        return nil
    }

    /// The places of the next key and value, or nothing at the separator.
    private static func readPair(
        reading reader: inout ByteReader,
        place: PSBTPlace
    ) throws(PSBTError) -> (key: Range<Int>, value: Range<Int>)? {
        let start = reader.position
        do throws(ByteError) {
            let key = try reader.readRange()
            guard !key.isEmpty else { return nil }
            return (key, try reader.readRange())
        } catch {
            throw PSBTError(place, .bytes(error), at: start)
        }
    }

    private static func readType(
        _ bytes: [UInt8],
        _ key: Range<Int>,
        place: PSBTPlace
    ) throws(PSBTError) -> (value: UInt64, width: Int) {
        do throws(ByteError) {
            var reader = ByteReader(bytes.span.extracting(key))
            let value = try reader.readCompactSize()
            return (value, reader.position)
        } catch {
            throw PSBTError(place, .bytes(error), at: key.lowerBound)
        }
    }
}
