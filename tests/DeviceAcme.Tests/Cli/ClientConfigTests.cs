using System.Text.Json;
using DeviceAcme.Cli.ClientConfig;
using FluentAssertions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme client-config</c>: what is printed for each client. The end-to-end tests give it to the clients themselves.</summary>
public sealed class ClientConfigTests : IDisposable
{
    private const string Directory = "https://acme.example/acme/tls-server/directory";

    private readonly TestCertificate _root = new("Example Root");
    private readonly DirectoryInfo _profiles = System.IO.Directory.CreateTempSubdirectory("deviceacme-profiles-");

    public ClientConfigTests()
    {
        var text = File.ReadAllText(Path.Combine(Terminal.Profiles, "tls-server.yaml"));
        Write("tls-server", text);
        Write("bound", text.Replace("external-account-binding: none", "external-account-binding: required", StringComparison.Ordinal));
        Write("narrow", text.Replace("keys: [ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096]", "keys: [ec-p384]", StringComparison.Ordinal)
            .Replace("allow: [\"*\"]                        # host", "allow: [\"*.example.com\"] # host", StringComparison.Ordinal));
        Write("apple-device", File.ReadAllText(Path.Combine(Terminal.Profiles, "apple-device.yaml")));
    }

    public static TheoryData<string> Clients => [.. ClientConfigurations.All.Select(client => client.Name)];

    public void Dispose()
    {
        _root.Dispose();
        _profiles.Delete(recursive: true);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Every_client_is_told_directory_names_contact_root_and_account(string client)
    {
        var printed = (await Run(client, "bound", "--name", "www.example.com", "--name", "example.com", "--email", "pki@example.com", "--eab", "KEYID1", "--eab-key", "MACKEY1")).ShouldExit(0).Output;

        printed.Should().StartWith($"# {client} for https://acme.example/acme/bound/directory\n").And.EndWith("\n");
        var settings = printed[printed.IndexOf('\n', StringComparison.Ordinal)..];
        settings.Should().Contain("https://acme.example/acme/bound/directory").And.Contain("www.example.com").And.Contain("pki@example.com").And.Contain("KEYID1").And.Contain("MACKEY1");
        settings.Should().ContainAny(_root.CertificateFile, "caBundle: ");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_ticket_is_the_directory_and_no_external_account(string client)
    {
        foreach (var ticket in new[] { "tkt_AAAAAAAAAAAAAAAAAAAAAA", "https://acme.example/acme/bound/tkt_AAAAAAAAAAAAAAAAAAAAAA/directory" })
        {
            var printed = (await Run(client, "bound", "--name", "www.example.com", "--ticket", ticket)).ShouldExit(0).Output;

            printed.Should().StartWith($"# {client} for https://acme.example/acme/bound/tkt_AAAAAAAAAAAAAAAAAAAAAA/directory\n");
            printed.ToLowerInvariant().Should().NotContain("eab").And.NotContain("externalaccount").And.NotContain("extacct");
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task No_client_is_told_of_an_account_that_nobody_gave(string client) =>
        (await Run(client, "tls-server", "--name", "www.example.com")).ShouldExit(0).Output.ToLowerInvariant().Should().NotContain("eab").And.NotContain("externalaccount").And.NotContain("extacct");

    [Theory, MemberData(nameof(Clients))]
    public async Task Every_client_makes_a_key_that_the_profile_certifies(string client)
    {
        var printed = (await Run(client, "narrow", "--name", "www.example.com")).ShouldExit(0).Output;

        // P-384 in each client's own words; win-acme's EC key is P-384
        printed.Should().ContainAny("secp384r1", "ec384", "ec-384", "p384", "ECDSA", "--bits 384", "'ec'");
        printed.Should().NotContainAny("secp256r1", "ec256", "ec-256", "p256", "rsa2048", "RSA");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Every_client_stands_in_the_documentation(string client) =>
        (await File.ReadAllTextAsync(Path.Combine(Testing.RepositoryFiles.Root, "docs", "clients.md"), TestContext.Current.CancellationToken)).Should().Contain($"`{client}`");

    [Fact]
    public async Task The_manifests_for_cert_manager_hang_together()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader((await Run("cert-manager", "bound", "--name", "www.example.com", "--name", "example.com", "--eab", "KEYID1", "--eab-key", "12345678")).ShouldExit(0).Output));

        var manifests = stream.Documents.Select(document => document.RootNode).ToDictionary(root => (string)root["kind"]!);
        manifests.Keys.Should().BeEquivalentTo("Secret", "Issuer", "Certificate");
        var acme = manifests["Issuer"]["spec"]["acme"];
        acme["server"].ToString().Should().Be("https://acme.example/acme/bound/directory");
        var bundle = System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(acme["caBundle"].ToString()));
        bundle.Should().Be(_root.Certificate.ExportCertificatePem() + "\n");
        var account = acme["externalAccountBinding"];
        account["keyID"].ToString().Should().Be("KEYID1");
        account["keySecretRef"]["name"].ToString().Should().Be(manifests["Secret"]["metadata"]["name"].ToString());
        var key = (YamlScalarNode)manifests["Secret"]["stringData"][account["keySecretRef"]["key"].ToString()];
        key.Value.Should().Be("12345678");
        key.Style.Should().Be(YamlDotNet.Core.ScalarStyle.DoubleQuoted, "a key of digits must stay a string");
        manifests["Certificate"]["spec"]["issuerRef"]["name"].ToString().Should().Be(manifests["Issuer"]["metadata"]["name"].ToString());
        ((YamlSequenceNode)manifests["Certificate"]["spec"]["dnsNames"]).Select(name => name.ToString()).Should().Equal("www.example.com", "example.com");
    }

    [Fact]
    public async Task For_machines_there_is_JSON_with_language_and_notes()
    {
        var answer = JsonElement.Parse((await Run("lego", "tls-server", "--json")).ShouldExit(0).Output);

        answer.GetProperty("language").GetString().Should().Be("sh");
        answer.GetProperty("challenge").GetString().Should().Be("http-01");
        answer.GetProperty("directory").GetString().Should().Be(Directory);
        answer.GetProperty("text").GetString().Should().Contain("LEGO_CA_CERTIFICATES=");
        answer.GetProperty("notes").EnumerateArray().Select(note => note.GetString()).Should().Contain(note => note!.Contains("--name", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "'certbt' is not known", "certbt", "tls-server")]
    [InlineData(1, "takes no dns identifier", "certbot", "apple-device")]
    [InlineData(1, "enrolls no addresses", "certbot", "tls-server", "--name", "10.0.0.1")]
    [InlineData(1, "does not allow 'www.example.org'", "certbot", "narrow", "--name", "www.example.org")]
    [InlineData(2, "--name 'a;b.example'", "certbot", "tls-server", "--name", "a;b.example")]
    [InlineData(1, "requires a ticket", "certbot", "bound")]
    [InlineData(2, "--ticket and --eab exclude each other", "certbot", "bound", "--ticket", "tkt_AAAAAAAAAAAAAAAAAAAAAA", "--new-eab")]
    [InlineData(2, "--ticket: expected a code", "certbot", "bound", "--ticket", "AAAA")]
    [InlineData(2, "--ticket: it is of profile tls-server", "certbot", "bound", "--ticket", "https://acme.example/acme/tls-server/tkt_AAAAAAAAAAAAAAAAAAAAAA/directory")]
    [InlineData(2, "--eab needs the MAC key", "certbot", "bound", "--eab", "id")]
    [InlineData(2, "expected base64url", "certbot", "bound", "--eab", "id", "--eab-key", "a b")]
    [InlineData(2, "cannot prove host.example by it", "certbot", "tls-server", "--challenge", "tls-alpn-01")]
    [InlineData(1, "have no challenge that proves *.example.com", "caddy", "tls-server", "--name", "*.example.com")]
    [InlineData(2, "--dns-provider NAME", "lego", "tls-server", "--name", "*.example.com")]
    [InlineData(2, "--dns-provider: expected a name", "lego", "tls-server", "--name", "*.example.com", "--dns-provider", "a b")]
    [InlineData(2, "--http-port: expected a port", "lego", "tls-server", "--http-port", "0")]
    [InlineData(2, "--email", "lego", "tls-server", "--email", "nobody")]
    public async Task What_cannot_be_is_refused_with_the_reason(int code, string reason, string client, string profile, params string[] options)
    {
        var answer = (await Run(client, profile, options)).ShouldExit(code);

        answer.Output.Should().BeEmpty();
        answer.Error.Should().Contain(reason);
    }

    [Fact]
    public async Task A_wildcard_is_proven_by_dns_01() =>
        (await Run("lego", "tls-server", "--name", "*.example.com", "--dns-provider", "rfc2136")).ShouldExit(0).Output.Should().Contain("--dns rfc2136").And.Contain("'*.example.com'");

    [Fact]
    public async Task An_address_is_printed_for_a_client_that_enrolls_addresses() =>
        (await Run("uacme", "tls-server", "--name", "10.0.0.7")).ShouldExit(0).Output.Should().Contain("issue 10.0.0.7");

    [Theory]
    [InlineData("plain/path.pem", "plain/path.pem")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$(reboot)", "'$(reboot)'")]
    [InlineData("*.example.com", "'*.example.com'")]
    [InlineData("", "''")]
    public void A_word_of_a_shell_stays_one_word(string word, string quoted) => Quoting.Posix(word).Should().Be(quoted);

    [Fact]
    public void A_word_of_PowerShell_and_of_configurations_stays_one_too()
    {
        Quoting.PowerText("it's $home").Should().Be("'it''s $home'");
        Quoting.Double("""C:\a "b" """).Should().Be("\"C:\\\\a \\\"b\\\" \"");
    }

    private Task<Answer> Run(string client, string profile, params string[] options) => Terminal.Type(
        ["client-config", "--client", client, "--profile", profile, "--profiles", _profiles.FullName, "--url", Terminal.Url, "--data", _profiles.FullName, "--root", _root.CertificateFile, .. options]);

    private void Write(string name, string text)
    {
        var old = text.Split('\n').First(line => line.StartsWith("name: ", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(_profiles.FullName, name + ".yaml"), text.Replace(old, "name: " + name, StringComparison.Ordinal));
    }
}
