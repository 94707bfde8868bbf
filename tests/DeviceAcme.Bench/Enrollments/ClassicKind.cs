using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Bench.Enrollments;

/// <summary>dns identifiers over http-01. DNS and http-01 are answered here, by the simulator's classes.</summary>
internal sealed class ClassicKind : IEnrollmentKind, IAsyncDisposable
{
    private static readonly byte[] Ready = "{}"u8.ToArray();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting;
    private readonly DnsAnswerer _dns;
    private readonly Http01Responder _http;
    private readonly StrongBox<long> _questions;

    private ClassicKind(ConcurrentDictionary<string, TaskCompletionSource> waiting, DnsAnswerer dns, Http01Responder http, int httpPort, StrongBox<long> questions)
    {
        _waiting = waiting;
        _dns = dns;
        _http = http;
        HttpPort = httpPort;
        _questions = questions;
    }

    public string Name => "classic";

    public string Profile => "tls-server";

    public string ChallengeType => "http-01";

    public IPEndPoint DnsEndPoint => _dns.EndPoint;

    public int HttpPort { get; }

    /// <summary>Questions that the server's validations have asked so far.</summary>
    public long DnsQuestions => Interlocked.Read(ref _questions.Value);

    public static async Task<ClassicKind> Start(int httpPort, CancellationToken cancellation)
    {
        var waiting = new ConcurrentDictionary<string, TaskCompletionSource>(StringComparer.Ordinal);
        var questions = new StrongBox<long>();
        var noTexts = new TxtRecords(Path.Combine(Path.GetTempPath(), "deviceacme-bench-without-records"));
        var dns = DnsAnswerer.Start(new IPEndPoint(IPAddress.Loopback, 0), [IPAddress.Loopback], noTexts, _ => Interlocked.Increment(ref questions.Value));
        try
        {
            var http = await Http01Responder.Start([IPAddress.Loopback], httpPort, cancellation, token => Signal(waiting, token).TrySetResult());
            return new ClassicKind(waiting, dns, http, httpPort, questions);
        }
        catch
        {
            await dns.DisposeAsync();
            throw;
        }
    }

    // two labels: the CAA look-up climbs from the name to the root, so a longer name would ask more
    public Candidate Prepare(int number)
    {
        var name = $"host{number}.example";
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new Candidate("dns", name, key, new X500DistinguishedName(""), request => request.CertificateExtensions.Add(names.Build()));
    }

    public byte[] Answer(Candidate candidate, string token, string keyAuthorization)
    {
        _http.Serve(token, keyAuthorization);
        return Ready;
    }

    public async Task Validated(string token, CancellationToken cancellation)
    {
        // where the server does not come, the order says why
        await Task.WhenAny(Signal(_waiting, token).Task, Task.Delay(Patience, cancellation));
        _waiting.TryRemove(token, out _);
    }

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _dns.DisposeAsync();
    }

    private static TaskCompletionSource Signal(ConcurrentDictionary<string, TaskCompletionSource> waiting, string token) =>
        waiting.GetOrAdd(token, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
