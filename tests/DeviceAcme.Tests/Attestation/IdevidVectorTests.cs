using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The test vectors of docs/idevid-format.md; <c>UPDATE_DOCS=1 ./dev test IdevidVector</c> writes them anew.</summary>
public sealed class IdevidVectorTests
{
    private const string Begin = "<!-- written by IdevidVectorTests -->\n";
    private const string End = "<!-- end -->\n";
    private static readonly string PagePath = Path.Combine(RepositoryFiles.Root, "docs", "idevid-format.md");
    private static readonly DateTimeOffset JudgedAt = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_page_has_what_the_simulator_makes()
    {
        var page = File.ReadAllText(PagePath);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var expected = Make();

        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(PagePath, page[..begin] + expected + page[end..]);
            return;
        }

        page[begin..end].Should().Be(expected, "UPDATE_DOCS=1 ./dev test IdevidVector writes it anew");
    }

    [Theory, InlineData("printer"), InlineData("module")]
    public void The_verifier_accepts_what_the_page_shows(string device)
    {
        var values = Read();
        var anchors = AnchorSet.Parse([("root", Convert.FromHexString(values[$"{device}: root certificate"]))])
            .WithTerms(_ => null, new AnchorTerms { Expired = ExpiredCertificates.Ignore, HardwareType = IdevidVendor.ModuleType });
        var evidence = new Evidence
        {
            AttestationObject = Convert.FromHexString(values[$"{device}: attestation object"]),
            Token = values["token"],
            KeyAuthorization = values["key authorization"],
            Identifier = new ExpectedIdentifier("hardware-module", values[$"{device}: identifier"], null),
            Formats = ["deviceacme-idevid"],
            Anchors = anchors,
            Now = JudgedAt,
        };

        var verdict = AttestationVerifier.Verify(evidence);

        verdict.ShouldAccept();
        Convert.ToHexStringLower(verdict.Device!.PublicKey.Span).Should().Be(values["key"]);
        Convert.ToHexStringLower(DeviceAcme.Attestation.Idevid.IdevidBinding.Of(values["key authorization"], verdict.Device.PublicKey.Span)).Should().Be(values["binding"]);
        values[$"{device}: attestation object"].Should().Contain(values[$"{device}: sig"]);
        AttestationVerifier.Verify(evidence with { KeyAuthorization = values["token"] }).ShouldRefuse(Reasons.IdevidSignatureInvalid);
    }

    /// <summary>The values of the page by their names, their lines joined.</summary>
    private static Dictionary<string, string> Read()
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var page = File.ReadAllText(PagePath);
        string? name = null;
        foreach (var line in page[page.IndexOf(Begin, StringComparison.Ordinal)..].Split('\n').Where(line => line.Length > 0 && line[0] is not ('<' or '`')))
        {
            if (line[0] == ' ')
            {
                values[name!] += line.Trim();
            }
            else
            {
                name = line;
                values[name] = "";
            }
        }

        return values;
    }

    private static string Make()
    {
        var seed = new Seed("docs/idevid-format.md");
        var vendor = new IdevidVendor(seed);
        var key = seed.Key("new key", EcDomain.P256);
        var challenge = ChallengeMaterial.Sample;
        var binding = IdevidMaker.Binding(challenge.KeyAuthorization, key.PublicKey);
        var text = new StringBuilder("```\n");
        Add("token", challenge.Token);
        Add("key authorization", challenge.KeyAuthorization);
        Add("key", Hex(key.PublicKey));
        Add("binding", Hex(binding));
        foreach (var (name, device) in new[] { ("module", IdevidDevice.IotModule(vendor)), ("printer", IdevidDevice.Printer(vendor)) })
        {
            Add($"{name}: identifier", device.Identifier);
            Add($"{name}: sig", Hex(device.Sign(binding)));
            Add($"{name}: attestation object", Hex(new IdevidMaker(device, JudgedAt).Make(challenge, key.Algorithm).AttestationObject));
            Add($"{name}: root certificate", Hex(device.Root.Certificate));
        }

        return text.Append("```\n").ToString();

        void Add(string name, string value)
        {
            text.Append(name).Append('\n');
            foreach (var line in value.Chunk(128))
            {
                text.Append("  ").Append(line).Append('\n');
            }
        }
    }

    private static string Hex(byte[] octets) => Convert.ToHexStringLower(octets);
}
