using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Trials;

/// <summary>The simulator's table of faults says what this server answers: each row is played.</summary>
public sealed class FaultTableTests(FaultServer server) : IClassFixture<FaultServer>
{
    /// <summary>Each fault with a kind of device that has it. Terms of service are for a server of its own: the conformance of the whole program has one.</summary>
    public static TheoryData<string, string> Rows =>
        [.. FaultTable.All.Where(fault => fault.Needs is not (Need.SoftwareTpm or Need.TermsOfService)).SelectMany(fault => Played(fault).Select(kind => (kind, fault.Name)))];

    [Theory, MemberData(nameof(Rows)), Spec("RFC 8555 §6.7")]
    public async Task The_answer_is_the_expected_one(string kind, string name)
    {
        var fault = FaultTable.Find(kind, name);

        var outcome = await server.Play(kind, fault);

        fault.Expected.Missed(outcome).Should().BeNull($"{kind} {name}: {outcome}");
    }

    // user enrollment needs a ticket, which is an administrator's to make
    public static TheoryData<string> Kinds => [.. Devices.All.Where(kind => kind.NamesItself).Select(kind => kind.Name)];

    [Theory, MemberData(nameof(Kinds))]
    public async Task What_is_right_is_accepted(string kind)
    {
        var nothing = FaultTable.Find("mac", "two-finalizes-at-once") with { Name = "nothing", Kinds = [kind] };

        (await server.Play(kind, nothing)).Problem.Should().BeNull();
    }

    // one kind of each format will do: their evidence is made by the same code
    private static IEnumerable<string> Played(Fault fault) =>
        fault.Needs is Need.ExternalAccount or Need.SingleUseAccount ? [ServerHost.KindName]
        : fault.Kinds.Count == 2 ? fault.Kinds
        : [fault.Kinds[0]];
}
