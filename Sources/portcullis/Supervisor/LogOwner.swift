private import CLinux
private import FoundationEssentials
import Front

/// Whose the log's files are. A copy that was put back by hand often belongs to whoever did it, and
/// then the gate can open nothing and can only say so by a number.
struct LogOwner {
    let home: Home
    let gate: UInt32

    /// Refuses where the gate could not write. Its tiles are made anew, so what holds them is
    /// enough.
    func check() throws(FrontError) {
        var places = [home.gateFolder]
        for name in try names(in: home.gateFolder) where name.hasPrefix("log-") {
            let log = "\(home.gateFolder)/\(name)"
            places.append(log)
            places += ["journal", "checkpoint", "tile"].map { "\(log)/\($0)" }
        }
        for place in places {
            var facts = linux_file_facts()
            // SAFETY: the text is NUL-terminated and borrowed; the call fills the record.
            let found = unsafe place.withCString {
                unsafe linux_facts_at(LINUX_AT_FDCWD, $0, &facts)
            }
            guard found == 0, facts.uid != gate else { continue }
            throw .failed(
                "\(place) belongs to user \(facts.uid), and the gate runs as user \(gate): "
                    + "chown -R \(gate):\(gate) \(home.gateFolder)"
            )
        }
    }

    private func names(in folder: String) throws(FrontError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw .failed("cannot read the folder \(folder)")
        }
    }
}
