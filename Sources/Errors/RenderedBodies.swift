import Kernel

/// The bodies of the errors that always read the same, rendered once: a flood of refusals costs a
/// copy each and no memory.
enum RenderedBodies {
    static func openAI(_ number: Int, _ errorParam: Bool) -> [UInt8] {
        errorParam ? withParam[number] : withoutParam[number]
    }

    private static let withParam = render(errorParam: true)
    private static let withoutParam = render(errorParam: false)

    private static func render(errorParam: Bool) -> [[UInt8]] {
        GatewayError.examples.map { error in
            var body = ByteBuffer()
            OpenAIEnvelope.write(error.facts, errorParam: errorParam, into: &body)
            return Array(body.text.utf8)
        }
    }
}
