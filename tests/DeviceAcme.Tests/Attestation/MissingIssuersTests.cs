using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Where a missing intermediate could be, and what may come of it.</summary>
public sealed class MissingIssuersTests
{
    private const string Url = "http://ca.example/int.cer";
    private static readonly MadeCertificate Root = PathMaker.Root(new CertificateOptions("CN=root"));
    private static readonly MadeCertificate Upper = Root.Issue(new CertificateOptions("CN=upper"));
    private static readonly MadeCertificate Lower = Upper.Issue(new CertificateOptions("CN=lower") { More = [Access("http://ca.example/upper.cer")] });
    private static readonly MadeCertificate Leaf = Lower.Issue(CertificateOptions.Leaf() with { More = [Access(Url)] });

    [Fact, Spec("RFC 5280 §4.2.2.1")]
    public void The_last_certificate_without_an_issuer_says_where_that_is()
    {
        Of(Named(Root), Leaf).Should().Equal(new Uri(Url));
        Of(Named(Root), Leaf, Lower).Should().Equal(new Uri("http://ca.example/upper.cer"));
        Of(Named(Root, Lower), Leaf).Should().Equal(new Uri("http://ca.example/upper.cer"));
    }

    [Fact]
    public void Where_nothing_is_missing_nothing_is_fetched()
    {
        Of(Named(Root, Lower, Upper), Leaf).Should().BeEmpty();
        Of(Named(Root), Leaf, Lower, Upper).Should().BeEmpty();
        Of(Named(Root), PathMaker.Root(CertificateOptions.Leaf() with { More = [Access(Url)] })).Should().BeEmpty();
    }

    [Fact]
    public void Only_hosts_that_an_anchor_names_are_asked()
    {
        Of(PathMaker.Anchors(Root), Leaf).Should().BeEmpty("that is the default");
        Of(Named(Root).WithTerms(_ => null, new AnchorTerms { IssuerHosts = ["other.example"] }), Leaf).Should().BeEmpty();
        Of(Named(Root).WithTerms(_ => null, new AnchorTerms { IssuerHosts = ["ca.example"], Distrusted = new Distrust("x", Now) }), Leaf).Should().BeEmpty();
    }

    [Theory]
    [InlineData("https://ca.example/int.cer")]
    [InlineData("http://ca.example:8080/int.cer")]
    [InlineData("http://user@ca.example/int.cer")]
    [InlineData("http://ca.example.evil.example/int.cer")]
    [InlineData("ldap://ca.example/int.cer")]
    [InlineData("not a url")]
    public void Other_urls_are_left_alone(string url) =>
        Of(Named(Root), Lower.Issue(CertificateOptions.Leaf() with { More = [Access(url)] })).Should().BeEmpty();

    [Fact]
    public void A_hint_that_cannot_be_read_gives_none()
    {
        var broken = new X509Extension("1.3.6.1.5.5.7.1.1", [0x30, 0x05, 0x01], critical: false);

        Of(Named(Root), Lower.Issue(CertificateOptions.Leaf() with { More = [broken] })).Should().BeEmpty();
        MissingIssuers.Of([new byte[] { 1, 2, 3 }], Named(Root)).Should().BeEmpty();
        MissingIssuers.Of(new byte[] { 0xFF }, Named(Root)).Should().BeEmpty();
    }

    [Fact]
    public void What_was_fetched_must_lead_to_an_anchor_that_names_its_host_and_permits_the_use()
    {
        var use = new AnchorUse("tpm", null);
        var stranger = PathMaker.Root(new CertificateOptions("CN=root"));
        var foreign = stranger.Issue(new CertificateOptions("CN=upper"));

        Lead(PathMaker.Anchors(Upper), ["ca.example"], Named(Root), use).Should().BeTrue();
        Lead(PathMaker.Anchors(Upper, Lower), ["ca.example"], Named(Root), use).Should().BeTrue();
        Lead(PathMaker.Anchors(Lower), ["ca.example"], Named(Root), use).Should().BeFalse("its own issuer is not there");
        Lead(PathMaker.Anchors(foreign), ["ca.example"], Named(Root), use).Should().BeFalse();
        Lead(PathMaker.Anchors(stranger), ["ca.example"], Named(Root), use).Should().BeFalse("a root is never fetched");
        Lead(PathMaker.Anchors(Upper), ["other.example"], Named(Root), use).Should().BeFalse();
        Lead(PathMaker.Anchors(Upper), ["ca.example"], Named(Root).WithTerms(_ => null, new AnchorTerms { Formats = ["ek"], IssuerHosts = ["ca.example"] }), use).Should().BeFalse();
    }

    private static bool Lead(AnchorSet fetched, string[] hosts, AnchorSet anchors, AnchorUse use) => MissingIssuers.LeadToAnchor(fetched, hosts, anchors, use, Now);

    private static IReadOnlyList<Uri> Of(AnchorSet anchors, params MadeCertificate[] presented) =>
        MissingIssuers.Of([.. presented.Select(made => new ReadOnlyMemory<byte>(made.Der))], anchors);

    private static AnchorSet Named(params MadeCertificate[] certificates) =>
        PathMaker.Anchors(certificates).WithTerms(_ => null, new AnchorTerms { IssuerHosts = ["ca.example"] });

    private static X509AuthorityInformationAccessExtension Access(string url) => new(null, [url]);
}
