using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary><c>deviceacme</c> on a data directory that no server runs on, and asked wrongly.</summary>
public sealed class OfflineAdministrationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-offline-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Keys_are_made_listed_and_removed_without_a_running_server()
    {
        var added = (await Run("eab", "add", "--profile", "tls-server", "--expires", "30d", "--json")).ShouldExit(0);
        added.Error.Should().StartWith("deviceacme: hint: ");
        var key = JsonSerializer.Deserialize(added.Output, AdminJson.Default.ExternalAccountKeyEntry)!;
        key.MacKey.Should().HaveLength(43, "it has 256 bits in base64url");
        key.Profile.Should().Be("tls-server");

        (await Run("eab", "list")).Output.Should().Contain(key.KeyId).And.Contain("none yet").And.NotContain(key.MacKey);

        (await Run("eab", "remove", key.KeyId)).ShouldExit(0);
        (await Run("eab", "remove", key.KeyId)).ShouldExit(1).Error.Should().Contain("deviceacme: error:").And.Contain(key.KeyId);
        (await Run("eab", "list", "--json")).Output.Trim().Should().Be("""{"keys":[]}""");
    }

    [Fact]
    public async Task An_issuer_that_was_never_made_is_a_failure_with_a_hint()
    {
        var run = (await Run("ca", "csr")).ShouldExit(1);

        run.Output.Should().BeEmpty();
        run.Error.Should().Contain("deviceacme: error:").And.Contain("deviceacme: hint: start the server once");
    }

    [Fact]
    public async Task A_wrong_command_line_is_2_and_prints_no_data()
    {
        var run = (await Run("eab", "ad")).ShouldExit(2);

        run.Output.Should().BeEmpty();
        run.Error.Should().Contain("deviceacme: error:").And.Contain("'ad'");
    }

    private Task<ProgramResult> Run(params string[] arguments) => Programs.Run(
        Path.Combine(AppContext.BaseDirectory, "deviceacme.dll"),
        arguments,
        new Dictionary<string, string> { ["DEVICEACME_SERVER_PROGRAM"] = typeof(ServerOptions).Assembly.Location },
        _folder.FullName);
}
