using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class SyncSourceMapping : IEntityTypeConfiguration<StoredSyncSource>
{
    public void Configure(EntityTypeBuilder<StoredSyncSource> source)
    {
        source.ToTable("sync_sources");
        source.HasKey(s => s.Name);
        source.Property(s => s.Name).HasColumnName("name");
        source.Property(s => s.Configuration).HasColumnName("configuration");
        source.Property(s => s.ETag).HasColumnName("etag");
        source.Property(s => s.AttemptedAt).HasColumnName("attempted_at");
        source.Property(s => s.AnsweredAt).HasColumnName("answered_at");
        source.Property(s => s.ChangedAt).HasColumnName("changed_at");
        source.Property(s => s.Failures).HasColumnName("failures");
        source.Property(s => s.Failure).HasColumnName("failure");
        source.Property(s => s.StaleSince).HasColumnName("stale_since");
        source.Property(s => s.Devices).HasColumnName("devices");
        source.Property(s => s.Added).HasColumnName("added");
        source.Property(s => s.Changed).HasColumnName("changed");
        source.Property(s => s.Gone).HasColumnName("gone");
        source.Property(s => s.Skipped).HasColumnName("skipped");
    }
}

internal sealed class SyncedDeviceMapping : IEntityTypeConfiguration<SyncedDevice>
{
    public void Configure(EntityTypeBuilder<SyncedDevice> device)
    {
        device.ToTable("sync_devices");
        device.HasKey(d => new { d.Inventory, d.Device });
        device.Property(d => d.Inventory).HasColumnName("source");
        device.Property(d => d.Device).HasColumnName("device_id");
        device.Property(d => d.GoneSince).HasColumnName("gone_since");
        device.Property(d => d.Held).HasColumnName("held");
        device.HasIndex(d => d.Device).HasDatabaseName("sync_devices_device");
    }
}
