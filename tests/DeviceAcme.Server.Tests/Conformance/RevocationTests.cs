using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Revocation: who may ask for it and how (RFC 8555 §7.6).</summary>
[Spec("RFC 8555 §7.6")]
public sealed class RevocationTests(SharedServer shared)
{
    [Fact]
    public async Task The_account_that_ordered_revokes_with_200_and_an_empty_body()
    {
        var (account, certificate, _) = await Issue();
        var reply = await Revoke(account, certificate.RawData);

        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);
        reply.Body.Should().BeEmpty();
        (await Stored(certificate)).RevokedAt.Should().Be(Simulated.Now);
        (await Stored(certificate)).RevocationReason.Should().BeNull();
    }

    [Fact, Spec("RFC 5280 §5.3.1")]
    public async Task The_CRL_that_is_published_when_the_answer_comes_has_the_certificate()
    {
        var (account, certificate, _) = await Issue();
        var (_, other, _) = await Issue();
        await Revoke(account, certificate.RawData, 4);

        var issuer = (await Stored(certificate)).IssuerKeyId;
        await using var context = shared.Server.Db.Read();
        var list = CertificateRevocationListBuilder.Load(context.Crls.Single(crl => crl.IssuerKeyId == issuer).Der, out _);
        list.RemoveEntry(certificate.SerialNumberBytes.Span).Should().BeTrue();
        list.RemoveEntry(other.SerialNumberBytes.Span).Should().BeFalse();
    }

    [Fact]
    public async Task A_second_time_is_alreadyRevoked()
    {
        var (account, certificate, _) = await Issue();
        await Revoke(account, certificate.RawData);
        (await Revoke(account, certificate.RawData)).ShouldBeProblem("alreadyRevoked", 400);
        (await Revoke(account, certificate.RawData, 4)).ShouldBeProblem("alreadyRevoked", 400);
    }

    [Fact]
    public async Task The_key_of_the_certificate_revokes_it()
    {
        var (_, certificate, key) = await Issue();
        var holder = new TestAccount(shared.Server, key: TestKey.Of(key));
        (await Revoke(holder, certificate.RawData, 1, useJwk: true)).Status.Should().Be(HttpStatusCode.OK);
        (await Stored(certificate)).RevocationReason.Should().Be(1);
    }

    [Fact]
    public async Task Another_key_does_not_and_nor_does_an_accounts_key_as_jwk()
    {
        var (account, certificate, _) = await Issue();
        (await Revoke(new TestAccount(shared.Server), certificate.RawData, useJwk: true)).ShouldBeProblem("unauthorized", 403);
        (await Revoke(account, certificate.RawData, useJwk: true)).ShouldBeProblem("unauthorized", 403);
        (await Stored(certificate)).RevokedAt.Should().BeNull();
    }

    [Fact]
    public async Task Another_account_does_not()
    {
        var (_, certificate, _) = await Issue();
        (await Revoke(await shared.Account(), certificate.RawData)).ShouldBeProblem("unauthorized", 403);
        (await Stored(certificate)).RevokedAt.Should().BeNull();
    }

    [Fact]
    public async Task Another_account_that_holds_all_names_does()
    {
        var (_, certificate, _) = await Issue("a.example", "b.example");
        var other = await shared.Account();
        await other.Authorize(await other.Order(("dns", "a.example")));
        (await Revoke(other, certificate.RawData)).ShouldBeProblem("unauthorized", 403);
        var pending = await other.Order(("dns", "b.example"));
        (await Revoke(other, certificate.RawData)).ShouldBeProblem("unauthorized", 403);

        await other.Authorize(pending);
        (await Revoke(other, certificate.RawData)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_authorization_that_was_given_up_counts_for_nothing()
    {
        var (_, certificate, _) = await Issue("given-up.example");
        var other = await shared.Account();
        var order = await other.Authorize(await other.Order(("dns", "given-up.example")));
        await other.Post((string)order.Json["authorizations"]![0]!, """{"status":"deactivated"}""");

        (await Revoke(other, certificate.RawData)).ShouldBeProblem("unauthorized", 403);
    }

    [Fact]
    public async Task An_authorization_under_another_profiles_rules_counts_for_nothing()
    {
        var (_, certificate, _) = await Issue("profile.example");
        var other = await shared.Account(TestProfiles.Open);
        await other.Authorize(await other.Order(("dns", "profile.example")));

        (await Revoke(other, certificate.RawData)).ShouldBeProblem("unauthorized", 403);
    }

    [Fact]
    public async Task To_hold_the_serial_number_of_a_device_gives_no_right_over_its_other_certificates()
    {
        var owner = await shared.Account("apple-device");
        var first = await Simulated.Order(owner, Simulated.Serial);
        var evidence = Simulated.Apple.Make(first.Material, Simulated.NewKey());
        await first.Send(evidence);
        var valid = await first.Finalize(evidence.Key);
        using var certificate = X509Certificate2.CreateFromPem((await owner.Get((string)valid.Json["certificate"]!)).Body);
        var other = await shared.Account("apple-device");
        var second = await Simulated.Order(other, Simulated.Serial);
        await second.Send(Simulated.Apple.Make(second.Material, Simulated.NewKey()));
        (await second.States()).Should().Be("valid valid ready");

        (await Revoke(other, certificate.RawData)).ShouldBeProblem("unauthorized", 403);
        (await Revoke(owner, certificate.RawData)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory, Spec("RFC 5280 §5.3.1")]
    [InlineData(0, null)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    public async Task A_sane_reason_is_kept_and_unspecified_is_left_out(int reason, int? stored)
    {
        var (account, certificate, _) = await Issue();
        (await Revoke(account, certificate.RawData, reason)).Status.Should().Be(HttpStatusCode.OK);
        (await Stored(certificate)).RevocationReason.Should().Be(stored);
    }

    [Theory, Spec("RFC 5280 §5.3.1")]
    [InlineData("2")]
    [InlineData("6")]
    [InlineData("7")]
    [InlineData("8")]
    [InlineData("9")]
    [InlineData("10")]
    [InlineData("11")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    public async Task Another_reason_is_badRevocationReason(string reason)
    {
        var (account, certificate, _) = await Issue();
        var payload = $$"""{"certificate":"{{TestAccount.Base64(certificate.RawData)}}","reason":{{reason}}}""";

        (await account.Post($"{account.Root}/revoke-cert", payload)).ShouldBeProblem("badRevocationReason", 400);
        (await Stored(certificate)).RevokedAt.Should().BeNull();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"certificate":null}""")]
    [InlineData("""{"certificate":""}""")]
    [InlineData("""{"certificate":"MAA"}""")]
    [InlineData("""{"certificate":"MAA="}""")]
    [InlineData("""{"certificate":"MAA","reason":"1"}""")]
    [InlineData("[]")]
    public async Task A_payload_without_a_certificate_is_malformed(string payload)
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/revoke-cert", payload)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task A_certificate_in_another_form_than_its_DER_is_malformed()
    {
        var (account, certificate, _) = await Issue();
        (await Revoke(account, System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()))).ShouldBeProblem("malformed", 400);
        (await Revoke(account, [.. certificate.RawData, 0])).ShouldBeProblem("malformed", 400);
        (await Revoke(account, certificate.Export(X509ContentType.Pkcs12))).ShouldBeProblem("malformed", 400);
        (await Stored(certificate)).RevokedAt.Should().BeNull();
    }

    [Fact]
    public async Task A_certificate_of_somebody_else_is_malformed_404()
    {
        var account = await shared.Account();
        var (_, real, _) = await Issue();
        using var key = Simulated.NewKey();
        using var self = new CertificateRequest("CN=host.example", key, HashAlgorithmName.SHA256).CreateSelfSigned(Simulated.Now, Simulated.Now.AddDays(1));
        (await Revoke(account, self.RawData)).ShouldBeProblem("malformed", 404);

        // the issuer's key id and a serial number of ours, but not our certificate
        var forged = new CertificateRequest("CN=host.example", key, HashAlgorithmName.SHA256);
        forged.CertificateExtensions.Add(real.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single());
        using var copy = forged.Create(real.IssuerName, X509SignatureGenerator.CreateForECDsa(key), Simulated.Now, Simulated.Now.AddDays(1), real.SerialNumberBytes.Span);
        (await Revoke(new TestAccount(shared.Server, key: TestKey.Of(key)), copy.RawData, useJwk: true)).ShouldBeProblem("malformed", 404);
        (await Stored(real)).RevokedAt.Should().BeNull();
    }

    [Theory]
    [InlineData("3000")]
    [InlineData("0500")]
    [InlineData("3003800101FF")]
    [InlineData("04")]
    [InlineData("")]
    public async Task A_certificate_whose_authority_key_identifier_is_damaged_is_refused_and_no_fault_of_ours(string extension)
    {
        var account = await shared.Account();
        using var key = Simulated.NewKey();
        var request = new CertificateRequest("CN=host.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.35", Convert.FromHexString(extension), false));
        using var certificate = request.CreateSelfSigned(Simulated.Now, Simulated.Now.AddDays(1));

        ((string)(await Revoke(account, certificate.RawData)).Json["type"]!).Should().EndWith(":malformed");
    }

    [Fact]
    public async Task Of_many_requests_at_once_one_revokes()
    {
        var (account, certificate, _) = await Issue();
        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Revoke(account, certificate.RawData))));

        replies.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
        replies.Where(reply => reply.Status != HttpStatusCode.OK).Should().OnlyContain(reply => ((string)reply.Json["type"]!).EndsWith(":alreadyRevoked"));
    }

    private async Task<(TestAccount Account, X509Certificate2 Certificate, ECDsa Key)> Issue(params string[] names)
    {
        names = names.Length == 0 ? ["host.example"] : names;
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(names.Select(name => ("dns", name)).ToArray()));
        var key = Simulated.NewKey();
        var valid = await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, names)}}"}""");
        return (account, X509Certificate2.CreateFromPem((await account.Get((string)valid.Json["certificate"]!)).Body), key);
    }

    private static Task<TestReply> Revoke(TestAccount account, byte[] certificate, int? reason = null, bool useJwk = false)
    {
        var payload = new JsonObject { ["certificate"] = TestAccount.Base64(certificate) };
        if (reason is not null)
        {
            payload["reason"] = reason;
        }

        return account.Post($"{account.Root}/revoke-cert", payload.ToJsonString(), useJwk);
    }

    private async Task<Core.Orders.StoredCertificate> Stored(X509Certificate2 certificate)
    {
        await using var context = shared.Server.Db.Read();
        var serial = Convert.ToHexStringLower(certificate.SerialNumberBytes.Span).TrimStart('0');
        return context.Certificates.Single(row => row.Serial == serial);
    }
}
