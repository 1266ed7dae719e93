import Kernel

/// Reads the first line of a message (RFC 9112 sections 3 and 4) into a head.
enum StartLine {
    /// `method SP request-target SP HTTP-version`
    static func readRequest(_ line: Span<UInt8>, into head: Head) throws(MessageFault) {
        let methodEnd = line.leadingTokenCount
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw .malformed("invalid method")
        }
        let method = line.extracting(0..<methodEnd)
        let targetStart = methodEnd + 1
        guard let targetEnd = line.firstIndex(of: 0x20, from: targetStart) else {
            // A line without a version is how HTTP/0.9 asked.
            let rest = line.extracting(targetStart..<line.count)
            guard rest.isTargetContent else { throw .malformed("invalid request target") }
            throw .unsupportedVersion
        }
        let target = line.extracting(targetStart..<targetEnd)
        guard target.isTargetContent else { throw .malformed("invalid request target") }
        head.isHTTP10 = try readVersion(line.extracting(targetEnd + 1..<line.count))
        head.method = Method.recognise(method)
        if head.method == .other { head.methodText.append(method) }
        if head.method == .connect { throw .malformed("CONNECT") }
        try readTarget(target, into: head)
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]`; the space in front of an absent reason
    /// phrase may be missing too, as many servers leave it out.
    static func readStatus(_ line: Span<UInt8>, into head: Head) throws(MessageFault) {
        guard line.count >= 12, line[8] == 0x20 else { throw .malformed("invalid status line") }
        head.isHTTP10 = try readVersion(line.extracting(0..<8))
        guard let status = line.extracting(9..<12).decimal, status >= 100 else {
            throw .malformed("invalid status code")
        }
        if line.count > 12 {
            guard line[12] == 0x20, line.extracting(13..<line.count).isFieldContent else {
                throw .malformed("invalid reason phrase")
            }
        }
        head.status = status
    }

    /// `"HTTP/" DIGIT "." DIGIT`, case-sensitive. Whether it is 1.0; a minor version above 1 counts
    /// as 1.1.
    private static func readVersion(_ text: Span<UInt8>) throws(MessageFault) -> Bool {
        guard text.count == 8, text.extracting(0..<5).equals("HTTP/"), text[5].isDigit,
            text[6] == UInt8(ascii: "."), text[7].isDigit
        else { throw .malformed("invalid HTTP version") }
        guard text[5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return text[7] == UInt8(ascii: "0")
    }

    private static func readTarget(_ target: Span<UInt8>, into head: Head) throws(MessageFault) {
        if target[0] == UInt8(ascii: "/") {
            head.target.append(target)
        } else if target.equals("*") {
            guard head.method == .options else { throw .malformed("* without OPTIONS") }
            head.target.append(target)
        } else {
            try readAbsolute(target, into: head)
        }
    }

    /// The absolute form (RFC 9112 section 3.2.2): its authority becomes the head's, the rest the
    /// target.
    private static func readAbsolute(_ target: Span<UInt8>, into head: Head) throws(MessageFault) {
        let start: Int
        if target.count > 7, target.extracting(0..<7).equalsIgnoringCase("http://") {
            start = 7
        } else if target.count > 8, target.extracting(0..<8).equalsIgnoringCase("https://") {
            start = 8
        } else {
            throw .malformed("request target in no known form")
        }
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?")
        {
            end += 1
        }
        let authority = target.extracting(start..<end)
        guard authority.isAuthority else { throw .malformed("invalid authority") }
        head.authority.append(authority)
        if end == target.count {
            // OPTIONS of a whole server has no path to name (RFC 9112 section 3.2.4).
            head.target.append(UInt8(ascii: head.method == .options ? "*" : "/"))
        } else {
            if target[end] == UInt8(ascii: "?") { head.target.append(UInt8(ascii: "/")) }
            head.target.append(target.extracting(end..<target.count))
        }
    }
}
