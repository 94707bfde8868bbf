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
        device.Property(d => d.Label).HasColumnName("label");
        device.Property(d => d.Owner).HasColumnName("owner");
        device.Property(d => d.Groups).HasColumnName("groups");
        device.Property(d => d.Attributes).HasColumnName("attributes");
        device.Property(d => d.State).HasColumnName("state");
        device.Property(d => d.StateSince).HasColumnName("state_since");
        device.Property(d => d.StateReason).HasColumnName("state_reason");
        device.Property(d => d.ReplacedBy).HasColumnName("replaced_by");
        device.Property(d => d.CreatedAt).HasColumnName("created_at");
        device.Property(d => d.LastSeenAt).HasColumnName("last_seen_at");
        device.Property(d => d.Version).HasColumnName("version").IsConcurrencyToken();
        device.Ignore(d => d.Inventory);
        device.HasIndex(d => new { d.CreatedAt, d.Id }).HasDatabaseName("devices_created");
        device.HasIndex(d => d.Owner).HasFilter("owner IS NOT NULL").HasDatabaseName("devices_owner");
        device.HasIndex(d => new { d.State, d.CreatedAt, d.Id }).HasDatabaseName("devices_state");
    }
}

internal sealed class DeviceIdentifierMapping : IEntityTypeConfiguration<DeviceIdentifier>
{
    public void Configure(EntityTypeBuilder<DeviceIdentifier> name)
    {
        name.ToTable("device_identifiers");
        name.HasKey(n => new { n.Kind, n.Value });
        name.Property(n => n.Kind).HasColumnName("kind");
        name.Property(n => n.Value).HasColumnName("value");
        name.Property(n => n.Device).HasColumnName("device_id");
        name.HasIndex(n => n.Device).HasDatabaseName("device_identifiers_device");
        name.HasIndex(n => n.Value).HasDatabaseName("device_identifiers_value");
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
