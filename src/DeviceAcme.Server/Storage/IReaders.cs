using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace DeviceAcme.Server.Storage;

/// <summary>Where contexts to read with come from; disposing one lends it to the next reader.</summary>
internal interface IReaders : IAsyncDisposable
{
    AcmeContext Take();
}

/// <summary>Contexts that take a connection for each query from a pool that the database's own client keeps.</summary>
internal sealed class PooledReaders : IReaders
{
    private readonly PooledDbContextFactory<AcmeContext> _contexts;

    public PooledReaders(Action<DbContextOptionsBuilder> use) => _contexts = new PooledDbContextFactory<AcmeContext>(ContextOptions.For(use));

    public AcmeContext Take() => _contexts.CreateDbContext();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
