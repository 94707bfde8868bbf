using System.Net;
using System.Reflection;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>What every answer has, whatever it answers (RFC 8555 §6.3, §6.5 to §6.7, §7.1).</summary>
public sealed class ReplyTests(SharedServer shared)
{
    /// <summary>RFC 8555 §6.7, and the types of the later documents that are implemented.</summary>
    private static readonly string[] Registered =
    [
        "accountDoesNotExist", "alreadyRevoked", "badCSR", "badNonce", "badPublicKey", "badRevocationReason", "badSignatureAlgorithm", "caa", "compound",
        "connection", "dns", "externalAccountRequired", "incorrectResponse", "invalidContact", "malformed", "orderNotReady", "rateLimited",
        "rejectedIdentifier", "serverInternal", "tls", "unauthorized", "unsupportedContact", "unsupportedIdentifier", "userActionRequired",
        "badAttestationStatement", "invalidProfile",
    ];

    [Theory, Spec("RFC 8555 §6.3")]
    [InlineData("new-account")]
    [InlineData("new-order")]
    [InlineData("new-authz")]
    [InlineData("revoke-cert")]
    [InlineData("key-change")]
    [InlineData("account/x")]
    [InlineData("account/x/orders")]
    [InlineData("order/x")]
    [InlineData("order/x/finalize")]
    [InlineData("authz/x")]
    [InlineData("chall/x")]
    [InlineData("cert/x")]
    [InlineData("cert/x/1")]
    public async Task A_GET_on_a_resource_is_405_malformed(string path)
    {
        var account = new TestAccount(shared.Server);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            (await account.Fetch($"{account.Root}/{path}", method)).ShouldBeProblem("malformed", 405);
        }
    }

    [Theory, Spec("RFC 8555 §6.3")]
    [InlineData("directory")]
    [InlineData("acme/tls-server/directory")]
    public async Task Directories_answer_GET_and_POST_as_GET_alike(string path)
    {
        var account = await shared.Account();
        var url = $"{TestServer.BaseUrl}/{path}";

        var byGet = await account.Fetch(url);
        var byPost = await account.Get(url);
        byGet.Status.Should().Be(HttpStatusCode.OK);
        byPost.Status.Should().Be(HttpStatusCode.OK);
        byPost.Body.Should().Be(byGet.Body);
        (await account.Post(url, "{}")).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §6.3")]
    public async Task NewNonce_answers_POST_as_GET()
    {
        var account = await shared.Account();
        var reply = await account.Get($"{account.Root}/new-nonce");

        reply.Status.Should().Be(HttpStatusCode.NoContent);
        reply.Header("Replay-Nonce").Should().NotBeNullOrEmpty();
    }

    [Fact, Spec("RFC 8555 §6.3")]
    public async Task An_empty_object_is_no_POST_as_GET()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));

        (await account.Post(order.Header("Location")!, "{}")).ShouldBeProblem("malformed", 400);
        (await account.Post((string)(await account.Get(account.Kid!)).Json["orders"]!, "{}")).ShouldBeProblem("malformed", 400);
        (await account.Get(order.Header("Location")!)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact, Spec("RFC 8555 §7.1")]
    public async Task Every_reply_but_the_directory_links_to_the_directory()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var challenge = await account.Challenge(order, "http-01");
        var replies = new[]
        {
            order,
            await account.Get(account.Kid!),
            await account.Get((string)order.Json["authorizations"]![0]!),
            await account.Get((string)challenge["url"]!),
            await account.Fetch($"{account.Root}/new-nonce"),
            await account.Fetch($"{account.Root}/new-nonce", HttpMethod.Head),
            await account.Post($"{account.Root}/new-order", "{}"),
            await account.Get($"{account.Root}/order/unknown"),
            await account.Fetch($"{account.Root}/new-order"),
            await account.Fetch($"{account.Root}/nothing"),
        };

        replies.Should().OnlyContain(reply => reply.Links("index").SequenceEqual(new[] { $"{account.Root}/directory" }));
        (await account.Fetch($"{account.Root}/directory")).Links("index").Should().BeEmpty();
        (await account.Fetch($"{TestServer.BaseUrl}/directory")).Links("index").Should().BeEmpty();
    }

    [Theory, Spec("RFC 8555 §7.1")]
    [InlineData("%0d%0aX-Evil:%201")]
    [InlineData("%C3%A9")]
    [InlineData("unknown")]
    public async Task A_directory_that_does_not_exist_is_404_and_stands_in_no_header(string name)
    {
        var account = new TestAccount(shared.Server);
        foreach (var path in new[] { "new-nonce", "directory" })
        {
            var reply = await account.Fetch($"{TestServer.BaseUrl}/acme/{name}/{path}");
            reply.ShouldBeProblem("malformed", 404);
            reply.Links("index").Should().BeEmpty();
        }
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task Every_reply_to_a_POST_carries_a_nonce_and_is_not_stored()
    {
        var account = await shared.Account();
        var replies = new[]
        {
            await account.Get(account.Kid!),
            await account.Post($"{account.Root}/new-order", "{}"),
            await account.Get($"{account.Root}/order/unknown"),
            await account.Post($"{account.Root}/new-order", "no JSON"),
            await account.Send($"{account.Root}/nothing", [1]),
            await account.Send($"{account.Root}/new-order", [1], "text/plain"),
        };

        replies.Should().OnlyContain(reply => reply.Header("Replay-Nonce")!.Length > 20 && reply.Header("Cache-Control") == "no-store");
        replies.Select(reply => reply.Header("Replay-Nonce")).Should().OnlyHaveUniqueItems();
    }

    [Fact, Spec("RFC 8555 §6.6")]
    public async Task RateLimited_is_429_with_Retry_After_in_seconds()
    {
        var http = new DefaultHttpContext();
        http.Response.Body = new MemoryStream();
        var services = shared.Server.Services;
        var middleware = new ProblemMiddleware(
            _ => throw Problems.RateLimited("too-many-orders", "orders: expected at most 20 an hour", 90), services.GetRequiredService<INonces>(),
            services.GetRequiredService<ServerOptions>(), services.GetRequiredService<ProfileCatalog>(), shared.Server.Clock, NullLogger<ProblemMiddleware>.Instance);

        await middleware.InvokeAsync(http);

        http.Response.StatusCode.Should().Be(429);
        http.Response.ContentType.Should().Be("application/problem+json");
        http.Response.Headers.RetryAfter.ToString().Should().Be("90");
    }

    [Fact, Spec("RFC 8555 §6.7")]
    public async Task A_store_that_is_away_for_a_moment_is_503_with_Retry_After()
    {
        var http = new DefaultHttpContext();
        http.Response.Body = new MemoryStream();
        var services = shared.Server.Services;
        var middleware = new ProblemMiddleware(
            _ => throw new InvalidOperationException("a query failed", new NpgsqlException("the connection broke", new IOException("end of stream"))), services.GetRequiredService<INonces>(),
            services.GetRequiredService<ServerOptions>(), services.GetRequiredService<ProfileCatalog>(), shared.Server.Clock, NullLogger<ProblemMiddleware>.Instance);

        await middleware.InvokeAsync(http);

        (http.Response.StatusCode, http.Response.Headers.RetryAfter.ToString()).Should().Be((503, "5"));
        http.Response.Body.Position = 0;
        (await new StreamReader(http.Response.Body).ReadToEndAsync(TestContext.Current.CancellationToken)).Should().Contain("store-away").And.NotContain("broke");
    }

    [Fact, Spec("RFC 8555 §6.7")]
    public void The_table_of_problems_has_registered_types_and_HTTP_error_statuses_only()
    {
        var problems = typeof(Problems).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.Invoke(null, Arguments(method))).ToList();

        problems.Should().HaveCountGreaterThan(20);
        foreach (var problem in problems.Select(made => made is ProblemException exception ? exception.Problem : (Problem)made!))
        {
            problem.Type.Should().StartWith(Problems.Namespace);
            Registered.Should().Contain(problem.Type[Problems.Namespace.Length..]);
            problem.Status.Should().BeInRange(400, 599);
        }
    }

    [Fact, Spec("RFC 8555 §6.7.1")]
    public async Task An_identifier_stands_in_subproblems_only()
    {
        var account = await shared.Account();
        var one = (await account.Order(("dns", "good.example"), ("dns", "bad name.example"))).ShouldBeProblem("rejectedIdentifier", 400);
        var two = (await account.Order(("dns", "bad name.example"), ("email", "a@example.com"), ("dns", "good.example"))).ShouldBeProblem("compound", 400);

        one["identifier"].Should().BeNull();
        two["identifier"].Should().BeNull();
        one["subproblems"]!.AsArray().Single()!["identifier"]!["value"]!.GetValue<string>().Should().Be("bad name.example");
        two["subproblems"]!.AsArray().Select(problem => (string)problem!["type"]!).Should().Equal(
            "urn:ietf:params:acme:error:rejectedIdentifier", "urn:ietf:params:acme:error:unsupportedIdentifier");
        two["subproblems"]!.AsArray().Select(problem => (string)problem!["identifier"]!["type"]!).Should().Equal("dns", "email");
    }

    [Fact, Spec("RFC 8555 §10.5")]
    public async Task What_belongs_to_somebody_else_looks_like_what_does_not_exist()
    {
        var owner = await shared.Account();
        var stranger = await shared.Account();
        var order = await owner.Order(("dns", "host.example"));
        var challenge = await owner.Challenge(order, "http-01");
        var urls = new[] { order.Header("Location")!, (string)order.Json["authorizations"]![0]!, (string)challenge["url"]!, owner.Kid!, $"{owner.Kid}/orders" };

        foreach (var url in urls)
        {
            var foreign = await stranger.Get(url);
            foreign.ShouldBeProblem("unauthorized", 403);
            var unknown = await stranger.Get(url.Contains("/account/", StringComparison.Ordinal) ? url.Replace("/account/", "/account/AAAA") : url + "AAAA");
            unknown.Status.Should().Be(foreign.Status);
            unknown.Body.Should().Be(foreign.Body);
        }

        (await stranger.Post((string)order.Json["finalize"]!, """{"csr":"MAA"}""")).ShouldBeProblem("unauthorized", 403);
        (await stranger.Post((string)challenge["url"]!, "{}")).ShouldBeProblem("unauthorized", 403);
        (await stranger.Post((string)order.Json["authorizations"]![0]!, """{"status":"deactivated"}""")).ShouldBeProblem("unauthorized", 403);
        (await stranger.Post(owner.Kid!, """{"status":"deactivated"}""")).ShouldBeProblem("unauthorized", 403);
        (await owner.Get(order.Header("Location")!)).State.Should().Be("pending");
    }

    private static object?[] Arguments(MethodInfo method) => method.GetParameters().Select(object? (parameter) => parameter.ParameterType switch
    {
        var type when type == typeof(string) => "text",
        var type when type == typeof(int) => parameter.HasDefaultValue ? parameter.DefaultValue : 400 + parameter.Position,
        var type when type == typeof(IReadOnlyList<string>) => Array.Empty<string>(),
        _ => Array.Empty<Problem>(),
    }).ToArray();
}
