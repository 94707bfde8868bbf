using System.Buffers.Binary;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class TpmMakerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly FakeTpm Tpm = new(new FakeVendors("tests").Tpm);
    private static readonly TpmMaker Maker = new(Tpm, Now);

    [Theory, Needs("shared"), InlineData("s-tpm-signed-02"), InlineData("s-tpm-signed-04")]
    public void A_public_area_of_a_real_TPM_is_written_again_octet_for_octet(string item)
    {
        var real = File.ReadAllBytes(RepositoryFiles.Shared($"corpus/tpm-signed/{item}/akPublic.bin"));
        var attributes = (ObjectAttributes)BinaryPrimitives.ReadUInt32BigEndian(real.AsSpan(4));
        var scheme = (BinaryPrimitives.ReadUInt16BigEndian(real.AsSpan(12)), BinaryPrimitives.ReadUInt16BigEndian(real.AsSpan(14)));

        new TpmtPublic { Attributes = attributes, Scheme = scheme, Modulus = real[^256..] }.ToBytes().Should().Equal(real);
        attributes.Should().HaveFlag(ObjectAttributes.Restricted).And.HaveFlag(ObjectAttributes.Sign);
    }

    [Theory, Needs("shared"), InlineData("s-tpm-signed-01"), InlineData("s-tpm-signed-02"), InlineData("s-tpm-signed-03"), InlineData("s-tpm-signed-08"), InlineData("s-tpm-signed-09")]
    public void An_attestation_of_a_real_TPM_is_written_again_octet_for_octet(string item)
    {
        var real = File.ReadAllBytes(RepositoryFiles.Shared($"corpus/tpm-signed/{item}/attest.bin"));
        var rest = real.AsMemory(6);
        byte[] Sized()
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            var value = rest.Slice(2, length).ToArray();
            rest = rest[(2 + length)..];
            return value;
        }

        var attest = new TpmsAttest
        {
            Magic = BinaryPrimitives.ReadUInt32BigEndian(real),
            Type = BinaryPrimitives.ReadUInt16BigEndian(real.AsSpan(4)),
            QualifiedSigner = Sized(),
            ExtraData = Sized(),
            Clock = BinaryPrimitives.ReadUInt64BigEndian(rest.Span),
            ResetCount = BinaryPrimitives.ReadUInt32BigEndian(rest.Span[8..]),
            RestartCount = BinaryPrimitives.ReadUInt32BigEndian(rest.Span[12..]),
            Safe = rest.Span[16],
            FirmwareVersion = BinaryPrimitives.ReadUInt64BigEndian(rest.Span[17..]),
            Attested = rest[25..].ToArray(),
        };

        attest.Magic.Should().Be(TpmIds.GeneratedValue);
        attest.ToBytes().Should().Equal(real);
    }

    [Fact, Needs("shared")]
    public void A_signature_of_a_real_TPM_has_the_layout_that_the_maker_writes()
    {
        var real = File.ReadAllBytes(RepositoryFiles.Shared("corpus/tpm-signed/s-tpm-signed-02/signature.bin"));

        var made = TpmtSignature.Marshalled(Tpm.AttestationKey(rsa: true), [1, 2, 3], TpmIds.AlgSha256);

        made.Length.Should().Be(real.Length);
        made[..6].Should().Equal(real[..6]);
    }

    [Theory, InlineData(false), InlineData(true), Spec("WebAuthn §8.3")]
    public void The_attestation_key_of_the_certificate_signed_the_certified_name_over_the_key_authorization(bool rsa)
    {
        var evidence = (Maker with { RsaAttestationKey = rsa }).As(TpmVariant.PlainSignature).Make();

        var statement = Statement.Read(evidence.AttestationObject);
        using var certificate = X509CertificateLoader.LoadCertificate(evidence.Chain[0]);
        var verified = rsa
            ? certificate.GetRSAPublicKey()!.VerifyData(statement.CertInfo, statement.Signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : certificate.GetECDsaPublicKey()!.VerifyData(statement.CertInfo, statement.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        verified.Should().BeTrue();
        statement.CertInfo.AsSpan().IndexOf(SHA256.HashData(statement.PubArea)).Should().BePositive("the name of pubArea is certified");
        statement.CertInfo.AsSpan().IndexOf(ChallengeMaterial.Sample.KeyAuthorizationHash).Should().BePositive("extraData is the hash of the key authorization");
    }

    [Theory, InlineData("ec-p256"), InlineData("ec-p384"), InlineData("rsa-2048")]
    public void The_public_area_holds_the_key_of_the_request(string type)
    {
        // the reader here is the one that reads the areas of a real software TPM
        using var key = DeviceKeys.Make(type);
        var evidence = Maker.Make(ChallengeMaterial.Sample, key);

        TpmTemplates.SubjectPublicKeyInfo(Statement.Read(evidence.AttestationObject).PubArea).Should().Equal(key.ExportSubjectPublicKeyInfo());
        evidence.PublicKey.Should().Equal(key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void The_identifier_is_the_hash_of_the_EK_certificate_and_stands_in_the_AK_certificate()
    {
        var evidence = Maker.Make();

        var hash = Convert.ToHexStringLower(SHA256.HashData(Tpm.EkCertificate));
        evidence.Identifier.Should().Be(hash + "/2.23.133.12.1");
        using var certificate = X509CertificateLoader.LoadCertificate(evidence.Chain[0]);
        certificate.Subject.Should().BeEmpty();
        var san = certificate.Extensions.Single(extension => extension.Oid!.Value == "2.5.29.17");
        san.Critical.Should().BeTrue();
        System.Text.Encoding.Latin1.GetString(san.RawData).Should().Contain(hash);
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value.Should().Be("2.23.133.8.3");
    }

    [Fact]
    public void The_same_seed_and_name_give_the_same_TPM()
    {
        new FakeTpm(new FakeVendors("tests").Tpm).EkCertificate.Should().Equal(Tpm.EkCertificate);
        new FakeTpm(new FakeVendors("tests").Tpm, "tpm-2").Identifier.Should().NotBe(Tpm.Identifier);
    }

    [Fact]
    public void Every_fault_and_every_variant_changes_what_is_sent()
    {
        var key = new Seed("device").Key("device", EcDomain.P256).Algorithm;
        foreach (var fault in Enum.GetValues<TpmFault>())
        {
            Unsigned(Maker.With(fault).Make(ChallengeMaterial.Sample, key)).Should().NotBe(Unsigned(Maker.Make(ChallengeMaterial.Sample, key)), $"{fault} is a fault");
            Faults.Describe(fault).Description.Should().NotBeEmpty();
        }

        Statement.Read(Maker.As(TpmVariant.SizedPubArea).Make().AttestationObject).PubArea[..2].Should().NotEqual([0, 0x23]);
        Statement.Read(Maker.As(TpmVariant.ShortCoordinates).Make().AttestationObject).PubArea.Length.Should().BeLessThan(
            Statement.Read(Maker.Make(ChallengeMaterial.Sample, new Seed("device").Key("device", EcDomain.P256).Algorithm).AttestationObject).PubArea.Length);
    }

    // The attestation key's signature is random; all else of a statement is not.
    private static string Unsigned(MadeEvidence evidence)
    {
        try
        {
            var statement = Statement.Read(evidence.AttestationObject);
            return evidence.AttObj!.GetValueKind() + Convert.ToHexString([.. statement.CertInfo, .. statement.PubArea, .. statement.Rest])
                + string.Concat(evidence.Chain.Select(Convert.ToHexString)) + evidence.AttObj!.ToString().EndsWith('=') + SignedByCertificate(evidence, statement);
        }
        catch (Exception failure) when (failure is CborContentException or InvalidOperationException)
        {
            return "unreadable: " + failure.Message;
        }
    }

    private static bool SignedByCertificate(MadeEvidence evidence, Statement statement)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(evidence.Chain[0]);
        if (certificate.GetECDsaPublicKey() is not { } key || statement.Signature.Length != 72)
        {
            return false;
        }

        byte[] signature = [.. statement.Signature[6..38], .. statement.Signature[40..72]];
        return key.VerifyData(statement.CertInfo, signature, HashAlgorithmName.SHA256);
    }

    private sealed record Statement(byte[] CertInfo, byte[] PubArea, byte[] Signature, byte[] Rest)
    {
        public static Statement Read(byte[] attestationObject)
        {
            var reader = new CborReader(attestationObject, CborConformanceMode.Strict);
            var members = new Dictionary<string, byte[]>();
            ReadMap(reader, members);
            reader.BytesRemaining.Should().BeGreaterThanOrEqualTo(0);
            if (reader.BytesRemaining > 0)
            {
                throw new CborContentException("octets after the map");
            }

            return new Statement(
                members.GetValueOrDefault("certInfo", []),
                members.GetValueOrDefault("pubArea", []),
                members.GetValueOrDefault("sig", []),
                [.. members.GetValueOrDefault("ver", []), .. members.GetValueOrDefault("alg", []), .. members.ContainsKey("x5c") ? "x5c"u8 : [], .. members.ContainsKey("sig") ? "sig"u8 : []]);
        }

        private static void ReadMap(CborReader reader, Dictionary<string, byte[]> members)
        {
            for (var count = reader.ReadStartMap(); count > 0; count--)
            {
                var name = reader.ReadTextString();
                if (name == "attStmt")
                {
                    ReadMap(reader, members);
                }
                else
                {
                    members[name] = reader.PeekState() == CborReaderState.ByteString ? reader.ReadByteString() : reader.ReadEncodedValue().ToArray();
                }
            }

            reader.ReadEndMap();
        }
    }
}
