using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Protocol.Client;

/// <summary>A downloaded chain (RFC 8555 §7.4.2, §9.1).</summary>
/// <param name="Url">Where it came from.</param>
/// <param name="Pem">The text as it was sent.</param>
/// <param name="Certificates">DER of each certificate, the end-entity certificate first.</param>
/// <param name="Alternates">URLs of other chains for the same certificate.</param>
public sealed record CertificateChain(string Url, string Pem, IReadOnlyList<byte[]> Certificates, IReadOnlyList<string> Alternates)
{
    internal const string MediaType = "application/pem-certificate-chain";

    internal static CertificateChain Read(string step, AcmeAnswer answer)
    {
        answer.RequireSuccess();
        if (answer.MediaType != MediaType)
        {
            throw new AcmeClientException(step, $"{answer.Url} answered {answer.MediaType ?? "no media type"} where {MediaType} was expected", status: answer.Status);
        }

        var pem = Encoding.UTF8.GetString(answer.Body.Span);
        var certificates = new List<byte[]>();
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            // RFC 8555 §9.1: certificates only, and no text around them
            if (rest[fields.Label] is not "CERTIFICATE" || !rest[..fields.Location.Start].IsWhiteSpace())
            {
                throw NoChain(step, answer);
            }

            certificates.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            rest = rest[fields.Location.End..];
        }

        return certificates.Count > 0 && rest.IsWhiteSpace()
            ? new CertificateChain(answer.Url, pem, certificates, answer.Links("alternate"))
            : throw NoChain(step, answer);
    }

    private static AcmeClientException NoChain(string step, AcmeAnswer answer) =>
        new(step, $"{answer.Url} answered text that is not a chain of PEM certificates and nothing else (RFC 8555 §9.1)", status: answer.Status);
}
