using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Processes;

/// <summary>What a server is started with beside its defaults.</summary>
/// <param name="Program">The assembly.</param>
/// <param name="Data">Its data directory.</param>
/// <param name="Anchors">Folder of the simulator's vendor roots.</param>
/// <param name="DnsResolver">Who answers its DNS questions.</param>
/// <param name="HttpPort">Where http-01 is answered.</param>
/// <param name="Tracer">A program that runs it, with arguments; empty for none.</param>
internal sealed record ServerSetup(string Program, string Data, string Anchors, IPEndPoint DnsResolver, int HttpPort, IReadOnlyList<string> Tracer)
{
    /// <summary>Where it listens, for a server that is started again; null takes free ports.</summary>
    public IReadOnlyList<int>? Ports { get; init; }

    /// <summary>Connection string of a PostgreSQL; null: SQLite.</summary>
    public string? Database { get; init; }

    /// <summary>What clients call where a proxy stands in front of it, which ends TLS; null: they call the server itself.</summary>
    public string? FrontUrl { get; init; }

    /// <summary>The status listener's public URL behind that proxy.</summary>
    public string? FrontStatusUrl { get; init; }

    /// <summary>More options of the server.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>What its program is started with in its environment.</summary>
    public ProcessStartInfo WithDatabase(ProcessStartInfo start)
    {
        if (Database is not null)
        {
            start.Environment["DEVICEACME_DATABASE"] = Database;
        }

        return start;
    }
}

/// <summary>The real server as a process of its own, on loopback, with the shipped profiles; devices come into the ledger as they enroll.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _process;
    private readonly string _data;
    private readonly string _url;
    private readonly string _statusUrl;
    private readonly string _adminUrl;

    private ServerUnderTest(ChildProcess process, string url, string statusUrl, string adminUrl, string data)
    {
        _adminUrl = adminUrl;
        _process = process;
        _url = url;
        _statusUrl = statusUrl;
        _data = data;
    }

    /// <summary>From the start of the process to the first directory that it answered.</summary>
    public TimeSpan ColdStart { get; private set; }

    public TimeSpan ProcessorTime => _process.ProcessorTime;

    public long ResidentBytes => _process.ResidentBytes;

    /// <summary>Files, sockets and the like that it has open.</summary>
    public int Handles => _process.Handles;

    public int Threads => _process.Threads;

    /// <summary>What clients call.</summary>
    public string Url => _url;

    /// <summary>The last lines of its log, to explain a failure.</summary>
    public string Complaints => _process.Complaints;

    public static async Task<ServerUnderTest> Start(ServerSetup setup, TimeProvider time, CancellationToken cancellation)
    {
        var ports = setup.Ports ?? FreePorts.Take(3);
        var own = setup.FrontUrl is null ? $"https://localhost:{ports[0]}" : $"http://127.0.0.1:{ports[0]}";
        var statusUrl = $"http://localhost:{ports[1]}";
        var adminUrl = $"http://localhost:{ports[2]}";
        string[] arguments =
        [
            "--data", setup.Data,
            "--profiles", OpenProfiles.Write(Path.Combine(Path.GetDirectoryName(setup.Program)!, "profiles"), setup.Data + "-profiles"),
            "--url", setup.FrontUrl ?? own,
            "--status-url", setup.FrontStatusUrl ?? statusUrl,
            "--admin-url", adminUrl,
            "--anchors", setup.Anchors,
            "--dns-resolver", setup.DnsResolver.ToString(),
            "--http-01-port", setup.HttpPort.ToString(CultureInfo.InvariantCulture),
            "--validation-networks", "127.0.0.0/8", "::1/128",
            "--log-level", "warning",
            .. setup.FrontUrl is null ? Array.Empty<string>() : ["--listen", own, "--status-listen", statusUrl, "--trusted-proxies", "127.0.0.0/8"],
            .. setup.More,
        ];
        var begin = time.GetTimestamp();
        var start = setup.WithDatabase(DotnetProgram.Start(setup.Program, setup.Data, arguments, setup.Tracer));
        var (process, _) = await ChildProcess.Start(start, "DeviceAcme is ready", Patience, time, cancellation);
        var server = new ServerUnderTest(process, setup.FrontUrl ?? own, statusUrl, adminUrl, setup.Data);
        try
        {
            using var client = server.Client();
            using var answer = await client.GetAsync($"{own}/directory", cancellation);
            answer.EnsureSuccessStatusCode();
            server.ColdStart = time.GetElapsedTime(begin);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The CRL of its issuing CA.</summary>
    public string CrlUrl()
    {
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_data, "ca", "default", "certificate.pem"));
        return $"{_statusUrl}/crl/{issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!.ToLowerInvariant()}.crl";
    }

    public string Directory(string profile) => $"{_url}/acme/{profile}/directory";

    /// <summary>Ends it as a power cut does.</summary>
    public Task Kill() => _process.Kill();

    /// <summary>A client with a connection of its own that trusts this server's root.</summary>
    public HttpClient Client() => TrustedRoot.Client(Path.Combine(_data, "ca", "root.pem"));

    /// <summary>A client of its admin listener, with the token of its own machine.</summary>
    public HttpClient AdminClient()
    {
        var client = new HttpClient { BaseAddress = new Uri(_adminUrl + "/"), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Path.Combine(_data, "admin.token")).Trim());
        return client;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
