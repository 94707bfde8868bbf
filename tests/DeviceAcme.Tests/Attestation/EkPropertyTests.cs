using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Whatever a client sends: it is refused with a reason, and nothing is thrown.</summary>
public sealed class EkPropertyTests
{
    private static readonly EkEvidence Good = EkTrial.Evidence(EkTrial.Maker.As(EkVariant.WithPublicArea).Make()) with { Activated = true };

    /// <summary>The members that come from a client, and how each is replaced.</summary>
    private static readonly (string Name, ReadOnlyMemory<byte> Value, Func<ReadOnlyMemory<byte>, EkEvidence> With)[] Members =
    [
        ("endorsement certificate", Good.Certificates[0], octets => Good with { Certificates = [octets, Good.Certificates[1]] }),
        ("vendor's CA", Good.Certificates[1], octets => Good with { Certificates = [Good.Certificates[0], octets] }),
        ("endorsement key", Good.PublicKey!.Value, octets => Good with { PublicKey = octets }),
        ("public", Good.AttestationKey!.Public, octets => Good with { AttestationKey = Good.AttestationKey with { Public = octets } }),
        ("createData", Good.AttestationKey.CreateData, octets => Good with { AttestationKey = Good.AttestationKey with { CreateData = octets } }),
        ("createAttestation", Good.AttestationKey.CreateAttestation, octets => Good with { AttestationKey = Good.AttestationKey with { CreateAttestation = octets } }),
        ("createSignature", Good.AttestationKey.CreateSignature, octets => Good with { AttestationKey = Good.AttestationKey with { CreateSignature = octets } }),
    ];

    public static TheoryData<string> Names => [.. Members.Select(member => member.Name)];

    [Fact]
    public void What_is_changed_below_is_good() => EkVerifier.Verify(Good).Verdict.ShouldAccept();

    [Theory, MemberData(nameof(Names))]
    public void No_flipped_bit_is_accepted(string name)
    {
        var (_, value, with) = Member(name);
        for (var bit = 0; bit < value.Length * 8; bit++)
        {
            var octets = value.ToArray();
            octets[bit / 8] ^= (byte)(1 << (bit % 8));

            EkVerifier.Verify(with(octets)).Verdict.Outcome.Should().Be(VerdictOutcome.Refused, "bit {0} of the {1} was flipped", bit, name);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Nothing_that_is_cut_is_accepted(string name)
    {
        var (_, value, with) = Member(name);
        for (var length = 0; length < value.Length; length += 3)
        {
            EkVerifier.Verify(with(value[..length])).Verdict.Outcome.Should().Be(VerdictOutcome.Refused, "{0} octets of the {1} are left", length, name);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Random_octets_are_refused(string name)
    {
        var (_, _, with) = Member(name);
        Prop.ForAll<byte[]>(octets => EkVerifier.Verify(with(octets)).Verdict.Outcome == VerdictOutcome.Refused).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Theory, MemberData(nameof(Names))]
    public void Spliced_members_are_refused(string name)
    {
        var (_, value, with) = Member(name);
        Prop.ForAll<byte[], uint>((splice, at) =>
        {
            var octets = value.ToArray();
            var start = (int)(at % (uint)octets.Length);
            splice.AsSpan(0, Math.Min(splice.Length, octets.Length - start)).CopyTo(octets.AsSpan(start));
            return octets.AsSpan().SequenceEqual(value.Span) || EkVerifier.Verify(with(octets)).Verdict.Outcome == VerdictOutcome.Refused;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void The_template_may_be_anything_and_nothing_is_thrown()
    {
        // it says only how the secret is hidden: a wrong one keeps the secret from everybody
        var area = Good.PublicArea!.Value.ToArray();
        Prop.ForAll<byte[], uint>((splice, at) =>
        {
            var octets = area.ToArray();
            var start = (int)(at % (uint)octets.Length);
            splice.AsSpan(0, Math.Min(splice.Length, octets.Length - start)).CopyTo(octets.AsSpan(start));
            var judgement = EkVerifier.Verify(Good with { PublicArea = octets });
            return judgement.EndorsementKey is null || judgement.EndorsementKey.PublicKey.Span.SequenceEqual(Good.PublicKey!.Value.Span);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Large_and_many_members_are_refused_before_they_are_read()
    {
        var huge = new byte[1 << 20];
        EkVerifier.Verify(Good with { Certificates = [huge] }).ShouldRefuse(Reasons.CertificateTooLarge);
        EkVerifier.Verify(Good with { Certificates = [.. Enumerable.Repeat(Good.Certificates[0], 17)] }).ShouldRefuse(Reasons.ChainTooLong);
        EkVerifier.Verify(Good with { PublicKey = huge }).ShouldRefuse(Reasons.KeyMalformed);
        EkVerifier.Verify(Good with { PublicArea = huge }).ShouldRefuse(Reasons.KeyMalformed);
        foreach (var member in new[] { "public", "createData", "createAttestation", "createSignature" })
        {
            EkVerifier.Verify(Member(member).With(huge)).ShouldRefuse(Reasons.TpmStructureMalformed);
        }
    }

    private static (string Name, ReadOnlyMemory<byte> Value, Func<ReadOnlyMemory<byte>, EkEvidence> With) Member(string name) =>
        Members.Single(member => member.Name == name);
}
