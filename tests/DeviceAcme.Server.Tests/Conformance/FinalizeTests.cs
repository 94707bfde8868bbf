using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Finalize: when it may be asked for, and what the CSR must say (RFC 8555 §7.4, §11.1).</summary>
public sealed class FinalizeTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Finalizing_a_ready_order_is_200_and_valid_with_Location()
    {
        var account = await shared.Account();
        var order = await Ready(account, "host.example");
        using var key = Simulated.NewKey();
        var reply = await Finalize(account, order, TestAccount.Csr(key, "host.example"));

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.State.Should().Be("valid");
        reply.Header("Location").Should().Be(order.Header("Location"));
        ((string?)reply.Json["certificate"]).Should().NotBeNullOrEmpty();
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Finalizing_a_pending_order_is_orderNotReady()
    {
        var account = await shared.Account();
        using var key = Simulated.NewKey();
        (await Finalize(account, await account.Order(("dns", "host.example")), TestAccount.Csr(key, "host.example"))).ShouldBeProblem("orderNotReady", 403);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Finalizing_a_valid_order_is_orderNotReady_and_changes_nothing()
    {
        var account = await shared.Account();
        var order = await account.Enroll("host.example");
        using var key = Simulated.NewKey();
        (await Finalize(account, order, TestAccount.Csr(key, "host.example"))).ShouldBeProblem("orderNotReady", 403);

        ((string?)(await account.Get(order.Header("Location")!)).Json["certificate"]).Should().Be((string)order.Json["certificate"]!);
    }

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData("{}")]
    [InlineData("""{"csr":null}""")]
    [InlineData("""{"csr":1}""")]
    [InlineData("""{"csr":"AA=="}""")]
    [InlineData("""{"csr":"-----BEGIN CERTIFICATE REQUEST-----"}""")]
    [InlineData("[]")]
    public async Task A_payload_without_base64url_CSR_is_malformed_and_the_order_stays_ready(string payload)
    {
        var account = await shared.Account();
        var order = await Ready(account, "host.example");

        (await account.Post((string)order.Json["finalize"]!, payload)).ShouldBeProblem("malformed", 400);
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
    }

    public static TheoryData<string, Func<ECDsa, byte[]>> BadRequests => new()
    {
        { "no DER", _ => [1, 2, 3] },
        { "empty", _ => [] },
        { "trailing octets", key => [.. Request(key, ["host.example"]), 0] },
        { "a certificate", key => Builder(key, ["host.example"]).CreateSelfSigned(Simulated.Now, Simulated.Now.AddDays(1)).RawData },
        { "another key's signature", key => Tampered(Request(key, ["host.example"])) },
        { "another name", key => Request(key, ["other.example"]) },
        { "an additional name", key => Request(key, ["host.example", "other.example"]) },
        { "no name", key => Request(key, []) },
        { "a wildcard of the name", key => Request(key, ["*.host.example"]) },
        { "an additional address", key => Request(key, ["host.example"], addresses: ["192.0.2.1"]) },
        { "another common name", key => Request(key, ["host.example"], "CN=other.example") },
        { "two common names, the first one right", key => Request(key, ["host.example"], "CN=host.example, CN=other.example") },
        { "two common names, the second one right", key => Request(key, ["host.example"], "CN=other.example, CN=host.example") },
        { "a common name that holds a second one behind NUL", key => Request(key, ["host.example"], "CN=host.example\0.other.example") },
    };

    [Theory, Spec("RFC 8555 §7.4")]
    [MemberData(nameof(BadRequests), DisableDiscoveryEnumeration = true)]
    public async Task A_CSR_that_does_not_fit_is_badCSR_and_the_order_stays_ready(string what, Func<ECDsa, byte[]> request)
    {
        var account = await shared.Account();
        var order = await Ready(account, "host.example");
        using var key = Simulated.NewKey();

        var refused = await Finalize(account, order, TestAccount.Base64(request(key)));
        refused.Status.Should().Be(HttpStatusCode.BadRequest, what);
        refused.ShouldBeProblem("badCSR", 400);
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
        (await Finalize(account, order, TestAccount.Csr(key, "host.example"))).State.Should().Be("valid");
    }

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData("CN=host.example", true)]
    [InlineData("CN=HOST.example", true)]
    [InlineData("CN=host.example", false)]
    [InlineData("O=Somebody, CN=host.example, C=DE", true)]
    public async Task The_name_may_stand_in_the_common_name_too_or_alone(string subject, bool alternative)
    {
        var account = await shared.Account();
        using var key = Simulated.NewKey();
        var reply = await Finalize(account, await Ready(account, "host.example"), TestAccount.Base64(Request(key, alternative ? ["host.example"] : [], subject)));
        reply.State.Should().Be("valid", reply.Body);

        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)reply.Json["certificate"]!)).Body);
        certificate.MatchesHostname("host.example").Should().BeTrue();
        certificate.Subject.Should().NotContain("Somebody", "nothing of a CSR reaches a certificate unless the profile lists it");
    }

    [Fact, Spec("RFC 8555 §7.4"), Spec("RFC 8738 §3")]
    public async Task Names_addresses_and_wildcards_are_certified_together()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "*.host.example"), ("dns", "host.example"), ("ip", "192.0.2.1"), ("ip", "2001:db8::1"));
        var wildcard = (string)order.Json["authorizations"]![0]!;
        await account.Post((string)(await account.Get(wildcard)).Json["challenges"]![0]!["url"]!, "{}");
        await account.Settle(wildcard);
        foreach (var url in order.Json["authorizations"]!.AsArray().Skip(1))
        {
            await account.Post((string)(await account.Get((string)url!)).Json["challenges"]![0]!["url"]!, "{}");
            await account.Settle((string)url!);
        }

        using var key = Simulated.NewKey();
        var reply = await Finalize(account, order, TestAccount.Base64(Request(key, ["host.example", "*.host.example"], addresses: ["2001:db8::1", "192.0.2.1"])));
        reply.State.Should().Be("valid", reply.Body);
        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)reply.Json["certificate"]!)).Body);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        names.EnumerateDnsNames().Should().BeEquivalentTo("*.host.example", "host.example");
        names.EnumerateIPAddresses().Select(address => address.ToString()).Should().BeEquivalentTo("192.0.2.1", "2001:db8::1");
    }

    [Fact, Spec("RFC 8555 §11.1")]
    public async Task The_accounts_key_is_no_certificate_key()
    {
        var account = await shared.Account();
        var order = await Ready(account, "host.example");
        var refused = await Finalize(account, order, TestAccount.Csr((ECDsa)account.Key.Algorithm, "host.example"));

        refused.ShouldBeProblem("badCSR", 400);
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
    }

    [Fact]
    public async Task A_key_that_the_profile_does_not_take_is_badCSR()
    {
        var account = await shared.Account(TestProfiles.Open);
        var order = await Ready(account, "host.example");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        (await Finalize(account, order, TestAccount.Csr(key, "host.example"))).ShouldBeProblem("badCSR", 400);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task The_key_of_the_CSR_is_certified_and_RSA_too()
    {
        var account = await shared.Account();
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=host.example", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        var reply = await Finalize(account, await Ready(account, "host.example"), TestAccount.Base64(request));

        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)reply.Json["certificate"]!)).Body);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(rsa.ExportSubjectPublicKeyInfo());
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Many_finalize_calls_at_once_give_one_certificate()
    {
        var account = await shared.Account();
        for (var round = 0; round < 12; round++)
        {
            var order = await Ready(account, $"round{round}.example");
            var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
            {
                using var key = Simulated.NewKey();
                return await Finalize(account, order, TestAccount.Csr(key, $"round{round}.example"));
            })));

            replies.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
            foreach (var refused in replies.Where(reply => reply.Status != HttpStatusCode.OK))
            {
                refused.ShouldBeProblem("orderNotReady", 403);
            }

            var id = new Core.OrderId(order.Header("Location")!.Split('/')[^1]);
            await using var context = shared.Server.Db.Read();
            context.Certificates.Count(certificate => certificate.Order == id).Should().Be(1);
            context.Events.Count(happened => happened.Order == id && happened.Kind == "order.valid").Should().Be(1);
        }
    }

    private static async Task<TestReply> Ready(TestAccount account, string name)
    {
        var order = await account.Authorize(await account.Order(("dns", name)));
        order.State.Should().Be("ready");
        return order;
    }

    private static Task<TestReply> Finalize(TestAccount account, TestReply order, string csr) => account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{csr}}"}""");

    private static byte[] Request(ECDsa key, string[] names, string subject = "", string[]? addresses = null) =>
        Builder(key, names, subject, addresses).CreateSigningRequest();

    private static CertificateRequest Builder(ECDsa key, string[] names, string subject = "", string[]? addresses = null)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternative.AddDnsName(name);
        }

        foreach (var address in addresses ?? [])
        {
            alternative.AddIpAddress(IPAddress.Parse(address));
        }

        if (names.Length > 0 || addresses is not null)
        {
            request.CertificateExtensions.Add(alternative.Build());
        }

        return request;
    }

    private static byte[] Tampered(byte[] request)
    {
        // the last octet belongs to the signature's s
        request[^1] ^= 1;
        return request;
    }
}
