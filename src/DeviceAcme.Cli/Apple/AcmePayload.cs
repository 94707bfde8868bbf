using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple;

/// <summary>What a device must be told to get a certificate of a profile: the keys that a configuration profile and a declaration share.</summary>
internal sealed record AcmePayload
{
    public required string DirectoryUrl { get; init; }

    public required DeviceNames Device { get; init; }

    public required CertificateProfile Profile { get; init; }

    /// <summary>Bits of the key on a NIST curve.</summary>
    public required int KeySize { get; init; }

    /// <summary>Set where the device management wants a word of its own in the subject.</summary>
    public string? RenewalMarker { get; init; }

    /// <summary>Plans a payload; the key is the first that the profile certifies and the Secure Enclave can make, unless one is wished.</summary>
    /// <exception cref="CommandFailure">The profile is not for Apple devices.</exception>
    public static AcmePayload For(CertificateProfile profile, string directoryUrl, DeviceNames device, int? keySize, MdmService? mdm)
    {
        if (!profile.Attestation.Formats.Contains("apple"))
        {
            throw new CommandFailure($"profile {profile.Name} takes no apple evidence", profile.Attestation.Formats.Count == 0 ? "it takes none at all" : "it takes " + string.Join(", ", profile.Attestation.Formats));
        }

        var possible = profile.Certificate.Keys.Where(AppleKey.AttestedKeys.ContainsKey).Select(key => AppleKey.AttestedKeys[key]).ToArray();
        if (possible.Length == 0)
        {
            throw new CommandFailure($"profile {profile.Name} certifies {string.Join(", ", profile.Certificate.Keys)}; Apple attests ec-p256 and ec-p384 only");
        }

        if (keySize is { } wished && !possible.Contains(wished))
        {
            throw new WrongUse($"--key-size {wished}: profile {profile.Name} and Apple's hardware leave {string.Join(" or ", possible)}");
        }

        return new AcmePayload
        {
            DirectoryUrl = directoryUrl,
            Device = device,
            Profile = profile,
            KeySize = keySize ?? possible[0],
            RenewalMarker = mdm?.RenewalMarker,
        };
    }

    /// <summary>The keys, in the order of Apple's schema.</summary>
    public IReadOnlyList<KeyValuePair<string, PlistValue>> Keys() =>
    [
        new(AppleKey.DirectoryUrl, new PlistValue.Text(DirectoryUrl)),
        new(AppleKey.ClientIdentifier, new PlistValue.Text(Device.ClientIdentifier)),
        new(AppleKey.KeySize, new PlistValue.Integer(KeySize)),
        new(AppleKey.KeyType, new PlistValue.Text(AppleKey.EllipticCurve)),
        new(AppleKey.HardwareBound, new PlistValue.Flag(true)),
        new(AppleKey.Subject, Subject()),
        .. Signs ? [new(AppleKey.UsageFlags, new PlistValue.Integer(AppleKey.SigningFlag))] : Array.Empty<KeyValuePair<string, PlistValue>>(),
        new(AppleKey.ExtendedKeyUsage, new PlistValue.Array([.. Profile.Certificate.ExtendedKeyUsage.Select(oid => new PlistValue.Text(oid))])),
        new(AppleKey.Attest, new PlistValue.Flag(true)),
    ];

    /// <summary>The subject as far as it is known now, in X.500's order: the profile writes it in that of RFC 4514.</summary>
    public static IReadOnlyList<IReadOnlyList<(string Name, string Value)>> KnownSubject(CertificateProfile profile, DeviceNames device) =>
    [
        .. profile.Certificate.Subject.Reverse()
            .Select(rdn => rdn.Select(attribute => (Name: ShortName(attribute.Type), Value: device.Fill(attribute.Value))).ToArray())
            .Where(rdn => rdn.All(attribute => attribute.Value is not null))
            .Select(rdn => rdn.Select(attribute => (attribute.Name, attribute.Value!)).ToArray()),
    ];

    /// <summary>The name that Apple knows, or the OID.</summary>
    public static string ShortName(AttributeType type) => AppleKey.SubjectNames.Contains(type.Name) ? type.Name : type.Oid;

    private bool Signs => Profile.Certificate.KeyUsage.HasFlag(KeyUsages.DigitalSignature);

    // The key must be there and its value is a wish: the server writes the subject that the profile says. So what is not known yet is left out.
    private PlistValue.Array Subject()
    {
        var rdns = KnownSubject(Profile, Device).ToList();
        if (rdns.Count == 0)
        {
            rdns.Add([("CN", Device.ClientIdentifier)]);
        }

        if (RenewalMarker is not null)
        {
            rdns.Insert(0, [("OU", RenewalMarker)]);
        }

        return new PlistValue.Array([.. rdns.Select(rdn => new PlistValue.Array(
            [.. rdn.Select(attribute => new PlistValue.Array([new PlistValue.Text(attribute.Name), new PlistValue.Text(attribute.Value)]))]))]);
    }
}
