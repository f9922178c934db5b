/// The folder into which a log is published: the seam between what to publish and the disk.
/// Paths are relative, ASCII, with folders made as needed.
package protocol PublishFolder: AnyObject {
    /// The whole file; nothing if there is none.
    func read(_ path: [UInt8]) throws(GateError) -> [UInt8]?
    /// Puts a whole file in place at once, in place of what was there. With `durably` its bytes
    /// are on the disk before it takes the name.
    func write(_ path: [UInt8], _ bytes: [UInt8], durably: Bool) throws(GateError)
    /// Removes a folder and the files in it, if it is there; or all of its files but one.
    func removeFolder(_ path: [UInt8], but kept: [UInt8]?) throws(GateError)
}
