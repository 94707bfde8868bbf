using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>profiles/README.md lists what the code knows.</summary>
public sealed class ProfileReferenceTests
{
    private static readonly string Reference = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "profiles", "README.md"));

    [Fact]
    public void Every_property_is_listed()
    {
        ProfileFile.Known.Where(name => name is not ("accounts" or "identifiers" or "attestation" or "evidence" or "anomalies" or "devices" or "certificate")).Should().OnlyContain(name => Reference.Contains($"| `{name}` |"));
        IdentifierSection.Known.Should().OnlyContain(name => Reference.Contains($"| `….{name}` |"));
        AttestationSection.Known.Should().OnlyContain(name => Reference.Contains($"| `attestation.{name}` |"));
        EkSection.Known.Should().OnlyContain(name => Reference.Contains($"| `….{name}` |"));
        AnomalyKinds.All.Should().OnlyContain(kind => Reference.Contains($"| `anomalies.{kind.Name}` |") && Reference.Contains($"| `{AnomalyKinds.Name(kind.Usual)}` |"));
        EvidenceSection.Known.Should().OnlyContain(name => Reference.Contains($"| `evidence.{name}` |"));
        DeviceSection.Known.Should().OnlyContain(name => Reference.Contains($"| `devices.{name}` |"));
        ApprovalSection.Known.Should().OnlyContain(name => Reference.Contains($"| `approval.{name}` |"));
        CertificateSection.Known.Should().OnlyContain(name => Reference.Contains($"| `certificate.{name}` |"));
    }

    [Fact]
    public void Every_format_fact_key_and_kind_is_listed()
    {
        AttestationFormats.Names.Concat(SubjectKey.Types).Concat(AlternativeNames.Kinds).Concat(KeyUsageNames.Known.Keys).Concat(ExtensionTemplates.Values)
            .Should().OnlyContain(name => Reference.Contains(name));
    }
}
