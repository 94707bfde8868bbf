using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Keys that come to OpenSSL in a certificate are the same keys, and those that are none are refused all the same.</summary>
public sealed class EcKeyImportTests
{
    public static TheoryData<string> Curves => ["nistP256", "nistP384", "nistP521"];

    [Theory]
    [MemberData(nameof(Curves))]
    public void A_key_is_the_one_that_was_given(string curve)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        byte[] data = [1, 2, 3];
        var signature = key.SignData(data, HashAlgorithmName.SHA384);

        using var imported = EcKeyImport.Import(key.ExportSubjectPublicKeyInfo());

        imported.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
        imported.VerifyData(data, signature, HashAlgorithmName.SHA384).Should().BeTrue();
        imported.VerifyData(new byte[] { 3, 2, 1 }, signature, HashAlgorithmName.SHA384).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void A_point_beside_its_curve_is_refused(string curve)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var (known, x, y) = PointOf(key);
        y[^1] ^= 1;

        Importing(known, x, y).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => EcKeyImport.Import(SubjectPublicKey.EncodeEc(known, x, y))).Should().Throw<CryptographicException>();
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void A_coordinate_that_is_no_element_of_the_field_is_refused(string curve)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var (known, x, y) = PointOf(key);
        Array.Fill(x, (byte)0xff);

        Importing(known, x, y).Should().Throw<CryptographicException>();
        Importing(known, new byte[known.FieldSize], new byte[known.FieldSize]).Should().Throw<CryptographicException>();
        Importing(known, y, y).Should().Throw<CryptographicException>();
    }

    [Fact]
    public void A_key_of_another_kind_is_refused()
    {
        using var rsa = RSA.Create(2048);
        FluentActions.Invoking(() => EcKeyImport.Import(rsa.ExportSubjectPublicKeyInfo())).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => EcKeyImport.Import(new byte[] { 0x30, 0 })).Should().Throw<CryptographicException>();
    }

    private static (EllipticCurve Curve, byte[] X, byte[] Y) PointOf(ECDsa key)
    {
        var parameters = key.ExportParameters(false);
        return (EllipticCurve.Find(parameters.Curve.Oid.Value!)!, parameters.Q.X!, parameters.Q.Y!);
    }

    private static Action Importing(EllipticCurve curve, byte[] x, byte[] y) => () => EcKeyImport.Import(curve, x, y).Dispose();
}
