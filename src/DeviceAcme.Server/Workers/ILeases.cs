namespace DeviceAcme.Server.Workers;

/// <summary>Which work is whose: <see cref="OwnLeases"/> where one process does all of it, <see cref="SharedLeases"/> of all nodes on one database.</summary>
internal interface ILeases
{
    /// <summary>Takes work that no other node has, and goes on with what is taken already.</summary>
    /// <param name="names">Of the work, in the order in which it is wanted.</param>
    /// <param name="most">How much of it is taken.</param>
    /// <param name="time">After how long another node may take it, unless it is taken again by this one.</param>
    /// <returns>What was taken.</returns>
    Task<IReadOnlySet<string>> Take(IReadOnlyCollection<string> names, int most, TimeSpan time, CancellationToken cancellation);

    /// <summary>The work is done, or given up: another node may take it at once.</summary>
    Task Release(string name);
}
