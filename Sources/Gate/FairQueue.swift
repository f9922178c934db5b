/// A queue in which requesters take turns: whoever asks for much waits for itself, not the others
/// for it. The elements of one requester keep their order.
struct FairQueue<Element> {
    private var queues: [UInt32: Fifo<Element>] = [:]
    /// Requesters with something in the queue, the next one first.
    private var turns = Fifo<UInt32>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { turns.first.flatMap { queues[$0]?.first } }

    mutating func append(_ element: Element, of requester: UInt32) {
        if queues[requester] == nil {
            queues[requester] = Fifo()
            turns.append(requester)
        }
        queues[requester]?.append(element)
        count += 1
    }

    mutating func removeFirst() {
        guard let requester = turns.first else { preconditionFailure("an element in the queue") }
        turns.removeFirst()
        queues[requester]?.removeFirst()
        count -= 1
        if queues[requester]?.isEmpty == true {
            queues[requester] = nil
        } else {
            turns.append(requester)
        }
    }
}
