using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Processes;

namespace DeviceAcme.Bench.Floors;

/// <summary>Measures what exchanges cost the smallest server, and what a validation's questions cost who asks them.</summary>
internal sealed class FloorClient : IAsyncDisposable
{
    /// <summary>The same number as in the loads whose processor time is compared.</summary>
    public const int Clients = 8;

    private const int WarmUp = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;
    private readonly List<HttpClient> _clients;
    private readonly string _https;
    private readonly int _httpPort;
    private readonly IPEndPoint _dns;

    private FloorClient(ChildProcess process, string https, int httpPort, int dnsPort, string fingerprint)
    {
        _process = process;
        _https = https;
        _httpPort = httpPort;
        _dns = new IPEndPoint(IPAddress.Loopback, dnsPort);
        _clients = [.. Enumerable.Range(0, Clients).Select(_ => Client(fingerprint))];
    }

    public static async Task<FloorClient> Start(string folder, TimeProvider time, CancellationToken cancellation)
    {
        var start = DotnetProgram.Start(DotnetProgram.Self, folder, [FloorServer.Name], []);
        var (process, line) = await ChildProcess.Start(start, FloorServer.Ready, Patience, time, cancellation);
        var words = line[FloorServer.Ready.Length..].Split(' ');
        var floor = new FloorClient(process, $"https://localhost:{words[0]}", Port(words[1]), Port(words[2]), words[3]);
        try
        {
            await floor.Exchange(new Exchange("warm-up", 600, 600), WarmUp, cancellation);
            return floor;
        }
        catch
        {
            await floor.DisposeAsync();
            throw;
        }
    }

    /// <summary>One line for each exchange: the server's side of it, on kept connections.</summary>
    public async Task<IReadOnlyList<Cost>> Exchanges(IReadOnlyList<Exchange> exchanges, int repetitions, CancellationToken cancellation)
    {
        var costs = new List<Cost>();
        foreach (var exchange in exchanges)
        {
            costs.Add(new Cost($"HTTPS exchange, {exchange.Name}", 1, await Exchange(exchange, repetitions, cancellation)));
        }

        return costs;
    }

    /// <summary>What an http-01 validation asks the network, as bare sockets.</summary>
    /// <param name="dnsQuestions">How many questions the server asked for one validation.</param>
    public IReadOnlyList<Operation> Validation(int dnsQuestions) =>
    [
        new("DNS question and answer, UDP", dnsQuestions, AskName),
        new("http-01 fetch on a new connection", 1, Fetch),
    ];

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _process.DisposeAsync();
    }

    /// <returns>Microseconds of the server's processor time for one exchange.</returns>
    private async Task<double> Exchange(Exchange exchange, int repetitions, CancellationToken cancellation)
    {
        var url = $"{_https}/{exchange.ReplyBytes.ToString(CultureInfo.InvariantCulture)}";
        var body = new byte[exchange.RequestBytes];
        var each = (repetitions + Clients - 1) / Clients;
        var begin = await ProcessorTime(cancellation);
        await Task.WhenAll(_clients.Select(client => Task.Run(() => Repeat(client, url, body, each, cancellation), cancellation)));
        var used = await ProcessorTime(cancellation) - begin;
        return used.TotalMicroseconds / (each * Clients);
    }

    private static async Task Repeat(HttpClient client, string url, byte[] body, int repetitions, CancellationToken cancellation)
    {
        for (var number = 0; number < repetitions; number++)
        {
            using var request = body.Length == 0
                ? new HttpRequestMessage(HttpMethod.Head, url)
                : new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/jose+json") } } };
            using var reply = await client.SendAsync(request, cancellation);
            reply.EnsureSuccessStatusCode();
            await reply.Content.ReadAsByteArrayAsync(cancellation);
        }
    }

    private async Task<TimeSpan> ProcessorTime(CancellationToken cancellation) =>
        TimeSpan.FromTicks(long.Parse(await _clients[0].GetStringAsync(_https + FloorServer.ProcessorTimePath, cancellation), CultureInfo.InvariantCulture));

    // A question for host.example, type A (RFC 1035 §4.1)
    private void AskName()
    {
        ReadOnlySpan<byte> question = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, .. "host"u8, 7, .. "example"u8, 0, 0, 1, 0, 1];
        Span<byte> answer = stackalloc byte[512];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Connect(_dns);
        socket.Send(question);
        socket.Receive(answer);
    }

    private void Fetch()
    {
        var request = "GET /.well-known/acme-challenge/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: host.example\r\nConnection: close\r\n\r\n"u8;
        Span<byte> answer = stackalloc byte[1024];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5000 };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, _httpPort));
        socket.Send(request);
        var text = new StringBuilder();
        for (int read; (read = socket.Receive(answer)) > 0;)
        {
            text.Append(Encoding.ASCII.GetString(answer[..read]));
        }

        if (!text.ToString().StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            throw new BenchFailure($"the floor's web server answered '{text}'");
        }
    }

    // the other side is known by its certificate: it is made anew for each run
    private static HttpClient Client(string fingerprint) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString(HashAlgorithmName.SHA256) == fingerprint },
    });

    private static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
