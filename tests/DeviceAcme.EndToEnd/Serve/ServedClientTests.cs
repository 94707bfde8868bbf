using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Serve;

/// <summary>Clients at a test server with its chaos switched on: nonce errors, random paths, slow validations and issuances, long and other chains, unknown members.</summary>
[Collection(TrialServerCollection.Name)]
public sealed class ServedClientTests(TrialServerFixture serve)
{
    [Theory, Spec("device-attest §5"), InlineData("mac", "apple-device"), InlineData("tpm", "linux-tpm"), InlineData("android", "android-device"), InlineData("yubikey", "yubikey"), InlineData("iot", "iot-idevid")]
    public async Task A_simulated_device_enrolls_and_keeps_every_rule(string kind, string profile)
    {
        serve.Begin(TrialServerFixture.Chaos);

        var (code, said) = await serve.Enroll(kind, profile);

        code.Should().Be(0, said);
        // a simulated Mac leaves leading zeros of signatures out, as macOS does: once in 128 times there is one
        serve.Failed(Level.Must, Level.Should, Level.Advice).Where(failed => kind != "mac" || !failed.StartsWith("signature-length", StringComparison.Ordinal)).Should().BeEmpty();
        serve.MarkOf("unknown-members").Should().Be(Mark.Pass);
        serve.MarkOf("order-polled-after-processing").Should().Be(Mark.Pass);
        serve.MarkOf("attestation-object").Should().Be(Mark.Pass);
    }

    [Fact, Spec("RFC 8555 §7.5")]
    public async Task A_simulated_host_enrolls_and_keeps_every_rule()
    {
        serve.Begin(TrialServerFixture.Chaos);

        var (code, said) = await serve.Enroll("server", "tls-server", "--name", "sim.example");

        code.Should().Be(0, said);
        serve.Failed(Level.Must, Level.Should, Level.Advice).Should().BeEmpty();
    }

    [Fact, Needs("lego"), Needs("openssl"), Spec("RFC 8555 §7.5")]
    public async Task lego_keeps_every_MUST_and_answers_no_challenge_of_a_reused_authorization()
    {
        serve.Begin(TrialServerFixture.Chaos);
        var lego = new Lego(serve, serve.NewFolder("lego"));

        await lego.Enroll("http-01", "lego.example", "www.lego.example");
        await lego.Renew("http-01", "lego.example", "www.lego.example");

        serve.Failed(Level.Must).Should().BeEmpty();
        serve.MarkOf("valid-authorization-reused").Should().Be(Mark.Pass);
        serve.MarkOf("bad-nonce-retried").Should().Be(Mark.Pass);
        await ChainLeadsToTheRoot(lego.ChainFile("lego.example"));
    }

    [Fact, Needs("lego"), Spec("RFC 8555 §7.3.4")]
    public async Task lego_enrolls_at_the_printer_profile_with_a_key_of_the_management_endpoint()
    {
        serve.Begin(new Switches());
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri(serve.Management + "/tickets?profile=printer"), null, TestContext.Current.CancellationToken);
        var ticket = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        var lego = new Lego(serve, serve.NewFolder("lego-printer")) { DirectoryUrl = (string)ticket["directory"]!, Options = ["--eab", "--kid", (string)ticket["keyId"]!, "--hmac", (string)ticket["macKey"]!] };

        await lego.Enroll("http-01", "printer.lego.example");

        File.Exists(lego.ChainFile("printer.lego.example")).Should().BeTrue();
        serve.MarkOf("external-account").Should().Be(Mark.Pass);
    }

    [Fact, Needs("certbot")]
    public async Task certbot_keeps_every_MUST()
    {
        serve.Begin(TrialServerFixture.Chaos);
        var certbot = new Certbot(serve, serve.NewFolder("certbot"));

        await certbot.Enroll("http-01", "certbot.example");

        serve.Failed(Level.Must).Should().BeEmpty();
        await ChainLeadsToTheRoot(certbot.ChainFile("certbot.example"));
    }

    [Fact, Needs("uacme")]
    public async Task uacme_keeps_every_MUST()
    {
        serve.Begin(TrialServerFixture.Chaos);
        var client = new Uacme(serve, serve.NewFolder("uacme"));
        await using var answers = await WebRoot.Start(client.Answers, serve.Http01Port);

        await client.Enroll("http-01", "uacme.example");

        serve.Failed(Level.Must).Should().BeEmpty();
    }

    [Fact, Needs("dehydrated")]
    public async Task dehydrated_keeps_every_MUST()
    {
        // it has no second try after badNonce
        serve.Begin(TrialServerFixture.Chaos with { NonceErrors = 0 });
        var client = new Dehydrated(serve, serve.NewFolder("dehydrated"));
        await using var answers = await WebRoot.Start(client.Answers, serve.Http01Port);

        await client.Enroll("http-01", "dehydrated.example");

        serve.Failed(Level.Must).Should().BeEmpty();
    }

    private async Task ChainLeadsToTheRoot(string file)
    {
        using var http = new HttpClient();
        var root = Path.Combine(serve.NewFolder("roots"), "root.pem");
        await File.WriteAllTextAsync(root, await http.GetStringAsync(new Uri(serve.Management + "/roots/0"), TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

        (await Programs.Run("openssl", ["verify", "-no-CApath", "-no-CAstore", "-x509_strict", "-CAfile", root, "-untrusted", file, file])).ShouldExit(0);
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Split("BEGIN CERTIFICATE").Should().HaveCount(6, "a leaf and four intermediates");
    }
}
