using System.Reflection;
using System.Text.Json.Serialization;

namespace DeviceAcme.Server.Backup;

/// <summary>
/// A backup is a compressed tar archive: <see cref="AboutName"/> first, so that a reader knows at once whether it can use the rest, the files of
/// the data directory below <see cref="DataFolder"/>, and <see cref="ListName"/> last: an archive that ends without it is cut off.
/// </summary>
internal static class BackupFormat
{
    public const int Version = 1;
    public const string Product = "DeviceAcme";
    public const string AboutName = "about.json";
    public const string ListName = "files.json";
    public const string DataFolder = "data/";

    /// <summary>The database in the archive and in the data directory.</summary>
    public const string DatabaseName = "acme.db";

    /// <summary>What a half-written archive ends with.</summary>
    public const string HalfMade = ".partial";

    /// <summary>Files of an archive at most: a data directory has some dozens.</summary>
    public const int MostFiles = 100_000;

    /// <summary>Bytes of <see cref="AboutName"/> and of <see cref="ListName"/> at most.</summary>
    public const int LargestAbout = 64 * 1024;
    public const int LargestList = 64 * 1024 * 1024;
}

/// <summary>The version of this program, for people.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}

/// <summary>What a backup says of itself.</summary>
internal sealed record BackupAbout
{
    public required string Product { get; init; }

    /// <summary><see cref="BackupFormat.Version"/>.</summary>
    public required int Format { get; init; }

    /// <summary>Version of the program that made it.</summary>
    public required string Program { get; init; }

    /// <summary>Number of the newest migration of its database.</summary>
    public required int Schema { get; init; }
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>The last event of its audit log.</summary>
    public required long AuditSequence { get; init; }

    /// <summary>That event's hash, lower-case hex; null where there is none.</summary>
    public string? AuditHash { get; init; }

    /// <summary>Whether the private keys of the CA and the secrets are in it.</summary>
    public required bool HasKeys { get; init; }
}

/// <summary>One file of a backup.</summary>
/// <param name="Path">Below the data directory, with slashes.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record BackupFile(string Path, long Size, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(BackupAbout))]
[JsonSerializable(typeof(List<BackupFile>))]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class BackupJson : JsonSerializerContext;
