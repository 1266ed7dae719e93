import Kernel

/// All numbers of the process: what each worker counts, and who may read them together.
public final class MetricRegistry: Sendable {
    private let current: Lock<MetricSubjects>
    let layout: MetricLayout
    let directory: LabelDirectory
    let tallies: [Tally]

    /// `seriesLimit`: sets of request labels that are told apart.
    public init(_ subjects: MetricSubjects, workers: Int, seriesLimit: Int) {
        current = Lock(subjects)
        let layout = MetricLayout(
            upstreams: subjects.bounds?.upstreams ?? subjects.upstreams.count,
            routes: subjects.bounds?.routes ?? subjects.routes.count,
            series: seriesLimit + 1)
        self.layout = layout
        directory = LabelDirectory(bound: seriesLimit)
        tallies = (0..<workers).map { _ in Tally(count: layout.count) }
    }

    var subjects: MetricSubjects { current.withLock { $0 } }

    /// Takes over what is measured from now on: the subjects before and what was added to them. To
    /// be called before anything is counted under a new number.
    public func adopt(_ subjects: MetricSubjects) { current.withLock { $0 = subjects } }

    /// A worker's end, to be used by one thread. There is one for each worker.
    public func makeRecorder(worker: Int) -> MetricRecorder {
        MetricRecorder(tallies[worker], layout, directory)
    }

    /// The number at `cell`, of all workers together.
    func total(_ cell: Int) -> UInt64 { tallies.reduce(0) { $0 &+ $1[cell] } }
}
