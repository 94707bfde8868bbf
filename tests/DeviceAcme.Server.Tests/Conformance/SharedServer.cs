using System.Collections.Concurrent;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>
/// One server for all tests that neither move the clock nor change settings. Each test brings its own account, so none sees another's
/// objects. A name says what the network answers for it: <c>refused.*</c> fails its validation, <c>hanging.*</c> never gets an answer.
/// </summary>
public sealed class SharedServer : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Lazy<Task<TestAccount>>> _known = new();
    private TestServer? _server;

    internal TestServer Server => _server ?? throw new InvalidOperationException("the fixture was not initialized");

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(TestProfiles.All, anchors: Simulated.Anchors);
        _server.Network.Answer = Answer;
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A registered account.</summary>
    internal async Task<TestAccount> Account(string profile = "tls-server", TestKey? key = null)
    {
        var account = new TestAccount(Server, profile, key);
        (await account.Register()).Status.Should().Be(System.Net.HttpStatusCode.Created);
        return account;
    }

    /// <summary>An account that several tests use, for those that only make orders of their own with it.</summary>
    internal Task<TestAccount> Known(string profile) => _known.GetOrAdd(profile, name => new Lazy<Task<TestAccount>>(() => Account(name))).Value;

    /// <summary>An external account key, as an administrator hands it out.</summary>
    internal Task AddKey(string keyId, byte[] macKey, string? profile = null, DateTimeOffset? expires = null) => AddKey(Server, keyId, macKey, profile, expires);

    internal static Task AddKey(TestServer server, string keyId, byte[] macKey, string? profile = null, DateTimeOffset? expires = null) => server.Db.Commit(context =>
    {
        var (created, end) = (server.Clock.GetUtcNow().ToUnixTimeMilliseconds(), expires?.ToUnixTimeMilliseconds());
        context.Database.ExecuteSql($"INSERT INTO tickets (id, profile, created_by, created_at, expires_at, uses, used, allowed, attributes, mac_key, version) VALUES ({keyId}, {profile}, 'test', {created}, {end}, 1, 0, '[]', '{{}}', {macKey}, 0)");
    });

    /// <summary>What the network says to the names of these tests.</summary>
    internal static async Task<Problem?> Answer(string type, Core.Challenges.ValidationTarget target, CancellationToken cancellation)
    {
        if (target.Identifier.Value.StartsWith("refused.", StringComparison.Ordinal))
        {
            return Problems.IncorrectResponse("key-authorization-mismatch", $"{type}: expected the key authorization, found another text").Problem;
        }

        if (target.Identifier.Value.StartsWith("hanging.", StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }

        return null;
    }
}
