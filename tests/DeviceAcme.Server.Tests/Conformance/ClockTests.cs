using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>A clock that is set back: enrollments go on, and nothing that only grows goes back.</summary>
public sealed class ClockTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact, Spec("RFC 5280 §5.2.3")]
    public async Task A_day_that_is_lived_twice_harms_neither_enrollments_nor_CRLs()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        await account.Register();
        using var first = await Enroll(account, "before.example");
        await Revoke(account, first);
        var before = await Crl(server);
        var open = await account.Order(("dns", "open.example"));

        server.Clock.Advance(TimeSpan.FromDays(-1));

        // what was begun before goes on, and new things begin
        using var second = await account.Certificate(await account.Authorize(open), "open.example");
        using var third = await Enroll(account, "after.example");
        third.NotBefore.ToUniversalTime().Should().BeOnOrBefore(server.Clock.GetUtcNow().UtcDateTime, "it is good now");
        await Revoke(account, third);
        var after = await Crl(server);
        after.Number.Should().BeGreaterThan(before.Number);
        after.ThisUpdate.Should().BeOnOrAfter(before.ThisUpdate, "relying parties take no older list than the one that they have");
        CertificateRevocationListBuilder.Load(after.Der, out _).RemoveEntry(third.SerialNumberBytes.Span).Should().BeTrue();
    }

    private static async Task<X509Certificate2> Enroll(TestAccount account, string name) =>
        await account.Certificate(await account.Authorize(await account.Order(("dns", name))), name);

    private static async Task Revoke(TestAccount account, X509Certificate2 certificate) =>
        (await account.Post($"{account.Root}/revoke-cert", $$"""{"certificate":"{{TestAccount.Base64(certificate.RawData)}}"}""")).Status.Should().Be(HttpStatusCode.OK);

    private static async Task<StoredCrl> Crl(TestServer server)
    {
        await using var context = server.Db.Read();
        return await context.Set<StoredCrl>().OrderByDescending(crl => crl.Number).FirstAsync(Cancellation);
    }
}
