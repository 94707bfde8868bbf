using System.Net;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Admin;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Every list is read page by page, in the same way.</summary>
public sealed class PagingTests
{
    // what these answer is bounded by something else: a version of the anchor set or of the profiles, which is read as a whole
    private static readonly Type[] Whole = [typeof(AnchorListing), typeof(AnchorVersionList), typeof(AnchorChanges), typeof(AnchorExport), typeof(ExternalAccountKeyList), typeof(ProfileListing), typeof(WebhookListing), typeof(SyncListing)];

    [Fact]
    public async Task Every_list_takes_limit_and_cursor_and_answers_a_page()
    {
        await using var server = await AdminServer.Start();
        var lists = server.Server.Routes
            .Select(route => (Name: route.RoutePattern.RawText, Doc: route.Metadata.GetMetadata<RouteDoc>(), IsGet: route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true))
            .Where(route => route.IsGet && route.Doc?.Answer is not null && route.Doc.MediaType == "application/json")
            .Select(route => (route.Name, route.Doc!.Query, Answer: route.Doc.Answer!(AdminJson.Default)))
            .ToList();

        lists.Where(route => AdminQuery.OfPage.All(route.Query.Contains)).Should().HaveCountGreaterThan(3).And.OnlyContain(route => IsPage(route.Answer.Type));
        lists.Where(route => IsPage(route.Answer.Type)).Should().OnlyContain(route => AdminQuery.OfPage.All(route.Query.Contains));
        lists.Where(route => IsList(route.Answer) && !Whole.Contains(route.Answer.Type) && !route.Name!.Contains('{')).Should().OnlyContain(route => IsPage(route.Answer.Type), "a list grows");
    }

    [Fact]
    public async Task No_list_is_asked_for_U_0000_which_not_every_database_has()
    {
        await using var server = await AdminServer.Start();
        foreach (var path in (string[])["orders?device=%00", "audit?actor=a%00b", "evidence?reason=%00", "certificates?serial=a%00", "accounts?ticket=%00", "tickets?device=%00", "accounts?cursor=%00"])
        {
            using var answer = await server.Send(HttpMethod.Get, $"/admin/v1/{path}");
            answer.StatusCode.Should().Be(System.Net.HttpStatusCode.BadRequest, path);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain("parameter-malformed", path);
        }
    }

    [Fact]
    public async Task Pages_show_each_row_once_while_rows_are_added()
    {
        await using var server = await AdminServer.Start();
        foreach (var name in (string[])["a", "b", "c", "d", "e"])
        {
            // two of them at the same time
            server.Clock.Advance(TimeSpan.FromSeconds(name is "c" ? 0 : 1));
            await server.NewToken(name, "auditor");
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.Get($"/admin/v1/tokens?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", AdminJson.Default.AdminTokenList);
            page.Tokens.Should().HaveCountLessThanOrEqualTo(2);
            seen.AddRange(page.Tokens.Select(token => token.Name));
            cursor = page.Next;
            if (seen.Count == 2)
            {
                server.Clock.Advance(TimeSpan.FromSeconds(1));
                await server.NewToken("late", "auditor");
            }
        }
        while (cursor is not null);

        seen.Should().BeEquivalentTo("a", "b", "c", "d", "e", "late").And.HaveCount(6);
        seen[^1].Should().Be("late");
    }

    [Theory]
    [InlineData("limit=0", "parameter-malformed")]
    [InlineData("limit=201", "parameter-malformed")]
    [InlineData("cursor=x", "cursor-invalid")]
    [InlineData("cursor=-1.x", "cursor-invalid")]
    [InlineData("cursor=99999999999999999.x", "cursor-invalid")]
    [InlineData("cursor=1&cursor=2", "parameter-malformed")]
    [InlineData("page=2", "parameter-unknown")]
    public async Task A_page_that_cannot_be_is_refused(string query, string reason)
    {
        await using var server = await AdminServer.Start();

        foreach (var list in (string[])["tokens", "attestation-keys", "audit", "evidence"])
        {
            using var answer = await server.Send(HttpMethod.Get, $"/admin/v1/{list}?{query}");
            answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
            (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Contain($"\"{reason}\"");
        }
    }

    [Fact]
    public void A_place_is_read_back_from_its_text()
    {
        foreach (var place in new[] { new Place(0, ""), new Place(17, ""), new Place(1_795_348_800_000, "a.b"), Place.Of(DateTimeOffset.MaxValue, "x") })
        {
            Place.Parse(place.ToString()).Should().Be(place);
        }
    }

    private static bool IsPage(Type type) => type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IListPage<>));

    private static bool IsList(JsonTypeInfo type) =>
        type.Kind == JsonTypeInfoKind.Enumerable || type.Properties.Any(property => property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && property.PropertyType.GenericTypeArguments[0] != typeof(string));
}
