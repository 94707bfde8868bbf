using System.Diagnostics;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd;

[Needs("swtpm")]
public sealed class SwtpmTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly string _state = Directory.CreateTempSubdirectory("device-sim-test-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Theory, InlineData("ec-p256", false), InlineData("ec-p384", true), InlineData("rsa-2048", true), Spec("WebAuthn §8.3")]
    public async Task A_software_TPM_certifies_its_key_and_signs_the_request_with_it(string type, bool rsaAttestationKey)
    {
        await using var process = await SwtpmProcess.Start(_state, Cancellation);
        var device = await SwtpmDevice.Open(process.Stream, Cancellation);
        var key = await device.MakeKey(TpmTemplates.ApplicationKey(type), Cancellation);
        var attestationKey = await CertifiedAttestationKey.Faked(device, new FakeVendors("tests").Tpm, Now, rsaAttestationKey, Cancellation);

        var statement = await new SwtpmMaker(device, attestationKey).Make(ChallengeMaterial.Sample, key, Cancellation);
        var request = new CertificateRequest(new X500DistinguishedName("CN=tpm"), PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey, out _), HashAlgorithmName.SHA256)
            .CreateSigningRequest(new TpmSignatureGenerator(device, key, Cancellation));

        // Loading verifies the request's own signature: the TPM made it with the certified key.
        CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256).PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(key.PublicKey);
        var members = Members(statement);
        var name = TpmtPublic.NameOf(TpmIds.AlgSha256, key.PublicArea);
        var attest = members["certInfo"].AsSpan();
        attest[..6].ToArray().Should().Equal(0xFF, 0x54, 0x43, 0x47, 0x80, 0x17);
        attest.IndexOf(name).Should().BePositive();
        attest.IndexOf(ChallengeMaterial.Sample.KeyAuthorizationHash).Should().BePositive();
        using var certificate = X509CertificateLoader.LoadCertificate(attestationKey.Chain[0]);
        Verified(certificate, members["certInfo"], members["sig"]).Should().BeTrue();
    }

    [Fact]
    public async Task The_same_folder_is_the_same_TPM_and_another_folder_another_one()
    {
        var first = await Identifier(Path.Combine(_state, "a"));

        (await Identifier(Path.Combine(_state, "a"))).Should().Be(first);
        (await Identifier(Path.Combine(_state, "b"))).Should().NotBe(first);
    }

    [Fact]
    public async Task Nothing_is_left_running()
    {
        int id;
        await using (var process = await SwtpmProcess.Start(_state, Cancellation))
        {
            id = process.ProcessId;
        }

        var find = () => Process.GetProcessById(id);
        find.Should().Throw<ArgumentException>();
    }

    [Fact]
    public async Task A_restricted_key_refuses_to_sign_what_is_not_the_TPMs_own()
    {
        await using var process = await SwtpmProcess.Start(_state, Cancellation);
        var device = await SwtpmDevice.Open(process.Stream, Cancellation);
        var key = await device.MakeKey(TpmTemplates.AttestationKey(rsa: false), Cancellation);

        var sign = () => device.SignDigest(key, new byte[32], TpmIds.AlgEcdsa, Cancellation);

        await sign.Should().ThrowAsync<TpmException>();
    }

    private static async Task<string> Identifier(string state)
    {
        await using var process = await SwtpmProcess.Start(state, Cancellation);
        return TpmVendor.Identifier((await SwtpmDevice.Open(process.Stream, Cancellation)).EkCertificate);
    }

    private static bool Verified(X509Certificate2 certificate, byte[] message, byte[] signature) => certificate.GetRSAPublicKey() is { } rsa
        ? rsa.VerifyData(message, signature.AsSpan(6), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : certificate.GetECDsaPublicKey()!.VerifyData(message, (byte[])[.. signature[6..38], .. signature[40..]], HashAlgorithmName.SHA256);

    private static Dictionary<string, byte[]> Members(byte[] attestationObject)
    {
        var members = new Dictionary<string, byte[]>();
        var reader = new CborReader(attestationObject, CborConformanceMode.Strict);
        reader.ReadStartMap();
        reader.ReadTextString();
        reader.ReadTextString().Should().Be("tpm");
        reader.ReadTextString();
        for (var count = reader.ReadStartMap(); count > 0; count--)
        {
            var key = reader.ReadTextString();
            members[key] = reader.PeekState() == CborReaderState.ByteString ? reader.ReadByteString() : reader.ReadEncodedValue().ToArray();
        }

        return members;
    }
}
