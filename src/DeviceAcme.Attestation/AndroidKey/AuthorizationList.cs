using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Numerics;
using System.Text;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>The tags of an AuthorizationList by the names of the schema (keymaster 1 to KeyMint 5).</summary>
internal enum AndroidTag
{
    Purpose = 1,
    Algorithm = 2,
    KeySize = 3,
    BlockMode = 4,
    Digest = 5,
    Padding = 6,
    CallerNonce = 7,
    MinMacLength = 8,
    EcCurve = 10,
    MlDsaVariant = 11,
    RsaPublicExponent = 200,
    MgfDigest = 203,
    RollbackResistance = 303,
    EarlyBootOnly = 305,
    ActiveDateTime = 400,
    OriginationExpireDateTime = 401,
    UsageExpireDateTime = 402,
    UsageCountLimit = 405,
    NoAuthRequired = 503,
    UserAuthType = 504,
    AuthTimeout = 505,
    AllowWhileOnBody = 506,
    TrustedUserPresenceRequired = 507,
    TrustedConfirmationRequired = 508,
    UnlockedDeviceRequired = 509,
    AllApplications = 600,
    ApplicationId = 601,
    CreationDateTime = 701,
    Origin = 702,
    RollbackResistant = 703,
    RootOfTrust = 704,
    OsVersion = 705,
    OsPatchLevel = 706,
    AttestationApplicationId = 709,
    AttestationIdBrand = 710,
    AttestationIdDevice = 711,
    AttestationIdProduct = 712,
    AttestationIdSerial = 713,
    AttestationIdImei = 714,
    AttestationIdMeid = 715,
    AttestationIdManufacturer = 716,
    AttestationIdModel = 717,
    VendorPatchLevel = 718,
    BootPatchLevel = 719,
    DeviceUniqueAttestation = 720,
    AttestationIdSecondImei = 723,
    ModuleHash = 724,
}

/// <summary>
/// AuthorizationList: a SEQUENCE of [tag] EXPLICIT, each at most once. Every known tag is read with its own type; unknown ones are named and
/// skipped, because each KeyMint version adds some.
/// </summary>
internal sealed class AuthorizationList
{
    /// <summary>About twice as many as the schema has.</summary>
    private const int MaxEntries = 96;

    private const int MaxSetSize = 32;
    private const int MaxNumber = 9;

    private static readonly FrozenDictionary<AndroidTag, Shape> Shapes = new Dictionary<AndroidTag, Shape>
    {
        [AndroidTag.Purpose] = Shape.NumberSet,
        [AndroidTag.Algorithm] = Shape.Number,
        [AndroidTag.KeySize] = Shape.Number,
        [AndroidTag.BlockMode] = Shape.NumberSet,
        [AndroidTag.Digest] = Shape.NumberSet,
        [AndroidTag.Padding] = Shape.NumberSet,
        [AndroidTag.CallerNonce] = Shape.Flag,
        [AndroidTag.MinMacLength] = Shape.Number,
        [AndroidTag.EcCurve] = Shape.Number,
        [AndroidTag.MlDsaVariant] = Shape.Number,
        [AndroidTag.RsaPublicExponent] = Shape.Number,
        [AndroidTag.MgfDigest] = Shape.NumberSet,
        [AndroidTag.RollbackResistance] = Shape.Flag,
        [AndroidTag.EarlyBootOnly] = Shape.Flag,
        [AndroidTag.ActiveDateTime] = Shape.Number,
        [AndroidTag.OriginationExpireDateTime] = Shape.Number,
        [AndroidTag.UsageExpireDateTime] = Shape.Number,
        [AndroidTag.UsageCountLimit] = Shape.Number,
        [AndroidTag.NoAuthRequired] = Shape.Flag,
        [AndroidTag.UserAuthType] = Shape.Number,
        [AndroidTag.AuthTimeout] = Shape.Number,
        [AndroidTag.AllowWhileOnBody] = Shape.Flag,
        [AndroidTag.TrustedUserPresenceRequired] = Shape.Flag,
        [AndroidTag.TrustedConfirmationRequired] = Shape.Flag,
        [AndroidTag.UnlockedDeviceRequired] = Shape.Flag,
        [AndroidTag.AllApplications] = Shape.Flag,
        [AndroidTag.ApplicationId] = Shape.Octets,
        [AndroidTag.CreationDateTime] = Shape.Number,
        [AndroidTag.Origin] = Shape.Number,
        [AndroidTag.RollbackResistant] = Shape.Flag,
        [AndroidTag.RootOfTrust] = Shape.RootOfTrust,
        [AndroidTag.OsVersion] = Shape.Number,
        [AndroidTag.OsPatchLevel] = Shape.Number,
        [AndroidTag.AttestationApplicationId] = Shape.ApplicationId,
        [AndroidTag.AttestationIdBrand] = Shape.Text,
        [AndroidTag.AttestationIdDevice] = Shape.Text,
        [AndroidTag.AttestationIdProduct] = Shape.Text,
        [AndroidTag.AttestationIdSerial] = Shape.Text,
        [AndroidTag.AttestationIdImei] = Shape.Text,
        [AndroidTag.AttestationIdMeid] = Shape.Text,
        [AndroidTag.AttestationIdManufacturer] = Shape.Text,
        [AndroidTag.AttestationIdModel] = Shape.Text,
        [AndroidTag.VendorPatchLevel] = Shape.Number,
        [AndroidTag.BootPatchLevel] = Shape.Number,
        [AndroidTag.DeviceUniqueAttestation] = Shape.Flag,
        [AndroidTag.AttestationIdSecondImei] = Shape.Text,
        [AndroidTag.ModuleHash] = Shape.Octets,
    }.ToFrozenDictionary();

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<AndroidTag, object> _values = [];
    private readonly List<int> _unknown = [];

    private enum Shape
    {
        Number,
        NumberSet,
        Flag,
        Octets,
        Text,
        RootOfTrust,
        ApplicationId,
    }

    /// <summary>The known tags that are there.</summary>
    public IReadOnlyCollection<AndroidTag> Tags => _values.Keys;

    /// <summary>Tags that this server does not know; named, never judged.</summary>
    public IReadOnlyList<int> Unknown => _unknown;

    public RootOfTrust? RootOfTrust => _values.GetValueOrDefault(AndroidTag.RootOfTrust) as RootOfTrust;

    public ApplicationId? Application => _values.GetValueOrDefault(AndroidTag.AttestationApplicationId) as ApplicationId;

    public bool Has(AndroidTag tag) => _values.ContainsKey(tag);

    /// <summary>Null where the tag is absent or does not fit 64 signed bits.</summary>
    public long? Number(AndroidTag tag) =>
        _values.GetValueOrDefault(tag) is BigInteger number && number >= long.MinValue && number <= long.MaxValue ? (long)number : null;

    public IReadOnlyList<long> Numbers(AndroidTag tag) => _values.GetValueOrDefault(tag) as IReadOnlyList<long> ?? [];

    /// <summary>Null where the tag is absent; empty where it is blank.</summary>
    public string? Text(AndroidTag tag) => _values.GetValueOrDefault(tag) as string;

    /// <summary>Null where the tag is absent.</summary>
    public byte[]? Octets(AndroidTag tag) => _values.GetValueOrDefault(tag) as byte[];

    /// <summary>Reads one list; throws <see cref="AsnContentException"/>.</summary>
    public static AuthorizationList Read(AsnReader parent)
    {
        var list = new AuthorizationList();
        var sequence = parent.ReadSequence();
        var last = -1;
        while (sequence.HasData)
        {
            var tag = sequence.PeekTag();
            if (tag.TagClass != TagClass.ContextSpecific || !tag.IsConstructed)
            {
                throw new AsnContentException($"an authorization must be [tag] EXPLICIT, found {tag}");
            }

            if (tag.TagValue <= last)
            {
                throw new AsnContentException($"authorization [{tag.TagValue}] stands after [{last}]: each is there at most once, in ascending order");
            }

            last = tag.TagValue;
            if (list._values.Count + list._unknown.Count == MaxEntries)
            {
                throw new AsnContentException($"more than {MaxEntries} authorizations");
            }

            list.ReadEntry(sequence, tag);
        }

        return list;
    }

    private void ReadEntry(AsnReader sequence, Asn1Tag tag)
    {
        var known = (AndroidTag)tag.TagValue;
        if (!Shapes.TryGetValue(known, out var shape))
        {
            sequence.ReadEncodedValue();
            _unknown.Add(tag.TagValue);
            return;
        }

        // [tag] EXPLICIT: a constructed wrapper around exactly one value
        var wrapper = sequence.ReadSequence(tag);
        _values.Add(known, ReadValue(wrapper, shape, known));
        wrapper.ThrowIfNotEmpty();
    }

    private static object ReadValue(AsnReader reader, Shape shape, AndroidTag tag)
    {
        switch (shape)
        {
            case Shape.Number:
                return ReadNumber(reader, tag);
            case Shape.NumberSet:
                return ReadNumbers(reader, tag);
            case Shape.Flag:
                reader.ReadNull();
                return true;
            case Shape.Text:
                return ReadText(reader.ReadOctetString(), tag.ToString());
            case Shape.RootOfTrust:
                return RootOfTrust.Read(reader);
            case Shape.ApplicationId:
                return ApplicationId.Read(reader.ReadOctetString());
            default:
                return reader.ReadOctetString();
        }
    }

    /// <summary>Text of a device or application: strict UTF-8 without control characters.</summary>
    internal static string ReadText(byte[] octets, string what)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            throw new AsnContentException($"{what} is not UTF-8: {Convert.ToHexStringLower(octets.AsSpan(0, Math.Min(octets.Length, 64)))}");
        }

        return text.Any(char.IsControl)
            ? throw new AsnContentException($"{what} has control characters: {Convert.ToHexStringLower(octets.AsSpan(0, Math.Min(octets.Length, 64)))}")
            : text;
    }

    // 64 bits, signed or not: some devices write "never" as the largest unsigned number
    private static BigInteger ReadNumber(AsnReader reader, AndroidTag tag)
    {
        var octets = reader.ReadIntegerBytes();
        return octets.Length > MaxNumber
            ? throw new AsnContentException($"{tag} is a number of {octets.Length} octets")
            : new BigInteger(octets.Span, isUnsigned: false, isBigEndian: true);
    }

    private static List<long> ReadNumbers(AsnReader reader, AndroidTag tag)
    {
        // keymasters do not sort their sets as DER wants
        var set = reader.ReadSetOf(skipSortOrderValidation: true);
        var numbers = new List<long>();
        while (set.HasData)
        {
            if (!set.TryReadInt64(out var number) || numbers.Count == MaxSetSize)
            {
                throw new AsnContentException($"{tag} is no set of up to {MaxSetSize} small numbers");
            }

            numbers.Add(number);
        }

        return numbers;
    }
}
