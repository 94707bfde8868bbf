using System.Formats.Asn1;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>A CSR against the order, the account and the evidence: valid by default, one thing changed.</summary>
public sealed class CsrRulesTests
{
    private static readonly AcmeIdentifier Host = new("dns", "host.example");
    private static readonly AcmeIdentifier Other = new("dns", "*.other.example");
    private static readonly AcmeIdentifier Address = new("ip", "2001:db8::1");
    private static readonly AcmeIdentifier Serial = new("permanent-identifier", "ABCDEF123456/1.2.3.4");
    private static readonly CertificateProfile Server = Csr.Profile(Csr.ServerProfile);
    private static readonly CertificateProfile Device = Csr.Profile(Csr.DeviceProfile);

    [Fact, Spec("RFC 8555 §7.4")]
    public void The_names_of_the_order_in_the_alternative_names_are_right() =>
        Check(Csr.For(new GeneralName.Dns("HOST.example"), new GeneralName.Dns("*.other.example"), new GeneralName.Ip(IPAddress.Parse("2001:db8::1"))), [Host, Other, Address])
            .Key.Type.Should().Be("ec-p256");

    [Fact, Spec("RFC 8555 §7.4")]
    public void A_name_in_the_common_name_alone_is_right() => Check(Csr.Make("CN=Host.Example", []), [Host]);

    [Fact, Spec("RFC 8555 §7.4")]
    public void Names_may_be_divided_between_common_name_and_alternative_names() =>
        Check(Csr.Make("CN=host.example", [new GeneralName.Dns("*.other.example")]), [Host, Other]);

    [Fact, Spec("RFC 8555 §7.4")]
    public void A_name_that_is_missing_is_badCSR() =>
        Refused("csr-identifier-missing", Csr.For(new GeneralName.Dns("host.example")), [Host, Other]).Should().Contain("*.other.example");

    [Fact, Spec("RFC 8555 §7.4")]
    public void A_name_that_was_not_ordered_is_badCSR() =>
        Refused("csr-identifier-not-ordered", Csr.For(new GeneralName.Dns("host.example"), new GeneralName.Dns("evil.example")), [Host]);

    [Fact, Spec("RFC 8738 §3")]
    public void An_address_that_was_not_ordered_is_badCSR() =>
        Refused("csr-identifier-not-ordered", Csr.For(new GeneralName.Dns("host.example"), new GeneralName.Ip(IPAddress.Loopback)), [Host]);

    [Theory]
    [InlineData("CN=evil.example, CN=host.example")]
    [InlineData("CN=host.example, CN=evil.example")]
    [InlineData("CN=evil.example")]
    public void No_common_name_gets_by(string subject) =>
        Refused("csr-common-name-not-ordered", Csr.Make(subject, [new GeneralName.Dns("host.example")]), [Host]);

    [Fact]
    public void A_common_name_that_is_an_ordered_address_is_right() =>
        Check(Csr.Make("CN=\"2001:db8::1\"", [new GeneralName.Ip(IPAddress.Parse("2001:db8::1"))]), [Address]);

    [Fact]
    public void A_name_in_a_PrintableString_with_a_star_is_read_as_clients_write_it() =>
        Check(Csr.Raw(writer => WriteRdn(writer, Oids.CommonName, () => WriteRaw(writer, 0x13, "*.other.example")), NoAttributes), [Other]);

    [Fact, Spec("RFC 8555 §11.1")]
    public void The_accounts_key_is_badCSR() => Refused("csr-key-is-account-key", Csr.For(new GeneralName.Dns("host.example")), [Host], account: Csr.Key);

    [Fact]
    public void A_key_type_that_the_profile_does_not_list_is_badCSR()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Refused("csr-key-type-not-allowed", Csr.Make("", [new GeneralName.Dns("host.example")], key), [Host]).Should().Contain("ec-p384").And.Contain("ec-p256, rsa-2048");
    }

    [Fact, Spec("device-attest §5")]
    public void The_attested_key_is_the_key_of_the_CSR()
    {
        Check(Csr.For(), [Serial], Device, attested: Csr.Key);

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Refused("csr-key-not-attested", Csr.For(), [Serial], Device, attested: other);
    }

    [Fact]
    public void An_identifier_that_was_authorized_without_an_attested_key_is_refused() =>
        FluentActions.Invoking(() => Check(Csr.For(), [Serial], Device)).Should().Throw<ProblemException>().Which.Problem.Reason.Should().Be("authorization-not-attested");

    [Fact, Spec("device-attest §3.2")]
    public void A_device_identifier_may_be_left_out_or_be_there_octet_for_octet()
    {
        Check(Csr.For(), [Serial], Device, attested: Csr.Key);
        Check(Csr.For(new GeneralName.PermanentIdentifier("ABCDEF123456", "1.2.3.4")), [Serial], Device, attested: Csr.Key);
        Check(Csr.Make("CN=anything that a payload says", []), [Serial], Device, attested: Csr.Key);
    }

    public static TheoryData<string?, string?> OtherDevices { get; } = new()
    {
        { "ABCDEF123456", null }, { "ABCDEF123456", "1.2.3.5" }, { "abcdef123456", "1.2.3.4" }, { "ABCDEF123456 ", "1.2.3.4" }, { "ABCDEF123456\0", "1.2.3.4" },
        { "ABCDEF123456/1.2.3.4", null }, { null, "1.2.3.4" },
    };

    [Theory, MemberData(nameof(OtherDevices)), Spec("device-attest §3.2")]
    public void Another_device_identifier_is_badCSR(string? value, string? assigner) =>
        Refused("csr-device-name-not-ordered", Csr.For(new GeneralName.PermanentIdentifier(value, assigner)), [Serial], Device, attested: Csr.Key);

    [Fact, Spec("device-attest §3.2")]
    public void An_additional_device_identifier_is_badCSR()
    {
        Refused("csr-device-name-not-ordered", Csr.For(new GeneralName.PermanentIdentifier("ABCDEF123456", "1.2.3.4"), new GeneralName.HardwareModule("1.2.3", "X")), [Serial], Device, attested: Csr.Key);
        Refused("csr-device-name-not-ordered", Csr.For(new GeneralName.Dns("host.example"), new GeneralName.PermanentIdentifier("A", null)), [Host]);
    }

    [Fact, Spec("device-attest §8")]
    public void In_privacy_mode_the_CSR_must_not_carry_the_device()
    {
        var secret = Csr.Profile(Csr.DeviceProfile.Replace("CN={{device.serial}}, O=Example", "O=Example")
            .Replace("    - permanent-identifier: \"{{identifier}}\"\n", "").Replace("urn:device:{{device.serial}}", "urn:device")
            .Replace("  keys:", "  identifier-in-certificate: false\n  keys:"));

        Check(Csr.For(), [Serial], secret, attested: Csr.Key);
        Refused("csr-device-name-not-wanted", Csr.For(new GeneralName.PermanentIdentifier("ABCDEF123456", "1.2.3.4")), [Serial], secret, attested: Csr.Key);
    }

    [Fact]
    public void A_request_that_is_too_large_is_badCSR() => Refused("csr-too-large", new byte[CertificateSigningRequest.MaximumLength + 1], [Host]);

    [Fact]
    public void A_changed_octet_breaks_the_signature_or_the_structure()
    {
        using var rsa = RSA.Create(2048);
        foreach (var csr in new[] { Csr.For(new GeneralName.Dns("host.example")), Rsa(rsa) })
        {
            for (var index = 0; index < csr.Length; index++)
            {
                var changed = csr.ToArray();
                changed[index] ^= 0x01;
                Reason(changed, [Host]).Should().StartWith("csr-", $"octet {index} of {csr.Length} was changed");
            }
        }
    }

    [Fact]
    public void Parameters_of_the_signature_algorithm_are_NULL_or_absent()
    {
        using var rsa = RSA.Create(2048);
        var csr = Rsa(rsa);
        var parameters = csr.AsSpan().LastIndexOf(Convert.FromHexString("2a864886f70d01010b")) + 9;
        csr[parameters..(parameters + 2)].Should().Equal(5, 0);

        // a length of 73 octets that are not there: nothing of this is signed
        csr[parameters + 1] = 0xC9;
        Refused("csr-malformed", csr, [Host]);
    }

    [Fact]
    public void Octets_behind_the_request_are_badCSR() => Refused("csr-malformed", [.. Csr.For(new GeneralName.Dns("host.example")), 0], [Host]);

    [Fact]
    public void An_extension_that_stands_there_twice_is_badCSR() =>
        Refused("csr-duplicate-extension", Csr.Raw(_ => { }, writer => WriteExtensionRequest(writer, Name("host.example"), Name("host.example"))), [Host]);

    [Fact]
    public void Two_extension_requests_are_badCSR() => Refused("csr-duplicate-extension", Csr.Raw(_ => { }, writer =>
    {
        using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
        {
            WriteExtensionAttribute(writer, Name("host.example"));
            WriteExtensionAttribute(writer, Name("evil.example"));
        }
    }), [Host]);

    [Fact]
    public void Malformed_alternative_names_are_badCSR() =>
        Refused("csr-names-malformed", Csr.Raw(_ => { }, writer => WriteExtensionRequest(writer, new PlannedExtension(Oids.SubjectAltName, false, new byte[] { 0x30, 0 }))), [Host]);

    [Fact]
    public void A_request_without_attributes_and_with_version_2_is_read() =>
        Check(Csr.Raw(writer => WriteRdn(writer, Oids.CommonName, () => writer.WriteCharacterString(UniversalTagNumber.UTF8String, "host.example")), NoAttributes, version: 2), [Host]);

    [Fact]
    public void A_point_that_is_not_on_its_curve_is_badCSR()
    {
        var csr = Csr.For(new GeneralName.Dns("host.example"));
        var point = Csr.Key.ExportParameters(false).Q.Y!;
        var at = csr.AsSpan().IndexOf(point);
        csr[at + 31] ^= 1;

        Refused("csr-key-weak", csr, [Host]);
    }

    [Fact]
    public void RSA_requests_are_read_and_weak_ones_are_not()
    {
        using var good = RSA.Create(2048);
        using var small = RSA.Create(1024);

        Check(Rsa(good), [Host]).Key.Type.Should().Be("rsa-2048");
        Refused("csr-key-type-unsupported", Rsa(small), [Host]).Should().Contain("1024");

        // the framework does not sign with SHA-1 any more: its OID, 1.2.840.113549.1.1.5, is put in the place of SHA-256's
        var sha1 = Rsa(good);
        sha1[sha1.AsSpan().LastIndexOf(Convert.FromHexString("2a864886f70d01010b")) + 8] = 5;
        Refused("csr-signature-algorithm", sha1, [Host]);
    }

    [Fact]
    public void A_modulus_with_the_mark_of_the_broken_generator_is_weak()
    {
        // the mark: the modulus is a power of 65537 modulo every small prime (CVE-2017-15361)
        var product = Enumerable.Range(3, 165).Where(number => Enumerable.Range(2, number - 2).All(divisor => number % divisor != 0)).Aggregate(BigInteger.One, (left, right) => left * right);
        var modulus = BigInteger.ModPow(65537, 12345, product) + (product * ((BigInteger.One << 2047) / product + 1));
        modulus += modulus.IsEven ? product : 0;

        SubjectKey.Read(RsaInfo(modulus, 65537), out var refusal).Should().BeNull();
        refusal.Reason.Should().Be("key-weak");
        refusal.Detail.Should().Contain("CVE-2017-15361");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(65536)]
    public void A_small_or_even_exponent_is_weak(int exponent)
    {
        using var rsa = RSA.Create(2048);
        var modulus = new BigInteger(rsa.ExportParameters(false).Modulus, isUnsigned: true, isBigEndian: true);

        SubjectKey.Read(RsaInfo(modulus, exponent), out var refusal).Should().BeNull();
        refusal.Reason.Should().Be("key-weak");
    }

    [Fact]
    public void Random_octets_never_escape_as_anything_but_badCSR() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), octets => Reason(octets, [Host]).StartsWith("csr-", StringComparison.Ordinal)).QuickCheckThrowOnFailure();

    private static byte[] Rsa(RSA key) => new CertificateRequest("CN=host.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();

    private static CertificateSigningRequest Check(
        byte[] csr, AcmeIdentifier[] identifiers, CertificateProfile? profile = null, ECDsa? account = null, ECDsa? attested = null)
    {
        using var someAccount = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var checks = new FinalizeChecks();
        var request = CsrRules.Check(csr, new CsrExpectation
        {
            Identifiers = identifiers,
            Profile = profile ?? Server,
            AccountKey = (account ?? someAccount).ExportSubjectPublicKeyInfo(),
            AttestedKeys = attested is null ? [] : identifiers.ToDictionary(identifier => identifier, _ => new ReadOnlyMemory<byte>(attested.ExportSubjectPublicKeyInfo())),
        }, checks);
        checks.Verdict.Checks.Should().OnlyContain(check => check.Outcome != CheckOutcome.Failed || check.Reason!.Advice.Length > 0);
        return checks.Refusal is { } refusal ? throw refusal : request!;
    }

    private static string Refused(
        string reason, byte[] csr, AcmeIdentifier[] identifiers, CertificateProfile? profile = null, ECDsa? account = null, ECDsa? attested = null)
    {
        var problem = FluentActions.Invoking(() => Check(csr, identifiers, profile, account, attested)).Should().Throw<ProblemException>().Which.Problem;
        problem.Type.Should().Be(Problems.Namespace + "badCSR");
        problem.Reason.Should().Be(reason, problem.Detail);
        return problem.Detail;
    }

    private static string Reason(byte[] csr, AcmeIdentifier[] identifiers)
    {
        try
        {
            Check(csr, identifiers);
            return "accepted";
        }
        catch (ProblemException refusal)
        {
            return refusal.Problem.Reason!;
        }
    }

    private static byte[] RsaInfo(BigInteger modulus, int exponent)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.RsaEncryption);
                writer.WriteNull();
            }

            var key = new AsnWriter(AsnEncodingRules.DER);
            using (key.PushSequence())
            {
                key.WriteInteger(modulus);
                key.WriteInteger(exponent);
            }

            writer.WriteBitString(key.Encode());
        }

        return writer.Encode();
    }

    private static void NoAttributes(AsnWriter writer)
    {
    }

    private static PlannedExtension Name(string dns) => new(Oids.SubjectAltName, false, GeneralName.Write([new GeneralName.Dns(dns)]));

    private static void WriteExtensionRequest(AsnWriter writer, params PlannedExtension[] extensions)
    {
        using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
        {
            WriteExtensionAttribute(writer, extensions);
        }
    }

    private static void WriteExtensionAttribute(AsnWriter writer, params PlannedExtension[] extensions)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.ExtensionRequest);
            using (writer.PushSetOf())
            {
                CertificateBuilder.WriteExtensions(writer, extensions);
            }
        }
    }

    private static void WriteRdn(AsnWriter writer, string oid, Action value)
    {
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            value();
        }
    }

    private static void WriteRaw(AsnWriter writer, byte tag, string text) =>
        writer.WriteEncodedValue([tag, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
}
