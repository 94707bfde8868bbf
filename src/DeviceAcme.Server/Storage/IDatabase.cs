using System.Data.Common;
using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>What differs between the databases that the store can be in: SQLite for one process, PostgreSQL for any number of nodes.</summary>
internal interface IDatabase : IAsyncDisposable
{
    /// <summary>Whether other nodes write into it too.</summary>
    bool IsShared { get; }

    /// <summary>Makes the schema or brings it up to date, and finds where the chain of events ends.</summary>
    /// <param name="progress">Is told how far a long migration is.</param>
    /// <exception cref="NewerSchemaException">A newer program wrote it.</exception>
    ChainEnd Prepare(Action<string> progress);

    /// <summary>Where contexts to read with come from.</summary>
    IReaders Readers();

    /// <summary>Has a context use this connection; null for one that only knows which kind of database it is.</summary>
    void Use(DbContextOptionsBuilder options, DbConnection? connection);

    /// <summary>The connection of the one writer; not necessarily open yet.</summary>
    DbConnection Connect();

    /// <summary>A connection to look at a store before it is opened; null where there is none yet or it cannot be read, which the start tells.</summary>
    DbConnection? Peek();

    bool HasTable(DbConnection connection, string name);

    /// <summary>Begins a transaction in which the one that calls is the only one who writes, on all nodes, and sees what all before it wrote.</summary>
    DbTransaction BeginTurn(DbConnection connection, ChainEnd chain);

    /// <summary>Makes the turn durable. Where the answer to that was lost, finds out what became of it.</summary>
    void EndTurn(DbTransaction turn, ChainEnd.State before, ChainEnd.State after);

    /// <summary>Begins a transaction that reads the store as it is at one moment, and is in nobody's way.</summary>
    DbTransaction BeginMoment();

    /// <summary>Where the chain of events ends as the store says; null where nobody else writes and the writer knows better.</summary>
    ChainEnd.State? StoredEnd();
}
