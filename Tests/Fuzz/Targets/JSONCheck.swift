import JSON
import Kernel

/// Bodies, against a reader that builds a tree's worth of calls.
enum JSONCheck {
    static func run(_ input: Span<UInt8>) throws(Violation) {
        let probe = JSONProbe()
        let found = verdict(probe, input)
        var reference = JSONReference(input.array)
        let expected = reference.summary()
        switch (found, expected) {
        case (.success(let summary), .success(let wanted)):
            try require(summary == wanted, "\(summary) instead of \(wanted)")
            try require(probe.model.bytes.array == reference.model, "another model")
        case (.failure, .failure): break
        case (.success(let summary), .failure(let fault)):
            throw Violation("accepted as \(summary) what is \(fault)")
        case (.failure(let fault), .success): throw Violation("\(fault) although it is JSON")
        }
        let again = verdict(probe, input)
        try require(found == again, "\(found) became \(again) the second time")
    }

    private static func verdict(
        _ probe: JSONProbe, _ input: Span<UInt8>
    ) -> Result<JSONSummary, JSONFault> {
        do throws(JSONFault) {
            return .success(try probe.probe(input))
        } catch {
            return .failure(error)
        }
    }
}
