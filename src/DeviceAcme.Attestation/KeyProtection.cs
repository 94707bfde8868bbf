namespace DeviceAcme.Attestation;

/// <summary>The fact that says where evidence proves the new key to live.</summary>
public static class KeyProtection
{
    /// <summary>Its name.</summary>
    public const string Fact = "key.protection";

    /// <summary>The value where a device vouches for its new key and nobody for where it is kept: origin is proven, residency is not.</summary>
    public const string OriginOnly = "origin-only";

    /// <summary>The value where the key is known to live in software; only the terms of an anchor say so.</summary>
    public const string Software = "software";

    /// <summary>
    /// True where these facts prove that the key lives in protected hardware. Evidence that says nothing of it proves nothing, so that a format
    /// that forgets the fact is not believed more than it says.
    /// </summary>
    public static bool IsProven(FactSet facts) =>
        facts.Find(Fact) is { Proven: true, Value: FactValue.Text { Value: var value } } && value is not (OriginOnly or Software);
}
