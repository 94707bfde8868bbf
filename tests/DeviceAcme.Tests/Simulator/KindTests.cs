using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

/// <summary>What kinds of device do, compared with what is known of the real things.</summary>
public sealed class KindTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    // made once: their roots cost half a second
    private static readonly FakeVendors Vendors = new("kinds");
    private static readonly FakeVendors SameVendors = new("kinds");
    private static readonly FakeVendors OtherVendors = new("another");
    private static readonly string[] Usual = ["directory", "nonce", "new-account", "new-order", "authorization", "challenge", "order", "finalize", "cert"];

    public static TheoryData<string> Apple => [.. Devices.Of(EvidenceFormat.Apple)];

    public static TheoryData<string> Attesting => [.. Devices.Kinds.Except([ServerHost.KindName, ActivatedTpm.KindName])];

    [Theory, MemberData(nameof(Apple)), Spec("Apple com.apple.security.acme")]
    public async Task Apple_devices_order_one_permanent_identifier_and_send_neither_account_nor_profile_nor_names(string kind)
    {
        var server = new HeardServer("device-attest-01");
        await using var device = await Start($"{{ kind: {kind}, client-identifier: CODE1 }}");

        await Enroll(device, server);

        server.Paths.Should().Equal(Usual);
        server.Payload("new-account").EnumerateObject().Select(member => member.Name).Should().Equal("termsOfServiceAgreed");
        server.Payload("new-order").GetRawText().Should().Be("""{"identifiers":[{"type":"permanent-identifier","value":"CODE1"}]}""", "neither profile nor notBefore nor notAfter");
        server.Payload("challenge").EnumerateObject().Select(member => member.Name).Should().Equal("attObj");
        var csr = Csr(server);
        csr.SubjectName.Name.Should().Be("CN=CODE1");
        csr.CertificateExtensions.Should().BeEmpty("there is no PermanentIdentifier in Apple's requests");
        csr.PublicKey.Oid.Value.Should().Be("1.2.840.10045.2.1");
        var (format, members, chain) = Statement(server);
        format.Should().Be("apple");
        members.Should().Equal("x5c");
        chain.Should().HaveCount(2, "the root is not sent");
        Devices.Find(kind).KnowsExternalAccounts.Should().BeFalse();
    }

    [Fact, Spec("Apple com.apple.security.acme")]
    public async Task About_one_in_128_signatures_of_an_Apple_device_is_short_and_none_of_others()
    {
        await using var mac = await Start("kind: mac");
        await using var tpm = await Start("kind: tpm");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        tpm.SignatureTransform.Should().BeNull();
        var lengths = Enumerable.Range(0, 3000).Select(number => Signature(JwsSigner.For(key, mac.SignatureTransform), number)).ToList();
        lengths.Should().OnlyContain(length => length >= 60 && length <= 64);
        lengths.Count(length => length < 64).Should().BeInRange(6, 60, "two halves, each with a leading zero once in 256");

        static int Signature(JwsSigner signer, int number) => HeardServer.Octets(JsonElement.Parse(signer.SignRaw([], BitConverter.GetBytes(number))).GetProperty("signature")).Length;
    }

    [Fact]
    public async Task A_renewal_has_a_new_key_and_new_evidence_and_the_same_account()
    {
        var server = new HeardServer("device-attest-01");
        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var run = Run(server, account, new ClientBehaviour());
        var keys = new List<string>();
        foreach (var _ in new[] { 1, 2 })
        {
            await using var device = await Start("kind: mac");
            await run.Run(device, TestContext.Current.CancellationToken);
            keys.Add(Convert.ToHexString(Csr(server).PublicKey.EncodedKeyValue.RawData));
        }

        server.Paths.Count(path => path == "new-account").Should().Be(1);
        server.Paths.Count(path => path == "challenge").Should().Be(2);
        keys.Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("tpm", "tpm", 1), InlineData("windows-tpm", "tpm", 0), InlineData("android", "android-key", 0), InlineData("yubikey", "step", 0), InlineData("printer", "deviceacme-idevid", 0), InlineData("iot", "deviceacme-idevid", 0)]
    public async Task Other_devices_send_their_format_and_leave_names_to_the_server_except_for_the_identifier_of_a_TPM(string kind, string format, int extensions)
    {
        var server = new HeardServer("device-attest-01");
        await using var device = await Start($"kind: {kind}");

        await Enroll(device, server);

        server.Paths.Should().Equal(Usual);
        Statement(server).Format.Should().Be(format);
        Csr(server).SubjectName.Name.Should().BeEmpty();
        Csr(server).CertificateExtensions.Should().HaveCount(extensions);
        server.Payload("new-order").GetProperty("identifiers").GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task A_Windows_machine_has_RSA_keys()
    {
        var server = new HeardServer("device-attest-01");
        await using var device = await Start("kind: windows-tpm");

        await Enroll(device, server);

        Csr(server).PublicKey.Oid.Value.Should().Be("1.2.840.113549.1.1.1");
        using var attestationKey = X509CertificateLoader.LoadCertificate(Statement(server).Chain[0]);
        attestationKey.PublicKey.Oid.Value.Should().Be("1.2.840.113549.1.1.1");
    }

    [Theory, InlineData("android", true), InlineData("strongbox", true), InlineData("android-factory", false)]
    public async Task A_phone_that_is_provisioned_remotely_says_so_and_its_attestation_key_is_certified_for_weeks(string kind, bool provisioned)
    {
        var server = new HeardServer("device-attest-01");
        await using var device = await Start($"kind: {kind}");

        await Enroll(device, server);

        using var attestationKey = X509CertificateLoader.LoadCertificate(Statement(server).Chain[1]);
        attestationKey.Extensions.Any(extension => extension.Oid!.Value == "1.3.6.1.4.1.11129.2.1.30").Should().Be(provisioned);
        (attestationKey.NotAfter - attestationKey.NotBefore < TimeSpan.FromDays(60)).Should().Be(provisioned);
    }

    [Theory, MemberData(nameof(Attesting))]
    public async Task The_same_seeds_are_the_same_device_with_the_same_evidence_but_for_what_it_signs_itself(string kind)
    {
        var text = $"{{ kind: {kind}, seed: laboratory, client-identifier: CODE1 }}";

        var (first, again, other) = (await Made(text, Vendors), await Made(text, SameVendors), await Made(text, OtherVendors));

        again.Identifier.Should().Be(first.Identifier);
        again.Csr.Should().Be(first.Csr, "the key of the certificate grows from the device's seed");
        again.Chain.Select(Convert.ToHexString).Should().Equal(first.Chain.Select(Convert.ToHexString));
        other.Chain.Select(Convert.ToHexString).Should().NotIntersectWith(first.Chain.Select(Convert.ToHexString), "another vendor's seed has other vendors");
    }

    [Fact]
    public void The_ledger_knows_a_TPM_of_a_vendor_by_the_same_name_in_each_run()
    {
        var kind = Devices.Find(ActivatedTpm.KindName);

        var name = LedgerName.Of(kind, "a", Vendors);

        LedgerName.Of(kind, "a", SameVendors).Should().Be(name);
        LedgerName.Of(kind, "a", Vendors, "id:49465800").Should().NotBe(name, "its endorsement certificate is another one");
    }

    [Theory]
    [InlineData("authorization", "challenge authorization authorization order finalize")]
    [InlineData("challenge", "challenge challenge challenge order finalize")]
    [InlineData("order", "challenge order order finalize")]
    public async Task A_client_looks_where_its_file_says(string polls, string expected)
    {
        var server = new HeardServer("device-attest-01", looksUntilValid: 2);
        var file = YamlFields.Read($"{{ kind: tpm, client: {{ polls: {polls}, longest-pause: 1ms, user-agent: mine/1.0, agrees-to-terms: false }} }}", "device.yaml", DeviceFile.Read);
        await using var device = await Devices.Start(file.Settings(), () => Vendors, Now, TestContext.Current.CancellationToken);
        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        await Run(server, account, file.Client).Run(device, TestContext.Current.CancellationToken);

        string.Join(' ', server.Paths.SkipWhile(path => path != "challenge").TakeWhile(path => path != "cert")).Should().Be(expected);
        server.Heard.Should().OnlyContain(heard => heard.UserAgent == "mine/1.0");
        server.Payload("new-account").EnumerateObject().Should().BeEmpty();
    }

    private static async Task<(string Identifier, string Csr, IReadOnlyList<byte[]> Chain)> Made(string text, FakeVendors vendors)
    {
        var server = new HeardServer("device-attest-01");
        await using var device = await Start(text, vendors);
        using var account = DeviceKeys.Grow(new Seed("device:laboratory"), "account", "ec-p256");
        await Run(server, (ECDsa)account, Devices.Find(device.Kind).Client).Run(device, TestContext.Current.CancellationToken);
        var csr = Csr(server);
        return (device.Identifiers.Single().Value, $"{csr.SubjectName.Name} {Convert.ToHexString(csr.PublicKey.EncodedKeyValue.RawData)}", Statement(server).Chain);
    }

    private static Task<IDevice> Start(string text, FakeVendors? vendors = null) =>
        Devices.Start(YamlFields.Read(text, "device.yaml", DeviceFile.Read).Settings(), () => vendors ?? Vendors, Now, TestContext.Current.CancellationToken);

    private static async Task Enroll(IDevice device, HeardServer server)
    {
        using var account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await Run(server, account, Devices.Find(device.Kind).Client).Run(device, TestContext.Current.CancellationToken);
    }

    private static EnrollmentRun Run(HeardServer server, ECDsa account, ClientBehaviour client) => new(new HttpClient(server), HeardServer.Directory, account, TimeProvider.System) { Behaviour = client };

    private static CertificateRequest Csr(HeardServer server) => CertificateRequest.LoadSigningRequest(
        HeardServer.Octets(server.Payload("finalize").GetProperty("csr")), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);

    private static (string Format, IReadOnlyList<string> Members, IReadOnlyList<byte[]> Chain) Statement(HeardServer server)
    {
        var reader = new CborReader(HeardServer.Octets(server.Heard.First(heard => heard.Path == "challenge").Payload.GetProperty("attObj")));
        reader.ReadStartMap().Should().Be(2, "there is no authData");
        reader.ReadTextString().Should().Be("fmt");
        var format = reader.ReadTextString();
        reader.ReadTextString().Should().Be("attStmt");
        var (members, chain) = (new List<string>(), new List<byte[]>());
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            members.Add(reader.ReadTextString());
            if (members[^1] != "x5c")
            {
                reader.SkipValue();
                continue;
            }

            reader.ReadStartArray();
            while (reader.PeekState() != CborReaderState.EndArray)
            {
                chain.Add(reader.ReadByteString());
            }

            reader.ReadEndArray();
        }

        return (format, members, chain);
    }
}
