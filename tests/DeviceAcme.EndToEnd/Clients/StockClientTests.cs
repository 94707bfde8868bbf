using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>What every stock client does: enroll, renew, revoke. Certificates and CRLs are looked at with openssl, which is nobody's own code.</summary>
[Needs("openssl"), Needs("curl")]
public abstract class StockClientTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    internal async Task EnrollRenewRevoke(IStockClient client, string challenge, params string[] names)
    {
        await client.Enroll(challenge, names);
        var first = await IssuedCertificate.Read(client.ChainFile(names[0]));
        first.Names.Should().BeEquivalentTo(names);
        (await first.VerifyAgainst(Server.Root)).Should().BeTrue("the chain leads to the root");
        (await first.VerifyWithCrl(Server.Root)).ShouldExit(0);

        await client.Renew(challenge, names);
        var second = await IssuedCertificate.Read(client.ChainFile(names[0]));
        second.Names.Should().BeEquivalentTo(names);
        second.Serial.Should().NotBe(first.Serial, "renewing makes another certificate");
        (await second.VerifyAgainst(Server.Root)).Should().BeTrue("the chain leads to the root");

        await client.Revoke(names);
        second.CrlUrl.Should().StartWith(Server.StatusUrl);
        var revoked = await second.SerialsOnCrl();
        revoked.Should().Contain(second.Serial, "a revocation is published at once");
        revoked.Should().NotContain(first.Serial, "the certificate before was not revoked");
        (await second.VerifyWithCrl(Server.Root)).Error.Should().Contain("certificate revoked");
    }
}
