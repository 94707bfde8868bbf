using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class EcKeyTests
{
    [Fact, Spec("RFC 6979 §A.2.5")]
    public void P256_signs_as_the_standard_does() => Signature(
        EcDomain.P256, "0C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").Should().Be(
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");

    [Fact, Spec("RFC 6979 §A.2.6")]
    public void P384_signs_as_the_standard_does() => Signature(
        EcDomain.P384, "06B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5").Should().Be(
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
        + "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8");

    private static string Signature(EcDomain domain, string d)
    {
        var key = new EcKey(domain, BigInteger.Parse(d, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        var signature = key.Sign("sample"u8);
        key.Algorithm.VerifyData("sample"u8, signature, domain.Hash, DSASignatureFormat.Rfc3279DerSequence).Should().BeTrue();
        var reader = new System.Formats.Asn1.AsnReader(signature, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        return Hex(reader.ReadInteger(), domain.Size) + Hex(reader.ReadInteger(), domain.Size);
    }

    private static string Hex(BigInteger value, int size) =>
        Convert.ToHexString(value.ToByteArray(isUnsigned: true, isBigEndian: true)).PadLeft(size * 2, '0');
}
