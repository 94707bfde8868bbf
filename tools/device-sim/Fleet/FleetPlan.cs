using System.Buffers.Binary;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>One device of a fleet and what it will do.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Kind">One of <see cref="Devices.Kinds"/>.</param>
/// <param name="Serial">Its serial number, the name of its TPM, or its host name.</param>
/// <param name="Fault">What it does wrongly in place of enrolling; null for most.</param>
/// <param name="Renews">Enrolls a second time, with a new key.</param>
/// <param name="Revokes">Revokes its last certificate.</param>
internal sealed record FleetDevice(int Number, string Kind, string Serial, Fault? Fault, bool Renews, bool Revokes)
{
    /// <summary>How a ledger knows it: kind of identifier and value; null for a host, which proves nothing of itself.</summary>
    public (string Kind, string Value)? Identity(FakeVendors vendors) => LedgerName.Of(Devices.Find(Kind), Serial, vendors);
}

/// <summary>What a fleet is and does: the same for the same options and seed.</summary>
internal static class FleetPlan
{
    // the one fault that is hundreds of requests: it would measure itself
    private static readonly string[] Unfit = ["too-many-open-orders", "oversized-body"];

    /// <param name="mix">Which kinds.</param>
    /// <param name="devices">How many in all.</param>
    /// <param name="faults">Share of devices with a fault, 0 to 1.</param>
    /// <param name="renew">Share of the others that renew.</param>
    /// <param name="revoke">Share of the others that revoke.</param>
    /// <param name="seed">Decides which.</param>
    public static IReadOnlyList<FleetDevice> Make(FleetMix mix, int devices, double faults, double renew, double revoke, Seed seed)
    {
        var kinds = mix.Shares(devices).SelectMany(share => Enumerable.Repeat(share.Kind, share.Count)).ToArray();
        Shuffle(kinds, seed);
        var candidates = mix.Parts.ToDictionary(part => part.Kind, part => FaultsOf(part.Kind), StringComparer.Ordinal);
        var plan = new FleetDevice[devices];
        for (var i = 0; i < devices; i++)
        {
            var draw = seed.Bytes($"device:{i}", 16);
            var wrong = Share(draw, 0) < faults;
            var fault = wrong ? candidates[kinds[i]][(int)(Share(draw, 4) * candidates[kinds[i]].Count)] : null;
            plan[i] = new FleetDevice(i + 1, kinds[i], Serial(kinds[i], i + 1), fault, !wrong && Share(draw, 8) < renew, !wrong && Share(draw, 12) < revoke);
        }

        return plan;
    }

    /// <summary>The faults that a device of a fleet can have.</summary>
    public static IReadOnlyList<Fault> FaultsOf(string kind) =>
        [.. FaultTable.All.Where(fault => fault.Kinds.Contains(kind) && fault.Area != FaultArea.AttestationCa && (fault.Needs is null or Need.DeviceAcme) && !Unfit.Contains(fault.Name))];

    private static string Serial(string kind, int number) => kind switch
    {
        ServerHost.KindName => $"host{number}.fleet.example",
        "yubikey" => $"{40_000_000 + number}",
        "authenticator" => $"f1ee{number:x8}",
        _ => $"FLEET{number:D7}",
    };

    // Fisher and Yates, drawn from the seed
    private static void Shuffle(string[] kinds, Seed seed)
    {
        var draws = seed.Bytes("order of kinds", 32);
        var state = BinaryPrimitives.ReadUInt64LittleEndian(draws) | 1;
        for (var i = kinds.Length - 1; i > 0; i--)
        {
            // xorshift64: good enough for an order
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            var other = (int)(state % (ulong)(i + 1));
            (kinds[i], kinds[other]) = (kinds[other], kinds[i]);
        }
    }

    // 0 to 1, without 1
    private static double Share(byte[] draw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(draw.AsSpan(at)) / 4294967296.0;
}
