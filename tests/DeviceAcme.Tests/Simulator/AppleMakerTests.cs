using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class AppleMakerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, 250, TimeSpan.Zero);
    private static readonly AppleVendor Vendor = new FakeVendors("tests").Apple;
    private static readonly AppleMaker Apple = new(Vendor, Now);

    [Fact, Needs("shared")]
    public void A_made_leaf_has_every_field_as_the_real_one_has_it()
    {
        var real = Leaf.Read(File.ReadAllBytes(RepositoryFiles.Shared("corpus/apple-mda/s-apple-mda-04/leaf.der")));
        var made = Leaf.Read(Apple.Make().Chain[0]);

        made.Version.Should().Be(real.Version);
        made.SignatureAlgorithm.Should().Equal(real.SignatureAlgorithm);
        made.OuterSignatureAlgorithm.Should().Equal(real.OuterSignatureAlgorithm);
        made.KeyAlgorithm.Should().Equal(real.KeyAlgorithm);
        made.Issuer.Select(part => (part.Oid, part.Tag)).Should().Equal(real.Issuer.Select(part => (part.Oid, part.Tag)));
        made.Subject.Select(part => (part.Oid, part.Tag)).Should().Equal(real.Subject.Select(part => (part.Oid, part.Tag)));
        made.Subject.Single(part => part.Oid == "2.5.4.11").Value.Should().Be(real.Subject.Single(part => part.Oid == "2.5.4.11").Value);
        foreach (var leaf in new[] { real, made })
        {
            leaf.Subject[0].Value.Should().MatchRegex("^[0-9a-f]{64}$");
            var issued = DateTimeOffset.FromUnixTimeMilliseconds((long)leaf.Serial);
            leaf.NotBefore.Should().Be(issued.AddDays(-1).AddMilliseconds(-issued.Millisecond));
            leaf.TimeTags.Should().AllBeEquivalentTo(UniversalTagNumber.UtcTime);
        }

        (made.NotAfter - made.NotBefore).Should().Be(real.NotAfter - real.NotBefore);
    }

    [Fact, Needs("shared")]
    public void A_made_leaf_has_the_extensions_of_the_real_one_in_order_criticality_and_encoding()
    {
        var real = Leaf.Read(File.ReadAllBytes(RepositoryFiles.Shared("corpus/apple-mda/s-apple-mda-04/leaf.der"))).Extensions;
        // A maker that is given the real device's properties must write the real octets, all but the freshness code.
        var device = new AppleDevice
        {
            Serial = "TMWFWWWP67",
            Udid = "00006030-000651690A84001C",
            Model = "J514sAP",
            OsVersion = "15.5",
            SepOsVersion = "15.5",
            LlbVersion = "15.5",
            SecureBoot = "Full Security",
            Sip = 0,
            ThirdPartyKexts = 0,
        };
        var made = Leaf.Read((Apple with { Device = device }).Make().Chain[0]).Extensions;

        made.Select(extension => (extension.Oid, extension.Critical)).Should().Equal(real.Select(extension => (extension.Oid, extension.Critical)));
        made[..^1].Select(extension => extension.Value).Should().Equal(real[..^1].Select(extension => extension.Value));
        made[^1].Oid.Should().Be("1.2.840.113635.100.8.11.1");
        made[^1].Value.Length.Should().Be(real[^1].Value.Length);
    }

    [Fact, Spec("device-attest §5")]
    public void The_freshness_code_is_the_hash_of_the_token()
    {
        var leaf = Leaf.Read(Apple.Make().Chain[0]);

        leaf.Extensions[^1].Value.Should().Be("7EA0AAA69214E71E02CEBB18BB86773609B730209BAABF60E43D4999979FF139");
    }

    [Fact]
    public void The_chain_builds_to_the_fake_root_and_to_nothing_else()
    {
        Builds(Apple.Make(), Vendor.Root.Certificate).Should().BeTrue();
        Builds(Apple.With(AppleFault.ForeignRoot).Make(), Vendor.Root.Certificate).Should().BeFalse();
        Builds(Apple.With(AppleFault.WrongLeafSignature).Make(), Vendor.Root.Certificate).Should().BeFalse();
        Builds(Apple.With(AppleFault.ExpiredIntermediate).Make(), Vendor.Root.Certificate).Should().BeFalse();
        Builds(Apple.With(AppleFault.IntermediateNotCa).Make(), Vendor.Root.Certificate).Should().BeFalse();
    }

    [Fact]
    public void Names_say_that_they_are_a_simulator()
    {
        using var leaf = X509CertificateLoader.LoadCertificate(Apple.Make().Chain[0]);

        leaf.Issuer.Should().Contain("DeviceAcme Simulator").And.Contain("never trust in production");
        leaf.Subject.Should().Contain("DeviceAcme Simulator");
    }

    [Fact]
    public void The_same_seed_gives_the_same_certificates_and_another_seed_other_ones()
    {
        var key = new Seed("device").Key("device", EcDomain.P384).Algorithm;
        byte[] Make(string seed) => new AppleMaker(new FakeVendors(seed).Apple, Now).Make(ChallengeMaterial.Sample, key).AttestationObject;

        Make("one").Should().Equal(Make("one"));
        Make("one").Should().NotEqual(Make("two"));
    }

    [Fact]
    public void Every_fault_changes_what_is_sent_and_says_what_it_is()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var right = Apple.Make(ChallengeMaterial.Sample, key);
        foreach (var fault in Enum.GetValues<AppleFault>())
        {
            var wrong = Apple.With(fault).Make(ChallengeMaterial.Sample, key);

            wrong.Payload.ToJsonString().Should().NotBe(right.Payload.ToJsonString(), $"{fault} is a fault");
            Faults.Describe(fault).Description.Should().NotBeEmpty();
            Faults.TryParse<AppleFault>(Faults.NameOf(fault), out var parsed).Should().BeTrue();
            parsed.Should().Be(fault);
        }
    }

    private static bool Builds(MadeEvidence evidence, byte[] anchor)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(anchor));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = Now.UtcDateTime;
        chain.ChainPolicy.ExtraStore.AddRange(evidence.Chain.Skip(1).Select(X509CertificateLoader.LoadCertificate).ToArray());
        return chain.Build(X509CertificateLoader.LoadCertificate(evidence.Chain[0]));
    }
}
