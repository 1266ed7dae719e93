import Errors
import HTTP
import JSON
import Kernel
import Policies
import Upstream

/// A route that is answered through another one: the request is rewritten when it has been
/// collected, and the answer when it has come completely.
///
/// Until then nothing of the answer is with the client, so the exchange's machine learns of the
/// head only at the end, and whatever goes wrong before can still be said in a reply.
extension Exchange {
    /// Puts the rewritten request in the collected one's place. Whether there is one.
    func translateRequest() -> Bool {
        var chat = ByteBuffer(capacity: collected.count + 64)
        do throws(GatewayError) {
            try writeChatRequest(for: collected, into: &chat)
        } catch {
            fail(error)
            return false
        }
        let growth = max(0, chat.count - collected.count)
        guard core.snapshot.bodyBudget.reserve(growth) else {
            fail(.overloaded(retryAfterSeconds: 1))
            return false
        }
        reserved += growth
        collected = chat
        // The gateway's own words, whatever the client called its.
        request.fields.remove(.contentType)
        request.fields.append(.contentType, "application/json")
        return true
    }

    private func writeChatRequest(
        for body: borrowing ByteBuffer, into chat: inout ByteBuffer
    ) throws(GatewayError) {
        try CompletionTranslator(core.reader).writeChatRequest(for: body.bytes, into: &chat)
    }

    /// Whether the answer with this head has to be held. Redirects and refusals are passed on as
    /// they are.
    func mustHold(_ head: Head) -> Bool {
        guard let route, case .legacyCompletions = route.action else { return false }
        return (200..<300).contains(head.status) && !machine.isAnswered
    }

    func hold(_ head: Head, isEnd: Bool) {
        let kept = core.heads.take()
        kept.status = head.status
        site?.responseHeaders.copy(
            head.fields, to: &kept.fields, status: head.status, withholding: secret)
        heldAnswer = HeldAnswer(kept)
        usage = UsageScanner()
        if isRequestSent { dropRequestBody() }
        session.expect(within: timeouts.upstream.idle)
        if isEnd { answerTranslated() }
    }

    /// Another piece of a held answer. It is credited at once: what bounds it is its own limit
    /// and the budget of the process.
    func hold(_ bytes: Span<UInt8>, in answer: HeldAnswer) {
        usage?.passed(bytes)
        uncreditedOut += bytes.count
        creditUpstream(bytes.count)
        guard bytes.count <= core.snapshot.limits.translatedAnswerBytes - answer.body.count else {
            fail(.upstreamFailed(.replyTooLarge))
            return
        }
        guard core.snapshot.bodyBudget.reserve(bytes.count) else {
            fail(.overloaded(retryAfterSeconds: 1))
            return
        }
        answer.reserved += bytes.count
        answer.body.append(bytes)
    }

    /// The held answer is complete.
    func answerTranslated() {
        guard let answer = heldAnswer, case .relay = machine.receivedHead() else { return }
        switch machine.receivedEnd() {
        case .nothing: return
        case .giveBack(let lease):
            creditUpstream(uncreditedOut)
            settle(lease)
        }
        core.body.removeAll(keepingCapacity: 65_536)
        do throws(CompletionTranslator.Unreadable) {
            try CompletionTranslator(core.reader)
                .writeCompletion(for: answer.body.bytes, into: &core.body)
        } catch {
            dropHeldAnswer()
            reply(.upstreamFailed(.malformedReply))
            return
        }
        dropHeldAnswer()
        send(answer.head)
    }

    func dropHeldAnswer() {
        guard let answer = heldAnswer else { return }
        heldAnswer = nil
        if answer.reserved > 0 { core.snapshot.bodyBudget.release(answer.reserved) }
    }
}
