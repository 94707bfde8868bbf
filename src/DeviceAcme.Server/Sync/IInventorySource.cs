namespace DeviceAcme.Server.Sync;

/// <summary>An inventory of somebody else: an MDM, a CMDB. A kind of it is one class and one line in <see cref="InventorySources"/>.</summary>
internal interface IInventorySource
{
    /// <summary>Its name in the settings.</summary>
    SourceSettings Settings { get; }

    /// <summary>Reads the whole list, or learns that it is as it was.</summary>
    /// <param name="etag">What <see cref="SourceAnswer.ETag"/> was when it was last read; null reads it in any case.</param>
    /// <param name="progress">Is told how many devices were read.</param>
    /// <exception cref="SourceFailedException">It cannot be read; the message says why.</exception>
    Task<SourceAnswer> Ask(string? etag, Action<int> progress, CancellationToken cancellation);
}

/// <summary>What an inventory answered.</summary>
/// <param name="Devices">The whole list; null where it is as it was.</param>
/// <param name="ETag">For the next time; null where the whole list must be read again then.</param>
internal sealed record SourceAnswer(IReadOnlyList<SourceDevice>? Devices, string? ETag);

/// <summary>An inventory cannot be read; what the ledger has of it stays.</summary>
internal sealed class SourceFailedException(string message) : Exception(message);
