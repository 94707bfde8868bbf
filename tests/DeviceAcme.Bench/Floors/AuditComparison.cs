using DeviceAcme.Core;
using DeviceAcme.Core.Audit;

namespace DeviceAcme.Bench.Floors;

/// <summary>What it costs to chain the events of one enrollment, beside the durable commits that they are written in.</summary>
internal sealed class AuditComparison(CommitFloor commits, TimeSpan repetition)
{
    private static readonly string[] Kinds = ["order.created", "authorization.valid", "device.activated", "order.ready", "order.valid", "certificate.issued"];

    public VerifyResult OneEnrollment()
    {
        var chain = Events();
        var hash = AuditChain.Genesis.ToArray();
        var chaining = new Operation("audit chain", 1, () =>
        {
            foreach (var happened in chain)
            {
                happened.Number(happened.Sequence + 1);
                happened.Chain(hash);
                hash = happened.Hash!;
            }
        }).Measure(repetition);
        return new VerifyResult($"{chain.Count} events of an enrollment", chaining.Microseconds, [.. commits.Of(evidence: 0).Select(commit => commit.Measure(repetition))]);
    }

    private static List<AuditEvent> Events() =>
    [
        .. Kinds.Select((kind, index) => new AuditEvent
        {
            At = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(index),
            Kind = kind,
            Profile = "apple-device",
            Account = new AccountId("2KLIXY1-3xYzbK3eLaHfA0"),
            Order = new OrderId("CHuuxvF9ofNCEDQSQ1fF6Q"),
            Device = new DeviceId("Y7PoX5I8r3xE9XH2rydx-w"),
            Detail = "permanent-identifier:C02SIM000001",
        }),
    ];
}
