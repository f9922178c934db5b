/// Why a key, a signature or a text form was refused.
package enum CryptoError: Error, Equatable, Sendable {
    /// libsodium or the curve library could not be prepared.
    case initializationFailed
    /// Bytes of another length than the format has.
    case wrongLength(expected: Int, found: Int)
    /// A secret that is zero or not below the group order.
    case invalidSecretKey
    /// Bytes that are no point of the curve, or not in the one permitted form.
    case invalidPublicKey
    /// A signature that is not in its one permitted form.
    case invalidSignature
    /// A signature was made and did not verify, or the public key named is not the secret's.
    case signingFailed
    /// A tweak that is not below the group order or leads to infinity.
    case invalidTweak
    /// A hardened child was asked of a public key.
    case hardenedFromPublic
    /// A chain of more than 255 steps.
    case tooDeep
    /// An extended key whose version bytes are none of those known.
    case unknownVersion(UInt32)
    /// An extended key of depth 0 that names a parent or a child number.
    case masterWithParent
    /// Argon2id or PBKDF2 parameters outside their bounds.
    case parametersOutOfRange
    /// There was no memory for Argon2id.
    case outOfMemory
    /// The text was changed, or the key is another: authentication failed.
    case authenticationFailed
    /// A character that the text form does not have, at its place.
    case invalidCharacter(at: Int)
    /// A checksum that does not fit what it guards.
    case wrongChecksum
    /// The text or its result is longer than the format or the room permits.
    case tooLong(count: Int, limit: Int)
    /// A text that is upper and lower case at once, lacks its separator, or has stray bits.
    case malformedText
    /// An address of another network, or of another kind.
    case wrongPrefix
    /// A witness program of a length that its version does not have, or a version over 16.
    case invalidProgram(version: UInt8, count: Int)
    /// A number of mnemonic words, or of entropy bytes, that BIP-39 does not have.
    case wordCount(Int)
    /// A word that is not in the list, by its number from 0.
    case unknownWord(at: Int)
}
