import Kernel

/// The bodies of the errors that always read the same, rendered once: a flood of refusals costs a
/// copy each and no memory.
enum RenderedBodies {
    /// `dialect`, `error`: their numbers.
    static func body(in dialect: Int, of error: Int) -> [UInt8] { tables[dialect][error] }

    private static let tables: [[[UInt8]]] = Dialect.all.map { dialect in
        GatewayError.examples.map { error in
            var body = ByteBuffer()
            dialect.write(dialect.wording(of: error), into: &body)
            return Array(body.text.utf8)
        }
    }
}
