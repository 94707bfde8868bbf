using DeviceAcme.Attestation.Tpm;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>attestation.ek:</c>, what a profile says of TPMs that ask for a certificate of their attestation key.</summary>
internal static class EkSection
{
    internal static readonly string[] Known = ["allow", "identifier", "vendors"];

    private const int HashDigits = 64;

    /// <param name="node">The section.</param>
    /// <param name="tolerateExpired">What the section around it says of certificates past their end.</param>
    public static EkPolicy Read(ProfileNode node, bool tolerateExpired)
    {
        var properties = node.Properties(Known);
        return new EkPolicy
        {
            Allow = properties.TryGetValue("allow", out var allow) ? Hashes(allow) : EkPolicy.Strict.Allow,
            Identifier = properties.TryGetValue("identifier", out var identifier)
                ? identifier.Choice(new Dictionary<string, EkIdentifier> { ["certificate"] = EkIdentifier.Certificate, ["public-key"] = EkIdentifier.PublicKey })
                : EkPolicy.Strict.Identifier,
            Vendors = properties.TryGetValue("vendors", out var vendors) ? Vendors(vendors) : EkPolicy.Strict.Vendors,
            TolerateExpired = tolerateExpired,
        };
    }

    // as openssl and tpm2-tools print them: hex in either case, with or without colons
    private static IReadOnlyCollection<string> Hashes(ProfileNode list)
    {
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (text, item) in list.Texts())
        {
            var digits = text.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
            if (digits.Length != HashDigits || !digits.All(char.IsAsciiHexDigitLower))
            {
                item.Mistake(
                    $"must be the SHA-256 of an endorsement certificate or of its public key (DER SubjectPublicKeyInfo), {HashDigits} hex digits; found '{text}'");
            }
            else if (!hashes.Add(digits))
            {
                item.Mistake($"'{text}' is there twice");
            }
        }

        return hashes;
    }

    private static IReadOnlyCollection<string> Vendors(ProfileNode list)
    {
        var vendors = new HashSet<string>(StringComparer.Ordinal);
        var texts = list.Texts();
        foreach (var (text, item) in texts)
        {
            if (!EkPolicy.TryReadVendor(text, out var vendor))
            {
                string[] known = [EkPolicy.RegisteredVendors, .. EkPolicy.RegisteredNames];
                item.Mistake(
                    $"must be '{EkPolicy.RegisteredVendors}', a vendor of the TCG's registry such as IFX, or an id such as id:00001014 (swtpm); found '{text}'; {NearestName.Hint(text, known)}");
            }
            else if (!vendors.Add(vendor))
            {
                item.Mistake($"'{text}' names a vendor that is there already");
            }
        }

        if (texts.Count == 0)
        {
            list.Mistake("must name a vendor: an empty list accepts no endorsement certificate");
        }

        return vendors;
    }
}
