using DeviceAcme.Core;
using DeviceAcme.Core.Devices;

namespace DeviceAcme.Server.Storage;

/// <summary>How it stands with one inventory of somebody else.</summary>
internal sealed class StoredSyncSource
{
    public required string Name { get; init; }

    /// <summary>Hash of its settings: with others, what it said before says nothing.</summary>
    public required string Configuration { get; set; }

    /// <summary>Of the last list; null where the next one is to be read in any case.</summary>
    public string? ETag { get; set; }

    public required DateTimeOffset AttemptedAt { get; set; }

    /// <summary>When it last answered: the age of everything that it says.</summary>
    public DateTimeOffset? AnsweredAt { get; set; }

    /// <summary>When an answer last changed the ledger.</summary>
    public DateTimeOffset? ChangedAt { get; set; }

    /// <summary>Runs that failed in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Why the last run failed; null where it did not.</summary>
    public string? Failure { get; set; }

    /// <summary>Since when the alarm is on; null where it is not.</summary>
    public DateTimeOffset? StaleSince { get; set; }

    /// <summary>Of the last run that read a list.</summary>
    public int Devices { get; set; }

    public int Added { get; set; }
    public int Changed { get; set; }
    public int Gone { get; set; }

    /// <summary>Devices that were left out, and why; the first of them.</summary>
    public IReadOnlyList<string> Skipped { get; set; } = [];
}

/// <summary>A device that an inventory lists or listed.</summary>
internal sealed class SyncedDevice
{
    public required string Inventory { get; init; }
    public required DeviceId Device { get; init; }

    /// <summary>Since when it is not listed any more; null while it is.</summary>
    public DateTimeOffset? GoneSince { get; set; }

    /// <summary>The state that this inventory put it in, and may take it out of again; null where it did not.</summary>
    public DeviceState? Held { get; set; }
}
