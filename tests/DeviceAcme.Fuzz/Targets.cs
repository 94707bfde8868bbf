using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Attestation.Offline;
using DeviceAcme.Attestation.Packed;
using DeviceAcme.Attestation.Step;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.WebAuthn;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Fuzz;

/// <summary>The parsers that are fed: the list.</summary>
internal sealed class Targets
{
    private readonly Seeds _seeds;
    private readonly AnchorSet _anchors;
    private readonly VerifiedIntermediates _known = new();

    private Targets(Seeds seeds)
    {
        _seeds = seeds;
        _anchors = AnchorSet.Parse(seeds.Vendors.Anchors.Select(anchor => (anchor.File, new ReadOnlyMemory<byte>(anchor.Certificate))));
    }

    /// <summary>All of them, in the order of the list.</summary>
    public static IReadOnlyList<FuzzTarget> All(Seeds seeds) => new Targets(seeds).List();

    private IReadOnlyList<FuzzTarget> List() =>
    [
        new("cbor", "attestation objects of all formats: CBOR and statement", [.. Objects(_seeds.Statements), .. _seeds.Recorded("", "attestationObject.cbor")], Statement),
        Format("apple", _seeds.Apple, "apple-mda"),
        Format("tpm-statement", _seeds.Tpm, "tpm-acme"),
        Format("android-statement", _seeds.Android, "android-key-acme"),
        Format("step", _seeds.YubiKey, "step"),
        Format("packed", _seeds.Packed, "webauthn-packed"),
        new("idevid", "IDevID statements", [.. Objects([_seeds.Printer, _seeds.Module])], Statement) { Verify = VerifyObject(_seeds.Printer) },
        new(
            "tpm", "TPM structures: TPMS_ATTEST, TPMT_SIGNATURE, TPMT_PUBLIC, TPMS_CREATION_DATA",
            [.. TpmStructures(), .. _seeds.Recorded("tpm-", "attest.bin", "signature.bin", "akPublic.bin")], TpmStructure),
        new("key-description", "Android's attestation extension", KeyDescriptions(), Description),
        new(
            "ek", "endorsement key certificates, as DER and as NV memory holds them",
            [.. _seeds.Ek.Certificates, .. _seeds.Recorded("tpm-ek-cert", "leaf.der"), [0x10, 0x01, 0x00, .. Length(_seeds.Ek.Certificates[0]), .. _seeds.Ek.Certificates[0]]],
            EndorsementCertificate) { Verify = VerifyEndorsement },
        new("certificate", "X.509 certificates of every vendor, with all that is read from them", [.. _seeds.Statements.SelectMany(made => made.Chain), .. _seeds.RecordedCertificates], X509),
        new("csr", "certificate signing requests", [Request(ECDsa.Create(ECCurve.NamedCurves.nistP256)), .. _seeds.Recorded("yubikey", "request.csr.der")], Csr),
        new("authdata", "WebAuthn's authenticator data", [.. AuthenticatorDatas()], AuthData),
        new("files", "files of which 'verify' must find out what they are", [.. Files()], File),
    ];

    private FuzzTarget Format(string name, MadeEvidence made, string family) =>
        new(name, $"{name} statements, every sixteenth verified to the end", [.. Objects([made]), .. _seeds.Recorded(family, "attestationObject.cbor")], Statement) { Verify = VerifyObject(made) };

    private static IEnumerable<byte[]> Objects(IEnumerable<MadeEvidence> made) => made.Select(evidence => evidence.AttestationObject);

    private static string Statement(ReadOnlyMemory<byte> input) => Refusal(() =>
    {
        var statement = AttestationStatement.Read(input);
        return statement.Has("x5c") ? $"read {statement.Format.Length} {statement.Certificates().Count}" : "read";
    });

    private Func<ReadOnlyMemory<byte>, string> VerifyObject(MadeEvidence made) => input =>
    {
        var verdict = AttestationVerifier.Verify(new Evidence
        {
            AttestationObject = input,
            Token = ChallengeMaterial.Sample.Token,
            KeyAuthorization = ChallengeMaterial.Sample.KeyAuthorization,
            Identifier = new ExpectedIdentifier(made.IdentifierType, made.Identifier, null),
            Formats = AttestationFormats.Names.ToList(),
            Anchors = _anchors,
            Now = Seeds.Now,
            VerifiedIntermediates = _known,
            Policies = [new AndroidPolicy { AcceptWithoutStatusList = true }],
        });
        VerdictJson.Read(VerdictJson.Write(verdict));
        return verdict.Outcome == VerdictOutcome.Accepted ? "accepted" : Failed(verdict);
    };

    private static string Failed(Verdict verdict) =>
        $"{verdict.Reason?.Code ?? "incomplete"} {string.Join(' ', verdict.Checks.Where(check => check.Outcome == CheckOutcome.Failed).Skip(1).Select(check => check.Reason!.Code))}";

    private static string TpmStructure(ReadOnlyMemory<byte> input)
    {
        var attest = Refusal(() => TpmsAttest.Read(input).Type == TpmsAttest.Certify ? "certify" : "attest");
        var signature = Refusal(() => TpmtSignature.Read(input, -7, KeyKind.Ec).Encoding);
        var area = Refusal(() =>
        {
            var read = TpmtPublic.Read(input);
            return $"public {read.PublicKeyInfo().Length} {read.Name()?.Length}";
        });
        var creation = Refusal(() =>
        {
            TpmsCreationData.Check(input);
            return "creation";
        });
        return $"{attest} {signature} {area} {creation}";
    }

    private static string Description(ReadOnlyMemory<byte> input) => Refusal(() =>
    {
        var description = KeyDescription.Read(input);
        return $"read {AndroidFacts.Read(description, null).Count} {description.SecurityLevel}";
    });

    private static string EndorsementCertificate(ReadOnlyMemory<byte> input) => Refusal(() =>
        EkCertificates.Read([input], null) is { } certificates ? $"read {EkCertificate.Read(certificates.Leaf).Reason?.Code}" : "nothing");

    private string VerifyEndorsement(ReadOnlyMemory<byte> input) => Failed(EkVerifier.Verify(new EkEvidence
    {
        Certificates = [input],
        PublicArea = _seeds.Ek.EkPublicArea is { } area ? area : default(ReadOnlyMemory<byte>?),
        AttestationKey = new AkCreation(_seeds.Ek.AkPublic, _seeds.Ek.CreateData, _seeds.Ek.CreateAttestation, _seeds.Ek.CreateSignature),
        Anchors = _anchors,
        Now = Seeds.Now,
        VerifiedIntermediates = _known,
    }).Verdict);

    private static string X509(ReadOnlyMemory<byte> input)
    {
        if (!Certificate.TryRead(input, out var certificate, out var problem))
        {
            return $"broken {problem}";
        }

        var read = new List<string> { certificate.SubjectText.Length > 0 ? "read" : "empty", certificate.IssuerText.Length > 0 ? "" : "empty" };
        read.Add(CertificateConstraints.TryRead(certificate, out _, out problem) ? "" : problem);
        read.Add(VerificationKey.Read(certificate.PublicKeyInfo).Problem is null ? "key" : "no key");
        read.Add(AkCertificate.Read(certificate).Reason?.Code ?? "ak");
        read.Add(EkCertificate.Read(certificate).Reason?.Code ?? "ek");
        read.Add(BirthCertificate.Read(certificate, "1.2.3").Reason?.Code ?? "idevid");
        read.Add(Refusal(() => SlotCertificate.IsAttestedKey(certificate) ? $"slot {SlotCertificate.ReadYubiKey(certificate, certificate).Count}" : ""));
        read.Add(Refusal(() => certificate.Find(SlotCertificate.ManagedDevice) is { } managed ? $"managed {SlotCertificate.ReadManagedDevice(managed).Count}" : ""));
        read.Add(Refusal(() => AppleProperties.HasAny(certificate) ? $"apple {AppleProperties.Read(certificate, []).Count}" : ""));
        read.Add(PackedCertificate.Violation(certificate) is null ? "packed" : "");
        read.Add(ProvisioningInfo.Find([certificate]) is null ? "" : "provisioned");
        read.Add(KeyIdentifiers.Differ(certificate, certificate) ? "differ" : "");
        return string.Join(' ', read);
    }

    private static string Csr(ReadOnlyMemory<byte> input)
    {
        try
        {
            CertificateSigningRequest.Read(input);
            return "read";
        }
        catch (ProblemException refused)
        {
            return $"{refused.Problem.Reason} {refused.Problem.Detail}";
        }
    }

    private static string AuthData(ReadOnlyMemory<byte> input) => Refusal(() => $"read {AuthenticatorData.Read(input).CredentialKey?.Length}");

    private static string File(ReadOnlyMemory<byte> input)
    {
        try
        {
            return $"read {string.Join(' ', InputReader.Read(new OfflineFile("evidence.bin", input)).Select(part => part.Kind))}";
        }
        catch (UnknownEvidenceException)
        {
            return "unknown";
        }
    }

    private static string Refusal(Func<string> parse)
    {
        try
        {
            return parse();
        }
        catch (MalformedEvidenceException malformed)
        {
            return $"{malformed.Reason.Code} {malformed.Message}";
        }
    }

    private IReadOnlyList<byte[]> KeyDescriptions()
    {
        var found = new List<byte[]>();
        IEnumerable<byte[]> chains = [.. _seeds.Android.Chain, .. _seeds.Recorded("android-key/", "chain.pem").SelectMany(Pem)];
        foreach (var der in chains)
        {
            if (Certificate.TryRead(der, out var certificate, out _) && certificate.Find(KeyDescription.Oid) is { } extension)
            {
                found.Add(extension.Value.ToArray());
            }
        }

        return found;
    }

    private static IEnumerable<byte[]> Pem(byte[] file) => DerInput.ReadPem(System.Text.Encoding.Latin1.GetString(file), "chain.pem").Select(part => part.Bytes.ToArray());

    private IEnumerable<byte[]> TpmStructures()
    {
        var statement = AttestationStatement.Read(_seeds.Tpm.AttestationObject);
        return [statement.Octets("certInfo").ToArray(), statement.Octets("sig").ToArray(), statement.Octets("pubArea").ToArray(), _seeds.Ek.AkPublic, _seeds.Ek.CreateData, _seeds.Ek.CreateAttestation, _seeds.Ek.CreateSignature];
    }

    private IEnumerable<byte[]> AuthenticatorDatas()
    {
        var key = Convert.FromHexString("a5010203262001215820");
        var point = ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportParameters(false).Q;
        byte[] made = [.. new byte[32], 0x41, 0, 0, 0, 1, .. new byte[16], 0, 4, 1, 2, 3, 4, .. key, .. point.X!, 0x22, 0x58, 0x20, .. point.Y!];
        return _seeds.Recorded("webauthn", "attestationObject.cbor").Select(file => AttestationStatement.Read(file).AuthenticatorData).OfType<ReadOnlyMemory<byte>>()
            .Select(data => data.ToArray()).Prepend(made);
    }

    private IEnumerable<byte[]> Files() =>
    [
        _seeds.Apple.AttestationObject,
        System.Text.Encoding.UTF8.GetBytes(_seeds.Apple.Payload.ToJsonString()),
        System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(_seeds.Tpm.AttestationObject)),
        System.Text.Encoding.ASCII.GetBytes(string.Join('\n', _seeds.Android.Chain.Select(der => PemEncoding.WriteString("CERTIFICATE", der)))),
        _seeds.Android.Chain[0],
        Pkcs7(_seeds.Android.Chain),
        Request(ECDsa.Create(ECCurve.NamedCurves.nistP256)),
        .. TpmStructures(),
    ];

    // RFC 5652 §5.1: certificates and nothing signed
    private static byte[] Pkcs7(IReadOnlyList<byte[]> certificates)
    {
        var content = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.7.2");
            using (writer.PushSequence(content))
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                writer.PushSetOf().Dispose();
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier("1.2.840.113549.1.7.1");
                }

                using (writer.PushSetOf(content))
                {
                    foreach (var certificate in certificates)
                    {
                        writer.WriteEncodedValue(certificate);
                    }
                }

                writer.PushSetOf().Dispose();
            }
        }

        return writer.Encode();
    }

    private static byte[] Request(ECDsa key) => new CertificateRequest("CN=device", key, HashAlgorithmName.SHA256).CreateSigningRequest();

    private static byte[] Length(byte[] certificate) => [(byte)(certificate.Length >> 8), (byte)certificate.Length];
}
