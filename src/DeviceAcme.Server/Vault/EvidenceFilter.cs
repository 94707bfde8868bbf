using System.Globalization;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Vault;

/// <summary>Which evidence is asked for, and which page of it.</summary>
internal sealed record EvidenceFilter
{
    public const int LargestPage = 200;
    public const int UsualPage = 50;

    public int Limit { get; init; } = UsualPage;
    public bool OldestFirst { get; init; }

    /// <summary>The page begins behind this one.</summary>
    public EvidenceCursor? After { get; init; }

    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    public string? Kind { get; init; }
    public string? Profile { get; init; }

    /// <summary>The profiles whose evidence the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }

    public string? Format { get; init; }
    public bool? Accepted { get; init; }
    public string? Reason { get; init; }

    /// <summary>A device's id, or the value of its identifier.</summary>
    public string? Device { get; init; }
}

/// <summary>A place in the list.</summary>
internal readonly record struct EvidenceCursor(DateTimeOffset At, EvidenceId Id)
{
    public static EvidenceCursor Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && long.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new EvidenceCursor(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), new EvidenceId(text[(dot + 1)..]))
            : throw Problems.Malformed("cursor-invalid", "cursor: expected 'next' of the previous page");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.ToUnixTimeMilliseconds()}.{Id}");
}
