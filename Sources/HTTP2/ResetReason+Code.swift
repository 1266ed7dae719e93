import CNghttp2
import HTTP

/// The error codes of RFC 9113 section 7.
extension ResetReason {
    init(code: UInt32) {
        switch code {
        case NGHTTP2_NO_ERROR.rawValue: self = .noError
        case NGHTTP2_PROTOCOL_ERROR.rawValue: self = .protocolError
        case NGHTTP2_INTERNAL_ERROR.rawValue: self = .internalError
        case NGHTTP2_REFUSED_STREAM.rawValue: self = .refusedStream
        case NGHTTP2_CANCEL.rawValue: self = .cancel
        case NGHTTP2_ENHANCE_YOUR_CALM.rawValue: self = .enhanceYourCalm
        default: self = .other(code)
        }
    }

    var code: UInt32 {
        switch self {
        case .noError: NGHTTP2_NO_ERROR.rawValue
        case .protocolError: NGHTTP2_PROTOCOL_ERROR.rawValue
        case .internalError: NGHTTP2_INTERNAL_ERROR.rawValue
        case .refusedStream: NGHTTP2_REFUSED_STREAM.rawValue
        case .cancel: NGHTTP2_CANCEL.rawValue
        case .enhanceYourCalm: NGHTTP2_ENHANCE_YOUR_CALM.rawValue
        case .other(let code): code
        }
    }
}
