using System.Text.Json.Nodes;
using DeviceAcme.Core;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of orders, authorizations and challenges (RFC 8555 §7.4, §7.5).</summary>
internal static class OrderDefects
{
    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        RequestDefects.Of("unknown-identifier-accepted", "RFC 8555 §7.4", "unsupported-identifier", "takes identifiers of any type", request => request.Change(payload =>
        {
            if (payload["identifiers"] is JsonArray identifiers)
            {
                foreach (var identifier in identifiers)
                {
                    identifier!["type"] = "permanent-identifier";
                }
            }
        })),
        RequestDefects.Of("unknown-profile-accepted", "ACME profiles §4", "unknown-profile", "takes the name of any profile", request => request.Change(payload => payload.Remove("profile"))),
        RequestDefects.Of("impossible-validity-accepted", "RFC 8555 §7.4", "impossible-validity", "takes wishes for a validity that it cannot fulfil", request => request.Change(payload => payload.Remove("notAfter"))),
        Answer("order-without-end", "RFC 8555 §7.1.3", "order-as-asked", "does not say when a pending order ends", answer => Change(answer, "new-order", order => order.Remove("expires"))),
        Answer("order-of-other-identifiers", "RFC 8555 §7.4", "order-as-asked", "answers with other identifiers than were ordered", answer => Change(answer, "new-order", order => order["identifiers"]![0]!["value"] = "another")),
        new PlantedDefect
        {
            Name = "order-without-location", Section = "RFC 8555 §7.4", Kind = "mac", Case = "order-as-asked", Broken = "answers newOrder without Location",
            Headers = response =>
            {
                if (response.HttpContext.Request.Path.Value!.EndsWith("/new-order", StringComparison.Ordinal))
                {
                    response.Headers.Remove("Location");
                }
            },
        },
        Foreign("foreign-order-shown", "RFC 8555 §7.4", "foreign-order", "shows an order to another account", "order", "*"),
        Foreign("foreign-authorization-shown", "RFC 8555 §7.5", "foreign-authorization", "shows an authorization to another account", "authz", "*"),
        Foreign("foreign-challenge-answered", "RFC 8555 §7.5.1", "foreign-challenge", "lets another account answer a challenge", "chall", "*"),
        Foreign("foreign-certificate-shown", "RFC 8555 §7.4.2", "foreign-certificate", "gives a certificate to another account", "cert", "*"),
        Foreign("foreign-order-finalized", "RFC 8555 §7.4", "foreign-finalize", "lets another account finalize an order", "order", "*", "finalize"),
        new PlantedDefect
        {
            Name = "pending-order-finalized", Section = "RFC 8555 §7.4", Kind = "tpm", Case = "finalize-too-early", Broken = "issues before anything was proven",
            Overlooks = ["order-not-ready-pending", "authorization-not-attested"],
        },
        new PlantedDefect { Name = "order-finalized-twice", Section = "RFC 8555 §7.4", Kind = "mac", Case = "finalize-twice", Broken = "issues again for an order that has its certificate", Overlooks = ["order-not-ready-valid"] },
        new PlantedDefect { Name = "two-certificates-of-one-order", Section = "RFC 8555 §7.4", Kind = "mac", Case = "two-finalizes-at-once", Broken = "issues twice where finalize comes twice at once", Overlooks = ["order-not-ready-valid"] },
        RequestDefects.Of("wildcard-authorized-beforehand", "RFC 8555 §7.4.1", "wildcard-pre-authorization", "authorizes a wildcard name beforehand", request =>
        {
            if (request.Is("new-authz"))
            {
                request.Payload = request.Payload.Replace("*.", "", StringComparison.Ordinal);
            }
        }, "server"),
        Answer("short-token", "RFC 8555 §8.1", "token-with-entropy", "has tokens of four characters", answer => Change(answer, "authz", authorization =>
        {
            foreach (var challenge in authorization["challenges"]!.AsArray())
            {
                challenge!["token"] = ((string)challenge["token"]!)[..4];
            }
        })),
        RequestDefects.Of("reading-starts-validation", "RFC 8555 §7.5.1", "challenge-looked-at", "takes a look at a challenge for an answer", request =>
        {
            if (request.Is("chall", "*") && request.Payload.Length == 0)
            {
                request.Payload = """{"attObj":"oA"}""";
            }
        }),
        RequestDefects.Of("status-set-by-client", "RFC 8555 §7.5.2", "authorization-made-valid", "takes an authorization that the client sets to valid", request =>
        {
            if (request.Is("authz", "*") && request.Payload.Contains("\"valid\"", StringComparison.Ordinal))
            {
                request.Payload = "";
            }
        }),
        RequestDefects.Of("authorization-not-given-up", "RFC 8555 §7.5.2", "authorization-deactivated", "keeps an authorization that was given up", request =>
        {
            if (request.Is("authz", "*"))
            {
                request.Payload = "";
            }
        }),
        new PlantedDefect
        {
            Name = "no-retry-after", Section = "RFC 8555 §7.5.1", Kind = "server", Case = "retry-after-while-processing", Broken = "does not say when to look again", Headers = response => response.Headers.Remove("Retry-After"),
        },
    ];

    private static PlantedDefect Answer(string name, string section, string found, string broken, Action<DefectAnswer> change) =>
        new() { Name = name, Section = section, Kind = "mac", Case = found, Broken = broken, Answer = change };

    private static void Change(DefectAnswer answer, string resource, Action<JsonObject> change)
    {
        if (answer.Response.StatusCode < 300 && (answer.Is(resource) || answer.Is(resource, "*")))
        {
            answer.Change(change);
        }
    }

    // whoever asks is taken for the owner
    private static PlantedDefect Foreign(string name, string section, string found, string broken, params string[] end) => new()
    {
        Name = name,
        Section = section,
        Kind = "mac",
        Case = found,
        Broken = broken,
        Request = async request =>
        {
            if (request.Is(end) && request.Header?.ContainsKey("kid") == true)
            {
                await using var context = request.Db.Read();
                if (await Owner(context, end[0], end is [_, _, _] ? request.Http.Path.Value!.Split('/')[^2] : request.LastOfPath) is { } owner)
                {
                    request.SignAs($"{request.Root}/account/{owner}");
                }
            }
        },
    };

    private static async Task<AccountId?> Owner(AcmeContext context, string resource, string id) => resource switch
    {
        "order" => context.FindOrder(new OrderId(id))?.Order.AccountId,
        "authz" => context.FindAuthorization(new AuthorizationId(id))?.AccountId,
        "chall" => context.FindAuthorizationOf(new ChallengeId(id))?.AccountId,
        _ => (await context.Certificates.FirstOrDefaultAsync(certificate => certificate.Id == new CertificateId(id)))?.Account,
    };
}
