using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Tests.Issuance;

/// <summary>Builds requests that are valid by default; the framework's builder is the independent other half.</summary>
internal static class Csr
{
    public static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static byte[] For(params GeneralName[] names) => Make("", names);

    public static byte[] Make(string subject, GeneralName[] names, ECDsa? key = null, params X509Extension[] more)
    {
        var request = new CertificateRequest(subject, key ?? Key, HashAlgorithmName.SHA256);
        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(new X509Extension(Oids.SubjectAltName, GeneralName.Write(names), false));
        }

        foreach (var extension in more)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.CreateSigningRequest();
    }

    /// <summary>A request with a hand-made subject and attributes, signed.</summary>
    public static byte[] Raw(Action<AsnWriter> subject, Action<AsnWriter> attributes, int version = 0)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(version);
            using (writer.PushSequence())
            {
                subject(writer);
            }

            writer.WriteEncodedValue(Key.ExportSubjectPublicKeyInfo());
            attributes(writer);
        }

        return CertificateBuilder.Signed(writer.Encode(), new SigningKey(Key));
    }

    public static CertificateProfile Profile(string text, string name = "test")
    {
        var mistakes = new Mistakes();
        return ProfileFile.Parse($"{name}.yaml", text, mistakes) ?? throw new InvalidOperationException(string.Join('\n', mistakes.Errors));
    }

    public const string ServerProfile = """
        name: test
        identifiers:
          dns: { challenges: [http-01, dns-01] }
          ip: { challenges: [http-01] }
        certificate:
          subject-alternative-names: [identifiers]
          keys: [ec-p256, rsa-2048]
          key-usage: [digital-signature, key-encipherment]
          extended-key-usage: [server-auth]
          validity: 90d
        """;

    public const string DeviceProfile = """
        name: test
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [apple], anchors: [apple] }
        certificate:
          subject: CN={{device.serial}}, O=Example
          subject-alternative-names:
            - permanent-identifier: "{{identifier}}"
            - uri: urn:device:{{device.serial}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;
}
