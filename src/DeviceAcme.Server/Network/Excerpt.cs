using System.Text;

namespace DeviceAcme.Server.Network;

/// <summary>What a peer sent, made fit for a problem's detail: short, one line, printable ASCII.</summary>
internal static class Excerpt
{
    private const int MaxCharacters = 100;

    public static string Of(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder("\"");
        foreach (var octet in octets[..Math.Min(octets.Length, MaxCharacters)])
        {
            var plain = octet is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\';
            _ = plain ? text.Append((char)octet) : text.Append("\\x").Append(octet.ToString("x2"));
        }

        text.Append('"');
        return octets.Length > MaxCharacters ? text.Append($" (cut, {octets.Length} octets)").ToString() : text.ToString();
    }

    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text.Length > MaxCharacters * 2 ? text[..(MaxCharacters * 2)] : text));
}
