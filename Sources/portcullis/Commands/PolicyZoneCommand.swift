import ArgumentParser
import Front
private import PolicyLanguage

extension PolicyCommand {
    struct Zone: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "zone",
            abstract: "Print the rule of a time zone as a policy has it.",
            discussion: """
                A policy names no time zone of the system's database, which changes under it; it \
                holds the rule that the zone follows from now on. That is the last line of the \
                zone's file in /usr/share/zoneinfo, and this prints it.

                Example:
                  portcullis policy zone Europe/Berlin

                Exit status: 0 printed, 2 usage, 1 anything else.
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The name of a zone, such as Europe/Berlin.")
        var name: String

        private static let folder = "/usr/share/zoneinfo"

        mutating func run() throws {
            try common.run { () throws(FrontError) in
                let parts = name.split(separator: "/", omittingEmptySubsequences: false)
                let isName = parts.allSatisfy { part in
                    !part.isEmpty && part.utf8.allSatisfy { Self.isOfName($0) }
                }
                guard isName else {
                    throw .usage("\(name) is no name of a zone, such as Europe/Berlin")
                }
                let bytes = try Files.read("\(Self.folder)/\(name)", limit: 1 << 20)
                let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
                guard bytes.starts(with: Array("TZif".utf8)), lines.count >= 3, lines.last == []
                else {
                    throw .failed("\(Self.folder)/\(name) is not a file of the zoneinfo database")
                }
                let rule = String(decoding: lines[lines.count - 2], as: UTF8.self)
                guard ZoneText(rule) != nil else {
                    throw .failed(
                        "the rule of \(name), \"\(rule)\", is not of a form policies have"
                    )
                }
                try common.output.finish(ZoneDocument(name: name, rule: rule), text: rule + "\n")
            }
        }

        private static func isOfName(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x5F: true
            default: false
            }
        }
    }
}

/// The document of `policy zone`.
struct ZoneDocument: Encodable {
    var name: String
    /// As POSIX has it.
    var rule: String
}
