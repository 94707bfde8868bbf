namespace DeviceAcme.Core.Profiles;

/// <summary>A version of numbers and dots, such as 14.2.1; 14.2 and 14.2.0 are equal. Anything else is no version.</summary>
internal readonly struct DottedVersion : IComparable<DottedVersion>
{
    /// <summary>Longer texts are no versions.</summary>
    private const int MaximumLength = 64;

    private readonly string[] _parts;

    private DottedVersion(string[] parts) => _parts = parts;

    public static bool TryParse(string text, out DottedVersion version)
    {
        version = default;
        if (text.Length is 0 or > MaximumLength)
        {
            return false;
        }

        var parts = text.Split('.');
        if (!Array.TrueForAll(parts, part => part.Length > 0 && part.All(char.IsAsciiDigit)))
        {
            return false;
        }

        // without leading zeros longer means larger, whatever the size of the number
        version = new DottedVersion(Array.ConvertAll(parts, part => part.TrimStart('0')));
        return true;
    }

    public int CompareTo(DottedVersion other)
    {
        for (var i = 0; i < Math.Max(_parts.Length, other._parts.Length); i++)
        {
            var left = i < _parts.Length ? _parts[i] : "";
            var right = i < other._parts.Length ? other._parts[i] : "";
            var order = left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(left, right);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
