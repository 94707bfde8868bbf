using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Network;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Network;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeviceAcme.Server.Tests.Anchors;

/// <summary>Intermediates that are fetched: from where, how much, how often, and what becomes of them.</summary>
public sealed class IssuerSearchTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly X509Certificate2 Root = Make("CN=root", null, null, true);
    private static readonly X509Certificate2 Upper = Make("CN=upper", Root, null, true);
    private static readonly X509Certificate2 Lower = Make("CN=lower", Upper, "http://ca.example/upper.cer", true);
    private static readonly X509Certificate2 Leaf = Make("CN=leaf", Lower, "http://ca.example/lower.cer", false);
    private readonly string _folder = Directory.CreateTempSubdirectory("issuer-search-").FullName;
    private readonly ManualClock _clock = new(Now);
    private readonly Scene _scene = new();
    private AcmeDb _db = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));
        _scene.Dns.WithAddress("ca.example", "127.0.0.1");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _scene.DisposeAsync();
        await _db.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact, Spec("RFC 5280 §4.2.2.1")]
    public async Task Missing_intermediates_are_fetched_step_by_step_and_become_part_of_the_set()
    {
        await using var host = Host();
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");
        var search = Search(versions, host);
        Chain(versions.Current).Should().Be("chain-incomplete");

        var version = await Complete(search, versions);

        version!.Number.Should().Be(2);
        versions.Current.Should().BeSameAs(version);
        Chain(version).Should().BeNull();
        version.Catalog.Entries.Where(entry => entry.Origin == AnchorOrigin.Fetched).Select(entry => entry.Provenance)
            .Should().BeEquivalentTo("http://ca.example/lower.cer", "http://ca.example/upper.cer");
        version.Actor.Should().Be("server");
        host.Requests.Should().HaveCount(2).And.Contain(head => head.Contains("Host: ca.example"));
        (await AnchorVersions.Open(_db, Trust(), _clock)).Current.Number.Should().Be(2, "what was fetched stays");
        (await Complete(search, versions)).Should().BeNull("nothing is missing any more");
        host.Accepted.Should().Be(2);
    }

    [Fact]
    public async Task Nothing_is_fetched_where_no_anchor_names_a_host()
    {
        await using var host = Host();
        var versions = await Versions(null);

        (await Complete(Search(versions, host), versions)).Should().BeNull();
        host.Accepted.Should().Be(0);
    }

    [Fact]
    public async Task Nothing_is_fetched_where_something_else_is_wrong()
    {
        await using var host = Host();
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");
        var stale = new Verdict { Format = "tpm", Outcome = VerdictOutcome.Refused, Facts = FactSet.Empty, Checks = [new Check("freshness", "fresh", CheckOutcome.Failed, null, Reasons.FreshnessMismatch)] };

        (await Search(versions, host).Complete(stale, versions.Current, ["vendor"], new AnchorUse("tpm", null), anchors => MissingIssuers.Of([Leaf.RawData], anchors), Cancellation)).Should().BeNull();
        host.Accepted.Should().Be(0);
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Elsewhere\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("nonsense")]
    public async Task A_host_that_gives_nothing_useful_is_left_alone_for_a_while(string answer)
    {
        await using var host = TestPeer.Http(_ => answer);
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");
        var search = Search(versions, host);

        (await Complete(search, versions)).Should().BeNull();
        (await Complete(search, versions)).Should().BeNull();
        host.Accepted.Should().Be(1);
        _clock.Advance(TimeSpan.FromMinutes(11));
        (await Complete(search, versions)).Should().BeNull();
        host.Accepted.Should().Be(2);
        versions.Current.Number.Should().Be(1);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        await using var host = TestPeer.Http((_, stream, cancellation) => stream.WriteAsync(
            Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\n\r\n" + new string('x', 200_000)), cancellation).AsTask());
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");

        (await Complete(Search(versions, host), versions)).Should().BeNull();
    }

    [Fact]
    public async Task A_certificate_that_leads_elsewhere_is_not_kept()
    {
        var stranger = Make("CN=upper", Make("CN=root", null, null, true), null, true);
        await using var host = TestPeer.Http(path => TestPeer.Ok(Text(path == "/lower.cer" ? Lower : stranger)));
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");

        (await Complete(Search(versions, host), versions)).Should().BeNull();
        versions.Current.Number.Should().Be(1);
    }

    [Fact]
    public async Task Addresses_that_validation_may_not_reach_are_not_reached()
    {
        await using var host = Host();
        _scene.Networks = [];
        var versions = await Versions("folder: { issuer-hosts: [ca.example] }");

        (await Complete(Search(versions, host), versions)).Should().BeNull();
        host.Accepted.Should().Be(0);
    }

    /// <summary>As a verifier says it; the search asks for nothing else of the verdict.</summary>
    private static readonly Verdict Incomplete = new()
    {
        Format = "tpm",
        Outcome = VerdictOutcome.Refused,
        Facts = FactSet.Empty,
        Checks = [new Check("chain", "leads to an anchor", CheckOutcome.Failed, null, Reasons.ChainIncomplete)],
    };

    private static TestPeer Host() => TestPeer.Http(path => path switch
    {
        "/lower.cer" => TestPeer.Ok(Text(Lower)),
        "/upper.cer" => TestPeer.Ok(Text(Upper)),
        _ => "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n",
    });

    private static string Text(X509Certificate2 certificate) => Encoding.Latin1.GetString(certificate.RawData);

    private IssuerSearch Search(AnchorVersions versions, TestPeer host) =>
        new(versions, NetworkValidation.Downloads(_scene.Options(), _scene.Timing, host.Port), _clock, NullLogger<IssuerSearch>.Instance);

    private static Task<AnchorVersion?> Complete(IssuerSearch search, AnchorVersions versions) => search.Complete(
        Incomplete, versions.Current, ["vendor"], new AnchorUse("tpm", "linux-tpm"), anchors => MissingIssuers.Of([Leaf.RawData], anchors), Cancellation);

    /// <summary>Why the leaf is refused; null where it is not.</summary>
    private static string? Chain(AnchorVersion version) => MissingIssuers.Of([Leaf.RawData], version.Of(["vendor"])).Count > 0 ? "chain-incomplete" : null;

    private Task<AnchorVersions> Versions(string? terms)
    {
        var vendor = Directory.CreateDirectory(Path.Combine(_folder, "trust", "vendor")).FullName;
        File.WriteAllText(Path.Combine(vendor, "root.pem"), Root.ExportCertificatePem());
        if (terms is not null)
        {
            File.WriteAllText(Path.Combine(vendor, "terms.yaml"), terms);
        }

        return AnchorVersions.Open(_db, Trust(), _clock);
    }

    private TrustFolders Trust() => TrustFolders.Load([Path.Combine(_folder, "trust")], new Mistakes());

    private static X509Certificate2 Make(string name, X509Certificate2? issuer, string? issuerUrl, bool isCa)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isCa, false, 0, true));
        if (issuerUrl is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [issuerUrl]));
        }

        return issuer is null
            ? request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1))
            : request.Create(issuer, Now.AddDays(-1), Now.AddDays(100), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }
}
