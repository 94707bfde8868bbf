using System.Text;
using System.Text.Json;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Admin;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>What the server says of its admin routes: the OpenAPI document and the table in docs/admin-api.md.</summary>
public sealed class OpenApiTests
{
    private const string Begin = "<!-- made from AdminEndpoints.cs by OpenApiTests -->\n";
    private const string End = "<!-- end -->\n";

    [Fact]
    public async Task The_document_has_each_route_that_is_mapped_with_its_roles()
    {
        await using var server = await AdminServer.Start();

        var document = await server.Get("/admin/v1/openapi.json", AdminJson.Default.JsonElement);

        document.GetProperty("openapi").GetString().Should().Be("3.1.0");
        var described = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (
            Route: $"{operation.Name.ToUpperInvariant()} {path.Name}",
            Roles: string.Join(' ', operation.Value.GetProperty("x-roles").EnumerateArray().Select(role => role.GetString())))));
        described.Should().BeEquivalentTo(Routes(server).Select(route => (Name(route), string.Join(' ', AdminRoleNames.Of(route.Metadata.GetMetadata<AllowedTo>()!.Roles)))));
    }

    [Fact]
    public async Task Every_reference_in_the_document_leads_somewhere()
    {
        await using var server = await AdminServer.Start();

        var document = await server.Get("/admin/v1/openapi.json", AdminJson.Default.JsonElement);

        References(document).Should().HaveCountGreaterThan(20).And.OnlyContain(reference => Resolves(document, reference));
    }

    [Fact]
    public async Task The_page_shows_every_route_as_it_is()
    {
        await using var server = await AdminServer.Start();
        var path = Path.Combine(RepositoryFiles.Root, "docs", "admin-api.md");
        var page = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var expected = Table(Routes(server));

        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(path, page[..begin] + expected + page[end..], TestContext.Current.CancellationToken);
            return;
        }

        page[begin..end].Should().Be(expected, "UPDATE_DOCS=1 ./dev test OpenApi writes it anew");
    }

    private static string Table(IReadOnlyList<RouteEndpoint> routes)
    {
        var text = new StringBuilder("| route | what it does | administrator | officer | auditor | limited to profiles |\n|---|---|---|---|---|---|\n");
        foreach (var route in routes)
        {
            var allowed = route.Metadata.GetRequiredMetadata<AllowedTo>();
            var marks = AdminRoleNames.All.Values.Select(role => allowed.Roles.HasFlag(role) ? "yes" : "–");
            var limited = allowed.Limited == LimitedCallers.WithinTheirProfiles ? "within them" : "–";
            text.Append($"| `{Name(route)}` | {route.Metadata.GetRequiredMetadata<RouteDoc>().Summary} | {string.Join(" | ", marks)} | {limited} |\n");
        }

        return text.ToString();
    }

    private static IReadOnlyList<RouteEndpoint> Routes(AdminServer server) =>
        [.. server.Server.Routes.Where(route => route.RoutePattern.RawText!.StartsWith("/admin/", StringComparison.Ordinal))];

    private static string Name(RouteEndpoint route) =>
        $"{route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single()} {route.RoutePattern.RawText}";

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.NameEquals("$ref") ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static bool Resolves(JsonElement document, string reference)
    {
        foreach (var name in reference.Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            if (document.ValueKind == JsonValueKind.Array)
            {
                document = document[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)];
            }
            else if (!document.TryGetProperty(name, out document))
            {
                return false;
            }
        }

        return true;
    }
}
