using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Fetching the certificate (RFC 8555 §7.4.2, §9.1).</summary>
public sealed class CertificateTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §9.1")]
    public async Task The_chain_is_strict_PEM_with_the_leaf_first()
    {
        var (account, url) = await Issue();
        var reply = await account.Get(url);

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.ContentType.Should().Be("application/pem-certificate-chain");
        reply.Body.Should().MatchRegex("^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/=]{1,64}\n-----END CERTIFICATE-----\n)+$", "nothing stands between or around (RFC 7468 §3)");
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(reply.Body);
        chain[0].MatchesHostname("host.example").Should().BeTrue();
        for (var place = 0; place + 1 < chain.Count; place++)
        {
            chain[place].IssuerName.RawData.Should().Equal(chain[place + 1].SubjectName.RawData, "each certificate certifies the one before it");
        }
    }

    [Fact, Spec("RFC 8555 §7.4.2")]
    public async Task The_chain_leads_to_the_root_that_is_to_be_trusted()
    {
        var (account, url) = await Issue();
        var sent = new X509Certificate2Collection();
        sent.ImportFromPem((await account.Get(url)).Body);
        using var root = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(shared.Server.DataDirectory, "ca", "root.pem"), TestContext.Current.CancellationToken));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Simulated.Now.UtcDateTime;

        chain.Build(sent[0]).Should().BeTrue(string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        sent.Select(certificate => certificate.Thumbprint).Should().NotContain(root.Thumbprint, "the client has the root");
    }

    [Fact, Spec("RFC 8555 §7.4.2")]
    public async Task It_is_fetched_by_POST_as_GET_of_its_account_alone()
    {
        var (account, url) = await Issue();
        (await account.Post(url, "{}")).ShouldBeProblem("malformed", 400);
        (await account.Fetch(url)).ShouldBeProblem("malformed", 405);
        var foreign = await (await shared.Account()).Get(url);
        foreign.ShouldBeProblem("unauthorized", 403);
        (await (await shared.Account()).Get($"{account.Root}/cert/unknown")).Body.Should().Be(foreign.Body, "whether it exists is not told");
    }

    [Fact, Spec("RFC 8555 §7.4.2")]
    public async Task Other_chains_are_linked_as_alternate_from_every_one()
    {
        var (account, url) = await Issue();
        (await account.Get(url)).Links("alternate").Should().BeEmpty("there is one chain");
        (await account.Get($"{url}/1")).ShouldBeProblem("malformed", 404);
        var root = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(shared.Server.DataDirectory, "ca", "root.pem"), TestContext.Current.CancellationToken)).RawData;
        await AddChain(url, root);

        var first = await account.Get(url);
        var second = await account.Get($"{url}/1");
        first.Links("alternate").Should().Equal($"{url}/1");
        second.Links("alternate").Should().Equal(url);
        second.ContentType.Should().Be("application/pem-certificate-chain");
        second.Body.Should().NotBe(first.Body);
        second.Body[..100].Should().Be(first.Body[..100], "the leaf is the same");
        (await account.Get($"{url}/2")).ShouldBeProblem("malformed", 404);
        (await account.Get($"{url}/x")).ShouldBeProblem("malformed", 404);
    }

    private async Task<(TestAccount Account, string Url)> Issue()
    {
        var account = await shared.Account();
        return (account, (string)(await account.Enroll("host.example")).Json["certificate"]!);
    }

    private Task AddChain(string url, byte[] chain) => shared.Server.Db.Commit(context =>
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(chain));
        if (context.Chains.Find(hash) is null)
        {
            context.Chains.Add(new StoredChain { Hash = hash, Certificates = chain });
        }

        var id = new CertificateId(url.Split('/')[^1]);
        var stored = context.Certificates.AsNoTracking().Single(certificate => certificate.Id == id);
        var chains = System.Text.Json.JsonSerializer.Serialize(stored.Chains.Append(hash));
        context.Database.ExecuteSql($"UPDATE certificates SET chains = {chains} WHERE id = {id.Value}");
    });
}
