import Bytes
import Wire

/// Why a message of the gate's is not answered as it hoped.
enum Fault: Error {
    /// It was well formed and is refused on its merits; the session goes on. A request to assess
    /// that is refused gets a leaf that says so.
    case refused(RefusalDetail)
    case stop(SignerStop)

    /// Gives what `value` checks.
    static func refusing<Value>(
        _ value: @autoclosure () throws(RefusalDetail) -> Value
    ) throws(Fault) -> Value {
        do throws(RefusalDetail) {
            return try value()
        } catch {
            throw .refused(error)
        }
    }

    /// Gives what `value` reads from the gate or makes durable.
    static func stopping<Value>(
        _ value: @autoclosure () throws(SignerStop) -> Value
    ) throws(Fault) -> Value {
        do throws(SignerStop) {
            return try value()
        } catch {
            throw .stop(error)
        }
    }
}
