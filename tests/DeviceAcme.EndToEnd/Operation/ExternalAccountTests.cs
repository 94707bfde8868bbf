using System.Text.Json;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>Stock clients at a directory that wants an external account (RFC 8555 §7.3.4).</summary>
public sealed class ExternalAccountTests : IClassFixture<ExternalAccountTests.ServerThatKnowsItsClients>, IDisposable
{
    private readonly RunningServer _server;

    public ExternalAccountTests(ServerThatKnowsItsClients fixture) => _server = fixture.Server;

    private string DirectoryUrl => $"{_server.Url}/acme/bound/directory";

    public void Dispose() => ServerLog.ShowIfFailed(_server);

    [Fact, Needs("lego"), Spec("RFC 8555 §7.3.4")]
    public async Task lego_enrolls_with_a_key_that_the_running_server_gave_out()
    {
        var (keyId, key) = await Add();
        var client = new Lego(_server, _server.NewFolder("lego")) { DirectoryUrl = DirectoryUrl, Options = ["--eab", "--kid", keyId, "--hmac", key] };

        await client.Enroll("http-01", "lego.bound.example");

        File.Exists(client.ChainFile("lego.bound.example")).Should().BeTrue();
        (await DeviceAcmeProgram.Run("eab", "list", "--json", "--data", _server.Data)).ShouldExit(0).Output.Should().Contain(keyId).And.NotContain(key, "the MAC key is shown once");
    }

    [Fact, Needs("certbot"), Spec("RFC 8555 §7.3.4")]
    public async Task certbot_enrolls_with_a_key_that_the_running_server_gave_out()
    {
        var (keyId, key) = await Add();
        var client = new Certbot(_server, _server.NewFolder("certbot")) { DirectoryUrl = DirectoryUrl, Options = [$"--eab-kid={keyId}", $"--eab-hmac-key={key}"] };

        await client.Enroll("http-01", "certbot.bound.example");

        File.Exists(client.ChainFile("certbot.bound.example")).Should().BeTrue();
    }

    [Fact, Needs("lego"), Spec("RFC 8555 §7.3.4")]
    public async Task A_key_that_was_removed_is_good_for_nothing()
    {
        var (keyId, key) = await Add();
        (await DeviceAcmeProgram.Run("eab", "remove", keyId, "--data", _server.Data)).ShouldExit(0);
        var client = new Lego(_server, _server.NewFolder("removed")) { DirectoryUrl = DirectoryUrl, Options = ["--eab", "--kid", keyId, "--hmac", key] };

        var enroll = () => client.Enroll("http-01", "removed.bound.example");

        (await enroll.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("urn:ietf:params:acme:error:unauthorized");
    }

    [Fact, Needs("certbot"), Spec("RFC 8555 §7.3.4")]
    public async Task Without_a_key_the_client_shows_what_is_missing()
    {
        var client = new Certbot(_server, _server.NewFolder("without")) { DirectoryUrl = DirectoryUrl };

        var enroll = () => client.Enroll("http-01", "without.bound.example");

        (await enroll.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("requires external account binding");
    }

    private async Task<(string KeyId, string Key)> Add()
    {
        var made = JsonElement.Parse((await DeviceAcmeProgram.Run("eab", "add", "--profile", "bound", "--json", "--data", _server.Data)).ShouldExit(0).Output);
        return (made.GetProperty("keyId").GetString()!, made.GetProperty("macKey").GetString()!);
    }

    /// <summary>The shipped profiles, and tls-server once more with accounts that must be known.</summary>
    public sealed class ServerThatKnowsItsClients : IAsyncLifetime
    {
        private readonly string _profiles = Directory.CreateTempSubdirectory("deviceacme-profiles-").FullName;

        public ServerThatKnowsItsClients()
        {
            var shipped = Path.Combine(RepositoryFiles.Root, "profiles");
            File.Copy(Path.Combine(shipped, "tls-server.yaml"), Path.Combine(_profiles, "tls-server.yaml"));
            File.WriteAllText(Path.Combine(_profiles, "bound.yaml"), File.ReadAllText(Path.Combine(shipped, "tls-server.yaml"))
                .Replace("name: tls-server", "name: bound", StringComparison.Ordinal)
                .Replace("external-account-binding: none", "external-account-binding: required", StringComparison.Ordinal));
            Server = new RunningServer { Options = ["--profiles", _profiles] };
        }

        public RunningServer Server { get; }

        public ValueTask InitializeAsync() => Server.InitializeAsync();

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Directory.Delete(_profiles, recursive: true);
        }
    }
}
