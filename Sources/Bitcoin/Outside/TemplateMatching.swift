import Bytes

extension TemplateScript: Equatable {
    /// Whether `script` is this script, byte for byte.
    package func matches(_ script: Span<UInt8>) -> Bool {
        script.equals(bytes)
    }

    package static func == (left: TemplateScript, right: TemplateScript) -> Bool {
        left.matches(right.bytes)
    }
}
