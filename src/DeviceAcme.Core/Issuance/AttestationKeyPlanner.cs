using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Issuance;

/// <summary>What the certificate of an attestation key is planned from.</summary>
internal sealed record AttestationKeyInputs
{
    /// <summary>The attestation key, DER SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>The endorsement key, DER SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> EndorsementKey { get; init; }

    /// <summary>The TPM's identifier as an order names it, <c>value/assigner</c>.</summary>
    public required string Identifier { get; init; }

    /// <summary>What is proven of the TPM.</summary>
    public required FactSet Facts { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>Plans the certificate of a TPM's attestation key: WebAuthn §8.3.1 and the TCG's EK Credential Profile §3.2.9 decide all of it.</summary>
internal static class AttestationKeyPlanner
{
    /// <summary>Long enough for machines that are asleep, short enough that an anchor that is no longer believed stops to count.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(90);

    /// <summary>What describes a TPM of which nobody has certified anything: it passes for no vendor's.</summary>
    private const string NoVendor = "00000000";

    private const int LongestText = 256;
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(5);

    public static CertificatePlan Plan(AttestationKeyInputs inputs)
    {
        var seconds = DateTimeOffset.FromUnixTimeSeconds(inputs.Now.ToUnixTimeSeconds());
        return new CertificatePlan
        {
            PublicKey = inputs.PublicKey,
            Subject = new byte[] { 0x30, 0x00 },
            Extensions =
            [
                new PlannedExtension(Oids.KeyUsage, true, KeyUsageNames.Write(KeyUsages.DigitalSignature)),
                new PlannedExtension(Oids.ExtKeyUsage, false, Purpose()),
                // RFC 5280 §4.2.1.6: critical, because there is no subject
                new PlannedExtension(Oids.SubjectAltName, true, GeneralName.Write(Names(inputs))),
            ],
            NotBefore = seconds - Backdate,
            NotAfter = seconds + Life,
            CertificateRequest = default,
        };
    }

    private static IEnumerable<GeneralName> Names(AttestationKeyInputs inputs)
    {
        var slash = inputs.Identifier.LastIndexOf('/');
        yield return new GeneralName.Directory(
        [
            (Oids.TpmManufacturer, $"id:{Text(inputs.Facts, "tpm.manufacturer-id") ?? NoVendor}"),
            (Oids.TpmModel, Text(inputs.Facts, "tpm.model") ?? "unknown"),
            (Oids.TpmVersion, $"id:{Text(inputs.Facts, "tpm.firmware-version") ?? NoVendor}"),
        ]);
        yield return new GeneralName.PermanentIdentifier(inputs.Identifier[..slash], inputs.Identifier[(slash + 1)..]);

        // clients of the Smallstep attestation CA find in it that the certificate is for this TPM
        yield return new GeneralName.Link($"urn:ek:sha256:{Convert.ToBase64String(SHA256.HashData(inputs.EndorsementKey.Span))}");
    }

    // what an unproven chain says of a TPM must not get into a certificate of ours
    private static string? Text(FactSet facts, string name) =>
        facts.Find(name) is { Proven: true, Value: FactValue.Text { Value.Length: > 0 and <= LongestText } text } ? text.Value : null;

    private static byte[] Purpose()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.AttestationKeyCertificate);
        }

        return writer.Encode();
    }
}
