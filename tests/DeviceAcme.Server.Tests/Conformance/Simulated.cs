using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>The simulator's vendors and devices, as servers of these tests trust them.</summary>
internal static class Simulated
{
    /// <summary>The value of every Apple order that does not say otherwise.</summary>
    public const string Serial = "C02SIM000001";

    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static FakeVendors Vendors { get; } = new("conformance");

    public static AppleMaker Apple { get; } = new(Vendors.Apple, Now);

    public static TpmMaker Tpm { get; } = new(new FakeTpm(Vendors.Tpm), Now);

    /// <summary>For <see cref="TestServer.Start"/>.</summary>
    public static IReadOnlyDictionary<string, string> Anchors { get; } = Vendors.Anchors
        .Append((Folder: "elsewhere", File: "root.pem", new FakeVendors("another vendor").Apple.Root.Certificate))
        .Select(anchor => (anchor.Folder, anchor.File, Text: PemEncoding.WriteString("CERTIFICATE", anchor.Certificate)))
        .Concat(Vendors.Terms.Select(terms => (terms.Folder, File: "terms.yaml", terms.Text)))
        .ToDictionary(anchor => $"{anchor.Folder}/{anchor.File}", anchor => anchor.Text);

    /// <summary>What a device must know to answer this challenge of this account.</summary>
    public static ChallengeMaterial Material(TestAccount account, JsonNode challenge) =>
        new((string)challenge["token"]!, $"{(string)challenge["token"]!}.{account.Key.Thumbprint}");

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>An order for a device with its challenge.</summary>
    public static async Task<DeviceOrder> Order(TestAccount account, string value, string type = "permanent-identifier")
    {
        var order = await account.Order((type, value));
        return new DeviceOrder(account, order, await account.Challenge(order, "device-attest-01"));
    }

    /// <summary>base64url of a CSR without any name: the profile takes all of them from the evidence.</summary>
    public static string Csr(AsymmetricAlgorithm key, string subject = "") => TestAccount.Base64((key is RSA rsa
        ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256)).CreateSigningRequest());
}

/// <summary>One order of a device: what it asked for and the challenge that it must answer.</summary>
internal sealed record DeviceOrder(TestAccount Account, TestReply Created, JsonNode Challenge)
{
    public string Url => Created.Header("Location")!;

    public string ChallengeUrl => (string)Challenge["url"]!;

    public string AuthorizationUrl => (string)Created.Json["authorizations"]![0]!;

    public ChallengeMaterial Material => Simulated.Material(Account, Challenge);

    public Task<TestReply> Send(MadeEvidence evidence) => Account.Post(ChallengeUrl, evidence.Payload.ToJsonString());

    public Task<TestReply> Finalize(AsymmetricAlgorithm key) => Account.Post((string)Created.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(key)}}"}""");

    /// <summary>The statuses of challenge, authorization and order.</summary>
    public async Task<string> States() =>
        $"{(await Account.Get(ChallengeUrl)).State} {(await Account.Get(AuthorizationUrl)).State} {(await Account.Get(Url)).State}";
}
