import Configuration
import Kernel
import Policies

/// The threads that keep the keys of token issuers fresh: one for each, because a server that hangs
/// must not make the keys of another one stale.
final class KeySetWatch {
    private let sources: [KeySetSource]
    private var threads: [Thread] = []

    /// What was read from files is in the workers' mailboxes afterwards.
    init(_ sources: [KeySetSource], _ mailboxes: [Mailbox]) {
        self.sources = sources
        for (index, source) in sources.enumerated() {
            guard let keys = source.keys else { continue }
            for mailbox in mailboxes { mailbox.post(.keys(index, keys)) }
        }
    }

    func start(_ mailboxes: [Mailbox]) throws(SystemFault) {
        for (index, source) in sources.enumerated() {
            let thread = try Thread.spawn(name: "keys-\(index)") {
                source.run { keys in
                    for mailbox in mailboxes { mailbox.post(.keys(index, keys)) }
                }
            }
            threads.append(thread)
        }
    }

    func stop() {
        for source in sources { source.stop() }
        for thread in threads { thread.join() }
    }
}
