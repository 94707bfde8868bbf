using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

public sealed class AnchorSetTests
{
    private static readonly MadeCertificate Root = PathMaker.Root(new("CN=root"));
    private static readonly MadeCertificate Intermediate = Root.Issue(new("CN=int"));

    [Fact]
    public void Roots_and_intermediates_are_told_apart_in_DER_and_in_bundles()
    {
        var set = AnchorSet.Parse([("a.der", Root.Der), ("b.pem", Pem(Intermediate, Root))]);

        set.Anchors.Should().ContainSingle().Which.Subject.Should().Be("CN=root");
        set.Anchors[0].Provenance.Should().Be("a.der");
        set.Anchors[0].Fingerprint.Should().Be(Convert.ToHexStringLower(SHA256.HashData(Root.Der)));
        set.Intermediates.Should().ContainSingle().Which.Subject.Should().Be("CN=int");
        set.Problems.Should().BeEmpty();
    }

    [Fact]
    public void The_hash_is_of_the_content_and_of_nothing_else()
    {
        var set = AnchorSet.Parse([("a", Root.Der), ("b", Intermediate.Der)]);

        AnchorSet.Parse([("other name", Pem(Intermediate, Root))]).Hash.Should().Be(set.Hash);
        AnchorSet.Combine(AnchorSet.Parse([("a", Root.Der)]), AnchorSet.Parse([("b", Intermediate.Der)])).Hash.Should().Be(set.Hash);
        AnchorSet.Parse([("a", Root.Der)]).Hash.Should().NotBe(set.Hash);
        set.Hash.Should().MatchRegex("^[0-9a-f]{64}$");
        var sorted = new[] { Root.Der, Intermediate.Der }.Select(SHA256.HashData).OrderBy(Convert.ToHexStringLower, StringComparer.Ordinal);
        set.Hash.Should().Be(Convert.ToHexStringLower(SHA256.HashData([.. sorted.SelectMany(hash => hash)])));
        AnchorSet.Empty.Hash.Should().Be(Convert.ToHexStringLower(SHA256.HashData([])));
    }

    [Fact]
    public void Combining_keeps_the_imported_keys()
    {
        var one = AnchorSet.Parse([("a", Root.Der)]);

        AnchorSet.Combine(one, AnchorSet.Empty).Anchors.Single().Should().BeSameAs(one.Anchors.Single());
        AnchorSet.Combine(one).Should().BeSameAs(one);
    }

    [Fact]
    public void A_set_can_be_written_out_and_read_again()
    {
        var set = AnchorSet.Parse([("a", Pem(Root, Intermediate))]);

        AnchorSet.Parse(set.Anchors.Concat(set.Intermediates).Select(anchor => (anchor.Provenance, anchor.Bytes))).Hash.Should().Be(set.Hash);
    }

    [Fact]
    public void What_is_left_out_is_named_with_its_file()
    {
        var tampered = Root.Der.ToArray();
        tampered[^3] ^= 1;
        var set = AnchorSet.Parse(
        [
            ("leaf", Root.Issue(CertificateOptions.Leaf()).Der),
            ("tampered", tampered),
            ("text", Encoding.ASCII.GetBytes("hello")),
            ("empty", Array.Empty<byte>()),
            ("cut", Root.Der.AsMemory(0, 40)),
            ("half pem", Pem(Root).ToArray()[..60]),
            ("trailing", (byte[])[.. Root.Der, 0]),
            ("large", new byte[AnchorSet.MaxFileSize + 1]),
            ("short rsa", PathMaker.Root(new CertificateOptions("CN=short") { Key = RSA.Create(1024) }).Der),
        ]);

        set.Anchors.Should().BeEmpty();
        set.Intermediates.Should().BeEmpty();
        set.Problems.Select(problem => problem.Provenance).Should().Equal(
            "leaf", "tampered", "text", "empty", "cut", "half pem", "trailing", "large", "short rsa");
        set.Problems[0].Problem.Should().Contain("CN=leaf").And.Contain("CA");
        set.Problems[1].Problem.Should().Contain("did not sign");
    }

    [Fact]
    public void The_bytes_are_copied()
    {
        var buffer = Root.Der.ToArray();
        var set = AnchorSet.Parse([("a", buffer)]);
        Array.Clear(buffer);

        set.Anchors[0].Bytes.ToArray().Should().Equal(Root.Der);
    }

    [Fact, Needs("shared")]
    public void Every_vendor_certificate_is_taken_for_what_it_is()
    {
        var set = Corpus.VendorRoots;

        set.Problems.Should().BeEmpty();
        set.Anchors.Should().OnlyContain(anchor => anchor.Provenance.StartsWith("root-", StringComparison.Ordinal));
        set.Intermediates.Should().OnlyContain(anchor => anchor.Provenance.StartsWith("int-", StringComparison.Ordinal));
        (set.Anchors.Count + set.Intermediates.Count).Should().Be(Corpus.VendorFiles().Count());
    }

    private static ReadOnlyMemory<byte> Pem(params MadeCertificate[] certificates) => Encoding.ASCII.GetBytes(
        "# vendor bundle\n" + string.Join('\n', certificates.Select(made => PemEncoding.WriteString("CERTIFICATE", made.Der))));
}
