using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Network;

/// <summary>tls-alpn-01 (RFC 8737, RFC 8738 §6): a handshake for <c>acme-tls/1</c> shows a certificate that carries the digest of the key authorization.</summary>
/// <param name="port">443, or what the operator chose for a trial.</param>
internal sealed class TlsAlpn01Validator(OutboundConnector connector, ValidationRun run, int port) : IChallengeValidator
{
    private static readonly SslApplicationProtocol AcmeTls = new("acme-tls/1");

    public string Type => "tls-alpn-01";

    public Task<Problem?> Validate(ValidationTarget target, CancellationToken cancellation) =>
        run.Run(target, Type, attempt => Handshake(target, attempt), cancellation);

    private async Task Handshake(ValidationTarget target, ValidationAttempt attempt)
    {
        var value = target.Identifier.Value;
        using var connection = await connector.Connect(value, port, attempt);
        var serverName = target.Identifier.Type == AcmeIdentifier.Ip ? ReverseName(IPAddress.Parse(value)) : value;
        attempt.Step = $"shaking hands for {value} with {connection.Peer}";
        var options = ValidationTls.Options();
        options.TargetHost = serverName;
        options.ApplicationProtocols = [AcmeTls];
        await using var stream = new SslStream(new NetworkStream(connection.Socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsClientAsync(options, attempt.Cancellation);
        }
        catch (Exception failed) when (failed is AuthenticationException or IOException)
        {
            var cause = Excerpt.Of(failed.GetBaseException().Message);
            throw Problems.Tls("tls-handshake", $"the TLS handshake for {serverName} with {connection.Peer} failed: {cause}; expected was ALPN acme-tls/1 over TLS 1.2 or later");
        }

        if (stream.NegotiatedApplicationProtocol != AcmeTls)
        {
            throw Problems.Tls("tls-alpn-missing", $"{connection.Peer} did not negotiate ALPN acme-tls/1 for {serverName}");
        }

        if (stream.RemoteCertificate is not { } shown)
        {
            throw Problems.Tls("tls-certificate-missing", $"{connection.Peer} showed no certificate for {serverName}");
        }

        if (AcmeTlsCertificate.Check(shown.GetRawCertData(), target) is { } fault)
        {
            throw Problems.IncorrectResponse(fault.Reason, $"the certificate that {connection.Peer} showed for {serverName} {fault.Words}");
        }
    }

    /// <summary>RFC 8738 §6: the name under in-addr.arpa or ip6.arpa, since an address cannot stand in SNI.</summary>
    internal static string ReverseName(IPAddress address)
    {
        var octets = address.GetAddressBytes().Reverse();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? string.Concat(octets.Select(o => $"{o & 0xF:x}.{o >> 4:x}.")) + "ip6.arpa"
            : string.Concat(octets.Select(o => $"{o}.")) + "in-addr.arpa";
    }
}
