using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd;

/// <summary>The simulator's own commands against the server's own program, over TLS, with its CA, DNS and http-01.</summary>
public sealed class SimulatedEnrollmentTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>, IAsyncLifetime
{
    private string Out { get; } = Directory.CreateTempSubdirectory("deviceacme-out-").FullName;

    // the simulator answers the server's questions itself
    public async ValueTask InitializeAsync() => await Server.StopAnsweringDns();

    public ValueTask DisposeAsync()
    {
        Dispose();
        Directory.Delete(Out, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact, Spec("device-attest §5")]
    public async Task A_Mac_enrolls_with_the_key_that_was_attested()
    {
        var (code, result, talk) = await Enroll("mac", "acme/apple-device/directory", "--serial", "C02SIM0000E2");

        code.Should().Be(0, talk);
        var certificate = result.GetProperty("certificate");
        certificate.GetProperty("subjectAlternativeNames").EnumerateArray().Select(name => name.GetString()).Should().Equal("permanent-identifier:C02SIM0000E2");
        certificate.GetProperty("key").GetString().Should().Be("EC P-384");
        result.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()).Should().Equal(
            "directory", "newNonce", "newAccount", "newOrder", "authorization", "challenge", "order", "finalize", "certificate");
        using var leaf = Leaf();
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(Out, "key.pem"), TestContext.Current.CancellationToken));
        leaf.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
    }

    [Theory, InlineData("ec-p256"), InlineData("rsa-2048")]
    public async Task A_TPM_in_managed_code_enrolls(string key)
    {
        var (code, result, talk) = await Enroll("tpm", "acme/linux-tpm/directory", "--key", key);

        code.Should().Be(0, talk);
        var ordered = result.GetProperty("identifiers")[0].GetProperty("value").GetString();
        ordered.Should().EndWith("/2.23.133.12.1");
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().Be("permanent-identifier:" + ordered);
    }

    [Theory, InlineData("ec-p256"), InlineData("rsa-2048")]
    public async Task An_Android_phone_enrolls(string key)
    {
        var (code, result, talk) = await Enroll("android", "acme/android-device/directory", "--key", key, "--serial", "PHONE1");

        code.Should().Be(0, talk);
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().Be("permanent-identifier:PHONE1");
    }

    [Theory, InlineData("ec-p256"), InlineData("rsa-2048")]
    public async Task A_YubiKey_enrolls(string key)
    {
        var (code, result, talk) = await Enroll("yubikey", "acme/yubikey/directory", "--key", key, "--serial", "28989702");

        code.Should().Be(0, talk);
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().Be("permanent-identifier:28989702");
    }

    [Theory, InlineData("printer", "CHIP-BORN1/2.25.108838171977201940065572333276395298"), InlineData("iot", "BORN1/2.25.231498336004203027971151384673081744700")]
    public async Task A_device_with_a_birth_certificate_enrolls(string kind, string module)
    {
        var (code, result, talk) = await Enroll(kind, "acme/iot-idevid/directory", "--serial", "BORN1");

        code.Should().Be(0, talk);
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().Be("hardware-module:" + module);
        using var leaf = Leaf();
        leaf.Subject.Should().Be("CN=BORN1");
        leaf.Extensions["2.5.29.32"].Should().NotBeNull("the key's residency is not proven");
    }

    [Theory, Needs("swtpm"), InlineData("ec-p256"), InlineData("ec-p384"), InlineData("rsa-2048")]
    public async Task A_real_software_TPM_enrolls_with_a_key_that_stays_in_it(string keyType)
    {
        var (code, result, talk) = await Enroll("tpm", "acme/linux-tpm/directory", "--tpm", "swtpm", "--tpm-state", Path.Combine(Out, "tpm"), "--key", keyType);

        code.Should().Be(0, talk);
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().EndWith("/2.23.133.12.1");
        var publicPart = await File.ReadAllBytesAsync(Path.Combine(Out, "key.tpm-public"), TestContext.Current.CancellationToken);
        using var leaf = Leaf();
        leaf.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(TpmTemplates.SubjectPublicKeyInfo(publicPart[2..]));
        File.Exists(Path.Combine(Out, "key.pem")).Should().BeFalse("no private key ever left the TPM");
    }

    [Fact, Spec("RFC 8555 §8.3")]
    public async Task A_host_enrolls_over_http_01()
    {
        var (code, result, talk) = await Enroll("server", "directory", "--name", "host.example", "--name", "other.host.example");

        code.Should().Be(0, talk);
        result.GetProperty("certificate").GetProperty("subjectAlternativeNames").EnumerateArray().Select(name => name.GetString())
            .Should().BeEquivalentTo("dns:host.example", "dns:other.host.example");
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_refused_with_1()
    {
        var (code, result, _) = await Enroll("server", "directory", "--name", "host.invalid");

        code.Should().Be(1);
        result.GetProperty("result").GetString().Should().Be("refused");
        result.GetProperty("problem").GetProperty("type").GetString().Should().Be("urn:ietf:params:acme:error:dns");
    }

    [Theory, InlineData("mac", "acme/apple-device/directory", "key-authorization-hashed"), InlineData("tpm", "acme/linux-tpm/directory", "token-hashed"), InlineData("android", "acme/android-device/directory", "token-challenge")]
    public async Task Evidence_of_the_wrong_freshness_is_refused_with_1(string kind, string directory, string fault)
    {
        var (code, result, _) = await Enroll(kind, directory, "--fault", fault);

        code.Should().Be(1);
        result.GetProperty("problem").GetProperty("reason").GetString().Should().Be("freshness-mismatch");
    }

    [Theory, InlineData("mac", "acme/apple-device/directory"), InlineData("tpm", "acme/linux-tpm/directory"), InlineData("android", "acme/android-device/directory"), InlineData("printer", "acme/iot-idevid/directory"), InlineData("iot", "acme/iot-idevid/directory"), InlineData("yubikey", "acme/yubikey/directory")]
    public async Task An_attested_key_that_is_not_the_key_of_the_request_gets_nothing(string kind, string directory)
    {
        var (code, result, _) = await Enroll(kind, directory, "--fault", "key-swap");

        code.Should().Be(1);
        result.GetProperty("problem").GetProperty("type").GetString().Should().Be("urn:ietf:params:acme:error:badCSR");
        File.Exists(Path.Combine(Out, "certificate.pem")).Should().BeFalse();
    }

    private async Task<(int Code, JsonElement Result, string Talk)> Enroll(string kind, string directory, params string[] more)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandLine.Run(
            [
                "enroll", "--kind", kind, "--directory", $"{Server.Url}/{directory}", "--ca", Server.Root, "--out", Out,
                "--vendors", Server.Vendors, "--dns-listen", $"127.0.0.1:{Server.DnsPort}", "--http-port", $"{Server.Http01Port}", "--json", .. more,
            ],
            new Terminal(data, talk), TimeProvider.System);
        data.ToString().Should().NotBeEmpty(talk.ToString());
        return (code, JsonElement.Parse(data.ToString()), talk.ToString() + Server.Log);
    }

    /// <summary>The new certificate; its chain leads to the server's root.</summary>
    private X509Certificate2 Leaf()
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(Path.Combine(Out, "certificate.pem"));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(Server.Root);
        chain.ChainPolicy.ExtraStore.AddRange(certificates);
        chain.Build(certificates[0]).Should().BeTrue(string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        return certificates[0];
    }
}
