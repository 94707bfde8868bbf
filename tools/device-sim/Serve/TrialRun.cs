using System.Net;
using System.Net.Http.Headers;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Servers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Serve;

/// <summary>A test server that runs: the server behind, the front, names for validations, the management endpoint.</summary>
internal sealed class TrialRun : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _open = new();
    private readonly HttpClient _admin = new(new SocketsHttpHandler { UseProxy = false });
    private TrialServer? _server;

    private TrialRun(ServeSettings settings, TrialState state, FrontParts parts, PublicUrls urls)
    {
        Settings = settings;
        State = state;
        Parts = parts;
        Urls = urls;
    }

    public ServeSettings Settings { get; }
    public TrialState State { get; }
    public FrontParts Parts { get; }
    public PublicUrls Urls { get; }

    /// <summary>Ends when the server behind does.</summary>
    public Task Ended => _server!.Ended;

    /// <summary>Whether the server behind answers already.</summary>
    public bool IsReady => _server is not null;

    /// <summary>The last words of the server behind.</summary>
    public string Log => _server?.Log ?? "";

    public static async Task<TrialRun> Start(ServeSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        ServeSettingTable.Check(settings);
        var state = TrialState.Make(settings);
        var chance = new Chance(new Seed("serve:" + (settings.Seed ?? Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)))));
        var profiles = state.ProfileNames;
        var run = new TrialRun(settings, state, new FrontParts(chance, new Transcript(), time, settings.Switches), new PublicUrls(state.BaseUrl, profiles, settings.Profile, settings.RandomPaths, chance));
        try
        {
            if (!profiles.Contains(settings.Profile))
            {
                throw new SimulatorException($"there is no profile '{settings.Profile}'", $"--profile takes one of {string.Join(", ", profiles)}");
            }

            await run.Open(cancellation);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <param name="client">Text that User-Agent must contain.</param>
    /// <param name="settled">Nothing more will come.</param>
    public ServeReport Report(string? client, bool settled) => ServeReport.Of(State.BaseUrl, Parts.Transcript, client, settled, Parts.Time.GetUtcNow());

    /// <summary>What the server's admin API knows of a certificate: status and JSON.</summary>
    public async Task<(int Status, string Body)> Certificate(string serial, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server!.Admin, $"/admin/v1/certificates/{serial}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(State.Data, RunningServer.TokenFileName), cancellation)).Trim());
        using var answer = await _admin.SendAsync(request, cancellation);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
    }

    /// <summary>A ticket for a profile, good for any number of accounts and orders.</summary>
    /// <exception cref="Trials.RefusedException">The server does not make one.</exception>
    public async Task<TicketEntry> Ticket(string profile, CancellationToken cancellation)
    {
        using var administrator = Administrator.At(_server!.Admin.ToString(), Path.Combine(State.Data, RunningServer.TokenFileName), new SocketsHttpHandler { UseProxy = false });
        return await administrator.NewTicket(new NewTicketRequest { Profile = profile, Uses = 0, Note = "made by the test server's management endpoint" }, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        while (_open.TryPop(out var part))
        {
            await part.DisposeAsync();
        }

        _admin.Dispose();
        Parts.Dispose();
        State.Dispose();
    }

    private async Task Open(CancellationToken cancellation)
    {
        // ports first: what is taken shows at once, and not after the server's start
        _open.Push(await Management.Start(Settings.ManagementPort, this));
        _open.Push(DnsAnswerer.Start(new IPEndPoint(IPAddress.Loopback, Settings.DnsPort), [IPAddress.Loopback, IPAddress.IPv6Loopback], new TxtRecords(State.TxtRecords)));
        _server = await TrialServer.Start(Settings, State, cancellation);
        _open.Push(_server);
        var certificate = State.TlsCertificate(Settings.Host, Parts.Time.GetUtcNow());
        _open.Push(await Front.Start(Settings, certificate, _server.Url, Urls, Parts));
    }
}
