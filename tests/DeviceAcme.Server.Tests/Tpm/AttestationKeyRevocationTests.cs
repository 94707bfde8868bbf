using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tpm;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>A revoked attestation key is on its CA's CRL and vouches for nothing, also after a restart.</summary>
public sealed class AttestationKeyRevocationTests : IAsyncLifetime
{
    private static readonly Page First = new(Page.UsualLimit, null);

    private TestServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AttestationKeyLedger Ledger => _server.Services.GetRequiredService<AttestationKeyLedger>();

    public async ValueTask InitializeAsync() => _server = await TpmServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task It_vouches_for_nothing_any_more_while_another_one_does()
    {
        var (tpm, other) = (TpmServer.Tpm("revoked"), TpmServer.Tpm("untouched"));
        var (chain, untouched) = (await _server.Certify(tpm.Make()), await _server.Certify(other.Make()));
        (await Attest(tpm, chain)).Should().Be("valid");

        await Ledger.Revoke(await Id(chain[0]), AdminCaller.Local, Cancellation);

        (await Attest(tpm, chain)).Should().Be("ak-revoked");
        (await Attest(other, untouched)).Should().Be("valid");
        _server = await _server.Restart();
        (await Attest(tpm, chain)).Should().Be("ak-revoked");
    }

    [Fact]
    public async Task Its_CA_lists_it()
    {
        var chain = await _server.Certify(TpmServer.Tpm("listed").Make());
        using var certificate = X509CertificateLoader.LoadCertificate(chain[0]);

        await Ledger.Revoke(await Id(chain[0]), AdminCaller.Local, Cancellation);

        await using var context = _server.Db.Read();
        var issuer = context.AttestationKeys.Single().IssuerKeyId;
        var list = CertificateRevocationListBuilder.Load(context.Crls.Single(crl => crl.IssuerKeyId == issuer).Der, out _);
        list.RemoveEntry(certificate.SerialNumberBytes.Span).Should().BeTrue();
        context.Events.Where(happened => happened.Kind == "attestation-key.revoked" && happened.Actor == "local").ToList().Should().ContainSingle();
    }

    [Fact]
    public async Task It_is_revoked_once_by_those_whose_profile_it_is()
    {
        var id = await Id((await _server.Certify(TpmServer.Tpm("once").Make()))[0]);
        var stranger = new AdminCaller("token:stranger", AdminRoles.Officer, [TpmServer.Other]);

        var foreign = () => Ledger.Revoke(id, stranger, Cancellation);
        (await foreign.Should().ThrowAsync<ProblemException>()).Which.Problem.Reason.Should().Be("profile-not-yours");
        (await Ledger.List(null, First, stranger, Cancellation)).Keys.Should().BeEmpty();
        (await Ledger.List(null, First, AdminCaller.Local, Cancellation)).Keys.Should().ContainSingle().Which.RevokedAt.Should().BeNull();

        await Ledger.Revoke(id, AdminCaller.Local, Cancellation);
        var again = () => Ledger.Revoke(id, AdminCaller.Local, Cancellation);
        (await again.Should().ThrowAsync<ProblemException>()).Which.Problem.Reason.Should().Be("attestation-key-already-revoked");
        var nothing = () => Ledger.Revoke(new CertificateId("nothing"), AdminCaller.Local, Cancellation);
        (await nothing.Should().ThrowAsync<ProblemException>()).Which.Problem.Reason.Should().Be("attestation-key-unknown");
    }

    private async Task<CertificateId> Id(byte[] certificate)
    {
        await using var context = _server.Db.Read();
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate));
        return context.AttestationKeys.Single(key => key.Fingerprint == fingerprint).Id;
    }

    /// <summary>The status of the challenge, or why it was refused.</summary>
    private async Task<string> Attest(EkMaker tpm, IReadOnlyList<byte[]> chain)
    {
        var account = new TestAccount(_server, TpmServer.Lab);
        await account.Register();
        var order = await Simulated.Order(account, $"{Convert.ToHexStringLower(SHA256.HashData(tpm.Make().Certificates[0]))}/2.23.133.12.1");
        using var key = Simulated.NewKey();
        var reply = await order.Send((new TpmMaker(tpm.Tpm, Simulated.Now) { Certified = chain }).Make(order.Material, key));
        return (string?)reply.Json["error"]?["reason"] ?? reply.State!;
    }
}
