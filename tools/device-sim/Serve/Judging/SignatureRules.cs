using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>The JWS of each request (RFC 8555 §6.1, §6.2, §6.4; RFC 7515; RFC 7518).</summary>
internal static class SignatureRules
{
    private static readonly string[] Members = ["protected", "payload", "signature"];
    private static readonly string[] PayloadTexts = ["csr", "attObj", "certificate"];

    // RFC 7518 §3.4: R and S as long as the curve's numbers
    private static readonly Dictionary<string, int> SignatureLengths = new() { ["ES256"] = 64, ["ES384"] = 96, ["ES512"] = 132 };

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("base64url-without-padding", "RFC 8555 §6.1", Level.Must, "writes base64url without padding, in one spelling", story =>
            story.Signed.Select(pair => Finding.Of(
                Texts(pair.Jws).All(text => Base64Url.IsValid(text.AsSpan())), "a text is padded, or no base64url", pair.Exchange.Number))),
        new("flattened-jws", "RFC 8555 §6.2", Level.Must, "sends a flattened JWS with protected, payload and signature, and nothing unprotected", story =>
            story.Posts.Select(exchange => Finding.Of(
                exchange.Jws is { Header: not null } jws && jws.Envelope.Count == Members.Length && Members.All(name => SentJws.Text(jws.Envelope[name]) is not null),
                "the body is no flattened JWS with exactly these members", exchange.Number))),
        new("signature-algorithm", "RFC 8555 §6.2", Level.Must, "signs with an asymmetric algorithm", story =>
            story.Signed.Select(pair => Finding.Of(
                pair.Jws.Algorithm is { Length: > 0 } algorithm && algorithm != "none" && !algorithm.StartsWith("HS", StringComparison.Ordinal), $"alg is {pair.Jws.Algorithm ?? "missing"}", pair.Exchange.Number))),
        new("jwk-or-kid", "RFC 8555 §6.2", Level.Must, "has either jwk or kid in the protected header", story =>
            story.Signed.Select(pair => Finding.Of((pair.Jws.Header?["jwk"] is null) != (pair.Jws.Header?["kid"] is null), "both jwk and kid, or neither", pair.Exchange.Number))),
        new("jwk-for-new-account", "RFC 8555 §6.2", Level.Must, "shows its key (jwk) to newAccount, and kid to all else but revokeCert", story =>
            story.Signed.Where(pair => pair.Exchange.Resource is not (Resource.Unknown or Resource.RevokeCertificate)).Select(pair => Finding.Of(
                pair.Exchange.Resource == Resource.NewAccount ? pair.Jws.Jwk is not null : pair.Jws.Kid is not null,
                pair.Exchange.Resource == Resource.NewAccount ? "newAccount without jwk" : $"{pair.Exchange.Resource} without kid", pair.Exchange.Number))),
        new("kid-is-account-url", "RFC 8555 §6.2", Level.Must, "names its account by the URL of newAccount's Location", story =>
            story.Signed.Where(pair => pair.Jws.Kid is not null).Select(pair => Finding.Of(
                // an account of an earlier run is known to the server, which then answers
                story.GivenAt(pair.Jws.Kid!) < pair.Exchange.Number || pair.Exchange.Status < 400, $"kid {pair.Jws.Kid} was never given out", pair.Exchange.Number))),
        new("url-is-request-url", "RFC 8555 §6.4", Level.Must, "signs the URL that it asks for, character by character", story =>
            story.Signed.Select(pair => Finding.Of(pair.Jws.Url == pair.Exchange.Url, $"signed {pair.Jws.Url ?? "no url"}, asked for {pair.Exchange.Url}", pair.Exchange.Number))),
        new("signature-length", "RFC 7518 §3.4", Level.Must, "writes ECDSA signatures with both numbers at full length", story =>
            story.Signed.Where(pair => SignatureLengths.ContainsKey(pair.Jws.Algorithm ?? "")).Select(pair => Finding.Of(
                pair.Jws.Signature?.Length == SignatureLengths[pair.Jws.Algorithm!], $"{pair.Jws.Signature?.Length ?? 0} octets for {pair.Jws.Algorithm}", pair.Exchange.Number))),
        new("key-fits-algorithm", "RFC 7518 §3.1", Level.Must, "uses a key of the algorithm's kind, RSA from 2048 bits on", story =>
            story.Signed.Where(pair => pair.Jws.Jwk is not null).Select(pair => Finding.Of(Fits(pair.Jws), $"alg {pair.Jws.Algorithm} with a key that does not fit, or is too weak", pair.Exchange.Number))),
    ];

    private static IEnumerable<string> Texts(SentJws jws)
    {
        IEnumerable<string?> own = [jws.ProtectedText, jws.PayloadText, jws.SignatureText, .. (jws.Jwk ?? []).Where(member => member.Key is "x" or "y" or "n" or "e").Select(member => SentJws.Text(member.Value))];
        return own.Concat(PayloadTexts.Select(name => SentJws.Text(jws.Content?[name]))).OfType<string>();
    }

    private static bool Fits(SentJws jws)
    {
        try
        {
            return jws.Algorithm is { } name && JwsAlgorithms.Signature(name).Fits(Jwk.Parse(System.Text.Json.JsonElement.Parse(jws.Jwk!.ToJsonString())));
        }
        catch (ProblemException)
        {
            // EdDSA and the like are right too: only what is known to be weak is judged
            return jws.Algorithm is not null && SentJws.Text((jws.Jwk as JsonObject)?["kty"]) is "OKP" or "AKP";
        }
    }
}
