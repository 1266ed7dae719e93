import Errors
import HTTP
import JSON
import Kernel
import Policies
import Upstream

/// Another target of the model's rule in place of one that did not serve the request
/// (docs/decisions/0028).
///
/// Only where that is certain, because the request reached nobody or was refused in so many words;
/// and only while nothing of an answer is with the client. Then the collected body is still here.
extension Exchange {
    /// Fails with `error`, for which the request reached no upstream, unless another can be asked.
    func failUnreached(_ error: GatewayError) {
        guard choosesNext(elsewhere: true) else {
            fail(error)
            return
        }
        leaveQueue()
        switch machine.retried() {
        case .queue: askNext()
        case .giveBack(let lease):
            pool?.giveBack(lease, isReusable: isUpstreamHTTP2)
            askNext()
        case .nothing: break
        }
    }

    /// Whether the upstream's answer, which begins with `head`, is left alone and another is asked.
    func isRefusedOnly(by head: Head, isEnd: Bool) -> Bool {
        guard choice?.rule.isRefusal(head.status) == true, choosesNext(elsewhere: false) else {
            return false
        }
        if case .giveBack(let lease) = machine.retried() {
            discard(head, isEnd: isEnd, lease)
            askNext()
        }
        return true
    }

    private func choosesNext(elsewhere: Bool) -> Bool {
        guard status == 0, heldAnswer == nil, let asked = upstreamIndex,
            choice?.moveOn(elsewhere: elsewhere) == true
        else { return false }
        core.metrics?.fellBack(from: pools[asked].target.number)
        return true
    }

    /// Begins as if nobody had been asked.
    private func askNext() {
        if isRetry { pool?.endRetry() }
        isRetry = false
        collectedSent = 0
        isRequestSent = false
        upstreamLabel = nil
        leasedAt = nil
        firstByteAt = nil
        if namesModel() { serve() }
    }

    /// Has the collected body name the model as the target does; false: the request was refused.
    private func namesModel() -> Bool {
        guard let document = probeAgain() else { return false }
        if let name = choice?.target.name { return names(name.span, in: document) }
        return model.withBytes { names($0, in: document) }
    }

    private func names(_ name: Span<UInt8>, in document: JSONSummary) -> Bool {
        core.probe.model.withBytes { $0.equals(name) } || rewrite(document, model: name) != nil
    }
}
