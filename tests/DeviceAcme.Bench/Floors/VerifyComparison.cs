using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Floors;

/// <summary>One verification beside the signature checks in it, or another piece of work beside what it cannot do without.</summary>
/// <param name="Name">Format and circumstance.</param>
/// <param name="Microseconds">Processor time of all of it.</param>
/// <param name="Signatures">The signature checks, or the commits, that it cannot do without.</param>
internal sealed record VerifyResult(string Name, double Microseconds, IReadOnlyList<Cost> Signatures)
{
    public double SignatureMicroseconds => Signatures.Sum(cost => cost.Total);

    public double Ratio => Microseconds / SignatureMicroseconds;
}

/// <summary>Measures the verifiers against the cost of their own signature checks.</summary>
internal sealed class VerifyComparison(FakeVendors vendors, SignatureChecks checks, DateTimeOffset now, TimeSpan repetition)
{
    /// <summary>The simulator's id in the TCG's registry.</summary>
    private const string SimulatorVendor = "53494D30";

    private readonly StatusList _statusList = ReadStatusList(now);

    private readonly AnchorSet _anchors = AnchorSet.Parse(vendors.Anchors.Select(anchor => (anchor.File, new ReadOnlyMemory<byte>(anchor.Certificate))));

    public IReadOnlyList<VerifyResult> Apple() => Compare("apple", new AppleMaker(vendors.Apple, now).Make(), "device.serial", statementSignatures: 0);

    public IReadOnlyList<VerifyResult> Tpm() => Compare("tpm", new TpmMaker(new FakeTpm(vendors.Tpm), now).Make(), "tpm.permanent-identifier");

    public IReadOnlyList<VerifyResult> Android() => Compare("android-key", new AndroidMaker(vendors.Android, now).Make(), "device.serial");

    public IReadOnlyList<VerifyResult> Step() => Compare("step", new YubiKeyMaker(vendors.YubiKey, now).Make(), "device.serial");

    public IReadOnlyList<VerifyResult> Packed() => Compare("packed", new PackedMaker(vendors.Authenticator, now).Make(), "device.serial");

    public IReadOnlyList<VerifyResult> Idevid() => Compare("deviceacme-idevid", new IdevidMaker(IdevidDevice.Printer(vendors.Idevid), now).Make(), "idevid.hardware-module");

    /// <summary>An endorsement key's certificate, and the attestation key's signature over its own creation.</summary>
    public IReadOnlyList<VerifyResult> Ek()
    {
        var made = new EkMaker(new FakeTpm(vendors.Tpm), now).Make();
        var evidence = new EkEvidence
        {
            Certificates = [.. made.Certificates.Select(certificate => new ReadOnlyMemory<byte>(certificate))],
            PublicKey = made.EkPublicKey,
            AttestationKey = new AkCreation(made.AkPublic, made.CreateData, made.CreateAttestation, made.CreateSignature),
            Policy = new EkPolicy { Vendors = [SimulatorVendor] },
            Anchors = _anchors,
            Now = now,
        };
        var creation = checks.Imported("creation by the attestation key", made.AttestationKey);
        return
        [
            Measure("ek, intermediate known", Judge(evidence with { VerifiedIntermediates = new VerifiedIntermediates() }), [.. ChainOf(made.Certificates, known: true), creation]),
            Measure("ek, first of its vendor", Judge(evidence), [.. ChainOf(made.Certificates, known: false), creation]),
        ];
    }

    private IReadOnlyList<VerifyResult> Compare(string format, MadeEvidence made, string fact, int statementSignatures = 1)
    {
        var evidence = Evidence(made, format, fact);
        using var leaf = X509CertificateLoader.LoadCertificate(made.Chain[0]);
        var statement = Enumerable.Range(0, statementSignatures).Select(_ => checks.Imported("statement by the leaf's key", leaf)).ToList();
        return
        [
            Measure($"{format}, intermediate known", Judge(evidence with { VerifiedIntermediates = new VerifiedIntermediates() }), [.. ChainOf(made.Chain, known: true), .. statement]),
            Measure($"{format}, first of its vendor", Judge(evidence), [.. ChainOf(made.Chain, known: false), .. statement]),
        ];
    }

    /// <summary>The checks of a chain: what was found good with an earlier device is not checked again, and its key is kept.</summary>
    private List<Operation> ChainOf(IReadOnlyList<byte[]> chain, bool known)
    {
        var certificates = chain.Select(X509CertificateLoader.LoadCertificate).Where(certificate => certificate.Subject != certificate.Issuer).ToList();
        var roots = vendors.Anchors.Select(anchor => X509CertificateLoader.LoadCertificate(anchor.Certificate)).ToList();
        var operations = new List<Operation>();
        for (var i = 0; i < certificates.Count && (i == 0 || !known); i++)
        {
            var what = i == 0 ? "leaf" : $"intermediate {i}";
            var isIssued = i + 1 < certificates.Count;
            var issuer = isIssued ? certificates[i + 1] : roots.First(root => root.SubjectName.RawData.AsSpan().SequenceEqual(certificates[i].IssuerName.RawData));
            operations.Add(isIssued && !known ? checks.Imported($"{what} by its issuer", issuer) : checks.Kept($"{what} by its issuer", issuer));
        }

        return operations;
    }

    private VerifyResult Measure(string name, Action judge, IReadOnlyList<Operation> signatures)
    {
        // before and after, so that a machine that slows down meanwhile slows both sides
        var before = signatures.Select(signature => signature.Measure(repetition)).ToList();
        var verify = new Operation(name, 1, judge).Measure(repetition);
        var after = signatures.Select(signature => signature.Measure(repetition));
        return new VerifyResult(name, verify.Microseconds, [.. before.Zip(after, (one, two) => one with { Microseconds = (one.Microseconds + two.Microseconds) / 2 })]);
    }

    private Evidence Evidence(MadeEvidence made, string format, string fact) => new()
    {
        AttestationObject = made.AttestationObject,
        Token = ChallengeMaterial.Sample.Token,
        KeyAuthorization = ChallengeMaterial.Sample.KeyAuthorization,
        Identifier = new ExpectedIdentifier(made.IdentifierType, made.Identifier, fact),
        Formats = [format],
        Anchors = _anchors,
        Now = now,
        Policies = [new AndroidPolicy { StatusList = _statusList }],
    };

    private static Action Judge(Evidence evidence) => () =>
    {
        var verdict = AttestationVerifier.Verify(evidence);
        if (verdict.Outcome != VerdictOutcome.Accepted)
        {
            throw new BenchFailure($"the evidence of the bench is refused: {verdict.Reason?.Code}");
        }
    };

    // complete but for the activation
    private static Action Judge(EkEvidence evidence) => () =>
    {
        if (EkVerifier.Verify(evidence).Verdict.Reason is { } reason)
        {
            throw new BenchFailure($"the evidence of the bench is refused: {reason.Code}");
        }
    };

    private static StatusList ReadStatusList(DateTimeOffset now) =>
        StatusList.TryParse("{\"entries\":{\"0123456789abcdef\":{\"status\":\"REVOKED\"}}}"u8.ToArray(), now, out var list, out var problem) ? list : throw new BenchFailure(problem);
}
