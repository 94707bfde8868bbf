using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.AndroidKey;

internal enum VerifiedBootState
{
    Verified = 0,
    SelfSigned = 1,
    Unverified = 2,
    Failed = 3,
}

/// <summary>What the bootloader told the secure hardware about the start.</summary>
/// <param name="VerifiedBootKey">Digest or key that verified the system; zeros where nothing did.</param>
/// <param name="VerifiedBootHash">Null before version 3 of the schema.</param>
internal sealed record RootOfTrust(
    ReadOnlyMemory<byte> VerifiedBootKey, bool DeviceLocked, VerifiedBootState State, byte[]? VerifiedBootHash)
{
    /// <summary>Throws <see cref="AsnContentException"/>.</summary>
    public static RootOfTrust Read(AsnReader parent)
    {
        var sequence = parent.ReadSequence();
        var key = sequence.ReadOctetString();
        var locked = LenientBoolean.Read(sequence);
        var state = sequence.ReadEnumeratedValue<VerifiedBootState>();
        var hash = sequence.HasData ? sequence.ReadOctetString() : null;
        sequence.ThrowIfNotEmpty();
        return Enum.IsDefined(state)
            ? new RootOfTrust(key, locked, state, hash)
            : throw new AsnContentException($"verifiedBootState is {(int)state}, known are 0 to 3");
    }
}
