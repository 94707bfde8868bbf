using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Core;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Jose;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of accounts (RFC 8555 §7.3), external ones among them.</summary>
internal static class AccountDefects
{
    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        RequestDefects.Of("asking-makes-accounts", "RFC 8555 §7.3.1", "account-that-is-not-there", "makes an account where onlyReturnExisting asks for one", request =>
            request.Change(payload =>
            {
                if (payload.Remove("onlyReturnExisting"))
                {
                    payload["termsOfServiceAgreed"] = true;
                }
            })),
        RequestDefects.Of("contacts-not-looked-at", "RFC 8555 §7.3", "contact-by-telephone", "takes contacts that it cannot use", request => request.Change(payload => payload.Remove("contact"))),
        RequestDefects.Of("terms-not-asked-for", "RFC 8555 §7.3.3", "terms-not-agreed", "makes accounts without agreement to its terms", request =>
        {
            if (request.Is("new-account"))
            {
                request.Change(payload => payload["termsOfServiceAgreed"] = true);
            }
        }),
        new PlantedDefect { Name = "deactivated-account-works", Section = "RFC 8555 §7.3.6", Kind = "mac", Case = "deactivated-account", Broken = "takes orders of an account that was given up", Overlooks = ["account-not-valid"] },
        new PlantedDefect
        {
            Name = "deactivation-ignored", Section = "RFC 8555 §7.3.6", Kind = "mac", Case = "account-deactivated", Broken = "leaves an account as it is when it is given up",
            Request = request =>
            {
                if (request.Is("account", "*"))
                {
                    request.Change(payload => payload.Remove("status"));
                }

                return Task.CompletedTask;
            },
        },
        RequestDefects.Of("foreign-account-shown", "RFC 8555 §7.3.2", "foreign-account", "shows an account to another", request =>
        {
            if (request.Is("account", "*") && !request.Payload.Contains("status", StringComparison.Ordinal))
            {
                request.SignAs(request.Url);
            }
        }),
        new PlantedDefect
        {
            Name = "key-change-to-a-used-key", Section = "RFC 8555 §7.3.5", Kind = "mac", Case = "key-change-to-a-taken-key", Broken = "lets two accounts have one key",
            Answer = answer =>
            {
                if (answer.Response.StatusCode == StatusCodes.Status409Conflict)
                {
                    answer.Succeed("""{"status":"valid"}""");
                }
            },
        },
        Headers("conflict-without-location", "RFC 8555 §7.3.5", "key-change-conflict", "does not say which account has the key", response =>
        {
            if (response.StatusCode == StatusCodes.Status409Conflict)
            {
                response.Headers.Remove("Location");
            }
        }),
        RequestDefects.Of("old-key-still-good", "RFC 8555 §7.3.5", "key-changed", "takes the old key after a key change", request =>
        {
            if (request.Is("account", "*"))
            {
                request.Excuse();
            }
        }),
        Headers("account-without-location", "RFC 8555 §7.3", "account-again", "answers newAccount without Location", response =>
        {
            if (response.HttpContext.Request.Path.Value!.EndsWith("/new-account", StringComparison.Ordinal))
            {
                response.Headers.Remove("Location");
            }
        }),
        new PlantedDefect
        {
            Name = "empty-list-of-orders", Section = "RFC 8555 §7.1.2.1", Kind = "mac", Case = "orders-listed", Broken = "has an empty list of orders for everybody",
            Answer = answer =>
            {
                if (answer.Is("orders"))
                {
                    answer.Change(list => list["orders"] = new JsonArray());
                }
            },
        },
        new PlantedDefect { Name = "external-account-mac-unchecked", Section = "RFC 8555 §7.3.4", Kind = "server", Case = "external-account-wrong-key", Broken = "does not verify the MAC of an external account", Request = request => Bind(request, missing: false) },
        new PlantedDefect { Name = "external-account-not-required", Section = "RFC 8555 §7.3.4", Kind = "server", Case = "missing-external-account", Broken = "makes accounts without the external account that its directory requires", Request = request => Bind(request, missing: true) },
        new PlantedDefect { Name = "external-account-used-again", Section = "RFC 8555 §7.3.4", Kind = "server", Case = "external-account-used-twice", Broken = "takes a key of an external account again that is good for one", Request = MakeUnused },
    ];

    private static PlantedDefect Headers(string name, string section, string found, string broken, Action<HttpResponse> change) =>
        new() { Name = name, Section = section, Kind = "mac", Case = found, Broken = broken, Headers = change };

    // as if the MAC had been right, or the binding there
    private static async Task Bind(DefectRequest request, bool missing)
    {
        if (!request.Is("new-account") || request.Header?["jwk"] is not { } key || JsonNode.Parse(request.Payload) is not JsonObject payload || payload.ContainsKey("externalAccountBinding") == missing)
        {
            return;
        }

        await using var context = request.Db.Read();
        var ticket = missing ? await context.Tickets.FirstAsync(ticket => ticket.MacKey != null && ticket.Uses == null) : await Named(context, payload);
        if (ticket?.MacKey is { } mac)
        {
            payload["externalAccountBinding"] = JsonNode.Parse(JwsSigner.ForMac(mac).Sign(request.Url, Encoding.UTF8.GetBytes(key.ToJsonString()), null, ticket.Id.Value));
            request.Payload = payload.ToJsonString();
        }
    }

    private static async Task<Ticket?> Named(Storage.AcmeContext context, JsonObject payload)
    {
        var header = JsonNode.Parse(Base64Url.TryDecode((string)payload["externalAccountBinding"]!["protected"]!, 4096, out var octets) ? octets : [])!;
        var id = new TicketId((string?)header["kid"] ?? "");
        return await context.Tickets.FirstOrDefaultAsync(ticket => ticket.Id == id);
    }

    private static async Task MakeUnused(DefectRequest request)
    {
        if (request.Is("new-account"))
        {
            await request.Db.Commit(context => context.Database.ExecuteSql($"UPDATE tickets SET used = 0"));
        }
    }
}
