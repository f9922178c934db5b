// The rows of `make bench` that need code of ours from inside:
//
//   core-bench policy              microseconds of one evaluation, a line for each case
//   core-bench log FOLDER COUNT    entries a second, one by one and grouped, beside the disk

import CLinux

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("policy", 2): try PolicyBench.run()
case ("log", 4):
    guard let count = Int(arguments[3]), count > 0 else { linux_exit(2) }
    try LogBench.run(arguments[2], count: count)
default:
    print("usage: core-bench policy | core-bench log FOLDER COUNT")
    linux_exit(2)
}

/// Microseconds of the body.
func microseconds(_ body: () throws -> Void) rethrows -> Double {
    let took = try ContinuousClock().measure(body)
    return took / .microseconds(1)
}

/// The middle of some numbers.
func median(_ numbers: [Double]) -> Double {
    numbers.sorted()[numbers.count / 2]
}
