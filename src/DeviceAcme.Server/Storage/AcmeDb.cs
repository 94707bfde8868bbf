using System.Data.Common;
using System.Threading.Channels;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// The unit of work. Everything is saved through <see cref="Commit{T}"/>: one writer owns the one write connection, takes what
/// waits into one transaction, and completes each caller only after that transaction is durable. Readers have their own connections.
/// Where several nodes share the database, their writers take turns.
/// </summary>
internal sealed class AcmeDb : IAsyncDisposable
{
    /// <summary>Changes that share one transaction at most; bounds how long the first of them waits.</summary>
    private const int MaxGroup = 64;

    /// <summary>Changes that may wait; more callers than this wait for a place.</summary>
    private const int MaxWaiting = 1024;

    private readonly Channel<Change> _changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly IReaders _readers;
    private readonly KnownAccounts _accounts = new();

    /// <summary>Null where other nodes change orders without telling.</summary>
    private readonly RecentOrders? _orders;
    private readonly IDatabase _database;
    private readonly ChainEnd _chain;
    private readonly Task _writer;
    private ChainEnd.State _durable;

    /// <summary>Why nothing is written any more: the file was found damaged, and every change would make it worse. Only the writer sets it.</summary>
    private Exception? _damage;

    private AcmeDb(IDatabase database, ChainEnd chain)
    {
        _database = database;
        _orders = database.IsShared ? null : new RecentOrders();
        _chain = chain;
        _durable = chain.Now;
        _readers = database.Readers();
        _writer = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>The last event of the audit log that is durable, as the writer knows it and not as the store says; what other nodes wrote since is the store's word.</summary>
    public AuditHead AuditHead => ChainEnd.Head(_database.StoredEnd() is { } stored && stored.Sequence > Volatile.Read(ref _durable).Sequence ? stored : Volatile.Read(ref _durable));

    /// <summary>Whether other nodes write into the same store.</summary>
    public bool IsShared => _database.IsShared;

    /// <summary>Opens a SQLite database, making the file and bringing its schema up to date first.</summary>
    /// <param name="file">The database.</param>
    /// <param name="progress">Is told how far a long migration is.</param>
    public static AcmeDb Open(string file, Action<string>? progress = null) => Open(new SqliteDatabase(file), progress);

    /// <summary>Opens a database, making its schema or bringing it up to date first.</summary>
    /// <param name="progress">Is told how far a long migration is.</param>
    public static AcmeDb Open(IDatabase database, Action<string>? progress = null) => new(database, database.Prepare(progress ?? (_ => { })));

    /// <summary>A context to read with; never saved. Making one costs more than most queries, so disposing it lends it to the next reader.</summary>
    public AcmeContext Read()
    {
        var reader = _readers.Take();
        reader.Recent = _orders;
        return reader;
    }

    /// <summary>An account as it is, which every signed request asks for; not to be changed.</summary>
    public Account? FindAccount(AccountId id)
    {
        // other nodes change accounts without telling
        return _database.IsShared ? Look(id) : _accounts.Find(id, Look);

        Account? Look(AccountId id)
        {
            using var context = Read();
            return context.Hot.Account(context, id);
        }
    }

    /// <summary>A context that sees the store as it is now, however long it reads.</summary>
    public ReadMoment ReadMoment()
    {
        var transaction = _database.BeginMoment();
        var context = new AcmeContext(ContextOptions.For(_database, transaction.Connection!));
        context.Database.UseTransaction(transaction);
        return new ReadMoment(context, transaction);
    }

    /// <summary>
    /// Runs the change in the write transaction and returns its result once that is durable. What the change throws undoes this
    /// change alone and reaches the caller. The change may run only short database work: others wait behind it.
    /// </summary>
    public async Task<T> Commit<T>(Func<AcmeContext, T> change, CancellationToken cancellation = default)
    {
#if PLANTED_DEFECTS
        change = DeviceAcme.Attestation.Planted.Carried(change);
#endif
        var waiting = new Change<T>(change);
        await _changes.Writer.WriteAsync(waiting, cancellation);

        // from here on the change happens: a client that hangs up does not undo it
        return await waiting.Done;
    }

    public Task Commit(Action<AcmeContext> change, CancellationToken cancellation = default) =>
        Commit(context =>
        {
            change(context);
            return true;
        }, cancellation);

    public async ValueTask DisposeAsync()
    {
        _changes.Writer.TryComplete();
        await _writer;
        await _readers.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task Write()
    {
        using var connection = _database.Connect();
        using var context = new AcmeContext(ContextOptions.ForWriter(_database, connection)) { Chain = _chain, Recent = _orders is null ? null : new OrdersOfTurn(_orders) };
        context.Database.AutoSavepointsEnabled = false;

        // AcmeContext looks for changes itself, once for each time that it saves
        context.ChangeTracker.AutoDetectChangesEnabled = false;
        var group = new List<Change>(MaxGroup);
        while (await _changes.Reader.WaitToReadAsync())
        {
            while (group.Count < MaxGroup && _changes.Reader.TryRead(out var change))
            {
                group.Add(change);
            }

            CommitGroup(context, connection, group);
            group.Clear();
        }
    }

    private void CommitGroup(AcmeContext context, DbConnection connection, List<Change> group)
    {
        var before = _chain.Now;
        if (_damage is not null)
        {
            group.ForEach(change => change.Fail(_damage));
            return;
        }

        try
        {
            using var transaction = _database.BeginTurn(connection, _chain);
            before = _chain.Now;
            context.Database.UseTransaction(transaction);
            if (group is [var only])
            {
                if (!only.Run(context))
                {
                    // nothing else is in the transaction: it ends with the change, and needs no savepoint
                    if (Outages.IsDamage(only.Failure))
                    {
                        throw only.Failure!;
                    }

                    transaction.Rollback();
                    context.Distrust();
                    _chain.Now = before;
                    only.Complete();
                    return;
                }
            }
            else
            {
                RunEach(context, transaction, group);
            }

            context.Turn?.BeginCommit();
            _database.EndTurn(transaction, before, _chain.Now);
            context.Turn?.EndCommit();
            Volatile.Write(ref _durable, _chain.Now);
            _accounts.Forget(context.ChangedAccounts);
            group.ForEach(change => change.Complete());
        }
        catch (Exception failure)
        {
            // the disk is full, the file or the server is gone: nobody in the group was saved, each caller learns it, and the writer goes on
            _chain.Now = before;
            _accounts.Forget(context.ChangedAccounts);
            context.Distrust();

            // a change that the disk had no room for has ended the whole transaction: that is the reason, and not that it has ended
            var cause = group.Select(change => change.Failure).FirstOrDefault(Outages.Is) ?? failure;
            _damage = Outages.IsDamage(cause) ? cause : null;
            group.ForEach(change => change.Fail(cause));
        }
        finally
        {
            context.Database.UseTransaction(null);
            context.Forget();
            context.Turn?.End();
            context.ChangedAccounts.Clear();
        }
    }

    /// <summary>Each change with a savepoint, so that one that throws is undone alone.</summary>
    private void RunEach(AcmeContext context, DbTransaction transaction, List<Change> group)
    {
        foreach (var change in group)
        {
            var end = _chain.Now;
            transaction.Save("change");
            if (change.Run(context))
            {
                transaction.Release("change");
            }
            else if (Outages.IsDamage(change.Failure))
            {
                throw change.Failure!;
            }
            else
            {
                transaction.Rollback("change");
                transaction.Release("change");
                context.Distrust();
                context.Turn?.UndoChange();
                _chain.Now = end;
            }

            context.Forget();
        }
    }

    private abstract class Change
    {
        /// <summary>What the change threw.</summary>
        public Exception? Failure { get; protected set; }

        public abstract bool Run(AcmeContext context);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class Change<T>(Func<AcmeContext, T> change) : Change
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Done => _done.Task;

        public override bool Run(AcmeContext context)
        {
            try
            {
                _result = change(context);
                context.SaveChanges();
                context.Turn?.KeepChange();
                return true;
            }
            catch (Exception failure)
            {
                // not handled here: it undoes this change and is thrown again where the change was asked for
                Failure = failure;
                return false;
            }
        }

        public override void Complete()
        {
            if (Failure is null)
            {
                _done.SetResult(_result!);
            }
            else
            {
                _done.SetException(Failure);
            }
        }

        public override void Fail(Exception failure) => _done.TrySetException(Failure ?? failure);
    }
}
