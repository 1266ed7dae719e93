import Kernel

/// Every answer of the tool, laid out for the wire once.
final class PreparedAnswers {
    static let completionBytes = 1_024

    let completion: ByteBuffer
    let eventHead: ByteBuffer
    let event: ByteBuffer
    let lastEvents: ByteBuffer
    let blobBlock: ByteBuffer
    let refusal: ByteBuffer
    let interim: ByteBuffer

    init() {
        completion = Self.make { output in
            Self.appendHead(&output, type: "application/json", length: Self.completionBytes)
            Self.appendCompletion(&output)
        }
        eventHead = Self.make { output in
            output.append("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            output.append("cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n")
        }
        event = Self.make { output in
            Self.appendChunk(
                &output,
                """
                data: {"id":"chatcmpl-benchmark","object":"chat.completion.chunk",\
                "created":1735689600,"model":"benchmark","choices":[{"index":0,\
                "delta":{"content":" gateway"},"finish_reason":null}]}\n\n
                """)
        }
        lastEvents = Self.make { output in
            Self.appendChunk(&output, "data: [DONE]\n\n")
            output.append("0\r\n\r\n")
        }
        blobBlock = Self.make { output in
            for _ in 0..<65_536 { output.append(UInt8(ascii: "x")) }
        }
        refusal = Self.make { output in
            output.append("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n")
            output.append("connection: close\r\n\r\n")
        }
        interim = Self.make { $0.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }

    private static func make(_ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var output = ByteBuffer()
        write(&output)
        return output
    }

    /// Appends a 200 head whose body is `length` bytes.
    static func appendHead(_ output: inout ByteBuffer, type: StaticString, length: Int) {
        output.append("HTTP/1.1 200 OK\r\ncontent-type: ")
        output.append(type)
        output.append("\r\ncontent-length: ")
        output.append(decimal: length)
        output.append("\r\n\r\n")
    }

    /// Appends the completion: exactly `completionBytes`, the answer's text filled up to it.
    private static func appendCompletion(_ output: inout ByteBuffer) {
        let opening = """
            {"id":"chatcmpl-benchmark","object":"chat.completion","created":1735689600,\
            "model":"benchmark","choices":[{"index":0,"message":{"role":"assistant","content":"
            """
        let ending = """
            "},"logprobs":null,"finish_reason":"stop"}],\
            "usage":{"prompt_tokens":16,"completion_tokens":128,"total_tokens":144}}
            """
        let filler = "The gateway passes these bytes on unchanged. "
        var left = completionBytes - opening.utf8.count - ending.utf8.count
        output.append(utf8: opening)
        while left > 0 {
            let count = min(left, filler.utf8.count)
            output.append(filler.utf8.span.extracting(0..<count))
            left -= count
        }
        output.append(utf8: ending)
    }

    private static func appendChunk(_ output: inout ByteBuffer, _ text: String) {
        output.append(utf8: String(text.utf8.count, radix: 16))
        output.append("\r\n")
        output.append(utf8: text)
        output.append("\r\n")
    }
}
