/// As much of a text as an error can show: not too long, and nothing that looks like a private key,
/// because errors are logged.
func shortened(_ whole: String) -> String {
    // Of a long text only the beginning is looked at, up to the end of a word.
    let isLong = whole.utf8.count > 600
    let text =
        isLong
        ? String(whole.prefix(600).reversed().drop(while: \.isKeyCharacter).reversed()) : whole
    var shown = ""
    for word in text.split(omittingEmptySubsequences: false, whereSeparator: { !$0.isKeyCharacter })
    {
        shown += looksPrivate(word) ? "(a private key)" : String(word)
        if word.endIndex < text.endIndex { shown.append(text[word.endIndex]) }
        guard shown.utf8.count <= 120 else { return "\(shown.prefix(117))…" }
    }
    return shown
}

/// Whether a word may be a private key in WIF or an extended one, with or without a mistake in it.
func looksPrivate(_ word: Substring) -> Bool {
    if word.hasPrefix("xprv") || word.hasPrefix("tprv") { return true }
    guard let first = word.first else { return false }
    return (50...53).contains(word.utf8.count) && "5KL9c".contains(first)
}

extension Character {
    fileprivate var isKeyCharacter: Bool { isASCII && (isLetter || isNumber) }
}
