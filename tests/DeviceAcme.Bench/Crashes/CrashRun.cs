using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Crashes;

/// <summary>What a run of crashes is.</summary>
internal sealed record CrashSettings
{
    public required int Kills { get; init; }
    public required int Clients { get; init; }

    /// <summary>The store is a PostgreSQL that is made for it.</summary>
    public bool OnPostgres { get; init; }

    /// <summary>The kills come at the same moments after each start for the same seed.</summary>
    public required string Seed { get; init; }
    public string? Folder { get; init; }
    public string? Server { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record CrashResult(string Store, int Kills, int Accounts, int Orders, int Certificates, int Revocations, long HighestCrlNumber, IReadOnlyList<string> Problems);

/// <summary>
/// Kills the server at random moments under load, starts it again, and holds the clients' notes against what it knows: nothing that was acknowledged
/// may be missing, no order may have two certificates or be stuck, and CRL numbers only grow.
/// </summary>
internal sealed class CrashRun(CrashSettings settings, TimeProvider time, Action<string> say)
{
    private const string Profile = "apple-device";
    private const int ToldEvery = 10;

    /// <summary>One process in so many is killed however far it came; the others when they have answered something, so that slow machines do not only see starts.</summary>
    private const int ColdEvery = 5;

    /// <summary>One kill in so many is the database's too: both are gone at once, as in a power cut.</summary>
    private const int PowerCutEvery = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ShortestLife = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestLife = TimeSpan.FromMilliseconds(1500);

    private readonly FakeVendors _vendors = new("bench");
    private readonly CrashNotes _notes = new();
    private BigInteger _crlNumber;

    public async Task<CrashResult> Run(CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        anchors.Init("bench");
        var ports = FreePorts.Take(5);
        await using var postgres = settings.OnPostgres ? await PostgresServer.Start(time, cancellation) : null;
        var setup = new ServerSetup(settings.Server ?? DotnetProgram.Server, workplace.Folder("data"), anchors.Path, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, ports[4]), ports[3], [])
        {
            Ports = ports[..3],
            Database = postgres?.ConnectionString,
        };
        var clients = new List<CrashClient>();
        try
        {
            for (var kill = 0; kill < settings.Kills; kill++)
            {
                await using var server = await ServerUnderTest.Start(setup, time, cancellation);
                if (clients.Count == 0)
                {
                    clients.AddRange(Enumerable.Range(0, settings.Clients).Select(number => new CrashClient(number, server.Directory(Profile), _vendors.Apple, time, _notes)));
                }

                await Verify(server, clients, all: false, cancellation);
                await LiveAndDie(server, postgres, clients, kill, cancellation);
                if ((kill + 1) % ToldEvery == 0)
                {
                    say($"{kill + 1} of {settings.Kills} kills: {_notes.Accounts} accounts, {_notes.Orders} orders, {_notes.Certificates} certificates, {_notes.Problems.Count} problems");
                }
            }

            await using (var last = await ServerUnderTest.Start(setup, time, cancellation))
            {
                say("asking for everything once more");
                await Verify(last, clients, all: true, cancellation);
            }

            if (await StoreJudgement.Of(setup, cancellation) is { } wrong)
            {
                _notes.Problem(wrong);
            }

            return new CrashResult(postgres is null ? "SQLite" : "PostgreSQL", settings.Kills, _notes.Accounts, _notes.Orders, _notes.Certificates, _notes.Revocations, (long)_crlNumber, [.. _notes.Problems]);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private async Task LiveAndDie(ServerUnderTest server, PostgresServer? postgres, List<CrashClient> clients, int kill, CancellationToken cancellation)
    {
        var connections = clients.Select(_ => server.Client()).ToList();
        var answered = _notes.NextAnswer();
        var working = clients.Zip(connections, (client, http) => Task.Run(() => client.Work(http, cancellation), CancellationToken.None)).ToList();
        if (kill % ColdEvery != 0)
        {
            await answered.WaitAsync(Patience, time, cancellation);
        }

        await Task.Delay(Life(kill), time, cancellation);
        var powerCut = postgres is not null && kill % PowerCutEvery == PowerCutEvery - 1;
        if (powerCut)
        {
            await postgres!.Crash(cancellation);
        }

        await server.Kill();
        await Task.WhenAll(working);
        if (powerCut)
        {
            await postgres!.Start(cancellation);
        }

        connections.ForEach(http => http.Dispose());
    }

    private async Task Verify(ServerUnderTest server, List<CrashClient> clients, bool all, CancellationToken cancellation)
    {
        await Task.WhenAll(clients.Select(async client =>
        {
            using var http = server.Client();
            await client.Verify(http, all, cancellation);
        }));
        await VerifyCrl(server, clients, cancellation);
    }

    /// <summary>RFC 5280 §5.2.3: the number only grows; and whatever was acknowledged as revoked is on the list that a new process publishes.</summary>
    private async Task VerifyCrl(ServerUnderTest server, List<CrashClient> clients, CancellationToken cancellation)
    {
        using var http = server.Client();
        var der = await http.GetByteArrayAsync(server.CrlUrl(), cancellation);
        var crl = CertificateRevocationListBuilder.Load(der, out var number, out _);
        if (number < _crlNumber)
        {
            _notes.Problem($"the CRL has number {number} after one with {_crlNumber}");
        }

        _crlNumber = number;
        foreach (var serial in clients.SelectMany(client => client.Revoked).Where(serial => !crl.RemoveEntry(serial)))
        {
            _notes.Problem($"the revocation of {Convert.ToHexStringLower(serial)} was acknowledged, and CRL {number} does not have it");
        }
    }

    /// <summary>How long a process lives, from the seed.</summary>
    private TimeSpan Life(int kill)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{settings.Seed} {kill}")));
        return ShortestLife + ((LongestLife - ShortestLife) * (BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue));
    }
}
