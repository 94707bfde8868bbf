using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Workers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>CRLs: what they say, when they are made, and how they are served.</summary>
public sealed class CrlTests : IAsyncDisposable
{
    private readonly TestCa _ca = new();
    private readonly ManualClock _clock = new(TestCa.Now);
    private readonly RevocationsInMemory _store = new();
    private readonly IssuerFolder _issuer;
    private readonly BuiltInConnector _connector;
    private readonly CrlPublisher _publisher;

    public CrlTests()
    {
        _issuer = _ca.Issuer();
        _connector = new BuiltInConnector(_issuer, TestCa.Status);
        _publisher = Publisher();
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.StopAsync(CancellationToken.None);
        _publisher.Dispose();
        _issuer.Dispose();
        _ca.Dispose();
    }

    [Fact]
    public async Task A_start_publishes_and_counts_on_where_the_last_one_stopped()
    {
        await _publisher.StartAsync(CancellationToken.None);
        Number().Should().Be(1);
        var issued = await TestCa.Issue(_connector);
        _store.Revoke(issued, TestCa.Now);

        using var second = Publisher();
        await second.StartAsync(CancellationToken.None);

        var current = await second.Current(_issuer.KeyId);
        current!.Number.Should().Be(2);
        Serials(current.Der).Should().Contain(issued.Serial, "what the last run revoked and did not publish is made good before anybody is answered");
        await second.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_start_does_not_wait_for_the_lines_of_a_CRL_and_makes_it_without_being_asked()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;

        using var second = Publisher();
        await second.StartAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        second.Find(_issuer.KeyId)!.Number.Should().Be(1, "the last one is in force");

        gate.SetResult();
        for (var patience = 0; second.Find(_issuer.KeyId)!.Number < 2 && patience < 300; patience++)
        {
            await Task.Delay(100);
        }

        second.Find(_issuer.KeyId)!.Number.Should().Be(2);
        await second.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_start_waits_where_the_last_CRL_has_ended()
    {
        await _publisher.StartAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(7));

        using var second = Publisher();
        await second.StartAsync(CancellationToken.None);

        second.Find(_issuer.KeyId)!.NextUpdate.Should().Be(TestCa.Now.AddDays(14));
        await second.StopAsync(CancellationToken.None);
    }

    [Fact, Spec("RFC 5280 §5.2.3")]
    public async Task A_revocation_is_in_the_CRL_when_Publish_returns()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var issued = await TestCa.Issue(_connector);
        _store.Revoke(issued, TestCa.Now, 1);

        await _publisher.Publish(_issuer.KeyId);

        var crl = CertificateRevocationListBuilder.Load(Der().ToArray(), out var number);
        number.Should().Be(2);
        crl.RemoveEntry(Convert.FromHexString(issued.Serial)).Should().BeTrue("the serial is in it");
        _store.Saved[_issuer.KeyId].Der.ToArray().Should().Equal(Der().ToArray(), "what is served is what is stored");
    }

    [Fact]
    public async Task Simultaneous_revocations_share_publications_and_none_is_left_out()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var issued = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => TestCa.Issue(_connector)));

        await Task.WhenAll(issued.Select(certificate => Task.Run(async () =>
        {
            _store.Revoke(certificate, TestCa.Now);
            await _publisher.Publish(_issuer.KeyId);
            Serials().Should().Contain(certificate.Serial);
        })));

        Serials().Should().HaveCount(50);
        // the one at the start and, where nothing came together by chance, one for each
        _store.Saves.Should().BeLessThanOrEqualTo(51);
    }

    [Fact]
    public async Task Who_comes_while_one_is_made_waits_for_the_next()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;
        var first = _publisher.Publish(_issuer.KeyId);
        await Task.Delay(50); // the first has read its list by now
        var issued = await TestCa.Issue(_connector);
        _store.Revoke(issued, TestCa.Now);
        var second = _publisher.Publish(_issuer.KeyId);
        gate.SetResult();

        await Task.WhenAll(first, second);

        Serials().Should().Contain(issued.Serial);
    }

    [Fact]
    public async Task A_failure_is_no_failure_of_the_caller_and_is_made_good()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var issued = await TestCa.Issue(_connector);
        _store.Revoke(issued, TestCa.Now);
        _store.Fails = true;
        await _publisher.Publish(_issuer.KeyId);
        Number().Should().Be(1, "the last good one stays in force");

        _store.Fails = false;
        await _publisher.Publish(_issuer.KeyId);

        Serials().Should().Contain(issued.Serial);
    }

    [Fact, Spec("RFC 5280 §3.3")]
    public async Task An_ended_certificate_stays_for_one_more_CRL()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var issued = await TestCa.Issue(_connector, plan => plan with { NotAfter = TestCa.Now.AddHours(1) });
        _store.Revoke(issued, TestCa.Now);

        _clock.Advance(TimeSpan.FromHours(2));
        await _publisher.Publish(_issuer.KeyId);
        Serials().Should().Contain(issued.Serial);

        await _publisher.Publish(_issuer.KeyId);
        Serials().Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_that_is_not_ours_has_no_CRL()
    {
        await _publisher.StartAsync(CancellationToken.None);

        await _publisher.Publish("00");

        _publisher.Find("00").Should().BeNull();
    }

    [Fact, Needs("openssl")]
    public async Task Openssl_reads_the_CRL_and_refuses_what_is_in_it()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var good = await TestCa.Issue(_connector);
        var bad = await TestCa.Issue(_connector);
        var silent = await TestCa.Issue(_connector);
        _store.Revoke(bad, TestCa.Now, 1);
        _store.Revoke(silent, TestCa.Now);
        await _publisher.Publish(_issuer.KeyId);
        var crl = Path.Combine(_ca.Folder, "crl.pem");
        await File.WriteAllTextAsync(crl, System.Security.Cryptography.PemEncoding.WriteString("X509 CRL", Der().Span));

        var (_, text) = await TestCa.OpenSsl("crl", "-in", crl, "-noout", "-text", "-CAfile", _ca.File("default", "certificate.pem"));
        text.Should().Contain("verify OK").And.Contain("Version 2").And.Contain("X509v3 CRL Number").And.Contain("X509v3 Authority Key Identifier");
        text.Split("Key Compromise").Should().HaveCount(2, "one entry has a reason, the other has none");
        (await Verify(good, crl)).Should().Contain(": OK");
        (await Verify(bad, crl)).Should().Contain("certificate revoked");
        (await Verify(silent, crl)).Should().Contain("certificate revoked");
    }

    [Fact]
    public async Task The_CRL_and_the_certificate_are_served_with_their_types_and_times()
    {
        await using var app = await Host();
        var client = app.GetTestClient();

        using var crl = await client.GetAsync($"/crl/{_issuer.KeyId}.crl");
        crl.StatusCode.Should().Be(HttpStatusCode.OK);
        crl.Content.Headers.ContentType!.ToString().Should().Be("application/pkix-crl");
        crl.Content.Headers.LastModified.Should().Be(TestCa.Now);
        crl.Content.Headers.Expires.Should().Be(TestCa.Now.AddHours(1));
        crl.Headers.CacheControl!.MaxAge.Should().Be(TimeSpan.FromHours(1));
        (await crl.Content.ReadAsByteArrayAsync()).Should().Equal(Der().ToArray());

        using var certificate = await client.GetAsync($"/ca/{_issuer.KeyId}.cer");
        certificate.Content.Headers.ContentType!.ToString().Should().Be("application/pkix-cert");
        (await certificate.Content.ReadAsByteArrayAsync()).Should().Equal(_issuer.Current.Chain[0].ToArray());
    }

    [Fact]
    public async Task A_client_that_has_the_CRL_is_told_so_and_HEAD_has_no_body()
    {
        await using var app = await Host();
        var client = app.GetTestClient();
        using var first = await client.GetAsync($"/crl/{_issuer.KeyId}.crl");
        using var again = new HttpRequestMessage(HttpMethod.Get, $"/crl/{_issuer.KeyId}.crl");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        (await client.SendAsync(again)).StatusCode.Should().Be(HttpStatusCode.NotModified);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/crl/{_issuer.KeyId}.crl"));
        head.StatusCode.Should().Be(HttpStatusCode.OK);
        (await head.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("/crl/00.crl")]
    [InlineData("/ca/00.cer")]
    [InlineData("/crl/..%2f..%2fkey.crl")]
    [InlineData("/crl/")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        await using var app = await Host();

        (await app.GetTestClient().GetAsync(path)).StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Near_its_end_a_CRL_is_not_cached_beyond_it()
    {
        await using var app = await Host();
        _clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(10));

        using var crl = await app.GetTestClient().GetAsync($"/crl/{_issuer.KeyId}.crl");

        crl.Headers.CacheControl!.MaxAge.Should().Be(TimeSpan.FromMinutes(10));
    }

    private async Task<WebApplication> Host()
    {
        await _publisher.StartAsync(CancellationToken.None);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting().AddSingleton(_publisher).AddSingleton<TimeProvider>(_clock);
        var app = builder.Build();
        app.MapStatus();
        await app.StartAsync();
        return app;
    }

    private CrlPublisher Publisher() =>
        new([new CrlIssuer(_issuer, TimeSpan.FromDays(7), TimeSpan.FromDays(1))], _store, new OwnLeases(), _clock, NullLogger<CrlPublisher>.Instance);

    private ReadOnlyMemory<byte> Der() => _publisher.Find(_issuer.KeyId)!.Der;

    private long Number() => _publisher.Find(_issuer.KeyId)!.Number;

    // an independent reader: the serials are the INTEGERs of the entries
    private IReadOnlyList<string> Serials() => Serials(Der());

    private static IReadOnlyList<string> Serials(ReadOnlyMemory<byte> der)
    {
        var tbs = new System.Formats.Asn1.AsnReader(der, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence().ReadSequence();
        for (var skipped = 0; skipped < 5; skipped++)
        {
            tbs.ReadEncodedValue();
        }

        if (!tbs.PeekTag().HasSameClassAndValue(System.Formats.Asn1.Asn1Tag.Sequence))
        {
            return [];
        }

        var entries = tbs.ReadSequence();
        var serials = new List<string>();
        while (entries.HasData)
        {
            serials.Add(Convert.ToHexStringLower(entries.ReadSequence().ReadIntegerBytes().Span));
        }

        return serials;
    }

    private async Task<string> Verify(IssuedCertificate certificate, string crl)
    {
        var leaf = Path.Combine(_ca.Folder, "leaf.pem");
        await File.WriteAllBytesAsync(leaf, CaCertificate.Pem([certificate.Certificate]));
        var at = TestCa.Now.AddMinutes(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var (_, output) = await TestCa.OpenSsl("verify", "-crl_check", "-attime", at, "-CAfile", _ca.File("root.pem"), "-untrusted", _ca.File("default", "chain.pem"), "-CRLfile", crl, leaf);
        return output;
    }
}
