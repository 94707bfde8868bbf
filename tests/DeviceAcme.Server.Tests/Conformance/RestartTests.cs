using System.Collections.Concurrent;
using System.Net;
using DeviceAcme.Server.Tests.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Nothing acknowledged is lost: the process ends in the middle, the next one goes on.</summary>
public sealed class RestartTests
{
    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task A_validation_that_was_running_when_the_server_stopped_ends_valid()
    {
        await using var before = await TestServer.Start();
        var reached = new TaskCompletionSource();
        before.Network.Answer = async (_, _, cancellation) =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            return null;
        };
        var account = new TestAccount(before);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var challenge = await account.Challenge(order, "http-01");
        (await account.Post((string)challenge["url"]!, "{}")).State.Should().Be("processing");
        await reached.Task;

        var asked = new ConcurrentQueue<string>();
        before.Network.Answer = (_, target, _) =>
        {
            asked.Enqueue(target.KeyAuthorization);
            return Task.FromResult<Protocol.Acme.Problem?>(null);
        };
        await using var after = await before.Restart();
        account.Server = after;

        (await account.Settle((string)order.Json["authorizations"]![0]!)).State.Should().Be("valid");
        asked.Should().Equal($"{challenge["token"]}.{account.Key.Thumbprint}");
        using var certificate = await account.Certificate(await account.Get(order.Header("Location")!), "host.example");
        certificate.MatchesHostname("host.example").Should().BeTrue();
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task More_validations_than_run_at_a_time_all_survive()
    {
        await using var before = await TestServer.Start();
        before.Network.Answer = async (_, _, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return null;
        };
        var account = new TestAccount(before);
        await account.Register();
        var order = await account.Order(Enumerable.Range(0, 50).Select(number => ("dns", $"host{number}.example")).ToArray());
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            var challenge = (await account.Get((string)url!)).Json["challenges"]![0]!;
            (await account.Post((string)challenge["url"]!, "{}")).State.Should().Be("processing");
        }

        before.Network.Answer = (_, _, _) => Task.FromResult<Protocol.Acme.Problem?>(null);
        await using var after = await before.Restart();
        account.Server = after;

        (await account.Settle(order.Header("Location")!)).State.Should().Be("ready");
    }

    [Fact]
    public async Task Accounts_orders_certificates_and_revocations_are_there_after_a_restart()
    {
        await using var before = await TestServer.Start();
        var account = new TestAccount(before);
        await account.Register("""{"contact":["mailto:a@example.com"]}""");
        var order = await account.Enroll("host.example");
        var pem = await account.Get((string)order.Json["certificate"]!);
        var shown = (await account.Get(account.Kid!)).Body;
        await using var after = await before.Restart();
        account.Server = after;

        (await account.Get(account.Kid!)).Body.Should().Be(shown);
        (await account.Get(order.Header("Location")!)).Body.Should().Be(order.Body);
        (await account.Get((string)order.Json["certificate"]!)).Body.Should().Be(pem.Body);
        using var next = await account.Certificate(await account.Authorize(await account.Order(("dns", "next.example"))), "next.example");
        pem.Body.Should().Contain((await IssuerOf(account, next)).Trim(), "the CA is the same");
    }

    // on PostgreSQL it is good on all nodes, and so after a restart too: NodesTests
    [Fact, Spec("RFC 8555 §6.5"), OnlySqlite]
    public async Task A_nonce_of_the_process_before_is_badNonce_and_the_retry_works()
    {
        await using var before = await TestServer.Start();
        var account = new TestAccount(before);
        await account.Register();
        var nonce = await account.Nonce();
        await using var after = await before.Restart();
        account.Server = after;

        var refused = await account.Post(account.Kid!, null, header: header => header["nonce"] = nonce);
        refused.ShouldBeProblem("badNonce", 400);
        (await account.Post(account.Kid!, null, header: header => header["nonce"] = refused.Header("Replay-Nonce"))).Status.Should().Be(HttpStatusCode.OK);
    }

    private static async Task<string> IssuerOf(TestAccount account, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        var list = (await account.Get($"{account.Kid}/orders")).Json["orders"]!.AsArray();
        var last = await account.Get((string)list[^1]!);
        var chain = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
        chain.ImportFromPem((await account.Get((string)last.Json["certificate"]!)).Body);
        return chain.Single(one => one.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)).ExportCertificatePem();
    }
}
