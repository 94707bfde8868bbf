using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>A domain name in wire form: length-prefixed labels and the root octet, ASCII letters in lower case (RFC 1035 §3.1, RFC 4343 §3).</summary>
/// <remarks>Kept as octets, because a label in an answer may hold a dot or any other octet.</remarks>
internal sealed class DnsName : IEquatable<DnsName>
{
    public const int MaxOctets = 255;
    public const int MaxLabelOctets = 63;
    private readonly byte[] _wire;

    private DnsName(byte[] wire) => _wire = wire;

    public static DnsName Root { get; } = new([0]);

    public ReadOnlySpan<byte> Wire => _wire;
    public bool IsRoot => _wire.Length == 1;

    /// <summary>The name without its first label; the root is its own parent.</summary>
    public DnsName Parent => IsRoot ? this : new(_wire[(_wire[0] + 1)..]);

    /// <summary>Takes host names as they stand in identifiers and URLs: printable ASCII, no escapes, a final dot allowed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DnsName? name)
    {
        name = null;
        var trimmed = text.EndsWith('.') ? text[..^1] : text;
        if (trimmed.Length is 0 or > MaxOctets - 2)
        {
            return false;
        }

        var wire = new byte[trimmed.Length + 2];
        var position = 0;
        foreach (var label in trimmed.Split('.'))
        {
            if (label.Length is 0 or > MaxLabelOctets || label.Any(c => c is <= ' ' or > '~' or '\\'))
            {
                return false;
            }

            wire[position] = (byte)label.Length;
            Encoding.ASCII.GetBytes(label.ToLowerInvariant(), wire.AsSpan(position + 1));
            position += label.Length + 1;
        }

        name = new(wire);
        return true;
    }

    /// <summary>Wire octets that a decoder has already bounded and lower-cased.</summary>
    internal static DnsName FromDecoded(ReadOnlySpan<byte> wire) => new(wire.ToArray());

    public bool Equals(DnsName? other) => other is not null && _wire.AsSpan().SequenceEqual(other._wire);

    public override bool Equals(object? obj) => Equals(obj as DnsName);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_wire);
        return hash.ToHashCode();
    }

    /// <summary>Presentation form without the final dot; other octets than letters, digits, '-' and '_' as <c>\DDD</c> (RFC 1035 §5.1).</summary>
    public override string ToString()
    {
        if (IsRoot)
        {
            return ".";
        }

        var text = new StringBuilder(_wire.Length);
        for (var position = 0; _wire[position] != 0; position += _wire[position] + 1)
        {
            if (position > 0)
            {
                text.Append('.');
            }

            foreach (var octet in _wire.AsSpan(position + 1, _wire[position]))
            {
                var plain = char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'-' or (byte)'_' or (byte)'*';
                _ = plain ? text.Append((char)octet) : text.Append('\\').Append(octet.ToString("D3"));
            }
        }

        return text.ToString();
    }
}
