using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using TpmWriter = DeviceAcme.Simulator.Tpm.TpmWriter;

namespace DeviceAcme.Tests.Attestation;

public sealed class TpmStructuresTests
{
    private const uint Attributes = 0x40072;

    [Theory, Spec("TPM 2.0 part 2 §12.2.4")]
    [InlineData(256, 3)]
    [InlineData(384, 4)]
    [InlineData(521, 5)]
    public void A_point_is_read_with_and_without_its_leading_zeros(int bits, int curveId)
    {
        var curve = bits == 256 ? ECCurve.NamedCurves.nistP256 : bits == 384 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP521;
        // P-521 coordinates begin with a zero octet every second time; for the others a few hundred keys have one
        for (var found = 0; found < 2;)
        {
            using var key = ECDsa.Create(curve);
            var point = key.ExportParameters(false).Q;
            if (found == 1 && point.X![0] != 0)
            {
                continue;
            }

            var area = TpmtPublic.Read(EccArea(curveId, point.X!.AsSpan().TrimStart((byte)0), point.Y));
            area.PublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
            found++;
        }
    }

    [Fact]
    public void Sized_public_areas_lose_their_length_before_the_name_is_made()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(false).Q;
        var plain = EccArea(3, point.X, point.Y);
        var sized = new TpmWriter().Sized(plain).ToArray();

        TpmtPublic.Read(sized).Name().Should().Equal(TpmtPublic.Read(plain).Name());
        TpmtPublic.Read(plain).Name().Should().Equal([0x00, 0x0B, .. SHA256.HashData(plain)]);
    }

    [Fact]
    public void Points_off_their_curve_and_coordinates_too_long_are_malformed_keys()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(false).Q;

        ReasonOf(() => TpmtPublic.Read(EccArea(3, point.Y, point.X)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        ReasonOf(() => TpmtPublic.Read(EccArea(3, [], [])).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        ReasonOf(() => TpmtPublic.Read(EccArea(3, new byte[33], point.Y)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        ReasonOf(() => TpmtPublic.Read(EccArea(4, point.X, point.Y)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        ReasonOf(() => TpmtPublic.Read(EccArea(0x10, point.X, point.Y)).PublicKeyInfo()).Should().Be(Reasons.KeyUnsupported);
    }

    [Theory]
    [InlineData(2048, 0u, true)]
    [InlineData(2048, 65537u, true)]
    [InlineData(2048, 1u, false)]
    [InlineData(2048, 3u, false)]
    [InlineData(2048, 65536u, false)]
    [InlineData(3072, 65537u, true)]
    public void Rsa_keys_have_a_size_and_an_exponent_that_make_sense(int bits, uint exponent, bool good)
    {
        using var rsa = RSA.Create(bits);
        var modulus = rsa.ExportParameters(false).Modulus!;
        if (good)
        {
            TpmtPublic.Read(RsaArea(bits, exponent, modulus)).PublicKeyInfo().Should().Equal(rsa.ExportSubjectPublicKeyInfo());
        }
        else
        {
            ReasonOf(() => TpmtPublic.Read(RsaArea(bits, exponent, modulus)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        }
    }

    [Fact]
    public void A_modulus_that_is_not_what_keyBits_says_is_malformed()
    {
        using var rsa = RSA.Create(2048);
        var modulus = rsa.ExportParameters(false).Modulus!;

        ReasonOf(() => TpmtPublic.Read(RsaArea(3072, 0, modulus)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        ReasonOf(() => TpmtPublic.Read(RsaArea(1024, 0, modulus[..128])).PublicKeyInfo()).Should().Be(Reasons.KeyUnsupported);
        ReasonOf(() => TpmtPublic.Read(RsaArea(2048, 0, [])).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
        modulus[^1] &= 0xFE;
        ReasonOf(() => TpmtPublic.Read(RsaArea(2048, 0, modulus)).PublicKeyInfo()).Should().Be(Reasons.KeyMalformed);
    }

    [Fact]
    public void Schemes_and_symmetric_definitions_are_skipped_by_their_own_lengths()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(false).Q;
        var area = new TpmWriter().U16(0x0023).U16(0x000B).U32(Attributes).Sized([1, 2, 3])
            .U16(0x0006).U16(128).U16(0x0043)
            .U16(0x0018).U16(0x000B)
            .U16(3).U16(0x0020).U16(0x000B)
            .Sized(point.X).Sized(point.Y).ToArray();

        TpmtPublic.Read(area).PublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
        ReasonOf(() => TpmtPublic.Read((byte[])[.. area, 0])).Should().Be(Reasons.TpmStructureMalformed);
        ReasonOf(() => TpmtPublic.Read(area.AsMemory(0, area.Length - 1))).Should().Be(Reasons.TpmStructureMalformed);
    }

    [Theory]
    [InlineData("SHA256", 32)]
    [InlineData("SHA256", 222)]
    [InlineData("SHA384", 48)]
    [InlineData("SHA384", 0)]
    public void Pss_signatures_verify_with_whatever_salt_the_TPM_chose(string hashName, int saltLength)
    {
        using var rsa = RSA.Create(2048);
        var hash = new HashAlgorithmName(hashName);
        var message = "attested"u8.ToArray();
        var signature = PssSigner.Sign(rsa, hash, message, saltLength);
        var structure = new TpmWriter().U16(0x0016).U16(hashName == "SHA256" ? 0x000B : 0x000C).Sized(signature).ToArray();
        var read = TpmtSignature.Read(structure, -257, KeyKind.Rsa);
        var key = VerificationKey.Read(rsa.ExportSubjectPublicKeyInfo());

        read.Encoding.Should().Be("TPMT_SIGNATURE");
        key.Verify(read.Algorithm, message, read.Value.Span).Should().BeTrue();
        key.Verify(read.Algorithm, "something else"u8, read.Value.Span).Should().BeFalse();
        signature[^1] ^= 1;
        key.Verify(read.Algorithm, message, signature).Should().BeFalse();
        key.Verify(read.Algorithm, message, signature.AsSpan(1)).Should().BeFalse();
    }

    [Theory]
    [InlineData("id:49465800", "IFX", true, false)]
    [InlineData("id:4e544300", "NTC", true, false)]
    [InlineData("id:53544D20", "STM", true, false)]
    [InlineData("id:FFFFF1D0", "id:FFFFF1D0", false, true)]
    [InlineData("id:00001014", "id:00001014", false, true)]
    [InlineData("id:414D5A4E", "AMZN", false, true)]
    [InlineData("id:564D5700", "VMW", false, true)]
    [InlineData("id:50524C53", "PRLS", false, true)]
    [InlineData("id:53494D37", "SIM7", false, true)]
    [InlineData("id:54535430", "TST0", false, true)]
    [InlineData("id:58595A00", "XYZ", false, false)]
    public void Vendor_ids_are_known_software_or_neither(string id, string name, bool registered, bool software)
    {
        var vendor = TpmVendors.Read(id)!;

        (vendor.Name, vendor.Registered, vendor.Software).Should().Be((name, registered, software));
    }

    [Theory]
    [InlineData("id:4946580")]
    [InlineData("id:494658000")]
    [InlineData("ID:49465800")]
    [InlineData("49465800")]
    [InlineData("id:4946580G")]
    [InlineData("")]
    public void Other_forms_are_no_vendor_ids(string id) => TpmVendors.Read(id).Should().BeNull();

    private static byte[] EccArea(int curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y) => new TpmWriter()
        .U16(0x0023).U16(0x000B).U32(Attributes).Sized([]).U16(0x0010).U16(0x0010).U16(curve).U16(0x0010).Sized(x).Sized(y).ToArray();

    private static byte[] RsaArea(int bits, uint exponent, ReadOnlySpan<byte> modulus) => new TpmWriter()
        .U16(0x0001).U16(0x000B).U32(Attributes).Sized([]).U16(0x0010).U16(0x0010).U16(bits).U32(exponent).Sized(modulus).ToArray();

    private static Reason? ReasonOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (MalformedEvidenceException malformed)
        {
            return malformed.Reason;
        }
    }
}
