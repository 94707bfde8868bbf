using System.Text;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

public sealed class VerdictJsonTests
{
    public static TheoryData<string> Verdicts => ["accepted", "refused", "incomplete", "blank", "nothing"];

    [Theory, MemberData(nameof(Verdicts))]
    public void What_was_written_is_read_back(string which)
    {
        var verdict = Make(which);
        var read = VerdictJson.Read(VerdictJson.Write(verdict));

        read.Outcome.Should().Be(verdict.Outcome);
        read.Format.Should().Be(verdict.Format);
        read.Checks.Should().Equal(verdict.Checks);
        read.Reason.Should().Be(verdict.Reason);
        read.Facts.All.Select(fact => (fact.Name, fact.Value.ToString(), fact.Value.GetType(), fact.Proven))
            .Should().Equal(verdict.Facts.All.Select(fact => (fact.Name, fact.Value.ToString(), fact.Value.GetType(), fact.Proven)));
        (read.Device?.Identifier).Should().Be(verdict.Device?.Identifier);
        (read.Device?.Binding).Should().Be(verdict.Device?.Binding);
        (read.Device?.PublicKey.ToArray()).Should().Equal(verdict.Device?.PublicKey.ToArray());
        VerdictJson.Write(read).Should().Equal(VerdictJson.Write(verdict));
    }

    [Fact]
    public void Every_type_of_fact_survives()
    {
        var now = new DateTimeOffset(2026, 11, 21, 12, 0, 0, 123, TimeSpan.FromHours(2));
        var verdict = new Verdict
        {
            Format = "x",
            Outcome = VerdictOutcome.Incomplete,
            Checks = [],
            Facts = new FactSet(
            [
                new Fact("a", new FactValue.Text("Žluťoučký \"kůň\" \0"), true),
                new Fact("b", new FactValue.Number(long.MinValue), false),
                new Fact("c", new FactValue.Flag(false), true),
                new Fact("d", new FactValue.Octets(new byte[] { 0, 255 }), true),
                new Fact("e", new FactValue.Instant(now), true),
                new Fact("f", new FactValue.Blank(), true),
            ]),
        };
        var read = VerdictJson.Read(VerdictJson.Write(verdict));

        read.Facts.Find("a")!.Value.Should().Be(new FactValue.Text("Žluťoučký \"kůň\" \0"));
        read.Facts.Find("b").Should().Be(new Fact("b", new FactValue.Number(long.MinValue), false));
        read.Facts.Find("c")!.Value.Should().Be(new FactValue.Flag(false));
        ((FactValue.Octets)read.Facts.Find("d")!.Value).Value.ToArray().Should().Equal(0, 255);
        ((FactValue.Instant)read.Facts.Find("e")!.Value).Value.UtcDateTime.Should().Be(now.UtcDateTime);
        read.Facts.Find("f")!.Value.Should().BeOfType<FactValue.Blank>();
    }

    [Fact]
    public void The_form_names_verdict_reason_and_class()
    {
        using var document = JsonDocument.Parse(VerdictJson.Write(Make("refused")));

        document.RootElement.GetProperty("verdict").GetString().Should().Be("refused");
        document.RootElement.GetProperty("reason").GetString().Should().Be("chain-untrusted-root");
        document.RootElement.GetProperty("class").GetString().Should().Be("chain-untrusted-root");
        document.RootElement.GetProperty("checks")[4].GetProperty("outcome").GetString().Should().Be("failed");
        document.RootElement.GetProperty("checks")[5].GetProperty("outcome").GetString().Should().Be("not-reached");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"verdict\":\"maybe\",\"format\":\"\",\"checks\":[],\"facts\":[]}")]
    [InlineData("{\"verdict\":\"accepted\",\"format\":\"\",\"checks\":[{}],\"facts\":[]}")]
    [InlineData("{\"verdict\":\"accepted\",\"format\":\"\",\"checks\":[],\"facts\":[{\"name\":\"a\",\"type\":\"octets\",\"value\":\"zz\",\"proven\":true}]}")]
    public void Anything_else_is_a_FormatException(string json) =>
        FluentActions.Invoking(() => VerdictJson.Read(Encoding.UTF8.GetBytes(json))).Should().Throw<FormatException>();

    private static Verdict Make(string which) => which switch
    {
        "accepted" => Trial.Verify(Trial.Tpm),
        "refused" => Trial.Verify(Trial.Apple.With(AppleFault.ForeignRoot, AppleFault.WrongChallenge)),
        "incomplete" => AttestationVerifier.Verify(Trial.Evidence(Trial.Apple.Make()) with { Token = null }),
        "blank" => Trial.Verify(Trial.Apple with { Device = AppleDevice.Mac() with { OsVersion = "" } }),
        _ => AttestationVerifier.NoAttestation(),
    };
}
