using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Each route that officers and auditors of some profiles may use, with something of their own and with something of another profile.</summary>
/// <remarks>The routes are those that are mapped: a new one fails here until <see cref="Things"/> says whose thing it takes.</remarks>
public sealed class ProfileLimitTests
{
    private const string Own = "apple-device";
    private const string Foreign = "tls-server";

    /// <summary>What stands for the parameter of a route: where an id of the profile is found, or why there is none to try.</summary>
    private static readonly Dictionary<string, string> Things = new(StringComparer.Ordinal)
    {
        ["/admin/v1/accounts/{id}"] = "accounts",
        ["/admin/v1/accounts/{id}/deactivate"] = "accounts",
        ["/admin/v1/certificates/{id}"] = "certificates",
        ["/admin/v1/certificates/{id}/revoke"] = "certificates",
        ["/admin/v1/evidence/{id}"] = "evidence",
        ["/admin/v1/evidence/{id}/acknowledge"] = "evidence",
        ["/admin/v1/external-account-keys/{keyId}"] = "external-account-keys",
        ["/admin/v1/orders/{id}"] = "orders",
        ["/admin/v1/orders/{id}/approve"] = "orders",
        ["/admin/v1/orders/{id}/explain"] = "orders",
        ["/admin/v1/orders/{id}/refuse"] = "orders",
        ["/admin/v1/profiles/{name}"] = "profiles",
        ["/admin/v1/tickets/{id}"] = "tickets",
        ["/admin/v1/tickets/{id}/renew"] = "tickets",
        ["/admin/v1/tickets/{id}/revoke"] = "tickets",
        ["/admin/v1/webhooks/{profile}/{name}/test"] = "profiles",

        // the ledger is the organisation's, anchors are the server's: whoever reads, reads all of it
        ["/admin/v1/anchors/sets/{hash}"] = "",
        ["/admin/v1/devices/{id}"] = "",
        ["/admin/v1/devices/{id}/enrollments"] = "",
        ["/admin/v1/devices/{id}/history"] = "",

        // with a TPM: AttestationKeyRevocationTests; with an endpoint: WebhookRouteTests
        ["/admin/v1/attestation-keys/{id}/revoke"] = "",
        ["/admin/v1/webhook-deliveries/{id}"] = "",
        ["/admin/v1/webhook-deliveries/{id}/replay"] = "",
    };

    [Fact]
    public async Task Nobody_sees_or_changes_what_is_of_another_profile()
    {
        await using var server = await AdminServer.Start();
        var ids = await Made(server);
        var insider = (await server.NewToken("inside", "officer", Own)).Token!;
        var outsider = (await server.NewToken("outside", "officer", Foreign)).Token!;
        var wrong = new List<string>();

        foreach (var route in server.Server.Routes.Where(route => route.Metadata.GetMetadata<AllowedTo>() is { Limited: LimitedCallers.WithinTheirProfiles } allowed && allowed.Roles.HasFlag(Core.Administration.AdminRoles.Officer)))
        {
            var name = route.RoutePattern.RawText!;
            var method = new HttpMethod(route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single());
            if (route.RoutePattern.Parameters.Count == 0)
            {
                if (method == HttpMethod.Get)
                {
                    var seen = (await Ask(server, method, name, outsider)).Text;
                    wrong.AddRange(ids.Values.Where(id => id != Own && seen.Contains(id, StringComparison.Ordinal)).Select(id => $"{name} shows {id} to an officer of {Foreign}"));
                }

                continue;
            }

            if (!Things.TryGetValue(name, out var kind))
            {
                wrong.Add($"{name} is new here: say in {nameof(Things)} whose thing it takes");
                continue;
            }

            if (kind.Length == 0)
            {
                continue;
            }

            var path = "/" + string.Join('/', route.RoutePattern.PathSegments.Select((segment, index) => segment.Parts[0] switch
            {
                RoutePatternLiteralPart literal => literal.Content,
                _ => index == 3 ? ids[kind] : "nowhere",
            }));
            var outside = await Ask(server, method, path, outsider);
            if (outside.Status is not (HttpStatusCode.Forbidden or HttpStatusCode.NotFound) || (outside.Status == HttpStatusCode.Forbidden && outside.Reason != "profile-not-yours"))
            {
                wrong.Add($"{method} {path} for an officer of {Foreign}: {(int)outside.Status} {outside.Reason}");
            }

            if (outside.Text.Contains("C02", StringComparison.Ordinal) && outside.Status != HttpStatusCode.NotFound)
            {
                wrong.Add($"{method} {path} tells an officer of {Foreign} what it is: {outside.Text}");
            }

            var inside = await Ask(server, method, path, insider);
            if (inside.Status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.InternalServerError)
            {
                wrong.Add($"{method} {path} for an officer of {Own}: {(int)inside.Status} {inside.Reason}");
            }
        }

        wrong.Should().BeEmpty();
        Things.Keys.Should().OnlyContain(name => server.Server.Routes.Any(route => route.RoutePattern.RawText == name), "a route that is gone is not listed");
    }

    [Fact]
    public async Task What_is_made_is_made_within_the_profiles()
    {
        await using var server = await AdminServer.Start();
        var outsider = (await server.NewToken("outside", "officer", Foreign)).Token!;

        foreach (var (path, body) in new[] { ("external-account-keys", $$"""{"profile":"{{Own}}"}"""), ("external-account-keys", "{}"), ("tickets", $$"""{"profile":"{{Own}}"}"""), ("tickets", "{}") })
        {
            using var answer = await server.Send(HttpMethod.Post, $"/admin/v1/{path}", body, outsider);
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden, $"{path} {body}");
            (await answer.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be("profile-not-yours");
        }
    }

    /// <summary>One thing of each kind, of the profile that is the insider's.</summary>
    private static async Task<Dictionary<string, string>> Made(AdminServer server)
    {
        var account = await server.Account(Own);
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        (await order.Send(Simulated.Apple.Make(order.Material, key))).Status.Should().Be(HttpStatusCode.OK);
        (await order.Finalize(key)).State.Should().Be("valid");
        await server.Post("/admin/v1/external-account-keys", new NewExternalAccountKey { Profile = Own }, AdminJson.Default.NewExternalAccountKey, AdminJson.Default.ExternalAccountKeyEntry);

        var ids = new Dictionary<string, string>(StringComparer.Ordinal) { ["profiles"] = Own };
        foreach (var kind in Things.Values.Where(kind => kind.Length > 0).Distinct().Where(kind => kind != "profiles"))
        {
            using var answer = await server.Send(HttpMethod.Get, $"/admin/v1/{kind}");
            var list = JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var first = list.EnumerateObject().First(member => member.Value.ValueKind == JsonValueKind.Array).Value.EnumerateArray().First();
            ids[kind] = (first.TryGetProperty("id", out var id) ? id : first.GetProperty("keyId")).GetString()!;
        }

        return ids;
    }

    private static async Task<(HttpStatusCode Status, string? Reason, string Text)> Ask(AdminServer server, HttpMethod method, string path, string token)
    {
        var needsReason = path.EndsWith("/deactivate", StringComparison.Ordinal) || path.EndsWith("/refuse", StringComparison.Ordinal);
        using var answer = await server.Send(method, path, method == HttpMethod.Get ? null : needsReason ? """{"reason":"x"}""" : "{}", token);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isProblem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return (answer.StatusCode, isProblem ? JsonSerializer.Deserialize<Problem>(text)!.Reason : null, text);
    }
}
