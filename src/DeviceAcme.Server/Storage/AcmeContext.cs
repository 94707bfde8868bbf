using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Server.Storage.Mappings;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>The store's tables. Made by <see cref="AcmeDb"/> only: one for the writer, one for each reader.</summary>
internal sealed class AcmeContext(DbContextOptions<AcmeContext> options) : DbContext(options)
{
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

    /// <summary>Writes what was changed so far within the transaction, so that queries of the same change see it; <see cref="AcmeDb"/> commits.</summary>
    public void Flush() => SaveChanges();

    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        // a challenge belongs to its authorization: what changes one of them is a change of both
        foreach (var challenge in ChangeTracker.Entries<Challenge>().Where(entry => entry.State == EntityState.Modified).ToList())
        {
            Entry(Authorizations.Local.Single(authorization => authorization.Id == challenge.Entity.AuthorizationId)).Property(authorization => authorization.Version).IsModified = true;
        }

        // every change of an aggregate is one conditional update: WHERE id = … AND version = …
        foreach (var entry in ChangeTracker.Entries())
        {
            if (entry.State == EntityState.Modified && entry.Metadata.FindProperty("Version") is { } version)
            {
                var property = entry.Property(version.Name);
                property.CurrentValue = (int)property.OriginalValue! + 1;
            }
        }

        foreach (var happened in ChangeTracker.Entries<AuditEvent>().Where(entry => entry.State == EntityState.Added).Select(entry => entry.Entity).OrderBy(happened => happened.Sequence).ToList())
        {
            Chain!.Add(happened);
        }

        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions) => Conversions.Configure(conventions);

    protected override void OnModelCreating(ModelBuilder model) => model.ApplyConfigurationsFromAssembly(typeof(AcmeContext).Assembly);
}
