using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Attestation;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary>The recorded evidence, item by item and check by check, through the command that people use.</summary>
[Needs("shared")]
public sealed class VerifyCorpusTests
{
    private static readonly string[] Strangers =
    [
        // what another implementation does
        "strict RFC 5280 validation by OpenSSL",
        // no policy allows it here
        "policy that allows self attestation",
        // its facts are compared elsewhere
        "parsing only: extract attested properties",
    ];

    /// <summary>Checks that the corpus contradicts itself on, or that are decided otherwise here; each with the reason.</summary>
    private static readonly Dictionary<(string Id, string With), string> Otherwise = new()
    {
        // its extraData is 32 zero bytes: that is the right value for this one
        [("s-tpm-signed-08", "expected extraData = 32 zero bytes")] = "",
        // the specification's own vector certifies a key that may leave its TPM: right for WebAuthn, never for us
        [("s-webauthn-tpm-01", "only when the synthetic anchor of this item is trusted")] = "key-attributes-rejected",
        // its root allows no intermediate below it, and there is one
        [("s-webauthn-android-key-04", "")] = "certificate-profile",
        [("s-webauthn-android-key-04", "expected client data hash = 32 zero bytes")] = "certificate-profile",
        // the subject of its attestation certificate is its own, so that another one is no issuer at all
        [("s-yubikey-piv-06", "f9 certificate of another YubiKey")] = "chain-broken",
        [("s-yubikey-piv-07", "f9 certificate of another YubiKey")] = "chain-broken",
        // its root allows no intermediate below it, and there is one; it has no serial number besides
        [("s-yubikey-piv-03", "")] = "certificate-profile",
        [("s-yubikey-piv-03", "expected device serial 1")] = "certificate-profile",
        // no other attestation certificate of this name is as old
        [("s-yubikey-piv-03", "f9 certificate of another YubiKey")] = "chain-not-yet-valid",
        // nothing tells that its unknown issuer is a root
        [("s-idevid-04", "real vendor roots only")] = "chain-incomplete",
        [("s-idevid-04", "trust store without 0569ab4f15432464")] = "chain-incomplete",
    };

    public static TheoryData<string, int> Checks
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var item in Corpus.Items)
            {
                for (var i = 0; i < item.Checks.Count(); i++)
                {
                    data.Add(item.Id, i);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Variants => [.. Corpus.Variants.Select(variant => variant.Id)];

    [Theory, MemberData(nameof(Checks))]
    public async Task Each_check_of_each_item_has_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        if (Strangers.Any(stranger => check.With?.StartsWith(stranger, StringComparison.Ordinal) == true))
        {
            return;
        }

        using var arguments = VerifyArguments.Of(item, check);
        var ran = await Verify.RunJson(arguments.All);

        var expected = check.Reason == "chain-not-yet-valid" ? check.Reason : Otherwise.GetValueOrDefault((id, check.With ?? "")) ?? (check.Accept ? "" : check.Reason);
        ran.Code.Should().Be(expected.Length > 0 ? 1 : arguments.AllBindings ? 0 : 3, ran.ToString());
        (ran.Class ?? "").Should().Be(expected, ran.ToString());
        ran.Verdict.Should().Be(ran.Code switch { 0 => "accepted", 1 => "refused", _ => "incomplete" });
    }

    [Theory, MemberData(nameof(Variants))]
    public async Task Each_broken_variant_is_refused_with_its_class(string id)
    {
        var variant = Corpus.Variant(id);
        using var arguments = VerifyArguments.OfVariant(variant, Corpus.Item(variant.Base));

        var ran = await Verify.RunJson(arguments.All);

        ran.Code.Should().Be(1, ran.ToString());
        variant.Expected.Classes.Should().Contain(ran.Class, ran.ToString());
    }
}
