using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>TPM2_MakeCredential and what it is made of.</summary>
public sealed class CredentialTests
{
    private static readonly byte[] Seed = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
    private static readonly byte[] Name = [0x00, 0x0b, .. SHA256.HashData("public area"u8)];

    /// <summary>The same octets each time.</summary>
    private static byte[] Fixed(int count) => [.. Enumerable.Range(7, count).Select(number => (byte)number)];

    [Fact]
    public void KDFa_gives_the_known_keys()
    {
        Convert.ToHexStringLower(TpmKdf.Kdfa(HashAlgorithmName.SHA256, Seed, "STORAGE", Name, [], 128)).Should().Be("087fa91711ef0188a9017ee536896e1b");
        Convert.ToHexStringLower(TpmKdf.Kdfa(HashAlgorithmName.SHA256, Seed, "INTEGRITY", [], [], 256))
            .Should().Be("bacf689f634ece301e1f1b15b072d9c87db6a69585db42b1a0cb8f73ebe2692e");
    }

    [Fact]
    public void KDFe_gives_the_known_seed()
    {
        byte[] Of(byte octet) => [.. Enumerable.Repeat(octet, 32)];

        Convert.ToHexStringLower(TpmKdf.Kdfe(HashAlgorithmName.SHA256, Of(1), "IDENTITY", Of(2), Of(3), 256))
            .Should().Be("2073a3306eedcfb178183d8a721f949bba9c3d4501b6c2839487bbdd3b973070");
    }

    [Fact]
    public void A_key_that_is_longer_than_a_digest_takes_two_blocks()
    {
        var longer = TpmKdf.Kdfa(HashAlgorithmName.SHA256, Seed, "STORAGE", Name, [], 512);

        longer.Should().HaveCount(64);
        using var hmac = new HMACSHA256(Seed);
        longer[32..].Should().Equal(hmac.ComputeHash([0, 0, 0, 2, .. "STORAGE\0"u8, .. Name, 0, 0, 2, 0]));
    }

    [Fact]
    public void OAEP_with_an_empty_label_is_what_the_platform_decrypts()
    {
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(false);
        foreach (var length in new[] { 0, 1, 32, 190 })
        {
            var message = RandomNumberGenerator.GetBytes(length);
            var encrypted = RsaOaep.Encrypt(key.Modulus, key.Exponent, HashAlgorithmName.SHA256, [], message, RandomNumberGenerator.GetBytes(32));

            rsa.Decrypt(encrypted, RSAEncryptionPadding.OaepSHA256).Should().Equal(message);
        }

        var tooLong = () => RsaOaep.Encrypt(key.Modulus, key.Exponent, HashAlgorithmName.SHA256, [], new byte[191], new byte[32]);
        tooLong.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_credential_has_the_layout_of_the_specification()
    {
        var credential = Key(EkKind.EcP256).MakeCredential(Name, Seed, Fixed);

        // size, size of the HMAC, HMAC, encrypted size and secret
        credential.CredentialBlob.ToArray()[..4].Should().Equal(0, 2 + 32 + 2 + 32, 0, 32);
        credential.CredentialBlob.Length.Should().Be(2 + 2 + 32 + 2 + 32);
        credential.EncryptedSecret.ToArray()[..4].Should().Equal(0, 68, 0, 32);
        credential.EncryptedSecret.Length.Should().Be(2 + 2 + 32 + 2 + 32);
        Key(EkKind.Rsa2048).MakeCredential(Name, Seed, Fixed).EncryptedSecret.ToArray()[..2].Should().Equal(1, 0);
    }

    [Fact]
    public void The_same_random_octets_give_the_same_credential_and_others_another()
    {
        var key = Key(EkKind.EcP384);
        string Made(Func<int, byte[]> random) => Convert.ToHexString(key.MakeCredential(Name, Seed, random).CredentialBlob.Span);

        Made(Fixed).Should().Be(Made(Fixed)).And.NotBe(Made(RandomNumberGenerator.GetBytes));
    }

    [Theory]
    [InlineData("EcP256", 32)]
    [InlineData("EcP384", 48)]
    [InlineData("Rsa2048", 32)]
    public void A_secret_is_at_most_one_digest(string kind, int most)
    {
        var key = Key(Enum.Parse<EkKind>(kind));
        key.MaxSecret.Should().Be(most);

        foreach (var length in new[] { 0, most + 1 })
        {
            var make = () => key.MakeCredential(Name, new byte[length], Fixed);
            make.Should().Throw<ArgumentException>();
        }
    }

    [Theory]
    [InlineData("EcP256")]
    [InlineData("EcP384")]
    [InlineData("Rsa2048")]
    public void Every_secret_and_name_comes_back_and_only_for_its_name(string kind)
    {
        var ek = Trial.FakeTpm.EndorsementKey(Enum.Parse<EkKind>(kind));
        var key = Key(Enum.Parse<EkKind>(kind));
        Prop.ForAll<NonEmptyArray<byte>, byte[]>((secret, name) =>
        {
            var hidden = secret.Get.Take(32).ToArray();
            var made = key.MakeCredential(name, hidden, RandomNumberGenerator.GetBytes);
            return ek.ActivateCredential(made.CredentialBlob.ToArray(), made.EncryptedSecret.ToArray(), name)!.SequenceEqual(hidden)
                && ek.ActivateCredential(made.CredentialBlob.ToArray(), made.EncryptedSecret.ToArray(), [.. name, 0]) is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(kind == "Rsa2048" ? 20 : 60));
    }

    [Fact]
    public void P_521_has_its_own_hash_and_the_order_of_each_curve_is_right()
    {
        foreach (var curve in new[] { EllipticCurve.P256, EllipticCurve.P384, EllipticCurve.P521 })
        {
            // (n - 1)·G has the generator's x
            var last = (curve.Order - 1).ToByteArray(isUnsigned: true, isBigEndian: true);
            var one = new byte[curve.FieldSize];
            one[^1] = 1;
            using var negative = ECDiffieHellman.Create(new ECParameters { Curve = curve.Named, D = last });
            using var generator = ECDiffieHellman.Create(new ECParameters { Curve = curve.Named, D = one });
            negative.ExportParameters(false).Q.X.Should().Equal(generator.ExportParameters(false).Q.X);
        }

        using var large = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP521);
        var point = large.ExportParameters(false).Q;
        SubjectPublicKey.TryRead(SubjectPublicKey.EncodeEc(EllipticCurve.P521, point.X, point.Y), out var key, out _).Should().BeTrue();
        var made = new EndorsementKey(key!, TpmAlg.Sha512, 256).MakeCredential(Name, new byte[64], RandomNumberGenerator.GetBytes);
        made.CredentialBlob.Length.Should().Be(2 + 2 + 64 + 2 + 64);
        made.EncryptedSecret.Length.Should().Be(2 + 2 + 66 + 2 + 66);
    }

    [Fact]
    public void Keys_of_the_weak_generator_are_told_from_sound_ones()
    {
        var weak = EkTrial.Maker.With(EkFault.Roca).Make().EkPublicKey;
        SubjectPublicKey.TryRead(weak, out var key, out _).Should().BeTrue();
        RocaKeys.Contains(key!.Modulus.Span).Should().BeTrue();

        for (var i = 0; i < 3; i++)
        {
            using var sound = RSA.Create(2048);
            RocaKeys.Contains(sound.ExportParameters(false).Modulus).Should().BeFalse();
        }

        RocaKeys.Contains(Encoding.ASCII.GetBytes(new string('x', 256))).Should().BeFalse();
    }

    private static EndorsementKey Key(EkKind kind) => EkTrial.Judge(EkTrial.Maker with { Kind = kind }).EndorsementKey!;
}
