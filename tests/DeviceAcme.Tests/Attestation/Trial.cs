using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using FluentAssertions;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Valid evidence of fake vendors, and how it is judged: tests change one thing.</summary>
internal static class Trial
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    public static readonly FakeVendors Vendors = new("attestation tests");
    public static readonly AppleMaker Apple = new(Vendors.Apple, Now);
    public static readonly FakeTpm FakeTpm = new(Vendors.Tpm);
    public static readonly TpmMaker Tpm = new(FakeTpm, Now);

    public static readonly AndroidMaker Android = new(Vendors.Android, Now);

    /// <summary>RSA, a HardwareModuleName, no end.</summary>
    public static readonly IdevidMaker Printer = new(IdevidDevice.Printer(Vendors.Idevid), Now);

    /// <summary>P-256, a serial number in the subject alone, expired; <see cref="Anchors"/> excuse that and name the type.</summary>
    public static readonly IdevidMaker Module = new(IdevidDevice.IotModule(Vendors.Idevid), Now);

    public static readonly YubiKeyMaker YubiKey = new(Vendors.YubiKey, Now);

    public static readonly PackedMaker Packed = new(Vendors.Authenticator, Now);

    /// <summary>Fetched an hour ago, and nobody that we know is on it.</summary>
    public static readonly AndroidPolicy AndroidPolicy = new() { StatusList = StatusListOf("0123456789abcdef", Vendors.Android.LeakedSerial) };

    /// <summary>What the operator says of the module's manufacturer.</summary>
    public static AnchorTerms ModuleTerms => new() { HardwareType = IdevidVendor.ModuleType, Expired = ExpiredCertificates.Ignore };

    public static readonly AnchorSet Anchors = AnchorSet.Parse(
        Vendors.Anchors.Select(anchor => (anchor.File, new ReadOnlyMemory<byte>(anchor.Certificate))))
        .WithTerms(anchor => anchor.Subject.Contains(IdevidVendor.ModuleRootName, StringComparison.Ordinal) ? (ModuleTerms, null) : null, AnchorTerms.Unlimited);

    public static Evidence Evidence(byte[] attestationObject, string identifier, string? fact = null) => new()
    {
        AttestationObject = attestationObject,
        Token = ChallengeMaterial.Sample.Token,
        KeyAuthorization = ChallengeMaterial.Sample.KeyAuthorization,
        Identifier = new ExpectedIdentifier("permanent-identifier", identifier, fact),
        Formats = AttestationFormats.Names.ToList(),
        Anchors = Anchors,
        Now = Now,
        Policies = [AndroidPolicy],
    };

    public static Evidence Evidence(MadeEvidence made, string? fact = null) => Evidence(made.AttestationObject, made.Identifier, fact) with
    {
        Identifier = new ExpectedIdentifier(made.IdentifierType, made.Identifier, fact),
    };

    public static Verdict Verify(MadeEvidence made) => AttestationVerifier.Verify(Evidence(made));

    /// <summary>The order names the device that the maker would attest without the fault.</summary>
    public static Verdict Verify(AppleMaker maker) => Verify(maker.Make());

    public static Verdict Verify(TpmMaker maker) => Verify(maker.Make());

    public static Verdict Verify(AndroidMaker maker) => Verify(maker.Make());

    public static Verdict Verify(IdevidMaker maker) => Verify(maker.Make());

    public static Verdict Verify(YubiKeyMaker maker) => Verify(maker.Make());

    public static Verdict Verify(PackedMaker maker) => Verify(maker.Make());

    /// <summary>A status list as Google publishes it, with these serial numbers.</summary>
    public static StatusList StatusListOf(params string[] serials)
    {
        var entries = string.Join(",", serials.Select(serial => $"\"{serial}\":{{\"status\":\"REVOKED\",\"reason\":\"KEY_COMPROMISE\"}}"));
        StatusList.TryParse(System.Text.Encoding.UTF8.GetBytes($"{{\"entries\":{{{entries}}}}}"), Now.AddHours(-1), out var list, out var problem)
            .Should().BeTrue(problem);
        return list!;
    }

    public static void ShouldAccept(this Verdict verdict)
    {
        verdict.Outcome.Should().Be(VerdictOutcome.Accepted, Explain(verdict));
        verdict.Device.Should().NotBeNull();
        verdict.Reason.Should().BeNull();
    }

    public static void ShouldRefuse(this Verdict verdict, Reason reason)
    {
        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        verdict.Reason!.Code.Should().Be(reason.Code, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    public static Check Check(this Verdict verdict, string name) => verdict.Checks.Single(check => check.Name == name);

    public static string? Fact(this Verdict verdict, string name) => verdict.Facts.Find(name)?.Value.ToString();

    public static string Explain(Verdict verdict) =>
        string.Join("; ", verdict.Checks.Select(check => $"{check.Name} {check.Outcome} {check.Reason?.Code} ({check.Found})"))
            .Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}
