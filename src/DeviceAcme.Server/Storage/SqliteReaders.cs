using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// Contexts that read from SQLite, each with a connection of its own that stays open: opening one again for each query costs more than most queries.
/// </summary>
/// <param name="connect">Opens a connection.</param>
/// <param name="database">Whose they are.</param>
internal sealed class SqliteReaders(Func<DbConnection> connect, IDatabase database) : IReaders
{
    /// <summary>Readers that are kept; each has a page cache. More at a time than this are made and closed again.</summary>
    private const int MostIdle = 16;

    private readonly ConcurrentStack<AcmeContext> _idle = new();
    private volatile bool _ended;

    public AcmeContext Take()
    {
        if (_idle.TryPop(out var kept))
        {
            kept.Lend();
            return kept;
        }

        var made = new AcmeContext(ContextOptions.For(database, connect())) { Done = TakeBack };
        made.Lend();
        return made;
    }

    public ValueTask DisposeAsync()
    {
        _ended = true;
        while (_idle.TryPop(out var kept))
        {
            End(kept);
        }

        return ValueTask.CompletedTask;
    }

    private void TakeBack(AcmeContext reader)
    {
        if (_ended || _idle.Count >= MostIdle)
        {
            End(reader);
            return;
        }

        reader.ChangeTracker.Clear();
        _idle.Push(reader);
        if (_ended && _idle.TryPop(out var late))
        {
            End(late);
        }
    }

    private static void End(AcmeContext reader)
    {
        var connection = reader.Database.GetDbConnection();
        reader.End();
        connection.Dispose();
    }
}
