namespace DeviceAcme.Attestation;

/// <summary>Thrown by parsers, caught where the parsing step is recorded as a failed check; it never leaves the library.</summary>
internal sealed class MalformedEvidenceException(Reason reason, string found) : Exception(found)
{
    public Reason Reason { get; } = reason;
}
