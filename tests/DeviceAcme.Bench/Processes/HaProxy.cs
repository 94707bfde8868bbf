using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DeviceAcme.Bench.Processes;

/// <summary>HAProxy with the configuration of docs/haproxy.cfg, on this run's addresses. It ends TLS with a certificate of its own.</summary>
internal sealed class HaProxy : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly ChildProcess _process;

    private HaProxy(ChildProcess process, string root) => (_process, Root) = (process, root);

    /// <summary>The certificate to trust, PEM.</summary>
    public string Root { get; }

    /// <param name="folder">Where its files stand.</param>
    /// <param name="ports">Where it listens for ACME and for the status listener.</param>
    /// <param name="nodes">Where each of three servers listens for the same.</param>
    /// <param name="url">What clients call.</param>
    public static async Task<HaProxy> Start(string folder, (int Acme, int Status) ports, IReadOnlyList<(int Acme, int Status)> nodes, string url, TimeProvider time, CancellationToken cancellation)
    {
        var (chain, root) = (Path.Combine(folder, "acme.pem"), Path.Combine(folder, "root.pem"));
        WriteCertificate(chain, root, time.GetUtcNow());
        var text = new StringBuilder(Configuration());
        Replace(text, "bind :443 ssl crt /etc/haproxy/acme.pem", $"bind 127.0.0.1:{ports.Acme} ssl crt {chain}");
        Replace(text, "bind :80", $"bind 127.0.0.1:{ports.Status}");
        for (var node = 0; node < nodes.Count; node++)
        {
            Replace(text, $"10.0.0.1{node + 1}:8080", $"127.0.0.1:{nodes[node].Acme}");
            Replace(text, $"10.0.0.1{node + 1}:8081", $"127.0.0.1:{nodes[node].Status}");
        }

        var file = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(file, text.ToString(), cancellation);
        var start = new ProcessStartInfo(File.Exists("/usr/sbin/haproxy") ? "/usr/sbin/haproxy" : "haproxy", ["-db", "-f", file]) { WorkingDirectory = folder };
        var (process, _) = await ChildProcess.Start(start, null, Patience, time, cancellation);
        var proxy = new HaProxy(process, root);
        try
        {
            await proxy.UntilItAnswers(url, time, cancellation);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task UntilItAnswers(string url, TimeProvider time, CancellationToken cancellation)
    {
        using var http = Simulator.Enrollment.TrustedRoot.Client(Root);
        for (var begun = time.GetTimestamp(); ; await Task.Delay(Look, time, cancellation))
        {
            try
            {
                using var answer = await http.GetAsync($"{url}/directory", cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (time.GetElapsedTime(begun) < Patience)
            {
                continue;
            }

            if (time.GetElapsedTime(begun) >= Patience)
            {
                throw new BenchFailure($"HAProxy answers nothing at {url}{_process.Complaints}");
            }
        }
    }

    private static string Configuration()
    {
        using var stream = typeof(HaProxy).Assembly.GetManifestResourceStream("haproxy.cfg")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>What is no longer there has been changed in the documentation, and this run would show nothing about it.</summary>
    private static void Replace(StringBuilder text, string documented, string here)
    {
        if (!text.ToString().Contains(documented, StringComparison.Ordinal))
        {
            throw new BenchFailure($"docs/haproxy.cfg has no '{documented}'");
        }

        text.Replace(documented, here);
    }

    private static void WriteCertificate(string chain, string root, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(root, certificate.ExportCertificatePem());
        File.WriteAllText(chain, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
