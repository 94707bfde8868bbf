using System.Security.Cryptography;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Disasters;

/// <summary>A database file that somebody or something has spoiled: it is said, and nothing is written into it.</summary>
public sealed class DamagedFileTests(DamagedFileTests.EndedServer ended) : IClassFixture<DamagedFileTests.EndedServer>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-damage-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_file_that_was_cut_off_is_a_clear_failure()
    {
        var data = Copy();
        using (var file = File.OpenWrite(Path.Combine(data, "acme.db")))
        {
            file.SetLength(file.Length / 2);
        }

        await Refused(data);
    }

    [Fact]
    public async Task A_header_that_was_overwritten_is_a_clear_failure()
    {
        var data = Copy();
        using (var file = File.OpenWrite(Path.Combine(data, "acme.db")))
        {
            file.Write(new byte[100]);
        }

        await Refused(data);
    }

    [Fact]
    public async Task A_table_that_was_overwritten_ends_the_start_or_is_503_and_check_finds_it()
    {
        var data = Copy();
        using (var file = File.Open(Path.Combine(data, "acme.db"), FileMode.Open))
        {
            // every page but that of the schema and its first successors loses its header
            for (var page = 8; page < file.Length / PageBytes; page++)
            {
                file.Position = page * PageBytes;
                file.Write([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
            }
        }

        var check = await Programs.Run(typeof(ServerOptions).Assembly.Location, ["check", "--data", data]);
        check.ShouldExit(1);
        check.Error.Should().Contain("not sound").And.NotContain("   at ");
        await Refused(data);
    }

    [Fact]
    public async Task A_log_that_was_taken_away_after_a_kill_is_told_at_the_start()
    {
        await using var server = new RunningServer();
        await server.InitializeAsync();
        using (var http = server.Client())
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await new AcmeClient(http, server.DirectoryUrl, JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System })
                .Register(new AccountRegistration { TermsOfServiceAgreed = true }, TestContext.Current.CancellationToken);
        }

        await server.Kill();
        await server.Start();
        server.Process.Error.Should().NotContain("acme.db-wal", "a kill alone loses nothing");

        await server.Kill();
        File.Delete(Path.Combine(server.Data, "acme.db-wal"));
        await server.Start();
        server.Process.Error.Should().Contain("acme.db-wal").And.Contain("deviceacme check");
        await server.Process.Terminate();

        await server.Start();
        server.Process.Error.Should().NotContain("acme.db-wal", "it was told, and this end was in good order");
    }

    private const int PageBytes = 4096;

    private string Copy()
    {
        var data = Path.Combine(_folder.FullName, "data");
        foreach (var file in Directory.EnumerateFiles(ended.Data, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(data, Path.GetRelativePath(ended.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return data;
    }

    private async Task Refused(string data)
    {
        var before = await File.ReadAllBytesAsync(Path.Combine(data, "acme.db"), TestContext.Current.CancellationToken);
        var ports = FreePorts.Take(3);
        await using var server = ServerProcess.Start(
            _folder.FullName, new Dictionary<string, string>(), "--data", data, "--url", $"https://localhost:{ports[0]}", "--status-url", $"http://localhost:{ports[1]}", "--admin-url", $"http://localhost:{ports[2]}");

        (await server.Exited()).Should().Be(1);
        server.Error.Should().Contain("deviceacme: error: ").And.Contain("the database is damaged").And.Contain("deviceacme check").And.NotContain("   at ");
        server.Output.Should().BeNullOrWhiteSpace();
        (await File.ReadAllBytesAsync(Path.Combine(data, "acme.db"), TestContext.Current.CancellationToken)).Should().Equal(before, "nothing is written into a damaged file");
    }

    /// <summary>A data directory with something in it, which a server left in good order.</summary>
    public sealed class EndedServer : IAsyncLifetime
    {
        private readonly RunningServer _server = new();

        public string Data => _server.Data;

        public async ValueTask InitializeAsync()
        {
            await _server.InitializeAsync();
            using var http = _server.Client();
            for (var account = 0; account < 20; account++)
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                await new AcmeClient(http, _server.DirectoryUrl, JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System }).Register(new AccountRegistration { TermsOfServiceAgreed = true });
            }

            await _server.Process.Terminate();
        }

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}
