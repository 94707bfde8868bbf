using System.Net;
using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

public sealed class SettingsLoaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-settings-");
    private readonly Dictionary<string, string> _environment = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _commandLine = [];

    public SettingsLoaderTests() => _commandLine["profiles"] = [_folder.FullName];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void With_nothing_configured_the_defaults_hold()
    {
        var options = Good();

        options.DataDirectory.Should().Be(Path.Combine(_folder.FullName, "data"));
        options.BaseUrl.Should().Be("https://localhost:14000");
        options.StatusUrl.Should().Be(new Uri("http://localhost:14001"));
        options.AdminUrl.Should().Be(new Uri("http://localhost:14002"));
        options.DnsResolver.Should().BeNull();
        options.ValidationNetworks.Should().BeEmpty();
        options.AnchorDirectories.Should().BeEmpty("a server started by itself trusts only the roots that are shipped");
    }

    [Fact]
    public void The_table_and_the_record_agree_on_defaults()
    {
        var bare = new ServerOptions { DataDirectory = "", Url = new Uri("https://localhost"), ProfilesDirectory = "" };
        var options = Good();

        (options.Http01Port, options.TlsAlpn01Port, options.DefaultProfile, options.LogLevel)
            .Should().Be((bare.Http01Port, bare.TlsAlpn01Port, bare.DefaultProfile, bare.LogLevel));
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        File("http-01-port: 1001", "tls-alpn-01-port: 1002", "default-profile: from-file");
        _environment["DEVICEACME_HTTP_01_PORT"] = "2001";
        _environment["DEVICEACME_TLS_ALPN_01_PORT"] = "2002";
        _commandLine["http-01-port"] = ["3001"];

        var options = Good();

        (options.Http01Port, options.TlsAlpn01Port, options.DefaultProfile).Should().Be((3001, 2002, "from-file"));
    }

    [Fact]
    public void A_list_is_comma_separated_in_the_environment()
    {
        _environment["DEVICEACME_VALIDATION_NETWORKS"] = "127.0.0.0/8, ::1/128,192.0.2.7";

        Good().ValidationNetworks.Should().Equal(IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("192.0.2.7/32"));
    }

    [Fact]
    public void A_list_in_the_file_is_a_value_or_a_sequence()
    {
        File("caa-identities: ca.example", "validation-networks:", "  - 127.0.0.0/8", "  - ::1/128");

        var options = Good();

        options.CaaIdentities.Should().Equal("ca.example");
        options.ValidationNetworks.Should().HaveCount(2);
    }

    [Fact]
    public void An_empty_sequence_takes_a_list_back()
    {
        _environment["DEVICEACME_CONFIG"] = File("trusted-proxies: []");

        Good().TrustedProxies.Should().BeEmpty();
    }

    [Fact]
    public void A_path_in_a_file_is_relative_to_the_file()
    {
        var elsewhere = _folder.CreateSubdirectory("etc");
        System.IO.File.WriteAllText(Path.Combine(elsewhere.FullName, "server.yaml"), "data: store\n");

        Load(config: "etc/server.yaml").Options.DataDirectory.Should().Be(Path.Combine(elsewhere.FullName, "store"));
    }

    [Fact]
    public void All_mistakes_of_all_sources_are_reported_together_each_with_its_source()
    {
        var file = File("adminurl: http://localhost:1", "http-01-port: eighty", "validation-networks:", "  - 10.0.0.0/8", "  - 10.0.0.1/8", "url: [a, b]");
        _environment["DEVICEACME_DNS_RESOLVER"] = "resolver.example";
        _commandLine["admin-url"] = ["http://192.0.2.1:14002"];

        Mistakes().Should().SatisfyRespectively(
            m => m.Should().StartWith($"{file}:1: ").And.Contain("'adminurl'").And.Contain("'admin-url'"),
            m => m.Should().StartWith($"{file}:6: url: ").And.Contain("one value"),
            m => m.Should().StartWith("DEVICEACME_DNS_RESOLVER: dns-resolver: "),
            m => m.Should().StartWith($"{file}:2: http-01-port: ").And.Contain("'eighty'"),
            m => m.Should().StartWith($"{file}:5: validation-networks: ").And.Contain("after the prefix"),
            m => m.Should().StartWith("--admin-url: ").And.Contain("loopback"));
    }

    [Theory]
    [InlineData("url", "http://localhost:14000", "https://")]
    [InlineData("url", "https://ca.example/acme", "no path")]
    [InlineData("status-url", "https://ca.example", "http://")]
    [InlineData("admin-url", "http://ca.example:14002", "loopback")]
    [InlineData("listen", "https://ca.example", "IP address")]
    [InlineData("trusted-proxies", "10.0.0.0/33", "10.0.0.0/33")]
    [InlineData("dns-resolver", "0.0.0.0:53", "IP:PORT")]
    [InlineData("http-01-port", "0", "1 to 65535")]
    [InlineData("terms-of-service", "data:text/plain,x", "http")]
    [InlineData("caa-identities", "not a name", "domain name")]
    [InlineData("anchors", "nowhere", "no folder")]
    [InlineData("tls-certificate", "nowhere.pem", "no file")]
    [InlineData("android-status-list", "nowhere.json", "no file")]
    [InlineData("android-status-list", "http://list.example/status", "no file")]
    [InlineData("android-status-list", "https://user@list.example/status", "https URL")]
    [InlineData("ca-name", "", "1 to 44")]
    [InlineData("log-level", "loud", "debug")]
    [InlineData("default-profile", "a/b", "letters")]
    public void A_wrong_value_names_what_was_expected(string setting, string value, string expected)
    {
        _commandLine[setting] = [value];

        Mistakes().Should().ContainSingle().Which.Should().StartWith($"--{setting}: ").And.Contain(expected);
    }

    [Fact]
    public void A_certificate_needs_its_key()
    {
        _commandLine["tls-certificate"] = [File("# any file")];

        Mistakes().Should().ContainSingle().Which.Should().Contain("tls-key");
    }

    [Fact]
    public void Two_listeners_on_one_port_are_refused()
    {
        _commandLine["status-url"] = ["http://localhost:14000"];

        Mistakes().Should().ContainSingle().Which.Should().Contain("14000").And.Contain("status-url");
    }

    [Fact]
    public void A_file_that_is_asked_for_must_be_there()
    {
        Load(config: "nowhere.yaml").Mistakes.Should().ContainSingle().Which.Source.Should().Be("--config");
    }

    [Theory]
    [InlineData("- a\n- b\n", "maps setting names")]
    [InlineData("url: https://a\nurl: https://b\n", "uplicate")]
    [InlineData("url: [\n", "did not find")]
    public void A_file_that_is_no_mapping_is_one_mistake(string text, string expected)
    {
        System.IO.File.WriteAllText(Path.Combine(_folder.FullName, Settings.FileName), text);

        Mistakes().Should().ContainSingle().Which.Should().Contain(Settings.FileName + ":").And.Contain(expected);
    }

    [Fact]
    public void The_passphrase_comes_from_the_environment_or_a_file_and_not_from_both()
    {
        _commandLine["ca-passphrase-file"] = [File("correct horse")];
        Good(config: null).CaPassphrase.Should().Be("correct horse");

        _environment["DEVICEACME_CA_PASSPHRASE"] = "battery staple";
        Mistakes().Should().ContainSingle().Which.Should().Contain("only one");

        _commandLine.Remove("ca-passphrase-file");
        Good().CaPassphrase.Should().Be("battery staple");
    }

    [Fact]
    public void A_misspelt_variable_is_a_warning_that_names_the_nearest()
    {
        _environment["DEVICEACME_VALIDATION_NETWORK"] = "127.0.0.0/8";

        Load().Warnings.Should().ContainSingle().Which.Should().Contain("DEVICEACME_VALIDATION_NETWORKS");
    }

    private string File(params string[] lines)
    {
        // A passphrase or a certificate is no settings file.
        var name = lines[0].Contains(": ", StringComparison.Ordinal) ? Settings.FileName : "other.txt";
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllLines(path, lines);
        return path;
    }

    private ServerOptions Good(string? config = null)
    {
        var loaded = Load(config);
        loaded.Mistakes.Should().BeEmpty();
        return loaded.Options;
    }

    private IEnumerable<string> Mistakes()
    {
        return Load().Mistakes.Select(mistake => mistake.ToString());
    }

    private LoadedSettings Load(string? config = null) => new SettingsLoader(_environment, _folder.FullName).Load(_commandLine, config);
}
