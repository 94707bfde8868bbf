using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class AndroidKeyVerifierTests
{
    private static readonly string[] AllFacts =
    [
        "android.attestation-version", "android.boot-patch-level", "android.bootloader-locked", "android.device", "android.keymint-version",
        "android.no-auth-required", "android.origin", "android.os-patch-level", "android.packages", "android.product", "android.provisioning",
        "android.provisioning-certificates-issued", "android.purposes", "android.security-level", "android.status-list-age-seconds",
        "android.vendor-patch-level", "android.verified-boot", "android.verified-boot-hash", "android.verified-boot-key",
        "attestation.certificate-sha256", "device.brand", "device.imei", "device.manufacturer", "device.model", "device.serial",
        "key.algorithm", "key.protection", "os.version",
    ];

    private static readonly AndroidMaker StrongBox = Android with { Device = AndroidDevice.Phone() with { StrongBox = true } };

    public static TheoryData<string> RefusedFaults => [.. Enum.GetValues<AndroidFault>().Where(fault => fault != AndroidFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_genuine_attestation_of_a_phone_is_accepted_with_all_its_facts()
    {
        var made = Android.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Format.Should().Be("android-key");
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        verdict.Device.Identifier.Should().Be("SIMANDROID01");
        verdict.Device.Binding.Should().Be(FreshnessBinding.KeyAuthorization);
        verdict.Facts.All.Select(fact => fact.Name).Should().Equal(AllFacts);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Fact("android.security-level").Should().Be("trusted-environment");
        verdict.Fact("android.verified-boot").Should().Be("verified");
        verdict.Fact("android.bootloader-locked").Should().Be("true");
        verdict.Fact("android.origin").Should().Be("generated");
        verdict.Fact("android.purposes").Should().Be("sign, verify");
        verdict.Fact("android.os-patch-level").Should().Be("202611");
        verdict.Fact("android.provisioning-certificates-issued").Should().Be("32");
        verdict.Fact("android.status-list-age-seconds").Should().Be("3600");
        verdict.Fact("os.version").Should().Be("16.0.0");
        verdict.Fact("key.algorithm").Should().Be("EC P-256");
        verdict.Fact("key.protection").Should().Be("trusted-environment");
    }

    [Fact]
    public void The_checks_stand_in_their_order() =>
        Verify(Android).Checks.Select(check => check.Name).Should().Equal(
            "attestation-object", "format", "statement", "attestation-certificate", "chain", "anchor-validity", "status-list", "key-description",
            "freshness", "key", "signature", "security-level", "key-attributes", "boot-state", "identifier");

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<AndroidFault>(name);
        var verdict = Verify(Android.With(fault));

        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    [Fact]
    public void What_a_key_swap_attests_is_the_other_key()
    {
        var made = Android.With(AndroidFault.KeySwap).Make();

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().NotEqual(made.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void StrongBox_satisfies_a_profile_that_asks_for_it_and_the_main_processor_does_not()
    {
        var policy = Trial.AndroidPolicy with { MinimumSecurityLevel = AndroidSecurityLevel.StrongBox };

        AttestationVerifier.Verify(Evidence(StrongBox.Make()) with { Policies = [policy] }).ShouldAccept();
        Verify(StrongBox).Fact("key.protection").Should().Be("strongbox");
        AttestationVerifier.Verify(Evidence(Android.Make()) with { Policies = [policy] }).ShouldRefuse(Reasons.AndroidSecurityLevelTooLow);
    }

    [Fact]
    public void RSA_and_P384_keys_are_accepted_and_so_is_a_chain_without_sig_or_without_root()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Verify(Android.Make(ChallengeMaterial.Sample, rsa)).ShouldAccept();
        Verify(Android.Make(ChallengeMaterial.Sample, ec)).ShouldAccept();
        Verify(Android with { Signs = false }).ShouldAccept();
        Verify(Android with { PresentsRoot = false }).ShouldAccept();
    }

    [Fact]
    public void A_profile_may_accept_an_unlocked_phone_and_reads_so()
    {
        var made = Android.With(AndroidFault.Unlocked).Make();
        var verdict = AttestationVerifier.Verify(Evidence(made) with { Policies = [Trial.AndroidPolicy with { RequireVerifiedBoot = false }] });

        verdict.ShouldAccept();
        verdict.Fact("android.bootloader-locked").Should().Be("false");
        verdict.Check("boot-state").Found.Should().Contain("warning");
    }

    [Theory]
    [InlineData(nameof(AndroidFault.ExpiredLeaf))]
    [InlineData(nameof(AndroidFault.ExpiredIntermediate))]
    public void An_expired_certificate_is_tolerated_only_where_the_profile_says_so(string fault)
    {
        var evidence = Evidence(Android.With(Enum.Parse<AndroidFault>(fault)).Make());

        AttestationVerifier.Verify(evidence).ShouldRefuse(Reasons.ChainExpired);
        AttestationVerifier.Verify(evidence with { Policies = [Trial.AndroidPolicy with { TolerateExpired = true }] }).ShouldAccept();
    }

    [Fact]
    public void A_serial_number_that_only_the_operating_system_says_is_named_and_not_believed()
    {
        var verdict = Verify(Android.With(AndroidFault.SoftwareSerial));

        verdict.ShouldRefuse(Reasons.IdentifierMissing);
        verdict.Check("identifier").Advice.Should().Contain("operating system");
        verdict.Facts.Find("device.serial").Should().BeNull();
    }

    [Fact]
    public void The_order_may_name_the_IMEI() =>
        AttestationVerifier.Verify(Evidence(Android.Make().AttestationObject, "356938035643809", "device.imei")).ShouldAccept();

    [Fact]
    public void Facts_of_a_software_key_and_of_a_revoked_chain_are_unproven()
    {
        Verify(Android.With(AndroidFault.SoftwareKey)).Facts.Find("device.serial")!.Proven.Should().BeFalse();
        var revoked = AttestationVerifier.Verify(Evidence(Android.Make()) with { Policies = [new AndroidPolicy { StatusList = StatusListOf("1") }] });
        revoked.Facts.Find("device.serial")!.Proven.Should().BeFalse();
    }

    [Fact]
    public void A_hashed_challenge_is_refused_and_named() =>
        Verify(Android.With(AndroidFault.HashedChallenge)).Check("freshness").Advice.Should().Contain("octets as they are");

    [Theory]
    [InlineData(1, "")]
    [InlineData(1, "000")]
    [InlineData(2, "")]
    [InlineData(3, "00")]
    public void A_revoked_certificate_anywhere_in_the_chain_is_refused_however_the_list_writes_it(int place, string zeros)
    {
        var made = Android.Make();
        DeviceAcme.Attestation.X509.Certificate.TryRead(made.Chain[place], out var certificate, out _);
        var serial = zeros + Convert.ToHexStringLower(certificate!.SerialNumber.Span).TrimStart('0');

        AttestationVerifier.Verify(Evidence(made) with { Policies = [new AndroidPolicy { StatusList = StatusListOf("ab", serial) }] })
            .ShouldRefuse(Reasons.AndroidCertificateRevoked);
    }

    [Fact]
    public void A_stale_list_is_refused_or_accepted_as_the_profile_says_but_what_it_lists_stays_refused()
    {
        var stale = Trial.AndroidPolicy with { StatusListMaxAge = TimeSpan.FromMinutes(10), AcceptWithoutStatusList = true };
        var evidence = Evidence(Android.Make());

        AttestationVerifier.Verify(evidence with { Policies = [stale] }).ShouldAccept();
        AttestationVerifier.Verify(evidence with { Policies = [stale with { AcceptWithoutStatusList = false }] }).ShouldRefuse(Reasons.AndroidStatusListStale);
        AttestationVerifier.Verify(evidence with { Policies = [stale with { StatusList = StatusListOf("1") }] }).ShouldRefuse(Reasons.AndroidCertificateRevoked);
        AttestationVerifier.Verify(evidence with { Policies = [stale with { StatusList = null }] }).ShouldAccept();
    }

    [Theory]
    [InlineData("{}", "entries")]
    [InlineData("[]", "entries")]
    [InlineData("{\"entries\":{\"xyz\":{\"status\":\"REVOKED\"}}}", "hex")]
    [InlineData("{\"entries\":{\"ab\":{}}}", "status")]
    [InlineData("{\"entries\":", "JSON")]
    public void A_status_list_that_is_broken_anywhere_is_none(string json, string expected)
    {
        StatusList.TryParse(Encoding.UTF8.GetBytes(json), Now, out var list, out var problem).Should().BeFalse();

        list.Should().BeNull();
        problem.Should().Contain(expected);
    }

    [Fact]
    public void Unknown_authorizations_are_named_and_skipped()
    {
        var description = KeyDescription.Read(Written(new AuthorizationFields().Number(702, 0).Number(725, 1).Octets(9999, [1])));

        description.HardwareEnforced.Unknown.Should().Equal(725, 9999);
        description.HardwareEnforced.Number(AndroidTag.Origin).Should().Be(0);
    }

    [Fact]
    public void The_variant_of_an_ML_DSA_key_and_numbers_of_64_bits_are_read()
    {
        var never = Convert.FromHexString("020900ffffffffffffffff");
        var description = KeyDescription.Read(Written(new AuthorizationFields().Number(2, 4).Number(11, 1).Add(402, never)));

        description.HardwareEnforced.Number(AndroidTag.MlDsaVariant).Should().Be(1);
        description.HardwareEnforced.Has(AndroidTag.UsageExpireDateTime).Should().BeTrue();
        description.HardwareEnforced.Number(AndroidTag.UsageExpireDateTime).Should().BeNull("it does not fit");
    }

    [Fact]
    public void Descriptions_with_any_octets_changed_are_read_or_named_as_malformed()
    {
        var good = Written(new AuthorizationFields()
            .Set(1, 2, 3).Number(702, 0).Number(705, 160000).Text(713, "SERIAL")
            .Add(704, KeyDescriptionWriter.RootOfTrustValue(new byte[32], true, 0, new byte[32]))
            .Octets(709, KeyDescriptionWriter.ApplicationIdValue("org.example", 1, new byte[32])));
        Prop.ForAll<byte[], uint, bool>((splice, at, insert) =>
        {
            var start = (int)(at % (uint)good.Length);
            byte[] changed = insert
                ? [.. good[..start], .. splice, .. good[start..]]
                : [.. good[..start], .. splice, .. good.Skip(start + splice.Length)];
            try
            {
                var description = KeyDescription.Read(changed);
                AndroidFacts.Read(description, null).Should().NotBeEmpty();
            }
            catch (MalformedEvidenceException malformed)
            {
                malformed.Reason.Should().Be(Reasons.AndroidKeyDescriptionMalformed);
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static byte[] Written(AuthorizationFields hardware) => KeyDescriptionWriter.Write(1, 1, [1], new AuthorizationFields(), hardware);
}
