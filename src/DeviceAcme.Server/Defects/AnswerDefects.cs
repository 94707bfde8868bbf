using System.Text;
using System.Text.RegularExpressions;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of what answers look like.</summary>
internal static partial class AnswerDefects
{
    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        Answer("wrong-problem-type", "RFC 8555 §6.7", "finalize-too-early", "calls everything malformed", answer =>
        {
            if (answer.Response.StatusCode >= 400)
            {
                answer.Change(problem => problem["type"] = "urn:ietf:params:acme:error:malformed");
            }
        }),
        Answer("bad-nonce-as-500", "RFC 8555 §6.5", "unknown-nonce", "answers a bad nonce with 500", answer =>
        {
            if (answer.IsProblem("badNonce"))
            {
                answer.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }),
        Headers("errors-without-nonce", "RFC 8555 §6.5", "nonce-of-an-error", "gives no nonce with an error", response =>
        {
            if (response.StatusCode >= 400)
            {
                response.Headers.Remove("Replay-Nonce");
            }
        }),
        Headers("answers-without-nonce", "RFC 8555 §6.5", "nonce-with-every-answer", "gives no nonce with what it accepts", response =>
        {
            if (response.StatusCode < 300 && HttpMethods.IsPost(response.HttpContext.Request.Method))
            {
                response.Headers.Remove("Replay-Nonce");
            }
        }),
        Headers("problems-as-plain-json", "RFC 8555 §6.7", "problem-document", "sends problems as application/json", response =>
        {
            if (response.ContentType == "application/problem+json")
            {
                response.ContentType = "application/json";
            }
        }),
        Headers("no-link-to-the-directory", "RFC 8555 §7.1", "index-link", "does not link to its directory", WithoutLink("index")),
        Headers("no-link-to-the-authorization", "RFC 8555 §7.5.1", "up-link", "does not link from a challenge to its authorization", WithoutLink("up")),
        Headers("nonce-may-be-stored", "RFC 8555 §7.2", "new-nonce-by-head", "lets caches keep nonces", response => response.Headers.CacheControl = "max-age=60"),
        Headers("head-of-new-nonce-204", "RFC 8555 §7.2", "new-nonce-by-head", "answers HEAD of newNonce with 204", response =>
        {
            if (HttpMethods.IsHead(response.HttpContext.Request.Method))
            {
                response.StatusCode = StatusCodes.Status204NoContent;
            }
        }),
        Answer("algorithms-not-listed", "RFC 8555 §6.2", "algorithms-of-an-error", "does not say which algorithms it takes", answer => answer.Change(problem => problem.Remove("algorithms"))),
        Answer("directory-without-key-change", "RFC 8555 §7.1.1", "directory-complete", "has no keyChange in its directory", answer =>
        {
            if (answer.Is("directory"))
            {
                answer.Change(directory => directory["keyChange"] = "");
            }
        }),
        Headers("chain-of-another-type", "RFC 8555 §7.4.2", "chain-media-type", "sends chains as application/x-pem-file", response =>
        {
            if (response.ContentType == "application/pem-certificate-chain")
            {
                response.ContentType = "application/x-pem-file";
            }
        }),
        Answer("chain-in-wrong-order", "RFC 8555 §7.4.2", "chain-in-order", "sends the CA's certificate before the leaf", answer =>
        {
            if (answer.Response.ContentType == "application/pem-certificate-chain")
            {
                answer.Body = Encoding.ASCII.GetBytes(string.Join('\n', Certificate().Matches(answer.Text).Select(match => match.Value).Reverse()) + "\n");
            }
        }),
        Answer("chain-without-issuer", "RFC 8555 §7.4.2", "chain-in-order", "sends the leaf alone", answer =>
        {
            if (answer.Response.ContentType == "application/pem-certificate-chain")
            {
                answer.Text = Certificate().Match(answer.Text).Value + "\n";
            }
        }),
    ];

    private static Action<HttpResponse> WithoutLink(string relation) => response =>
        response.Headers.Link = response.Headers.Link.Where(link => link?.Contains($"\"{relation}\"", StringComparison.Ordinal) == false).ToArray();

    private static PlantedDefect Answer(string name, string section, string found, string broken, Action<DefectAnswer> change) =>
        new() { Name = name, Section = section, Kind = "mac", Case = found, Broken = broken, Answer = change };

    private static PlantedDefect Headers(string name, string section, string found, string broken, Action<HttpResponse> change) =>
        new() { Name = name, Section = section, Kind = "mac", Case = found, Broken = broken, Headers = change };

    [GeneratedRegex("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")]
    private static partial Regex Certificate();
}
