using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;

namespace DeviceAcme.Tests.Attestation;

/// <summary>An endorsement key and an attestation key of a fake TPM, and how they are judged: tests change one thing.</summary>
internal static class EkTrial
{
    /// <summary>The simulator's id in the TCG's registry.</summary>
    public const string SimulatorVendor = "53494D30";

    public static readonly EkMaker Maker = new(Trial.FakeTpm, Trial.Now);
    public static readonly EkPolicy Policy = new() { Vendors = [SimulatorVendor] };

    public static EkEvidence Evidence(MadeEk made) => new()
    {
        Certificates = [.. made.Certificates.Select(certificate => new ReadOnlyMemory<byte>(certificate))],
        PublicKey = made.EkPublicKey,
        PublicArea = made.EkPublicArea is { } area ? area : default(ReadOnlyMemory<byte>?),
        AttestationKey = new AkCreation(made.AkPublic, made.CreateData, made.CreateAttestation, made.CreateSignature),
        Policy = Policy,
        Anchors = Trial.Anchors,
        Now = Trial.Now,
    };

    public static EkJudgement Judge(EkMaker maker) => EkVerifier.Verify(Evidence(maker.Make()));

    public static Reason? Refusal(EkMaker maker) => Judge(maker).Verdict.Reason;

    /// <summary>Everything is right, and the TPM was not asked yet.</summary>
    public static void ShouldWaitForActivation(this EkJudgement judgement)
    {
        judgement.Verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Trial.Explain(judgement.Verdict));
        judgement.Verdict.Checks.Where(check => check.Outcome != CheckOutcome.Passed).Select(check => check.Name).Should().Equal("activation");
        judgement.EndorsementKey.Should().NotBeNull();
        judgement.AttestationKey.Should().NotBeNull();
        judgement.Identifier.Should().NotBeNull();
    }

    public static void ShouldRefuse(this EkJudgement judgement, Reason reason)
    {
        judgement.Verdict.ShouldRefuse(reason);
        judgement.EndorsementKey.Should().BeNull();
        judgement.AttestationKey.Should().BeNull();
        judgement.Identifier.Should().BeNull();
    }
}
