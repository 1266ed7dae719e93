import CKernel

/// An IPv4 or IPv6 address. IPv4 is held as ::ffff:a.b.c.d, so that one comparison serves both.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(v4 bits: UInt32) {
        high = 0
        low = 0xffff_0000_0000 | UInt64(bits)
    }

    public static let loopback = IPAddress(v4: 0x7f00_0001)

    public var description: String {
        var text = ByteBuffer()
        write(into: &text)
        return text.text
    }

    public var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    /// What one client owns: the address itself, of IPv6 the network of 64 bits.
    public var network: IPAddress { isV4 ? self : IPAddress(high: high, low: 0) }

    /// Reads "192.0.2.1" or "2001:db8::1" (no brackets, no zone).
    public init?(_ text: String) {
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var words = InlineArray<2, UInt64>(repeating: 0)
        var span = words.mutableSpan
        let isParsed = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe inet_pton(AF_INET6, text, buffer.baseAddress!) == 1
        }
        guard isParsed else { return nil }
        self.init(high: UInt64(bigEndian: words[0]), low: UInt64(bigEndian: words[1]))
    }

    /// Appends the address in its usual text form (RFC 5952 for IPv6), without brackets.
    public func write(into output: inout ByteBuffer) {
        if isV4 {
            for shift in stride(from: 24, through: 0, by: -8) {
                output.append(decimal: UInt(low >> UInt64(shift) & 0xff))
                if shift > 0 { output.append(UInt8(ascii: ".")) }
            }
        } else {
            output.append(utf8: v6Text)
        }
    }

    private var v6Text: String {
        let words: InlineArray<2, UInt64> = [high.bigEndian, low.bigEndian]
        var text = InlineArray<46, CChar>(repeating: 0)
        var span = text.mutableSpan
        return unsafe words.span.withUnsafeBufferPointer { source in
            unsafe span.withUnsafeMutableBufferPointer { target in
                let size = socklen_t(target.count)
                guard
                    let end = unsafe inet_ntop(
                        AF_INET6, source.baseAddress!, target.baseAddress!, size)
                else { return "::" }
                return unsafe String(cString: end)
            }
        }
    }
}

/// An IP address and a TCP port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    public let ip: IPAddress
    public let port: UInt16

    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads "127.0.0.1:8443" or "[::1]:8443".
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let ip = IPAddress(String(host)), ip.isV4 != isBracketed else { return nil }
        self.init(ip: ip, port: port)
    }

    public var description: String {
        var text = ByteBuffer()
        write(into: &text)
        return text.text
    }

    public func write(into output: inout ByteBuffer) {
        if !ip.isV4 { output.append(UInt8(ascii: "[")) }
        ip.write(into: &output)
        if !ip.isV4 { output.append(UInt8(ascii: "]")) }
        output.append(UInt8(ascii: ":"))
        output.append(decimal: UInt(port))
    }

    /// Blocks while the system resolves `host`: for start-up and the resolver's own thread only.
    public static func resolve(host: String, port: UInt16) throws(SystemFault) -> [SocketAddress] {
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe gh_resolve(host, String(port), &list)
        guard code == 0 else {
            let reason = unsafe String(cString: gai_strerror(code))
            throw SystemFault("resolving \(host) (\(reason))", code: ENOENT)
        }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe SocketAddress(entry.pointee.ai_addr), !found.contains(address) {
                found.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    /// *Safety:* `pointer` is read as the family it names; the system sized it for that family.
    @unsafe
    init?(_ pointer: UnsafePointer<sockaddr>?) {
        guard let pointer = unsafe pointer else { return nil }
        switch Int32(unsafe pointer.pointee.sa_family) {
        case AF_INET:
            let v4 = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            self.init(
                ip: IPAddress(v4: UInt32(bigEndian: v4.sin_addr.s_addr)),
                port: UInt16(bigEndian: v4.sin_port))
        case AF_INET6:
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!
            let raw = unsafe UnsafeRawPointer(pointer)
            let v6 = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let high = unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let low = unsafe raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            self.init(
                ip: IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)),
                port: UInt16(bigEndian: v6.sin6_port))
        default: return nil
        }
    }

    /// Lends the address in the form the socket calls take.
    @unsafe
    func withSystemForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if ip.isV4 {
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            form.sin_addr.s_addr = UInt32(truncatingIfNeeded: ip.low).bigEndian
            return unsafe withUnsafePointer(to: &form) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var form = sockaddr_in6()
        form.sin6_family = sa_family_t(AF_INET6)
        form.sin6_port = port.bigEndian
        unsafe withUnsafeMutableBytes(of: &form.sin6_addr) { bytes in
            unsafe bytes.storeBytes(of: ip.high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: ip.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return unsafe withUnsafePointer(to: &form) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
