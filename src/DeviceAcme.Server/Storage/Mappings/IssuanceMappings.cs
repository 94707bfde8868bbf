using DeviceAcme.Core.Orders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class PendingIssuanceMapping : IEntityTypeConfiguration<PendingIssuance>
{
    public void Configure(EntityTypeBuilder<PendingIssuance> issuance)
    {
        issuance.ToTable("pending_issuances");
        issuance.HasKey(i => i.Order);
        issuance.Property(i => i.Order).HasColumnName("order_id");
        issuance.Property(i => i.Account).HasColumnName("account_id");
        issuance.Property(i => i.Profile).HasColumnName("profile");
        issuance.Property(i => i.Subject).HasColumnName("subject");
        issuance.Property(i => i.Device).HasColumnName("device_id");
        issuance.Property(i => i.Causes).HasColumnName("causes");
        issuance.Property(i => i.State).HasColumnName("state");
        issuance.Property(i => i.Csr).HasColumnName("csr");
        issuance.Property(i => i.RequestedAt).HasColumnName("requested_at");
        issuance.Property(i => i.Expires).HasColumnName("expires");
        issuance.Property(i => i.Decision).HasColumnName("decision");
        issuance.Property(i => i.DecidedAt).HasColumnName("decided_at");
        issuance.Property(i => i.DecidedBy).HasColumnName("decided_by");
        issuance.Property(i => i.Comment).HasColumnName("comment");
        issuance.Property(i => i.Serial).HasColumnName("serial");
        issuance.Property(i => i.Attempts).HasColumnName("attempts");
        issuance.Property(i => i.Failure).HasColumnName("failure");
        issuance.Property(i => i.Version).HasColumnName("version").IsConcurrencyToken();
        // the worker's queue, and what it lets expire: few rows at any time
        issuance.HasIndex(i => i.RequestedAt).HasFilter("state = 'issuing'").HasDatabaseName("pending_issuances_issuing");
        issuance.HasIndex(i => i.Expires).HasFilter("state = 'waiting'").HasDatabaseName("pending_issuances_waiting");
        issuance.HasIndex(i => new { i.Profile, i.Subject, i.RequestedAt }).HasDatabaseName("pending_issuances_subject");
    }
}
