private let locks = MiniscriptType("ghij")
private let locksAndMix = MiniscriptType("ghijk")

extension MiniscriptType {
    /// The type of a fragment from those of its children; without a base where they do not fit.
    init(
        of fragment: Miniscript.Fragment,
        _ children: [MiniscriptType],
        context: Miniscript.Context
    ) {
        switch fragment {
        case .zero: self.init("Bzudemsxk")
        case .one: self.init("Bzufmxk")
        case .key: self.init("Konudemsxk")
        case .keyHash: self.init("Knudemsxk")
        case .older(let number):
            self.init(RelativeLock(number).isTime ? "gBzfmxk" : "hBzfmxk")
        case .after(let number):
            self.init(AbsoluteLock(number).isTime ? "iBzfmxk" : "jBzfmxk")
        case .hash: self.init("Bonudmk")
        case .multi: self.init("Bnudemsk")
        case .multiA: self.init("Budemsk")
        case .wrap(let wrapper): self = Self.wrapped(wrapper, children[0], context)
        case .andV, .andB: self = Self.and(fragment, children[0], children[1])
        case .orB: self = Self.orBoth(children[0], children[1])
        case .orC, .orD: self = Self.orElse(fragment, children[0], children[1])
        case .orI: self = Self.orIf(children[0], children[1])
        case .andOr: self = Self.andOr(children[0], children[1], children[2])
        case .threshold(let needed): self = Self.threshold(needed, children)
        }
    }

    private static func wrapped(
        _ wrapper: Miniscript.Wrapper,
        _ x: MiniscriptType,
        _ context: Miniscript.Context
    ) -> MiniscriptType {
        let time = x & locksAndMix
        return switch wrapper {
        case .altStack:
            time | MiniscriptType("W").when(x.has(.base)) | x & MiniscriptType("udfems")
                | MiniscriptType("x")
        case .swap:
            time | MiniscriptType("W").when(x.has(MiniscriptType("Bo")))
                | x & MiniscriptType("udfemsx")
        case .checkSignature:
            time | MiniscriptType("B").when(x.has(.key)) | x & MiniscriptType("ondfem")
                | MiniscriptType("us")
        case .duplicateIf:
            // Only in tapscript does consensus demand that IF be given exactly 1.
            time | MiniscriptType("B").when(x.has(MiniscriptType("Vz")))
                | MiniscriptType("o").when(x.has(.zeroArguments))
                | MiniscriptType("e").when(x.has(.forced)) | x & MiniscriptType("ms")
                | MiniscriptType("u").when(context == .tapscript) | MiniscriptType("ndx")
        case .verify:
            time | MiniscriptType("V").when(x.has(.base)) | x & MiniscriptType("zonms")
                | MiniscriptType("fx")
        case .nonZero:
            time | MiniscriptType("B").when(x.has(MiniscriptType("Bn")))
                | MiniscriptType("e").when(x.has(.forced)) | x & MiniscriptType("oums")
                | MiniscriptType("ndx")
        case .zeroNotEqual:
            time | x & MiniscriptType("Bzondfems") | MiniscriptType("ux")
        }
    }

    /// Exactly one takes one item, and the other nothing.
    private static func oneOfTwo(_ x: MiniscriptType, _ y: MiniscriptType) -> MiniscriptType {
        ((x | y) & .oneArgument).when((x | y).has(.zeroArguments))
    }

    /// Whether a path through both needs a lock in time and one in blocks of the same sort.
    private static func mixes(_ x: MiniscriptType, _ y: MiniscriptType) -> Bool {
        x.has(.relativeTime) && y.has(.relativeHeight)
            || x.has(.relativeHeight) && y.has(.relativeTime)
            || x.has(.absoluteTime) && y.has(.absoluteHeight)
            || x.has(.absoluteHeight) && y.has(.absoluteTime)
    }

    private static func and(
        _ fragment: Miniscript.Fragment,
        _ x: MiniscriptType,
        _ y: MiniscriptType
    ) -> MiniscriptType {
        let isBoolean = fragment == .andB
        var type = oneOfTwo(x, y)
        type.formUnion(x & .nonZero)
        type.formUnion((y & .nonZero).when(x.has(.zeroArguments)))
        type.formUnion(x & y & MiniscriptType("dmz"))
        type.formUnion((x | y) & .safe)
        type.formUnion((x | y) & locks)
        type.formUnion((x & y & .noTimelockMix).when(!mixes(x, y)))
        if isBoolean {
            type.formUnion((x & .base).when(y.has(.wrapped)))
            type.formUnion((x & y & .expression).when((x & y).has(.safe)))
            let isForced =
                (x & y).has(.forced) || x.has(MiniscriptType("sf")) || y.has(MiniscriptType("sf"))
            type.formUnion(MiniscriptType("f").when(isForced))
            type.formUnion(MiniscriptType("ux"))
        } else {
            type.formUnion((y & MiniscriptType("KVB")).when(x.has(.verify)))
            type.formUnion(MiniscriptType("f").when(y.has(.forced) || x.has(.safe)))
            type.formUnion(y & MiniscriptType("ux"))
        }
        return type
    }

    private static func orBoth(_ x: MiniscriptType, _ z: MiniscriptType) -> MiniscriptType {
        let fits = x.has(MiniscriptType("Bd")) && z.has(MiniscriptType("Wd"))
        let isFirm = (x | z).has(.safe) && (x & z).has(.expression)
        return MiniscriptType("B").when(fits) | oneOfTwo(x, z)
            | (x & z & .nonMalleable).when(isFirm) | x & z & MiniscriptType("zse")
            | MiniscriptType("dux") | (x | z) & locks | x & z & .noTimelockMix
    }

    private static func orElse(
        _ fragment: Miniscript.Fragment,
        _ x: MiniscriptType,
        _ z: MiniscriptType
    ) -> MiniscriptType {
        let isVerify = fragment == .orC
        let isFirm = x.has(.expression) && (x | z).has(.safe)
        return (z & (isVerify ? .verify : .base)).when(x.has(MiniscriptType("Bdu")))
            | (x & .oneArgument).when(z.has(.zeroArguments))
            | (x & z & .nonMalleable).when(isFirm) | x & z & MiniscriptType("zs")
            | (isVerify ? MiniscriptType("fx") : z & MiniscriptType("ufde") | MiniscriptType("x"))
            | (x | z) & locks | x & z & .noTimelockMix
    }

    private static func orIf(_ x: MiniscriptType, _ z: MiniscriptType) -> MiniscriptType {
        x & z & MiniscriptType("VBKufs") | MiniscriptType("o").when((x & z).has(.zeroArguments))
            | ((x | z) & .expression).when((x | z).has(.forced))
            | (x & z & .nonMalleable).when((x | z).has(.safe)) | (x | z) & .dissatisfiable
            | MiniscriptType("x") | (x | z) & locks | x & z & .noTimelockMix
    }

    private static func andOr(
        _ x: MiniscriptType,
        _ y: MiniscriptType,
        _ z: MiniscriptType
    ) -> MiniscriptType {
        let isGuarded = x.has(.safe) || y.has(.forced)
        let isFirm = x.has(.expression) && (x | y | z).has(.safe)
        return (y & z & MiniscriptType("BKV")).when(x.has(MiniscriptType("Bdu")))
            | x & y & z & .zeroArguments | oneOfTwo(x, y & z) | y & z & .unit
            | (z & MiniscriptType("fe")).when(isGuarded) | z & .dissatisfiable
            | (x & y & z & .nonMalleable).when(isFirm) | z & (x | y) & .safe
            | MiniscriptType("x") | (x | y | z) & locks
            | (x & y & z & .noTimelockMix).when(!mixes(x, y))
    }

    private static func threshold(_ needed: Int, _ children: [MiniscriptType]) -> MiniscriptType {
        var arguments = 0
        var time = MiniscriptType.noTimelockMix
        for (place, child) in children.enumerated() {
            guard child.has(MiniscriptType(place == 0 ? "Bdu" : "Wdu")) else { return [] }
            arguments += child.has(.zeroArguments) ? 0 : child.has(.oneArgument) ? 1 : 2
            let isMixed = needed > 1 && mixes(time, child)
            time = (time | child) & locks | (time & child & .noTimelockMix).when(!isMixed)
        }
        let count = children.count
        let safeCount = children.count { $0.has(.safe) }
        let allExpressions = children.allSatisfy { $0.has(.expression) }
        let allFirm = allExpressions && children.allSatisfy { $0.has(.nonMalleable) }
        return MiniscriptType("Bdu") | time | MiniscriptType("z").when(arguments == 0)
            | MiniscriptType("o").when(arguments == 1)
            | MiniscriptType("e").when(allExpressions && safeCount == count)
            | MiniscriptType("m").when(allFirm && safeCount >= count - needed)
            | MiniscriptType("s").when(safeCount >= count - needed + 1)
    }
}
