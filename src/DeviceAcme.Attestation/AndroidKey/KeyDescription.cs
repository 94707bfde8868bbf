using System.Formats.Asn1;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>Where a key lives, or who says so.</summary>
public enum AndroidSecurityLevel
{
    /// <summary>The operating system alone.</summary>
    Software = 0,

    /// <summary>The trusted execution environment of the main processor.</summary>
    TrustedEnvironment = 1,

    /// <summary>A chip of its own.</summary>
    StrongBox = 2,
}

/// <summary>The attestation extension of a KeyMint or Keymaster key (1.3.6.1.4.1.11129.2.1.17), read completely.</summary>
internal sealed record KeyDescription
{
    public const string Oid = "1.3.6.1.4.1.11129.2.1.17";

    public required int AttestationVersion { get; init; }
    public required AndroidSecurityLevel AttestationSecurityLevel { get; init; }
    public required int KeyMintVersion { get; init; }
    public required AndroidSecurityLevel KeyMintSecurityLevel { get; init; }
    public required ReadOnlyMemory<byte> AttestationChallenge { get; init; }
    public required ReadOnlyMemory<byte> UniqueId { get; init; }

    /// <summary>What the operating system says; proves nothing that a changed system could not say too.</summary>
    public required AuthorizationList SoftwareEnforced { get; init; }

    /// <summary>What the secure hardware enforces (teeEnforced in the older schema).</summary>
    public required AuthorizationList HardwareEnforced { get; init; }

    /// <summary>The lower of the two levels: a description is worth what its signer is worth.</summary>
    public AndroidSecurityLevel SecurityLevel =>
        AttestationSecurityLevel < KeyMintSecurityLevel ? AttestationSecurityLevel : KeyMintSecurityLevel;

    /// <summary>Reads the extension's value.</summary>
    /// <exception cref="MalformedEvidenceException">It is not strict DER of this structure.</exception>
    public static KeyDescription Read(ReadOnlyMemory<byte> der)
    {
        try
        {
            var file = new AsnReader(der, AsnEncodingRules.DER);
            var sequence = file.ReadSequence();
            file.ThrowIfNotEmpty();
            var description = new KeyDescription
            {
                AttestationVersion = Version(sequence, "attestationVersion"),
                AttestationSecurityLevel = Level(sequence, "attestationSecurityLevel"),
                KeyMintVersion = Version(sequence, "keyMintVersion"),
                KeyMintSecurityLevel = Level(sequence, "keyMintSecurityLevel"),
                AttestationChallenge = sequence.ReadOctetString(),
                UniqueId = sequence.ReadOctetString(),
                SoftwareEnforced = AuthorizationList.Read(sequence),
                HardwareEnforced = AuthorizationList.Read(sequence),
            };
            sequence.ThrowIfNotEmpty();
            return description;
        }
        catch (AsnContentException broken)
        {
            throw new MalformedEvidenceException(Reasons.AndroidKeyDescriptionMalformed, $"{Oid}: {broken.Message}");
        }
    }

    private static int Version(AsnReader reader, string name) =>
        reader.TryReadInt32(out var version) && version >= 0 ? version : throw new AsnContentException($"{name} is no small number");

    private static AndroidSecurityLevel Level(AsnReader reader, string name)
    {
        var level = reader.ReadEnumeratedValue<AndroidSecurityLevel>();
        return Enum.IsDefined(level) ? level : throw new AsnContentException($"{name} is {(int)level}, known are 0 to 2");
    }
}
