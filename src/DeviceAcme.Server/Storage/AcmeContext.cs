using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Server.Storage.Mappings;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Query;

namespace DeviceAcme.Server.Storage;

/// <summary>The store's tables. Made by <see cref="AcmeDb"/> only: one for the writer, one for each reader.</summary>
internal sealed class AcmeContext(DbContextOptions<AcmeContext> options) : DbContext(options)
{
    private readonly Dictionary<OrderId, OrderWithAuthorizations> _orders = [];
    private readonly Dictionary<DeviceKey, DeviceId?> _names = [];
    private readonly HashSet<string> _stored = new(StringComparer.Ordinal);
    private readonly List<object> _rows = [];
    private HotQueries? _hot;
    private int _isLent;

    public DbSet<Account> Accounts => Set<Account>();
    public DbSet<Ticket> Tickets => Set<Ticket>();
    public DbSet<StoredProfile> Profiles => Set<StoredProfile>();
    public DbSet<StoredProfileVersion> ProfileVersions => Set<StoredProfileVersion>();
    public DbSet<StoredProfileChange> ProfileChanges => Set<StoredProfileChange>();
    public DbSet<Order> Orders => Set<Order>();
    public DbSet<PendingIssuance> PendingIssuances => Set<PendingIssuance>();
    public DbSet<OrderAuthorization> OrderAuthorizations => Set<OrderAuthorization>();
    public DbSet<Authorization> Authorizations => Set<Authorization>();
    public DbSet<Challenge> Challenges => Set<Challenge>();
    public DbSet<StoredCertificate> Certificates => Set<StoredCertificate>();
    public DbSet<StoredChain> Chains => Set<StoredChain>();
    public DbSet<StoredCrl> Crls => Set<StoredCrl>();
    public DbSet<Device> Devices => Set<Device>();
    public DbSet<DeviceIdentifier> DeviceIdentifiers => Set<DeviceIdentifier>();
    public DbSet<StoredEvidence> Evidence => Set<StoredEvidence>();
    public DbSet<Sighting> Sightings => Set<Sighting>();
    public DbSet<StoredAnchorCertificate> AnchorCertificates => Set<StoredAnchorCertificate>();
    public DbSet<StoredAnchorVersion> AnchorVersions => Set<StoredAnchorVersion>();
    public DbSet<StoredAnchorSet> AnchorSets => Set<StoredAnchorSet>();
    public DbSet<Activation> Activations => Set<Activation>();
    public DbSet<StoredAttestationKey> AttestationKeys => Set<StoredAttestationKey>();
    public DbSet<StoredAnswer> AdminAnswers => Set<StoredAnswer>();
    public DbSet<StoredAdminToken> AdminTokens => Set<StoredAdminToken>();
    public DbSet<StoredSyncSource> SyncSources => Set<StoredSyncSource>();
    public DbSet<SyncedDevice> SyncedDevices => Set<SyncedDevice>();
    public DbSet<StoredDelivery> WebhookDeliveries => Set<StoredDelivery>();
    public DbSet<AuditEvent> Events => Set<AuditEvent>();

    /// <summary>The end of the chain of events; only the writer's context has it.</summary>
    public ChainEnd? Chain { get; init; }

    /// <summary>Orders that need not be asked for; null where only the store knows them, because others write into it, or because it is seen as it was at one moment.</summary>
    public IRecentOrders? Recent { get; set; }

    /// <summary>What the writer's transaction makes of them.</summary>
    public OrdersOfTurn? Turn => Recent as OrdersOfTurn;

    /// <summary>Accounts that were changed since the writer last asked, also by changes that were undone.</summary>
    public HashSet<AccountId> ChangedAccounts { get; } = [];

    /// <summary>The queries that are compiled once.</summary>
    public HotQueries Hot => _hot ??= HotQueries.Of(this);

    /// <summary>Takes a reader back that is lent again and again; null where it ends when it is disposed.</summary>
    public Action<AcmeContext>? Done { get; init; }

    /// <summary>It is in somebody's hands now.</summary>
    public void Lend() => _isLent = 1;

    /// <summary>Disposes it, whoever lent it.</summary>
    public void End() => base.Dispose();

    public override void Dispose()
    {
        if (Done is null)
        {
            base.Dispose();
        }
        else if (Interlocked.Exchange(ref _isLent, 0) == 1)
        {
            Done(this);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (Done is null)
        {
            return base.DisposeAsync();
        }

        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>An order that this change has read already. Nobody else writes while it runs, so what it knows is what there is.</summary>
    public OrderWithAuthorizations? Known(OrderId id) => _orders.GetValueOrDefault(id);

    /// <summary>Notes what a change has read; a reader notes nothing, because others write beside it.</summary>
    public OrderWithAuthorizations Know(OrderWithAuthorizations found)
    {
        if (Chain is not null)
        {
            _orders[found.Order.Id] = found;
        }

        return found;
    }

    /// <summary>An order, or the one of an authorization or a challenge, where it need not be asked for: followed and free to be changed in a change, for everybody in a reader.</summary>
    /// <param name="find">Finds it among the recent ones.</param>
    public OrderWithAuthorizations? Recall(Func<IRecentOrders, OrderWithAuthorizations?> find)
    {
        if (Recent is null || find(Recent) is not { } recent)
        {
            return null;
        }

        return Chain is null ? recent : Known(recent.Order.Id) ?? Follow(recent);
    }

    private OrderWithAuthorizations? Follow(OrderWithAuthorizations recent)
    {
        if (Orders.Local.FindEntry(recent.Order.Id) is not null || recent.Authorizations.Any(authorization => Authorizations.Local.FindEntry(authorization.Id) is not null))
        {
            // a query of this change has brought a part of it: that part is the one to change
            return null;
        }

        var copy = new OrderWithAuthorizations(recent.Order.Copy(), [.. recent.Authorizations.Select(authorization => authorization.Copy())]);
        Attach(copy.Order);
        AttachRange(copy.Authorizations);
        return Know(copy);
    }

    /// <summary>Removes rows at once, whoever knows them.</summary>
    public int RemoveAtOnce<T>(IQueryable<T> rows)
        where T : class
    {
        Doubt<T>();
        return rows.ExecuteDelete();
    }

    /// <summary>Changes columns of rows at once, whoever knows them.</summary>
    public int ChangeAtOnce<T>(IQueryable<T> rows, Action<UpdateSettersBuilder<T>> columns)
        where T : class
    {
        Doubt<T>();
        return rows.ExecuteUpdate(columns);
    }

    private void Doubt<T>()
    {
        if (typeof(T) == typeof(Order) || typeof(T) == typeof(OrderAuthorization) || typeof(T) == typeof(Authorization) || typeof(T) == typeof(Challenge))
        {
            Turn?.DoubtAll();
        }
    }

    /// <summary>The device with this name; the writer asks the store for each name once in a change.</summary>
    public DeviceId? DeviceNamed(DeviceKey name)
    {
        if (_names.TryGetValue(name, out var known))
        {
            return known;
        }

        var found = Hot.DeviceNamed(this, name.Kind, name.Value);
        if (Chain is not null)
        {
            _names[name] = found;
        }

        return found;
    }

    /// <summary>Whether the store has a text that is never changed or removed, by its hash; the writer asks for each until it is there.</summary>
    /// <param name="hash">Of the text.</param>
    /// <param name="ask">Asks the store.</param>
    public bool HasStored(string hash, Func<AcmeContext, string, bool> ask)
    {
        if (_stored.Contains(hash))
        {
            return true;
        }

        var found = ask(this, hash);
        if (found && Chain is not null)
        {
            _stored.Add(hash);
        }

        return found;
    }

    /// <summary>What was seen in a change that is undone may not be there.</summary>
    public void Distrust() => _stored.Clear();

    /// <summary>Adds a row that this change does not read any more, as it is when the change ends: it is written with the others, and not followed as an entity.</summary>
    public void Insert(object row)
    {
        if (row is AuditEvent happened)
        {
            happened.Number(Chain!.Next());
        }

        _rows.Add(row);
    }

    /// <summary>The same for a new authorization and what belongs to it.</summary>
    public void InsertWithChallenges(Authorization authorization)
    {
        Insert(authorization);
        foreach (var challenge in authorization.Challenges)
        {
            Insert(challenge);
        }
    }

    /// <summary>Whether this change adds such a row, which a query does not see before it is written.</summary>
    public bool Inserts<T>(Func<T, bool> which) => _rows.OfType<T>().Any(which);

    /// <summary>The next change begins with nothing.</summary>
    public void Forget()
    {
        ChangeTracker.Clear();
        _orders.Clear();
        _names.Clear();
        _rows.Clear();
    }

    /// <summary>Writes what was changed so far within the transaction, so that queries of the same change see it; <see cref="AcmeDb"/> commits.</summary>
    public void Flush() => SaveChanges();

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        _names.Clear();
        ChangeTracker.DetectChanges();
        var entries = ChangeTracker.Entries().ToList();
        foreach (var entry in entries)
        {
            if (entry is { State: EntityState.Modified, Entity: Challenge challenge })
            {
                // a challenge belongs to its authorization: what changes one of them is a change of both
                Raise(Authorizations.Local.FindEntry(challenge.AuthorizationId)!);
            }
            else if (entry.State == EntityState.Modified)
            {
                Raise(entry);
                if (entry.Entity is Account account)
                {
                    ChangedAccounts.Add(account.Id);
                }
            }
        }

        Note(entries);
        foreach (var happened in _rows.OfType<AuditEvent>().OrderBy(one => one.Sequence))
        {
            Chain!.Add(happened);
        }

        var written = Write(entries, acceptAllChangesOnSuccess) + _rows.Count;
        this.AddMany(_rows);
        _rows.Clear();
        return written;
    }

    private void Note(List<EntityEntry> entries)
    {
        if (Turn is not { } turn)
        {
            return;
        }

        foreach (var entry in entries.Where(entry => entry.State is EntityState.Modified or EntityState.Deleted))
        {
            turn.Changed(entry.Entity, Known);
        }

        turn.Added(_rows);
    }

    /// <summary>What is added or removed among the followed rows is written by EF, which knows in which order; changes alone have none.</summary>
    private int Write(List<EntityEntry> entries, bool acceptAllChangesOnSuccess)
    {
        if (entries.Exists(entry => entry.State is EntityState.Added or EntityState.Deleted))
        {
            return base.SaveChanges(acceptAllChangesOnSuccess);
        }

        var changed = entries.FindAll(entry => entry.State == EntityState.Modified);
        this.WriteChanges(changed);
        ChangeTracker.AcceptAllChanges();
        return changed.Count;
    }

    /// <summary>Every change of an aggregate is one conditional update: WHERE id = … AND version = …</summary>
    private static void Raise(EntityEntry entry)
    {
        if (entry.Metadata.FindProperty("Version") is { } version)
        {
            var property = entry.Property(version.Name);
            property.CurrentValue = (int)property.OriginalValue! + 1;
        }
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions) => Conversions.Configure(conventions);

    protected override void OnModelCreating(ModelBuilder model) => model.ApplyConfigurationsFromAssembly(typeof(AcmeContext).Assembly);
}
