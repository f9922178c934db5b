/// A queue in which requesters take turns: whoever asks for much waits for itself, not the others
/// for it. The elements of one requester keep their order.
///
/// An element may cost more than a turn. Who took one that did lets the others, as long as there
/// are any, have as many turns as it was worth.
struct FairQueue<Element> {
    /// The cost of one turn: 30 milliseconds of the signer.
    private static var turnCost: Int { 10_000 }
    /// More is forgiven: that of one element, however many there were while nobody else waited.
    private static var debtMax: Int { 600_000 }

    private var queues: [UInt32: Fifo<Element>] = [:]
    /// Requesters with something in the queue, the next one first.
    private var turns = Fifo<UInt32>()
    /// What requesters took beyond their turns.
    private var debts: [UInt32: Int] = [:]
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
        passDebtors()
    }

    mutating func removeFirst(cost: Int = 0) {
        guard let requester = turns.first else { preconditionFailure("an element in the queue") }
        turns.removeFirst()
        queues[requester]?.removeFirst()
        count -= 1
        if queues[requester]?.isEmpty == true {
            queues[requester] = nil
        } else {
            turns.append(requester)
        }
        if cost > Self.turnCost {
            let debt = debts[requester, default: 0] + cost - Self.turnCost
            debts[requester] = min(debt, Self.debtMax)
        }
        passDebtors()
    }

    /// Brings one to the front who owes nothing. A requester alone owes nobody.
    private mutating func passDebtors() {
        while let requester = turns.first, let debt = debts[requester], turns.count > 1 {
            debts[requester] = debt > Self.turnCost ? debt - Self.turnCost : nil
            turns.removeFirst()
            turns.append(requester)
        }
    }
}
