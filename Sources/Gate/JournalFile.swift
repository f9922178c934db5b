/// The few things a journal needs of its file: the seam at which tests make each of them fail.
package protocol JournalFile: AnyObject {
    /// The size in bytes.
    func size() throws(GateError) -> Int
    /// Exactly `count` bytes from `offset`; a file that ends before is an error.
    func read(_ count: Int, at offset: Int) throws(GateError) -> [UInt8]
    /// One write, whole or an error.
    func write(_ bytes: [UInt8], at offset: Int) throws(GateError)
    /// Returns when everything written before is on the disk.
    func sync() throws(GateError)
}
