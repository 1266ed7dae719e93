import CFuzzer
import FuzzTargets
import Glibc

/// Which parser to feed: the program's first argument. libFuzzer gets the others.
nonisolated(unsafe) private var chosen = FuzzTarget.http1Server

private func names() -> String { FuzzTarget.allCases.map(\.rawValue).joined(separator: " ") }

private func check(_ input: UnsafeBufferPointer<UInt8>) throws(Violation) {
    try chosen.check(input.span)
}

guard CommandLine.arguments.count > 1 else {
    print("usage: gatehouse-fuzz TARGET [libFuzzer's arguments]\ntargets: \(names())")
    exit(2)
}
guard let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    fatalError("no such target; there are: \(names())")
}
chosen = target

// libFuzzer sees the program's name and what stands behind the target.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
arguments?[0] = CommandLine.unsafeArgv[0]
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        do throws(Violation) {
            try check(UnsafeBufferPointer(start: data, count: size))
        } catch {
            fatalError("\(chosen.rawValue): \(error)")
        }
        return 0
    })
