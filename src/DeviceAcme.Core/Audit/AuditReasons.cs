namespace DeviceAcme.Core.Audit;

/// <summary>What can be wrong with an audit log, each with a code of its own; <c>docs/admin-api.md</c> has the same table.</summary>
internal static class AuditReasons
{
    /// <summary>What a row says is not what its hash was made of.</summary>
    public const string RowChanged = "audit-row-changed";

    /// <summary>A number without its row.</summary>
    public const string RowMissing = "audit-row-missing";

    /// <summary>A row that was not there when the one behind it was written.</summary>
    public const string RowInserted = "audit-row-inserted";

    /// <summary>A row at another place, or under another number, than it was written.</summary>
    public const string RowMoved = "audit-row-moved";

    /// <summary>A row that is consistent by itself and not the one that was chained there.</summary>
    public const string RowReplaced = "audit-row-replaced";

    /// <summary>The log ends before a head that is known.</summary>
    public const string LogTruncated = "audit-log-truncated";

    /// <summary>A line of an export that is no row.</summary>
    public const string LineUnreadable = "audit-line-unreadable";

    public static IReadOnlyList<string> All { get; } = [RowChanged, RowMissing, RowInserted, RowMoved, RowReplaced, LogTruncated, LineUnreadable];
}
