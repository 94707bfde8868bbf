using System.Net;
using System.Net.Sockets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network.Dns;

namespace DeviceAcme.Server.Network;

/// <summary>An open TCP connection, and the address that was checked and connected to.</summary>
internal sealed record OutboundConnection(Socket Socket, IPEndPoint Peer) : IDisposable
{
    public void Dispose() => Socket.Dispose();
}

/// <summary>Connects to a host for a validation: look-up, address rule, IPv6 before IPv4. The address that was checked is the one that is connected to.</summary>
internal sealed class OutboundConnector(DnsClient dns, AddressPolicy policy, NetworkTiming timing)
{
    private const int MaxAddressesPerFamily = 2;

    /// <param name="host">A host name or an IP literal without brackets.</param>
    /// <exception cref="ProblemException"><c>dns</c> or <c>connection</c>.</exception>
    public async Task<OutboundConnection> Connect(string host, int port, ValidationAttempt attempt)
    {
        attempt.Step = $"looking up {host}";
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await LookUp(host, attempt.Cancellation);
        var refusals = addresses.Select(address => (Address: address, Refusal: policy.Refusal(address, port))).Where(a => a.Refusal is not null).ToList();
        var allowed = addresses.Except(refusals.Select(r => r.Address)).ToList();
        if (allowed.Count == 0)
        {
            var (address, refusal) = refusals[0];
            throw Problems.Connection(
                refusal!.Reason,
                $"validation of {host} would connect to {address} port {port}, {refusal.Words}; such are reached only where the server's --validation-networks names them");
        }

        var failures = new List<(string Words, SocketError Error)>();
        foreach (var address in allowed.GroupBy(a => a.AddressFamily).OrderByDescending(f => f.Key == AddressFamily.InterNetworkV6).SelectMany(f => f.Take(MaxAddressesPerFamily)))
        {
            var peer = new IPEndPoint(address, port);
            attempt.Step = $"connecting to {host} at {peer}";
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var error = await TryConnect(socket, peer, attempt.Cancellation);
            if (error is null)
            {
                return new(socket, peer);
            }

            socket.Dispose();
            failures.Add(($"{peer}: {Words(error.Value)}", error.Value));
        }

        throw Problems.Connection(Reason(failures[^1].Error), $"no connection to {host}: {string.Join("; ", failures.Select(f => f.Words))}");
    }

    private async Task<List<IPAddress>> LookUp(string host, CancellationToken cancellation)
    {
        if (!DnsName.TryParse(host, out var name))
        {
            throw Problems.Dns("dns-name-invalid", $"{Excerpt.Of(host)} is not a host name that can be looked up");
        }

        var answers = await Task.WhenAll(dns.Resolve(name, DnsType.Aaaa, cancellation), dns.Resolve(name, DnsType.A, cancellation));
        var addresses = answers.SelectMany(a => a.Records).OfType<AddressRecord>().Select(r => r.Address).Distinct().ToList();
        if (addresses.Count > 0)
        {
            return addresses;
        }

        // What is not known says more than what is known to be absent.
        var telling = answers.FirstOrDefault(a => !a.IsEmpty) ?? answers[1];
        throw Problems.Dns(telling.Reason, $"no address of {host} was found. {answers[0].Describe()}. {answers[1].Describe()}");
    }

    /// <summary>Null when connected.</summary>
    private async Task<SocketError?> TryConnect(Socket socket, IPEndPoint peer, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timing.Connect);
        try
        {
            await socket.ConnectAsync(peer, bound.Token);
            return null;
        }
        catch (SocketException failed)
        {
            return failed.SocketErrorCode;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return SocketError.TimedOut;
        }
    }

    private static string Reason(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection-refused",
        SocketError.TimedOut => "connection-timeout",
        _ => "connection-failed",
    };

    private string Words(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.TimedOut => $"no connection within {timing.Connect.TotalSeconds:0.#} s",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "no route to it",
        _ => error.ToString(),
    };
}
