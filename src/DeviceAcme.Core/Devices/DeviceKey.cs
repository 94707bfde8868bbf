using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>One name of a device: what it is and its value, octet for octet. No two devices share one.</summary>
internal readonly record struct DeviceKey(string Kind, string Value)
{
    public const string Serial = "serial";
    public const string Udid = "udid";
    public const string Imei = "imei";
    public const string Meid = "meid";

    /// <summary>Lower-case hex SHA-256 of a TPM's endorsement certificate or public key, as its PermanentIdentifier has it.</summary>
    public const string EndorsementKey = "ek";

    /// <summary>What people and MDMs call it; evidence never proves it.</summary>
    public const string HostName = "host";

    // TCG EK credential profile: the assigner of identifiers that are made from endorsement keys
    private const string EndorsementKeyAssigner = "/2.23.133.12.1";

    private const string TpmName = "tpm.permanent-identifier";

    private const int LongestValue = 255;

    /// <summary>Every kind that the ledger keeps.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        [Serial, Udid, Imei, Meid, EndorsementKey, AcmeIdentifier.HardwareModule, AcmeIdentifier.PermanentIdentifier, HostName];

    // which kind a fact's value is; what is not here is known as it was ordered
    private static readonly (string Fact, string Kind)[] Proven =
    [
        ("device.serial", Serial), ("device.udid", Udid), ("device.imei", Imei), ("device.second-imei", Imei), ("device.meid", Meid),
        ("idevid.hardware-module", AcmeIdentifier.HardwareModule), ("tpm.hardware-module", AcmeIdentifier.HardwareModule),
    ];

    /// <summary>Whether evidence can prove names of this kind.</summary>
    public static bool IsProvable(string kind) => kind != HostName;

    /// <summary>The names that accepted evidence proves by itself, whatever was ordered.</summary>
    public static IReadOnlyList<DeviceKey> Of(FactSet facts)
    {
        // the name of a TPM is that of its attestation key's certificate, the same as where it is ordered
        IEnumerable<DeviceKey> keys = TextOf(facts, TpmName) is { } tpm ? Of(new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, tpm), null, null) : [];
        return [.. keys.Concat(Proven.Select(proven => (proven.Kind, Text: TextOf(facts, proven.Fact))).Where(name => name.Text is not null).Select(name => new DeviceKey(name.Kind, name.Text!))).Distinct()];
    }

    /// <summary>The names of an ordered device.</summary>
    /// <param name="proves">The fact that the ordered value must equal.</param>
    /// <param name="facts">What accepted evidence proves, for its other names; null for the ordered ones alone.</param>
    public static IReadOnlyList<DeviceKey> Of(AcmeIdentifier ordered, string? proves, FactSet? facts)
    {
        var keys = new List<DeviceKey> { new(ordered.Type, ordered.Value) };
        Add(Proven.FirstOrDefault(proven => proven.Fact == proves).Kind, ordered.Value);
        if (ordered.Value.EndsWith(EndorsementKeyAssigner, StringComparison.Ordinal))
        {
            Add(EndorsementKey, ordered.Value[..^EndorsementKeyAssigner.Length]);
        }

        foreach (var (fact, kind) in Proven)
        {
            if (facts is not null && TextOf(facts, fact) is { } text)
            {
                Add(kind, text);
            }
        }

        return keys;

        void Add(string? kind, string value)
        {
            if (kind is not null && !keys.Contains(new DeviceKey(kind, value)))
            {
                keys.Add(new DeviceKey(kind, value));
            }
        }
    }

    /// <summary>What is wrong with a name that somebody wrote; null where nothing is.</summary>
    public string? Mistake() =>
        !Kinds.Contains(Kind) ? $"'{Kind}' is no kind of identifier; {Profiles.NearestName.Hint(Kind, Kinds)}"
        : Value.Length is 0 or > LongestValue || Value.Any(char.IsControl) ? $"{Kind}: expected 1 to {LongestValue} characters without control characters"
        : Kind == EndorsementKey && (Value.Length != 64 || !Value.All(char.IsAsciiHexDigitLower)) ? $"{Kind}: expected 64 lower-case hex digits, the SHA-256 of the endorsement certificate or key; found '{Value}'"
        : null;

    public override string ToString() => $"{Kind} {Value}";

    private static string? TextOf(FactSet facts, string name) => facts.Find(name) is { Proven: true, Value: FactValue.Text { Value.Length: > 0 } text } ? text.Value : null;
}
