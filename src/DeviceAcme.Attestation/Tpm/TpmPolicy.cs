namespace DeviceAcme.Attestation.Tpm;

/// <summary>What is decided about <c>tpm</c> evidence beyond its own rules.</summary>
public sealed record TpmPolicy : FormatPolicy
{
    /// <summary>Certificates of attestation keys that are believed no more: lower-case hex SHA-256 of the DER certificate.</summary>
    public IReadOnlySet<string> RevokedAttestationKeys { get; init; } = new HashSet<string>();
}
