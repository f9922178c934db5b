import Bytes
import Policy

/// Lays a model out as a bundle.
struct ModelWriter {
    let model: PolicyModel
    let header: BundleHeaderFields
    let source: [UInt8]

    /// Writes the bundle to the front of `room` and gives its length.
    func write(into room: consuming MutableSpan<UInt8>) throws(ByteError) -> Int {
        var writer = BundleWriter(room)
        try writer.writeHeader(header)
        for key in model.adminKeys {
            try writer.writeAdminKey(key.span)
        }
        try writer.beginSection(count: UInt16(model.wallets.count))
        for wallet in model.wallets {
            let name = Array(wallet.name.utf8)
            let descriptor = Array(wallet.descriptor.utf8)
            let template = wallet.template.bytes
            try writer.writeWallet(
                name: name.span,
                template: template.span,
                descriptor: descriptor.span
            )
        }
        try writer.beginSection(count: UInt16(model.lists.count))
        for list in model.lists {
            let name = Array(list.utf8)
            try writer.writeListName(name.span)
        }
        try writer.beginDestinations(count: UInt32(model.destinations.count))
        for destination in model.destinations {
            try writer.writeDestination(script: destination.script.span, lists: destination.lists)
        }
        try writeLimitsAndRules(&writer)
        let extensions = model.extensionBytes
        try writer.writeExtensions(extensions.span)
        try writer.finish(source: source.span)
        return writer.count
    }

    private func writeLimitsAndRules(_ writer: inout BundleWriter) throws(ByteError) {
        try writer.beginSection(count: UInt16(model.limits.count))
        for limit in model.limits {
            let name = Array(limit.name.utf8)
            try writer.writeLimit(
                name: name.span,
                scope: limit.scope,
                windowSeconds: limit.windowSeconds,
                amountMax: limit.amountMax,
                countMax: limit.countMax
            )
        }
        let zones = model.zones
        try writer.beginSection(count: UInt16(model.rules.count))
        for rule in model.rules {
            let name = Array(rule.name.utf8)
            if let conditions = rule.conditions {
                let bytes = conditions.flatMap { $0.bytes(zones) }
                try writer.writeConditionRule(
                    name: name.span,
                    effect: rule.fields.effect,
                    wallets: rule.fields.wallets,
                    conditions: bytes.span
                )
                continue
            }
            guard let message = rule.message else {
                try writer.writeRule(name: name.span, rule.fields)
                continue
            }
            try writer.writeMessageRule(
                name: name.span,
                wallets: rule.fields.wallets,
                formats: message.formats,
                branches: message.branches,
                indexes: message.indexMin...message.indexMax,
                pattern: message.pattern.span
            )
        }
    }
}
