using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class DeviceMapping : IEntityTypeConfiguration<Device>
{
    public void Configure(EntityTypeBuilder<Device> device)
    {
        device.ToTable("devices");
        device.HasKey(d => d.Id);
        device.Property(d => d.Id).HasColumnName("id");
        device.Property(d => d.IdentifierType).HasColumnName("identifier_type");
        device.Property(d => d.IdentifierValue).HasColumnName("identifier_value");
        device.Property(d => d.CreatedAt).HasColumnName("created_at");
        device.Property(d => d.LastSeenAt).HasColumnName("last_seen_at");
        device.HasIndex(d => new { d.IdentifierType, d.IdentifierValue }).IsUnique().HasDatabaseName("devices_identifier");
    }
}

internal sealed class EvidenceMapping : IEntityTypeConfiguration<StoredEvidence>
{
    public void Configure(EntityTypeBuilder<StoredEvidence> evidence)
    {
        evidence.ToTable("evidence");
        evidence.HasKey(e => e.Id);
        evidence.Property(e => e.Id).HasColumnName("id");
        evidence.Property(e => e.Kind).HasColumnName("kind");
        evidence.Property(e => e.At).HasColumnName("at");
        evidence.Property(e => e.Accepted).HasColumnName("accepted");
        evidence.Property(e => e.Reason).HasColumnName("reason");
        evidence.Property(e => e.Format).HasColumnName("format");
        evidence.Property(e => e.Profile).HasColumnName("profile");
        evidence.Property(e => e.ProfileHash).HasColumnName("profile_hash");
        evidence.Property(e => e.AnchorSetHash).HasColumnName("anchor_set_hash");
        evidence.Property(e => e.IdentifierType).HasColumnName("identifier_type");
        evidence.Property(e => e.IdentifierValue).HasColumnName("identifier_value");
        evidence.Property(e => e.Account).HasColumnName("account_id");
        evidence.Property(e => e.Order).HasColumnName("order_id");
        evidence.Property(e => e.Authorization).HasColumnName("authorization_id");
        evidence.Property(e => e.Challenge).HasColumnName("challenge_id");
        evidence.Property(e => e.Device).HasColumnName("device_id");
        evidence.Property(e => e.Token).HasColumnName("token");
        evidence.Property(e => e.Thumbprint).HasColumnName("thumbprint");
        evidence.Property(e => e.Anomalies).HasColumnName("anomalies");
        evidence.Property(e => e.Verdict).HasColumnName("verdict");
        evidence.Property(e => e.Statement).HasColumnName("statement");
        evidence.HasIndex(e => new { e.At, e.Id }).HasDatabaseName("evidence_at");
        evidence.HasIndex(e => e.Authorization).HasFilter("authorization_id IS NOT NULL").HasDatabaseName("evidence_authorization");
        evidence.HasIndex(e => new { e.Device, e.At, e.Id }).HasFilter("device_id IS NOT NULL").HasDatabaseName("evidence_device");
        // what the cleaning worker may still drop
        evidence.HasIndex(e => new { e.Profile, e.At }).HasFilter("statement IS NOT NULL").HasDatabaseName("evidence_kept");
        evidence.HasIndex(e => e.Order).HasFilter("order_id IS NOT NULL").HasDatabaseName("evidence_order");
        evidence.HasIndex(e => new { e.Profile, e.At, e.Id }).HasDatabaseName("evidence_profile");
        evidence.HasIndex(e => new { e.Reason, e.At, e.Id }).HasFilter("reason IS NOT NULL").HasDatabaseName("evidence_reason");
    }
}

internal sealed class SightingMapping : IEntityTypeConfiguration<Sighting>
{
    public void Configure(EntityTypeBuilder<Sighting> sighting)
    {
        sighting.ToTable("sightings");
        sighting.HasKey(s => new { s.Subject, s.Partner });
        sighting.Property(s => s.Kind).HasColumnName("kind");
        sighting.Property(s => s.Subject).HasColumnName("subject");
        sighting.Property(s => s.Partner).HasColumnName("partner");
        sighting.Property(s => s.State).HasColumnName("state");
        sighting.Property(s => s.FirstSeenAt).HasColumnName("first_seen_at");
        sighting.Property(s => s.LastSeenAt).HasColumnName("last_seen_at");
        sighting.Property(s => s.Evidence).HasColumnName("evidence_id");
        sighting.HasIndex(s => s.Evidence).HasDatabaseName("sightings_evidence");
        sighting.HasIndex(s => s.LastSeenAt).HasDatabaseName("sightings_last_seen");
    }
}
