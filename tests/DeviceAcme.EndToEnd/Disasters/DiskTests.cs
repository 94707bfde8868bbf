using System.Globalization;
using System.Security.Cryptography;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Disasters;

/// <summary>A disk that is full, and one that cannot be written. The server has its data directory on a file system of its own, which nobody else sees.</summary>
[Needs("unshare as root")]
public sealed class DiskTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-disk-");
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_full_disk_is_503_while_it_lasts_and_nothing_is_lost_or_half_done()
    {
        await using var server = Start("mount -t tmpfs -o size=6m tmpfs data");
        await server.Ready();
        var data = $"/proc/{server.ProcessId.ToString(CultureInfo.InvariantCulture)}/root{_folder.FullName}/data";
        using var http = TrustedRoot.Client(Path.Combine(data, "ca", "root.pem"));
        var accounts = new List<(ECDsa Key, string Url)>();

        Fill(Path.Combine(data, "filler"));
        var refusal = await RegisterUntilRefused(http, accounts);

        refusal.Status.Should().Be(503);
        refusal.Problem!.Reason.Should().Be("store-away");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        using (var answer = await RawRegistration(http, key))
        {
            answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(60));
            answer.Headers.Contains("Replay-Nonce").Should().BeTrue();
        }

        (await http.GetAsync(new Uri($"{Url}/directory"), Cancellation)).EnsureSuccessStatusCode();
        server.Error.Should().Contain("the disk is full").And.NotContain("   at ", "the cause is one line");

        File.Delete(Path.Combine(data, "filler"));
        accounts.Add(await Register(http));
        foreach (var (key, url) in accounts)
        {
            var client = Client(http, key);
            client.UseAccount(url);
            (await client.Account(Cancellation)).Status.Should().Be("valid");
            key.Dispose();
        }

        (await Programs.Run(
            "nsenter", ["--target", server.ProcessId.ToString(CultureInfo.InvariantCulture), "--mount", "dotnet", typeof(ServerOptions).Assembly.Location, "check", "--data", Path.Combine(_folder.FullName, "data")])).ShouldExit(0);
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_written_is_a_clear_failure()
    {
        await using (var first = Start("true"))
        {
            await first.Ready();
            (await first.Terminate()).Should().Be(0);
        }

        await using var second = Start("mount --bind data data && mount -o remount,ro,bind data");

        (await second.Exited()).Should().Be(1);
        second.Error.Should().Contain("deviceacme: error: ").And.Contain("ead-only").And.Contain("deviceacme: hint: ").And.NotContain("   at ");
        second.Output.Should().BeNullOrWhiteSpace();
    }

    private string Url => $"https://localhost:{_ports[0]}";

    /// <param name="prepare">Done before it, where only it sees mounts.</param>
    private ServerProcess Start(string prepare) => ServerProcess.StartBelow(
        ["unshare", "--mount", "sh", "-c", $"mkdir -p data && {prepare} && exec \"$@\"", "sh"], _folder.FullName,
        "--data", "data", "--url", Url, "--status-url", $"http://localhost:{_ports[1]}", "--admin-url", $"http://localhost:{_ports[2]}");

    private static void Fill(string file)
    {
        using var filler = File.Create(file);
        foreach (var size in new[] { 65536, 4096 })
        {
            try
            {
                for (var written = 0; written < 64 * 1024 * 1024; written += size)
                {
                    filler.Write(new byte[size]);
                    filler.Flush();
                }
            }
            catch (IOException)
            {
                // full, as it should be
                continue;
            }

            throw new InvalidOperationException("the file system does not fill up");
        }
    }

    // the log of the database has room that was taken earlier, so some may still be written
    private async Task<AcmeClientException> RegisterUntilRefused(HttpClient http, List<(ECDsa Key, string Url)> accounts)
    {
        for (var attempt = 0; attempt < 500; attempt++)
        {
            try
            {
                accounts.Add(await Register(http));
            }
            catch (AcmeClientException refused)
            {
                return refused;
            }
        }

        throw new InvalidOperationException("the server writes on although the disk is full");
    }

    private async Task<(ECDsa Key, string Url)> Register(HttpClient http)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key, (await Client(http, key).Register(new AccountRegistration { TermsOfServiceAgreed = true }, Cancellation)).Url);
    }

    private async Task<HttpResponseMessage> RawRegistration(HttpClient http, ECDsa key)
    {
        var url = $"{Url}/acme/tls-server/new-account";
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Url}/acme/tls-server/new-nonce"), Cancellation);
        using var content = new ByteArrayContent(JwsSigner.For(key).Sign(url, """{"termsOfServiceAgreed":true}"""u8, head.Headers.GetValues("Replay-Nonce").Single(), kid: null));
        content.Headers.ContentType = new("application/jose+json");
        return await http.PostAsync(new Uri(url), content, Cancellation);
    }

    private AcmeClient Client(HttpClient http, ECDsa key) => new(http, $"{Url}/directory", JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System });
}
