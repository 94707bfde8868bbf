using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

public sealed class CertificatePathTests
{
    private static readonly X509Extension UnknownCritical = new("1.3.6.1.4.1.99999.1", [5, 0], critical: true);
    private static readonly X509Extension UnknownHarmless = new("1.3.6.1.4.1.99999.1", [5, 0], critical: false);
    private static readonly MadeCertificate Root = PathMaker.Root(new CertificateOptions("CN=root") { Key = ECDsa.Create(ECCurve.NamedCurves.nistP384) });
    private static readonly MadeCertificate OtherRoot = PathMaker.Root(new CertificateOptions("CN=other root"));

    /// <summary>Chains by name: what is presented, and the reason that is expected; null where it is good.</summary>
    private static readonly Dictionary<string, (Func<MadeCertificate[]> Presented, Reason? Reason)> Chains = new(StringComparer.Ordinal)
    {
        ["leaf from the root"] = (() => [Root.Issue(CertificateOptions.Leaf())], null),
        ["one intermediate"] = (() => Through(new CertificateOptions("CN=int")), null),
        ["two intermediates"] = (() => Through(new CertificateOptions("CN=int 1"), new CertificateOptions("CN=int 2")), null),
        ["the root presented too"] = (() => [.. Through(new CertificateOptions("CN=int")), Root], null),
        ["rsa keys"] = (() => Through(new CertificateOptions("CN=int") { Key = RSA.Create(2048), Hash = HashAlgorithmName.SHA384 }), null),
        ["a P-521 intermediate"] = (() => Through(new CertificateOptions("CN=int") { Key = ECDsa.Create(ECCurve.NamedCurves.nistP521) }), null),
        ["no key usage at all"] = (() => Through(new CertificateOptions("CN=int") { Usage = null }), null),
        ["an unknown extension that is not critical"] = (() => Through(new CertificateOptions("CN=int") { More = [UnknownHarmless] }), null),
        ["path length that suffices"] = (() => Through(new CertificateOptions("CN=int 1") { PathLength = 1 }, new CertificateOptions("CN=int 2") { PathLength = 0 }), null),
        ["path length exceeded"] = (() => Through(new CertificateOptions("CN=int 1") { PathLength = 0 }, new CertificateOptions("CN=int 2")), Reasons.PathLengthExceeded),
        ["an expired leaf"] = (() => [Root.Issue(CertificateOptions.Leaf() with { NotAfter = Trial.Now.AddSeconds(-1) })], Reasons.ChainExpired),
        ["a future leaf"] = (() => [Root.Issue(CertificateOptions.Leaf() with { NotBefore = Trial.Now.AddSeconds(1) })], Reasons.ChainNotYetValid),
        ["an expired intermediate"] = (() => Through(new CertificateOptions("CN=int") { NotAfter = Trial.Now.AddDays(-1) }), Reasons.ChainExpired),
        ["a future intermediate"] = (() => Through(new CertificateOptions("CN=int") { NotBefore = Trial.Now.AddDays(1) }), Reasons.ChainNotYetValid),
        ["an intermediate that is no CA"] = (() => Through(new CertificateOptions("CN=int") { IsCa = false }), Reasons.IssuerNotCa),
        ["an intermediate without basic constraints"] = (() => Through(new CertificateOptions("CN=int") { IsCa = null, Usage = null }), Reasons.IssuerNotCa),
        ["an intermediate without keyCertSign"] = (() => Through(new CertificateOptions("CN=int") { Usage = X509KeyUsageFlags.CrlSign }), Reasons.IssuerKeyUsage),
        ["an unknown critical extension in the leaf"] =
            (() => [Root.Issue(CertificateOptions.Leaf() with { More = [UnknownCritical] })], Reasons.CriticalExtensionUnknown),
        ["an unknown critical extension in an intermediate"] =
            (() => Through(new CertificateOptions("CN=int") { More = [UnknownCritical] }), Reasons.CriticalExtensionUnknown),
        ["a tampered leaf"] = (() => Altered(Through(new CertificateOptions("CN=int")), 0), Reasons.ChainSignatureInvalid),
        ["a tampered intermediate"] = (() => Altered(Through(new CertificateOptions("CN=int")), 1), Reasons.ChainSignatureInvalid),
        ["another root"] = (() => [OtherRoot.Issue(CertificateOptions.Leaf()), OtherRoot], Reasons.ChainUntrustedRoot),
        ["another root below an intermediate"] =
            (() => OtherRoot.Issue(new CertificateOptions("CN=int")) is var issuer ? [issuer.Issue(CertificateOptions.Leaf()), issuer] : [], Reasons.ChainUntrustedRoot),
        ["a missing intermediate"] = (() => Through(new CertificateOptions("CN=int"))[..1], Reasons.ChainIncomplete),
        ["a leaf that names the root but another key signed"] =
            (() => [(OtherRoot with { Name = Root.Name }).Issue(CertificateOptions.Leaf())], Reasons.ChainSignatureInvalid),
        ["a self-signed leaf"] = (() => [PathMaker.Root(CertificateOptions.Leaf())], Reasons.ChainUntrustedRoot),
    };

    public static TheoryData<string> Names => [.. Chains.Keys];

    [Theory, MemberData(nameof(Names)), Spec("RFC 5280 §6.1")]
    public void Each_chain_is_judged_as_expected_and_as_the_platform_judges_it(string name)
    {
        var (presented, reason) = Chains[name];
        var chain = presented();
        var path = Verify(chain, PathMaker.Anchors(Root));

        (path.Reason?.Code).Should().Be(reason?.Code, path.Found);
        PathMaker.PlatformAccepts(chain, [Root], Trial.Now).Should().Be(reason is null, name);
    }

    [Fact, Spec("WebAuthn §6.5.4")]
    public void Certificates_out_of_order_are_a_broken_chain()
    {
        var chain = Through(new CertificateOptions("CN=int 1"), new CertificateOptions("CN=int 2"));

        Verify([chain[0], chain[2], chain[1]], PathMaker.Anchors(Root)).Reason.Should().Be(Reasons.ChainBroken);
        Verify([chain[0], chain[0], chain[1]], PathMaker.Anchors(Root)).Reason.Should().Be(Reasons.ChainBroken);
    }

    [Fact]
    public void An_intermediate_of_the_anchor_set_fills_a_gap()
    {
        var chain = Through(new CertificateOptions("CN=int 1"), new CertificateOptions("CN=int 2"));

        Verify([chain[0]], PathMaker.Anchors(Root, chain[1], chain[2])).Reason.Should().BeNull();
        Verify([chain[0], chain[1]], PathMaker.Anchors(Root, chain[2])).Reason.Should().BeNull();
    }

    [Fact]
    public void Of_several_intermediates_with_one_name_the_right_one_is_found()
    {
        var wrong = Root.Issue(new CertificateOptions("CN=int"));
        var expired = Root.Issue(new CertificateOptions("CN=int") { NotAfter = Trial.Now.AddDays(-1) });
        var right = Root.Issue(new CertificateOptions("CN=int") { Key = expired.Key });

        Verify([right.Issue(CertificateOptions.Leaf()), expired], PathMaker.Anchors(Root, wrong, right, expired)).Reason.Should().BeNull();
    }

    [Fact, Spec("RFC 5280 §6.1.1")]
    public void A_root_that_was_issued_again_with_the_same_key_is_the_same_anchor()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var old = PathMaker.Root(new CertificateOptions("CN=vendor root") { Key = key, NotAfter = Trial.Now.AddDays(-1) });
        var renewed = PathMaker.Root(new CertificateOptions("CN=vendor root") { Key = key });
        var renamed = PathMaker.Root(new CertificateOptions("CN=vendor root 2") { Key = key });
        var leaf = old.Issue(CertificateOptions.Leaf());

        Verify([leaf, old], PathMaker.Anchors(renewed)).Reason.Should().BeNull();
        Verify([leaf, old], PathMaker.Anchors(renamed)).Reason.Should().BeNull("the presented root tells that its key is the anchor's");
        Verify([leaf], PathMaker.Anchors(renamed)).Reason.Should().Be(Reasons.ChainIncomplete);
    }

    [Fact]
    public void The_end_of_an_anchor_is_recorded_and_not_enforced()
    {
        var root = PathMaker.Root(new CertificateOptions("CN=old root") { NotAfter = Trial.Now.AddDays(-1) });
        var leaf = root.Issue(CertificateOptions.Leaf());

        Verify([leaf], PathMaker.Anchors(root)).Reason.Should().BeNull();
        CertificatePath.Verify([leaf.Parsed], PathMaker.Anchors(root), CertificateOptions.Begin.AddSeconds(-1), new PathRules(), null)
            .Reason.Should().Be(Reasons.ChainNotYetValid);
    }

    [Fact]
    public void Sha1_signatures_are_refused_unless_old_evidence_is_judged()
    {
        var issuer = PathMaker.Root(new CertificateOptions("CN=sha-1 root") { Key = RSA.Create(2048) });
        var leaf = issuer.Issue(CertificateOptions.Leaf() with { Hash = HashAlgorithmName.SHA1 });

        Verify([leaf], PathMaker.Anchors(issuer)).Reason.Should().Be(Reasons.CertificateAlgorithmUnsupported);
        CertificatePath.Verify([leaf.Parsed], PathMaker.Anchors(issuer), Trial.Now, new PathRules { AllowSha1 = true }, null).Reason.Should().BeNull();
    }

    [Fact]
    public void A_Sha1_signature_counts_on_the_very_intermediate_that_the_set_has_and_on_no_other()
    {
        var root = PathMaker.Root(new CertificateOptions("CN=root") { Key = RSA.Create(2048) });
        var old = new CertificateOptions("CN=int") { Hash = HashAlgorithmName.SHA1 };
        var known = root.Issue(old);
        var namesake = root.Issue(old);
        var leaf = known.Issue(CertificateOptions.Leaf());
        var rules = new PathRules { Sha1OfKnownIntermediates = true };

        Reason(PathMaker.Anchors(root, known), [leaf], rules).Should().BeNull();
        Reason(PathMaker.Anchors(root, known), [leaf, known], rules).Should().BeNull();
        Reason(PathMaker.Anchors(root), [leaf, known], rules).Should().Be(Reasons.CertificateAlgorithmUnsupported);
        Reason(PathMaker.Anchors(root, namesake), [leaf, known], rules).Should().Be(Reasons.CertificateAlgorithmUnsupported);
        Reason(PathMaker.Anchors(root, known), [leaf, known], new PathRules()).Should().Be(Reasons.CertificateAlgorithmUnsupported);

        static Reason? Reason(AnchorSet anchors, MadeCertificate[] chain, PathRules rules) =>
            CertificatePath.Verify([.. chain.Select(made => made.Parsed)], anchors, Trial.Now, rules, null).Reason;
    }

    [Fact]
    public void A_chain_of_intermediates_from_the_set_ends_at_a_bound()
    {
        var issuers = new List<MadeCertificate> { Root };
        for (var i = 0; i < 9; i++)
        {
            issuers.Add(issuers[^1].Issue(new($"CN=int {i}")));
        }

        Verify([issuers[^1].Issue(CertificateOptions.Leaf())], PathMaker.Anchors([.. issuers])).Reason.Should().Be(Reasons.ChainTooLong);
    }

    [Fact]
    public void Intermediates_that_issue_each_other_end_nowhere()
    {
        var first = Root.Issue(new CertificateOptions("CN=first"));
        var second = first.Issue(new CertificateOptions("CN=second"));
        var firstAgain = second.Issue(new CertificateOptions("CN=first") { Key = first.Key });

        Verify([first.Issue(CertificateOptions.Leaf())], PathMaker.Anchors(firstAgain, second)).Reason!.Class
            .Should().BeOneOf("chain-untrusted-root", "chain-incomplete", "oversized");
    }

    [Fact]
    public void A_remembered_intermediate_saves_its_signature_and_hides_nothing_else()
    {
        var known = new VerifiedIntermediates();
        var chain = Through(new CertificateOptions("CN=int") { NotAfter = Trial.Now.AddDays(1) });
        var anchors = PathMaker.Anchors(Root);
        var certificates = chain.Select(made => made.Parsed).ToList();

        CertificatePath.Verify(certificates, anchors, Trial.Now, new PathRules(), known).Reason.Should().BeNull();
        known.Count.Should().Be(1);
        CertificatePath.Verify(certificates, anchors, Trial.Now, new PathRules(), known).Reason.Should().BeNull();
        CertificatePath.Verify(certificates, anchors, Trial.Now.AddDays(2), new PathRules(), known).Reason.Should().Be(Reasons.ChainExpired);
        CertificatePath.Verify(certificates, PathMaker.Anchors(OtherRoot), Trial.Now, new PathRules(), known).Reason.Should().Be(Reasons.ChainUntrustedRoot);

        // another root with the name of the issuer: the memory is of a key, not of a name
        var impostor = PathMaker.Root(new CertificateOptions("CN=root"));
        CertificatePath.Verify(certificates, PathMaker.Anchors(impostor), Trial.Now, new PathRules(), known).Reason.Should().Be(Reasons.ChainSignatureInvalid);
    }

    [Fact]
    public void Only_what_leads_to_an_anchor_is_remembered_and_the_oldest_is_forgotten()
    {
        var known = new VerifiedIntermediates(capacity: 2);
        var stranger = OtherRoot.Issue(new CertificateOptions("CN=int"));
        CertificatePath.Verify([stranger.Issue(CertificateOptions.Leaf()).Parsed, stranger.Parsed], PathMaker.Anchors(Root), Trial.Now, new PathRules(), known);
        known.Count.Should().Be(0);

        var first = Through(new CertificateOptions("CN=int"));
        foreach (var chain in new[] { first, Through(new CertificateOptions("CN=int")), Through(new CertificateOptions("CN=int")) })
        {
            CertificatePath.Verify([.. chain.Select(made => made.Parsed)], PathMaker.Anchors(Root), Trial.Now, new PathRules(), known);
        }

        known.Count.Should().Be(2);
        known.Find(first[1].Parsed.Sha256).Should().BeNull();
    }

    [Fact]
    public async Task Anchors_and_memory_are_shared_by_threads()
    {
        var known = new VerifiedIntermediates();
        var anchors = PathMaker.Anchors(Root);
        var chain = Through(new CertificateOptions("CN=int")).Select(made => made.Parsed).ToList();
        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            Enumerable.Range(0, 20).All(_ => CertificatePath.Verify(chain, anchors, Trial.Now, new PathRules(), known).Reason is null))));

        all.Should().OnlyContain(good => good);
    }

    private static MadeCertificate[] Altered(MadeCertificate[] chain, int index)
    {
        chain[index] = chain[index].Tampered();
        return chain;
    }

    private static PathResult Verify(IEnumerable<MadeCertificate> chain, AnchorSet anchors) =>
        CertificatePath.Verify([.. chain.Select(made => made.Parsed)], anchors, Trial.Now, new PathRules(), null);

    /// <summary>Leaf first, below intermediates that are given from the root down.</summary>
    private static MadeCertificate[] Through(params CertificateOptions[] intermediates)
    {
        var chain = new List<MadeCertificate>();
        var issuer = Root;
        foreach (var options in intermediates)
        {
            issuer = issuer.Issue(options);
            chain.Insert(0, issuer);
        }

        return [issuer.Issue(CertificateOptions.Leaf()), .. chain];
    }
}
