using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>The account of a Windows domain comes from the ledger, and from nowhere else.</summary>
public sealed class MicrosoftSidTests
{
    private const string Sid = "S-1-5-21-1004336348-1177238915-682003330-512";
    private const string Der = "303ea03c060a2b060104018237190201a02e042c532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d353132";

    [Fact, Spec("MS-WCCE 2.2.2.7.7.4")]
    public void The_value_is_an_other_name_in_a_sequence()
    {
        Convert.ToHexStringLower(MicrosoftSid.Write(Sid)).Should().Be(Der);
        MicrosoftSid.Read(Convert.FromHexString(Der)).Should().Be(Sid);
    }

    [Theory]
    [InlineData("303ea03c060a2b060104018237190202a02e042c532d312d352d32312d313030343333363334382d313137373233383931352d3638323030333333302d353132")]
    [InlineData("3011a00f060a2b060104018237190201a0010500")]
    [InlineData("0500")]
    [InlineData("")]
    public void What_is_no_such_value_is_not_read(string der) => MicrosoftSid.Read(Convert.FromHexString(der)).Should().BeNull();

    [Theory]
    [InlineData("optional")]
    [InlineData("required")]
    public void A_proven_device_gets_what_its_entry_says(string mode)
    {
        var extension = Plan(mode, Ledger(Sid)).Extensions.Single(extension => extension.Oid == Oids.MicrosoftSid);

        Convert.ToHexStringLower(extension.Value.Span).Should().Be(Der);
        extension.Critical.Should().BeFalse();
    }

    [Fact]
    public void Without_an_entry_an_optional_one_stays_away_and_a_required_one_ends_it()
    {
        Plan("optional", FactSet.Empty).Extensions.Should().NotContain(extension => extension.Oid == Oids.MicrosoftSid);
        Plan("none", Ledger(Sid)).Extensions.Should().NotContain(extension => extension.Oid == Oids.MicrosoftSid);

        var missing = () => Plan("required", Ledger(null));

        missing.Should().Throw<ProblemException>().Which.Problem.Should().BeEquivalentTo(new { Reason = "template-value-missing" }, options => options.ExcludingMissingMembers());
    }

    [Fact]
    public void Evidence_that_calls_a_fact_by_the_ledgers_name_says_nothing()
    {
        var evil = new FactSet([new Fact("ledger.sid", new FactValue.Text(Sid), true)]);

        Plan("optional", evil.With((Device?)null)).Extensions.Should().NotContain(extension => extension.Oid == Oids.MicrosoftSid);
        Plan("optional", evil.With(Entry("S-1-5-21-1-2-3-1104"))).Extensions.Single(extension => extension.Oid == Oids.MicrosoftSid).Value.ToArray()
            .Should().Equal(MicrosoftSid.Write("S-1-5-21-1-2-3-1104"));
    }

    [Fact]
    public void A_device_that_its_evidence_did_not_prove_gets_none()
    {
        Plan("optional", Ledger(Sid), unproven: true).Extensions.Should().NotContain(extension => extension.Oid == Oids.MicrosoftSid);
        Plan("optional", Ledger(Sid), proven: false).Extensions.Should().NotContain(extension => extension.Oid == Oids.MicrosoftSid, "a ticket says which device, and proves none");
    }

    [Theory]
    [InlineData("mode: observe", "microsoft-sid: optional", "makes its holder an account")]
    [InlineData("mode: required", "microsoft-sid: always", "microsoft-sid")]
    [InlineData("mode: required", "extensions: [{ oid: 1.3.6.1.4.1.311.25.2, der: '0500' }]", "see microsoft-sid")]
    public void A_profile_cannot_give_it_away(string mode, string line, string message)
    {
        var mistakes = new Mistakes();

        ProfileFile.Parse("test.yaml", $"{Csr.DeviceProfile.Replace("mode: required", mode)}\n  {line}", mistakes).Should().BeNull();

        mistakes.Errors.Should().ContainSingle().Which.ToString().Should().Contain(message);
    }

    private static CertificatePlan Plan(string mode, FactSet facts, bool unproven = false, bool proven = true) => CertificatePlanner.Plan(new CertificateInputs
    {
        Profile = Csr.Profile($"{Csr.DeviceProfile}\n  microsoft-sid: {mode}"),
        Identifiers = [new AcmeIdentifier("permanent-identifier", "C02ABC")],
        Facts = new FactSet([new Fact("device.serial", new FactValue.Text("C02ABC"), true), .. facts.All]),
        Request = CertificateSigningRequest.Read(Csr.For()),
        Unproven = unproven,
        DeviceProven = proven,
        Now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero),
    });

    private static FactSet Ledger(string? sid) => FactSet.Empty.With(Entry(sid));

    private static Device Entry(string? sid) => Device.Expect(
        new DeviceKey(DeviceKey.Serial, "C02ABC"), new DeviceDescription { Attributes = sid is null ? null : new Dictionary<string, string> { ["sid"] = sid } }, DeviceState.Expected, "test", DateTimeOffset.UnixEpoch).Device;
}
