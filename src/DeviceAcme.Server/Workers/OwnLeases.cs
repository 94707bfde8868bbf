namespace DeviceAcme.Server.Workers;

/// <summary>There is one process on this store: all work is its own.</summary>
internal sealed class OwnLeases : ILeases
{
    public Task<IReadOnlySet<string>> Take(IReadOnlyCollection<string> names, int most, TimeSpan time, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlySet<string>>(names.Take(most).ToHashSet(StringComparer.Ordinal));

    public Task Release(string name) => Task.CompletedTask;
}
