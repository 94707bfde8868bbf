using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Tests.Attestation;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>What <c>terms.yaml</c> says of the certificates beside it.</summary>
public sealed class AnchorTermsFileTests : IDisposable
{
    private static readonly MadeCertificate Root = PathMaker.Root(new CertificateOptions("CN=root"));
    private static readonly string Fingerprint = PathMaker.Anchors(Root).Anchors[0].Fingerprint;
    private readonly string _folder = Directory.CreateTempSubdirectory("terms-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Every_term_is_read()
    {
        var anchor = Load(
            $$"""
            folder:
              formats: [ek, tpm]
              issuer-hosts: [ca.example]
            anchors:
              {{Fingerprint[..16]}}:
                provenance: published by Example
                profiles: [linux-tpm]
                facts: { assurance.level: virtual, tpm.virtual: true, tpm.generation: 2 }
                expired: ignore
                hardware-type: 1.3.6.1.4.1.9.1
                distrusted: { reason: the key leaked, since: 2026-02-03 }
            """).Anchors.Single();

        anchor.Provenance.Should().Be("published by Example");
        anchor.Terms.Formats.Should().Equal("ek", "tpm");
        anchor.Terms.IssuerHosts.Should().Equal("ca.example");
        anchor.Terms.Profiles.Should().Equal("linux-tpm");
        anchor.Terms.Facts.Should().Equal(new Dictionary<string, FactValue>
        {
            ["assurance.level"] = new FactValue.Text("virtual"),
            ["tpm.virtual"] = new FactValue.Flag(true),
            ["tpm.generation"] = new FactValue.Number(2),
        });
        anchor.Terms.Expired.Should().Be(ExpiredCertificates.Ignore);
        anchor.Terms.HardwareType.Should().Be("1.3.6.1.4.1.9.1");
        anchor.Terms.Distrusted.Should().Be(new Distrust("the key leaked", new DateTimeOffset(2026, 2, 3, 0, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void Without_a_file_nothing_is_limited() => Load(null).Anchors.Single().Terms.IsUnlimited.Should().BeTrue();

    [Theory]
    [InlineData("folders: {}", 1, "folders", "did you mean 'folder'?")]
    [InlineData("folder:\n  format: [ek]", 2, "folder.format", "did you mean 'formats'?")]
    [InlineData("folder:\n  formats: [ekk]", 2, "folder.formats[0]", "'ekk' is not a format that this version verifies; did you mean 'ek'?")]
    [InlineData("folder:\n  formats: []", 2, "folder.formats", "at least one")]
    [InlineData("folder:\n  distrusted: {}", 2, "folder.distrusted", "is not a known property")]
    [InlineData("folder:\n  expired: never", 2, "folder.expired", "must be one of enforce, ignore")]
    [InlineData("folder:\n  hardware-type: cisco", 2, "folder.hardware-type", "object identifier")]
    [InlineData("folder:\n  issuer-hosts: ['http://a.example']", 2, "folder.issuer-hosts[0]", "name of a host")]
    [InlineData("folder:\n  facts: { assurance.level: virtul }", 2, "folder.facts.assurance.level", "did you mean 'virtual'?")]
    [InlineData("folder:\n  facts: { 'A b': x }", 2, "folder.facts.A b", "name of a fact")]
    [InlineData("folder:\n  profiles: ['A/B']", 2, "folder.profiles[0]", "name of a profile")]
    [InlineData("anchors:\n  abc: {}", 2, "anchors.abc", "first 16 digits")]
    [InlineData("anchors:\n  00112233445566778899: {}", 2, "anchors.00112233445566778899", "no certificate of this folder has this fingerprint")]
    [InlineData("anchors:\n  FINGERPRINT:\n    provenanc: x", 3, "anchors.FINGERPRINT.provenanc", "did you mean 'provenance'?")]
    [InlineData("anchors:\n  FINGERPRINT:\n    distrusted: { reason: x }", 3, "anchors.FINGERPRINT.distrusted", "needs since")]
    [InlineData("anchors:\n  FINGERPRINT:\n    distrusted: { reason: x, since: soon }", 3, "anchors.FINGERPRINT.distrusted.since", "must be a date")]
    [InlineData("- a", 1, "", "must be a mapping")]
    public void Mistakes_name_line_and_key_and_what_was_meant(string text, int line, string key, string message)
    {
        var mistakes = new Mistakes();

        Load(text.Replace("FINGERPRINT", Fingerprint, StringComparison.Ordinal), mistakes);

        var mistake = mistakes.Errors.Should().ContainSingle().Which;
        mistake.File.Should().EndWith("terms.yaml");
        mistake.Line.Should().Be(line);
        mistake.Key.Should().Be(key.Replace("FINGERPRINT", Fingerprint, StringComparison.Ordinal));
        mistake.Message.Should().Contain(message);
    }

    [Fact]
    public void The_operators_directory_counts_over_the_shipped_one()
    {
        var shipped = Write("shipped", "folder:\n  formats: [ek]\n  expired: ignore", Root);
        var own = Write("own", $"folder:\n  expired: enforce\nanchors:\n  {Fingerprint}:\n    distrusted: {{ reason: ours, since: 2026-01-01 }}");
        var mistakes = new Mistakes();

        var anchor = TrustFolders.Load([shipped, own], mistakes).Anchors(["vendor"]).Anchors.Single();

        mistakes.Errors.Should().BeEmpty();
        anchor.Terms.Formats.Should().Equal("ek");
        anchor.Terms.Expired.Should().Be(ExpiredCertificates.Enforce);
        anchor.Terms.Distrusted!.Reason.Should().Be("ours");
    }

    private AnchorSet Load(string? text, Mistakes? mistakes = null)
    {
        var noted = mistakes ?? new Mistakes();
        var set = TrustFolders.Load([Write("trust", text, Root)], noted).Anchors(["vendor"]);
        if (mistakes is null)
        {
            noted.Errors.Should().BeEmpty();
        }

        return set;
    }

    private string Write(string directory, string? text, params MadeCertificate[] certificates)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, directory, "vendor")).FullName;
        for (var i = 0; i < certificates.Length; i++)
        {
            File.WriteAllText(Path.Combine(folder, $"{i}.pem"), System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", certificates[i].Der));
        }

        if (text is not null)
        {
            File.WriteAllText(Path.Combine(folder, "terms.yaml"), text);
        }

        return Path.GetDirectoryName(folder)!;
    }
}
