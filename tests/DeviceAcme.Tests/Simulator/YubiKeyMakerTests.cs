using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class YubiKeyMakerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly YubiKeyVendor Vendor = new FakeVendors("tests").YubiKey;
    private static readonly YubiKeyMaker YubiKey = new(Vendor, Now);

    public static TheoryData<string> Recorded => ["01", "03", "04", "05", "06", "07", "08", "18"];

    [Theory, Needs("shared"), MemberData(nameof(Recorded))]
    public void Made_certificates_have_every_field_as_the_real_ones_have_it(string id)
    {
        var device = DeviceOf(id);
        using var key = KeyLike(Real(id, "slot"));
        var made = (YubiKey with { Device = device }).Make(ChallengeMaterial.Sample, key);

        ShouldBeLike(Leaf.Read(made.Chain[0]), Leaf.Read(Real(id, "slot")));
        ShouldBeLike(Leaf.Read(made.Chain[1]), Leaf.Read(Real(id, "f9")));
        var slot = Leaf.Read(made.Chain[0]);
        slot.Subject.Should().Equal(Leaf.Read(Real(id, "slot")).Subject);
        slot.Serial.Sign.Should().Be(1);
        slot.Serial.GetByteCount().Should().BeLessThanOrEqualTo(16);

        // the slot certificate's validity is the attestation certificate's own
        var real = (Slot: Leaf.Read(Real(id, "slot")), F9: Leaf.Read(Real(id, "f9")));
        real.Slot.NotAfter.Should().Be(real.F9.NotAfter);
        slot.NotBefore.Should().Be(Leaf.Read(made.Chain[1]).NotBefore);
        slot.NotAfter.Should().Be(Leaf.Read(made.Chain[1]).NotAfter);
    }

    [Fact, Needs("shared")]
    public void A_made_statement_has_the_members_types_and_wrapping_of_the_deployed_ones()
    {
        foreach (var (item, key) in new (string, AsymmetricAlgorithm)[] { ("s-step-01", ECDsa.Create(ECCurve.NamedCurves.nistP256)), ("s-step-02", RSA.Create(2048)) })
        {
            var deployed = Shape(File.ReadAllBytes(RepositoryFiles.Shared($"corpus/step/{item}/attestationObject.cbor")));
            var made = Shape(YubiKey.Make(ChallengeMaterial.Sample, key).AttestationObject);

            made.Should().Equal(deployed);
        }
    }

    [Fact, Spec("device-attest §5")]
    public void The_signature_is_over_the_key_authorization_and_wrapped_twice()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var made = YubiKey.Make(ChallengeMaterial.Sample, key);

        var signature = new CborReader(Member(made.AttestationObject, "sig")).ReadByteString();

        key.VerifyData(Encoding.ASCII.GetBytes(ChallengeMaterial.Sample.KeyAuthorization), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            .Should().BeTrue();
    }

    [Fact]
    public void The_chain_builds_to_the_fake_root_and_a_foreign_one_does_not()
    {
        Builds(YubiKey.Make(), Vendor.PivRoot.Certificate).Should().BeTrue();
        Builds(YubiKey.With(YubiKeyFault.ForeignRoot).Make(), Vendor.PivRoot.Certificate).Should().BeFalse();
        Builds(YubiKey.With(YubiKeyFault.OverwrittenAttestationKey).Make(), Vendor.PivRoot.Certificate).Should().BeFalse();
        var newer = YubiKey with { Device = YubiKeyDevice.Five() with { Firmware = [5, 7, 4] }, PresentsIntermediates = true };
        Builds(newer.Make(), Vendor.AttestationRoot.Certificate).Should().BeTrue();
    }

    [Fact]
    public void Names_of_issuers_say_that_they_are_a_simulator()
    {
        using var leaf = X509CertificateLoader.LoadCertificate(YubiKey.Make().Chain[0]);

        leaf.Issuer.Should().Contain("DeviceAcme Simulator").And.Contain("never trust in production");
    }

    [Fact]
    public void Every_fault_changes_what_is_sent_and_says_what_it_is()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var right = Unsigned(YubiKey.Make(ChallengeMaterial.Sample, key));
        foreach (var fault in Enum.GetValues<YubiKeyFault>())
        {
            var wrong = YubiKey.With(fault).Make(ChallengeMaterial.Sample, key);

            // the device's signature is another one each time; it is compared where it alone is at fault
            var changed = !Unsigned(wrong).Equals(right, StringComparison.Ordinal) || !IsRight(key, wrong);
            changed.Should().BeTrue($"{fault} is a fault");
            Faults.Describe(fault).Description.Should().NotBeEmpty();
            Faults.TryParse<YubiKeyFault>(Faults.NameOf(fault), out var parsed).Should().BeTrue();
            parsed.Should().Be(fault);
        }
    }

    // names of vendors and the kind of the attestation key (RSA there, EC here) are what the simulator has its own
    private static void ShouldBeLike(Leaf made, Leaf real)
    {
        made.Version.Should().Be(real.Version);
        made.KeyAlgorithm.Should().Equal(real.Extensions.Any(extension => extension.Oid == YubiKeyVendor.Arc + "8") ? real.KeyAlgorithm : made.KeyAlgorithm);
        made.Subject.Select(part => (part.Oid, part.Tag)).First().Should().Be(real.Subject.Select(part => (part.Oid, part.Tag)).Single());
        made.TimeTags[0].Should().Be(real.TimeTags[0]);
        made.Extensions.Should().Equal(real.Extensions);
    }

    private static YubiKeyDevice DeviceOf(string id)
    {
        var extensions = Leaf.Read(Real(id, "slot")).Extensions;
        var above = Leaf.Read(Real(id, "f9")).Extensions;
        byte[]? Octets(string last) => Find(extensions, last);
        return new YubiKeyDevice
        {
            Serial = Octets("7") is { } serial ? (long)new AsnReader(serial, AsnEncodingRules.DER).ReadInteger() : null,
            Firmware = Octets("3")!,
            AttestationFirmware = Find(above, "3"),
            PinPolicy = Octets("8")![0],
            TouchPolicy = Octets("8")![1],
            FormFactor = Octets("9")?[0],
            Fips = Find(above, "10") is not null,
            Cspn = Find(above, "11") is not null,
            Slot = Leaf.Read(Real(id, "slot")).Subject[0].Value[^2..],
        };
    }

    private static byte[]? Find((string Oid, bool Critical, string Value)[] extensions, string last) =>
        extensions.Where(extension => extension.Oid == YubiKeyVendor.Arc + last).Select(extension => Convert.FromHexString(extension.Value)).FirstOrDefault();

    private static AsymmetricAlgorithm KeyLike(byte[] certificate)
    {
        using var real = X509CertificateLoader.LoadCertificate(certificate);
        using var ec = real.GetECDsaPublicKey();
        return ec is null ? RSA.Create(2048) : ECDsa.Create(ec.KeySize == 384 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
    }

    private static byte[] Real(string id, string file) => File.ReadAllBytes(RepositoryFiles.Shared($"corpus/yubikey-piv/s-yubikey-piv-{id}/{file}.der"));

    // names, order and types of members; how sig is wrapped; how many certificates there are
    private static List<string> Shape(byte[] attestationObject)
    {
        var reader = new CborReader(attestationObject);
        var shape = new List<string> { $"map of {reader.ReadStartMap()}", reader.ReadTextString(), reader.ReadTextString(), reader.ReadTextString(), $"map of {reader.ReadStartMap()}" };
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var name = reader.ReadTextString();
            shape.Add(name switch
            {
                "alg" => $"alg {reader.ReadInt32()}",
                "sig" => $"sig {new CborReader(reader.ReadByteString()).PeekState()}",
                _ => $"{name} of {reader.ReadStartArray()}",
            });
            if (name == "x5c")
            {
                while (reader.PeekState() == CborReaderState.ByteString)
                {
                    reader.SkipValue();
                }

                reader.ReadEndArray();
            }
        }

        return [.. shape.Order(StringComparer.Ordinal)];
    }

    private static byte[] Member(byte[] attestationObject, string member)
    {
        var reader = new CborReader(attestationObject);
        reader.ReadStartMap();
        reader.SkipValue();
        reader.SkipValue();
        reader.SkipValue();
        reader.ReadStartMap();
        while (reader.ReadTextString() != member)
        {
            reader.SkipValue();
        }

        return reader.ReadByteString();
    }

    private static string Unsigned(MadeEvidence made)
    {
        var text = Convert.ToHexString(made.AttestationObject);
        var at = text.IndexOf(Convert.ToHexString("csig"u8), StringComparison.Ordinal);
        var to = text.IndexOf(Convert.ToHexString("cx5c"u8), StringComparison.Ordinal);
        return at < 0 || to < 0 ? text : text[..at] + text[to..];
    }

    private static bool IsRight(ECDsa key, MadeEvidence made)
    {
        try
        {
            var signature = new CborReader(Member(made.AttestationObject, "sig"), CborConformanceMode.Strict).ReadByteString();
            return key.VerifyData(
                Encoding.ASCII.GetBytes(ChallengeMaterial.Sample.KeyAuthorization), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (Exception broken) when (broken is CborContentException or InvalidOperationException or CryptographicException)
        {
            return false;
        }
    }

    private static bool Builds(MadeEvidence evidence, byte[] anchor)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(anchor));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = Now.UtcDateTime;
        chain.ChainPolicy.ExtraStore.AddRange(evidence.Chain.Skip(1).Select(X509CertificateLoader.LoadCertificate).ToArray());
        return chain.Build(X509CertificateLoader.LoadCertificate(evidence.Chain[0]));
    }
}
