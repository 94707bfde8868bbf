using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class EventMapping : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> happened)
    {
        happened.ToTable("events");
        happened.HasKey(e => e.Sequence);
        // numbered when they are recorded, by the one writer (AcmeContext.Insert): the number is part of what is hashed
        happened.Property(e => e.Sequence).HasColumnName("sequence").ValueGeneratedNever();
        happened.Property(e => e.At).HasColumnName("at");
        happened.Property(e => e.Kind).HasColumnName("kind");
        happened.Property(e => e.Actor).HasColumnName("actor");
        happened.Property(e => e.Profile).HasColumnName("profile");
        happened.Property(e => e.Account).HasColumnName("account_id");
        happened.Property(e => e.Order).HasColumnName("order_id");
        happened.Property(e => e.Authorization).HasColumnName("authorization_id");
        happened.Property(e => e.Certificate).HasColumnName("certificate_id");
        happened.Property(e => e.Device).HasColumnName("device_id");
        happened.Property(e => e.Reason).HasColumnName("reason");
        happened.Property(e => e.Detail).HasColumnName("detail");
        happened.Property(e => e.Previous).HasColumnName("previous_hash");
        happened.Property(e => e.Hash).HasColumnName("hash");
        happened.HasIndex(e => new { e.Actor, e.Sequence }).HasFilter("actor IS NOT NULL").HasDatabaseName("events_actor");
        happened.HasIndex(e => new { e.Device, e.Sequence }).HasFilter("device_id IS NOT NULL").HasDatabaseName("events_device");
        happened.HasIndex(e => e.Order).HasFilter("order_id IS NOT NULL").HasDatabaseName("events_order");
        happened.HasIndex(e => e.Authorization).HasFilter("authorization_id IS NOT NULL").HasDatabaseName("events_authorization");
    }
}
