namespace DeviceAcme.Core.Profiles;

/// <summary>The <c>certificate:</c> part of a profile.</summary>
public sealed record CertificateTemplate
{
    public required TimeSpan Validity { get; init; }
}
