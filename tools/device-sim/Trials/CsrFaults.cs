using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Certificate requests that finalize must refuse (RFC 8555 §7.4, §11.1; device-attest §3.2, §5).</summary>
internal static class CsrFaults
{
    private const string Finalize = "RFC 8555 §7.4";

    public static IReadOnlyList<Fault> All { get; } =
    [
        Csr("csr-of-another-key", "device-attest §5", "the CSR has another key than the attested one", "csr-key-not-attested", trial => Request(trial.NewKey())).OfDevices(),
        Csr("csr-with-account-key", "RFC 8555 §11.1", "the CSR has the account's key", "csr-key-is-account-key", trial => Request(trial.AccountKey, Names(trial))),
        Csr("csr-not-der", Finalize, "the CSR is text", "csr-malformed", _ => Octets("-----BEGIN CERTIFICATE REQUEST-----")),
        Csr("csr-altered", "RFC 2986 §4.2", "the CSR's signature was altered", "csr-signature-invalid", trial =>
        {
            var csr = trial.Device.CertificateRequest();
            csr[^1] ^= 1;
            return csr;
        }),
        Csr("csr-with-sha1", "RFC 9155 §3", "the CSR is signed with SHA-1", "csr-signature-algorithm", trial => Signed(Key(trial), Key(trial).ExportSubjectPublicKeyInfo(), null, sha1: true)),
        Csr("csr-short-rsa-key", Finalize, "the CSR has an RSA key of 1024 bits", "csr-key-type-unsupported", trial =>
        {
            using var weak = SpareRsaKey.Of(1024);
            return Request(weak, Names(trial));
        }),
        Csr("csr-weak-rsa-key", Finalize, "the CSR has an RSA key of Infineon's weak generator", "csr-key-weak", _ => WithKey(WeakKey())),
        Csr("csr-key-not-on-curve", Finalize, "the CSR's key is no point of its curve", "csr-key-weak", _ => WithKey(Point(key => key[^1] ^= 1))),
        Csr("csr-key-malformed", Finalize, "the CSR's key is a point in a form that nobody knows", "csr-key-malformed", _ => WithKey(Point(key => key[^65] = 9))),
        Csr("csr-unknown-key-type", Finalize, "the CSR has an X25519 key", "csr-key-type-unsupported", _ => WithKey(X25519())),
        Csr("csr-unwanted-key-type", Finalize, "the CSR has a key of a type that the profile does not allow", "csr-key-type-not-allowed", trial =>
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP521);
            return Request(other, Names(trial));
        }).Of("mac", "tpm", "android"),
        Csr("csr-other-device", "device-attest §3.2", "the CSR names another device than the order", "csr-device-name-not-ordered",
            trial => Request(Key(trial), CsrContent.PermanentIdentifierName("STRANGER1"))).OfDevices(),
        Csr("csr-other-name", Finalize, "the CSR asks for a dns name that was not ordered", "csr-identifier-not-ordered", trial => Request(Key(trial), Dns("stranger.example"))),
        Csr("csr-other-common-name", Finalize, "the CSR's common name is that of another host", "csr-common-name-not-ordered",
            trial => Request(Key(trial), "stranger.example", Names(trial))).OfHosts(),
        Csr("csr-without-names", Finalize, "the CSR lacks the ordered names", "csr-identifier-missing", trial => Request(Key(trial))).OfHosts(),
        Csr("csr-extension-twice", "RFC 5280 §4.2", "an extension stands twice in the CSR", "csr-duplicate-extension", trial => Twice(Key(trial))),
        Csr("csr-names-malformed", "RFC 5280 §4.2.1.6", "the CSR's alternative names are no DER", "csr-names-malformed", trial => Request(Key(trial), new X509Extension("2.5.29.17", [0x30, 0x05, 0x01], false))),
    ];

    private static Fault Csr(string name, string section, string description, string reason, Func<Trial, byte[]> csr) =>
        Row.Of(name, section, description, Refused("badCSR", reason, null, "unauthorized", "malformed"), trial => trial.Finalize(() => csr(trial)));

    private static Fault Of(this Fault row, params string[] kinds) => row with { Kinds = kinds };

    private static AsymmetricAlgorithm Key(Trial trial) => trial.Device.Key ?? throw new SimulatorException("this device's key cannot sign such a request", "--tpm managed has keys in software") { NotApplicable = true };

    // what the device's own request would ask for: a host must name all of its names
    private static X509Extension[] Names(Trial trial) => trial.Device is ServerHost host ? [host.Csr.Names()] : [];

    private static X509Extension Dns(string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        return names.Build();
    }

    private static byte[] Request(AsymmetricAlgorithm key, params X509Extension[] extensions) => Request(key, "", extensions);

    private static byte[] Request(AsymmetricAlgorithm key, string commonName, params X509Extension[] extensions)
    {
        var request = DeviceKeys.Request(commonName.Length == 0 ? CsrContent.NoSubject : DeviceKeys.CommonName(commonName), key);
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.CreateSigningRequest();
    }

    // the platform's builder would not write an extension twice: RFC 2986 by hand
    private static byte[] Twice(AsymmetricAlgorithm key)
    {
        var names = Dns("host.example");
        return Signed(key, key.ExportSubjectPublicKeyInfo(), writer =>
        {
            for (var time = 0; time < 2; time++)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier("2.5.29.17");
                    writer.WriteOctetString(names.RawData);
                }
            }
        });
    }

    // nobody can sign for such a key; a right server refuses it before it comes to the signature
    private static byte[] WithKey(byte[] publicKey)
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Signed(signer, publicKey, null);
    }

    private static byte[] Signed(AsymmetricAlgorithm key, byte[] publicKey, Action<AsnWriter>? extensions, bool sha1 = false)
    {
        var hash = sha1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        var info = Der.Sequence(writer =>
        {
            writer.WriteInteger(0);
            writer.WriteEncodedValue(CsrContent.NoSubject.RawData);
            writer.WriteEncodedValue(publicKey);
            using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                if (extensions is not null)
                {
                    WriteExtensions(writer, extensions);
                }
            }
        });
        return Der.Sequence(writer =>
        {
            writer.WriteEncodedValue(info);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier((key is RSA, sha1) switch
                {
                    (true, true) => "1.2.840.113549.1.1.5",
                    (true, false) => "1.2.840.113549.1.1.11",
                    (false, true) => "1.2.840.10045.4.1",
                    (false, false) => "1.2.840.10045.4.3.2",
                });
                if (key is RSA)
                {
                    writer.WriteNull();
                }
            }

            writer.WriteBitString(key is RSA rsa
                ? rsa.SignData(info, hash, RSASignaturePadding.Pkcs1)
                : ((ECDsa)key).SignData(info, hash, DSASignatureFormat.Rfc3279DerSequence));
        });
    }

    private static void WriteExtensions(AsnWriter writer, Action<AsnWriter> extensions)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.9.14");
            using (writer.PushSetOf())
            using (writer.PushSequence())
            {
                extensions(writer);
            }
        }
    }

    private static byte[] Point(Action<byte[]> change)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = key.ExportSubjectPublicKeyInfo();
        change(publicKey);
        return publicKey;
    }

    private static byte[] WeakKey()
    {
        using var key = RSA.Create(new RSAParameters { Modulus = WeakRsa.RocaSample, Exponent = [1, 0, 1] });
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] X25519() => Der.Sequence(writer =>
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.3.101.110");
        }

        writer.WriteBitString(new byte[32]);
    });
}
