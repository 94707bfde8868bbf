using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Floors;

/// <summary>One verification beside the signature checks in it.</summary>
/// <param name="Name">Format and circumstance.</param>
/// <param name="Microseconds">Processor time of <see cref="AttestationVerifier.Verify"/>.</param>
/// <param name="Signatures">The signature checks that it cannot do without.</param>
internal sealed record VerifyResult(string Name, double Microseconds, IReadOnlyList<Cost> Signatures)
{
    public double SignatureMicroseconds => Signatures.Sum(cost => cost.Total);

    public double Ratio => Microseconds / SignatureMicroseconds;
}

/// <summary>Measures the verifiers against the cost of their own signature checks.</summary>
internal sealed class VerifyComparison(FakeVendors vendors, Cryptography cryptography, DateTimeOffset now, TimeSpan repetition)
{
    private readonly AnchorSet _anchors = AnchorSet.Parse(vendors.Anchors.Select(anchor => (anchor.File, new ReadOnlyMemory<byte>(anchor.Certificate))));

    public IReadOnlyList<VerifyResult> Apple()
    {
        var made = new AppleMaker(vendors.Apple, now).Make();
        var evidence = Evidence(made, "apple", "device.serial");
        return
        [
            Measure("apple, intermediate known", evidence with { VerifiedIntermediates = new VerifiedIntermediates() }, [cryptography.AppleLeaf(1)]),
            Measure(
                "apple, first of its vendor", evidence,
                [cryptography.P384Imported("leaf by its intermediate, P-384, key imported"), cryptography.P384Kept("intermediate by the root, P-384, kept key")]),
        ];
    }

    public IReadOnlyList<VerifyResult> Tpm()
    {
        var made = new TpmMaker(new FakeTpm(vendors.Tpm), now).Make();
        var evidence = Evidence(made, "tpm", "tpm.permanent-identifier");
        var certified = cryptography.P256Imported("certInfo by the AK, P-256, key imported");
        return
        [
            Measure("tpm, intermediate known", evidence with { VerifiedIntermediates = new VerifiedIntermediates() }, [cryptography.P256Kept("AK certificate by its CA, P-256, kept key"), certified]),
            Measure(
                "tpm, first of its vendor", evidence,
                [cryptography.P256Imported("AK certificate by its CA, P-256, key imported"), cryptography.P384Kept("CA by the root, P-384, kept key"), certified]),
        ];
    }

    private VerifyResult Measure(string name, Evidence evidence, IReadOnlyList<Operation> signatures)
    {
        // before and after, so that a machine that slows down meanwhile slows both sides
        var before = signatures.Select(signature => signature.Measure(repetition)).ToList();
        var verify = new Operation(name, 1, () => Verify(evidence)).Measure(repetition);
        var after = signatures.Select(signature => signature.Measure(repetition));
        return new VerifyResult(name, verify.Microseconds, [.. before.Zip(after, (one, two) => one with { Microseconds = (one.Microseconds + two.Microseconds) / 2 })]);
    }

    private Evidence Evidence(MadeEvidence made, string format, string fact) => new()
    {
        AttestationObject = made.AttestationObject,
        Token = ChallengeMaterial.Sample.Token,
        KeyAuthorization = ChallengeMaterial.Sample.KeyAuthorization,
        Identifier = new ExpectedIdentifier("permanent-identifier", made.Identifier, fact),
        Formats = [format],
        Anchors = _anchors,
        Now = now,
    };

    private static void Verify(Evidence evidence)
    {
        var verdict = AttestationVerifier.Verify(evidence);
        if (verdict.Outcome != VerdictOutcome.Accepted)
        {
            throw new BenchFailure($"the evidence of the bench is refused: {verdict.Reason?.Code}");
        }
    }
}
