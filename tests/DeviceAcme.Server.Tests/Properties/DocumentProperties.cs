using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Server.Tests.Properties;

/// <summary>Random CBOR as evidence, random DER as CSR and certificate: refused with a problem, never accepted, never a fault of ours.</summary>
public sealed class DocumentProperties(SharedServer shared)
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(250).WithQuietOnSuccess(true);

    [Fact]
    public async Task Random_CBOR_is_no_evidence()
    {
        var order = await Simulated.Order(await shared.Account(TestProfiles.AppleProblem), Simulated.Serial);
        Check(RandomBytes.Cbor, bytes => Evidence(order, bytes));
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Fact]
    public async Task Damaged_Apple_evidence_is_no_evidence()
    {
        var order = await Simulated.Order(await shared.Account(TestProfiles.AppleProblem), Simulated.Serial);
        await order.Send(Simulated.Apple.With(AppleFault.WrongChallenge).Make(order.Material, Simulated.NewKey()));
        Check(RandomBytes.Damaged([Simulated.Apple.Make(order.Material, Simulated.NewKey()).AttestationObject]), bytes => Evidence(order, bytes));
    }

    [Fact]
    public async Task Damaged_TPM_evidence_is_no_evidence()
    {
        var order = await Simulated.Order(await shared.Account("linux-tpm"), Simulated.Tpm.Tpm.Identifier);
        await order.Send(Simulated.Tpm.With(TpmFault.TokenHashed).Make(order.Material, Simulated.NewKey()));
        byte[][] originals = [Simulated.Tpm.Make(order.Material, Simulated.NewKey()).AttestationObject, (Simulated.Tpm with { RsaAttestationKey = true }).Make(order.Material, Simulated.NewKey()).AttestationObject];
        Check(RandomBytes.Damaged(originals), bytes => Evidence(order, bytes));
    }

    [Fact]
    public async Task Random_DER_is_no_CSR()
    {
        var (account, order) = await Ready();
        Check(RandomBytes.Der, bytes => Csr(account, order, bytes));
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
    }

    [Fact]
    public async Task A_damaged_CSR_is_no_CSR()
    {
        var (account, order) = await Ready();
        using var ec = Simulated.NewKey();
        using var rsa = RSA.Create(2048);
        byte[][] originals =
        [
            TestAccount.FromBase64(TestAccount.Csr(ec, "host.example")),
            new CertificateRequest("CN=host.example", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest(),
        ];
        Check(RandomBytes.Damaged(originals).Filter(bytes => !originals.Any(original => original.AsSpan().SequenceEqual(bytes))), bytes => Csr(account, order, bytes));
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
    }

    [Fact]
    public async Task Random_DER_is_no_certificate()
    {
        var account = await shared.Account();
        Check(RandomBytes.Der, bytes => Revoke(account, bytes));
    }

    [Fact]
    public async Task A_damaged_certificate_is_not_revoked()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        using var certificate = await account.Certificate(order, "host.example");
        var original = certificate.RawData;
        Check(RandomBytes.Damaged([original]).Filter(bytes => !original.AsSpan().SequenceEqual(bytes)), bytes => Revoke(account, bytes));
        (await account.Post($"{account.Root}/revoke-cert", $$"""{"certificate":"{{TestAccount.Base64(original)}}"}""")).Status.Should().Be(HttpStatusCode.OK, "it was not");
    }

    private static void Check(Arbitrary<byte[]> random, Func<byte[], Task<TestReply>> send) => Prop.ForAll(random, bytes =>
    {
        var reply = send(bytes).GetAwaiter().GetResult();
        RequestProperties.ShouldBeAnAnswer(reply, Convert.ToHexString(bytes));
        if (reply.Status == HttpStatusCode.OK)
        {
            reply.State.Should().Be("invalid", Convert.ToHexString(bytes));
        }
    }).Check(Config);

    private async Task<(TestAccount Account, TestReply Order)> Ready()
    {
        var account = await shared.Account();
        return (account, await account.Authorize(await account.Order(("dns", "host.example"))));
    }

    private static Task<TestReply> Evidence(DeviceOrder order, byte[] bytes) => order.Account.Post(order.ChallengeUrl, $$"""{"attObj":"{{TestAccount.Base64(bytes)}}"}""");

    private static Task<TestReply> Csr(TestAccount account, TestReply order, byte[] bytes) => account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Base64(bytes)}}"}""");

    private static Task<TestReply> Revoke(TestAccount account, byte[] bytes) => account.Post($"{account.Root}/revoke-cert", $$"""{"certificate":"{{TestAccount.Base64(bytes)}}"}""");
}
