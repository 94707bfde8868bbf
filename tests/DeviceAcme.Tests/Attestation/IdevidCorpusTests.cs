using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Recorded birth certificates: there is no statement of theirs, so the chain, the certificate and the identifier are judged.</summary>
[Needs("shared")]
public sealed class IdevidCorpusTests
{
    public static TheoryData<string, int> Checks => CorpusTests.ChecksOf("idevid");

    public static TheoryData<string> Items => [.. Corpus.Items.Where(item => item.Family == "idevid").Select(item => item.Id)];

    [Theory, MemberData(nameof(Checks))]
    public void Each_item_gets_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var anchors = item.Anchors;
        var presented = Presented(item);
        var serial = (string?)item.Facts["subject_serialNumber"];
        switch (check.With)
        {
            case null or "only when the synthetic anchor of this item is trusted":
                break;
            case "real vendor roots only":
                anchors = Corpus.VendorRoots;
                presented = [.. presented, .. item.Certificates("anchor.pem")];
                break;
            case "policy that forbids SHA-1 certificate signatures":
                // nobody vouches for the intermediate's octets
                anchors = Corpus.RootsOnly(anchors);
                break;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = Corpus.Without(anchors, without["trust store without ".Length..]);
                presented = item.Has("anchor.pem") ? [.. presented, .. item.Certificates("anchor.pem")] : presented;
                break;
            case { } other when other.StartsWith("expected subject serialNumber ", StringComparison.Ordinal):
                serial = other["expected subject serialNumber ".Length..];
                break;
            case { } strict when strict.StartsWith("strict RFC 5280 validation by OpenSSL", StringComparison.Ordinal):
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        // of a leaf that has ended and lacks its issuer both are true; the end is said first
        var both = check.Reason == "chain-incomplete" && presented[0].NotAfter < check.At;
        var verdict = Judge(presented, anchors, both ? presented[0].NotAfter : check.At, serial);

        (verdict.Reason?.Class).Should().Be(check.Accept ? null : check.Reason, Trial.Explain(verdict));
    }

    [Theory, MemberData(nameof(Items))]
    public void The_facts_are_those_of_the_certificate(string id)
    {
        var item = Corpus.Item(id);
        var birth = BirthCertificate.Read(Presented(item)[0], null);
        var module = item.Facts["hardware_module_name"];

        birth.Reason.Should().BeNull(birth.Found);
        Fact("idevid.subject-serial-number").Should().Be((string?)item.Facts["subject_serialNumber"]);
        Fact("idevid.hardware-type").Should().Be((string?)module?["hwType"]);
        if ((string?)module?["hwSerialNum_ascii"] is { } serial)
        {
            Fact("idevid.hardware-module").Should().Be($"{serial}/{(string)module["hwType"]!}");
        }

        string? Fact(string name) => birth.Facts.FirstOrDefault(fact => fact.Name == name).Value?.ToString();
    }

    [Fact]
    public void Ciscos_devices_are_known_by_the_number_on_their_label()
    {
        var birth = BirthCertificate.Read(Presented(Corpus.Item("s-idevid-12"))[0], "1.3.6.1.4.1.9.1");

        birth.Facts.Should().Contain(("device.serial", new FactValue.Text("FOC242130W1"))).And.Contain(("device.model", new FactValue.Text("ISR4451-X/K9")))
            .And.Contain(("idevid.hardware-module", new FactValue.Text("FOC242130W1/1.3.6.1.4.1.9.1")));
    }

    /// <summary>Chain, birth certificate, and the subject's serial number where one is expected; without a statement nothing is ever accepted.</summary>
    internal static Verdict Judge(IReadOnlyList<Certificate> presented, AnchorSet anchors, DateTimeOffset at, string? serial = null)
    {
        var checks = new CheckList();
        var evidence = new Evidence
        {
            AttestationObject = default,
            Identifier = serial is null ? null : new ExpectedIdentifier("permanent-identifier", serial, null),
            Formats = ["deviceacme-idevid"],
            Anchors = anchors,
            Now = at,
        };
        CommonChecks.CheckChain(checks, presented, evidence, IdevidVerifier.Path);
        var birth = BirthCertificate.Read(presented[0], checks.Terms.HardwareType);
        if (birth.Reason is { } reason)
        {
            checks.Fail(new CheckRule("birth-certificate", ""), reason, birth.Found);
        }

        var facts = new FactSet(birth.Facts.Select(fact => new Fact(fact.Name, fact.Value, true)));
        CommonChecks.CheckIdentifier(checks, evidence.Identifier, facts, ["idevid.subject-serial-number"], ["idevid.subject-serial-number"], "");
        return checks.Conclude("deviceacme-idevid", facts, null);
    }

    private static IReadOnlyList<Certificate> Presented(CorpusItem item)
    {
        Certificate.TryRead(item.File("leaf.der"), out var leaf, out var problem).Should().BeTrue(problem);
        return item.Has("intermediates.pem") ? [leaf!, .. item.Certificates("intermediates.pem")] : [leaf!];
    }
}
