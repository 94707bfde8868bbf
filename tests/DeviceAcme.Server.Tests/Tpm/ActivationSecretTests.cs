using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Tests.Storage;
using DeviceAcme.Server.Tpm;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>A secret is good once, for a short while, for its own exchange, also across a restart; and what is open is bounded.</summary>
public sealed class ActivationSecretTests : IAsyncLifetime
{
    private const string Json = "application/json";

    private TestServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TpmServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_second_time_it_is_refused()
    {
        var secret = await Secret("twice");
        (await Bring(secret)).Status.Should().Be(HttpStatusCode.OK);

        var second = await Bring(secret);

        second.ShouldBeProblem("unauthorized", 403);
        second.Reason.Should().Be("activation-secret-used");
        await using var context = _server.Db.Read();
        context.AttestationKeys.Count().Should().Be(1);
    }

    [Fact]
    public async Task Of_two_at_once_one_is_answered()
    {
        var secret = await Secret("at once");

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Bring(secret)));

        replies.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
        replies.Where(reply => reply.Status != HttpStatusCode.OK).Should().OnlyContain(reply => reply.Reason == "activation-secret-used");
        await using var context = _server.Db.Read();
        context.AttestationKeys.Count().Should().Be(1);
    }

    [Fact]
    public async Task After_its_time_it_is_refused()
    {
        var secret = await Secret("late");
        _server.Clock.Advance(Activation.Lifetime);

        var late = await Bring(secret);

        late.ShouldBeProblem("unauthorized", 403);
        late.Reason.Should().Be("activation-expired");
    }

    [Fact]
    public async Task Just_before_its_time_it_is_taken()
    {
        var secret = await Secret("in time");
        _server.Clock.Advance(Activation.Lifetime - TimeSpan.FromSeconds(1));

        (await Bring(secret)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory, InlineData(0), InlineData(31), InlineData(32), InlineData(64)]
    public async Task A_wrong_one_is_refused(int length)
    {
        await Secret("wrong");

        var reply = await Bring(new byte[length]);

        reply.ShouldBeProblem("unauthorized", 403);
        reply.Reason.Should().Be("activation-secret-unknown");
    }

    [Fact]
    public async Task Another_profiles_is_unknown() => (await Bring(await Secret("of another profile"), "tpm-other")).Reason.Should().Be("activation-secret-unknown");

    [OnlySqlite]
    [Fact]
    public async Task It_is_stored_as_its_hash_alone()
    {
        var secret = await Secret("hashed");

        await using var context = _server.Db.Read();
        var stored = context.Activations.Single();
        stored.SecretHash.Should().Be(Activation.HashOf(secret));
        var file = await File.ReadAllBytesAsync(Path.Combine(_server.DataDirectory, "acme.db-wal"), Cancellation);
        file.AsSpan().IndexOf(secret).Should().Be(-1);
    }

    [Fact]
    public async Task It_is_good_after_a_restart()
    {
        var secret = await Secret("restarted");
        _server = await _server.Restart();

        var reply = await Bring(secret);

        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);
    }

    [Fact]
    public async Task What_is_no_longer_believed_when_it_comes_is_not_certified()
    {
        var secret = await Secret("distrusted");
        var file = _server.ProfileFile(TpmServer.Lab);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Cancellation)).Replace(", 'id:53494D30'", "", StringComparison.Ordinal), Cancellation);
        _server = await _server.Restart();

        var reply = await Bring(secret);

        reply.ShouldBeProblem("badAttestationStatement", 400);
        reply.Reason.Should().Be("ek-vendor-not-accepted");
        (await Bring(secret)).Reason.Should().Be("activation-secret-used");
    }

    [Fact]
    public async Task A_wrong_one_ends_a_named_exchange()
    {
        var made = TpmServer.Tpm("named").Make();
        var challenge = await _server.Post("/tpm/tpm-lab/activations", TpmServer.Activation(made), Json);
        var secret = made.Activate(TestAccount.FromBase64((string)challenge.Json["credentialBlob"]!), TestAccount.FromBase64((string)challenge.Json["encryptedSecret"]!))!;
        var url = challenge.Header("Location")!;

        var wrong = await _server.Post(url, new JsonObject { ["secret"] = TestAccount.Base64(new byte[32]) }, Json);
        wrong.ShouldBeProblem("unauthorized", 403);
        wrong.Reason.Should().Be("activation-secret-wrong");

        (await _server.Post(url, new JsonObject { ["secret"] = TestAccount.Base64(secret) }, Json)).Reason.Should().Be("activation-secret-used");
        (await Bring(secret)).Reason.Should().Be("activation-secret-used", "the other form finds the same exchange");
    }

    [Fact]
    public async Task Another_attestation_keys_secret_does_not_serve_a_named_exchange()
    {
        var (mine, other) = (TpmServer.Tpm("mine").Make(), TpmServer.Tpm("not mine").Make());
        var challenge = await _server.Post("/tpm/tpm-lab/activations", TpmServer.Activation(mine), Json);
        var otherSecret = other.Activate(await _server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(other)))!;

        var reply = await _server.Post(challenge.Header("Location")!, new JsonObject { ["secret"] = TestAccount.Base64(otherSecret) }, Json);

        reply.Reason.Should().Be("activation-secret-wrong");
        (await Bring(otherSecret)).Status.Should().Be(HttpStatusCode.OK, "its own exchange is untouched");
    }

    [Fact]
    public async Task Another_TPM_cannot_read_it()
    {
        var made = TpmServer.Tpm("victim").Make();
        var challenge = await _server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(made));

        TpmServer.Tpm("thief").Make().Activate(challenge).Should().BeNull();
    }

    [Theory, InlineData("nothing"), InlineData("AAAAAAAAAAAAAAAAAAAAAA")]
    public async Task An_exchange_that_does_not_exist_is_not_found(string id) =>
        (await _server.Post($"/tpm/tpm-lab/activations/{id}", """{"secret":"AAAA"}""", Json)).ShouldBeProblem("malformed", 404);

    [Fact]
    public async Task Open_exchanges_of_one_TPM_are_bounded()
    {
        for (var i = 0; i < ActivationLimits.OpenPerKey; i++)
        {
            await Secret("eager");
        }

        var reply = await _server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(TpmServer.Tpm("eager").Make()));

        reply.ShouldBeProblem("rateLimited", 429);
        reply.Reason.Should().Be("too-many-activations");
        reply.Header("Retry-After").Should().Be("300");
        await Secret("another");

        _server.Clock.Advance(Activation.Lifetime);
        await Secret("eager");
    }

    [Fact]
    public async Task Used_exchanges_do_not_count_and_old_ones_are_forgotten()
    {
        for (var i = 0; i <= ActivationLimits.OpenPerKey; i++)
        {
            (await Bring(await Secret("diligent"))).Status.Should().Be(HttpStatusCode.OK);
        }

        _server.Clock.Advance(Activation.Lifetime + TimeSpan.FromHours(2));
        await Secret("diligent");

        await using var context = _server.Db.Read();
        context.Activations.Count().Should().Be(1);
    }

    private async Task<byte[]> Secret(string tpm)
    {
        var made = TpmServer.Tpm(tpm).Make();
        var challenge = await _server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(made));
        challenge.Status.Should().Be(HttpStatusCode.OK, challenge.Body);
        return made.Activate(challenge)!;
    }

    private Task<TestReply> Bring(byte[] secret, string profile = TpmServer.Lab) => _server.Post($"/tpm/{profile}/secret", TpmServer.Secret(secret));
}
