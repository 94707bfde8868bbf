using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Tests.Simulator;

/// <summary>Answers like an ACME server to everything, and keeps what it heard.</summary>
internal sealed class HeardServer(string challengeType, int looksUntilValid = 0) : HttpMessageHandler
{
    public const string Directory = Base + "/directory";
    private const string Base = "https://acme.test";
    private static readonly string Pem = Certificate();
    private int _looks;

    /// <summary>Name of the resource, and what was posted there; undefined for what was not signed.</summary>
    public List<(string Path, JsonElement Payload, int SignatureLength, string? UserAgent)> Heard { get; } = [];

    public IEnumerable<string> Paths => Heard.Select(heard => heard.Path);

    public JsonElement Payload(string path) => Heard.Last(heard => heard.Path == path).Payload;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath[1..];
        var (payload, signature) = request.Content is null ? (default, 0) : Open(await request.Content.ReadAsStringAsync(cancellationToken));
        Heard.Add((path, payload, signature, request.Headers.UserAgent.ToString()));
        var (status, body, location) = Answer(path);
        var answer = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8), RequestMessage = request };
        answer.Content.Headers.ContentType = new(path == "cert" ? "application/pem-certificate-chain" : "application/json");
        if (path != "directory")
        {
            answer.Headers.TryAddWithoutValidation("Replay-Nonce", Base64Url.Encode(RandomNumberGenerator.GetBytes(16)));
        }

        answer.Headers.TryAddWithoutValidation("Retry-After", "0");
        if (location is not null)
        {
            answer.Headers.TryAddWithoutValidation("Location", $"{Base}/{location}");
        }

        return answer;
    }

    private (HttpStatusCode Status, string Body, string? Location) Answer(string path) => path switch
    {
        "directory" => (HttpStatusCode.OK, $$"""{"newNonce":"{{Base}}/nonce","newAccount":"{{Base}}/new-account","newOrder":"{{Base}}/new-order","revokeCert":"{{Base}}/revoke","keyChange":"{{Base}}/key-change"}""", null),
        "new-account" => (HttpStatusCode.Created, """{"status":"valid"}""", "account"),
        "new-order" => (HttpStatusCode.Created, Order("pending"), "order"),
        "order" => (HttpStatusCode.OK, Order(Looked() ? "ready" : "pending"), null),
        "authorization" => (HttpStatusCode.OK, $$"""{"status":"{{(IsAnswered && Looked() ? "valid" : "pending")}}","identifier":{"type":"permanent-identifier","value":"x"},"challenges":[{{Challenge("pending")}}]}""", null),
        "challenge" => (HttpStatusCode.OK, Challenge(Looked() ? "valid" : "processing"), null),
        "finalize" => (HttpStatusCode.OK, Order("valid"), null),
        "cert" => (HttpStatusCode.OK, Pem, null),
        _ => (HttpStatusCode.OK, "", null),
    };

    // the challenge of the last order
    private bool IsAnswered => Heard.FindLastIndex(heard => heard.Path == "challenge") > Heard.FindLastIndex(heard => heard.Path == "new-order");

    private bool Looked() => _looks++ >= looksUntilValid;

    private static string Order(string status) =>
        $$"""{"status":"{{status}}","identifiers":[{"type":"permanent-identifier","value":"x"}],"authorizations":["{{Base}}/authorization"],"finalize":"{{Base}}/finalize","certificate":"{{Base}}/cert"}""";

    private string Challenge(string status) => $$"""{"type":"{{challengeType}}","url":"{{Base}}/challenge","status":"{{status}}","token":"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"}""";

    private static (JsonElement Payload, int SignatureLength) Open(string jws)
    {
        var json = JsonElement.Parse(jws);
        var payload = Octets(json.GetProperty("payload"));
        return (payload.Length == 0 ? default : JsonElement.Parse(payload), Octets(json.GetProperty("signature")).Length);
    }

    /// <summary>The octets of a base64url member.</summary>
    public static byte[] Octets(JsonElement text) => Base64Url.TryDecode(text.GetString(), 1 << 20, out var octets) ? octets : throw new FormatException($"no base64url: {text}");

    private static string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=anybody", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return certificate.ExportCertificatePem() + "\n";
    }
}
