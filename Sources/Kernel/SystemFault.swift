import CKernel

/// A system call that failed: which one, and the `errno` it left.
public struct SystemFault: Error, Equatable, Sendable, CustomStringConvertible {
    public let call: String
    public let code: Int32

    public init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// Somebody who was to answer has ended.
    public static func gone(_ name: String) -> SystemFault { SystemFault(name, code: EPIPE) }

    /// The fault of the call that just returned on this thread.
    static func last(_ call: String) -> SystemFault { SystemFault(call, code: gh_errno()) }

    public var description: String {
        var text = InlineArray<128, CChar>(repeating: 0)
        var span = text.mutableSpan
        let message = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe String(cString: gh_error_text(code, buffer.baseAddress!, buffer.count))
        }
        return "\(call): \(message)"
    }

    /// No descriptor is left, in this process or on the machine.
    public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
    /// Something has run out here, so the fault says nothing of the peer.
    public var isExhaustion: Bool {
        isOutOfDescriptors || code == ENOMEM || code == ENOBUFS || code == EADDRNOTAVAIL
    }
    public var isAddressInUse: Bool { code == EADDRINUSE }
}
