import Errors
import JSON
import Kernel

/// The old completions API in the words of the chat API, and the answer back.
///
/// Values are copied as they stand, byte for byte, and never unescaped: what is not named here
/// comes through as it was.
struct CompletionTranslator {
    /// What a chat completion cannot be translated from: the answer is not one.
    struct Unreadable: Error {}

    private let reader: JSONReader

    init(_ reader: JSONReader) { self.reader = reader }

    // MARK: The request

    /// Members that chat completions do not have, or have with another meaning.
    private static func isLeftOut(_ name: Span<UInt8>) -> Bool {
        JSONText.spells(name, "prompt") || JSONText.spells(name, "messages")
            || JSONText.spells(name, "best_of") || JSONText.spells(name, "echo")
            || JSONText.spells(name, "logprobs") || JSONText.spells(name, "suffix")
    }

    /// Appends the chat request that stands for `body`: the prompt as one message of the user's.
    func writeChatRequest(
        for body: Span<UInt8>, into chat: inout ByteBuffer
    ) throws(GatewayError) {
        defer { reader.close() }
        let root: JSONItem
        do throws(JSONFault) {
            root = try reader.open(body)
        } catch {
            throw .invalidJSON
        }
        chat.append("{\"messages\":[{\"role\":\"user\",\"content\":\"")
        if let prompt = try prompt(in: root, of: body) {
            try write(prompt, of: body, into: &chat)
        }
        chat.append("\"}]")
        var item = reader.first(in: root, of: body)
        while let member = item {
            item = reader.next(after: member, of: body)
            guard let name = member.name, !Self.isLeftOut(body.extracting(name)) else { continue }
            copy(member, of: body, into: &chat)
        }
        chat.append("}")
    }

    /// The member `prompt`; one that occurs twice might mean either.
    private func prompt(
        in root: JSONItem, of body: Span<UInt8>
    ) throws(GatewayError) -> JSONItem? {
        var found: JSONItem?
        var item = reader.first(in: root, of: body)
        while let member = item {
            if let name = member.name, JSONText.spells(body.extracting(name), "prompt") {
                guard found == nil else { throw .invalidJSON }
                found = member
            }
            item = reader.next(after: member, of: body)
        }
        return found
    }

    /// Appends the prompt as the inside of a string. Several are joined by a blank line.
    private func write(
        _ prompt: JSONItem, of body: Span<UInt8>, into chat: inout ByteBuffer
    ) throws(GatewayError) {
        switch prompt.value.kind {
        case .null: return
        case .string: chat.append(inside(prompt.value, of: body))
        case .array:
            var item = reader.first(in: prompt, of: body)
            var isFirst = true
            while let part = item {
                guard part.value.kind == .string else { throw .unsupportedPrompt }
                if !isFirst { chat.append("\\n\\n") }
                chat.append(inside(part.value, of: body))
                isFirst = false
                item = reader.next(after: part, of: body)
            }
        default: throw .unsupportedPrompt
        }
    }

    // MARK: The answer

    /// Appends the text completion that stands for the chat completion `answer`.
    func writeCompletion(
        for answer: Span<UInt8>, into text: inout ByteBuffer
    ) throws(Unreadable) {
        defer { reader.close() }
        guard let root = try? reader.open(answer), root.value.kind == .object else {
            throw Unreadable()
        }
        text.append("{\"object\":\"text_completion\"")
        var hasChoices = false
        var item = reader.first(in: root, of: answer)
        while let member = item {
            item = reader.next(after: member, of: answer)
            guard let range = member.name else { continue }
            let name = answer.extracting(range)
            if JSONText.spells(name, "object") {
                continue
            } else if JSONText.spells(name, "choices") {
                guard !hasChoices else { throw Unreadable() }
                try writeChoices(member, of: answer, into: &text)
                hasChoices = true
            } else if JSONText.spells(name, "id"), member.value.kind == .string {
                text.append(",\"id\":\"")
                writeID(inside(member.value, of: answer), into: &text)
                text.append("\"")
            } else {
                copy(member, of: answer, into: &text)
            }
        }
        guard hasChoices else { throw Unreadable() }
        text.append("}")
    }

    private func writeID(_ id: Span<UInt8>, into text: inout ByteBuffer) {
        let chat: StaticString = "chatcmpl-"
        let count = chat.utf8CodeUnitCount
        guard id.count >= count, id.extracting(0..<count).equals(chat) else {
            text.append(id)
            return
        }
        text.append("cmpl-")
        text.append(id.extracting(count..<id.count))
    }

    private func writeChoices(
        _ choices: JSONItem, of answer: Span<UInt8>, into text: inout ByteBuffer
    ) throws(Unreadable) {
        guard choices.value.kind == .array else { throw Unreadable() }
        text.append(",\"choices\":[")
        var index = 0
        var item = reader.first(in: choices, of: answer)
        while let choice = item {
            if index > 0 { text.append(",") }
            try write(choice, index, of: answer, into: &text)
            index += 1
            item = reader.next(after: choice, of: answer)
        }
        text.append("]")
    }

    private func write(
        _ choice: JSONItem, _ index: Int, of answer: Span<UInt8>, into text: inout ByteBuffer
    ) throws(Unreadable) {
        guard let message = member("message", of: choice, answer), message.value.kind == .object
        else { throw Unreadable() }
        text.append("{\"text\":")
        let content = member("content", of: message, answer)?.value
        switch content?.kind {
        case .string: text.append(answer.extracting(content?.range ?? 0..<0))
        case .null, nil: text.append("\"\"")
        default: throw Unreadable()
        }
        text.append(",\"index\":")
        if let number = member("index", of: choice, answer)?.value, number.kind == .number {
            text.append(answer.extracting(number.range))
        } else {
            text.append(decimal: index)
        }
        text.append(",\"logprobs\":null,\"finish_reason\":")
        if let reason = member("finish_reason", of: choice, answer)?.value, reason.kind == .string {
            text.append(answer.extracting(reason.range))
        } else {
            text.append("null")
        }
        text.append("}")
    }

    // MARK: Items

    private func member(
        _ name: StaticString, of object: JSONItem, _ text: Span<UInt8>
    ) -> JSONItem? {
        guard object.value.kind == .object else { return nil }
        var item = reader.first(in: object, of: text)
        while let member = item {
            if let range = member.name, JSONText.spells(text.extracting(range), name) {
                return member
            }
            item = reader.next(after: member, of: text)
        }
        return nil
    }

    /// The inside of a string.
    @_lifetime(copy text)
    private func inside(_ string: JSONValue, of text: Span<UInt8>) -> Span<UInt8> {
        text.extracting(string.range.lowerBound + 1..<string.range.upperBound - 1)
    }

    /// Appends a member, the comma before it included.
    private func copy(
        _ member: JSONItem, of text: Span<UInt8>, into output: inout ByteBuffer
    ) {
        guard let name = member.name else { return }
        output.append(",\"")
        output.append(text.extracting(name))
        output.append("\":")
        output.append(text.extracting(member.value.range))
    }
}
