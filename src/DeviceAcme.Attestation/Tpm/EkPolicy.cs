namespace DeviceAcme.Attestation.Tpm;

/// <summary>What the identifier of a TPM is made from (device-attest §3, TCG tcg-on-ekPermIdSha256).</summary>
public enum EkIdentifier
{
    /// <summary>SHA-256 of the DER endorsement certificate: the TCG's own rule. A re-issued certificate is another identifier.</summary>
    Certificate,

    /// <summary>SHA-256 of the endorsement key as DER SubjectPublicKeyInfo (rsaEncryption, or id-ecPublicKey with an uncompressed point).</summary>
    PublicKey,
}

/// <summary>What a profile decides about endorsement keys. The defaults are the strict ones.</summary>
public sealed record EkPolicy
{
    /// <summary>In <see cref="Vendors"/>: every vendor of the TCG's registry, but none of their virtual TPMs.</summary>
    public const string RegisteredVendors = "registered";

    /// <summary>Strict in everything: a certificate of a registered hardware vendor, identified by that certificate.</summary>
    public static EkPolicy Strict { get; } = new();

    /// <summary>
    /// Endorsement keys that are accepted whoever certified them: lower-case hex SHA-256 of the certificate or of the public key in the form
    /// of <see cref="EkIdentifier.PublicKey"/>. The activation stays; a broken key stays refused.
    /// </summary>
    public IReadOnlyCollection<string> Allow { get; init; } = [];

    /// <summary>What the identifier is made from.</summary>
    public EkIdentifier Identifier { get; init; } = EkIdentifier.Certificate;

    /// <summary>
    /// Vendors whose TPMs are accepted, as <see cref="TryReadVendor"/> gives them: <see cref="RegisteredVendors"/>, or eight upper-case hex
    /// digits of the vendor id. Software TPMs, test ids, unregistered ids and virtual TPMs are accepted only where the list names their id.
    /// </summary>
    public IReadOnlyCollection<string> Vendors { get; init; } = [RegisteredVendors];

    /// <summary>Certificates past their end are accepted and named: a TPM outlives the dates that its vendor wrote.</summary>
    public bool TolerateExpired { get; init; }

    /// <summary>
    /// Reads a vendor as people write it: <c>registered</c>, a short name of the TCG's registry (<c>IFX</c>), or <c>id:XXXXXXXX</c>
    /// (<c>id:00001014</c> is swtpm).
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="vendor">The entry for <see cref="Vendors"/>.</param>
    public static bool TryReadVendor(string text, out string vendor)
    {
        vendor = text == RegisteredVendors ? text : TpmVendors.Read(text)?.Id ?? TpmVendors.IdOf(text) ?? "";
        return vendor.Length > 0;
    }

    /// <summary>The short names of the registry, for messages.</summary>
    public static IEnumerable<string> RegisteredNames => TpmVendors.Names;
}
